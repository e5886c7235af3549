"""One list of what a unit owes, the most urgent first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from yinuo.core.matter import PARTY
from yinuo.ledger.models import Case
from yinuo.packs import matters
from yinuo.registers import people
from yinuo.registers.models import Person

from . import access, search

PAGE = 30


@dataclass(frozen=True, slots=True)
class Filter:
    """What narrows an inbox. mine: "1" only what I claimed, "0" only what nobody did."""

    light: str = ""
    matter: str = ""
    mine: str = ""
    words: str = ""


def owed_by(person: Person, *, on: date | None = None) -> QuerySet[Case]:
    """Open cases that the person's units hold and at whose step one of their roles has something to do."""
    mine = Q(pk__in=())
    for unit, roles, only in _posts(person, on=on):
        wanted = Q(holder=f"unit:{unit}")
        if only:
            wanted &= Q(matter__in=only)
        for matter, steps in _not_theirs(roles).items():
            wanted &= ~Q(matter=matter, step__in=steps)
        mine |= wanted
    return access.cases_for(person, on=on).filter(mine, closed_at__isnull=True)


def page(
    person: Person, *, narrowed: Filter, after: tuple[datetime | None, int] | None = None, size: int = PAGE
) -> tuple[list[Case], tuple[datetime | None, int] | None]:
    """One page of the inbox and the mark to ask for the next with (None at the end).

    Ordered by due date (paused ones, which have none, last), then id. `after` is the mark of the page before.
    """
    cases = narrow(owed_by(person), person, narrowed)
    if after is not None:
        due, id_ = after
        later = Q(due_at__isnull=True, id__gt=id_)
        if due is not None:
            later = Q(due_at__gt=due) | Q(due_at=due, id__gt=id_) | Q(due_at__isnull=True)
        cases = cases.filter(later)
    found = list(cases.order_by(F("due_at").asc(nulls_last=True), "id")[: size + 1])
    if len(found) <= size:
        return found, None
    return found[:size], (found[size - 1].due_at, found[size - 1].pk)


def narrow(cases: QuerySet[Case], person: Person, narrowed: Filter) -> QuerySet[Case]:
    """`cases` under an inbox filter."""
    if narrowed.light:
        cases = cases.filter(light=narrowed.light)
    if narrowed.matter:
        cases = cases.filter(matter=narrowed.matter)
    if narrowed.mine == "1":
        cases = cases.filter(assignee_id=person.pk)
    elif narrowed.mine == "0":
        cases = cases.filter(assignee_id__isnull=True)
    return search.matching(cases, narrowed.words)


def owed_by_party(person: Person, *, on: date | None = None) -> QuerySet[Case]:
    """Open cases where the applicant's own clock runs: something is asked of them."""
    return access.cases_for(person, on=on).filter(holder__startswith=f"{PARTY}:", closed_at__isnull=True)


def _posts(person: Person, *, on: date | None) -> list[tuple[str, frozenset[str], Sequence[str]]]:
    posts: dict[tuple[str, tuple[str, ...]], set[str]] = {}
    for post in people.posts_of(person, on=on):
        posts.setdefault((post.unit, tuple(post.matters)), set()).add(post.role)
    return [(unit, frozenset(roles), only) for (unit, only), roles in posts.items()]


def _not_theirs(roles: frozenset[str]) -> dict[str, list[str]]:
    """matter -> the steps at which none of these roles has a move.

    Left out rather than let in: a step of an older version that is not known here stays in the list, because
    work nobody sees is worse than work seen twice.
    """
    out: dict[str, list[str]] = {}
    for matter in matters.all_current():
        steps: list[str] = [
            step
            for step in matter.steps
            if not any(roles.intersection(move.by) for move in matter.moves_from(step))
        ]
        if steps:
            out[matter.id] = steps
    return out


def counts(cases: QuerySet[Case]) -> dict[str, int]:
    """How many of `cases` show each light, and in all ("")."""
    rows: Any = cases.order_by().values_list("light").annotate(Count("id"))
    found: dict[str, int] = dict(rows)
    return {
        "": sum(found.values()),
        **{light: found.get(light, 0) for light in ("red", "yellow", "green", "grey")},
    }
