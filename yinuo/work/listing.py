"""Every case a person may see, narrowed: one scoped query for the page, its counts and its export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet

from yinuo.core.workdays import SHANGHAI
from yinuo.ledger.models import Case
from yinuo.registers.models import Person

from . import access, search

PAGE = 30
LIGHTS = ("red", "yellow", "green", "grey")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What narrows a list of cases; empty means no narrowing.

    state: "open", "closed". unit: whoever holds it now. owner: whoever is responsible (实施主体).
    since, until: local days of opening, both included.
    """

    state: str = ""
    light: str = ""
    matter: str = ""
    place: str = ""
    unit: str = ""
    owner: str = ""
    words: str = ""
    since: date | None = None
    until: date | None = None


def of(person: Person, wanted: Wanted) -> QuerySet[Case]:
    """The cases `person` may see under `wanted`, unordered."""
    cases = access.cases_for(person)
    if wanted.state == "open":
        cases = cases.filter(closed_at__isnull=True)
    elif wanted.state == "closed":
        cases = cases.filter(closed_at__isnull=False)
    if wanted.light:
        cases = cases.filter(light=wanted.light)
    if wanted.matter:
        cases = cases.filter(matter=wanted.matter)
    if wanted.place:
        cases = cases.filter(access.within(wanted.place))
    if wanted.unit:
        cases = cases.filter(holder=f"unit:{wanted.unit}")
    if wanted.owner:
        cases = cases.filter(unit=wanted.owner)
    if wanted.since:
        cases = cases.filter(opened_at__gte=datetime.combine(wanted.since, time.min, SHANGHAI))
    if wanted.until:
        after = datetime.combine(wanted.until + timedelta(days=1), time.min, SHANGHAI)
        cases = cases.filter(opened_at__lt=after)
    return search.matching(cases, wanted.words)


def page(
    cases: QuerySet[Case], *, after: tuple[datetime, int] | None = None, size: int = PAGE
) -> tuple[list[Case], tuple[datetime, int] | None]:
    """One page, the newest first, and the mark to ask for the next with (None at the end)."""
    if after is not None:
        opened, id_ = after
        cases = cases.filter(Q(opened_at__lt=opened) | Q(opened_at=opened, id__lt=id_))
    found = list(cases.order_by("-opened_at", "-id")[: size + 1])
    if len(found) <= size:
        return found, None
    return found[:size], (found[size - 1].opened_at, found[size - 1].pk)


def newest_first(cases: QuerySet[Case]) -> Any:
    """All of them, streamed, for an export."""
    return cases.order_by("-opened_at", "-id").iterator(1000)


def lights_by(cases: QuerySet[Case], column: str) -> list[tuple[str, Mapping[str, int]]]:
    """(value of `column`, light -> how many) of open cases, the most red first."""
    if column not in ("holder", "matter", "place", "unit"):
        raise ValueError(f"column {column!r} is not one of holder, matter, place, unit")
    rows: Any = (
        cases.filter(closed_at__isnull=True).order_by().values_list(column, "light").annotate(Count("id"))
    )
    found: dict[str, dict[str, int]] = {}
    for value, light, count in rows:
        found.setdefault(value, dict.fromkeys(LIGHTS, 0))[light] = count
    return sorted(found.items(), key=lambda row: ([-row[1][light] for light in LIGHTS], row[0]))


def matters_of(cases: QuerySet[Case]) -> list[tuple[str, int]]:
    """(matter, how many) among `cases`, the most frequent first."""
    rows: Any = (
        cases.order_by().values_list("matter").annotate(number=Count("id")).order_by("-number", "matter")
    )
    return list(rows)


def holders_of(cases: QuerySet[Case]) -> list[str]:
    """The units that hold any of `cases` now."""
    held = cases.filter(holder__startswith="unit:").order_by("holder").values_list("holder", flat=True)
    return [each.removeprefix("unit:") for each in held.distinct()]
