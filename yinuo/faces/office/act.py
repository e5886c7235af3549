"""What may be done with a case: its matter's moves, and what every case knows (claim, assign, note, correct).

GET shows a form, POST does it. A refusal comes back filled in (422); when somebody else was first, a page
says who did what meanwhile and offers the same words again (409).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from yinuo.core import engine
from yinuo.core.engine import Refused
from yinuo.core.matter import Move
from yinuo.faces.parts import uploads
from yinuo.faces.parts.forms import SchemaForm
from yinuo.registers import places
from yinuo.registers.models import Person
from yinuo.work import access, casefile, cases, evidence, names
from yinuo.work.casefile import CaseFile
from yinuo.work.cases import Conflict, File

from . import inbox, record, rows
from .desk import back_of, officer, page

KINDS = ("jpeg", "png", "webp", "heic", "pdf")
SALT = "office.evidence"
PREFIX = "g-"
INPUTS = {
    "reason": "#m-reason",
    "opinion_given": "#m-opinion",
    "evidence_attached": "#m-evidence",
    "days": "#m-days",
    "unit": "#m-unit",
    "to": "#m-to",
    "words": "#m-words",
}
"""The field a refusal names -> the input on the page."""

Errors = list[dict[str, str]]


@dataclass(slots=True)
class Typed:
    """What came with a POST, as it goes back into the page when something is wrong."""

    opinion: str = ""
    reason: str = ""
    days: str = ""
    unit: str = ""
    files: list[File] = field(default_factory=list)
    kept: list[dict[str, Any]] = field(default_factory=list)


@require_http_methods(["GET", "POST"])
@officer()
def move(request: HttpRequest, number: str, move: str) -> HttpResponse:
    """One move of the matter: the form for it, and the doing."""
    person, now = _person(request), timezone.now()
    row = access.case_for(person, number)
    file = casefile.of(row, person, now=now)
    wanted = file.matter.moves.get(move)
    if wanted is None or wanted.automatic:
        raise Http404(_("本事项没有这个动作。"))
    if request.method == "GET":
        if wanted not in file.moves:
            return _cannot(request, file, wanted.title.in_(names.lang()))
        typed = Typed(reason=request.GET.get("reason", ""))
        return _move_page(request, file, wanted, typed=typed, form=_form(wanted), now=now)
    return _do_move(request, file, wanted, now=now)


def _do_move(request: HttpRequest, file: CaseFile, wanted: Move, *, now: datetime) -> HttpResponse:
    person, row = _person(request), file.case
    form = _form(wanted, data=request.POST)
    typed, errors = _typed(request)
    expecting = _expecting(request)
    if expecting != row.seq:
        return _overtaken(request, file, expecting, wanted.title.in_(names.lang()), typed=typed, move=wanted)
    if form is not None:
        errors += [{"message": error.message, "href": error.href} for error in form.errors]
    if errors:
        return _move_page(request, file, wanted, typed=typed, form=form, errors=errors, now=now, status=422)
    data: dict[str, Any] = {**(form.cleaned if form is not None else {})}
    data |= {"opinion": typed.opinion, "reason": typed.reason, "unit": typed.unit}
    if typed.days and "days" not in data:
        data["days"] = int(typed.days) if typed.days.isdecimal() else typed.days
    try:
        head = cases.move(
            case=row.pk,
            move=wanted.id,
            by=person,
            at=now,
            expecting=expecting,
            data={name: value for name, value in data.items() if value != ""},
            files=typed.files,
        )
    except Refused as refused:
        errors = [_error(refused)]
        return _move_page(request, file, wanted, typed=typed, form=form, errors=errors, now=now, status=422)
    except Conflict:
        fresh = casefile.open_file(person, row.number, now=now)
        title = wanted.title.in_(names.lang())
        return _overtaken(request, fresh, expecting, title, typed=typed, move=wanted)
    lang = names.lang()
    step = casefile.step_title(file.matter, head.case.step, lang=lang)
    holder = names.holder(head.case.holder)
    where = step if head.case.closed else f"{step}（{holder}）" if lang == "zh" else f"{step} ({holder})"
    _tell_done(
        request, file, said=_("%(number)s：%(did)s") % {"number": row.number, "did": wanted.title.in_(lang)},
        where=where, undo=True,
    )  # fmt: skip
    return _onward(request, file)


def _move_page(
    request: HttpRequest,
    file: CaseFile,
    wanted: Move,
    *,
    typed: Typed,
    form: SchemaForm | None,
    now: datetime,
    errors: Errors | None = None,
    status: int = 200,
) -> HttpResponse:
    lang = names.lang()
    choices = casefile.unit_choices(file, wanted)
    limits = [file.matter.limits[name] for name in wanted.extends]
    context = {
        "file": file,
        "case": file.case,
        "title": wanted.title.in_(lang),
        "case_title": _case_title(file),
        "move": wanted,
        "typed": typed,
        "form": form,
        "form_part": form.page() if form is not None else None,
        "errors": errors or [],
        "choices": choices,
        "why_first": places.title(file.case.place) if file.case.place else "",
        "most_days": min((limit.extension for limit in limits), default=0),
        "extended": [line for line in file.dates if line.name in wanted.extends],
        "needs_opinion": "opinion_given" in wanted.needs,
        "needs_evidence": "evidence_attached" in wanted.needs,
        "accept": uploads.accept_attribute(KINDS),
        "welcome": uploads.welcome(KINDS, max_bytes=settings.EVIDENCE_MAX_BYTES, lang=lang),
        "max_bytes": settings.EVIDENCE_MAX_BYTES,
        "back": back_of(request),
        "left": rows.left(file.case, now=now),
        "answers": record.answers(file, lang=lang),
        "may": wanted in file.moves,
    }
    return page(request, "office/move.html", context, status=status)


def _form(wanted: Move, data: Any = None) -> SchemaForm | None:
    """The move's own questions, if it has any."""
    if not wanted.form.get("properties"):
        return None
    return SchemaForm(wanted.form, {"prefix": PREFIX}, data=data, lang=names.lang())


