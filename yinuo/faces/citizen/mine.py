"""My cases: the list, one case with its clock and its papers, the receipt."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from yinuo.core import engine
from yinuo.core.matter import PROMISED
from yinuo.faces.citizen import home, showing
from yinuo.faces.parts.context import language
from yinuo.work import access, casefile, messages, names, public, receipts
from yinuo.work.casefile import CaseFile
from yinuo.work.casefile import outcome_title as _outcome

PAGE = 20
LEVELS = (5, 4, 3, 2, 1)


@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """Everything I asked for: drafts, what runs, what is closed."""
    now = timezone.now()
    own = access.own_cases(request.user).filter(parent__isnull=True)
    state = "closed" if request.GET.get("state") == "closed" else "open"
    wanted = own.filter(closed_at__isnull=state == "open")
    page = Paginator(wanted.order_by("-opened_at", "-id"), PAGE).get_page(request.GET.get("page"))
    context = {
        "state": state,
        "open_count": own.filter(closed_at__isnull=True).count(),
        "closed_count": own.filter(closed_at__isnull=False).count(),
        "page": page,
        "rows": _named(showing.rows(page.object_list, now=now)),
        "drafts": home.named_drafts(request) if state == "open" else [],
        "unread": messages.unread(request.user),
        "tab": "mine",
    }
    return render(request, "citizen/mine.html", context)


def _named(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for row in rows:
        row["outcome"] = _outcome(row["case"].outcome, lang=language())
    return rows


def own_file(request: HttpRequest, number: str) -> CaseFile:
    """The case file of one's own case. Raises NotFound for everybody else, officers included."""
    row = access.own_cases(request.user).filter(number=number.strip().upper()).first()
    if row is None:
        raise access.NotFound(number)
    return casefile.of(row, request.user, now=timezone.now(), lang=language())


@login_required
@require_safe
def case(request: HttpRequest, number: str) -> HttpResponse:
    """Whose clock runs and until when, what was done, what may be done now."""
    return render(request, "citizen/case.html", context_of(request, own_file(request, number)))


def context_of(request: HttpRequest, file: CaseFile, **more: Any) -> dict[str, Any]:
    """What the case page shows; also when one of its forms comes back with a mistake."""
    now = timezone.now()
    row = file.case
    steps = {line.name: line for line in file.dates}
    return {
        "file": file,
        "case": row,
        "title": showing.case_title(file),
        "light": showing.light_now(row, now=now),
        "mine": showing.is_mine(file),
        "outcome": _outcome(row.outcome, lang=language()),
        "closed_light": "" if row.kept is None else "green" if row.kept else "red",
        "promised": steps.get(PROMISED),
        "running": _running(file),
        "timeline": showing.timeline(file, now=now),
        "answers": showing.answers(file) if file.form else [],
        "materials": casefile.wanted(file),
        "loose_files": _loose(file),
        "children": showing.rows(file.children, now=now),
        "records": [
            {"record": each, "url": showing.public_record(request, each.code)} for each in file.records
        ],
        "asked": _asked(file),
        "moves": file.moves,
        "levels": LEVELS,
        "may_rate": row.closed_at is not None and row.rating is None and file.is_applicant,
        "unread": messages.unread(request.user),
        "tab": "mine",
        **more,
    }


def _running(file: CaseFile) -> list[dict[str, Any]]:
    """The dates that run now, each with what is done by it."""
    found = []
    for line in file.dates:
        limit = file.matter.limit_named(line.name, step=file.core.step)
        if line.due is not None and limit is not None:
            found.append({"title": showing.limit_title(limit, line.name, matter=file.matter), "line": line})
    return found


def _loose(file: CaseFile) -> list[Any]:
    """Files that belong to none of the matter's materials: evidence of work done."""
    known = {material.id for material in file.matter.materials}
    return [each for each in file.files if each.material not in known]


def _asked(file: CaseFile) -> dict[str, Any] | None:
    """What the applicant is waited for: the words of the last move that put the case into their hands."""
    if not showing.is_mine(file):
        return None
    for line in reversed(file.lines):
        if line.entry.kind == "moved":
            return {
                "reason": line.words.get("reason", ""),
                "seq": line.entry.seq,
                "letter": line.words.get("letter"),
            }
    return None


@login_required
@require_safe
def done(request: HttpRequest, number: str) -> HttpResponse:
    """Submitted: the number, the date, what happens next."""
    file = own_file(request, number)
    opened = engine.replay([line.entry for line in file.lines[:1]])
    context = {
        "file": file,
        "case": file.case,
        "title": showing.case_title(file),
        "unit": names.unit(file.case.unit, lang_=language()),
        "promised": opened.dates.get(PROMISED),
        "next": showing.what_next(file.matter, opened, now=file.case.opened_at),
        "url": showing.public_receipt(request, file.case.number),
        "tab": "mine",
    }
    return render(request, "citizen/done.html", context)


@login_required
@require_safe
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """The receipt to keep or print, with the code that leads to its public check."""
    file = own_file(request, number)
    found = receipts.receipt_for(request.user, file.case.number)
    context = {
        "file": file,
        "case": file.case,
        "title": showing.case_title(file),
        "unit": names.unit(file.case.unit, lang_=language()),
        "outcome": _outcome(file.case.outcome, lang=language()),
        "entries": len(found["entries"]),
        "head": found["entries"][-1]["digest"],
        "seal": found["seal"],
        "running": _running(file),
        "key": public.receipt_key(file.case.number),
        "url": showing.public_receipt(request, file.case.number),
        "tab": "mine",
    }
    return render(request, "citizen/receipt.html", context)


@login_required
@require_safe
def receipt_json(request: HttpRequest, number: str) -> HttpResponse:
    """The receipt for `receipt_check.py`: digests and times, no personal words."""
    found = receipts.receipt_for(request.user, own_file(request, number).case.number)
    body = json.dumps(found, ensure_ascii=False, indent=1)
    response = HttpResponse(body, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found["number"]}.json"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@login_required
@require_safe
def letter(request: HttpRequest, number: str, seq: int) -> HttpResponse:
    """One letter, in full."""
    file = own_file(request, number)
    line = next((each for each in file.lines if each.entry.seq == seq), None)
    body = line.words.get("letter") if line else None
    if line is None or not body:
        raise access.NotFound(f"{number}/{seq}")
    context = {"file": file, "case": file.case, "line": line, "letter": body, "tab": "mine"}
    return render(request, "citizen/letter.html", context)
