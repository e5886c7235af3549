"""`yinuo due`: count a limit from the command line and say in one sentence how.

Needs no database and no settings: it reads a city's calendar files, counts, and prints. The command line
registers it by `add_arguments()` and `run()`; `python -m yinuo.ops.due` works alone.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from yinuo.core.clock import Extension, Limit, Mode, Pause, due, explain
from yinuo.core.instants import instant_text
from yinuo.core.workdays import SHANGHAI, Calendar, shanghai_day
from yinuo.packs import calendars

DEFAULT_CALENDAR = Path("packs") / "jincheng" / "calendar"
HELP = "when a limit falls due, and why: working days, calendar days, work hours or hours"
EXAMPLE = """\
examples:
  yinuo due 2026-04-29 5 workdays
  yinuo due 2026-09-14 10 workdays --pause 2026-09-17..2026-09-22
  yinuo due 2026-09-18T17:50 4 workhours --lang en
  yinuo due 2026-09-17 15 days --json
"""


class BadArgument(ValueError):
    """An argument that cannot be right. The text names it, its value and what would be right."""

    def __init__(self, name: str, value: object, remedy: str) -> None:
        super().__init__(f"{name}: {value!r} cannot be counted with; {remedy}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare START VALUE MODE and the options on `parser`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = parser.description or HELP
    parser.epilog = EXAMPLE
    parser.add_argument(
        "start", metavar="START", help="day (2026-04-29) or moment (2026-04-29T17:50), Shanghai time"
    )
    parser.add_argument("value", metavar="VALUE", help="how many days or hours, 1 or more")
    parser.add_argument("mode", metavar="MODE", help=", ".join(Mode))
    parser.add_argument(
        "--pause",
        metavar="START..END",
        action="append",
        default=[],
        help="days or moments that are not counted, ends included; START.. while it lasts; may be repeated",
    )
    parser.add_argument("--extend", metavar="N", default="0", help="days or hours granted on top")
    parser.add_argument(
        "--calendar", metavar="DIR", help=f"folder of calendar files (default: {DEFAULT_CALENDAR})"
    )
    parser.add_argument("--lang", choices=("zh", "en"), default="zh", help="language of the sentence")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")


def run(args: argparse.Namespace) -> int:
    """Print the due day and the sentence (or JSON). 0, or 2 with one line on stderr for bad input."""
    try:
        print(_answer(args))
    except (ValueError, OverflowError) as error:
        print(f"yinuo due: {error}", file=sys.stderr)
        return 2
    return 0


def _answer(args: argparse.Namespace) -> str:
    mode = _mode(args.mode)
    value = _count("VALUE", args.value, least=1)
    start = _moment("START", args.start, mode=mode)
    pauses = tuple(_pause(text, mode=mode) for text in args.pause)
    granted = _count("--extend", args.extend, least=0)
    extensions = (Extension(limit="", value=granted, by="", reason="", at=start),) if granted else ()
    calendar = _calendar(args.calendar)
    if not calendar.first <= shanghai_day(start) <= calendar.last:
        raise BadArgument("START", args.start, f"the calendar covers {calendar.covered}")
    limit = Limit(value=value, mode=mode, start="counted")
    found = due(limit, start=start, calendar=calendar, pauses=pauses, extended=granted)
    sentence = explain(
        limit,
        start=start,
        calendar=calendar,
        pauses=pauses,
        extensions=extensions,
        lang=args.lang,
        event={"zh": "开始", "en": "started"}[args.lang],
    )
    if not args.json:
        if found is None:
            return sentence
        local = found.at.astimezone(SHANGHAI)
        return f"{found.day if limit.by_day else local.isoformat(sep=' ', timespec='minutes')}\n{sentence}"
    answer: dict[str, Any] = {
        "day": None if found is None else found.day.isoformat(),
        "at": None if found is None else instant_text(found.at),
        "warn": None if found is None else instant_text(found.warn),
        "provisional": None if found is None else found.provisional,
        "paused": found is None,
        "calendar": calendar.version,
        "horizon": calendar.horizon.isoformat(),
        "explain": sentence,
    }
    return json.dumps(answer, ensure_ascii=False, indent=2)


def _calendar(given: str | None) -> Calendar:
    """The calendar in the folder `given`, or in the pack of the project this program runs from."""
    if given is not None:
        return calendars.read(Path(given))
    for root in (Path.cwd(), Path(__file__).resolve().parents[2]):
        if (root / DEFAULT_CALENDAR).is_dir():
            return calendars.read(root / DEFAULT_CALENDAR)
    raise BadArgument(
        "--calendar", "", f"no {DEFAULT_CALENDAR} here; name the folder that holds 2026.yaml and its like"
    )


def _mode(text: str) -> Mode:
    try:
        return Mode(text)
    except ValueError:
        raise BadArgument("MODE", text, f"write one of {', '.join(Mode)}") from None


def _count(name: str, text: str, *, least: int) -> int:
    if re.fullmatch(r"[0-9]{1,6}", text) and int(text) >= least:
        return int(text)
    raise BadArgument(name, text, f"write a whole number, {least} or more")


def _moment(name: str, text: str, *, mode: Mode, ends: bool = False) -> datetime:
    """A day or moment as an aware datetime; without a zone it is Shanghai time.

    A day alone serves the modes that count days; of a pause it serves all, from its 00:00 to its 24:00.
    """
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            day = date.fromisoformat(text)
            if name == "START" and mode in (Mode.HOURS, Mode.WORKHOURS):
                raise BadArgument(name, text, f"hours run from a moment: write {text}T09:00 or another time")
            midnight = datetime.combine(day, time(), tzinfo=SHANGHAI)
            if not ends:
                return midnight
            # For day modes the last instant of the day, so that the next day is not touched.
            short = timedelta(0) if mode in (Mode.HOURS, Mode.WORKHOURS) else timedelta(microseconds=1)
            return midnight + timedelta(days=1) - short
        moment = datetime.fromisoformat(text)
        return (moment.replace(tzinfo=SHANGHAI) if moment.tzinfo is None else moment).astimezone(UTC)
    except BadArgument:
        raise
    except (ValueError, OverflowError):
        raise BadArgument(name, text, "write a day (2026-04-29) or a moment (2026-04-29T17:50)") from None


def _pause(text: str, *, mode: Mode) -> Pause:
    first, dots, last = text.partition("..")
    if not dots or not first:
        raise BadArgument(
            "--pause", text, "write START..END, such as 2026-09-17..2026-09-22, or START.. while it lasts"
        )
    start = _moment("--pause", first, mode=mode)
    end = _moment("--pause", last, mode=mode, ends=True) if last else None
    if end is not None and end < start:
        raise BadArgument("--pause", text, "it ends before it begins: write the earlier end first")
    return Pause(start=start, end=end, kind="", reason="")


def main(argv: list[str] | None = None) -> int:
    """`python -m yinuo.ops.due START VALUE MODE ...`."""
    parser = argparse.ArgumentParser(prog="yinuo due")
    add_arguments(parser)
    return run(parser.parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