def _typed(request: HttpRequest) -> tuple[Typed, Errors]:
    """What was typed and attached. Files are kept at once, so that a refusal does not lose them."""
    typed = Typed(
        opinion=request.POST.get("opinion", "").strip(),
        reason=request.POST.get("reason", "").strip(),
        days=request.POST.get("days", "").strip(),
        unit=request.POST.get("unit", "").strip(),
    )
    errors: Errors = []
    for token in request.POST.getlist("kept")[:20]:
        try:
            kept = signing.loads(token, salt=SALT, max_age=24 * 3600)
        except signing.BadSignature:
            continue
        typed.files.append(File(material="", name=kept["name"], digest=kept["digest"]))
        typed.kept.append({**kept, "token": token})
    for sent in request.FILES.getlist("evidence"):
        try:
            upload = uploads.accept(sent, kinds=KINDS, max_bytes=settings.EVIDENCE_MAX_BYTES)
        except uploads.Refused as refused:
            errors.append({"message": refused.said(names.lang()), "href": INPUTS["evidence_attached"]})
            continue
        stored = evidence.keep([upload.read()], mime=upload.mime)
        upload.discard()
        said = {"name": upload.name, "digest": stored.digest, "size": stored.size}
        typed.files.append(File(material="", name=upload.name, digest=stored.digest))
        typed.kept.append({**said, "token": signing.dumps(said, salt=SALT)})
    return typed, errors


# -- what every case knows -------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@officer()
def claim(request: HttpRequest, number: str) -> HttpResponse:
    """Take the case into one's own hands."""
    person, now = _person(request), timezone.now()
    row = access.case_for(person, number)
    if request.method == "GET":
        return HttpResponseRedirect(reverse("office:case", args=[row.number]))
    file = casefile.of(row, person, now=now)
    title = _("认领")
    expecting = _expecting(request)
    try:
        if row.assignee_id != person.pk:
            cases.claim(case=row.pk, by=person, at=now, expecting=expecting)
    except Refused as refused:
        return _cannot(request, file, title, said=refused.say.in_(names.lang()))
    except Conflict:
        return _overtaken(request, file, expecting, title)
    _tell_done(request, file, said=_("%s 已由您认领") % row.number)
    back = back_of(request)
    return HttpResponseRedirect(_with_case(back, row.number) if back else file_url(file))


