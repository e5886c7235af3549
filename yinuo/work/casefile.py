"""Everything a page shows of one case, gathered once: facts, whose clock runs, dates that explain themselves,
history with the words these eyes may read, moves they may make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from yinuo.core import engine
from yinuo.core.bundle import Outlook, Part, outlook
from yinuo.core.case import Case, Entry, Holding, from_state, holdings
from yinuo.core.clock import Due, explain
from yinuo.core.matter import CHOSEN, CLOSED, PROMISED, STATUTORY, STEP_LIMIT, Matter, Move
from yinuo.core.rules import wanted_materials
from yinuo.ledger import models as ledger
from yinuo.ledger import store
from yinuo.packs import matters
from yinuo.registers import units
from yinuo.registers.models import Party, Person, Post, Record, today

from . import access, names
from .actors import actor
from .letters import limit_name


@dataclass(frozen=True, slots=True)
class DateLine:
    """One running limit: its name, its date, the level of its light, and the sentence that explains it."""

    name: str
    title: str
    due: Due | None
    level: str
    sentence: str
    basis: str


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as shown. words: kind -> text, empty when erased or masked (then hidden says which)."""

    entry: Entry
    who: str
    title: str
    step: str
    words: dict[str, Any]
    files: list[ledger.Attachment]
    hidden: str
    digest: str


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case for one reader. `case.seq` goes back with every move as `expecting`."""

    case: ledger.Case
    core: Any
    matter: Matter
    party: Party | None
    is_applicant: bool
    may_read_words: bool
    step: str
    says: str
    holder: str
    assignee: str
    dates: list[DateLine]
    form: dict[str, Any]
    files: list[ledger.Attachment]
    lines: list[Line]
    holdings: list[Holding]
    children: list[ledger.Case]
    """How each stands may be known to whoever sees this case; what is in it only to those it lets in."""
    bundle: Outlook | None
    """With children: the one date, the number of the child all wait for, and each one's slack."""
    parent: ledger.Case | None
    records: list[Record]
    moves: list[Move]
    may_correct: bool


def open_file(person: Person, number: str, *, now: datetime, lang: str | None = None) -> CaseFile:
    """The case file of `number` for `person`. Raises access.NotFound."""
    row = access.case_for(person, number)
    return of(row, person, now=now, lang=lang)


def of(row: ledger.Case, person: Person, *, now: datetime, lang: str | None = None) -> CaseFile:
    """The case file of a case that `access` has let `person` have."""
    tongue = names.lang(lang)
    matter = matters.version(row.matter, row.version)
    history = store.history(row.pk)
    entries = [line.entry for line in history]
    core = engine.replay(entries)
    reads = access.may_read_words(person, row)
    files = list(ledger.Attachment.objects.filter(case_id=row.pk).select_related("evidence").order_by("id"))
    contents = list(ledger.Content.objects.filter(case_id=row.pk).order_by("seq"))
    towards = actor(person, holder=row.holder, matter=row.matter, party=row.party_id, opened_by=row.opened_by)
    undone = engine.undoable(entries)
    step = matter.steps.get(row.step)
    form: dict[str, Any] = next(
        (each.body for each in reversed(contents) if each.kind == "form" and each.body), {}
    )
    children = list(ledger.Case.objects.filter(parent_id=row.pk).order_by("id"))
    return CaseFile(
        case=row,
        core=core,
        matter=matter,
        party=names.party(row.party_id) if reads else None,
        is_applicant=access.is_applicant(person, row),
        may_read_words=reads,
        step=step_title(matter, row.step, lang=tongue),
        says=step.says.in_(tongue) if step else "",
        holder=names.holder(row.holder, lang_=tongue),
        assignee=names.people([row.assignee_id]).get(row.assignee_id, "") if row.assignee_id else "",
        dates=_dates(core, matter, now=now, lang=tongue),
        form=form if reads else {},
        files=files if reads else [],
        lines=_lines(history, matter, contents, files, reads=reads, lang=tongue),
        holdings=holdings(entries),
        children=children,
        bundle=_outlook(core, children, now=now),
        parent=ledger.Case.objects.filter(pk=row.parent_id).first() if row.parent_id else None,
        records=_records(row),
        moves=list(engine.open_moves(core, matter=matter, by=towards)),
        may_correct=undone is not None and _may_correct(person, row, undone, entries),
    )


