"""当事人: applicants, their codes, and who may act for them."""

from __future__ import annotations

from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import Q

from yinuo.core import codes

from .models import Party, PartyMember, Person, today

REASON_AT_LEAST = 5
"""Characters of a reason for keeping a code that fails its check."""


class Known(ValueError):
    """The party is in the register already, as `party`."""

    def __init__(self, party: Party) -> None:
        super().__init__(f"id_number: this {party.kind} is in the register already; use that party")
        self.party = party


def find(kind: str, id_number: str) -> Party | None:
    """The party of that code, however it is spelt (spaces around, small letters)."""
    return Party.objects.filter(kind=kind, id_number=_spelt(id_number)).first()


def create(
    kind: str,
    name: str,
    id_number: str,
    *,
    id_kind: str = "",
    override_reason: str = "",
    phone: str = "",
    email: str = "",
    on: date | None = None,
) -> Party:
    """A new party. kind: "person" or "enterprise". id_kind: by default "citizen_id" or "uscc" by kind.

    A code that fails its check needs `override_reason` (5 characters or more); so does id_kind "other", a
    passport for instance. The reason is dropped where the code is right after all.
    Raises codes.Invalid for the code or the reason, Known for a party in the register, ValueError otherwise.
    """
    wanted = {Party.Kind.PERSON: Party.IdKind.CITIZEN_ID, Party.Kind.ENTERPRISE: Party.IdKind.USCC}
    if kind not in wanted:
        raise ValueError(f"kind: {kind!r} is no kind of party; use person or enterprise")
    id_kind = id_kind or wanted[Party.Kind(kind)]
    if id_kind not in (wanted[Party.Kind(kind)], Party.IdKind.OTHER):
        raise ValueError(
            f"id_kind: {id_kind!r} is not for a {kind}; use {wanted[Party.Kind(kind)].value} or other"
        )
    if not name.strip():
        raise ValueError("name: is empty; write the name as on the document")
    number, reason = _checked(id_kind, id_number, override_reason=override_reason, on=on or today())
    party = Party(
        kind=kind,
        name=name.strip(),
        id_number=number,
        id_kind=id_kind,
        override_reason=reason,
        phone=phone.strip(),
        email=email.strip(),
    )
    try:
        with transaction.atomic():
            party.save(force_insert=True)
    except IntegrityError as error:
        known = find(kind, number)
        if known is None:
            raise
        raise Known(known) from error
    return party


def join(party: Party, person: Person, role: str, *, on: date | None = None) -> PartyMember:
    """Lets `person` act for `party` as "self", "legal" or "agent" from that day. Safe to repeat.

    Raises ValueError for "self" on an enterprise, or where another account is that person already.
    """
    if role not in PartyMember.Role.values:
        raise ValueError(f"role: {role!r} is unknown; use {', '.join(PartyMember.Role.values)}")
    if role == PartyMember.Role.SELF and party.kind != Party.Kind.PERSON:
        raise ValueError(f"role: an enterprise ({party.name}) is nobody's self; use legal or agent")
    try:
        with transaction.atomic():
            member, made = PartyMember.objects.get_or_create(
                party=party,
                person=person,
                valid_to=None,
                defaults={"role": role, "valid_from": on or today()},
            )
            if not made and member.role != role:
                member.role = role
                member.save(update_fields=["role"])
    except IntegrityError as error:
        raise ValueError(
            f"role: {party.name} is another account's own person, or {person.username} is another person; "
            "end that membership first"
        ) from error
    return member


def leave(party: Party, person: Person, *, on: date | None = None) -> int:
    """Ends what `person` may do for `party` from that day; returns how many memberships ended (0 or 1)."""
    open_ = PartyMember.objects.filter(party=party, person=person, valid_to__isnull=True)
    return open_.update(valid_to=on or today())


def for_person(person: Person | int, *, on: date | None = None) -> tuple[Party, ...]:
    """The parties the person may act for on that day: themselves first, then the others, oldest first."""
    day = on or today()
    rows = (
        PartyMember.objects.filter(_acting(day), person=person, person__is_active=True)
        .select_related("party")
        .order_by("party_id")
    )
    return tuple(row.party for row in sorted(rows, key=lambda row: row.role != PartyMember.Role.SELF))


def may_act(person: Person | int, party: Party | int, *, on: date | None = None) -> bool:
    """Whether the person may act for the party on that day."""
    day = on or today()
    return PartyMember.objects.filter(
        _acting(day), person=person, person__is_active=True, party=party
    ).exists()


def _acting(day: date) -> Q:
    return Q(valid_from__lte=day) & (Q(valid_to__isnull=True) | Q(valid_to__gt=day))


def _spelt(id_number: str) -> str:
    return id_number.strip().upper()


def _checked(id_kind: str, id_number: str, *, override_reason: str, on: date) -> tuple[str, str]:
    """The code in its one spelling, and the reason for keeping it, "" where it needs none."""
    reason = override_reason.strip()
    number = _spelt(id_number)
    if not number:
        raise codes.Invalid(
            field="id_number", value=id_number, wrong="is empty", remedy="copy it from the document"
        )
    try:
        if id_kind == Party.IdKind.CITIZEN_ID:
            return codes.citizen_id(id_number, on), ""
        if id_kind == Party.IdKind.USCC:
            return codes.uscc(id_number), ""
    except codes.Invalid:
        if not reason:
            raise
    if len(reason) < REASON_AT_LEAST:
        raise codes.Invalid(
            field="override_reason",
            value=override_reason,
            wrong=f"has {len(reason)} characters",
            remedy=f"say in {REASON_AT_LEAST} or more why this code is kept: the document, who compared it",
        )
    return number, reason
