"""Who somebody is towards one case: their roles there, and whether they act for the applicant."""

from __future__ import annotations

from yinuo.core.rules import Actor
from yinuo.registers import people
from yinuo.registers.models import Person, today
from yinuo.registers.towards import Towards, towards


def actor(
    person: Person,
    *,
    holder: str,
    matter: str,
    party: int | None,
    opened_by: int | None,
    known: Towards | None = None,
) -> Actor:
    """`person` towards a case that `holder` ("unit:…", "party:…" or "") holds.

    A role counts when the post's unit is the holder or stands above it. Somebody who reported a case
    without a party (a lamp out) acts for it as its applicant. known: what the registers have said already.
    """
    known = known or towards(person.pk, party=party, on=today())
    kind, _, unit = holder.partition(":")
    roles: frozenset[str] = frozenset()
    if kind == "unit" and unit in known.now.units:
        roles = people.roles_towards(known.posts, known.now.units[unit].path, matter)
    acts = known.acts if party is not None else opened_by is not None and opened_by == person.pk
    return Actor(kind="person", id=person.pk, roles=roles, party=acts)
