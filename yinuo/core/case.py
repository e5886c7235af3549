"""One promise in progress, as the fold of its entries.

A `Case` is never changed: the engine returns an `Entry`, and `apply()` gives the case after it.
An entry carries the new value of everything it changed (`body["state"]`), so a replay needs
neither the matter nor the calendar: what was promised then is what is read now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from .clock import Clock, Due, Light
from .instants import instant, instant_text
from .matter import CLOSED, STATUTORY

OPENED, MOVED, ALERTED, ASSIGNED, NOTED, RATED, CORRECTED, ERASED, REDATED = (
    "opened",
    "moved",
    "alerted",
    "assigned",
    "noted",
    "rated",
    "corrected",
    "erased",
    "redated",
)
KINDS = (OPENED, MOVED, ALERTED, ASSIGNED, NOTED, RATED, CORRECTED, ERASED, REDATED)

YELLOW, RED = Light.YELLOW.value, Light.RED.value


@dataclass(frozen=True, slots=True)
class Case:
    """办件 as it stands after `seq` entries.

    holder: "unit:<id>", "party:<id>" or "" once closed. assignee: a person's id or None.
    facts: what moves have set. made: how often each move was made. dates: the due date of every
    limit that runs now. alerts: limit -> "yellow" or "red". breached: limit -> the instant it was
    first missed, kept for good. kept: whether the promise was kept, None until that is known.
    """

    matter: str
    version: int
    seq: int = 0
    step: str = ""
    outcome: str = ""
    holder: str = ""
    assignee: int | None = None
    clock: Clock = field(default_factory=Clock)
    facts: Mapping[str, Any] = field(default_factory=dict)
    made: Mapping[str, int] = field(default_factory=dict)
    dates: Mapping[str, Due] = field(default_factory=dict)
    alerts: Mapping[str, str] = field(default_factory=dict)
    breached: Mapping[str, datetime] = field(default_factory=dict)
    kept: bool | None = None
    opened_at: datetime | None = None
    at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def closed(self) -> bool:
        return self.step == CLOSED

    @property
    def paused(self) -> bool:
        return self.clock.paused

    @property
    def provisional(self) -> bool:
        """True when a running date lies past what the published calendar covers."""
        return any(due.provisional for due in self.dates.values())

    @property
    def due(self) -> Due | None:
        """The next promise to keep: the soonest of all running limits but the statutory one."""
        running = [due for name, due in self.dates.items() if name != STATUTORY]
        return min(running, key=lambda due: due.at) if running else None

    @property
    def light(self) -> str:
        """The light as the last entry left it; "" once closed."""
        return "" if self.closed else self._light_of(self.alerts)

    def light_at(self, now: datetime) -> str:
        """The light at `now`, whether or not the timer has come by; "" once closed."""
        return "" if self.closed else self._light_of(alerts_at(self.dates, now))

    def _light_of(self, alerts: Mapping[str, str]) -> str:
        seen = {level for name, level in alerts.items() if name != STATUTORY}
        if RED in seen:
            return RED
        if YELLOW in seen:
            return YELLOW
        return Light.GREY.value if self.paused else Light.GREEN.value

    def state(self) -> dict[str, Any]:
        """Everything but seq, as JSON values: what an entry restores."""
        return {key: write(getattr(self, key)) for key, write in _WRITERS.items()}


@dataclass(frozen=True, slots=True)
class Entry:
    """留痕: one line of the ledger, before it has a digest.

    by: "person:<id>", "party:<id>", "timer" or "system". body: JSON values only, no floats.
    """

    seq: int
    kind: str
    move: str
    at: datetime
    by: str
    body: Mapping[str, Any]


def apply(case: Case, entry: Entry) -> Case:
    """The case after `entry`. Raises ValueError when the entry does not follow on."""
    if entry.seq != case.seq + 1:
        raise ValueError(f"entry {entry.seq} does not follow entry {case.seq}")
    if case.at is not None and entry.at < case.at:
        raise ValueError(f"entry {entry.seq} is earlier than the one before it")
    opened_at = case.opened_at or entry.at
    after = replace(
        case, seq=entry.seq, at=entry.at, opened_at=opened_at, **_read(entry.body.get("state") or {})
    )
    return replace(after, closed_at=(case.closed_at or entry.at) if after.closed else None)


def replay(entries: Iterable[Entry]) -> Case:
    """The case that `entries` (from seq 1 on, in order) add up to."""
    case = Case(matter="", version=0)
    for entry in entries:
        case = apply(case, entry)
    return case


def difference(before: Case, after: Case) -> dict[str, Any]:
    """The keys of state() whose value differs, with the value after: what an entry must carry."""
    return {
        key: write(getattr(after, key))
        for key, write in _WRITERS.items()
        if getattr(before, key) != getattr(after, key)
    }


@dataclass(frozen=True, slots=True)
class Holding:
    """Who held the case from `start` to `end` (None: still)."""

    holder: str
    step: str
    start: datetime
    end: datetime | None

    def length(self, now: datetime) -> timedelta:
        return (self.end or now) - self.start


def holdings(entries: Iterable[Entry]) -> list[Holding]:
    """Whose clock ran when. The intervals touch, never overlap, and add up to the case's life."""
    held: list[Holding] = []
    case = Case(matter="", version=0)
    for entry in entries:
        case = apply(case, entry)
        now = (case.holder, case.step)
        if held and held[-1].end is None:
            if (held[-1].holder, held[-1].step) == now:
                continue
            held[-1] = replace(held[-1], end=entry.at)
        if not case.closed:
            held.append(Holding(holder=case.holder, step=case.step, start=entry.at, end=None))
    return held


