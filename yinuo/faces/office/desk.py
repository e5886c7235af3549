"""Who sits at this desk: posts, what they may use, and the frame every office page is drawn in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render as render_template
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from yinuo.registers import people
from yinuo.registers.models import Person, Role
from yinuo.work import access, inbox, names
from yinuo.work.access import NotFound

View = Callable[..., HttpResponse]

CASES = access.BY_UNIT | access.BY_PLACE
"""Roles that see cases at all; an administrator keeps people and packs and sees none."""

OVERSIGHT = access.BY_PLACE
"""Roles that read the ledger's own pages."""


@dataclass(frozen=True, slots=True)
class PostLine:
    """One post as shown at the foot of the side bar."""

    role: str
    title: str
    unit: str
    unit_name: str


@dataclass(frozen=True, slots=True)
class Desk:
    """The person and what their posts let them use."""

    person: Person
    posts: tuple[PostLine, ...]

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(post.role for post in self.posts)

    @property
    def works(self) -> bool:
        """Has a role that moves cases."""
        return bool(self.roles & access.BY_UNIT)

    @property
    def sees_cases(self) -> bool:
        return bool(self.roles & CASES)

    @property
    def oversees(self) -> bool:
        return bool(self.roles & OVERSIGHT)

    @property
    def audits(self) -> bool:
        return "auditor" in self.roles


def desk_of(person: Person) -> Desk:
    """The desk of `person`; without posts it is an empty one."""
    lang = names.lang()
    titles = {role.id: role.title_zh if lang == "zh" else role.title_en for role in Role.objects.all()}
    return Desk(
        person=person,
        posts=tuple(
            PostLine(
                role=post.role,
                title=titles.get(post.role, post.role),
                unit=post.unit,
                unit_name=names.unit(post.unit),
            )
            for post in people.posts_of(person)
        ),
    )


def officer(*, only: frozenset[str] | None = None) -> Callable[[View], View]:
    """A view for signed-in officers; without a post a page that says so (403). `only`: who may use it.

    A case that is not there, or not for these eyes, answers 404 whichever it is.
    """

    def wrap(view: View) -> View:
        @login_required
        @wraps(view)
        def seen(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            request.desk = desk_of(request.user)  # type: ignore[attr-defined, arg-type]
            desk: Desk = request.desk  # type: ignore[attr-defined]
            if not desk.posts:
                return page(request, "office/no_post.html", {}, status=403)
            if only is not None and not desk.roles & only:
                return page(request, "office/not_yours.html", {"posts": desk.posts}, status=403)
            try:
                return view(request, *args, **kwargs)
            except NotFound as error:
                raise Http404(_("没有这一件，或者您无权查看。")) from error

        return seen

    return wrap


def page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Draw an office page with its side bar."""
    desk: Desk = request.desk  # type: ignore[attr-defined]
    return render_template(
        request, template, {"desk": desk, "nav": nav(request, desk), **context}, status=status
    )


def nav(request: HttpRequest, desk: Desk) -> list[dict[str, Any]]:
    """What this desk may use. The inbox carries how much is owed, and its colour says whether any is late."""
    here = request.path
    items: list[dict[str, Any]] = []

    def add(name: str, icon: str, label: str, **more: Any) -> None:
        url = reverse(f"office:{name}")
        current = here == url if name == "inbox" else here.startswith(url)
        items.append({"url": url, "icon": icon, "label": label, "current": current, **more})

    if desk.sees_cases:
        owed = inbox.counts(inbox.owed_by(desk.person))
        if desk.works or owed[""]:
            add("inbox", "inbox", _("待办"), count=owed[""], bad=owed["red"] > 0)
        add("cases", "list-details", _("办件"))
        add("figures", "chart-bar", _("亮灯"))
    if desk.oversees:
        add("ledger", "shield-check", _("留痕核验"))
    if desk.posts:
        add("matters", "clipboard-check", pgettext("many", "事项"))
    return items


def back_of(request: HttpRequest, default: str = "") -> str:
    """Where the person came from inside the office (`back` in the form or address), else `default`."""
    back = request.POST.get("back") or request.GET.get("back") or ""
    mine = reverse("office:inbox")
    if back.startswith(mine) and url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        return back
    return default
