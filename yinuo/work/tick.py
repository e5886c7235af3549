"""The clock's loop: limits passing, timed moves, promised later cases. It moves cases through the same door
as people do, so two loops at once do no harm."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import InterfaceError, OperationalError
from django.db.models import Q

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
    # Each case once, in order of time: one that stays due (in trouble, woken again) waits for the next round.
    later = Q()
    while True:
        due = Case.objects.filter(later, wake_at__lte=now).order_by("wake_at", "id")
        found = list(due.values_list("pk", "number", "wake_at")[:batch])
        if not found:
            break
        for id_, number, _ in found:
            done += _settle(id_, number, now=now)
        last, _, at = found[-1]
        later = Q(wake_at__gt=at) | Q(wake_at=at, id__gt=last)
    for planned in Planned.objects.filter(opens_at__lte=now, opened__isnull=True, cancelled_at__isnull=True):
        done += _open(planned, now=now)
    return done


def _settle(id_: int, number: str, *, now: datetime) -> int:
    try:
        cases.settle(id_, at=now)
    except Conflict:
        return 0  # somebody moved it just now; if it still owes something, it is still due
    except (OperationalError, InterfaceError):
        raise  # the database is away or stands still: the whole round waits
    except Exception:
        log.exception("case %s could not be moved by the clock", number)
        return 0
    return 1


def _open(planned: Planned, *, now: datetime) -> int:
    try:
        cases.open_planned(planned, at=now)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("planned case %s of case %s could not be opened", planned.pk, planned.case_id)
        return 0
    return 1
