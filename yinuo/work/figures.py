"""Numbers for people to judge the city by, each with the cases behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from yinuo.core.workdays import SHANGHAI
from yinuo.ledger.models import Case

from .sql import statement

STANDINGS = ("kept", "broken", "open", "late", "paused")


@dataclass(frozen=True, slots=True)
class Promises:
    """A unit's promises in a period: kept, broken, still open in time, open and late, paused."""

    unit: str
    kept: int
    broken: int
    open: int
    late: int
    paused: int

    @property
    def judged(self) -> int:
        """Promises whose date has come: kept, broken or late."""
        return self.kept + self.broken + self.late

    @property
    def rate(self) -> float | None:
        """Kept among those judged, 0 to 1; None (shown as "—") when none was due."""
        return self.kept / self.judged if self.judged else None


def promise_board(*, since: date, until: date) -> list[Promises]:
    """Every unit's promises made from `since` to `until` (local days, both included), the busiest first."""
    with connection.cursor() as cursor:
        cursor.execute(statement("promise_board"), _span(since, until))
        return [Promises(*row) for row in cursor.fetchall()]


def behind(*, unit: str, standing: str, since: date, until: date) -> QuerySet[Case]:
    """The cases behind one number of the board. Raises ValueError for an unknown standing."""
    if standing not in STANDINGS:
        raise ValueError(f"standing {standing!r} is not one of {', '.join(STANDINGS)}")
    span = _span(since, until)
    made = Case.objects.filter(
        unit=unit, parent__isnull=True, opened_at__gte=span["since"], opened_at__lt=span["until"]
    ).exclude(outcome="withdrawn")
    wanted: dict[str, Any] = {
        "kept": {"kept": True},
        "broken": {"kept": False},
        "open": {
            "kept__isnull": True,
            "closed_at__isnull": True,
            "state__breached__promised__isnull": True,
            "paused": False,
        },
        "late": {
            "kept__isnull": True,
            "closed_at__isnull": True,
            "state__breached__promised__isnull": False,
            "paused": False,
        },
        "paused": {"kept__isnull": True, "closed_at__isnull": True, "paused": True},
    }[standing]
    return made.filter(**wanted).order_by("-opened_at")


def _span(since: date, until: date) -> dict[str, datetime]:
    start = datetime.combine(since, time.min, SHANGHAI)
    return {"since": start, "until": datetime.combine(until + timedelta(days=1), time.min, SHANGHAI)}
