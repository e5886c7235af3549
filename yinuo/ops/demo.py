"""People to try the platform with: `ensure()` brings them in, `remove()` locks them out.

They come from the pack's people.yaml and exist only while settings.DEMO is on. Their password is known to
everybody, so it is hashed once and shared; an account that has it already is left as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from django.conf import settings
from django.contrib.auth.hashers import check_password, is_password_usable, make_password
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from yinuo.registers import parties
from yinuo.registers.models import Party, PartyMember, Person, Post, Role, Unit, today

PASSWORD = "yinuo-demo"

PARTY_ROLES = ("citizen", "enterprise")
"""Roles that a person has by acting for a party, not by a post in a unit."""


class SignIn(NamedTuple):
    """A way in: user name, password, who that is (in Chinese), and the first of their roles."""

    username: str
    password: str
    who: str
    role: str


def ensure(pack_folder: Path | None = None) -> list[SignIn]:
    """Brings accounts, posts and parties to what the pack's people.yaml says. Safe to repeat.

    Without pack_folder, settings.PACK. A demo account that the file no longer has is locked. Raises
    ImproperlyConfigured when DEMO is off, when the file is wrong, and where a user name is a real person's.
    """
    if not settings.DEMO:
        raise ImproperlyConfigured("demo people are for DEMO=1 only: their password is known to everybody")
    path = Path(pack_folder or settings.PACK) / "people.yaml"
    if not path.is_file():
        return []
    rows = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("people") or []
    units = dict(Unit.objects.values_list("id", "name_zh"))
    roles = dict(Role.objects.values_list("id", "title_zh"))
    _check(rows, path, units=units, roles=roles)
    with transaction.atomic():
        known = {person.username: person for person in Person.objects.all()}
        hashed = _hash(known)
        for row in rows:
            person = _account(row, known.get(row["username"]), hashed=hashed, path=path)
            _posts(person, row)
            _party(person, row)
        names = [row["username"] for row in rows]
        _lock([person for person in known.values() if person.demo and person.username not in names])
    return [SignIn(row["username"], PASSWORD, _who(row, units, roles), row["roles"][0]) for row in rows]


def remove() -> int:
    """Locks every demo account and ends its sessions; returns how many were open. Their history stays."""
    return _lock(list(Person.objects.filter(demo=True)))


# -- inside -----------------------------------------------------------------------------------


def _lock(people: list[Person]) -> int:
    locked = 0
    for person in people:
        if person.is_active or person.has_usable_password():
            person.is_active = False  # a session of an account that is not active counts as signed out
            person.set_unusable_password()
            person.save(update_fields=["is_active", "password"])
            locked += 1
    return locked


def _check(
    rows: list[Mapping[str, Any]], path: Path, *, units: Mapping[str, str], roles: Mapping[str, str]
) -> None:
    problems: list[str] = []
    for number, row in enumerate(rows, start=1):
        who = row.get("username") or f"number {number}"
        needed = ("username", "name", "roles")
        problems += [f"{who}: {name}: is missing" for name in needed if not row.get(name)]
        unknown = [role for role in row.get("roles") or () if role not in roles]
        problems += [f"{who}: roles: {role!r} is not in roles.yaml" for role in unknown]
        unit = row.get("unit")
        if unit is not None and unit not in units:
            problems.append(f"{who}: unit: {unit!r} is not among the units; load the pack first, or mend it")
        if unit is None and any(role not in PARTY_ROLES for role in row.get("roles") or ()):
            problems.append(f"{who}: unit: is missing; an officer's role is held in a unit")
    if problems:
        raise ImproperlyConfigured("\n".join(f"{path}: {problem}" for problem in problems))


def _hash(known: Mapping[str, Person]) -> str:
    """The hash that demo accounts share: one of theirs that still fits, else a new one.

    Argon2 is slow on purpose; as the accounts share one hash, one check serves them all.
    """
    held = dict.fromkeys(person.password for person in known.values() if person.demo)
    usable = (each for each in held if is_password_usable(each) and check_password(PASSWORD, each))
    return next(usable, "") or make_password(PASSWORD)


def _account(row: Mapping[str, Any], person: Person | None, *, hashed: str, path: Path) -> Person:
    if person is not None and not person.demo:
        raise ImproperlyConfigured(
            f"{path}: {row['username']}: is a real person's account here; use another user name in the demo"
        )
    if person is None:
        return Person.objects.create(
            username=row["username"], name=row["name"], password=hashed, demo=True, is_active=True
        )
    if (person.name, person.password, person.is_active) != (row["name"], hashed, True):
        person.name, person.password, person.is_active = row["name"], hashed, True
        person.save(update_fields=["name", "password", "is_active"])
    return person


def _posts(person: Person, row: Mapping[str, Any]) -> None:
    """Exactly the posts of the row: what is new begins today, what is gone ends today."""
    unit = row.get("unit")
    wanted = {(unit, role) for role in row["roles"] if unit is not None and role not in PARTY_ROLES}
    held = {(post.unit_id, post.role_id): post for post in Post.objects.filter(person=person, valid_to=None)}
    for unit_id, role in sorted(wanted - held.keys()):
        Post.objects.create(person=person, unit_id=unit_id, role_id=role)
    for gone in held.keys() - wanted:
        held[gone].valid_to = today()
        held[gone].save(update_fields=["valid_to"])


def _party(person: Person, row: Mapping[str, Any]) -> None:
    wanted = row.get("party")
    if not wanted:
        return
    party = parties.find(wanted["kind"], wanted["code"])
    if party is None:
        party = parties.create(wanted["kind"], wanted["name"], wanted["code"])
    is_person = wanted["kind"] == Party.Kind.PERSON
    parties.join(party, person, PartyMember.Role.SELF if is_person else PartyMember.Role.LEGAL)


def _who(row: Mapping[str, Any], units: Mapping[str, str], roles: Mapping[str, str]) -> str:
    """ "演示窗口·王某（城区政务服务中心，窗口人员）" """
    where = [units[row["unit"]]] if row.get("unit") else []
    return f"{row['name']}（{'，'.join([*where, *(roles[role] for role in row['roles'])])}）"
