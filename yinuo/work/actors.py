"""Who somebody is towards one case: their roles there, and whether they act for the applicant."""

from __future__ import annotations

from yinuo.core.rules import Actor
from yinuo.registers import parties, people, units
from yinuo.registers.models import Person


def actor(person: Person, *, holder: str, matter: str, party: int | None, opened_by: int | None) -> Actor:
    """`person` towards a case that `holder` ("unit:…", "party:…" or "") holds.

    A role counts when the post's unit is the holder or stands above it. Somebody who reported a case
    without a party (a lamp out) acts for it as its applicant.
    """
    kind, _, unit = holder.partition(":")
    roles: frozenset[str] = frozenset()
    if kind == "unit":
        path = units.path(unit)
        roles = people.roles_towards(people.posts_of(person), path, matter) if path else frozenset()
    return Actor(
        kind="person", id=person.pk, roles=roles, party=is_party(person, party=party, opened_by=opened_by)
    )


def is_party(person: Person, *, party: int | None, opened_by: int | None) -> bool:
    """Whether `person` is the applicant of a case or may act for them."""
    if party is None:
        return opened_by is not None and opened_by == person.pk
    return parties.may_act(person, party)
