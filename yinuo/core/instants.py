"""Instants as text: UTC, to the microsecond, one spelling, so that a digest never depends on taste."""

from __future__ import annotations

from datetime import UTC, datetime


def instant_text(moment: datetime) -> str:
    """`moment` (aware) as "2026-11-23T08:30:00Z" or "2026-11-23T08:30:00.000001Z"."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def instant(text: str) -> datetime:
    """The aware UTC datetime that `text`, as written by instant_text(), stands for."""
    return datetime.fromisoformat(text)