def _outlook(parent: Case, children: list[ledger.Case], *, now: datetime) -> Outlook | None:
    parts = [
        Part(
            number=each.number,
            case=from_state(
                each.state, seq=each.seq, opened_at=each.opened_at, at=each.at, closed_at=each.closed_at
            ),
            since=each.parent_seq,
        )
        for each in children
    ]
    return outlook(parent, parts, now=now, calendar=matters.calendar())


def _records(row: ledger.Case) -> list[Record]:
    """What the case has put into registers, and what its children have: a bundle ends in their licences."""
    numbers = [row.number, *ledger.Case.objects.filter(parent_id=row.pk).values_list("number", flat=True)]
    return list(Record.objects.filter(case_number__in=numbers).select_related("register").order_by("id"))


def unit_choices(file: CaseFile, move: Move, *, lang: str | None = None) -> list[tuple[str, str]]:
    """(unit id, name) of the units `move` may send the case to; empty when the move chooses none."""
    step = file.matter.steps.get(move.to)
    if step is None or step.unit != CHOSEN or move.same_unit:
        return []
    found = units.resolve(frozenset(step.among), file.case.place)
    ids = dict.fromkeys(holder.partition(":")[2] for holder in found.values())
    return [(id_, names.unit(id_, lang_=lang)) for id_ in ids]


def wanted(file: CaseFile) -> list[tuple[Any, list[ledger.Attachment]]]:
    """(material, files handed in for it) of every material these answers call for."""
    return [
        (material, [each for each in file.files if each.material == material.id])
        for material in wanted_materials(file.matter, file.form)
    ]


def case_title(row: ledger.Case, matter: Matter, *, lang: str) -> str:
    """A case's title for people. Stored in Chinese, it begins with the matter's; the rest is data."""
    if lang == "zh":
        return row.title
    return row.title.replace(matter.title.zh, matter.title.in_(lang), 1).replace("：", ": ", 1)


def step_title(matter: Matter, step: str, *, lang: str) -> str:
    """A step's name for people."""
    if step == CLOSED:
        return "已办结" if lang == "zh" else "Closed"
    found = matter.steps.get(step)
    return found.title.in_(lang) if found else step


OUTCOMES = {
    "granted": {"zh": "准予", "en": "Granted"},
    "refused": {"zh": "不予", "en": "Refused"},
    "not_accepted": {"zh": "不予受理", "en": "Not accepted"},
    "not_needed": {"zh": "不需办理", "en": "Not needed"},
    "withdrawn": {"zh": "已撤回", "en": "Withdrawn"},
    "cancelled": {"zh": "已取消", "en": "Cancelled"},
    "done": {"zh": "已办结", "en": "Done"},
}


def outcome_title(outcome: str, *, lang: str) -> str:
    """An outcome's name for people."""
    return OUTCOMES.get(outcome, {}).get(lang, outcome)


def _may_correct(person: Person, row: ledger.Case, undone: Entry, entries: list[Entry]) -> bool:
    if "rating" in row.state["facts"]:
        return False
    if undone.by == f"person:{person.pk}":
        return True
    before = engine.replay(entries[: undone.seq - 1]).holder
    towards = actor(person, holder=before, matter=row.matter, party=None, opened_by=None)
    return bool(towards.roles.intersection(("approver", "supervisor")))


def _dates(core: Any, matter: Matter, *, now: datetime, lang: str) -> list[DateLine]:
    lines: list[DateLine] = []
    calendar = matters.calendar()
    for name in (PROMISED, STATUTORY, STEP_LIMIT, *matter.limits):
        limit = matter.limit_named(name, step=core.step)
        if limit is None or any(line.name == name for line in lines) or core.closed:
            continue
        start = core.clock.entered if name == STEP_LIMIT else core.clock.marks.get(limit.start)
        if start is None or any(event in core.clock.marks for event in limit.until):
            continue
        due = core.dates.get(name)
        level = "" if due is None else "red" if now >= due.at else "yellow" if now >= due.warn else "green"
        lines.append(
            DateLine(
                name=name,
                title=limit_name(name, matter=matter, lang=lang),
                due=due,
                level=level or "grey",
                sentence=explain(
                    limit,
                    start=start,
                    calendar=calendar,
                    pauses=core.clock.pauses,
                    extensions=[each for each in core.clock.extensions if each.limit == name],
                    lang=lang,
                ),
                basis=limit.basis,
            )
        )
    return lines


