"""The clock's loop: limits passing, timed moves, promised later cases. It moves cases through the same door
as people do, so two loops at once do no harm."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import DatabaseError

from yinuo.core.engine import Refused
from yinuo.ledger.models import Case, Planned
from yinuo.ledger.store import Conflict

from . import cases

log = logging.getLogger(__name__)
BATCH = 200


def tick(*, now: datetime, batch: int = BATCH) -> int:
    """Look at every case whose time has come and open what was promised for now; returns how many were done.

    One case's trouble is logged with its number and never stops the others.
    """
    done = 0
    seen: set[int] = set()
    while True:
        due = Case.objects.filter(wake_at__lte=now).exclude(pk__in=seen).order_by("wake_at")
        found = list(due.values_list("pk", "number")[:batch])
        if not found:
            break
        for id_, number in found:
            seen.add(id_)
            done += _settle(id_, number, now=now)
    for planned in Planned.objects.filter(opens_at__lte=now, opened__isnull=True, cancelled_at__isnull=True):
        try:
            cases.open_planned(planned, at=now)
            done += 1
        except (Refused, LookupError):
            log.exception("planned case %s of case %s could not be opened", planned.pk, planned.case_id)
    return done


def _settle(id_: int, number: str, *, now: datetime) -> int:
    try:
        cases.settle(id_, at=now)
    except Conflict:
        return 0  # somebody moved it just now; if it still owes something, it is still due
    except DatabaseError:
        raise
    except Exception:
        log.exception("case %s could not be moved by the clock", number)
        return 0
    return 1