def alerts_at(dates: Mapping[str, Due], now: datetime) -> dict[str, str]:
    """Which running limits are near (yellow) or past (red) at `now`."""
    alerts = {}
    for name, due in dates.items():
        if now >= due.at:
            alerts[name] = RED
        elif now >= due.warn:
            alerts[name] = YELLOW
    return alerts


def _same(value: Any) -> Any:
    return value


_WRITERS: dict[str, Callable[[Any], Any]] = {
    "matter": _same,
    "version": _same,
    "step": _same,
    "outcome": _same,
    "holder": _same,
    "assignee": _same,
    "clock": Clock.as_json,
    "facts": dict,
    "made": dict,
    "dates": lambda dates: {name: _due_json(due) for name, due in dates.items()},
    "alerts": dict,
    "breached": lambda breached: {name: instant_text(at) for name, at in breached.items()},
    "kept": _same,
}
"""The fields of a case that an entry carries, and how each is written as JSON."""


def _due_json(due: Due) -> dict[str, Any]:
    return {
        "at": instant_text(due.at),
        "day": due.day.isoformat(),
        "warn": instant_text(due.warn),
        "provisional": due.provisional,
        "calendar": due.calendar,
    }


def _due_of(raw: Mapping[str, Any]) -> Due:
    return Due(
        at=instant(raw["at"]),
        day=date.fromisoformat(raw["day"]),
        warn=instant(raw["warn"]),
        provisional=raw["provisional"],
        calendar=raw["calendar"],
    )


def _read(state: Mapping[str, Any]) -> dict[str, Any]:
    """Case fields from the JSON values of an entry's state."""
    fields = dict(state)
    if "clock" in fields:
        fields["clock"] = Clock.from_json(fields["clock"])
    if "dates" in fields:
        fields["dates"] = {name: _due_of(raw) for name, raw in fields["dates"].items()}
    if "breached" in fields:
        fields["breached"] = {name: instant(raw) for name, raw in fields["breached"].items()}
    return fields


def from_state(
    state: Mapping[str, Any], *, seq: int, opened_at: datetime, at: datetime, closed_at: datetime | None
) -> Case:
    """The case a stored head row holds."""
    return Case(seq=seq, opened_at=opened_at, at=at, closed_at=closed_at, **_read(state))
