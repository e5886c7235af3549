"""Is the record true? Asked by people, for what they may see."""

from __future__ import annotations

from yinuo.ledger.models import Seal
from yinuo.ledger.verify import Fault, Report, verify
from yinuo.registers import people
from yinuo.registers.models import Person

from . import access

WHOLE = frozenset({"auditor"})
"""Roles for whom the whole ledger is read at once, its seals included."""

AT_MOST = 500
"""How many cases one request verifies one by one, the newest first; the report says how many it read."""


def check_case(person: Person, number: str) -> Report:
    """Verify the chain, head and words of one case that `person` may see. Raises access.NotFound."""
    return verify(case=access.case_for(person, number).pk)


def check_visible(person: Person) -> Report:
    """Verify the whole ledger for an auditor; for others the newest AT_MOST cases they may see."""
    if any(post.role in WHOLE for post in people.posts_of(person)):
        return verify()
    ids = access.cases_for(person).order_by("-opened_at", "-id").values_list("pk", flat=True)[:AT_MOST]
    found = [verify(case=id_) for id_ in ids]
    return Report(
        cases=sum(each.cases for each in found),
        entries=sum(each.entries for each in found),
        contents=sum(each.contents for each in found),
        seals=0,
        faults=tuple(fault for each in found for fault in each.faults),
    )


def seals(*, newest: int = 50) -> list[Seal]:
    """The newest seals, the latest first."""
    return list(Seal.objects.order_by("-number")[:newest])


__all__ = ["AT_MOST", "Fault", "Report", "check_case", "check_visible", "seals"]