@require_http_methods(["GET", "POST"])
@officer()
def assign(request: HttpRequest, number: str) -> HttpResponse:
    """Put a colleague of the holding unit in charge, or nobody."""
    person, now = _person(request), timezone.now()
    row = access.case_for(person, number)
    file = casefile.of(row, person, now=now)
    title = _("指派")
    if not record.may_assign(file):
        return _cannot(request, file, title)
    colleagues = casefile.colleagues(file)
    to, errors = request.POST.get("to", ""), []
    if request.method == "POST":
        expecting = _expecting(request)
        known = {str(each.pk): each for each, _role in colleagues}
        if to and to != "nobody" and to not in known:
            errors = [{"message": _("“%s”不在本单位同事之中，请从列表中选择") % to, "href": INPUTS["to"]}]
        elif not to:
            errors = [{"message": _("请选择由谁负责"), "href": INPUTS["to"]}]
        else:
            try:
                cases.assign(case=row.pk, to=known.get(to), by=person, at=now, expecting=expecting)
            except Refused as refused:
                errors = [_error(refused)]
            except Conflict:
                return _overtaken(request, file, expecting, title)
            else:
                who = known[to].name if to in known else _("全单位")
                _tell_done(
                    request, file, said=_("%(number)s 现由%(who)s负责") % {"number": row.number, "who": who}
                )
                return HttpResponseRedirect(_with_case(back_of(request), row.number) or file_url(file))
    context = {"colleagues": colleagues, "to": to or str(row.assignee_id or "")}
    return _small(request, file, "office/assign.html", title, errors, context)


@require_http_methods(["GET", "POST"])
@officer()
def note(request: HttpRequest, number: str) -> HttpResponse:
    """A remark that moves nothing."""
    person, now = _person(request), timezone.now()
    row = access.case_for(person, number)
    file = casefile.of(row, person, now=now)
    title = _("备注")
    if not (file.may_read_words and request.desk.works):  # type: ignore[attr-defined]
        return _cannot(request, file, title)
    words, errors = request.POST.get("words", "").strip(), []
    if request.method == "POST":
        expecting = _expecting(request)
        try:
            cases.note(case=row.pk, by=person, at=now, expecting=expecting, words=words)
        except Refused as refused:
            errors = [_error(refused)]
        except Conflict:
            fresh = casefile.open_file(person, row.number, now=now)
            return _overtaken(request, fresh, expecting, title, said=[(_("备注"), words)])
        else:
            _tell_done(request, file, said=_("%s 已加备注") % row.number)
            return HttpResponseRedirect(_with_case(back_of(request), row.number) or file_url(file))
    return _small(request, file, "office/note.html", title, errors, {"words": words})


@require_http_methods(["GET", "POST"])
@officer()
def correct(request: HttpRequest, number: str) -> HttpResponse:
    """Take the last move back by a counter-entry, with a reason."""
    person, now = _person(request), timezone.now()
    row = access.case_for(person, number)
    file = casefile.of(row, person, now=now)
    title = _("更正")
    if not file.may_correct:
        return _cannot(request, file, title)
    undone = engine.undoable([line.entry for line in file.lines])
    assert undone is not None
    reason = (request.POST if request.method == "POST" else request.GET).get("reason", "").strip()
    errors: Errors = []
    if request.method == "POST":
        expecting = _expecting(request)
        if expecting != row.seq:
            return _overtaken(request, file, expecting, title, said=[(_("理由"), reason)])
        try:
            cases.correct(case=row.pk, by=person, at=now, expecting=expecting, reason=reason)
        except Refused as refused:
            errors = [_error(refused)]
        except Conflict:
            fresh = casefile.open_file(person, row.number, now=now)
            return _overtaken(request, fresh, expecting, title, said=[(_("理由"), reason)])
        else:
            _tell_done(request, file, said=_("%s 已更正，回到更正前的环节") % row.number)
            return HttpResponseRedirect(_with_case(back_of(request), row.number) or file_url(file))
    line = next(each for each in file.lines if each.entry.seq == undone.seq)
    return _small(request, file, "office/correct.html", title, errors, {"reason": reason, "undone": line})


# -- inside ----------------------------------------------------------------------------------


def _person(request: HttpRequest) -> Person:
    person: Person = request.desk.person  # type: ignore[attr-defined]
    return person


