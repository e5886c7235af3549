"""Are these answers what the form asks for? One reading of a form's schema, for pages, API and examples.

Formats beyond JSON Schema's own: citizen-id, uscc, tel, money, place, point. A field whose `x-show`
does not hold is not asked, so it may be missing although required.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from datetime import date
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from yinuo.core import codes
from yinuo.core.matter import Label

MONEY = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]{1,2})?")
TEL = re.compile(r"1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8}")
PLACE = re.compile(r"[0-9]{6}([0-9]{3})?")
DECIMAL = re.compile(r"-?[0-9]{1,3}(\.[0-9]+)?")
FORMATS = ("citizen-id", "uscc", "tel", "money", "date", "place", "point", "email")

_REMEDIES = {
    "citizen-id": Label("应为 18 位公民身份号码", "write the 18 characters of an identity card"),
    "uscc": Label("应为 18 位统一社会信用代码", "write the 18 characters of a unified social credit code"),
    "tel": Label("应为手机号或带区号的电话", "write a mobile number or one with its area code"),
    "money": Label("应为金额，如 1200.50", "write an amount such as 1200.50"),
    "date": Label("应为日期，如 2026-05-09", "write a date such as 2026-05-09"),
    "place": Label("应为本市的区划代码", "write a division code of this city"),
    "point": Label("应为 lat、lon 两个数字", "give lat and lon as numbers in texts"),
}


def problems(
    form: Mapping[str, Any], answers: Mapping[str, Any], *, on: date, places: Container[str] | None = None
) -> list[tuple[str, Label]]:
    """(field, what is wrong with it) for every answer that `form` does not allow; [] when all are right.

    form: JSON Schema 2020-12 as a matter's form.json. on: the day of checking. places: the codes there are.
    """
    checker = _checker(on=on, places=places)
    validator = Draft202012Validator(asked(form, answers), format_checker=checker)
    return [_said(error) for error in validator.iter_errors(dict(answers))]


def shown(name: str, properties: Mapping[str, Any], answers: Mapping[str, Any]) -> bool:
    """False when the `x-show` of field `name`, or of a field it hangs on, does not hold under these answers.

    x-show: {"field": other, "is": value or [values]}, or a list of such, which must all hold.
    """
    return _holds((properties.get(name) or {}).get("x-show"), properties, answers, seen=(name,))


def conditions(show: Any) -> list[Mapping[str, Any]]:
    """The single conditions of an `x-show`."""
    return [] if not show else [show] if isinstance(show, Mapping) else list(show)


def _holds(
    show: Any, properties: Mapping[str, Any], answers: Mapping[str, Any], *, seen: tuple[str, ...]
) -> bool:
    for one in conditions(show):
        other = one["field"]
        if other in seen:
            return False
        if not _holds((properties.get(other) or {}).get("x-show"), properties, answers, seen=(*seen, other)):
            return False
        wanted = one["is"] if isinstance(one["is"], list) else [one["is"]]
        given = answers.get(other)
        if not any(each in wanted for each in (given if isinstance(given, list) else [given])):
            return False
    return True


def asked(form: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    """`form`, without the duty to answer what these answers keep hidden."""
    properties = form.get("properties") or {}
    hidden = {name for name in properties if not shown(name, properties, answers)}
    wanted = [name for name in form.get("required") or () if name not in hidden]
    return {**form, "required": wanted}


def _checker(*, on: date, places: Container[str] | None) -> FormatChecker:
    checker = FormatChecker(formats=("date", "email"))
    checks: dict[str, Callable[[Any], bool]] = {
        "citizen-id": lambda value: bool(codes.citizen_id(value, on)),
        "uscc": lambda value: bool(codes.uscc(value)),
        "tel": lambda value: bool(TEL.fullmatch(value)),
        "money": lambda value: bool(MONEY.fullmatch(value)),
        "place": lambda value: bool(PLACE.fullmatch(value)) and (places is None or value in places),
    }
    for name, check in checks.items():
        checker.checks(name, raises=codes.Invalid)(_of_text(check))
    checker.checks("point")(_is_point)
    return checker


def _of_text(check: Callable[[Any], bool]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or value == "" or check(value)


def _is_point(value: object) -> bool:
    if not isinstance(value, Mapping):
        return True
    numbers = [value.get("lat"), value.get("lon")]
    return all(isinstance(each, str) and DECIMAL.fullmatch(each) for each in numbers)


def _said(error: ValidationError) -> tuple[str, Label]:
    field = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "format":
        remedy = _REMEDIES.get(str(error.validator_value), Label(error.message, error.message))
        return field, remedy
    if error.validator == "required":
        missing = re.match(r"'([^']+)'", error.message)
        name = missing.group(1) if missing else ""
        return f"{field}.{name}".strip("."), Label("必填", "this is required")
    return field, Label(error.message, error.message)
