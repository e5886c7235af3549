"""Does a pack make sense as a whole? `check(pack)` names everything that does not, with its line and remedy.

Files that cannot be read at all, or lack their schema's shape, are in `pack.problems` already; this
module looks at what the files mean together. It plays no examples: that is `examples.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from yinuo.core.matter import Label

from . import check_matter, shape
from .findings import About, dangling, double, given_twice, no_mechanism, no_such
from .load import Pack
from .source import Document, Problem, Where


def check(pack: Pack) -> list[Problem]:
    """Everything wrong with `pack`, in the order of its files; [] for a pack that may be loaded."""
    found = {*pack.problems, *_city(pack), *_people(pack), *_registers(pack), *_ends(pack)}
    for about in About.each(pack):
        found.update(check_matter.problems(about))
    return sorted(found, key=lambda problem: (str(problem.file), problem.line))


def _city(pack: Pack) -> Iterator[Problem]:
    units, places = pack.documents.get("units.yaml"), pack.documents.get("places/divisions.yaml")
    roles = pack.documents.get("roles.yaml")
    if units is not None:
        yield from given_twice(units, "units", "id", pack.units)
        yield from dangling(units, "units", pack.units, "parent", {each["id"] for each in pack.units})
        yield from dangling(units, "units", pack.units, "place", set(pack.parents))
        yield from _two_answer(units, pack)
        yield from _rings(units, "units", {each["id"]: each["parent"] for each in pack.units})
    if places is not None:
        yield from given_twice(places, "places", "code", pack.places)
        yield from dangling(places, "places", pack.places, "parent", set(pack.parents))
        yield from dangling(places, "places", pack.places, "successor", set(pack.parents))
        yield from _rings(places, "places", pack.parents)
        if sum(parent is None for parent in pack.parents.values()) != 1:
            yield places.problem(
                ("places",),
                Label("区划须有且只有一个没有上级", "exactly one place must have no parent"),
                Label("只给城市本身写 parent: null", "write parent: null for the city alone"),
            )
    if roles is not None:
        yield from given_twice(roles, "roles", "id", pack.roles)
    city = pack.documents.get("city.yaml")
    if city is not None and pack.city and pack.places and pack.city.get("division") not in pack.parents:
        yield city.problem(
            ("division",),
            Label(f"没有区划 {pack.city.get('division')}", f"there is no place {pack.city.get('division')}"),
            Label("用 places/divisions.yaml 中城市的代码", "use the city's code in places/divisions.yaml"),
        )
    mechanisms = pack.documents.get("journal/mechanisms.yaml")
    if mechanisms is not None:
        yield from given_twice(mechanisms, "mechanisms", "id", pack.mechanisms)


def _people(pack: Pack) -> Iterator[Problem]:
    document = pack.documents.get("people.yaml")
    if document is None or not pack.people:
        return
    roles, units = {each["id"] for each in pack.roles}, {each["id"] for each in pack.units}
    yield from given_twice(document, "people", "username", pack.people)
    yield from dangling(document, "people", pack.people, "unit", units)
    yield from dangling(document, "people", pack.people, "place", set(pack.parents))
    for index, person in enumerate(pack.people):
        for role in person["roles"]:
            if role not in roles:
                yield no_such(
                    document,
                    ("people", index, "roles"),
                    "岗位",
                    "role",
                    role,
                    roles,
                    Label("roles.yaml", "roles.yaml"),
                )


def _registers(pack: Pack) -> Iterator[Problem]:
    known = {each["id"] for each in pack.mechanisms}
    seen: dict[str, str] = {}
    for name, document in pack.documents.items():
        if not name.startswith("registers/") or document.value not in pack.registers:
            continue
        register = document.value
        if register["id"] in seen:
            yield double(document, ("id",), register["id"], seen[register["id"]])
        seen[register["id"]] = name
        written = register["schema"]
        wrong = shape.schema_problem(document, written, under=("schema",))
        if wrong is not None:
            yield wrong
            continue
        fields = set(written.get("properties") or {})
        for where, name_ in [
            (("key",), register["key"]),
            *((("public", i), each) for i, each in enumerate(register["public"])),
        ]:
            if name_ not in fields:
                yield no_such(
                    document,
                    where,
                    "字段",
                    "field",
                    name_,
                    fields,
                    Label("schema.properties", "schema.properties"),
                )
        for index, field in enumerate(register["public"]):
            if (written.get("properties") or {}).get(field, {}).get("x-personal"):
                yield document.problem(
                    ("public", index),
                    Label(f"{field} 是个人信息，不能公开", f"{field} is personal and may not be public"),
                    Label("从 public 中去掉", "take it out of `public`"),
                )
        for index, mechanism in enumerate(register.get("mechanisms") or ()):
            if mechanism not in known:
                yield no_mechanism(document, ("mechanisms", index), mechanism, known)


def _two_answer(document: Document, pack: Pack) -> Iterator[Problem]:
    seen: dict[tuple[str, str], str] = {}
    for index, unit in enumerate(pack.units):
        for function in unit["functions"]:
            other = seen.setdefault((function, unit["place"]), unit["id"])
            if other != unit["id"]:
                yield document.problem(
                    ("units", index, "functions"),
                    Label(
                        f"{unit['place']} 的“{function}”职能已由 {other} 承担",
                        f"{function} at {unit['place']} is already answered for by {other}",
                    ),
                    Label("每处每项职能只留一个单位", "leave one unit for each function at each place"),
                )


def _rings(document: Document, top: str, parents: Mapping[str, str | None]) -> Iterator[Problem]:
    for index, start in enumerate(parents):
        seen = {start}
        at = parents[start]
        while at is not None and at in parents and at not in seen:
            seen.add(at)
            at = parents[at]
        if at == start:
            yield document.problem(
                (top, index, "parent"),
                Label(f"{start} 是自己的上级", f"{start} stands above itself"),
                Label("改正 parent", "mend `parent`"),
            )


def _ends(pack: Pack) -> Iterator[Problem]:
    """Matters that open each other at once, in a ring, would open cases for ever."""
    opens: dict[str, dict[str, Where]] = {}
    for matter in pack.matters:
        for move in matter.moves.values():
            for index, effect in enumerate(move.effects):
                if effect.open and not effect.after_days:
                    opens.setdefault(matter.id, {}).setdefault(effect.open, ("moves", move.id, "then", index))
    for start in opens:
        path = _ring(start, opens)
        if path is None or start != min(path):
            continue
        document = next(about.document for about in About.each(pack) if about.matter.id == start)
        shown = " → ".join([*path, start])
        yield document.problem(
            opens[start][path[1] if len(path) > 1 else start],
            Label(f"事项互相开启，没有尽头：{shown}", f"matters open each other without end: {shown}"),
            Label("去掉其中一个 open，或写 in: 工作日数", "take one `open` out, or write in: <working days>"),
        )


def _ring(start: str, opens: Mapping[str, Mapping[str, Where]]) -> list[str] | None:
    """A way from `start` back to itself."""
    stack: list[list[str]] = [[start]]
    seen: set[str] = set()
    while stack:
        path = stack.pop()
        for following in opens.get(path[-1], {}):
            if following == start:
                return path
            if following not in seen:
                seen.add(following)
                stack.append([*path, following])
    return None
