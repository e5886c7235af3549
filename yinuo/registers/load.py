"""Puts a pack's rows into the registers: `put()`. Safe to repeat: what is the same already is not written.

Nothing is deleted. A unit or place that the pack no longer has ends today; one that comes back stands again.
Roles and registers that the pack no longer has stay, because posts and records point at them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import models, transaction
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from .models import Place, Register, Role, Unit, today
from .places import outline_problem

Row = Mapping[str, Any]


class Unfit(ValueError):
    """Rows that cannot be loaded; nothing was. `problems` holds one line each, which names its row."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def put(
    *,
    units: Iterable[Row] = (),
    roles: Iterable[Row] = (),
    places: Iterable[Row] = (),
    geometries: Mapping[str, Any] | None = None,
    registers: Iterable[Row] = (),
    datum: str = "",
    on: date | None = None,
) -> dict[str, int]:
    """Loads rows as the pack's files write them: units, roles and places as listed, registers one a file.

    geometries: a GeoJSON FeatureCollection whose features carry `adcode`, or place code -> geometry; None
    leaves the outlines as they are. datum: of the geometries. on: the day on which what vanished ends, today
    by default. Returns, for each of places, units, roles and registers, how many rows the pack has, and how
    many are new ("places_new"), changed and ended. Raises Unfit with everything that is wrong; then nothing
    is written.
    """
    day = on or today()
    problems: list[str] = []
    place_rows = _checked(places, key="code", noun="place", problems=problems)
    unit_rows = _checked(units, key="id", noun="unit", problems=problems)
    role_rows = _checked(roles, key="id", noun="role", problems=problems)
    register_rows = _checked(registers, key="id", noun="register", problems=problems)
    outlines = _outlines(geometries, place_rows, datum=datum, problems=problems)
    _check_places(place_rows, problems=problems)
    _check_units(unit_rows, place_rows, problems=problems)
    _check_registers(register_rows, problems=problems)
    if problems:
        raise Unfit(problems)
    place_paths = _paths(place_rows, noun="place", problems=problems)
    unit_paths = _paths(unit_rows, noun="unit", problems=problems)
    dates = {
        (noun, key, field): _day(row.get(field), f"{noun} {key}: {field}", problems=problems)
        for noun, rows in (("place", place_rows), ("unit", unit_rows))
        for key, row in rows.items()
        for field in ("valid_from", "valid_to")
    }
    _check_dates(dates, place_rows, problems=problems)
    if problems:
        raise Unfit(problems)

    new_places = [
        Place(
            code=code,
            name_zh=row["name"]["zh"],
            name_en=row["name"]["en"],
            parent_id=row.get("parent"),
            kind=row["kind"],
            valid_from=dates["place", code, "valid_from"],
            valid_to=dates["place", code, "valid_to"],
            successor_id=row.get("successor"),
            path=place_paths[code],
            geometry=outlines[code][0] if code in outlines else None,
            datum=outlines[code][1] if code in outlines else "",
            source=row.get("source") or "",
        )
        for code, row in place_rows.items()
    ]
    new_units = [
        Unit(
            id=id_,
            name_zh=row["name"]["zh"],
            name_en=row["name"]["en"],
            parent_id=row.get("parent"),
            kind=row["kind"],
            place_id=row["place"],
            functions=list(row.get("functions") or ()),
            path=unit_paths[id_],
            valid_from=dates["unit", id_, "valid_from"],
            valid_to=dates["unit", id_, "valid_to"],
            source=row.get("source") or "",
        )
        for id_, row in unit_rows.items()
    ]
    new_roles = [
        Role(
            id=id_,
            title_zh=row["title"]["zh"],
            title_en=row["title"]["en"],
            does_zh=(row.get("does") or {}).get("zh", ""),
            does_en=(row.get("does") or {}).get("en", ""),
        )
        for id_, row in role_rows.items()
    ]
    new_registers = [
        Register(
            id=id_,
            title_zh=row["title"]["zh"],
            title_en=row["title"]["en"],
            key=row["key"],
            schema=row["schema"],
            public=list(row.get("public") or ()),
            source=row.get("source") or "",
        )
        for id_, row in register_rows.items()
    ]
    counts: dict[str, int] = {}
    with transaction.atomic():
        # Rows of one table may name each other in any order: the foreign keys are checked at the end.
        counts |= _upsert(Place, new_places, noun="places")
        _mend_paths(Place)
        counts["places_ended"] = _end_vanished(Place, [place.code for place in new_places], day=day)
        counts |= _upsert(Unit, new_units, noun="units")
        _mend_paths(Unit)
        counts["units_ended"] = _end_vanished(Unit, [unit.id for unit in new_units], day=day)
        counts |= _upsert(Role, new_roles, noun="roles")
        counts |= _upsert(Register, new_registers, noun="registers")
    return counts


