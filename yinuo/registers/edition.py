"""Units and places in memory: read once, and again as soon as the database says that they changed.

`current()` costs one query of one small row. What it returns is never stale, also inside a transaction that
has itself changed a unit, and in tests that roll back: a trigger draws the token anew, see models.Edition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection

from yinuo.core.matter import Label
from yinuo.core.places import Answering, answering

from .models import Place, Unit
from .sql import statement


@dataclass(frozen=True, slots=True)
class UnitValue:
    """A unit as it stands in the register, ended ones included."""

    id: str
    name: Label
    parent: str | None
    kind: str
    place: str
    functions: tuple[str, ...]
    path: str
    valid_from: date | None
    valid_to: date | None

    def valid(self, on: date) -> bool:
        return (self.valid_from is None or self.valid_from <= on) and not self.ended(on)

    def ended(self, on: date) -> bool:
        return self.valid_to is not None and self.valid_to <= on


@dataclass(frozen=True, slots=True)
class PlaceValue:
    """A division as it stands in the register, ended ones included; without its outline."""

    code: str
    name: Label
    parent: str | None
    kind: str
    path: str
    valid_from: date | None
    valid_to: date | None
    successor: str | None

    def ended(self, on: date) -> bool:
        return self.valid_to is not None and self.valid_to <= on


@dataclass(frozen=True, slots=True)
class Day:
    """What units and places come to on one day, in the form that core.places reads."""

    units: Answering
    parents: Mapping[str, str | None]


@dataclass(frozen=True, eq=False)
class Edition:
    """All units by id and all places by code, as of one token."""

    token: UUID
    units: Mapping[str, UnitValue]
    places: Mapping[str, PlaceValue]

    def present(self, code: str, *, on: date) -> str:
        """The place that stands for `code` on that day: its last successor that has not ended.

        An ended place without a successor stands for itself. A longer code than the tree knows (a village of
        12 digits, a grid cell) is its nearest known division; "" when there is none.
        """
        known = next((part for part in (code, code[:12], code[:9], code[:6]) if part in self.places), "")
        seen: set[str] = set()
        while known and known not in seen:
            seen.add(known)
            place = self.places[known]
            if not place.ended(on) or place.successor is None:
                break
            known = place.successor
        return known

    def on(self, day: date) -> Day:
        return _day(self, day)


_latest: Edition | None = None


_held: ContextVar[list[Edition] | None] = ContextVar("edition_held", default=None)


@contextmanager
def hold() -> Iterator[None]:
    """Inside, the register is asked once: a page names some fifty units and shows them as of one moment."""
    mark = _held.set([])
    try:
        yield
    finally:
        _held.reset(mark)


def current() -> Edition:
    """The units and places that this connection sees now (inside hold(): saw when first asked)."""
    held = _held.get()
    if held is None:
        return _now()
    if not held:
        held.append(_now())
    return held[0]


def _now() -> Edition:
    with connection.cursor() as cursor:
        cursor.execute(statement("edition"))
        row = cursor.fetchone()
    return at_token(row[0]) if row else _read(UUID(int=0))


def at_token(token: UUID) -> Edition:
    """The units and places under the token that this connection has just read."""
    global _latest
    found = _latest
    if found is None or found.token != token:
        # The token was read before the rows: a change in between is seen as a new token next time.
        found = _latest = _read(token)
    return found


def _read(token: UUID) -> Edition:
    units = {
        row[0]: UnitValue(row[0], Label(row[1], row[2]), row[3], row[4], row[5], tuple(row[6]), *row[7:])
        for row in Unit.objects.order_by("id").values_list(
            "id", "name_zh", "name_en", "parent_id", "kind", "place_id", "functions", "path",
            "valid_from", "valid_to",
        )
    }  # fmt: skip
    places = {
        row[0]: PlaceValue(row[0], Label(row[1], row[2]), *row[3:])
        for row in Place.objects.order_by("code").values_list(
            "code",
            "name_zh",
            "name_en",
            "parent_id",
            "kind",
            "path",
            "valid_from",
            "valid_to",
            "successor_id",
        )
    }
    return Edition(token=token, units=units, places=places)


@lru_cache(maxsize=8)
def _day(edition: Edition, day: date) -> Day:
    rows: list[tuple[bool, dict[str, Any]]] = []
    for unit in edition.units.values():
        if unit.valid(day):
            # A unit whose place was merged away serves the successor, behind those that belong there.
            place = edition.present(unit.place, on=day)
            rows.append((place != unit.place, {"id": unit.id, "place": place, "functions": unit.functions}))
    rows.sort(key=lambda row: (row[0], row[1]["id"]))
    parents = {
        place.code: edition.present(place.parent, on=day) if place.parent else None
        for place in edition.places.values()
    }
    return Day(units=answering(row for _, row in rows), parents=parents)
