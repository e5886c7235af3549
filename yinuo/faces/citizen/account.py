"""Sign in and out, and the messages a person has been sent."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yinuo.faces.parts.context import language
from yinuo.faces.parts.templatetags.parts import moment
from yinuo.packs import matters
from yinuo.registers import people
from yinuo.work import casefile, sign_in, tokens
from yinuo.work import messages as post

PAGE = 20


class Door(AuthenticationForm):
    """Name and password, heard by the one door that closes after five wrong tries."""

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if not given.get("username") or not given.get("password"):
            return given
        address = self.request.META.get("REMOTE_ADDR", "") if self.request else ""
        try:
            self.user_cache = tokens.sign_in(
                given["username"],
                given["password"],
                address=address,
                at=timezone.now(),
                request=self.request,
            )
        except tokens.Locked as locked:
            said = _("密码错了太多次，为了您的安全，请在 %(at)s 以后再试") % {"at": moment(locked.until)}
            raise ValidationError(said, code="locked") from locked
        if self.user_cache is None:
            raise ValidationError(_("账号或密码不对，请核对后再试；密码区分大小写"), code="invalid")
        return given


class SignIn(LoginView):
    """By name and password; in a demo also by choosing who to be."""

    template_name = "citizen/signin.html"
    authentication_form = Door
    redirect_authenticated_user = False

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        chosen = request.POST.get("demo", "")
        person = sign_in.demo_person(chosen) if chosen else None
        if person is not None:
            login(request, person)
            return HttpResponseRedirect(self.get_success_url())
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_invalid(form)
        response.status_code = 422
        return response

    def get_default_redirect_url(self) -> str:
        """Officers go to their inbox, everybody else home."""
        if self.request.user.is_authenticated and people.posts_of(self.request.user):
            try:
                return reverse("office:inbox")
            except NoReverseMatch:
                pass
        return reverse("citizen:home")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        form = context["form"]
        errors = []
        if form.is_bound:
            for name, label in (("username", _("账号")), ("password", _("密码"))):
                if form.has_error(name):
                    said = _("请填写%(label)s") % {"label": label}
                    errors.append({"message": said, "href": f"#id_{name}", "field": name})
            for said in form.non_field_errors():
                errors.append({"message": said, "href": "#id_username", "field": "username"})
        return {**context, "errors": errors, "demo_people": sign_in.demo_people(lang=language())}


class SignOut(LogoutView):
    """By POST only; goes home."""


@login_required
def message_list(request: HttpRequest) -> HttpResponse:
    """Messages, newest first; a POST marks all of them as read."""
    if request.method == "POST":
        post.read_all(request.user, at=timezone.now())
        return redirect("citizen:messages")
    page = Paginator(post.of(request.user), PAGE).get_page(request.GET.get("page"))
    lines = []
    for notice in page:
        matter = matters.version(notice.case.matter, notice.case.version)
        lines.append((notice, casefile.case_title(notice.case, matter, lang=language())))
    return render(
        request,
        "citizen/messages.html",
        {"page": page, "lines": lines, "unread": post.unread(request.user), "tab": "mine"},
    )


@login_required
@require_safe
def message(request: HttpRequest, id_: int) -> HttpResponse:
    """Opens what a message is about: its letter, or its case; from then on it counts as read."""
    found = post.read(request.user, id_, at=timezone.now())
    matter = matters.version(found.case.matter, found.case.version)
    if found.kind in matter.letters:
        return redirect("citizen:letter", number=found.case.number, seq=found.seq)
    return redirect("citizen:case", number=found.case.number)
