"""Open, move, assign, claim, correct, withdraw, rate: every change to a case goes through here.

Each use case is the same four words: gather, decide, append, tell. A person, the timer and an import move a
case by the same function.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from yinuo.core import engine
from yinuo.core.case import CORRECTED, MOVED
from yinuo.core.engine import Decision, Refused
from yinuo.core.matter import PARTY, SYSTEM, Label, Matter
from yinuo.core.rules import FROM_THE_HEAD, SYSTEM_ACTOR, Actor, Facts
from yinuo.core.workdays import SHANGHAI
from yinuo.ledger import store
from yinuo.ledger.store import Conflict, File, Head, Header, Words
from yinuo.packs import matters
from yinuo.registers import parties, units
from yinuo.registers.edition import Edition
from yinuo.registers.models import Person
from yinuo.registers.towards import Towards

from . import access, effects, letters
from .actors import actor
from .gather import gather

log = logging.getLogger(__name__)
_ROUNDS = 20
"""An automatic move may lead to another; a matter that goes round for ever is stopped here."""


@dataclass(frozen=True, slots=True)
class Opened:
    """id and number of the case; fresh is False when its token had been used before (a double click)."""

    id: int
    number: str
    fresh: bool


def open_case(
    *,
    matter: str,
    by: Person,
    at: datetime,
    token: uuid.UUID,
    form: Mapping[str, Any],
    party: int | None,
    files: Sequence[File] = (),
    channel: str = "online",
    version: int | None = None,
) -> Opened:
    """Open a case of `matter` for `party` (None for a report without one). `form` is already validated.

    version: the version whose form was filled in; default the one in force. Raises Refused, also when `by`
    may not act for `party`.
    """
    if party is not None and not parties.may_act(by, party):
        raise Refused(
            "not_yours", Label("您不能代该当事人办事。", "You may not act for this party."), field="party"
        )
    wanted = matters.version(matter, version) if version else matters.current(matter)
    return _open(
        wanted,
        by=Actor(kind="person", id=by.pk, party=True),
        at=at,
        token=token,
        form=form,
        party=party,
        opened_by=by.pk,
        files=files,
        channel=channel,
    )


def open_planned(planned: Any, *, at: datetime) -> Opened:
    """Open the case a move promised for later (a check in 60 days)."""
    origin = store.read(planned.case_id)
    wanted = matters.current(planned.matter)
    opened = _open(
        wanted,
        by=SYSTEM_ACTOR,
        at=at,
        token=planned.token,
        form=planned.fields,
        party=origin.header.party,
        opened_by=None,
        channel="planned",
        place=origin.header.place,
    )
    planned.opened_id = opened.id
    planned.save(update_fields=["opened"])
    return opened


def move(
    *,
    case: int,
    move: str,
    by: Person,
    at: datetime,
    expecting: int,
    data: Mapping[str, Any] | None = None,
    files: Sequence[File] = (),
) -> Head:
    """Make `move` on the case as the caller saw it (`expecting` its seq). Returns the case after everything
    that follows by itself.

    data: reason, opinion, days, unit, form (a resubmitted form, already validated) and the move's own inputs.
    Raises Refused when the engine says no, Conflict when somebody moved the case first, NoSuchCase.
    """
    head, known = gather(case, by=by, at=at, expecting=expecting)
    matter = matters.version(head.header.matter, head.header.version)
    if _asks(matter, move):
        head = store.gather(head)
    after = _step(
        head,
        matter,
        move=move,
        by=_actor(head, by, known=known),
        at=at,
        data=data or {},
        files=files,
        now=known.now,
    )
    return _follow(after, matter, at=at)


def assign(*, case: int, to: Person | None, by: Person, at: datetime, expecting: int) -> Head:
    """Put `to` in charge inside the holding unit; None gives it back to everybody there."""
    head = _gather(case, expecting=expecting)
    assigning = _actor(head, by)
    if not head.case.closed and not assigning.roles:
        raise Refused("not_yours", Label("该件不在您的单位。", "This case is not held by your unit."))
    if to is not None and not head.case.closed and not _actor(head, to).roles:
        raise Refused(
            "assignee",
            Label(
                f"{to.name}在承办单位没有岗位。", f"{to.name} has no post in the unit that holds the case."
            ),
            field="to",
        )
    matter = matters.version(head.header.matter, head.header.version)
    decision = engine.assign(head.case, matter=matter, person=to.pk if to else None, by=assigning, at=at)
    return _append(head, decision, matter)


def claim(*, case: int, by: Person, at: datetime, expecting: int) -> Head:
    """Take a case of one's unit into one's own hands."""
    return assign(case=case, to=by, by=by, at=at, expecting=expecting)


def withdraw(*, case: int, by: Person, at: datetime, expecting: int, reason: str = "") -> Head:
    """The applicant takes the application back, where the matter allows it."""
    return move(case=case, move="withdraw", by=by, at=at, expecting=expecting, data={"reason": reason})


def rate(
    *,
    case: int,
    level: int,
    by: Person,
    at: datetime,
    expecting: int,
    tags: Sequence[str] = (),
    words: str = "",
) -> Head:
    """The applicant's rating of a closed case, 5 to 1; one per case."""
    head = _gather(case, expecting=expecting)
    decision = engine.rate(head.case, by=_actor(head, by), at=at, level=level, tags=tags)
    matter = matters.version(head.header.matter, head.header.version)
    said = [Words("rating", words.strip())] if words.strip() else []
    return _append(head, decision, matter, words=said)


