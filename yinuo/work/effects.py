"""What a move does besides moving: put a record, open a case, tell somebody. Same transaction as the move."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from yinuo.core import engine
from yinuo.core.case import Entry
from yinuo.core.clock import Limit, Mode, due
from yinuo.core.effects import Given, asks_children, licence_number, valid_until, written
from yinuo.core.engine import Decision, Refused
from yinuo.core.matter import PARTY, Effect, Label, Matter
from yinuo.core.rules import Actor
from yinuo.core.workdays import SHANGHAI
from yinuo.ledger import models as ledger
from yinuo.ledger import store
from yinuo.ledger.store import Head, Tell
from yinuo.packs import matters
from yinuo.registers import records, units

from . import names

_TOKENS = uuid.UUID("6f8a4d1e-9a53-5c0e-8b0b-1d0c5e0a7f21")
"""Namespace of the tokens made from a case number, seq and position: a retried effect is the same effect."""


def carry_out(
    head: Head,
    decision: Decision,
    matter: Matter,
    *,
    given: Mapping[str, Any],
    open_child: Callable[..., Any],
) -> list[int]:
    """Carry out every effect of `decision` on the case that `head` was before it; ids of children opened.

    given: what the officer gave with the move. open_child: cases._open_child (cases imports this module).
    """
    children: list[int] = []
    for position, effect in enumerate(decision.effects):
        token = uuid.uuid5(_TOKENS, f"{head.number}/{decision.entry.seq}/{position}")
        if effect.put:
            put(head, decision, effect, given=given)
        elif effect.open and effect.child:
            form = fields_of(effect, head, decision, given=given)
            opened = open_child(
                head,
                matter=effect.open,
                form=form,
                token=token,
                at=decision.entry.at,
                parent_seq=decision.entry.seq,
            )
            children.append(opened.id)
        elif effect.open:
            plan(head, decision, effect, given=given, token=token)
    return children


def put(head: Head, decision: Decision, effect: Effect, *, given: Mapping[str, Any]) -> None:
    """Put a record into a register; with `valid_years` it is a licence that ends."""
    records.put(
        effect.put,
        body=fields_of(effect, head, decision, given=given),
        number=licence_number(effect.prefix, head.number),
        party=head.header.party,
        case_number=head.number,
        place=head.header.place or None,
        valid_from=_today(decision),
        valid_until=ends(effect, _today(decision)),
        by=decision.entry.by,
        at=decision.entry.at,
    )


def plan(
    head: Head, decision: Decision, effect: Effect, *, given: Mapping[str, Any], token: uuid.UUID
) -> None:
    """Promise a later case, `after_days` working days from today."""
    limit = Limit(value=effect.after_days, mode=Mode.WORKDAYS, pausable=False)
    when = due(limit, start=decision.entry.at, calendar=matters.calendar())
    assert when is not None
    ledger.Planned.objects.create(
        case_id=head.id,
        seq=decision.entry.seq,
        matter=effect.open,
        opens_at=when.at,
        token=token,
        fields=fields_of(effect, head, decision, given=given),
    )


def notices(head: Head, decision: Decision, matter: Matter) -> list[Tell]:
    """The notices that `tell` effects owe."""
    owed = []
    for effect in decision.effects:
        if not effect.tell:
            continue
        title = matter.letters.get(effect.letter, matter.title)
        if effect.tell == PARTY:
            to = f"party:{head.header.party}" if head.header.party else f"person:{head.header.opened_by}"
        elif effect.tell == "holder":
            to = decision.case.holder or head.case.holder
        else:
            to = units.resolve(frozenset({effect.tell}), head.header.place)[effect.tell]
        owed.append(Tell(to=to, kind=effect.letter or "told", title=title.as_json()))
    return owed


def fields_of(effect: Effect, head: Head, decision: Decision, *, given: Mapping[str, Any]) -> dict[str, Any]:
    """Fields for a record or a new form from their named sources; an empty source leaves its field out."""
    party = names.party(head.header.party)
    return written(
        effect,
        Given(
            form=head.form,
            number=head.number,
            title=head.header.title,
            place=head.header.place,
            today=_today(decision),
            party_name=party.name if party else "",
            party_id_number=party.id_number if party else "",
            party_phone=party.phone if party else "",
            unit=names.unit(head.header.unit, lang_="zh"),
            children=_children_records(head) if asks_children(effect) else {},
            data=given,
        ),
    )


def _children_records(head: Head) -> dict[str, dict[str, Any]]:
    """register -> the body that a child of the case put there last and that still stands."""
    numbers = ledger.Case.objects.filter(parent_id=head.id).values_list("number", flat=True)
    return dict(records.standing_of_cases(list(numbers)))


def ends(effect: Effect, start: date) -> date | None:
    """The last day of the licence `effect` puts; None for one that does not end."""
    return valid_until(start, effect.valid_years) if effect.valid_years else None


def _today(decision: Decision) -> date:
    return decision.entry.at.astimezone(SHANGHAI).date()


def take_back(head: Head, *, since: Sequence[Entry], by: Actor, at: datetime) -> None:
    """Undo what the corrected move did, and what the system did after it (`since`: its entry and all later
    ones): withdraw the records put, cancel the children opened.

    Raises Refused when a child of it has closed already: what others have decided is not undone from here.
    """
    undone = since[0]
    if any(effect.get("put") for entry in since for effect in entry.body.get("effects") or ()):
        records.withdraw_of_case(head.number, since=undone.at, reason="更正", by=by.named, at=at)
    opened = ledger.Case.objects.filter(parent_id=head.id, parent_seq__gte=undone.seq)
    for child in opened.exclude(outcome="cancelled").order_by("id"):
        if child.closed_at is not None:
            raise Refused(
                "child_closed",
                Label(
                    f"并联件 {child.number} 已办结，不能更正。",
                    f"Parallel case {child.number} is closed already, so this cannot be corrected.",
                ),
            )
        cancel(child.pk, by=by, at=at)
    planned = ledger.Planned.objects.filter(case_id=head.id, seq__gte=undone.seq, opened__isnull=True)
    planned.update(cancelled_at=at)


def has_children(matter: Matter) -> bool:
    """Whether some move of the matter opens children."""
    return any(each.open and each.child for move in matter.moves.values() for each in move.effects)


def cancel_children(case: int, *, by: Actor, at: datetime) -> None:
    """Cancel every open child of a case that has closed without waiting for them (withdrawn, say)."""
    for child in ledger.Case.objects.filter(parent_id=case, closed_at__isnull=True).order_by("id"):
        cancel(child.pk, by=by, at=at)


def cancel(case: int, *, by: Actor, at: datetime) -> None:
    """Close an open child that its parent no longer asks for, tell its unit, and cancel its own children."""
    head = store.read(case)
    title = {"zh": f"{head.number} 已取消：上级件不再需要", "en": f"{head.number} cancelled by its parent"}
    decision = engine.cancel(head.case, by=by, at=at)
    store.append(
        head, decision, wake_at=None, notices=[Tell(to=head.case.holder, kind="cancelled", title=title)]
    )
    cancel_children(case, by=by, at=at)