KINDS = {
    "opened": {"zh": "收到申请", "en": "Opened"},
    "alerted": {"zh": "时限提醒", "en": "Date alert"},
    "assigned": {"zh": "认领／指派", "en": "Assigned"},
    "noted": {"zh": "备注", "en": "Note"},
    "rated": {"zh": "评价", "en": "Rated"},
    "corrected": {"zh": "更正", "en": "Corrected"},
    "erased": {"zh": "删除个人信息", "en": "Personal words erased"},
    "redated": {"zh": "重算期限", "en": "Re-dated"},
}


def _lines(
    history: list[store.Line],
    matter: Matter,
    contents: list[ledger.Content],
    files: list[ledger.Attachment],
    *,
    reads: bool,
    lang: str,
) -> list[Line]:
    ids = [int(line.entry.by.partition(":")[2]) for line in history if ":" in line.entry.by]
    who = names.people(ids)
    shown = []
    for line in history:
        entry = line.entry
        mine = [each for each in contents if each.seq == entry.seq]
        erased = any(each.erased_at for each in mine)
        hidden = ("erased" if erased else "") if reads else ("masked" if mine else "")
        shown.append(
            Line(
                entry=entry,
                who=_who(entry.by, who, reads=reads, lang=lang),
                title=entry_title(entry, matter, lang=lang),
                step=step_title(matter, entry.body.get("state", {}).get("step", ""), lang=lang),
                words={each.kind: each.body for each in mine if reads and each.body is not None},
                files=[each for each in files if reads and each.seq == entry.seq],
                hidden=hidden,
                digest=line.digest.hex(),
            )
        )
    return shown


def entry_title(entry: Entry, matter: Matter, *, lang: str) -> str:
    """What an entry did, in words."""
    if entry.kind == "moved" and entry.move in matter.moves:
        return matter.moves[entry.move].title.in_(lang)
    if entry.kind == "moved" and entry.move == "cancel":
        return "上级件更正，本件取消" if lang == "zh" else "Cancelled: its parent was corrected"
    return KINDS.get(entry.kind, {}).get(lang, entry.kind)


def _who(by: str, people: dict[int, str], *, reads: bool, lang: str) -> str:
    kind, _, id_ = by.partition(":")
    if kind == "timer":
        return "系统（到时）" if lang == "zh" else "the clock"
    if kind == "system":
        return "系统" if lang == "zh" else "the system"
    if kind == "party" and not reads:
        return "申请人" if lang == "zh" else "the applicant"
    return people.get(int(id_), by)


def colleagues(file: CaseFile, *, on: date | None = None) -> list[tuple[Person, str]]:
    """(person, role) of everybody in the holding unit who has something to do at this step."""
    kind, _, unit = file.case.holder.partition(":")
    if kind != "unit":
        return []
    roles = {role for move in file.matter.moves_from(file.case.step) for role in move.by}
    day = on or today()
    posts = (
        Post.objects.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gt=day),
            unit_id=unit,
            role_id__in=roles,
            valid_from__lte=day,
            person__is_active=True,
        )
        .select_related("person")
        .order_by("person__name", "id")
    )
    able = [post for post in posts if not post.matters or file.case.matter in post.matters]
    return list({post.person_id: (post.person, post.role_id) for post in able}.values())


def since(file: CaseFile, seq: int) -> list[Line]:
    """The entries after `seq`: what changed while somebody was looking at an older page."""
    return [line for line in file.lines if line.entry.seq > seq]


def may_claim(file: CaseFile, person: Person) -> bool:
    """Whether `person` may take the case into their own hands now."""
    return bool(file.moves) and not file.case.closed_at and file.case.assignee_id != person.pk


def reachable(file: CaseFile, person: Person) -> set[int]:
    """Which of the case's children and parent `person` may open."""
    near = [each.pk for each in (*file.children, *([file.parent] if file.parent else []))]
    return set(access.cases_for(person).filter(pk__in=near).values_list("pk", flat=True)) if near else set()