def note(*, case: int, by: Person, at: datetime, expecting: int, words: str) -> Head:
    """A remark on the case by somebody who may see it. Raises access.NotFound for anybody else."""
    if not words.strip():
        raise Refused("empty", Label("备注不能为空。", "The remark is empty."), field="words")
    access.case_with_id(by, case)
    head = _gather(case, expecting=expecting)
    decision = engine.note(head.case, by=_actor(head, by), at=at, body={})
    matter = matters.version(head.header.matter, head.header.version)
    return _append(head, decision, matter, words=[Words("note", words.strip())])


def correct(*, case: int, by: Person, at: datetime, expecting: int, reason: str) -> Head:
    """Undo the last move by a counter-entry. Records it put are withdrawn, children it opened are cancelled.

    Whoever made the move may correct it, and so may an approver or supervisor of that unit. A child on whose
    outcome its parent has gone on stays as it is.
    """
    head = _gather(case, expecting=expecting)
    matter = matters.version(head.header.matter, head.header.version)
    entries = [line.entry for line in store.history(case)]
    undone = engine.undoable(entries)
    correcting = _correcting(head, by, entries=entries, undone=undone)
    if undone is not None:
        _refuse_if_relied_on(head)
    decision = engine.correct(
        head.case,
        matter=matter,
        entries=entries,
        by=correcting,
        at=at,
        calendar=matters.calendar(),
        reason=reason,
    )
    assert undone is not None
    told = letters.corrected(head, matter, undone=undone)
    with transaction.atomic():
        store.lock(case, expecting=expecting)
        effects.take_back(head, since=entries[undone.seq - 1 :], by=correcting, at=at)
        _write(head, decision, matter, words=[Words("reason", reason.strip())], notices=told)
    return store.read(case)


def erase(*, case: int, by: Person, at: datetime, expecting: int, basis: str) -> Head:
    """Erase a closed case's personal words where the law allows it; the erasure is itself an entry.

    An approver of the unit that answers for the case, or of one above it, does so.
    """
    head = _gather(case, expecting=expecting)
    erasing = actor(
        by, holder=f"unit:{head.header.unit}", matter=head.header.matter, party=None, opened_by=None
    )
    if "approver" not in erasing.roles:
        raise Refused(
            "not_yours",
            Label(
                "只有实施单位的审批人可以删除。",
                "Only an approver of the unit that answers for the case may erase.",
            ),
        )
    if not head.case.closed:
        raise Refused("not_closed", Label("办结后才能删除个人信息。", "Erase after the case is closed."))
    if not basis.strip():
        raise Refused("basis", Label("须写明删除的依据。", "State the basis for erasing."), field="basis")
    matter = matters.version(head.header.matter, head.header.version)
    kinds = ["form", "reason", "opinion", "note", "letter", "given", "rating"]
    with transaction.atomic():
        erased = store.erase(case, kinds=kinds, at=at)
        decision = engine.note(
            head.case,
            by=erasing,
            at=at,
            kind="erased",
            body={"erased": erased, "basis": basis.strip()},
        )
        _write(head, decision, matter)
    return store.read(case)


