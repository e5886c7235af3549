"""When the ledger is sealed: every night at 00:05, and whenever somebody entitled asks."""

from __future__ import annotations

from datetime import datetime, timedelta

from yinuo.core.workdays import SHANGHAI
from yinuo.ledger import seals
from yinuo.ledger.models import Case, Seal

_HOUR, _MINUTE = 0, 5


def seal_when_due(*, now: datetime) -> Seal | None:
    """Seal when a night has passed since the last seal (or since the first case), else None."""
    last = Seal.objects.order_by("-number").values_list("at", flat=True).first()
    since = last or Case.objects.order_by("opened_at", "id").values_list("opened_at", flat=True).first()
    if since is None or now < next_seal_after(since):
        return None
    return seals.seal(at=now)


def seal_now(*, now: datetime) -> Seal | None:
    """Seal at once; None when nothing has changed since the last seal."""
    return seals.seal(at=now)


def next_seal_after(last: datetime) -> datetime:
    """The first 00:05 in Shanghai after `last`."""
    local = last.astimezone(SHANGHAI)
    seal = local.replace(hour=_HOUR, minute=_MINUTE, second=0, microsecond=0)
    return seal if seal > local else seal + timedelta(days=1)
