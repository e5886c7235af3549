"""Checking a form that a program sends: the same schema and sentences as the pages, plus what pages cannot
send at all (unknown fields, a number where a text belongs)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator

from yinuo.core.matter import Label, Matter
from yinuo.faces.api.errors import FieldProblem, Wrong, field_problem
from yinuo.faces.parts.forms import SchemaForm
from yinuo.faces.parts.reading import short
from yinuo.registers import places

LANGUAGES = ("zh", "en")


def checked(schema: Mapping[str, Any], form: Mapping[str, Any], *, field: str = "form") -> dict[str, Any]:
    """The answers, complete and in one spelling. Raises Wrong 422 naming every field at fault.

    field: what the form is called in the call, put before each field's name.
    """
    problems = _strange(schema, form)
    if not problems:
        ui = {"places": _places(schema)} if "places" in _kinds(schema) else {}
        # Both languages, for the answer carries both.
        zh, en = (SchemaForm(_plain(schema), ui, initial=form, lang=lang) for lang in LANGUAGES)
        if zh.valid:
            return zh.cleaned
        said = {error.field: error.message for error in en.problems()}
        for error in zh.problems():
            say = Label(error.message, said.get(error.field, error.message))
            problems.append(_problem(schema, form, error.field, say))
    for problem in problems:
        problem.field = f"{field}.{problem.field}"
    listed = ", ".join(problem.field for problem in problems)
    say = Label(f"表单有 {len(problems)} 处要改正：{listed}。", f"The form needs mending in: {listed}.")
    raise Wrong(422, "form", say, errors=problems)


def form_of(matter: Matter, form: Mapping[str, Any], *, field: str = "form") -> dict[str, Any]:
    """A matter's form, checked."""
    return checked(matter.form, form, field=field)


def _plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema as one page: materials are checked by the use case, on what was handed in."""
    return {key: value for key, value in schema.items() if key != "x-pages"}


def _kinds(schema: Mapping[str, Any]) -> set[str]:
    formats = {prop.get("format") or prop.get("x-widget") for prop in schema.get("properties", {}).values()}
    return {"places"} if formats & {"place", "point"} else set()


def _places(schema: Mapping[str, Any]) -> list[tuple[str, str]]:
    pattern = schema.get("properties", {}).get("place", {}).get("pattern", "")
    groups = places.choices(whole=True)
    return [(code, name) for _, group in groups for code, name in group if re.search(pattern, code)]


def _strange(schema: Mapping[str, Any], form: Mapping[str, Any]) -> list[FieldProblem]:
    """Fields the schema does not have, and values of another type than it says."""
    properties = schema.get("properties", {})
    problems = []
    for name, value in form.items():
        if name not in properties:
            say = Label("表单没有这一项", "is no field of this form")
            remedy = Label(f"可填：{'、'.join(properties)}", f"Use {', '.join(properties)}")
            problems.append(field_problem(name[:100], say, remedy=remedy))
            continue
        types = {
            key: properties[name][key] for key in ("type", "items", "properties") if key in properties[name]
        }
        kind = types.get("type")
        if kind and value is not None and not Draft202012Validator({"type": kind}).is_valid(value):
            say = Label(f"类型不对，应为 {kind}", f"is of the wrong type; it must be {kind}")
            problems.append(field_problem(name, say))
        elif kind == "object" and not all(isinstance(one, str | type(None)) for one in value.values()):
            say = Label("各项应为文本，例如 35.490700", "must hold texts, such as 35.490700")
            problems.append(field_problem(name, say))
    return problems


def _problem(schema: Mapping[str, Any], form: Mapping[str, Any], name: str, say: Label) -> FieldProblem:
    """A field's problem; of a personal field neither the value nor a sentence that repeats it."""
    prop = schema.get("properties", {}).get(name, {})
    given = form.get(name)
    hint = Label.of(prop.get("x-hint")) if prop.get("x-hint") else None
    if given in (None, "", []):
        return field_problem(name, say, remedy=hint)
    if prop.get("x-personal") or prop.get("x-mask"):
        title = Label.of(prop.get("x-title"), default=name)
        said = Label(f"{title.zh}填写的内容不合要求", f"{title.en}: what was sent does not meet the rule")
        return field_problem(name, said, remedy=hint)
    value = short(given) if isinstance(given, str | int | bool) else None
    return field_problem(name, say, value=value, remedy=hint)