# -- what the system owes --------------------------------------------------------------------


def settle(case: int, *, at: datetime) -> Head:
    """Make every move the system owes this case at `at`, and turn its lights. Safe to call at any time, by
    several processes at once: whoever comes second finds nothing to do or is refused by the ledger."""
    head = store.read(case)
    for _ in range(_ROUNDS):
        matter = matters.version(head.header.matter, head.header.version)
        if any(each.automatic for each in matter.moves_from(head.case.step)):
            head = store.gather(head)
        facts = _facts(head, matter, data={}, at=at)
        owed = engine.automatic_move(head.case, matter=matter, at=at, facts=facts)
        if owed is not None:
            _step(head, matter, move=owed[0], by=owed[1], at=at, data={}, files=())
            head = store.read(case)
            continue
        decision = engine.alert(head.case, matter=matter, at=at, calendar=matters.calendar())
        if decision is None:
            break
        _write(head, decision, matter, notices=letters.alerts(head, decision, matter))
        head = store.read(case)
    else:
        raise RuntimeError(f"case {head.number} moved by itself {_ROUNDS} times; matter {head.header.matter}")
    store.rest(head, wake_at=engine.wake_at(head.case, matter=matter))
    if head.case.closed and head.header.parent:
        settle(head.header.parent, at=at)
    return head


# -- inside ----------------------------------------------------------------------------------


def _gather(case: int, *, expecting: int) -> Head:
    head = store.read(case)
    if head.case.seq != expecting:
        raise Conflict(case=case, expecting=expecting)
    return head


def _asks(matter: Matter, move: str) -> bool:
    """Whether a move needs more of the case than its head: a rule, a letter or an effect will ask."""
    wanted = matter.moves.get(move)
    if wanted is None:
        return False
    return bool(wanted.letter or wanted.effects or set(wanted.needs) - FROM_THE_HEAD)


def _actor(head: Head, person: Person, *, known: Towards | None = None) -> Actor:
    return actor(
        person,
        holder=head.case.holder,
        matter=head.header.matter,
        party=head.header.party,
        opened_by=head.header.opened_by,
        known=known,
    )


def _correcting(head: Head, by: Person, *, entries: Sequence[Any], undone: Any) -> Actor:
    """Who may correct: whoever made the move, or an approver or supervisor of the unit it was made in."""
    if undone is None:
        return _actor(head, by)
    before = engine.replay(entries[: undone.seq - 1]).holder
    towards = actor(
        by, holder=before, matter=head.header.matter, party=head.header.party, opened_by=head.header.opened_by
    )
    made_it = undone.by == f"person:{by.pk}"
    if not made_it and not towards.roles.intersection(("approver", "supervisor")):
        raise Refused(
            "not_yours",
            Label(
                "只有原办理人或其单位的审批人、督查员可以更正。",
                "Only whoever made the move, or an approver or supervisor of that unit, may correct it.",
            ),
        )
    return replace(towards, party=False)


def _refuse_if_relied_on(head: Head) -> None:
    """A closed child stays closed once its parent has gone on (joined, closed or corrected) after it."""
    closed_at = head.case.closed_at
    if head.header.parent is None or closed_at is None:
        return
    for line in store.history(head.header.parent):
        entry = line.entry
        if entry.kind in (MOVED, CORRECTED) and entry.seq > head.header.parent_seq and entry.at >= closed_at:
            parent = store.read(head.header.parent)
            raise Refused(
                "relied_on",
                Label(
                    f"上级件 {parent.number} 已据此继续办理，本件不能再更正；请由上级件退回重新征求。",
                    f"{parent.number} has gone on after this one closed, so it can no longer be corrected; "
                    "ask again from there.",
                ),
            )