# -- writing ----------------------------------------------------------------------------------


def _upsert(model: type[models.Model], rows: Sequence[models.Model], *, noun: str) -> dict[str, int]:
    fields = [field.attname for field in model._meta.concrete_fields if not field.primary_key]
    held = {row.pk: row for row in model._default_manager.all()}
    new = [row for row in rows if row.pk not in held]
    changed = [
        row
        for row in rows
        if row.pk in held and any(getattr(row, name) != getattr(held[row.pk], name) for name in fields)
    ]
    if new or changed:
        key = model._meta.pk
        assert key is not None
        model._default_manager.bulk_create(
            [*new, *changed],
            update_conflicts=True,
            unique_fields=[key.name],
            update_fields=[field.name for field in model._meta.concrete_fields if not field.primary_key],
        )
    return {noun: len(rows), f"{noun}_new": len(new), f"{noun}_changed": len(changed)}


def _end_vanished(model: type[models.Model], kept: Sequence[str], *, day: date) -> int:
    """Ends what stands and is not in the pack. A row that has not begun ends on the day it was to begin."""
    if not kept:  # a pack without a single row is a mistake of the caller, not the end of a city
        return 0
    gone = model._default_manager.exclude(pk__in=kept).filter(
        models.Q(valid_to__isnull=True) | models.Q(valid_to__gt=day)
    )
    if not gone.exists():  # even a statement that changes no row draws a new edition
        return 0
    return gone.update(valid_to=models.functions.Greatest(models.Value(day), models.F("valid_from")))


def _mend_paths(model: type[Unit] | type[Place]) -> None:
    """Gives what left the pack the path that its parents have now: their cases are still seen from above."""
    held = {row.pk: row for row in model._default_manager.all()}
    paths = _paths({key: {"parent": row.parent_id} for key, row in held.items()}, noun="", problems=[])
    for key, row in held.items():
        if row.path != paths[key]:
            model._default_manager.filter(pk=key).update(path=paths[key])


# -- checking ---------------------------------------------------------------------------------


def _checked(rows: Iterable[Row], *, key: str, noun: str, problems: list[str]) -> dict[str, Row]:
    """The rows by their key, in order; rows without key, name or kind become problems."""
    found: dict[str, Row] = {}
    needed = {"place": ("kind",), "unit": ("kind", "place"), "role": (), "register": ("key", "schema")}[noun]
    label = "name" if noun in ("place", "unit") else "title"
    for number, row in enumerate(rows, start=1):
        id_ = row.get(key)
        if not isinstance(id_, str) or not id_.strip():
            problems.append(f"{noun} number {number}: {key}: {id_!r} is no text; write it in quotes")
            continue
        if id_ in found:
            problems.append(f"{noun} {id_}: stands twice; keep one of the two")
            continue
        text = row.get(label)
        if not isinstance(text, Mapping) or not text.get("zh") or not text.get("en"):
            problems.append(
                f"{noun} {id_}: {label}: {text!r} is not in both languages; write {{zh: …, en: …}}"
            )
        problems += [f"{noun} {id_}: {name}: is missing" for name in needed if not row.get(name)]
        found[id_] = row
    return found


def _check_places(rows: Mapping[str, Row], *, problems: list[str]) -> None:
    for code, row in rows.items():
        if row.get("kind") not in Place.Kind.values:
            problems.append(
                f"place {code}: kind: {row.get('kind')!r} is unknown; use {', '.join(Place.Kind.values)}"
            )
        for name in ("parent", "successor"):
            other = row.get(name)
            if other is not None and other not in rows:
                problems.append(f"place {code}: {name}: {other!r} is not among the places; add it or mend it")
        if row.get("successor") == code:
            problems.append(f"place {code}: successor: is the place itself; name the place it became")


