"""Applying: for whom, the task list, one page at a time, check your answers, submit once."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from yinuo.core.engine import Refused
from yinuo.faces.citizen import showing
from yinuo.faces.parts.context import language
from yinuo.faces.parts.forms import Error, Page, SchemaForm
from yinuo.faces.parts.uploads import Upload
from yinuo.packs import matters
from yinuo.registers import parties
from yinuo.work import access, drafts, evidence, names
from yinuo.work import search as finder
from yinuo.work.models import Draft

MAX_FILES = 50
"""Of one application: no matter asks for more than a handful, and nobody fills the disk."""


@login_required
def start(request: HttpRequest, matter: str) -> HttpResponse:
    """For whom? A POST begins the draft, or goes on with the one begun before."""
    wanted = matters.current(matter)
    if wanted.kind not in finder.OFFERED:
        raise access.NotFound(matter)
    if wanted.kind == "report":
        return redirect("citizen:report_matter", matter=wanted.id)
    mine = parties.for_person(request.user)
    able = [party for party in mine if party.kind in wanted.audience]
    errors: list[dict[str, str]] = []
    if request.method == "POST":
        chosen = next((party for party in able if str(party.pk) == request.POST.get("party", "")), None)
        if chosen is None:
            errors.append({"message": _("请选择为谁办理"), "href": "#party-1"})
        else:
            draft = drafts.begin(matter=wanted.id, by=request.user, party=chosen.pk, at=timezone.now())
            return redirect("citizen:draft", id_=draft.pk)
    begun = {
        party.pk for party in able if drafts.unfinished(matter=wanted.id, by=request.user, party=party.pk)
    }
    context = {
        "matter": wanted,
        "parties": able,
        "others": [party for party in mine if party not in able],
        "begun": begun,
        "errors": errors,
        "tab": "matters",
    }
    return render(request, "citizen/start.html", context, status=422 if errors else 200)


def opened(draft: Draft) -> HttpResponse:
    """A draft that has become a case leads there."""
    return redirect("citizen:done", number=draft.opened)


def draft_form(draft: Draft, request: HttpRequest | None = None, **more: Any) -> SchemaForm:
    """The form of a draft as it stands, or as just posted."""
    return showing.form_of(
        drafts.matter_of(draft),
        initial=draft.data,
        uploads=uploads_of(draft),
        request=request,
        page_url=reverse("citizen:page", args=[draft.pk, "PAGE"]).replace("PAGE", "{page}") + "?back=check",
        **more,
    )


def uploads_of(draft: Draft) -> dict[str, list[Any]]:
    """Material id -> the files handed in for it so far."""
    found: dict[str, list[Any]] = {}
    for each in draft.files:
        found.setdefault(each["material"], []).append(each)
    return found


@login_required
@require_safe
def tasks(request: HttpRequest, id_: uuid.UUID) -> HttpResponse:
    """What there is to fill in, and how far it is: 未开始, 未完成, 已完成."""
    draft = drafts.get(id_=id_, by=request.user)
    if draft.opened:
        return opened(draft)
    form = draft_form(draft)
    lines = [{"page": page, "status": _status(page, draft)} for page in showing.asked_pages(form)]
    todo = next((line["page"] for line in lines if line["status"] != "done"), None)
    context = {
        "draft": draft,
        "matter": drafts.matter_of(draft),
        "party": names.party(draft.party_id),
        "lines": lines,
        "todo": todo,
        "ready": form.valid,
        "tab": "matters",
    }
    return render(request, "citizen/tasks.html", context)


def _status(page: Page, draft: Draft) -> str:
    """Done once it was sent and nothing on it is missing; what was filled in for you is not done."""
    if page.status == "done":
        return "done" if page.id in draft.done else "todo"
    touched = page.id in draft.done or page.status == "part"
    return "part" if touched or any(each["material"] in page.material_ids for each in draft.files) else "todo"


@login_required
def page(request: HttpRequest, id_: uuid.UUID, page: str) -> HttpResponse:
    """One page of the form. What could be read is kept, also when something else on the page is wrong."""
    draft = drafts.get(id_=id_, by=request.user)
    if draft.opened:
        return opened(draft)
    try:
        form = draft_form(draft, request)
        shown = form.page(page)
    except (KeyError, ValueError) as error:
        raise access.NotFound(f"{id_}/{page}") from error
    if request.method == "POST" and not form.refreshing:
        take_in(draft, form)
        if len(draft.files) >= MAX_FILES:
            said = _("一份申请最多 %(n)d 个文件，多出来的没有收下；请合并后再传") % {"n": MAX_FILES}
            messages.warning(request, said)
        done = shown.id if shown.valid else ""
        drafts.save(draft, data=form.answers, page=done, at=timezone.now(), asked=shown.names)
        if shown.valid and "later" in request.POST:
            messages.success(request, _("已保存，随时可以回来接着填。"))
            return redirect("citizen:draft", id_=draft.pk)
        if shown.valid:
            return _onwards(request, draft, shown)
        form.ui["uploads"] = uploads_of(draft)
    pages = showing.asked_pages(form)
    place = next((number for number, each in enumerate(pages, start=1) if each.id == shown.id), 1)
    context = {
        "draft": draft,
        "matter": drafts.matter_of(draft),
        "form": form,
        "page": shown,
        "number": place,
        "total": len(pages),
        "total_range": range(1, len(pages) + 1),
        "files": _listed(draft, shown, form),
        "back_url": _back(request, draft, shown),
        "tab": "matters",
    }
    return render(request, "citizen/page.html", context, status=422 if shown.errors else 200)


def take_in(draft: Draft, form: SchemaForm) -> None:
    """Keep the files just sent with the draft, so that no mistake elsewhere on the page loses them."""
    for material, sent in form.uploads.items():
        for upload in sent:
            if len(draft.files) >= MAX_FILES:
                upload.discard()
                continue
            kept = evidence.keep(chunks(upload), mime=upload.mime)
            upload.discard()
            drafts.attach(
                draft,
                material=material,
                name=upload.name,
                digest=kept.digest,
                mime=kept.mime,
                size=kept.size,
                at=timezone.now(),
            )


def chunks(upload: Upload) -> Iterator[bytes]:
    """An accepted file's bytes, piece by piece."""
    if upload.data is not None:
        yield upload.data
        return
    assert upload.path is not None
    with open(upload.path, "rb") as file:
        while piece := file.read(2**16):
            yield piece