def _facts(
    head: Head, matter: Matter, *, data: Mapping[str, Any], at: datetime, now: Edition | None = None
) -> Facts:
    on = at.astimezone(SHANGHAI).date()
    return Facts(
        matter=matter,
        form=data.get("form") or head.form,
        data=data,
        files=head.files,
        children=head.children,
        acted=head.acted,
        units=units.resolve(matter.units_named, head.header.place, on=on, now=now),
        party=f"party:{head.header.party}" if head.header.party else "",
    )


def _step(
    head: Head,
    matter: Matter,
    *,
    move: str,
    by: Actor,
    at: datetime,
    data: Mapping[str, Any],
    files: Sequence[File],
    now: Edition | None = None,
) -> Head:
    """One move: decide, append with its words and notices, carry out its effects."""
    wanted = matter.moves.get(move)
    if data.get("form") and wanted is not None and not (by.party and PARTY in wanted.by):
        raise Refused(
            "form",
            Label("只有申请人可以改申请表。", "Only the applicant may change the answers."),
            field="form",
        )
    facts = _facts(head, matter, data={**data, "evidence": [each.digest for each in files]}, at=at, now=now)
    if files:
        seen = {each.material: () for each in files} | dict(head.files)
        for each in files:
            seen[each.material] = (*seen[each.material], each.digest)
        facts = replace(facts, files=seen)
    decision = engine.decide(
        head.case, matter=matter, move=move, by=by, at=at, calendar=matters.calendar(), facts=facts
    )
    words = [Words(kind, data[kind]) for kind in ("opinion", "reason") if str(data.get(kind, "")).strip()]
    if data.get("form"):
        words.append(Words("form", dict(data["form"])))
    given = {name: data[name] for name in matter.moves[move].form.get("properties", {}) if name in data}
    if given:
        words.append(Words("given", given))
    extra = (
        {"chosen": str(data["unit"])}
        if data.get("unit") and decision.case.holder.endswith(data["unit"])
        else {}
    )
    letter, notices = letters.of_move(head, decision, matter, data=data)
    if letter is not None:
        words.append(letter)
    return _append(
        head, decision, matter, words=words, files=files, notices=notices, extra=extra, given=given
    )


def _append(
    head: Head,
    decision: Decision,
    matter: Matter,
    *,
    words: Sequence[Words] = (),
    files: Sequence[File] = (),
    notices: Sequence[store.Tell] = (),
    extra: Mapping[str, Any] | None = None,
    given: Mapping[str, Any] | None = None,
) -> Head:
    """Append, with effects in the same transaction. A plain move stays one statement."""
    closing = decision.case.closed and not head.case.closed
    leaves_children = closing and effects.has_children(matter)
    if not decision.effects and not leaves_children and not (closing and head.header.parent):
        return _write(head, decision, matter, words=words, files=files, notices=notices, extra=extra)
    at = decision.entry.at
    with transaction.atomic():
        if closing and head.header.parent:
            store.wake(head.header.parent, at=at)  # first, so that parents are locked before their children
        told = [*notices, *effects.notices(head, decision, matter)]
        after = _write(head, decision, matter, words=words, files=files, notices=told, extra=extra)
        children = effects.carry_out(head, decision, matter, given=given or {}, open_child=_open_child)
        # All are opened before any is settled: one that closes by itself at once must not look like the last.
        for child in children:
            settle(child, at=at)
        if leaves_children:
            effects.cancel_children(head.id, by=SYSTEM_ACTOR, at=at)
    return after


def _write(
    head: Head,
    decision: Decision,
    matter: Matter,
    *,
    words: Sequence[Words] = (),
    files: Sequence[File] = (),
    notices: Sequence[store.Tell] = (),
    extra: Mapping[str, Any] | None = None,
) -> Head:
    return store.append(
        head,
        decision,
        wake_at=_wake(decision, matter),
        words=words,
        files=files,
        notices=notices,
        extra=extra,
    )