def _expecting(request: HttpRequest) -> int:
    """The seq the page was drawn with; 0 (which no case ever has) when it does not say."""
    said = request.POST.get("expecting", "")
    return int(said) if said.isdecimal() else 0


def _error(refused: Refused) -> dict[str, str]:
    return {"message": refused.say.in_(names.lang()), "href": INPUTS.get(refused.field, "")}


def file_url(file: CaseFile) -> str:
    """The case's own page."""
    return reverse("office:case", args=[file.case.number])


def _with_case(back: str, number: str) -> str:
    """`back`, with this case open in it; "" when there is nowhere to go back to."""
    if not back or not back.startswith(reverse("office:inbox")) or "/cases/" in back:
        return back
    path, _mark, query = back.partition("?")
    kept = [part for part in query.split("&") if part and not part.startswith("case=")]
    return f"{path}?{'&'.join([*kept, f'case={number}'])}"


def _onward(request: HttpRequest, file: CaseFile) -> HttpResponse:
    """After a move: the next of the list the person came from, else this case."""
    back = back_of(request)
    if not back or "/cases/" in back:
        return HttpResponseRedirect(back or file_url(file))
    mark = (file.case.due_at, file.case.pk)
    return HttpResponseRedirect(inbox.next_after(_person(request), back=back, mark=mark))


def _tell_done(
    request: HttpRequest, file: CaseFile, *, said: str, where: str = "", undo: bool = False
) -> None:
    """The toast after an act, with the case's address and, for a move, the way back."""
    links = format_html('<a href="{}">{}</a>', file_url(file), _("看这一件"))
    if undo:
        query = urlencode({"reason": _("误操作，撤销"), "back": back_of(request)})
        url = f"{reverse('office:correct', args=[file.case.number])}?{query}"
        links = format_html('<a href="{}" data-undo>{}</a> {}', url, _("撤销"), links)
    arrow = format_html(" → {}", where) if where else ""
    messages.success(request, format_html('{}{} <span class="toast-links">{}</span>', said, arrow, links))


def _case_title(file: CaseFile) -> str:
    return casefile.case_title(file.case, file.matter, lang=names.lang())


def _small(
    request: HttpRequest, file: CaseFile, template: str, title: str, errors: Errors, more: dict[str, Any]
) -> HttpResponse:
    context = {
        "file": file,
        "case": file.case,
        "case_title": _case_title(file),
        "title": title,
        "errors": errors,
        "back": back_of(request),
        **more,
    }
    return page(request, template, context, status=422 if errors else 200)


def _cannot(request: HttpRequest, file: CaseFile, title: str, said: str = "") -> HttpResponse:
    """What this person cannot do here and now, and where the case stands instead."""
    context = {"file": file, "case": file.case, "case_title": _case_title(file), "title": title, "said": said}
    return page(request, "office/cannot.html", {**context, "back": back_of(request)}, status=403)


def _overtaken(
    request: HttpRequest,
    file: CaseFile,
    expecting: int,
    title: str,
    *,
    typed: Typed | None = None,
    said: list[tuple[str, str]] | None = None,
    move: Move | None = None,
) -> HttpResponse:
    """Somebody was first. A person's own second click on the same move is no conflict: it was done."""
    person = _person(request)
    changed = casefile.since(file, expecting)
    first = changed[0].entry if changed else None
    if move is not None and first and first.by == f"person:{person.pk}" and first.move == move.id:
        _tell_done(request, file, said=_("%(number)s：%(did)s") % {"number": file.case.number, "did": title})
        return HttpResponseRedirect(file_url(file))
    shown = list(said or [])
    if typed is not None:
        shown += [(_("意见"), typed.opinion), (_("理由"), typed.reason)]
    again = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in ("csrfmiddlewaretoken", "expecting", "kept")
        for value in values
    ]
    again += [("kept", each["token"]) for each in (typed.kept if typed else [])]
    last = changed[-1].entry.seq if changed else 0
    context = {
        "file": file,
        "case": file.case,
        "case_title": _case_title(file),
        "title": title,
        "changed": [each for each in record.events(file, lang=names.lang()) if expecting < each.seq <= last],
        "typed_words": [(label, text) for label, text in shown if text],
        "again": again,
        "may_again": move is None or move in file.moves,
        "back": back_of(request),
    }
    return page(request, "office/conflict.html", context, status=409)
