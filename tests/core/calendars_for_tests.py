"""The city's own calendar, read once, and short ways to write days and moments."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from pathlib import Path

from yinuo.core.workdays import SHANGHAI, Calendar
from yinuo.packs import calendars

FOLDER = Path(__file__).parents[2] / "packs" / "jincheng" / "calendar"


@cache
def jincheng() -> Calendar:
    """The calendar of packs/jincheng."""
    return calendars.read(FOLDER)


def day(text: str) -> date:
    """2026-04-29."""
    return date.fromisoformat(text)


def moment(text: str) -> datetime:
    """2026-04-29T17:50 in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