def _wake(decision: Decision, matter: Matter) -> datetime | None:
    """When the timer looks next. A step the system may leave by itself is looked at once for sure, so that a
    kill between this append and settle() loses nothing."""
    case = decision.case
    if not case.closed and any(SYSTEM in each.by for each in matter.moves_from(case.step)):
        return decision.entry.at
    return engine.wake_at(case, matter=matter)


def _follow(head: Head, matter: Matter, *, at: datetime) -> Head:
    """After a person's move: what the system owes this case, and what it now owes the parent."""
    if head.case.closed:
        if head.header.parent:
            _settle_now(head.header.parent, at=at)
        return head
    if any(SYSTEM in each.by for each in matter.moves_from(head.case.step)):
        return _settle_now(head.id, at=at) or head
    return head


def _settle_now(case: int, *, at: datetime) -> Head | None:
    """What follows by itself, without waiting for the timer; None when it could not be done now.

    What a person asked for is done already, so no trouble here may look like its failure: the case stays due
    and the timer comes by.
    """
    try:
        return settle(case, at=at)
    except Conflict:
        return None  # somebody else is moving it
    except Exception:
        log.exception("what follows by itself on case id %s waits for the timer", case)
        return None


def _open(
    matter: Matter,
    *,
    by: Actor,
    at: datetime,
    token: uuid.UUID,
    form: Mapping[str, Any],
    party: int | None,
    opened_by: int | None,
    files: Sequence[File] = (),
    channel: str = "online",
    parent: Head | None = None,
    parent_seq: int = 0,
    place: str = "",
) -> Opened:
    where = str(form.get("place") or place)
    named = units.resolve(matter.units_named, where)
    facts = Facts(matter=matter, form=form, data={}, units=named, party=f"party:{party}" if party else "")
    decision = engine.open_case(matter, by=by, at=at, calendar=matters.calendar(), facts=facts)
    owner = named.get(matter.unit, decision.case.holder).partition(":")[2]
    point = form.get("point") or {}
    header = Header(
        matter=matter.id,
        version=matter.version,
        title=title_of(matter, form),
        token=token,
        unit=owner,
        party=party,
        opened_by=opened_by,
        channel=channel,
        place=where,
        lat=Decimal(point["lat"]) if point.get("lat") else None,
        lon=Decimal(point["lon"]) if point.get("lon") else None,
        parent=parent.id if parent else None,
        parent_seq=parent_seq,
    )
    id_, number, fresh = store.open_case(
        header,
        decision,
        wake_at=_wake(decision, matter),
        words=[Words("form", dict(form))],
        files=files,
        notices=letters.opening(matter, decision, party=party, opened_by=opened_by)
        if by.kind == "person"
        else (),
        search=matter.title.zh,
    )
    if fresh and parent is None and any(SYSTEM in each.by for each in matter.moves_from(decision.case.step)):
        _settle_now(id_, at=at)
    return Opened(id=id_, number=number, fresh=fresh)


def _open_child(
    parent: Head, *, matter: str, form: Mapping[str, Any], token: uuid.UUID, at: datetime, parent_seq: int
) -> Opened:
    """A child case for effects.carry_out(): the parent's party, place and materials are its own."""
    return _open(
        matters.current(matter),
        by=SYSTEM_ACTOR,
        at=at,
        token=token,
        form=form,
        party=parent.header.party,
        opened_by=parent.header.opened_by,
        files=store.files(parent.id),
        channel="parent",
        parent=parent,
        parent_seq=parent_seq,
        place=parent.header.place,
    )


def title_of(matter: Matter, form: Mapping[str, Any]) -> str:
    """A case's title in lists: the matter's, with the form's subject where the form names one that is not
    personal."""
    subject = matter.form.get("x-subject", "")
    named = matter.form.get("properties", {}).get(subject, {})
    value = str(form.get(subject, "")).strip()
    if not value or named.get("x-personal"):
        return matter.title.zh
    return f"{matter.title.zh}：{value[:60]}"
