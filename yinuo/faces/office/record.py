"""One case on one page: whose clock runs, why each date is that date, what was asked, said and done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from yinuo.core.matter import CHOSEN, Matter, Move
from yinuo.faces.parts.forms import SchemaForm
from yinuo.faces.parts.templatetags.parts import mask
from yinuo.registers import places
from yinuo.work import access, casefile, names, verify
from yinuo.work.casefile import CaseFile

from . import rows
from .desk import back_of, officer, page

RESERVED = frozenset("jkoxc")
"""Letters the list itself listens to; a move never gets one of them."""

USUAL_KEY = "e"
"""The key a pack gives to the usual way on."""

ASKING = frozenset({"opinion_given", "evidence_attached"})
"""Needs that somebody must type or attach something for."""


PICTURES = ("image/jpeg", "image/png", "image/webp")


@dataclass(frozen=True, slots=True)
class Act:
    """A move as a button. quick: nothing to fill in, so it is made from the case page itself."""

    id: str
    title: str
    url: str
    quick: bool
    key: str
    style: str


@dataclass(frozen=True, slots=True)
class Said:
    """One line of words: an opinion, a reason, a note, an answer given with a move."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the ledger as the timeline shows it."""

    seq: int
    kind: str
    at: datetime
    title: str
    who: str
    state: str
    step: tuple[str, str]
    holder: tuple[str, str]
    said: tuple[Said, ...]
    letter: dict[str, str]
    files: tuple[dict[str, Any], ...]
    hidden: str
    digest: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the form; `full` is what stands behind a masked number, "" when nothing is masked."""

    label: str
    value: str
    full: str
    group: str


@require_GET
@officer()
def show(request: HttpRequest, number: str) -> HttpResponse:
    """The whole page, or (`pane`) what htmx puts beside the list."""
    person = request.desk.person  # type: ignore[attr-defined]
    now = timezone.now()
    row = access.case_for(person, number)
    pane = "pane" in request.GET
    context = case_context(request, row, now=now, back=back_of(request))
    if not pane:
        report = verify.check_case(person, row.number)
        context |= {"report": report, "whole": not report.faults, "checked_at": now}
    return page(request, "office/case_pane.html" if pane else "office/case.html", context)


def case_context(request: HttpRequest, row: Any, *, now: datetime, back: str) -> dict[str, Any]:
    """Everything the case templates draw."""
    person = request.desk.person  # type: ignore[attr-defined]
    file = casefile.of(row, person, now=now)
    lang = names.lang()
    related = [*file.children, *([file.parent] if file.parent else [])]
    open_to = casefile.reachable(file, person)
    listed = {line.number: line for line in rows.lines(related, now=now)}
    return {
        "file": file,
        "case": row,
        "back": back,
        "left": rows.left(row, now=now),
        "title": casefile.case_title(row, file.matter, lang=lang),
        "place": places.title(row.place) if row.place else "",
        "owner": names.unit(row.unit),
        "outcome": casefile.outcome_title(row.outcome, lang=lang) if row.outcome else "",
        "acts": (buttons := acts(file, back=back)),
        "any_quick": any(each.quick for each in buttons),
        "may_claim": casefile.may_claim(file, person),
        "may_assign": may_assign(file),
        "may_note": file.may_read_words and request.desk.works,  # type: ignore[attr-defined]
        "answers": answers(file, lang=lang),
        "party": party_of(file),
        "materials": materials(file, lang=lang),
        "children": [listed[each.number] for each in file.children],
        "parent": listed.get(file.parent.number) if file.parent else None,
        "open_to": open_to,
        "records": file.records,
        "events": events(file, lang=lang)[::-1],
        "held": held(file, now=now),
        "life": rows.span(int(((row.closed_at or now) - row.opened_at).total_seconds())),
        "now": now,
    }


# -- what may be done ------------------------------------------------------------------------


def acts(file: CaseFile, *, back: str) -> list[Act]:
    """The buttons, each with a key of its own: first the usual way on, then the rest in the pack's order."""
    lang = names.lang()
    keys = keys_for(file.moves)
    query = f"?{urlencode({'back': back})}" if back else ""
    usual = usual_move(file.moves)
    found = []
    for move in sorted(file.moves, key=lambda each: each is not usual):
        quick = is_quick(file.matter, move)
        url = reverse("office:move", args=[file.case.number, move.id])
        style = "btn-danger" if closes_against(move) else "" if move is usual else "btn-line"
        found.append(
            Act(
                id=move.id,
                title=move.title.in_(lang),
                url=url if quick else url + query,
                quick=quick,
                key=keys.get(move.id, ""),
                style=style,
            )
        )
    return found


