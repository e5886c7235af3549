"""A city's folder in, a `Pack` out: `read(folder)`. Reads files only; knows no database and no clock.

What cannot be read, or has not the shape its schema asks for, becomes a problem and is left out, so that
one broken file does not hide what is wrong with the others. What the files mean together is `check.py`'s.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from yinuo.core.matter import Label, Matter, build
from yinuo.core.places import answering
from yinuo.core.workdays import Calendar

from . import calendars, shape
from .source import Document, Problem, Unreadable, read_json, read_text, read_yaml

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Example:
    """举例: one case of a matter, played when the pack is checked. body: as in schema/examples.json."""

    matter: str
    name: str
    index: int
    body: Row
    document: Document

    def line(self, *where: str | int) -> int:
        return self.document.line("examples", self.index, *where)


@dataclass(frozen=True)
class Pack:
    """城市包: one city as data. Rows are plain dicts, as the files write them."""

    folder: Path
    city: Row
    calendar: Calendar | None
    years: tuple[Row, ...]
    units: tuple[Row, ...]
    roles: tuple[Row, ...]
    people: tuple[Row, ...]
    places: tuple[Row, ...]
    geometries: Row | None
    registers: tuple[Row, ...]
    matters: tuple[Matter, ...]
    examples: tuple[Example, ...]
    systems: tuple[Row, ...]
    mechanisms: tuple[Row, ...]
    problems: tuple[Problem, ...]
    documents: Mapping[str, Document] = field(repr=False)
    """Path inside the folder -> the file with its lines."""
    folders: tuple[str, ...] = ()
    """The folder of each of `matters`, inside matters/; the check wants it to be the id."""
    matter_ids: frozenset[str] = frozenset()
    """Every matter that has a folder, also those too broken to be in `matters`."""

    @property
    def id(self) -> str:
        return str(self.city.get("id", self.folder.name))

    @property
    def version(self) -> str:
        return str(self.city.get("version", ""))

    def matter(self, id_: str) -> Matter:
        """The matter called `id_`. Raises KeyError when there is none."""
        for matter in self.matters:
            if matter.id == id_:
                return matter
        raise KeyError(f"no matter {id_!r} in {self.folder}")

    def examples_of(self, matter: str) -> tuple[Example, ...]:
        return tuple(example for example in self.examples if example.matter == matter)

    def register(self, id_: str) -> Row | None:
        return next((register for register in self.registers if register["id"] == id_), None)

    @cached_property
    def parents(self) -> dict[str, str | None]:
        """Place code -> its parent's, None for the city."""
        return {place["code"]: place["parent"] for place in self.places}

    @cached_property
    def answering(self) -> dict[tuple[str, str], str]:
        """(function, place) -> unit id: see core.places."""
        return answering(self.units)

    @property
    def functions(self) -> frozenset[str]:
        """Every function that some unit has."""
        return frozenset(function for unit in self.units for function in unit["functions"])

    @cached_property
    def digest(self) -> str:
        """SHA-256 over everything that goes into the database."""
        return digest(
            {
                "city": self.city,
                "years": self.years,
                "units": self.units,
                "roles": self.roles,
                "places": self.places,
                "geometries": self.geometries,
                "registers": self.registers,
                "matters": [matter.body for matter in self.matters],
            }
        )


