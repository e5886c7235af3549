"""A city's calendar files in, a `Calendar` out: `read(folder)`.

`calendar/<year>.yaml` holds one year's notice; see `_year()` for its keys. `city.yaml` beside the folder may
name the calendar's version, the shifts of a working day and when a light turns yellow; what it lacks has the
defaults of `yinuo.core.workdays`. Every error names file, line, what is wrong and what would be right.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from yinuo.core.workdays import DEFAULT_SHIFTS, Calendar, Holiday, Shifts, Warn, Year

YEAR_KEYS = ("year", "published", "issued", "source", "holidays", "off", "work")


class CalendarError(ValueError):
    """A calendar file that cannot be right. The text begins with file and line."""


def read(folder: Path) -> Calendar:
    """The calendar that `folder` (packs/<city>/calendar) and the `city.yaml` beside it hold.

    Raises CalendarError, naming file, line, what is wrong and what would be right.
    """
    if not folder.is_dir():
        raise CalendarError(f"{folder}: no such folder; name the one that holds 2026.yaml and its like")
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise CalendarError(f"{folder}: holds no calendar; add one file a year, such as 2026.yaml")
    years = [_year(path) for path in paths]
    city = _Page.of(folder.parent / "city.yaml") if (folder.parent / "city.yaml").is_file() else None
    shifts = DEFAULT_SHIFTS if city is None else _shifts(city)
    warn = Warn() if city is None else _warn(city)
    named = "" if city is None else _version(city, loaded=[year.year for year in years])
    return Calendar.build(years, version=named or _digest(years, shifts), shifts=shifts, warn=warn)


@dataclass(frozen=True)
class _Page:
    """A YAML file: its plain data, and the line of every key and item by its path."""

    path: Path
    data: dict[Any, Any]
    lines: dict[tuple[Any, ...], int]

    @classmethod
    def of(cls, path: Path) -> _Page:
        try:
            loader = yaml.SafeLoader(path.read_text(encoding="utf-8"))
            node = loader.get_single_node()
            data = None if node is None else loader.construct_document(node)
        except UnicodeDecodeError as error:
            raise CalendarError(f"{path}: is not UTF-8 at byte {error.start}; save it as UTF-8") from error
        except (yaml.MarkedYAMLError, ValueError) as error:
            mark = getattr(error, "problem_mark", None)
            line = f":{mark.line + 1}" if mark else ""
            what = getattr(error, "problem", None) or error
            raise CalendarError(
                f"{path}{line}: is no YAML ({what}); see another year's file for the form"
            ) from error
        if not isinstance(data, dict):
            raise CalendarError(f"{path}:1: holds no keys; a file holds lines such as `year: 2026`")
        page = cls(path=path, data=data, lines={(): 1})
        page._number(node, ())
        if False in data:  # YAML 1.1 reads a bare `off` as false; both spellings of the key mean the list
            data["off"] = data.pop(False)
        return page

    def _number(self, node: yaml.Node | None, at: tuple[Any, ...]) -> None:
        if isinstance(node, yaml.MappingNode):
            for key_node, value_node in node.value:
                key = key_node.value
                before = (*at, key) in self.lines
                self.lines[*at, key] = key_node.start_mark.line + 1
                if before:
                    raise self.wrong((*at, key), f"`{key}` stands twice", "keep one of the two")
                self._number(value_node, (*at, key))
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self.lines[*at, index] = item.start_mark.line + 1
                self._number(item, (*at, index))

    def wrong(self, at: tuple[Any, ...], what: str, remedy: str) -> CalendarError:
        """The error for the thing at path `at`, or at its nearest ancestor that has a line."""
        while at not in self.lines:
            at = at[:-1]
        return CalendarError(f"{self.path}:{self.lines[at]}: {what}; {remedy}")


def _year(path: Path) -> Year:
    """One file: year, published, issued (date or null), source {title, url or note}, holidays, off, work.

    holidays: [{name: {zh, en}, from, to}], as the notice says it. off: weekdays. work: weekend days worked.
    The three must agree: every weekday of a holiday is in `off`, nothing else is, and no holiday is worked.
    """
    page = _Page.of(path)
    for key in page.data:
        if key not in YEAR_KEYS:
            raise page.wrong((key,), f"`{key}` is no key of a calendar", f"use {', '.join(YEAR_KEYS)}")
    for key in YEAR_KEYS:
        if key not in page.data:
            raise page.wrong((), f"`{key}` is missing", f"a calendar has {', '.join(YEAR_KEYS)}")
    year = page.data["year"]
    if type(year) is not int or str(year) != path.stem:
        raise page.wrong(("year",), f"year: {year!r} is not the file's year", f"write `year: {path.stem}`")
    published, issued = page.data["published"], page.data["issued"]
    if not isinstance(published, bool):
        raise page.wrong(("published",), f"published: {published!r} is neither", "write true or false")
    if published and not _is_date(issued):
        raise page.wrong(
            ("issued",), f"issued: {issued!r} is no date", "write the notice's date, such as 2025-11-04"
        )
    if not published and issued is not None:
        raise page.wrong(
            ("issued",), f"issued: {issued} with `published: false`", "write null until the notice is out"
        )
    holidays = _holidays(page)
    off = _days(page, "off", year=year)
    work = _days(page, "work", year=year)
    _agree(page, holidays=holidays, off=off, work=work)
    return Year(
        year=year,
        off=frozenset(off),
        work=frozenset(work),
        published=published,
        source=_source(page),
        issued=issued,
        holidays=tuple(holidays),
    )


def _source(page: _Page) -> str:
    source = page.data["source"]
    if (
        not isinstance(source, dict)
        or not source.get("title")
        or not (source.get("url") or source.get("note"))
    ):
        raise page.wrong(
            ("source",), "source: says too little", "write a title, and a url or a note on where it was read"
        )
    return str(source["title"])


def _holidays(page: _Page) -> list[Holiday]:
    holidays: list[Holiday] = []
    listed = page.data["holidays"]
    if not isinstance(listed, list):
        raise page.wrong(("holidays",), f"holidays: {listed!r} is no list", "write one line a holiday, or []")
    for index, each in enumerate(listed):
        at = ("holidays", index)
        name = each.get("name") if isinstance(each, dict) else None
        if not isinstance(name, dict) or not name.get("zh") or not name.get("en"):
            raise page.wrong(
                at, "a holiday without a name in both languages", "write `name: {zh: 元旦, en: ...}`"
            )
        start, end = each.get("from"), each.get("to")
        if not _is_date(start) or not _is_date(end) or end < start:
            raise page.wrong(
                at, f"{name['zh']} runs from {start} to {end}", "write two dates, `from` not after `to`"
            )
        holidays.append(Holiday(zh=str(name["zh"]), en=str(name["en"]), start=start, end=end))
    return holidays


def _days(page: _Page, key: str, *, year: int) -> list[date]:
    """The dates listed under `key`: "off" takes weekdays, "work" weekend days."""
    listed = page.data[key]
    if not isinstance(listed, list):
        raise page.wrong((key,), f"{key}: {listed!r} is no list", "write one date a line, or []")
    weekend = key == "work"
    days: list[date] = []
    for index, day in enumerate(listed):
        at = (key, index)
        if not _is_date(day):
            raise page.wrong(at, f"{key}: {day!r} is no date", f"write a date such as {year}-05-01")
        if (day.weekday() >= 5) is not weekend:
            remedy = (
                "a weekend day that is worked"
                if weekend
                else "a weekday that is off; weekends are off anyway"
            )
            raise page.wrong(at, f"{key}: {day} is a {day:%A}", f"list here only {remedy}")
        if day.year != year and (day.year, day.month) != (year - 1, 12):
            raise page.wrong(
                at, f"{key}: {day} is not in {year}", f"list days of {year} or of December {year - 1}"
            )
        if day in days:
            raise page.wrong(at, f"{key}: {day} stands twice", "keep one of the two")
        days.append(day)
    return days


def _agree(page: _Page, *, holidays: list[Holiday], off: list[date], work: list[date]) -> None:
    for index, holiday in enumerate(holidays):
        for day in _each(holiday.start, holiday.end):
            if day.weekday() < 5 and day not in off:
                raise page.wrong(
                    ("holidays", index),
                    f"{holiday.zh} holds the weekday {day}, which `off` lacks",
                    f"add {day} to `off`, or mend the holiday's dates",
                )
            if day in work:
                raise page.wrong(
                    ("work", work.index(day)),
                    f"work: {day} lies in {holiday.zh}",
                    "take it out, or mend the holiday's dates",
                )
    for index, day in enumerate(off):
        if not any(holiday.start <= day <= holiday.end for holiday in holidays):
            raise page.wrong(
                ("off", index),
                f"off: {day} lies in no holiday",
                "take it out, or name the holiday that holds it under `holidays`",
            )


def _version(city: _Page, *, loaded: list[int]) -> str:
    """The name that city.yaml gives the calendar, "" where it gives none."""
    calendar = city.data.get("calendar")
    if calendar is None:
        return ""
    version = calendar.get("version") if isinstance(calendar, dict) else None
    if not version:
        raise city.wrong(
            ("calendar",), "calendar: has no version", "write `calendar: {version: 2026-r1, ...}`"
        )
    years = calendar.get("years", loaded)
    if years != loaded:
        raise city.wrong(
            ("calendar", "years"),
            f"calendar.years: {years} are not the files at hand, {loaded}",
            "list exactly the years that calendar/ holds",
        )
    return str(version)


def _shifts(city: _Page) -> Shifts:
    """`hours: {shifts: [["08:30", "12:00"], ...]}`, or the list alone; the default where it is missing."""
    hours = city.data.get("hours")
    if hours is None:
        return DEFAULT_SHIFTS
    at: tuple[Any, ...] = ("hours",)
    if isinstance(hours, dict):
        hours, at = hours.get("shifts"), ("hours", "shifts")
    remedy = 'write pairs of quoted times in order, such as [["08:30", "12:00"], ["14:30", "18:00"]]'
    if not isinstance(hours, list) or not hours:
        raise city.wrong(at, f"hours: {hours!r} is no list of shifts", remedy)
    shifts: list[tuple[time, time]] = []
    for index, shift in enumerate(hours):
        if not isinstance(shift, list) or len(shift) != 2:
            raise city.wrong((*at, index), f"hours: {shift!r} is no shift", remedy)
        opens, closes = (_time(city, (*at, index), text, remedy=remedy) for text in shift)
        if opens >= closes or (shifts and opens < shifts[-1][1]):
            raise city.wrong((*at, index), f"hours: {shift} is out of order", remedy)
        shifts.append((opens, closes))
    return tuple(shifts)


def _time(city: _Page, at: tuple[Any, ...], text: Any, *, remedy: str) -> time:
    # An unquoted 12:00 is the number 720 in YAML 1.1, so only text will do.
    if isinstance(text, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        return time.fromisoformat(text)
    raise city.wrong(at, f"hours: {text!r} is no time of day", remedy)


def _warn(city: _Page) -> Warn:
    """`warn: {share, least}`, the default where it is missing."""
    warn = city.data.get("warn")
    if warn is None:
        return Warn()
    if not isinstance(warn, dict):
        raise city.wrong(("warn",), f"warn: {warn!r} is no rule", "write `warn: {share: 0.2, least: 1}`")
    share, least = warn.get("share", 0.2), warn.get("least", 1)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share < 1:
        raise city.wrong(
            ("warn", "share"), f"warn.share: {share!r} is no share", "write 0 to below 1, such as 0.2"
        )
    if type(least) is not int or least < 1:
        raise city.wrong(("warn", "least"), f"warn.least: {least!r} is no number of days", "write 1 or more")
    return Warn(least=least, share=Fraction(str(share)))


def _digest(years: Iterable[Year], shifts: Shifts) -> str:
    """A name for a calendar that has none: its last published year and what it holds, in 8 hex digits."""
    digest = hashlib.sha256(repr(shifts).encode())
    newest = 0
    for year in years:
        digest.update(f"{year.year} {year.published} {sorted(year.off)} {sorted(year.work)}".encode())
        newest = year.year if year.published else newest
    return f"{newest}-{digest.hexdigest()[:8]}"


def _is_date(value: Any) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _each(start: date, end: date) -> Iterable[date]:
    return (start + timedelta(days=n) for n in range((end - start).days + 1))
