"""What the checks share: the matter being asked about, and the sentences that name what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from yinuo.core.matter import Label, Matter
from yinuo.core.places import responsible

from .load import Pack
from .source import Document, Problem, Where, instead


@dataclass(frozen=True)
class About:
    """One matter under question, with the files it came from."""

    pack: Pack
    matter: Matter
    folder: str
    document: Document
    form: Document

    @classmethod
    def each(cls, pack: Pack) -> Iterator[About]:
        """Every matter of `pack` that could be read."""
        for folder, matter in zip(pack.folders, pack.matters):
            inside = f"matters/{folder}"
            yield cls(
                pack,
                matter,
                folder=inside,
                document=pack.documents[f"{inside}/matter.yaml"],
                form=pack.documents[f"{inside}/form.json"],
            )

    @property
    def fields(self) -> set[str]:
        """The names of the form's fields."""
        return set(self.matter.form.get("properties") or {})

    @property
    def marked(self) -> set[str]:
        """Every event that the opening or some move puts on the clock."""
        marked = set(self.matter.opening_marks)
        for move in self.matter.moves.values():
            marked |= {*move.marks, *move.backdates}
        return marked

    def wrong(self, where: Where, zh: str, en: str, remedy: Label) -> Problem:
        """A problem of matter.yaml."""
        return self.document.problem(where, Label(zh, en), remedy)


def unit_answers(about: About, name: str, where: Where, *, everywhere: bool = True) -> Iterator[Problem]:
    """Does the function (or unit) `name` exist, and does somebody answer for it in every place?"""
    ids = {unit["id"] for unit in about.pack.units}
    if not ids:
        return  # units.yaml itself is broken, and says so
    if name not in about.pack.functions and name not in ids:
        yield no_such(
            about.document,
            where,
            "职能",
            "function",
            name,
            about.pack.functions,
            Label("units.yaml", "units.yaml"),
        )
        return
    if not everywhere:
        return
    parents = about.pack.parents
    leaves = set(parents) - set(parents.values())
    missing = sorted(
        place
        for place in leaves
        if responsible(name, place, units=about.pack.answering, parents=parents) is None
    )
    if missing:
        shown = "、".join(missing[:3]) + ("…" if len(missing) > 3 else "")
        yield about.wrong(
            where,
            f"“{name}”职能在 {len(missing)} 处没有单位承担（{shown}）",
            f"nobody answers for {name} in {len(missing)} places ({shown})",
            Label(
                "在 units.yaml 给各县或市本级加上这一职能",
                "give that function to each county or to the city in units.yaml",
            ),
        )


def given_twice(
    document: Document, top: str, key: str, rows: Iterable[Mapping[str, Any]]
) -> Iterator[Problem]:
    """Rows whose `key` an earlier row has already."""
    seen: dict[str, int] = {}
    for index, row in enumerate(rows):
        value = row[key]
        if value in seen:
            line = document.line(top, seen[value])
            yield double(document, (top, index), value, f"第 {line} 行", f"line {line}")
        seen.setdefault(value, index)


def double(document: Document, where: Where, value: str, zh: str, en: str = "") -> Problem:
    """The problem of a value that is given twice."""
    return document.problem(
        where,
        Label(f"{value} 重复，{zh}已有", f"{value} is given twice; see {en or zh}"),
        Label("改成另一个 id", "give one of them another id"),
    )


def dangling(
    document: Document, top: str, rows: Iterable[Mapping[str, Any]], key: str, known: set[str]
) -> Iterator[Problem]:
    """Rows whose `key` names nothing that is known."""
    for index, row in enumerate(rows):
        value = row.get(key)
        if value is not None and value not in known:
            yield document.problem(
                (top, index, key),
                Label(f"{key} 所指的 {value} 不存在", f"{key}: there is no {value}"),
                instead(value, known, of=Label("本城市包", "this pack")),
            )


def no_such(
    document: Document, where: Where, zh: str, en: str, name: str, known: Iterable[str], of: Label
) -> Problem:
    """The problem of a `name` that is not among `known`, with the nearest that is."""
    return document.problem(
        where, Label(f"没有{zh} {name}", f"there is no {en} {name}"), instead(name, known, of=of)
    )


def no_mechanism(document: Document, where: Where, name: str, known: Iterable[str]) -> Problem:
    """The problem of a mechanism that the journal does not have."""
    return no_such(
        document,
        where,
        "机制",
        "mechanism",
        name,
        known,
        Label("journal/mechanisms.yaml", "journal/mechanisms.yaml"),
    )
