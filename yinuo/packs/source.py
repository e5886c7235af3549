"""Files of a pack, read so that every value still knows its line; and what is wrong with one.

YAML is read by the core schema of YAML 1.2: only `true` and `false` are truth values (so that a key
`on` stays a text), dates stay texts, numbers are decimal. Every value is therefore a JSON value.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from yinuo.core.matter import Label

Where = tuple[str | int, ...]
"""Keys and indexes from the top of a file down to a value."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a pack: file, line (0: the whole file), what is wrong, what would be right."""

    file: Path
    line: int
    what: Label
    remedy: Label

    def text(self, lang: str = "zh") -> str:
        """One line: packs/…/matter.yaml:14: what → remedy."""
        place = shown(self.file) + (f":{self.line}" if self.line else "")
        return f"{place}: {self.what.in_(lang)} → {self.remedy.in_(lang)}"

    def as_json(self) -> dict[str, Any]:
        return {
            "file": shown(self.file),
            "line": self.line,
            "what": self.what.as_json(),
            "remedy": self.remedy.as_json(),
        }


def shown(file: Path) -> str:
    """`file` as people type it: from the working folder where it lies there."""
    try:
        return str(file.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(file)


@dataclass(frozen=True, slots=True)
class Document:
    """A file's value, and the line of each of its keys and items."""

    file: Path
    value: Any
    lines: Mapping[Where, int] = field(default_factory=dict)

    def line(self, *where: str | int) -> int:
        """The line of the value at `where`, or of the nearest thing around it that has one."""
        for length in range(len(where), -1, -1):
            found = self.lines.get(where[:length])
            if found is not None:
                return found
        return 0

    def problem(self, where: Where, what: Label, remedy: Label) -> Problem:
        return Problem(file=self.file, line=self.line(*where), what=what, remedy=remedy)


class Unreadable(Exception):
    """A file that cannot be read at all; `problems` say where and why."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(problem.text("en") for problem in problems))
        self.problems = problems


def read_yaml(file: Path) -> Document:
    """The document in `file`. Raises Unreadable for a missing file, broken YAML or a key given twice."""
    text = read_text(file)
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise Unreadable([_yaml_problem(file, error)]) from error
    walk = _Walk(file)
    value = walk.value(node, ()) if node is not None else None
    if walk.problems:
        raise Unreadable(walk.problems)
    return Document(file=file, value=value, lines=walk.lines)


def read_json(file: Path) -> Document:
    """The document in a JSON file; its lines as far as they can be told. Raises Unreadable."""
    text = read_text(file)
    twice: list[str] = []
    try:
        value = json.loads(text, object_pairs_hook=lambda pairs: _once(pairs, twice))
    except json.JSONDecodeError as error:
        problem = Problem(
            file=file,
            line=error.lineno,
            what=Label(
                f"第 {error.lineno} 行第 {error.colno} 列不是合法的 JSON（{error.msg}）",
                f"line {error.lineno}, column {error.colno} is not valid JSON ({error.msg})",
            ),
            remedy=Label("检查逗号、引号和括号是否成对", "check commas, quotes and brackets there"),
        )
        raise Unreadable([problem]) from error
    try:
        # JSON is, but for a few escapes, YAML: that gives the lines for nothing.
        walk = _Walk(file)
        node = yaml.compose(text, Loader=_Loader)
        if node is not None:
            walk.value(node, ())
        lines = walk.lines
    except (yaml.YAMLError, ValueError):
        lines = {(): 1}
    document = Document(file=file, value=value, lines=lines)
    if twice:
        raise Unreadable([_given_twice(file, _line_of_second(text, key), key) for key in twice])
    return document


def read_text(file: Path) -> str:
    """The text of `file` (UTF-8). Raises Unreadable."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        missing = Label("没有这个文件", "the file is missing")
        remedy = Label(f"新建 {file.name}", f"add {file.name}")
        raise Unreadable([Problem(file=file, line=0, what=missing, remedy=remedy)]) from error
    except (OSError, UnicodeDecodeError) as error:
        what = Label(f"文件读不出来（{error}）", f"the file cannot be read ({error})")
        remedy = Label("保存为 UTF-8 文本并允许读取", "save it as UTF-8 text that may be read")
        raise Unreadable([Problem(file=file, line=0, what=what, remedy=remedy)]) from error


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was most likely meant to be."""
    found = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.5)
    return found[0] if found else None


def instead(word: str, known: Iterable[str], *, of: Label) -> Label:
    """What to write for `word`: the nearest known word, else all of them, else to declare it in `of`."""
    words = sorted(known)
    near = nearest(word, words)
    if near is not None:
        return Label(f"应为 {near}", f"did you mean {near}?")
    if words and len(words) <= 16:
        return Label(f"可用：{'、'.join(words)}", f"there are: {', '.join(words)}")
    return Label(f"在{of.zh}中声明它，或改用已有的", f"declare it in {of.en}, or use one that is there")


# -- inside ----------------------------------------------------------------------------------


class _Loader(yaml.CSafeLoader):
    """YAML 1.2's core schema: no yes/no/on/off, no dates, no octal or sexagesimal numbers."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("null", r"~|null|", ["~", "n", ""]),
    ("int", r"-?(0|[1-9][0-9]*)", "-0123456789"),
    ("float", r"-?(0|[1-9][0-9]*)\.[0-9]+", "-0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^({_pattern})$"), list(_first))

_SCALARS: dict[str, Callable[[str], Any]] = {
    "tag:yaml.org,2002:bool": lambda text: text == "true",
    "tag:yaml.org,2002:null": lambda text: None,
    "tag:yaml.org,2002:int": int,
    "tag:yaml.org,2002:float": float,
}


class _Walk:
    """Values out of YAML nodes, noting lines on the way."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lines: dict[Where, int] = {}
        self.problems: list[Problem] = []

    def value(self, node: yaml.Node, where: Where) -> Any:
        self.lines.setdefault(where, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, where)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(each, (*where, index)) for index, each in enumerate(node.value)]
        return _SCALARS.get(node.tag, str)(node.value)

    def mapping(self, node: yaml.MappingNode, where: Where) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if key in found:
                self.problems.append(_given_twice(self.file, line, key))
                continue
            self.lines[(*where, key)] = line
            found[key] = self.value(value_node, (*where, key))
        return found


def _given_twice(file: Path, line: int, key: str) -> Problem:
    what = Label(f"“{key}”写了两次", f"“{key}” is given twice")
    remedy = Label("只留一个，或给另一个改名", "keep one, or rename the other")
    return Problem(file=file, line=line, what=what, remedy=remedy)


def _yaml_problem(file: Path, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    said = getattr(error, "problem", None) or str(error).splitlines()[0]
    column = f"，第 {mark.column + 1} 列" if mark else ""
    return Problem(
        file=file,
        line=mark.line + 1 if mark else 0,
        what=Label(f"不是合法的 YAML{column}（{said}）", f"this is not valid YAML ({said})"),
        remedy=Label(
            "检查缩进、冒号后的空格；含冒号或引号的文字加引号",
            "check indentation and the space after colons; quote texts with colons or quotes",
        ),
    )


def _once(pairs: list[tuple[str, Any]], twice: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            twice.append(key)
        found[key] = value
    return found


def _line_of_second(text: str, key: str) -> int:
    hits = [
        match.start() for match in re.finditer(re.escape(json.dumps(key, ensure_ascii=False)) + r"\s*:", text)
    ]
    return text.count("\n", 0, hits[1]) + 1 if len(hits) > 1 else 0
