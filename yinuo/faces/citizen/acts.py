"""What an applicant may do with a case: their moves (withdraw, resubmit …), rate it, write to the unit."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from yinuo.core.engine import Refused
from yinuo.core.matter import Move
from yinuo.faces.citizen import apply, mine, showing
from yinuo.faces.parts.context import language
from yinuo.faces.parts.forms import Error, SchemaForm
from yinuo.work import access, cases, evidence
from yinuo.work.casefile import CaseFile
from yinuo.work.cases import Conflict, File

RESUBMIT = "resubmit"
SALT = "yinuo.citizen.handed-in"


@login_required
def move(request: HttpRequest, number: str, move: str) -> HttpResponse:
    """GET shows what will happen, POST does it. `resubmit` shows the form again, filled in."""
    file = mine.own_file(request, number)
    wanted = next((each for each in file.moves if each.id == move), None)
    if wanted is None:
        if move in file.matter.moves and request.method == "POST":
            return _too_late(request, file, move)
        raise access.NotFound(f"{number}/{move}")
    if move == RESUBMIT:
        return _resubmit(request, file, wanted)
    form = SchemaForm(wanted.form, {"prefix": "m-"}, request.POST or None, lang=language())
    errors: list[Error] = []
    if request.method == "POST":
        errors = list(form.errors) if wanted.form else []
        data: dict[str, Any] = {"reason": request.POST.get("reason", "").strip()}
        if not errors:
            found = _do(request, file, wanted, {**data, **(form.answers if wanted.form else {})}, [], errors)
            if found is not None:
                return found
    context = {
        **mine.context_of(request, file),
        "move": wanted,
        "errors": errors,
        "reason": request.POST.get("reason", ""),
        "given": form.page() if wanted.form else None,
        "form": form,
    }
    return render(request, "citizen/move.html", context, status=422 if errors else 200)


def _expecting(request: HttpRequest, file: CaseFile) -> int:
    """The seq the page was made from; the present one where a form came without."""
    given = request.POST.get("expecting", "")
    return int(given) if given.isdecimal() and len(given) < 10 else file.case.seq


def _do(
    request: HttpRequest,
    file: CaseFile,
    wanted: Move,
    data: dict[str, Any],
    files: list[File],
    errors: list[Error],
) -> HttpResponse | None:
    """Make the move and go back to the case; None with `errors` filled when the engine says no."""
    try:
        cases.move(
            case=file.case.pk,
            move=wanted.id,
            by=request.user,
            at=timezone.now(),
            expecting=_expecting(request, file),
            data=data,
            files=files,
        )
    except Refused as refused:
        errors.append(Error(refused.field, refused.say.in_(language()), f"#{refused.field}"))
        return None
    except Conflict:
        if _made(request, file, wanted.id):
            return _after(request, file, wanted)
        raise
    return _after(request, file, wanted)


def _after(request: HttpRequest, file: CaseFile, wanted: Move) -> HttpResponse:
    messages.success(request, _("“%(move)s”已完成。") % {"move": wanted.title.in_(language())})
    return redirect("citizen:case", number=file.case.number)


def _made(request: HttpRequest, file: CaseFile, move: str) -> bool:
    """Whether it was this person's own click, a moment ago, that moved the case on."""
    since = _expecting(request, file)
    by = f"party:{request.user.pk}"
    return any(
        line.entry.seq > since and line.entry.move == move and line.entry.by == by for line in file.lines
    )


def _too_late(request: HttpRequest, file: CaseFile, move: str) -> HttpResponse:
    """A move that is possible no more: sent twice, or somebody else was first."""
    if _made(request, file, move):
        return _after(request, file, file.matter.moves[move])
    raise Conflict(case=file.case.pk, expecting=_expecting(request, file))


# -- resubmitting ----------------------------------------------------------------------------


