"""台账记录: put, end and show the lines of a register. A record is never deleted, nor its body rewritten.

A new record of a key takes the place of the one that stands and points back to it. Whatever happens to a
record afterwards is a change of its state with a reason, kept in RecordChange.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import get_language, gettext
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from yinuo.core.matter import Label

from . import places
from .models import Party, Record, RecordChange, Register, today

CURRENT, SUSPENDED, SUPERSEDED, REVOKED, WITHDRAWN = Record.State
STANDING = (CURRENT, SUSPENDED)
"""The states that hold a key: at most one record of a key is in one of them, and the database sees to it."""

HIDDEN = "＊＊＊"
"""What stands in place of a value that is not public: its length says nothing either."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a record. field: dotted path in the body, or an argument's name."""

    field: str
    value: str
    wrong: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.field}: {self.value} {self.wrong}; {self.remedy}".replace(":  ", ": ")


class Invalid(ValueError):
    """A record that its register does not take. `problems` says what, field by field.

    The text holds no value of a personal field, because error texts end up in logs.
    """

    def __init__(self, register: str, problems: list[Problem]) -> None:
        super().__init__(f"register {register}: " + " | ".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class NotNow(ValueError):
    """The record's state does not allow this, because somebody was first or it has ended already."""


def put(
    register: Register | str,
    *,
    body: Mapping[str, Any],
    key: str = "",
    number: str = "",
    party: Party | int | None = None,
    case_number: str = "",
    place: str | None = None,
    valid_from: date | None = None,
    valid_until: date | None = None,
    by: str = "",
    at: datetime | None = None,
) -> Record:
    """Writes a record, which from now on stands for its key; the one that stood becomes superseded.

    key: by default what the body says in the register's key field. valid_until: the last day it holds.
    by: "person:12" or "system". at: now by default. The same record put again by the same case is returned as
    it is, so a retried effect writes once. Raises Invalid; Register.DoesNotExist for an unknown register.
    """
    held = register if isinstance(register, Register) else Register.objects.get(pk=register)
    moment = at or timezone.now()
    start = valid_from or timezone.localdate(moment)
    key = key or _key(held, body)
    where = _place(held, place)
    problems = _problems(held, body, key=key)
    if valid_until is not None and valid_until < start:
        problems.append(
            Problem("valid_until", str(valid_until), f"is before {start}", "it is the last day of validity")
        )
    if problems:
        raise Invalid(held.pk, problems)
    fresh = Record(
        register=held,
        key=key,
        body=dict(body),
        number=number,
        party_id=party.pk if isinstance(party, Party) else party,
        case_number=case_number,
        place_id=where,
        valid_from=start,
        valid_until=valid_until,
        made_at=moment,
    )
    with transaction.atomic():
        _alone(held.pk, key)
        before = Record.objects.filter(register=held, key=key).order_by("-id").first()
        standing = Record.objects.filter(register=held, key=key, state__in=STANDING).first()
        if standing is not None and case_number and _same(standing, fresh):
            return standing
        if standing is not None:
            _change(standing, SUPERSEDED, reason="", case_number=case_number, by=by, at=moment)
        fresh.previous = standing or before
        fresh.save(force_insert=True)
        RecordChange.objects.create(
            record=fresh, at=moment, before="", after=CURRENT, case_number=case_number, by=by
        )
    return fresh


def suspend(
    record: Record, reason: str, *, by: str = "", case_number: str = "", at: datetime | None = None
) -> Record:
    """暂停: it stands but does not hold. Raises ValueError without a reason, NotNow unless it is current."""
    return _end(record, SUSPENDED, reason, allowed=(CURRENT,), by=by, case_number=case_number, at=at)


def resume(
    record: Record, reason: str, *, by: str = "", case_number: str = "", at: datetime | None = None
) -> Record:
    """恢复 a suspended record. Raises ValueError without a reason, NotNow unless it is suspended."""
    return _end(record, CURRENT, reason, allowed=(SUSPENDED,), by=by, case_number=case_number, at=at)


def revoke(
    record: Record, reason: str, *, by: str = "", case_number: str = "", at: datetime | None = None
) -> Record:
    """撤销、吊销. Raises ValueError without a reason, NotNow unless it stands."""
    return _end(record, REVOKED, reason, allowed=STANDING, by=by, case_number=case_number, at=at)


def withdraw(
    record: Record,
    reason: str,
    *,
    by: str = "",
    case_number: str = "",
    at: datetime | None = None,
    restore: bool = False,
) -> Record:
    """撤回. With `restore` the record that it superseded stands again: the way a mistaken grant is undone.

    Raises ValueError without a reason, NotNow when it was revoked or withdrawn before.
    """
    with transaction.atomic():
        stood = record.state in STANDING
        ended = _end(
            record, WITHDRAWN, reason, allowed=(*STANDING, SUPERSEDED), by=by, case_number=case_number, at=at
        )
        earlier = _displaced(ended) if restore and stood else None
        if earlier is not None:
            last = earlier.changes.order_by("-id").first()
            back = last.before if last is not None and last.before in STANDING else CURRENT
            _change(earlier, back, reason=reason, case_number=case_number, by=by, at=at or timezone.now())
    return ended


def withdraw_of_case(
    case_number: str, *, since: datetime, reason: str, by: str = "", at: datetime | None = None
) -> list[Record]:
    """Withdraws what the case has put since that instant (included), newest first.

    What stood before stands again. A record that a later case has superseded is withdrawn too, and the later
    one goes on standing.
    """
    with transaction.atomic():
        found = Record.objects.filter(
            case_number=case_number, made_at__gte=since, state__in=(*STANDING, SUPERSEDED)
        ).order_by("-id")
        return [
            withdraw(record, reason, by=by, case_number=case_number, at=at, restore=True)
            for record in list(found)
        ]


def current(register: str, key: str) -> Record | None:
    """The record that stands for `key`, suspended or not; None when none does."""
    return Record.objects.filter(register=register, key=key, state__in=STANDING).first()


def by_code(code: str) -> Record | None:
    """The record whose verification code this is, whatever its state; None when there is none."""
    if len(code) != 16 or not code.isascii() or "\0" in code:
        return None
    return Record.objects.select_related("register").filter(code=code).first()


def holds(record: Record, *, on: date | None = None) -> bool:
    """Whether it is in force on that day: current, begun and not past its last day."""
    day = on or today()
    return (
        record.state == CURRENT
        and record.valid_from <= day
        and (record.valid_until is None or day <= record.valid_until)
    )


# -- what anybody may see ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PublicField:
    """One line of a verification page. `value` is HIDDEN where `shown` is false."""

    name: str
    title: str
    value: Any
    shown: bool


@dataclass(frozen=True, slots=True)
class PublicView:
    """A record as anybody may see it. `standing`: "holds", "not_begun", "expired", or the record's state."""

    code: str
    title: Label
    number: str
    standing: str
    says: str
    valid_from: date
    valid_until: date | None
    fields: tuple[PublicField, ...]


def public_view(record: Record, *, on: date | None = None) -> PublicView:
    """What a stranger sees who scans the code: public fields, the rest hidden, and whether it is in force."""
    register = record.register
    day = on or today()
    standing = _standing(record, day)
    properties = register.schema.get("properties", {})
    # The public list keeps the order its register was written in; jsonb keeps none.
    names = [*register.public, *sorted(properties.keys() - set(register.public))]
    fields = []
    for name in names:
        if name not in record.body or name not in properties:
            continue
        if name == "status" and standing != "holds":
            continue  # as written when it was made; `says` is what is so now
        shown = name in register.public and not properties[name].get("x-personal")
        fields.append(
            PublicField(
                name=name,
                title=_title(register, name),
                value=_in_words(register, name, record.body[name]) if shown else HIDDEN,
                shown=shown,
            )
        )
    open_values = {str(field.value) for field in fields if field.shown}
    return PublicView(
        code=record.code,
        title=Label(register.title_zh, register.title_en),
        number=record.number if record.number in open_values else "",
        standing=standing,
        says=_says(standing),
        valid_from=record.valid_from,
        valid_until=record.valid_until,
        fields=tuple(fields),
    )


def _standing(record: Record, day: date) -> str:
    if record.state != CURRENT:
        return str(record.state)
    if day < record.valid_from:
        return "not_begun"
    return "holds" if holds(record, on=day) else "expired"


def _says(standing: str) -> str:
    return {
        "holds": gettext("有效"),
        "not_begun": gettext("尚未生效"),
        "expired": gettext("已过有效期"),
        "suspended": gettext("暂停"),
        "superseded": gettext("已被新记录取代"),
        "revoked": gettext("已撤销"),
        "withdrawn": gettext("已撤回"),
    }[standing]


# -- inside -----------------------------------------------------------------------------------


def _alone(register: str, key: str) -> None:
    """One writer a key: two at once would both find no record, and the slower one would fail."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"record {register}/{key}"])


def _same(standing: Record, fresh: Record) -> bool:
    names = ("case_number", "body", "number", "party_id", "place_id", "valid_from", "valid_until")
    return all(getattr(standing, name) == getattr(fresh, name) for name in names)


def _end(
    record: Record,
    state: str,
    reason: str,
    *,
    allowed: tuple[str, ...],
    by: str,
    case_number: str,
    at: datetime | None,
) -> Record:
    if not reason.strip():
        raise ValueError(f"reason: is empty; say why {record} becomes {state}")
    with transaction.atomic():
        _alone(record.register_id, record.key)
        live = Record.objects.select_related("register", "previous").get(pk=record.pk)
        if live.state not in allowed:
            raise NotNow(f"{live} is {live.state}; it becomes {state} only when {' or '.join(allowed)}")
        _change(live, state, reason=reason, case_number=case_number, by=by, at=at or timezone.now())
    record.state, record.reason = live.state, live.reason
    return live


def _displaced(record: Record) -> Record | None:
    """The record that would stand for the key had this one never been put; None when none would."""
    earlier = record.previous
    # One that ended before this was put was not displaced by it, so nothing behind it comes back either.
    while earlier is not None and earlier.changes.filter(after=SUPERSEDED).exists():
        if earlier.state == SUPERSEDED:
            return earlier
        earlier = earlier.previous if earlier.state == WITHDRAWN else None
    return None


def _change(record: Record, state: str, *, reason: str, case_number: str, by: str, at: datetime) -> None:
    RecordChange.objects.create(
        record=record,
        at=at,
        before=record.state,
        after=state,
        reason=reason.strip(),
        case_number=case_number,
        by=by,
    )
    record.state = state
    record.reason = "" if state in (CURRENT, SUPERSEDED) else reason.strip()
    record.save(update_fields=["state", "reason"])


def _key(register: Register, body: Mapping[str, Any]) -> str:
    value = body.get(register.key)
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        problem = Problem(
            register.key, _plain(value), "names no record", "it is the register's key: fill it in"
        )
        raise Invalid(register.pk, [problem])
    return str(value)


def _place(register: Register, place: str | None) -> str | None:
    if not place:
        return None
    known = place if places.get(place) is not None else places.present(place)
    if not known:
        problem = Problem("place", repr(place), "is not in the division tree", "use a code of 6 or 9 digits")
        raise Invalid(register.pk, [problem])
    return known


def _problems(register: Register, body: Mapping[str, Any], *, key: str) -> list[Problem]:
    try:
        if "\\u0000" in json.dumps(dict(body), allow_nan=False):
            return [Problem("body", "", "holds the character U+0000", "leave it out; no database keeps it")]
    except (TypeError, ValueError) as error:
        return [
            Problem("body", "", f"is no JSON ({error})", "use text, numbers, true, false, lists, objects")
        ]
    found: list[Problem] = []
    if register.key in body and str(body[register.key]) != key:
        found.append(
            Problem(
                register.key, _plain(body[register.key]), f"is not the key {key!r}", "write one of the two"
            )
        )
    validator = Draft202012Validator(register.schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    errors = sorted(validator.iter_errors(dict(body)), key=lambda error: [str(part) for part in error.path])
    found += [problem for error in errors for problem in _complaints(register, error)]
    return list(dict.fromkeys(found))


def _complaints(register: Register, error: ValidationError) -> list[Problem]:
    """A schema's complaint in our words. Values of personal fields and whole bodies are left out."""
    path = [str(part) for part in error.absolute_path]
    rule, wanted, instance = str(error.validator), cast(Any, error.validator_value), cast(Any, error.instance)
    if rule == "required":
        # One error a missing field, and each holds only the list of all that are required.
        missing = [name for name in wanted if name not in instance]
        return [
            Problem(".".join([*path, name]), "", "is missing", f"fill in {_title(register, name)}")
            for name in missing
        ]
    if rule == "additionalProperties":
        known = error.schema.get("properties", {}) if isinstance(error.schema, Mapping) else {}
        strange = sorted(name for name in instance if name not in known)
        remedy = f"use {', '.join(known)}"
        return [
            Problem(".".join([*path, name]), "", "is no field of this register", remedy) for name in strange
        ]
    spec = register.schema.get("properties", {}).get(path[0], {}) if path else {}
    if not path:
        value = ""
    elif spec.get("x-personal"):
        value = "a personal value"
    else:
        value = _plain(instance)
    title = _title(register, path[0] if path else "")
    return [Problem(".".join(path) or "body", value, f"does not fit {title}", _remedy(rule, wanted))]


def _remedy(rule: str, wanted: Any) -> str:
    listed = ", ".join(map(str, wanted)) if isinstance(wanted, list) else str(wanted)
    words = {
        "type": f"write a value of type {listed}",
        "enum": f"use one of {listed}",
        "const": f"write {listed}",
        "format": f"write a {listed}" + (" such as 2026-11-23" if wanted == "date" else ""),
        "pattern": f"write it in the form {listed}",
        "minLength": f"write at least {listed} characters",
        "maxLength": f"write at most {listed} characters",
        "minimum": f"write at least {listed}",
        "maximum": f"write at most {listed}",
        "exclusiveMinimum": f"write more than {listed}",
        "exclusiveMaximum": f"write less than {listed}",
        "uniqueItems": "name each once",
    }
    return (
        words.get(rule) or f"the register says {rule}: {json.dumps(wanted, ensure_ascii=False, default=str)}"
    )


def _title(register: Register, name: str) -> str:
    """A field's name for people, in the language of this request where the register says it in both."""
    lang = "zh" if (get_language() or "zh").startswith("zh") else "en"
    spec = register.schema.get("properties", {}).get(name, {})
    said = spec.get("x-title", {}).get(lang) or spec.get("title")
    return str(said or name or Label(register.title_zh, register.title_en).in_(lang))


def _in_words(register: Register, name: str, value: Any) -> Any:
    """A value, or each of a list, by the label the register gives its code in `x-labels`."""
    labels = register.schema.get("properties", {}).get(name, {}).get("x-labels", {})
    if not labels:
        return value
    if isinstance(value, list):
        return [_in_words(register, name, one) for one in value]
    lang = "zh" if (get_language() or "zh").startswith("zh") else "en"
    return labels.get(str(value), {}).get(lang, value)


def _plain(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:77] + "…"


def standing_of_cases(numbers: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
    """(register, body) of every record in force that cases of those numbers put, the oldest first."""
    rows = Record.objects.filter(case_number__in=numbers, state=Record.State.CURRENT).order_by("id")
    return list(rows.values_list("register_id", "body"))