def _listed(draft: Draft, shown: Page, form: SchemaForm) -> list[dict[str, Any]]:
    """Files handed in on this page, with the titles of their materials."""
    titles = {id_: form.material(id_).label for id_ in shown.material_ids}
    return [{**each, "title": titles[each["material"]]} for each in draft.files if each["material"] in titles]


def _onwards(request: HttpRequest, draft: Draft, shown: Page) -> HttpResponse:
    """To the next page; back to the check page when it was there that somebody pressed 修改."""
    if request.GET.get("back") == "check":
        return redirect("citizen:check", id_=draft.pk)
    after = [each for each in showing.asked_pages(draft_form(draft)) if each.number > shown.number]
    if after:
        return redirect("citizen:page", id_=draft.pk, page=after[0].id)
    ready = draft_form(draft).valid
    return redirect("citizen:check" if ready else "citizen:draft", id_=draft.pk)


def _back(request: HttpRequest, draft: Draft, shown: Page) -> str:
    if request.GET.get("back") == "check":
        return reverse("citizen:check", args=[draft.pk])
    before = [each for each in showing.asked_pages(shown.form) if each.number < shown.number]
    if before:
        return reverse("citizen:page", args=[draft.pk, before[-1].id])
    return reverse("citizen:draft", args=[draft.pk])


@login_required
@require_POST
def remove(request: HttpRequest, id_: uuid.UUID, digest: str) -> HttpResponse:
    """Take a file out of a draft again."""
    draft = drafts.get(id_=id_, by=request.user)
    if draft.opened:
        return opened(draft)
    drafts.detach(draft, material=request.POST.get("material", ""), digest=digest, at=timezone.now())
    return redirect("citizen:page", id_=draft.pk, page=request.POST.get("page") or showing.MATERIALS)


@login_required
def discard(request: HttpRequest, id_: uuid.UUID) -> HttpResponse:
    """Ask, then throw a draft away."""
    draft = drafts.get(id_=id_, by=request.user)
    if draft.opened:
        return opened(draft)
    if request.method == "POST":
        drafts.discard(draft)
        messages.success(request, _("草稿已删除。"))
        return redirect("citizen:mine")
    context = {"draft": draft, "matter": drafts.matter_of(draft), "tab": "mine"}
    return render(request, "citizen/discard.html", context)


@login_required
def check(request: HttpRequest, id_: uuid.UUID) -> HttpResponse:
    """Check your answers, declare, submit. Sent twice, it opens one case and leads to the same receipt."""
    draft = drafts.get(id_=id_, by=request.user)
    if draft.opened:
        return opened(draft)
    form = draft_form(draft)
    errors: list[Any] = []
    if request.method == "POST":
        errors = _problems(form, draft)
        if request.POST.get("declared") != "yes":
            said = _("请勾选“以上内容真实”，勾选后才能提交")
            errors.append(Error("declared", said, "#declared"))
        if not errors:
            try:
                found = drafts.submit(draft, form=form.cleaned, by=request.user, at=timezone.now())
            except Refused as refused:
                errors.append(Error(refused.field, refused.say.in_(language()), ""))
            else:
                return redirect("citizen:done", number=found.number)
    context = {
        "draft": draft,
        "matter": drafts.matter_of(draft),
        "party": names.party(draft.party_id),
        "form": form,
        "errors": errors,
        "missing": [] if request.method == "POST" else _problems(form, draft),
        "declared": request.POST.get("declared") == "yes",
        "tab": "matters",
    }
    return render(request, "citizen/check.html", context, status=422 if errors else 200)


def _problems(form: SchemaForm, draft: Draft) -> list[Error]:
    """What is still missing anywhere, each with a link to the page where it is mended."""
    return [
        Error(each.field, each.message, f"{_page_url(draft, each.page)}{each.href}", each.page)
        for each in form.problems()
    ]


def _page_url(draft: Draft, page: str) -> str:
    return reverse("citizen:page", args=[draft.pk, page]) + "?back=check"
