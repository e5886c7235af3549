"""The first of the four words: one case and who one person is towards it, in one round trip."""

from __future__ import annotations

from datetime import datetime

from yinuo.core.workdays import SHANGHAI
from yinuo.ledger import store
from yinuo.ledger.store import Conflict, Head, NoSuchCase
from yinuo.registers.models import Person
from yinuo.registers.towards import Towards, said

from .sql import statement


def gather(case: int, *, by: Person, at: datetime, expecting: int) -> tuple[Head, Towards]:
    """The case as it stands and what the registers say of `by` on the local day of `at`.

    Raises NoSuchCase, and Conflict when the case is no longer at `expecting`.
    """
    day = at.astimezone(SHANGHAI).date()
    rows = store.rows_of(statement("gather"), {"case": case, "person": by.pk, "day": day})
    if not rows:
        raise NoSuchCase(f"no case has id {case}")
    row = rows[0]
    if row["seq"] != expecting:
        raise Conflict(case=case, expecting=expecting)
    return store.head_of(row), said(row["token"], row["posts"], row["acts"])
