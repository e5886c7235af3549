"""Does a file have the shape its schema asks for? What differs becomes a `Problem` with a remedy."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError

from yinuo.core.matter import Label

from .source import Document, Problem, instead, nearest

FOLDER = Path(__file__).parent / "schema"
KINDS = ("matter", "examples", "units", "roles", "places", "register", "people", "calendar", "city")

_TYPES = {
    "string": Label("文字（加引号）", "a text (in quotes)"),
    "integer": Label("整数", "a whole number"),
    "number": Label("数", "a number"),
    "boolean": Label("true 或 false", "true or false"),
    "object": Label("若干“键: 值”", "keys with values"),
    "array": Label("列表", "a list"),
    "null": Label("null", "null"),
}


@lru_cache
def schema(kind: str) -> Mapping[str, Any]:
    """The schema of one kind of file, as a mapping."""
    read: Mapping[str, Any] = json.loads((FOLDER / f"{kind}.json").read_text(encoding="utf-8"))
    return read


@lru_cache
def _validator(kind: str) -> Draft202012Validator:
    return Draft202012Validator(schema(kind))


def problems(document: Document, kind: str) -> list[Problem]:
    """Where `document` departs from the schema of `kind`, in the order of the file."""
    found = [
        each for error in _validator(kind).iter_errors(document.value) for each in _said(document, error)
    ]
    return sorted(found, key=lambda problem: problem.line)


def schema_problem(
    document: Document, written: Mapping[str, Any], *, under: tuple[str | int, ...]
) -> Problem | None:
    """What is wrong with a JSON Schema that the pack itself wrote (a form, a register); None: nothing."""
    try:
        Draft202012Validator.check_schema(written)
    except SchemaError as error:
        where = under + tuple(error.absolute_path)
        path = ".".join(str(part) for part in error.absolute_path) or "schema"
        return document.problem(
            where,
            Label(
                f"{path} 不是合法的 JSON Schema：{error.message}",
                f"{path} is not valid JSON Schema: {error.message}",
            ),
            Label("按 JSON Schema 2020-12 改正", "mend it by JSON Schema 2020-12"),
        )
    return None


def _said(document: Document, error: ValidationError) -> Iterator[Problem]:
    where = tuple(error.absolute_path)
    name = _name(document, where)
    value = error.instance
    asked: Any = error.validator_value
    match error.validator:
        case "additionalProperties" if isinstance(value, Mapping) and isinstance(error.schema, Mapping):
            yield from _unknown_keys(document, where, value, error.schema)
        case "required":
            for key in asked:
                if isinstance(value, Mapping) and key not in value and f"'{key}' is" in error.message:
                    yield document.problem(
                        where,
                        Label(f"“{name}”缺少 {key}", f"“{name}” lacks {key}"),
                        _to_add(key),
                    )
        case "type":
            wanted = [asked] if isinstance(asked, str) else list(asked)
            yield document.problem(
                where,
                Label(
                    f"{name} 的值“{_short(value)}”类型不对", f"{name}: {_short(value)} is of the wrong type"
                ),
                Label(
                    "应为" + "或".join(_TYPES[each].zh for each in wanted),
                    "write " + " or ".join(_TYPES[each].en for each in wanted),
                ),
            )
        case "enum" | "const":
            known = [str(each) for each in (asked if error.validator == "enum" else [asked])]
            yield document.problem(
                where,
                Label(f"{name} 的值“{_short(value)}”不可用", f"{name}: {_short(value)} is not possible"),
                _one_of(str(value), known),
            )
        case "pattern":
            yield document.problem(
                where,
                Label(
                    f"{name} 的值“{_short(value)}”写法不对", f"{name}: {_short(value)} is not written right"
                ),
                Label(f"{_pattern(asked).zh}", f"{_pattern(asked).en}"),
            )
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
            low = "inimum" in error.validator
            yield document.problem(
                where,
                Label(f"{name} 的值 {value} 超出范围", f"{name}: {value} is out of range"),
                Label(
                    f"应{'不小于' if low else '不大于'} {asked}",
                    f"write {'at least' if low else 'at most'} {asked}",
                ),
            )
        case "minLength" | "minItems" | "minProperties":
            yield document.problem(
                where,
                Label(f"{name} 是空的", f"{name} is empty"),
                Label("填写内容，或删去", "fill it in, or leave it out"),
            )
        case "not" if error.parent is None and isinstance(value, str):
            yield document.problem(
                (*where, value),
                Label(f"“{value}”是系统保留的名字", f"“{value}” is a name the platform keeps for itself"),
                Label("换一个名字", "use another name"),
            )
        case _:
            yield document.problem(
                where,
                Label(f"{name}：{error.message}", f"{name}: {error.message}"),
                Label("见 yinuo/packs/schema/ 中的说明", "see the schema in yinuo/packs/schema/"),
            )


def _unknown_keys(
    document: Document, where: tuple[str | int, ...], value: Mapping[str, Any], asked: Mapping[str, Any]
) -> Iterator[Problem]:
    known = set(asked.get("properties", {}))
    name = _name(document, where)
    for key in value:
        if key in known or any(_matches(pattern, key) for pattern in asked.get("patternProperties", {})):
            continue
        remedy = instead(key, known - set(value) or known, of=Label("说明", "the schema"))
        if nearest(key, known) is None:
            remedy = Label(f"可用：{'、'.join(sorted(known))}", f"there are: {', '.join(sorted(known))}")
        yield document.problem(
            (*where, key), Label(f"“{name}”没有 {key} 这一项", f"“{name}” has no key {key}"), remedy
        )


def _name(document: Document, where: tuple[str | int, ...]) -> str:
    """What a value is called: its key, or for the third item of a list `units[3]`."""
    if not where:
        return document.file.name
    last = where[-1]
    return f"{where[-2] if len(where) > 1 else ''}[{last + 1}]" if isinstance(last, int) else last


def _matches(pattern: str, key: str) -> bool:
    return re.search(pattern, key) is not None


def _one_of(value: str, known: list[str]) -> Label:
    near = nearest(value, known)
    if near is not None:
        return Label(
            f"应为 {near}（可用：{'、'.join(known)}）", f"did you mean {near}? There are: {', '.join(known)}"
        )
    return Label(f"可用：{'、'.join(known)}", f"there are: {', '.join(known)}")


_WORDS = {
    "en": Label("补上英文 en", "add the English text, en"),
    "zh": Label("补上中文 zh", "add the Chinese text, zh"),
}


def _to_add(key: str) -> Label:
    return _WORDS.get(key, Label(f"补上 {key}", f"add {key}"))


_PATTERNS = {
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$": Label("日期写成 2026-05-09", "write a date such as 2026-05-09"),
    "^[a-z][a-z0-9_]*$": Label(
        "用小写英文字母、数字、下划线，如 shop_sign", "use a-z, 0-9 and _, such as shop_sign"
    ),
    "^[a-z][a-z0-9-]*$": Label(
        "用小写英文字母、数字、短横，如 jincheng-tax", "use a-z, 0-9 and -, such as jincheng-tax"
    ),
    "^[0-9]{6}([0-9]{3})?$": Label(
        '区划代码为 6 位或 9 位数字，加引号，如 "140502"', 'write 6 or 9 digits in quotes, such as "140502"'
    ),
    "^[a-z][a-z0-9_]*/[a-z][a-z0-9_]*$": Label(
        "写成 组/名，如 approvals/shop_sign", "write group/name, such as approvals/shop_sign"
    ),
}


def _pattern(pattern: str) -> Label:
    if pattern in _PATTERNS:
        return _PATTERNS[pattern]
    if "{2}:[0-9]{2}" in pattern:
        return Label("时间写成 2026-05-09 10:00", "write a moment such as 2026-05-09 10:00")
    return Label(f"应符合 {pattern}", f"it must match {pattern}")


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:39] + "…"