def as_text(value: Any) -> str:
    """`value` as JSON. Keys keep their order: the order of a matter's steps and moves means something."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def digest(value: Any) -> str:
    """SHA-256 of as_text(value), as hex."""
    return hashlib.sha256(as_text(value).encode()).hexdigest()


def read(folder: Path) -> Pack:
    """The pack in `folder`, with what is wrong with its files in `problems`."""
    reading = _Reading(folder)
    city = reading.one("city.yaml", "city")
    mechanisms = reading.plain("journal/mechanisms.yaml")
    matters, folders, examples, matter_ids = reading.matters()
    return Pack(
        folder=folder,
        city=city or {},
        calendar=reading.calendar(),
        years=tuple(each for each in reading.each("calendar", "calendar") if each),
        units=reading.rows("units.yaml", "units"),
        roles=reading.rows("roles.yaml", "roles"),
        people=reading.rows("people.yaml", "people", optional=True),
        places=reading.rows("places/divisions.yaml", "places"),
        geometries=reading.geometries(city or {}),
        registers=tuple(reading.each("registers", "register")),
        matters=matters,
        examples=examples,
        systems=tuple(mechanisms.get("systems") or ()),
        mechanisms=tuple(mechanisms.get("mechanisms") or ()),
        problems=tuple(reading.problems),
        documents=reading.documents,
        folders=folders,
        matter_ids=matter_ids,
    )


class _Reading:
    """One walk through a folder, gathering documents and problems."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.documents: dict[str, Document] = {}
        self.problems: list[Problem] = []

    def document(self, path: Path, kind: str = "") -> Document | None:
        """The file, when it can be read and has the shape of `kind`."""
        try:
            document = read_json(path) if path.suffix in (".json", ".geojson") else read_yaml(path)
        except Unreadable as error:
            self.problems += error.problems
            return None
        self.documents[path.relative_to(self.folder).as_posix()] = document
        if kind:
            wrong = shape.problems(document, kind)
            self.problems += wrong
            if wrong:
                return None
        return document

    def one(self, name: str, kind: str) -> Row | None:
        document = self.document(self.folder / name, kind)
        return None if document is None else document.value

    def plain(self, name: str) -> Row:
        """A file without a schema of ours (the journal's own data); {} when it is not there."""
        path = self.folder / name
        document = self.document(path) if path.exists() else None
        return document.value if document is not None and isinstance(document.value, dict) else {}

    def rows(self, name: str, kind: str, *, optional: bool = False) -> tuple[Row, ...]:
        if optional and not (self.folder / name).exists():
            return ()
        value = self.one(name, kind)
        return () if value is None else tuple(value[kind])

    def each(self, name: str, kind: str) -> Iterable[Row]:
        for path in sorted((self.folder / name).glob("*.yaml")):
            document = self.document(path, kind)
            if document is not None:
                yield document.value

    def calendar(self) -> Calendar | None:
        try:
            return calendars.read(self.folder / "calendar")
        except calendars.CalendarError as error:
            self.problems.append(_of_calendar(self.folder / "calendar", error))
            return None

    def geometries(self, city: Row) -> Row | None:
        name = (city.get("map") or {}).get("file")
        if not name:
            return None
        path = self.folder / name
        try:
            # Thousands of corners need no line numbers.
            found: Row = json.loads(read_text(path))
        except (Unreadable, json.JSONDecodeError):
            document = self.document(path)
            return None if document is None else document.value
        return found

    def matters(
        self,
    ) -> tuple[tuple[Matter, ...], tuple[str, ...], tuple[Example, ...], frozenset[str]]:
        root = self.folder / "matters"
        matters: list[Matter] = []
        examples: list[Example] = []
        ids: set[str] = set()
        folders: list[str] = []
        for folder in sorted(path.parent for path in root.glob("*/*/matter.yaml")):
            name = folder.relative_to(root).as_posix()
            ids.add(name)
            matter = self._matter(folder)
            if matter is not None:
                matters.append(matter)
                folders.append(name)
            examples += self._examples(folder, matter=name)
        return tuple(matters), tuple(folders), tuple(examples), frozenset(ids)

    def _matter(self, folder: Path) -> Matter | None:
        document = self.document(folder / "matter.yaml", "matter")
        form = self.document(folder / "form.json")
        letters = self._letters(folder)
        if document is None or form is None:
            return None
        if not isinstance(form.value, dict):
            self.problems.append(
                form.problem(
                    (),
                    Label("form.json 不是一个 JSON Schema 对象", "form.json holds no JSON Schema object"),
                    Label(
                        '写成 {"type": "object", "properties": {…}}',
                        'write {"type": "object", "properties": {…}}',
                    ),
                )
            )
            return None
        declared = document.value.get("letters") or {}
        body = {
            **document.value,
            "form": form.value,
            "letters": declared,
            "letter_texts": {id_: letters.get(id_, "") for id_ in declared},
        }
        return build(body)

    def _letters(self, folder: Path) -> dict[str, str]:
        texts: dict[str, str] = {}
        for path in sorted((folder / "letters").glob("*.html")):
            try:
                texts[path.stem] = read_text(path)
            except Unreadable as error:
                self.problems += error.problems
        return texts

    def _examples(self, folder: Path, *, matter: str) -> list[Example]:
        path = folder / "examples.yaml"
        if not path.exists():
            return []
        document = self.document(path, "examples")
        if document is None:
            return []
        return [
            Example(matter=matter, name=body["name"], index=index, body=body, document=document)
            for index, body in enumerate(document.value["examples"])
        ]


def _of_calendar(folder: Path, error: calendars.CalendarError) -> Problem:
    """calendars.py writes "file:line: what; remedy" as one text; a Problem keeps the parts."""
    place, _, said = str(error).partition(": ")
    file, _, line = place.rpartition(":")
    what, _, remedy = said.partition("; ")
    if not line.isdigit():
        file, line = place, "0"
    return Problem(
        file=Path(file or folder),
        line=int(line),
        what=Label(what or said, what or said),
        remedy=Label(remedy or "见 calendar/ 中其他年份", remedy or "see the other years in calendar/"),
    )
