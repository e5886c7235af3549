"""Who may see which case. Every list, search, export, page and call goes through `cases_for`: there is no
other way to get a case."""

from __future__ import annotations

from datetime import date

from django.db.models import Q, QuerySet

from yinuo.ledger.models import Case
from yinuo.registers import edition, parties, people, units
from yinuo.registers.models import Person

BY_PLACE = frozenset({"supervisor", "auditor"})
"""Roles that see every case of their unit's place, whoever holds it."""

BY_UNIT = frozenset({"clerk", "reviewer", "approver", "handler", "dispatcher", "grid_worker"})
"""Roles that see the cases their unit, or one below it, is responsible for or has ever held."""


class NotFound(LookupError):
    """No such case, or not for these eyes: the answer is the same, so that nobody learns which."""


def cases_for(person: Person, *, on: date | None = None) -> QuerySet[Case]:
    """Every case `person` may see, as one query to filter, order and count further."""
    if not person.is_authenticated or not person.is_active:
        return Case.objects.none()
    mine = [party.pk for party in parties.for_person(person, on=on)]
    seen = Q(opened_by=person.pk)
    if mine:
        seen |= Q(party_id__in=mine)
    for post in people.posts_of(person, on=on):
        wanted = _by_post(post)
        if wanted is not None:
            seen |= wanted & Q(matter__in=post.matters) if post.matters else wanted
    return Case.objects.filter(seen)


def own_cases(person: Person, *, on: date | None = None) -> QuerySet[Case]:
    """The cases in which `person` is the applicant or acts for them, whatever posts they hold besides."""
    mine = [party.pk for party in parties.for_person(person, on=on)]
    applied = Q(party_id__in=mine) | Q(party_id__isnull=True, opened_by=person.pk)
    return cases_for(person, on=on).filter(applied)


def _by_post(post: people.PostValue) -> Q | None:
    if post.role in BY_UNIT:
        return Q(units__overlap=list(units.subtree(post.unit)))
    if post.role in BY_PLACE:
        place = edition.current().units[post.unit].place
        return within(place)
    return None


def within(place: str) -> Q:
    """Cases in the division `place` or below it; the city's own are those without a place, too."""
    if len(place) == 6 and place.endswith("00"):
        return Q(place__startswith=place[:4]) | Q(place="")
    return Q(place__startswith=place)


def case_for(person: Person, number: str, *, on: date | None = None) -> Case:
    """The case with that number. Raises NotFound when there is none or `person` may not see it."""
    found = cases_for(person, on=on).filter(number=number.strip().upper()).first()
    if found is None:
        raise NotFound(number)
    return found


def case_with_id(person: Person, id_: int, *, on: date | None = None) -> Case:
    """The case with that id. Raises NotFound when there is none or `person` may not see it."""
    found = cases_for(person, on=on).filter(pk=id_).first()
    if found is None:
        raise NotFound(str(id_))
    return found


def may_read_words(person: Person, case: Case, *, on: date | None = None) -> bool:
    """Whether `person` may read personal words of a case they see: the applicant, and officers of units that
    hold or held it. Supervisors and auditors see what was done, by whom and when, not what was written."""
    if is_applicant(person, case, on=on):
        return True
    involved = set(case.units)
    return any(
        post.role in BY_UNIT
        and (not post.matters or case.matter in post.matters)
        and involved.intersection(units.subtree(post.unit))
        for post in people.posts_of(person, on=on)
    )


def is_applicant(person: Person, case: Case, *, on: date | None = None) -> bool:
    """Whether `person` is, or acts for, the applicant."""
    if case.party_id is None:
        return case.opened_by == person.pk
    return parties.may_act(person, case.party_id, on=on)
