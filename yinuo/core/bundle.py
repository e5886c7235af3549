"""一件事: a parent case and the children it opened, as one thing with one date.

A fork is a move that opens children; those opened together run side by side, and the parent waits at the
step the move leads to until its join. What is late, or latest, among the children decides when all is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from .case import Case
from .clock import Due
from .matter import PROMISED, SYSTEM, Matter
from .workdays import Calendar


@dataclass(frozen=True, slots=True)
class Fork:
    """A move that opens children. step: where the parent waits. opens: the children's matters. joins: the
    system's moves that lead on from there."""

    move: str
    step: str
    opens: tuple[str, ...]
    joins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A child as its bundle sees it. since: how many entries the parent had when it opened it."""

    number: str
    case: Case
    since: int = 0


@dataclass(frozen=True, slots=True)
class Outlook:
    """due: the citizen's one date. blocking: number of the child that all wait for, "" when none is open.
    slack: number -> working days an open child may still slip before that date moves."""

    due: Due | None
    blocking: str
    slack: Mapping[str, int]


def forks(matter: Matter) -> tuple[Fork, ...]:
    """Every fork of `matter`, in the order in which a case comes to them (the order of its steps)."""
    order = {step: place for place, step in enumerate(matter.steps)}
    opening = [
        move for move in matter.moves.values() if any(each.open and each.child for each in move.effects)
    ]
    opening.sort(key=lambda move: min(order.get(step, 0) for step in move.origins))
    return tuple(
        Fork(
            move=move.id,
            step=move.to,
            opens=tuple(each.open for each in move.effects if each.open and each.child),
            joins=tuple(each.id for each in matter.moves_from(move.to) if SYSTEM in each.by),
        )
        for move in opening
    )


def critical_path(parent: Case, children: Iterable[Part]) -> Due | None:
    """The day by which everything promised so far is done: the latest promised date of the parent and of the
    children that are open. A later fork has no dates before it opens; the parent's own promise covers it.

    None when the parent is closed, or nothing that is open runs by a date (its clock stands, say).
    """
    if parent.closed:
        return None
    promised = [_promised(parent), *(_promised(child.case) for child in children)]
    return max((due for due in promised if due is not None), key=lambda due: due.at, default=None)


def blocking(children: Iterable[Part], *, now: datetime) -> Part | None:
    """The child all others wait for: the one late for longest; else one whose clock stands, since nobody can
    tell its day; else the one promised last. None when no child is open."""
    waiting = [child for child in children if not child.case.closed]
    dates = {child.number: _promised(child.case) for child in waiting}
    late = [child for child in waiting if (due := dates[child.number]) is not None and now >= due.at]
    if late:
        return min(late, key=lambda child: _at(dates[child.number]))
    standing = next((child for child in waiting if dates[child.number] is None), None)
    if standing is not None or not waiting:
        return standing
    return max(waiting, key=lambda child: _at(dates[child.number]))


def slack(child: Part, *, until: date, calendar: Calendar) -> int | None:
    """Working days by which `child` may slip and still be done on the day `until`; negative when its own
    promise lies later already. None when it is closed or its clock stands."""
    due = _promised(child.case)
    return None if due is None else calendar.between(due.day, until)


def outlook(parent: Case, children: Iterable[Part], *, now: datetime, calendar: Calendar) -> Outlook | None:
    """What a page says of a bundle; None for a case without children."""
    parts = list(children)
    if not parts:
        return None
    due, blocked = critical_path(parent, parts), blocking(parts, now=now)
    left = (
        {} if due is None else {each.number: slack(each, until=due.day, calendar=calendar) for each in parts}
    )
    return Outlook(
        due=due,
        blocking=blocked.number if blocked else "",
        slack={number: days for number, days in left.items() if days is not None},
    )


def _promised(case: Case) -> Due | None:
    """The promise that runs; a closed case and a standing clock have none."""
    return case.dates.get(PROMISED)


def _at(due: Due | None) -> datetime:
    assert due is not None
    return due.at
