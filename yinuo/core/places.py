"""Which unit answers where: a function (职能) and a place in, the nearest unit out.

The unit responsible for a place is the one with that function whose own place is the nearest
ancestor-or-self of it in the division tree; where the tree has none on the way up, the city's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

Answering = Mapping[tuple[str, str], str]
"""(function, place code) -> unit id, and (unit id, "") -> the same unit id, for matters that name a unit."""


def answering(units: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    """The table `responsible()` reads, from unit rows {"id", "place", "functions": [...]}.

    Where two units have one function at one place, the first row answers (the pack check reports it).
    """
    table: dict[tuple[str, str], str] = {}
    for unit in units:
        for function in unit.get("functions") or ():
            table.setdefault((function, unit["place"]), unit["id"])
        table.setdefault((unit["id"], ""), unit["id"])
    return table


def responsible(
    function: str, place: str, *, units: Answering, parents: Mapping[str, str | None]
) -> str | None:
    """The id of the unit that answers for `function` (or the unit called so) at `place`; None when none does.

    parents: place code -> its parent's code, None for the city. An unknown or empty place is the city's.
    """
    for code in ancestry(place, parents=parents):
        unit = units.get((function, code))
        if unit is not None:
            return unit
    return units.get((function, ""))


def ancestry(place: str, *, parents: Mapping[str, str | None]) -> Iterator[str]:
    """`place`, its parent, and so on up to the city, nearest first; the city alone for an unknown place."""
    seen: set[str] = set()
    code: str | None = place if place in parents else None
    while code is not None and code not in seen:
        seen.add(code)
        yield code
        code = parents.get(code)
    for root in roots(parents):
        if root not in seen:
            yield root


def roots(parents: Mapping[str, str | None]) -> Sequence[str]:
    """The places that stand under no other: the city."""
    return [code for code, parent in parents.items() if parent is None]


def holders(
    functions: Iterable[str], place: str, *, units: Answering, parents: Mapping[str, str | None]
) -> dict[str, str]:
    """function or unit id -> "unit:<id>" at `place`, for those that somebody answers for (`Facts.units`)."""
    found = {name: responsible(name, place, units=units, parents=parents) for name in functions}
    return {name: f"unit:{unit}" for name, unit in found.items() if unit is not None}
