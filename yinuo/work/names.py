"""Names for what the ledger keeps as ids: holders, people, places, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import get_language

from yinuo.registers import edition
from yinuo.registers.models import Party, Person


def lang(wanted: str | None = None) -> str:
    """ "zh" or "en": `wanted`, else the language of this request."""
    return "zh" if (wanted or get_language() or "zh").startswith("zh") else "en"


def unit(id_: str, *, lang_: str | None = None) -> str:
    """A unit's name; the id itself when the register does not know it."""
    found = edition.current().units.get(id_)
    if found is None:
        return id_
    return found.name.in_(lang(lang_))


def city(*, lang_: str | None = None) -> str:
    """The city's name: the place that stands under no other."""
    root = next((place for place in edition.current().places.values() if place.parent is None), None)
    if root is None:
        return ""
    return root.name.in_(lang(lang_))


def holder(text: str, *, lang_: str | None = None) -> str:
    """ "unit:<id>" as the unit's name, "party:<id>" as 申请人, "" as nothing."""
    kind, _, id_ = text.partition(":")
    if kind == "unit":
        return unit(id_, lang_=lang_)
    if kind == "party":
        return "申请人" if lang(lang_) == "zh" else "the applicant"
    return ""


def people(ids: Iterable[int]) -> dict[int, str]:
    """person id -> name, in one query."""
    return dict(Person.objects.filter(pk__in=set(ids)).values_list("pk", "name"))


def party(id_: int | None) -> Party | None:
    """The party with that id, or None."""
    return Party.objects.filter(pk=id_).first() if id_ else None
