"""Matters and the calendar as the rest of the platform reads them: immutable values out of the database.

A version never changes, so it is read once. What is in force is looked up again when two seconds have
passed, so that a pack loaded by another process is seen soon, and a move costs no query for it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from datetime import time as clock_time
from fractions import Fraction
from typing import Any

from django.db import connection, transaction

from yinuo.core.matter import Matter, build
from yinuo.core.workdays import Calendar, Holiday, Warn, Year

from .models import CalendarYear, MatterVersion, PackLoad

FRESH_SECONDS = 2.0
"""How long what is in force is believed without asking again."""


class NoSuchMatter(LookupError):
    """No matter, or no version of it, of that name was ever loaded (or it is no longer offered)."""


@dataclass(frozen=True, slots=True)
class InForce:
    """What the newest load says."""

    load: int
    pack: str
    version: str
    city: Mapping[str, Any]
    matters: Mapping[str, int]
    calendar: Calendar


_versions: dict[tuple[str, str, int], Matter] = {}
_in_force: dict[str, tuple[float, InForce]] = {}
_doubtful = False


def current(matter_id: str) -> Matter:
    """The version of `matter_id` that new cases open under. Raises NoSuchMatter."""
    found = in_force().matters.get(matter_id)
    if found is None:
        raise NoSuchMatter(f"there is no matter {matter_id!r} in force; see `yinuo pack check`")
    return version(matter_id, found)


def version(matter_id: str, version: int) -> Matter:
    """That version of `matter_id`, in force or not. Raises NoSuchMatter."""
    key = (_database(), matter_id, version)
    if key in _versions and not _doubtful:
        return _versions[key]
    row = MatterVersion.objects.filter(matter=matter_id, version=version).only("body").first()
    if row is None:
        raise NoSuchMatter(f"there is no version {version} of matter {matter_id!r}")
    matter = build(json.loads(row.body), version=version)
    if not _doubtful:
        _versions[key] = matter
    return matter


def all_current() -> tuple[Matter, ...]:
    """Every matter that new cases may be opened under, by id."""
    found = in_force().matters
    missing = {id_: number for id_, number in found.items() if (_database(), id_, number) not in _versions}
    if len(missing) > 1 and not _doubtful:
        _read(missing)
    return tuple(version(id_, number) for id_, number in sorted(found.items()))


def calendar() -> Calendar:
    """The calendar in force. Raises NoPack when none was ever loaded."""
    return in_force().calendar


def city() -> Mapping[str, Any]:
    """city.yaml as loaded: id, name {zh, en}, division, version, hours, warn, map."""
    return in_force().city


class NoPack(LookupError):
    """Nothing was ever loaded into this database."""


def in_force() -> InForce:
    """What the newest load says. Raises NoPack."""
    name, now = _database(), time.monotonic()
    kept = None if _doubtful else _in_force.get(name)
    if kept is not None and now - kept[0] < FRESH_SECONDS:
        return kept[1]
    newest = PackLoad.objects.order_by("-id").values_list("id", flat=True).first()
    if newest is None:
        raise NoPack("no pack was loaded into this database; run `yinuo pack load`")
    found = kept[1] if kept is not None and kept[1].load == newest else _load(newest)
    if not _doubtful:
        _in_force[name] = (now, found)
    return found


def doubt() -> None:
    """Called before this process writes a pack: nothing is believed from memory until it is committed.

    If it is rolled back instead, this process goes on asking the database each time: slower, and right.
    """
    global _doubtful
    _doubtful = True
    transaction.on_commit(_believe)


def _believe() -> None:
    global _doubtful
    _versions.clear()
    _in_force.clear()
    _doubtful = False


def _database() -> str:
    """Which database this connection works on: one process may see several (tests, tools)."""
    settings = connection.settings_dict
    return f"{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"


def _read(numbers: Mapping[str, int]) -> None:
    """Many matters in one query."""
    rows = MatterVersion.objects.filter(matter__in=list(numbers)).only("matter", "version", "body")
    for row in rows.filter(version__in=set(numbers.values())):
        if numbers[row.matter] == row.version:
            key = (_database(), row.matter, row.version)
            _versions[key] = build(json.loads(row.body), version=row.version)


def _load(id_: int) -> InForce:
    row = PackLoad.objects.get(pk=id_)
    return InForce(
        load=row.pk,
        pack=row.pack,
        version=row.version,
        city=row.city,
        matters=row.matters,
        calendar=_calendar(row.city),
    )


def _calendar(city: Mapping[str, Any]) -> Calendar:
    wanted = city["calendar"]["years"]
    rows = CalendarYear.objects.filter(year__in=wanted).order_by("year", "-id").distinct("year")
    return Calendar.build(
        [_year(json.loads(row.body)) for row in rows],
        version=city["calendar"]["version"],
        shifts=tuple(
            (clock_time.fromisoformat(opens), clock_time.fromisoformat(closes))
            for opens, closes in city["hours"]["shifts"]
        ),
        warn=Warn(least=city["warn"]["least"], share=Fraction(str(city["warn"]["share"]))),
    )


def _year(body: Mapping[str, Any]) -> Year:
    """A year from the JSON of its file, which was checked before it was loaded."""
    return Year(
        year=body["year"],
        off=frozenset(map(date.fromisoformat, body["off"])),
        work=frozenset(map(date.fromisoformat, body["work"])),
        published=body["published"],
        source=body["source"]["title"],
        issued=date.fromisoformat(body["issued"]) if body["issued"] else None,
        holidays=tuple(
            Holiday(
                zh=each["name"]["zh"],
                en=each["name"]["en"],
                start=date.fromisoformat(each["from"]),
                end=date.fromisoformat(each["to"]),
            )
            for each in body["holidays"]
        ),
    )
