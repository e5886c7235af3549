"""Messages to a person: the notices addressed to them or to a party they act for. Being read is kept."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from yinuo.ledger.models import Notice
from yinuo.registers.models import Person

from . import tell
from .access import NotFound


def of(person: Person) -> QuerySet[Notice]:
    """The person's own messages and their parties', newest first, with their cases. A unit's alerts are not
    among them: a unit has its inbox."""
    mine = [to for to in tell.addressed_to(person) if not to.startswith("unit:")]
    return Notice.objects.filter(to__in=mine).select_related("case").order_by("-made_at", "-id")


def unread(person: Person) -> int:
    """How many of them nobody has opened yet."""
    return of(person).filter(read_at__isnull=True).count()


def read(person: Person, id_: int, *, at: datetime) -> Notice:
    """Message `id_`, marked as read at `at` when it was not. Raises NotFound."""
    found = of(person).filter(pk=id_).first()
    if found is None:
        raise NotFound(str(id_))
    if found.read_at is None:
        found.read_at = at
        found.save(update_fields=["read_at"])
    return found


def read_all(person: Person, *, at: datetime) -> int:
    """Mark everything as read; how many were not."""
    mine = [to for to in tell.addressed_to(person) if not to.startswith("unit:")]
    return Notice.objects.filter(to__in=mine, read_at__isnull=True).update(read_at=at)