def _check_units(rows: Mapping[str, Row], places: Mapping[str, Row], *, problems: list[str]) -> None:
    # Units may be loaded alone, over the places that stand in the database already.
    known = places.keys() or set(Place.objects.values_list("code", flat=True))
    first: dict[tuple[str, str], str] = {}
    for id_, row in rows.items():
        parent, place = row.get("parent"), row.get("place")
        if parent is not None and parent not in rows:
            problems.append(f"unit {id_}: parent: {parent!r} is not among the units; add it or mend it")
        if place and place not in known:
            problems.append(f"unit {id_}: place: {place!r} is not among the places; add it or mend it")
        for function in row.get("functions") or ():
            other = first.setdefault((function, str(place)), id_)
            if other != id_:
                problems.append(
                    f"unit {id_}: functions: {other} has {function!r} at {place} already; one unit answers"
                )
            if function in rows:
                problems.append(f"unit {id_}: functions: {function!r} is a unit's id; use another word")


def _check_registers(rows: Mapping[str, Row], *, problems: list[str]) -> None:
    for id_, row in rows.items():
        schema = row.get("schema")
        if not isinstance(schema, Mapping):
            continue
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            problems.append(f"register {id_}: schema: {'.'.join(map(str, error.path))}: {error.message}")
            continue
        fields = schema.get("properties") or {}
        if row.get("key") not in fields:
            problems.append(
                f"register {id_}: key: {row.get('key')!r} is no field; use one of {', '.join(fields)}"
            )
        for name in row.get("public") or ():
            if name not in fields:
                problems.append(f"register {id_}: public: {name!r} is no field of the schema; mend it")
            elif fields[name].get("x-personal"):
                problems.append(f"register {id_}: public: {name!r} is personal (x-personal); take it out")


def _outlines(
    geometries: Mapping[str, Any] | None, places: Mapping[str, Row], *, datum: str, problems: list[str]
) -> dict[str, tuple[Mapping[str, Any], str]]:
    """place code -> (GeoJSON geometry, datum)."""
    if geometries is None:
        held = Place.objects.filter(geometry__isnull=False).values_list("code", "geometry", "datum")
        return {code: (geometry or {}, of) for code, geometry, of in held}
    if "features" in geometries:
        found: dict[str, Mapping[str, Any]] = {}
        for number, feature in enumerate(geometries["features"], start=1):
            code = str((feature.get("properties") or {}).get("adcode") or feature.get("id") or "")
            if code in found:
                problems.append(f"outline {code}: stands twice; keep one of the two")
            elif not code:
                problems.append(f"outline number {number}: adcode: is missing in its properties")
            else:
                found[code] = feature.get("geometry") or {}
    else:
        found = dict(geometries)
    for code, geometry in found.items():
        if code not in places:
            problems.append(f"outline {code}: is of no place in the pack; add the place or take it out")
        wrong = outline_problem(geometry)
        if wrong:
            problems.append(f"outline {code}: {wrong}")
    return {code: (geometry, datum) for code, geometry in found.items()}


def _paths(rows: Mapping[str, Row], *, noun: str, problems: list[str]) -> dict[str, str]:
    """ "/city/bureau/" for each row; a row above itself is a problem."""
    paths: dict[str, str] = {}
    for key in rows:
        line: list[str] = []
        at: str | None = key
        while at is not None and at not in line:
            line.append(at)
            at = rows[at].get("parent")
        if at is not None:
            problems.append(f"{noun} {key}: parent: stands above itself by way of {' > '.join(line)}")
        paths[key] = f"/{'/'.join(reversed(line))}/"
    return paths


def _day(value: Any, where: str, *, problems: list[str]) -> date | None:
    """A day from YAML: a date, an ISO text, or nothing."""
    if value is None or type(value) is date:
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        problems.append(f"{where}: {value!r} is no day; write it as 2026-11-23")
        return None


def _check_dates(
    dates: Mapping[tuple[str, str, str], date | None], places: Mapping[str, Row], *, problems: list[str]
) -> None:
    for (noun, key, field), end in dates.items():
        start = dates[noun, key, "valid_from"]
        if field == "valid_to" and end is not None and start is not None and end < start:
            problems.append(f"{noun} {key}: valid_to: {end} is before valid_from {start}")
    for code, row in places.items():
        if row.get("successor") and dates["place", code, "valid_to"] is None:
            problems.append(
                f"place {code}: successor: {row['successor']} without valid_to; say when it ended"
            )