def usual_move(moves: Sequence[Move]) -> Move | None:
    """The one filled button: the move the pack gives E, else the first that closes against nobody."""
    onward = [move for move in moves if not closes_against(move)]
    return next((move for move in onward if move.key.lower() == USUAL_KEY), onward[0] if onward else None)


def closes_against(move: Move) -> bool:
    """Whether it ends the case without what was asked for."""
    return move.outcome in ("refused", "not_accepted", "withdrawn", "cancelled")


def keys_for(moves: Sequence[Move]) -> dict[str, str]:
    """move id -> its key: the pack's, unless the list needs that letter or an earlier move has it; then the
    first free letter of the move's id."""
    taken: dict[str, str] = {}
    for move in moves:
        wanted = move.key.lower()
        if wanted and wanted not in RESERVED and wanted not in taken.values():
            taken[move.id] = wanted
    for move in moves:
        if move.id not in taken and move.key:
            free = [c for c in move.id if c.isalpha() and c not in RESERVED and c not in taken.values()]
            if free:
                taken[move.id] = free[0]
    return taken


def is_quick(matter: Matter, move: Move) -> bool:
    """Whether nothing must be filled in for `move`."""
    chooses = move.to in matter.steps and matter.steps[move.to].unit == CHOSEN
    asks = move.reason or move.extends or move.form.get("properties") or ASKING.intersection(move.needs)
    return not (chooses or asks)


def may_assign(file: CaseFile) -> bool:
    """Whether the reader has something to do here, so may also say who does it."""
    return bool(file.moves) and file.case.holder.startswith("unit:")


# -- what was asked --------------------------------------------------------------------------


def schema_form(file: CaseFile, *, lang: str) -> SchemaForm:
    """The form with the answers last given, for reading."""
    codes = {str(value) for value in file.form.values() if isinstance(value, str) and value.isdigit()}
    points = (value.get("place", "") for value in file.form.values() if isinstance(value, dict))
    known = [(code, places.title(code)) for code in sorted({*codes, *points}) if code and places.get(code)]
    ui = {"materials": file.matter.materials, "places": known}
    return SchemaForm(file.matter.form, ui, initial=file.form, lang=lang)


def answers(file: CaseFile, *, lang: str) -> list[Answer]:
    """Every answer under its question, numbers of identity masked; [] for those who may not read words."""
    if not file.form:
        return []
    form = schema_form(file, lang=lang)
    plain = form.check_rows(masked=False)
    return [
        Answer(
            label=shown.label,
            value=shown.value,
            full=full.value if full.value != shown.value else "",
            group=shown.page_title,
        )
        for shown, full in zip(form.check_rows(), plain, strict=True)
    ]


def party_of(file: CaseFile) -> dict[str, str] | None:
    """The applicant for those who may read words: the number masked, with the full one behind it."""
    party = file.party
    if party is None:
        return None
    return {
        "name": party.name,
        "kind": party.get_kind_display(),
        "id_kind": party.get_id_kind_display(),
        "id": mask(party.id_number, "id"),
        "id_full": party.id_number,
        "phone": mask(party.phone, "tel"),
        "phone_full": party.phone,
    }


def materials(file: CaseFile, *, lang: str) -> list[dict[str, Any]]:
    """Each material these answers call for, with its files; a required one without any is missing."""
    if not file.may_read_words:
        return []
    return [
        {
            "title": material.title.in_(lang),
            "required": material.required,
            "files": [shown_file(file.case.number, each) for each in found],
        }
        for material, found in casefile.wanted(file)
    ]


def shown_file(number: str, attachment: Any) -> dict[str, Any]:
    """A file as templates show it: its address, and whether a browser shows it as a picture."""
    return {
        "name": attachment.name,
        "material": attachment.material,
        "size": attachment.evidence.size,
        "digest": attachment.evidence_id,
        "picture": attachment.evidence.mime in PICTURES,
        "url": file_url(number, attachment.pk),
    }


