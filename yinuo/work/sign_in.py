"""The list of demonstration sign-ins, and the one-click way in that exists only there."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from yinuo.registers.models import PartyMember, Person, Post

from . import names


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """One demonstration sign-in: who it is, in what role and unit, or for which party."""

    username: str
    name: str
    role: str
    unit: str
    party: str


def demo_people(*, lang: str) -> list[DemoPerson]:
    """Everybody the demo brought in, applicants first, then officers by unit; [] outside the demo."""
    if not settings.DEMO:
        return []
    found = list(Person.objects.filter(demo=True, is_active=True).order_by("id"))
    posts: dict[int, Post] = {}
    for post in Post.objects.filter(person__in=found, valid_to__isnull=True).select_related("role"):
        posts.setdefault(post.person_id, post)
    members = PartyMember.objects.filter(person__in=found, valid_to__isnull=True).select_related("party")
    parties = {member.person_id: member.party.name for member in members}
    people = []
    for person in found:
        held = posts.get(person.pk)
        role = (held.role.title_zh if lang == "zh" else held.role.title_en) if held else ""
        unit = names.unit(held.unit_id, lang_=lang) if held else ""
        people.append(DemoPerson(person.username, person.name, role, unit, parties.get(person.pk, "")))
    return sorted(people, key=lambda person: (bool(person.unit), person.unit))


def demo_person(username: str) -> Person | None:
    """The demonstration account of that name; None for a real one, and always outside the demo."""
    if not settings.DEMO:
        return None
    return Person.objects.filter(username=username, demo=True, is_active=True).first()
