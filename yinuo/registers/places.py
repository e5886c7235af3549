"""区划: names, ancestors and choices of divisions, and the county of a position."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import translation

from yinuo.core import places as tree

from . import edition
from .edition import PlaceValue
from .models import Place, today

Choices = list[tuple[str, list[tuple[str, str]]]]
"""[(county's name, [(code, name), ...]), ...]: what a grouped <select> of Django takes."""


def get(code: str) -> PlaceValue | None:
    """The place of that code, ended or not; None when there is none."""
    return edition.current().places.get(code)


def present(code: str, *, on: date | None = None) -> str:
    """The code that stands for `code` on that day (successor, nearest known division), or ""."""
    return edition.current().present(code, on=on or today())


def ancestors(code: str, *, on: date | None = None) -> tuple[PlaceValue, ...]:
    """The place (or what stands for it on that day), its parent, and so on up to the city; () if unknown."""
    day = on or today()
    now = edition.current()
    start = now.present(code, on=day)
    if not start:
        return ()
    return tuple(now.places[each] for each in tree.ancestry(start, parents=now.on(day).parents))


def title(code: str, *, lang: str | None = None) -> str:
    """ "城区南街街道", "Nanjie Subdistrict, Chengqu District": from below the city; the code when unknown."""
    now = edition.current()
    place = now.places.get(code)
    if place is None:
        return code
    line = [now.places[each] for each in place.path.strip("/").split("/") if each in now.places]
    names = [each.name.in_(_lang(lang)) for each in line[1:] or line]
    return "".join(names) if _lang(lang).startswith("zh") else ", ".join(reversed(names))


def choices(*, lang: str | None = None, whole: bool = False, on: date | None = None) -> Choices:
    """Streets, towns and townships that stand on that day, by county, in `lang` (the current one by default).

    whole: each county stands first in its group, and the city in a group of its own.
    """
    day, language = on or today(), _lang(lang)
    standing = [place for place in edition.current().places.values() if not place.ended(day)]
    groups: Choices = []
    for city in (place for place in standing if place.kind == Place.Kind.CITY):
        if whole:
            groups.append((city.name.in_(language), [(city.code, city.name.in_(language))]))
    for county in (place for place in standing if place.kind == Place.Kind.COUNTY):
        below = [
            place
            for place in standing
            if place.parent == county.code
            and place.kind in (Place.Kind.STREET, Place.Kind.TOWN, Place.Kind.TOWNSHIP)
        ]
        offered = [county, *below] if whole else below
        if offered:
            groups.append((county.name.in_(language), [(p.code, p.name.in_(language)) for p in offered]))
    return groups


def at_point(lat: Decimal | float | str, lon: Decimal | float | str, *, on: date | None = None) -> str | None:
    """The code of the county whose outline covers the position, None outside all of them.

    lat, lon: decimal degrees, in the datum of the outlines (Place.datum); nothing is converted. On a border
    the lower code wins. Raises ValueError for what is no position.
    """
    import shapely

    try:
        y, x = float(lat), float(lon)
    except ValueError as error:
        raise ValueError(f"position {lat!r}, {lon!r} is not a pair of decimal degrees") from error
    if not (-90 <= y <= 90 and -180 <= x <= 180):
        raise ValueError(
            f"position {lat}, {lon} is not on earth: latitude is -90 to 90, longitude -180 to 180"
        )
    day = on or today()
    now = edition.current()
    outlines = _outlines(now)
    # "intersects" asks the outline whether it touches the point: its border counts as inside.
    hits = outlines.tree.query(shapely.Point(x, y), predicate="intersects")
    codes = sorted(outlines.codes[hit] for hit in hits)
    return next((code for code in codes if not now.places[code].ended(day)), None)


@dataclass(frozen=True)
class _Outlines:
    """The counties' prepared outlines in one search tree, for one edition."""

    of: edition.Edition
    codes: tuple[str, ...]
    tree: Any


_kept: _Outlines | None = None


def _outlines(now: edition.Edition) -> _Outlines:
    global _kept
    if _kept is None or _kept.of is not now:
        _kept = _read_outlines(now)
    return _kept


def _read_outlines(now: edition.Edition) -> _Outlines:
    import shapely
    from shapely.geometry import shape

    rows = Place.objects.filter(kind=Place.Kind.COUNTY, geometry__isnull=False).order_by("code")
    found = [(code, shape(outline)) for code, outline in rows.values_list("code", "geometry")]
    shapes = [outline for _, outline in found]
    shapely.prepare(shapes)
    return _Outlines(of=now, codes=tuple(code for code, _ in found), tree=shapely.STRtree(shapes))


def outline_problem(geometry: Mapping[str, Any]) -> str:
    """What is wrong with a GeoJSON outline; "" when it can be used."""
    from shapely.geometry import shape

    try:
        outline = shape(geometry)
    except Exception as error:  # shapely raises what it likes on malformed input
        return f"is no GeoJSON geometry ({error})"
    if outline.geom_type not in ("Polygon", "MultiPolygon"):
        return f"is a {outline.geom_type}, not a Polygon or MultiPolygon"
    return "" if not outline.is_empty else "is empty"


def _lang(lang: str | None) -> str:
    return lang or translation.get_language() or "zh-hans"