def _resubmit(request: HttpRequest, file: CaseFile, wanted: Move) -> HttpResponse:
    """The whole form on one page as it was sent, to be mended; files are added to those handed in before."""
    handed = _handed_in(request)
    before: dict[str, list[Any]] = {}
    for each in file.files:
        before.setdefault(each.material, []).append({"name": each.name, "size": each.evidence.size})
    for one in handed:
        before.setdefault(one["material"], []).append(one)
    form = showing.form_of(file.matter, initial=file.form, uploads=before, request=request, one_page=True)
    errors: list[Error] = []
    if request.method == "POST" and not form.refreshing:
        fresh = _take_in(form)
        handed = [*handed, *fresh]
        errors = list(form.errors)
        if form.page().valid:
            files = [File(material=one["material"], name=one["name"], digest=one["digest"]) for one in handed]
            found = _do(request, file, wanted, {"form": form.cleaned}, files, errors)
            if found is not None:
                return found
        for one in fresh:
            before.setdefault(one["material"], []).append(one)
        form.ui["uploads"] = before
    context = {
        **mine.context_of(request, file),
        "move": wanted,
        "form": form,
        "page": form.page(),
        "errors": errors,
        "handed": [{**one, "token": signing.dumps(one, salt=_salt(request))} for one in handed],
    }
    return render(request, "citizen/resubmit.html", context, status=422 if errors else 200)


def _salt(request: HttpRequest) -> str:
    return f"{SALT}.{request.user.pk}"


def _handed_in(request: HttpRequest) -> list[dict[str, Any]]:
    """Files kept when the page came back with a mistake. They are signed for this person: a bare digest would
    let anybody attach, and so read, a file of somebody else's whose digest they know."""
    found = []
    for token in request.POST.getlist("handed"):
        try:
            found.append(signing.loads(token, salt=_salt(request), max_age=24 * 3600))
        except signing.BadSignature:
            continue
    return found


def _take_in(form: SchemaForm) -> list[dict[str, Any]]:
    found = []
    for material, sent in form.uploads.items():
        for upload in sent:
            kept = evidence.keep(apply.chunks(upload), mime=upload.mime)
            upload.discard()
            one = {"material": material, "name": upload.name, "digest": kept.digest, "size": kept.size}
            found.append(one)
    return found


# -- rating and writing ----------------------------------------------------------------------


@login_required
def rate(request: HttpRequest, number: str) -> HttpResponse:
    """The five official levels, once."""
    file = mine.own_file(request, number)
    errors: list[Error] = []
    level = request.POST.get("level", "")
    if request.method == "POST":
        if level not in ("1", "2", "3", "4", "5"):
            errors.append(Error("level", _("请选择满意程度"), "#level-5"))
        else:
            try:
                cases.rate(
                    case=file.case.pk,
                    level=int(level),
                    by=request.user,
                    at=timezone.now(),
                    expecting=_expecting(request, file),
                    words=request.POST.get("words", "")[:500],
                )
            except Refused as refused:
                errors.append(Error(refused.field, refused.say.in_(language()), "#level-5"))
            else:
                messages.success(request, _("谢谢您的评价。"))
                return redirect("citizen:case", number=file.case.number)
    context = {
        **mine.context_of(request, file),
        "errors": errors,
        "level": level,
        "words": request.POST.get("words", ""),
    }
    return render(request, "citizen/rate.html", context, status=422 if errors else 200)


@login_required
def note(request: HttpRequest, number: str) -> HttpResponse:
    """A few words to the unit that holds the case; they stay on the case."""
    file = mine.own_file(request, number)
    errors: list[Error] = []
    words = request.POST.get("words", "").strip()
    if request.method == "POST":
        if len(words) > 1000:
            said = _("留言有 %(n)d 个字，最多 1000 个字") % {"n": len(words)}
            errors.append(Error("words", said, "#words"))
        else:
            try:
                cases.note(
                    case=file.case.pk,
                    by=request.user,
                    at=timezone.now(),
                    expecting=_expecting(request, file),
                    words=words,
                )
            except Refused as refused:
                errors.append(Error("words", refused.say.in_(language()), "#words"))
            else:
                messages.success(request, _("留言已记入办件。"))
                return redirect("citizen:case", number=file.case.number)
    context = {**mine.context_of(request, file), "errors": errors, "words": words}
    return render(request, "citizen/note.html", context, status=422 if errors else 200)
