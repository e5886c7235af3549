"""From what a person typed to a JSON value, and what to say when that cannot be.

`read` turns text into the value that a property's JSON Schema speaks of, in one spelling: full-width digits
become plain ones, blanks go, phone numbers lose +86. `sentence` says every error as: which field, what was
given, what would be right, in Chinese or English. Reads no clock and no database.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from yinuo.core import codes
from yinuo.faces.parts.templatetags.parts import mask

MOBILE = re.compile(r"1[3-9]\d{9}")
LANDLINE = re.compile(r"0\d{2,3}-?\d{7,8}")
DATES = re.compile(r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})\D?")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
# The land of China, generously: what lies outside is a slip of the hand or swapped fields.
BOUNDS = {"lat": (Decimal(3), Decimal(54)), "lon": (Decimal(73), Decimal(136))}

SAID: dict[str, tuple[str, str]] = {
    "required": ("请填写{label}", "Enter {label}"),
    "required_choice": ("请选择{label}", "Choose {label}"),
    "required_consent": ("请勾选“{label}”，勾选后才能继续", "Tick “{label}” to go on"),
    "required_file": ("请上传{label}", "Upload {label}"),
    "integer": (
        "{label}填的是“{given}”，应是整数，例如 3",
        "{label} is “{given}”; give a whole number such as 3",
    ),
    "number": (
        "{label}填的是“{given}”，应是数字，例如 12.5",
        "{label} is “{given}”; give a number such as 12.5",
    ),
    "money": (
        "{label}填的是“{given}”，应是以元为单位的金额，最多两位小数，例如 1200.50",
        "{label} is “{given}”; give an amount in yuan with at most two decimals, such as 1200.50",
    ),
    "date": (
        "{label}填的是“{given}”，应是日历上有的日期，例如 2026-11-28",
        "{label} is “{given}”; give a day of the calendar, such as 2026-11-28",
    ),
    "boolean": ("{label}是“{given}”，请选择“是”或“否”", "{label} is “{given}”; choose yes or no"),
    "tel": (
        "{label}填的是“{given}”（{count} 位），应是 11 位手机号，或带区号的座机号，例如 0356-2025555",
        "{label} is “{given}” ({count} digits); give an 11-digit mobile number, "
        "or a landline with its area code, such as 0356-2025555",
    ),
    "email": (
        "{label}填的是“{given}”，应是邮箱地址，例如 name@example.cn",
        "{label} is “{given}”; give an address such as name@example.cn",
    ),
    "id_length": (
        "{label}填了 {count} 位，应是身份证上的 18 位号码",
        "{label} has {count} characters; copy all 18 from the identity card",
    ),
    "id_letters": (
        "{label}填的是“{given}”，前 17 位应是数字，末位应是数字或 X",
        "{label} is “{given}”; write 17 digits, then a digit or X",
    ),
    "id_check": (
        "{label}填的是“{given}”，有一位不对（校验不通过），请对照身份证逐位核对",
        "{label} is “{given}”, in which one digit is wrong; compare each with the identity card",
    ),
    "uscc_length": (
        "{label}填了 {count} 位，应是营业执照上的 18 位统一社会信用代码",
        "{label} has {count} characters; copy all 18 from the business licence",
    ),
    "uscc_check": (
        "{label}填的是“{given}”，有一位不对（校验不通过，代码中没有字母 I、O、S、V、Z），"
        "请对照营业执照逐位核对",
        "{label} is “{given}”, in which one character is wrong (I, O, S, V and Z do not occur); "
        "compare each with the business licence",
    ),
    "point_half": (
        "{label}只填了经纬度中的一个，请两个都填，或都不填",
        "{label} has only one of latitude and longitude; give both or none",
    ),
    "point_swapped": (
        "{label}的纬度是 {lat}、经度是 {lon}，看来填反了：纬度约 35，经度约 112",
        "{label} has latitude {lat} and longitude {lon}, which look swapped: "
        "latitude is about 35, longitude about 112",
    ),
    "point_range": (
        "{label}的纬度是 {lat}、经度是 {lon}，不在我国范围内：纬度应在 3 到 54，经度应在 73 到 136",
        "{label} has latitude {lat} and longitude {lon}, outside China: "
        "latitude is 3 to 54, longitude 73 to 136",
    ),
    "enum": (
        "{label}是“{given}”，不在可选范围内，请从列出的选项中选择",
        "{label} is “{given}”, which is not offered; choose one of the list",
    ),
    "minimum": ("{label}填的是 {given}，不能小于 {limit}", "{label} is {given}; it must be at least {limit}"),
    "maximum": ("{label}填的是 {given}，不能大于 {limit}", "{label} is {given}; it must be at most {limit}"),
    "exclusiveMinimum": (
        "{label}填的是 {given}，应大于 {limit}",
        "{label} is {given}; it must be more than {limit}",
    ),
    "exclusiveMaximum": (
        "{label}填的是 {given}，应小于 {limit}",
        "{label} is {given}; it must be less than {limit}",
    ),
    "multipleOf": (
        "{label}填的是 {given}，应是 {limit} 的倍数",
        "{label} is {given}; it must be a multiple of {limit}",
    ),
    "early": ("{label}填的是 {given}，不能早于 {limit}", "{label} is {given}; it must not be before {limit}"),
    "late": ("{label}填的是 {given}，不能晚于 {limit}", "{label} is {given}; it must not be after {limit}"),
    "minLength": (
        "{label}填了 {count} 个字，至少要 {limit} 个字",
        "{label} has {count} characters; write at least {limit}",
    ),
    "maxLength": (
        "{label}填了 {count} 个字，最多 {limit} 个字，请删去 {over} 个字",
        "{label} has {count} characters; write at most {limit} (delete {over})",
    ),
    "minItems": (
        "{label}选了 {count} 项，至少选 {limit} 项",
        "{label}: {count} chosen; choose at least {limit}",
    ),
    "maxItems": (
        "{label}选了 {count} 项，最多选 {limit} 项",
        "{label}: {count} chosen; choose at most {limit}",
    ),
    "uniqueItems": ("{label}里有重复的选项，每项只选一次", "{label} names something twice; choose each once"),
    "pattern": (
        "{label}填的是“{given}”，格式不对，请照提示填写",
        "{label} is “{given}”; write it as the hint shows",
    ),
    "const": ("{label}是“{given}”，应是“{limit}”", "{label} is “{given}”; it must be “{limit}”"),
    "other": (
        "{label}填的是“{given}”，不合要求，请照提示改正",
        "{label} is “{given}”, which does not meet the rule in the hint",
    ),
}


class Wrong(ValueError):
    """What was typed cannot be the value asked for. `key` names a sentence of SAID, `facts` fill it."""

    def __init__(self, key: str, **facts: Any) -> None:
        super().__init__(key)
        self.key = key
        self.facts = facts


def sentence(key: str, *, lang: str, label: str, **facts: Any) -> str:
    """Say an error to the person who can mend it."""
    return SAID.get(key, SAID["other"])[1 if lang == "en" else 0].format(label=label, **facts)


def plain(text: str) -> str:
    """Full-width letters and digits as plain ones, without blanks around."""
    return unicodedata.normalize("NFKC", text).strip()


def short(value: Any) -> str:
    """What was given, cut to a length that fits into a sentence."""
    text = str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def kind_of(prop: Mapping[str, Any]) -> str:
    """Say how a property is asked.

    One of text, textarea, integer, number, money, date, boolean, consent, choice, choices, tel, email,
    citizen-id, uscc, account, point, place.
    """
    widget, form, type_ = prop.get("x-widget", ""), prop.get("format", ""), prop.get("type", "string")
    if widget in ("point", "place") or form in ("point", "place"):
        return "point" if "point" in (widget, form) else "place"
    if type_ == "boolean":
        return "consent" if prop.get("const") is True else "boolean"
    if type_ == "array":
        return "choices"
    if "enum" in prop:
        return "choice"
    for known in ("money", "date", "tel", "email", "citizen-id", "uscc", "textarea", "account"):
        if known in (widget, form):
            return known
    return type_ if type_ in ("integer", "number") else "text"


def read(raw: Any, *, prop: Mapping[str, Any], on: date) -> Any:
    """Return the JSON value of what was typed or stored, None when nothing was. Raises Wrong.

    raw: text of one field, a list of texts (choices), {"lat", "lon", "place"} (point), or a stored value.
    on: the day of checking, for identity numbers and for limits that say "today".
    """
    kind = kind_of(prop)
    if kind == "point":
        return _point(raw, prop)
    if kind == "choices":
        return [_option(one, prop.get("items", {})) for one in (raw or []) if str(one) != ""] or None
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return None
    if kind in ("boolean", "consent"):
        if isinstance(raw, bool):
            return raw
        known = {"true": True, "on": True, "1": True, "false": False, "0": False}
        if str(raw).lower() not in known:
            raise Wrong("boolean", given=short(raw))
        return known[str(raw).lower()]
    if kind == "choice" or "enum" in prop:
        return _option(raw, prop)
    text = str(raw)
    if kind == "text" or kind == "textarea":
        return text.replace("\r\n", "\n").strip()
    text = plain(text)
    if kind in ("integer", "number", "money"):
        return _number(text, kind=kind, prop=prop)
    if kind == "date":
        return _date(text, prop=prop, on=on)
    if kind == "tel":
        return _tel(text)
    if kind == "citizen-id":
        return _citizen_id(text, on=on)
    if kind == "uscc":
        return _uscc(text)
    if kind == "email" and not EMAIL.fullmatch(text):
        raise Wrong("email", given=short(text))
    return re.sub(r"[\s-]", "", text) if kind == "account" else text


def _option(raw: Any, prop: Mapping[str, Any]) -> Any:
    for option in prop.get("enum", ()):
        if raw == option or str(raw) == str(option):
            return option
    raise Wrong("enum", given=short(raw))


def _number(text: str, *, kind: str, prop: Mapping[str, Any]) -> int | float | str:
    try:
        value = Decimal(text.replace(",", "").removesuffix("元").strip())
    except InvalidOperation:
        raise Wrong(kind, given=short(text)) from None
    if not value.is_finite() or abs(value) >= Decimal(10) ** 15:
        raise Wrong(kind, given=short(text))
    if kind == "integer":
        if value != value.to_integral_value():
            raise Wrong(kind, given=short(text))
        return int(value)
    if kind == "number":
        return float(value)
    if value != round(value, 2):
        raise Wrong(kind, given=short(text))
    for key, bound, outside in (("minimum", "x-min", value.__lt__), ("maximum", "x-max", value.__gt__)):
        if bound in prop and outside(Decimal(str(prop[bound]))):
            raise Wrong(key, given=short(text), limit=prop[bound])
    return f"{value:.2f}"


def _date(text: str, *, prop: Mapping[str, Any], on: date) -> str:
    found = DATES.fullmatch(text)
    try:
        day = date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        day = None
    if day is None:
        raise Wrong("date", given=short(text))
    for key, bound, sign in (("early", "x-min", 1), ("late", "x-max", -1)):
        if bound in prop:
            limit = on if prop[bound] == "today" else date.fromisoformat(str(prop[bound]))
            if (limit - day).days * sign > 0:
                raise Wrong(key, given=day.isoformat(), limit=limit.isoformat())
    return day.isoformat()


def _tel(text: str) -> str:
    digits = re.sub(r"[\s()]", "", text)
    digits = re.sub(r"^(\+86|0086)-?", "", digits)
    if MOBILE.fullmatch(digits.replace("-", "")):
        return digits.replace("-", "")
    if LANDLINE.fullmatch(digits):
        return digits
    raise Wrong("tel", given=short(text), count=sum(c.isdigit() for c in text))


def _citizen_id(text: str, *, on: date) -> str:
    text = text.replace(" ", "")
    try:
        return codes.citizen_id(text, on)
    except codes.Invalid:
        if len(text) != 18:
            raise Wrong("id_length", count=len(text)) from None
        shape = re.fullmatch(r"\d{17}[\dXx]", text)
        raise Wrong("id_check" if shape else "id_letters", given=mask(text, "id")) from None


def _uscc(text: str) -> str:
    text = text.replace(" ", "")
    try:
        return codes.uscc(text)
    except codes.Invalid:
        if len(text) != 18:
            raise Wrong("uscc_length", count=len(text)) from None
        raise Wrong("uscc_check", given=short(text)) from None


def _point(raw: Any, prop: Mapping[str, Any]) -> dict[str, Any] | None:
    if not isinstance(raw, Mapping):
        return None
    given = {
        part: plain(str(raw.get(part) if raw.get(part) is not None else ""))
        for part in ("lat", "lon", "place")
    }
    value: dict[str, Any] = {"place": given["place"]} if given["place"] else {}
    if value and "enum" in prop:
        _option(value["place"], prop)
    if bool(given["lat"]) != bool(given["lon"]):
        raise Wrong("point_half")
    if given["lat"]:
        try:
            lat, lon = Decimal(given["lat"]), Decimal(given["lon"])
        except InvalidOperation:
            raise Wrong("number", given=short(f"{given['lat']}, {given['lon']}")) from None
        shown = {"lat": short(lat), "lon": short(lon)}
        if not (_within("lat", lat) and _within("lon", lon)):
            swapped = _within("lat", lon) and _within("lon", lat)
            raise Wrong("point_swapped" if swapped else "point_range", **shown)
        # Texts of six decimals (0.1 m): a ledger's body holds no floats.
        value |= {"lat": f"{lat:.6f}", "lon": f"{lon:.6f}"}
    return value or None


def _within(part: str, value: Decimal) -> bool:
    low, high = BOUNDS[part]
    return value.is_finite() and low <= value <= high
