"""Nanoseconds for one due date: the tables of yinuo.core beside numpy's and a loop over days.

Run `python bench/deadlines.py` from the project root. Each figure is the best of seven rounds over the same
2,000 drawn questions (start day, number of working days), so that both sides answer the same; wrong answers
against the calendar are counted where the other side can be wrong.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from yinuo.core.clock import Limit, Mode, Pause, due, due_day, explain  # noqa: E402
from yinuo.packs import calendars  # noqa: E402

QUESTIONS, ROUNDS = 2_000, 7


def best(ask: Callable[[], Any]) -> float:
    """Nanoseconds a question, best of ROUNDS, garbage left as it falls."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.perf_counter_ns()
        ask()
        rounds.append((time.perf_counter_ns() - began) / QUESTIONS)
    return min(rounds)


def main() -> None:
    calendar = calendars.read(ROOT / "packs" / "jincheng" / "calendar")
    draw = random.Random(20261123)
    days = [date(2025, 1, 1) + timedelta(days=draw.randrange(640)) for _ in range(QUESTIONS)]
    values = [draw.randint(1, 30) for _ in range(QUESTIONS)]
    moments = [datetime(day.year, day.month, day.day, 1, 30, tzinfo=UTC) for day in days]
    day_spans = [((day + timedelta(days=3), day + timedelta(days=8)),) for day in days]
    pauses = [
        (Pause(start=at + timedelta(days=3), end=at + timedelta(days=8), kind="hearing", reason=""),)
        for at in moments
    ]
    limits = {mode: [Limit(value=value, mode=mode) for value in values] for mode in Mode}

    def row(what: str, ask: Callable[[], Any], note: str = "") -> None:
        print(f"{what:52} {best(ask):12,.0f} ns{'  ' + note if note else ''}")

    started = time.perf_counter()
    for _ in range(5):
        type(calendar).build(calendar.years.values(), version="bench")
    print(f"building the tables: {(time.perf_counter() - started) / 5 * 1e3:.1f} ms, {calendar.covered}\n")

    add, workdays = calendar.add, Mode.WORKDAYS
    row("Calendar.add", lambda: [add(d, n) for d, n in zip(days, values)])
    row("due_day, working days", lambda: [due_day(n, workdays, d, calendar) for d, n in zip(days, values)])
    row("due_day, calendar days", lambda: [due_day(n, Mode.DAYS, d, calendar) for d, n in zip(days, values)])
    row(
        "due_day, working days, one pause",
        lambda: [due_day(n, workdays, d, calendar, p) for d, n, p in zip(days, values, day_spans)],
    )
    for mode in Mode:
        row(
            f"due (instants, warning, provisional), {mode}",
            lambda each=limits[mode]: [due(x, start=m, calendar=calendar) for x, m in zip(each, moments)],  # type: ignore[misc]
        )
    row(
        "due, working days, one pause",
        lambda: [
            due(x, start=m, calendar=calendar, pauses=p) for x, m, p in zip(limits[workdays], moments, pauses)
        ],
    )
    row(
        "explain, working days, one pause",
        lambda: [
            explain(x, start=m, calendar=calendar, pauses=p)
            for x, m, p in zip(limits[workdays], moments, pauses)
        ],
    )
    right = [add(day, n) for day, n in zip(days, values)]
    row(
        "a loop over days with Calendar.is_workday",
        lambda: [_walk(calendar.is_workday, d, n) for d, n in zip(days, values)],
    )
    try:
        import numpy as np
    except ImportError:
        print("numpy is not installed: its rows are left out")
        return
    off = np.array(sorted(calendar.off), dtype="datetime64[D]")
    starts, counts = np.array(days, dtype="datetime64[D]"), np.array(values)

    def one_by_one() -> list[date]:
        return [
            np.busday_offset(d, n, roll="backward", holidays=off).astype(date) for d, n in zip(days, values)
        ]

    wrong = sum(got != want for got, want in zip(one_by_one(), right))
    row(
        "numpy.busday_offset, one by one",
        one_by_one,
        f"{wrong} of {QUESTIONS} wrong: it knows no make-up days",
    )
    row("numpy.busday_offset, vectorised", lambda: np.busday_offset(starts, counts, "backward", holidays=off))


def _walk(is_workday: Callable[[date], bool], day: date, n: int) -> date:
    while n:
        day += timedelta(days=1)
        n -= is_workday(day)
    return day


if __name__ == "__main__":
    main()
