"""单位: which unit answers for a function at a place, and which stand above or below a unit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from yinuo.core import places as tree

from . import edition
from .edition import Edition, UnitValue
from .models import Unit, today


def get(unit_id: str) -> UnitValue | None:
    """The unit called `unit_id`, ended or not; None when there is none."""
    return edition.current().units.get(unit_id)


def responsible(function: str, place: str, *, on: date | None = None) -> Unit | None:
    """The unit that answers for `function` (or is called so) at `place` on that day, today by default."""
    holder = resolve([function], place, on=on).get(function)
    return None if holder is None else Unit.objects.get(pk=holder.removeprefix("unit:"))


def resolve(
    names: Iterable[str], place: str, *, on: date | None = None, now: Edition | None = None
) -> dict[str, str]:
    """function or unit id -> "unit:<id>" at `place`, for those that somebody answers for.

    One query, none when `now` was read already. The nearest unit up the division tree answers, else the
    city's. A place that ended counts as its successor; an unknown or empty one as the city.
    """
    day = on or today()
    now = now or edition.current()
    table = now.on(day)
    return tree.holders(names, now.present(place, on=day), units=table.units, parents=table.parents)


def everyone(*, on: date | None = None) -> frozenset[str]:
    """Every unit that stands on that day, as holders: "unit:<id>"."""
    day = on or today()
    return frozenset(f"unit:{unit.id}" for unit in edition.current().units.values() if unit.valid(day))


def path(unit_id: str) -> str:
    """ "/jincheng-government/jincheng-approval/": the unit last; "" when there is no such unit."""
    unit = get(unit_id)
    return unit.path if unit else ""


def name(unit_id: str, *, lang: str = "zh-hans") -> str:
    """The unit's name; the id itself when there is no such unit."""
    unit = get(unit_id)
    return unit.name.in_(lang) if unit else unit_id


def above(unit_id: str) -> tuple[str, ...]:
    """The unit, its parent, and so on up, ended ones included. Raises KeyError naming an unknown unit."""
    return tuple(reversed(_found(unit_id).path.strip("/").split("/")))


def subtree(unit_id: str) -> tuple[str, ...]:
    """The unit and everything under it, ended ones included: their cases still need somebody who sees them.

    Raises KeyError naming an unknown unit.
    """
    top = _found(unit_id).path
    below = [unit for unit in edition.current().units.values() if unit.path.startswith(top)]
    return tuple(unit.id for unit in sorted(below, key=lambda unit: unit.path))


def _found(unit_id: str) -> UnitValue:
    unit = get(unit_id)
    if unit is None:
        raise KeyError(f"there is no unit {unit_id!r} in the register of units")
    return unit
