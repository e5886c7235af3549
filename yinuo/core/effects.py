"""What an effect writes: the fields of a new record or of a new case's form, from their sources.

A source is a text: "form.<field>" (the applicant's answer), "data.<field>" (what the officer gave with this
move, a field of its `form`), "child.<register>.<field>" (of the record that a child put there, so that what
one office has written is never typed again by the next), "text:<these very words>", or one of PLAIN_SOURCES.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from .matter import Effect

PLAIN_SOURCES = (
    "party.name",
    "party.id_number",
    "party.phone",
    "case.number",
    "case.title",
    "case.place",
    "case.unit",
    "today",
    "number",
    "valid_until",
)
FORM, DATA, CHILD, TEXT = "form.", "data.", "child.", "text:"


@dataclass(frozen=True, slots=True)
class Given:
    """What sources may draw from. today: the day in Shanghai on which the move is made. unit: the name of the
    unit that answers for the matter (实施主体). children: register -> the body its child put there last."""

    form: Mapping[str, Any]
    number: str
    title: str
    place: str
    today: date
    party_name: str = ""
    party_id_number: str = ""
    party_phone: str = ""
    unit: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    children: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def asks_children(effect: Effect) -> bool:
    """Whether `effect` draws on what a child wrote."""
    return any(source.startswith(CHILD) for source in effect.fields.values())


def written(effect: Effect, given: Given) -> dict[str, Any]:
    """The fields `effect` writes. A field whose source is empty (an answer not given) is left out."""
    found = {name: drawn(source, effect=effect, given=given) for name, source in effect.fields.items()}
    return {name: value for name, value in found.items() if value is not None and value != ""}


def drawn(source: str, *, effect: Effect, given: Given) -> Any:
    """The value of `source`; None where nothing was answered. Raises KeyError for an unknown source."""
    if source.startswith(FORM):
        return given.form.get(source.removeprefix(FORM))
    if source.startswith(DATA):
        return given.data.get(source.removeprefix(DATA))
    if source.startswith(CHILD):
        register, _, name = source.removeprefix(CHILD).partition(".")
        return given.children.get(register, {}).get(name)
    if source.startswith(TEXT):
        return source.removeprefix(TEXT)
    match source:
        case "party.name":
            return given.party_name
        case "party.id_number":
            return given.party_id_number
        case "party.phone":
            return given.party_phone
        case "case.number":
            return given.number
        case "case.title":
            return given.title
        case "case.place":
            return given.place
        case "case.unit":
            return given.unit
        case "today":
            return given.today.isoformat()
        case "number":
            return licence_number(effect.prefix, given.number)
        case "valid_until":
            return valid_until(given.today, effect.valid_years).isoformat() if effect.valid_years else None
    raise KeyError(
        f"{source!r} is no source; there are form.<field>, data.<field>, child.<register>.<field>, "
        f"text:<words>, {', '.join(PLAIN_SOURCES)}"
    )


def licence_number(prefix: str, case_number: str) -> str:
    """The number of the licence a case ends in: the matter's prefix, then the case's own number."""
    return f"{prefix}{case_number}"


def valid_until(issued: date, years: int) -> date:
    """The last day of a licence that is good for `years` years: the eve of the anniversary of its issue."""
    try:
        anniversary = issued.replace(year=issued.year + years)
    except ValueError:  # 29 February: the licence's last day is then 28 February
        return date(issued.year + years, 2, 28)
    return anniversary - timedelta(days=1)