def file_url(number: str, id_: int) -> str:
    """Where a case's file is served, by the same scoped access as the case."""
    return reverse("evidence", args=[number, id_])


# -- what was done ---------------------------------------------------------------------------


def events(file: CaseFile, *, lang: str) -> list[Event]:
    """The ledger's entries, oldest first: who, when, from where to where, what was said, its digest."""
    out: list[Event] = []
    step = holder = ""
    last = len(file.lines)
    for line in file.lines:
        state = line.entry.body.get("state", {})
        before = (step, holder)
        step, holder = state.get("step", step), state.get("holder", holder)
        moved = line.entry.kind != "opened" and before != (step, holder)
        out.append(
            Event(
                seq=line.entry.seq,
                kind=line.entry.kind,
                at=line.entry.at,
                title=line.title,
                who=line.who,
                state=_state(file, line, last=last),
                step=_change(before[0], step, moved, lambda id_: _step_name(file.matter, id_, lang)),
                holder=_change(before[1], holder, moved, lambda text: names.holder(text)),
                said=said(line, file.matter, lang=lang),
                letter=_letter(line, lang=lang),
                files=tuple(shown_file(file.case.number, each) for each in line.files),
                hidden=line.hidden,
                digest=line.digest,
            )
        )
    return out


def _state(file: CaseFile, line: casefile.Line, *, last: int) -> str:
    if line.entry.kind == "alerted" and "red" in line.entry.body.get("turned", {}).values():
        return "late"
    if line.entry.seq == last and not file.case.closed_at:
        return "paused" if file.case.paused else "now"
    return "done"


def _step_name(matter: Matter, id_: str, lang: str) -> str:
    return casefile.step_title(matter, id_, lang=lang) if id_ else ""


def _change(before: str, after: str, moved: bool, name: Any) -> tuple[str, str]:
    return (name(before), name(after)) if moved and before != after else ("", "")


def said(line: casefile.Line, matter: Matter, *, lang: str) -> tuple[Said, ...]:
    """The words of one entry these eyes may read."""
    labels = {"opinion": _("意见"), "reason": _("理由"), "note": _("备注"), "rating": _("评价")}
    out = [Said(labels[kind], str(text)) for kind, text in line.words.items() if kind in labels]
    given = line.words.get("given") or {}
    if given:
        move = matter.moves.get(line.entry.move)
        properties = move.form.get("properties", {}) if move else {}
        for name, value in given.items():
            title = (properties.get(name) or {}).get("x-title") or {}
            out.append(Said(title.get(lang) or title.get("zh") or name, str(value)))
    level = line.entry.body.get("level")
    if level:
        out.append(Said(_("评价"), _("%d 星（满分 5 星）") % level))
    return tuple(out)


def _letter(line: casefile.Line, *, lang: str) -> dict[str, str]:
    letter = line.words.get("letter")
    if not letter:
        return {}
    title = letter["title"]
    return {"title": title.get(lang) or title["zh"], "html": letter.get(lang) or letter["zh"]}


def held(file: CaseFile, *, now: datetime) -> list[dict[str, Any]]:
    """谁手里多久: seconds by holder in the order they first held it, in whole percents that add up to 100."""
    spent: dict[str, float] = {}
    for each in file.holdings:
        spent[each.holder] = spent.get(each.holder, 0.0) + max(each.length(now).total_seconds(), 0.0)
    total = sum(spent.values())
    if total < 1:
        return []
    shares = percents([value / total for value in spent.values()])
    return [
        {
            "label": names.holder(holder),
            "value": value,
            "text": f"{rows.span(int(value))} · {share}%",
        }
        for (holder, value), share in zip(spent.items(), shares, strict=True)
    ]


def percents(shares: Sequence[float]) -> list[int]:
    """Whole percents of shares that add up to 1; they add up to 100 (largest remainders are rounded up)."""
    floors = [int(share * 100) for share in shares]
    rest = sorted(range(len(shares)), key=lambda i: floors[i] - shares[i] * 100)
    for i in rest[: 100 - sum(floors)]:
        floors[i] += 1
    return floors
