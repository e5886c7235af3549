"""The clock of a promise: limits, pauses and extensions in; due dates, lights and one plain sentence out.

Nothing here reads the time: `now` and `start` come from the caller. Nothing is stored: pauses are kept as
intervals and a date is computed from them, so that it can always be explained and computed again.

The rules, and where they stand:
- The start day is not counted; a day limit ends at 24:00 (Asia/Shanghai) of its last day (民法典 §201, §203).
- Working-day limits end where counting ends, even on a Saturday that is worked; they never roll.
- Calendar-day limits that end on a day off roll once, to the first working day after it (民法典 §203).
- Hours run from the given moment through nights and holidays (民法典 §201); work hours only in the shifts.
- A day from the first to the last day of a pause is not counted, and overlapping pauses count once
  (行政许可法 §45 names what may pause).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from . import wording
from .instants import instant, instant_text
from .workdays import ONE_DAY, Calendar, Holiday, OutOfRange, shanghai_day

HOUR = timedelta(hours=1)


class Mode(StrEnum):
    """How a limit is counted: 工作日, 自然日, 工作小时, 小时."""

    WORKDAYS = "workdays"
    DAYS = "days"
    WORKHOURS = "workhours"
    HOURS = "hours"


# Looking a member up on its class costs more than a table look-up; the hot functions use these.
_WORKDAYS, _DAYS = Mode.WORKDAYS, Mode.DAYS
_BY_DAY = (_WORKDAYS, _DAYS)


class Light(StrEnum):
    """红黄绿灯. Grey: paused."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    GREY = "grey"


@dataclass(frozen=True, slots=True)
class Limit:
    """时限: how long, counted how, from which event until which.

    value: days or hours, 1 or more. until: the events that satisfy it, any one of them. pausable: special
    procedures stop it. rolls: a calendar-day limit moves off a day off (no meaning in other modes).
    basis: the law. extension: the most that may be added, once, in the same unit; 0 for never.
    """

    value: int
    mode: Mode
    start: str = "accepted"
    until: tuple[str, ...] = ("decided",)
    pausable: bool = True
    rolls: bool = True
    basis: str = ""
    extension: int = 0

    def __post_init__(self) -> None:
        if self.value < 1:
            raise ValueError(f"value: {self.value} is no limit; give 1 or more {self.mode}")
        if self.extension < 0:
            raise ValueError(
                f"extension: {self.extension} would shorten the limit; give 0 or more {self.mode}"
            )
        if isinstance(self.until, str):
            raise TypeError(
                f'until: {self.until!r} is one text; give a tuple of events, such as ("{self.until}",)'
            )

    @property
    def by_day(self) -> bool:
        """True when the limit ends at 24:00 of a day, False when it ends at an instant."""
        return self.mode in _BY_DAY

    @property
    def needs_calendar(self) -> bool:
        """True when a new holiday notice could move its dates."""
        return self.mode in (Mode.WORKDAYS, Mode.WORKHOURS) or (self.mode is Mode.DAYS and self.rolls)


@dataclass(frozen=True, slots=True)
class Pause:
    """暂停: the clock stood from `start` to `end` (aware; None: it still stands).

    kind: the special procedure (a key of PAUSES, or any text). reason: what the written notice says.
    """

    start: datetime
    end: datetime | None
    kind: str
    reason: str

    def __post_init__(self) -> None:
        _aware("start", self.start)
        if self.end is not None:
            _aware("end", self.end)
            if self.end < self.start:
                raise ValueError(
                    f"end: {self.end.isoformat()} is before the pause began, {self.start.isoformat()}; "
                    "a pause ends at or after its start, or give None while it lasts"
                )


@dataclass(frozen=True, slots=True)
class Extension:
    """延期: `value` more days or hours for the limit named `limit`, granted by `by` at `at` (aware)."""

    limit: str
    value: int
    by: str
    reason: str
    at: datetime

    def __post_init__(self) -> None:
        _aware("at", self.at)
        if self.value < 1:
            raise ValueError(f"value: {self.value} extends nothing; give 1 or more")


@dataclass(frozen=True, slots=True)
class Due:
    """When a limit is missed and how sure that is.

    at: the UTC instant from which it is past due (24:00 of the day, or the hour). day: that day in Shanghai.
    warn: the UTC instant at which the light turns yellow. provisional: 暂定, a coming holiday notice may
    move it. calendar: the version it was computed with.
    """

    at: datetime
    day: date
    warn: datetime
    provisional: bool
    calendar: str


@dataclass(frozen=True, slots=True)
class Clock:
    """What a case's clock remembers. marks: event -> aware instant. entered: when this step began."""

    marks: Mapping[str, datetime] = field(default_factory=dict)
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[Extension, ...] = ()
    entered: datetime | None = None

    def __post_init__(self) -> None:
        for event, moment in self.marks.items():
            _aware(f"marks.{event}", moment)
        if self.entered is not None:
            _aware("entered", self.entered)

    @property
    def paused(self) -> bool:
        """True while any pause has no end."""
        return any(pause.end is None for pause in self.pauses)

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values; instants in UTC with Z, to the microsecond. from_json() reads them back."""
        return {
            "marks": {event: instant_text(moment) for event, moment in self.marks.items()},
            "pauses": [
                {
                    "start": instant_text(pause.start),
                    "end": None if pause.end is None else instant_text(pause.end),
                    "kind": pause.kind,
                    "reason": pause.reason,
                }
                for pause in self.pauses
            ],
            "extensions": [
                {
                    "limit": extension.limit,
                    "value": extension.value,
                    "by": extension.by,
                    "reason": extension.reason,
                    "at": instant_text(extension.at),
                }
                for extension in self.extensions
            ],
            "entered": None if self.entered is None else instant_text(self.entered),
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Clock:
        """The Clock whose as_json() gave `raw`. Raises KeyError or ValueError on any other shape."""
        return cls(
            marks={event: instant(text) for event, text in raw["marks"].items()},
            pauses=tuple(
                Pause(
                    start=instant(each["start"]),
                    end=None if each["end"] is None else instant(each["end"]),
                    kind=each["kind"],
                    reason=each["reason"],
                )
                for each in raw["pauses"]
            ),
            extensions=tuple(
                Extension(
                    limit=each["limit"],
                    value=each["value"],
                    by=each["by"],
                    reason=each["reason"],
                    at=instant(each["at"]),
                )
                for each in raw["extensions"]
            ),
            entered=None if raw["entered"] is None else instant(raw["entered"]),
        )


def due_day(
    limit_value: int,
    mode: Mode,
    start: date,
    calendar: Calendar,
    pauses: Sequence[tuple[date, date]] = (),
    *,
    rolls: bool = True,
) -> date:
    """The last day of a limit of `limit_value` days, counted from the day after `start`.

    mode: WORKDAYS or DAYS. pauses: (first day, last day), in any order, overlapping or not; none of their
    days is counted. rolls: a DAYS limit that ends on a day off moves once, to the first working day after it
    on which the clock does not stand. 0 days end on `start`.

    Raises OutOfRange when a day lies outside the calendar's tables, ValueError for a negative value, a pause
    that ends before it begins, or a mode that counts hours.
    """
    if mode is _WORKDAYS:
        day = calendar.add(start, limit_value)
        if pauses:
            for first, last in _union(pauses, after=start):
                if day < first:
                    break
                limit_value += calendar.between(first - ONE_DAY, last)
                day = calendar.add(start, limit_value)
        return day
    if mode is not _DAYS:
        raise ValueError(f"mode: {mode} counts hours; give workdays or days here, hours go through due()")
    if limit_value < 0:
        raise ValueError(f"limit_value: {limit_value} is negative; count days forward, from 0 up")
    spans = _union(pauses, after=start) if pauses else []
    try:
        day = date.fromordinal(start.toordinal() + limit_value)  # a third of the price of adding a timedelta
        for first, last in spans:
            if day < first:
                break
            day += last - first + ONE_DAY
    except (OverflowError, ValueError):
        day = date.max  # past any table: refused below
    # Asked for both ways: the tables bound calendar days too, since a mistyped year is no due date.
    rolled = calendar.roll(day)
    if start < calendar.first:
        raise OutOfRange(f"{start} is outside what the calendar covers, {calendar.covered}")
    if not rolls:
        return day
    for first, last in spans:
        if first <= rolled <= last:
            rolled = calendar.add(last, 1)
    return rolled


def due(
    limit: Limit,
    *,
    start: datetime,
    calendar: Calendar,
    pauses: Sequence[Pause] = (),
    extended: int = 0,
) -> Due | None:
    """When `limit`, started at `start` (aware) and lengthened by `extended`, is missed.

    None while a pausable limit has an open pause: a clock that stands does not come due. A limit that is
    not pausable ignores pauses. Provisional when a counted day has no published notice yet; hours, and
    calendar days that do not roll, hang on no notice and never are. Raises OutOfRange or ValueError.
    """
    _aware("start", start)
    if extended < 0:
        raise ValueError(f"extended: {extended} would shorten the limit; give 0 or more {limit.mode}")
    if not limit.pausable:
        pauses = ()
    elif any(pause.end is None for pause in pauses):
        return None
    value = limit.value + extended
    rule = calendar.warn
    if limit.by_day:
        first = shanghai_day(start)
        days = _pause_days(pauses) if pauses else ()
        day = due_day(value, limit.mode, first, calendar, days, rolls=limit.rolls)
        left = max(rule.least, value * rule.share.numerator // rule.share.denominator)
        warn_day = due_day(max(value - left, 0), limit.mode, first, calendar, days, rolls=False)
        at, warn = _end_of(day), _end_of(warn_day)
    else:
        length = value * HOUR
        at = _run(limit.mode, start, length, calendar, pauses)
        unwarned = length * (rule.share.denominator - rule.share.numerator) / rule.share.denominator
        warn = _run(limit.mode, start, unwarned, calendar, pauses)
        day = shanghai_day(at)
        calendar.between(day, day)  # the tables bound hours too
    return Due(
        at=at,
        day=day,
        warn=warn,
        provisional=limit.needs_calendar and calendar.provisional(day),
        calendar=calendar.version,
    )


def light(*, now: datetime, due: Due | None, paused: bool) -> Light:
    """The light at `now` (aware) for what due() said.

    Without a due date: grey while paused, green when nothing is owed by a date. With one the light follows
    it even if `paused` is True, because due() gives a date during a pause only where the limit does not stop.
    """
    if due is None:
        return Light.GREY if paused else Light.GREEN
    if now >= due.at:
        return Light.RED
    return Light.YELLOW if now >= due.warn else Light.GREEN


def explain(
    limit: Limit,
    *,
    start: datetime,
    calendar: Calendar,
    pauses: Sequence[Pause] = (),
    extensions: Sequence[Extension] = (),
    lang: str = "zh",
    event: str = "",
) -> str:
    """One sentence that an official can read to a citizen: how the due date of `limit` came about.

    It names the start event and day, the counting mode, the calendar's version, the holidays left out and the
    make-up days counted, every extension and pause, a roll, the due date, and whether that is provisional.

    lang: "zh…" for Chinese, anything else for English. event: what the start is called, where it is not one
    of wording.EVENTS. Takes the arguments of due() and raises what due() raises.
    """
    extended = sum(extension.value for extension in extensions)
    story = _Story(
        limit=limit,
        start=start,
        calendar=calendar,
        pauses=tuple(sorted(pauses, key=lambda pause: pause.start)),
        extensions=tuple(extensions),
        total=limit.value + extended,
        due=due(limit, start=start, calendar=calendar, pauses=pauses, extended=extended),
    )
    return _in_chinese(story, event=event) if lang.startswith("zh") else _in_english(story, event=event)


@dataclass(frozen=True, slots=True)
class _Story:
    """What both languages tell."""

    limit: Limit
    start: datetime
    calendar: Calendar
    pauses: tuple[Pause, ...]
    extensions: tuple[Extension, ...]
    total: int
    due: Due | None

    @property
    def first(self) -> date:
        """The start day, which is not counted."""
        return shanghai_day(self.start)

    @property
    def last(self) -> date:
        """The last day worth telling about: the due day, or while the clock stands the day it stopped."""
        if self.due is not None:
            return self.due.day
        return max(self.first, min(shanghai_day(pause.start) for pause in self.pauses if pause.end is None))

    @property
    def since(self) -> date:
        """The day before the first day that may count: hours begin on the start day itself."""
        return self.first if self.limit.by_day else self.first - ONE_DAY

    @property
    def notices(self) -> list[int]:
        """Years whose published notice decided a day."""
        years = range((self.since + ONE_DAY).year, self.last.year + 1)
        return [year for year in years if year in self.calendar.years and self.calendar.years[year].published]

    @property
    def unpublished(self) -> list[int]:
        """Years that the count reaches and no notice covers."""
        return list(range(self.calendar.horizon.year + 1, self.last.year + 1))

    @property
    def holidays(self) -> list[Holiday]:
        """Named holidays that the count passed over."""
        return self.calendar.holidays(after=self.since, until=self.last)

    @property
    def unnamed(self) -> list[date]:
        """Weekdays off that no named holiday holds."""
        named = self.holidays
        return sorted(
            day
            for day in self.calendar.off
            if self.since < day <= self.last and not any(each.start <= day <= each.end for each in named)
        )

    @property
    def weekends(self) -> bool:
        """True when the count passed over a weekend day that is no part of a named holiday."""
        named = self.holidays
        day = self.since
        while day < self.last:
            day += ONE_DAY
            if day.weekday() >= 5 and day not in self.calendar.work:
                if not any(each.start <= day <= each.end for each in named):
                    return True
        return False

    @property
    def made_up(self) -> list[date]:
        """Weekend days that were counted because they are worked; the due day speaks for itself."""
        stood = _pause_days(self.pauses) if self.limit.pausable and self.limit.by_day else []
        return sorted(
            day
            for day in self.calendar.work
            if self.since < day < self.last and not any(first <= day <= last for first, last in stood)
        )

    @property
    def counted_end(self) -> date:
        """Where a calendar-day limit ended before it rolled."""
        days = _pause_days(self.pauses) if self.limit.pausable else ()
        return due_day(self.total, self.limit.mode, self.first, self.calendar, days, rolls=False)

    def holiday_on(self, day: date) -> Holiday | None:
        return next((each for each in self.calendar.holidays(after=day - ONE_DAY, until=day)), None)

    def idle(self, pause: Pause) -> bool:
        """True when `pause` lies wholly before or after what was counted."""
        if pause.end is None or self.due is None:
            return False
        if self.limit.by_day:
            return shanghai_day(pause.end) <= self.first or shanghai_day(pause.start) > self.due.day
        return pause.end <= self.start or pause.start >= self.due.at


_UNITS_ZH = {
    Mode.WORKDAYS: "个工作日",
    Mode.DAYS: "日",
    Mode.WORKHOURS: "个工作小时",
    Mode.HOURS: "小时",
}
_UNITS_EN = {
    Mode.WORKDAYS: "working day",
    Mode.DAYS: "calendar day",
    Mode.WORKHOURS: "work hour",
    Mode.HOURS: "hour",
}


def _in_chinese(story: _Story, *, event: str) -> str:
    limit = story.limit
    event = event or wording.named(wording.EVENTS, limit.start)[0]
    unit = _UNITS_ZH[limit.mode]
    began = wording.day_zh(story.first) if limit.by_day else wording.moment_zh(story.start)
    counting = {Mode.HOURS: "即时起连续计", Mode.WORKHOURS: "起计"}.get(limit.mode, "次日起算")
    parts = [f"{began}{event}", f"{counting}{limit.value}{unit}（{'，'.join(_notes_zh(story))}）"]
    for extension in story.extensions:
        by = "" if ":" in extension.by else extension.by  # "person:12" is no name to read out
        parts.append(f"经{by}批准延长{extension.value}{unit}{_why_zh(extension.reason)}")
    if story.extensions:
        parts.append(f"合计{story.total}{unit}")
    if limit.pausable:
        parts += [_pause_zh(story, pause) for pause in story.pauses]
    elif story.pauses:
        parts.append("本时限不因暂停而顺延")
    return "，".join(parts + _end_zh(story)) + "。"


def _notes_zh(story: _Story) -> list[str]:
    """What stands in brackets behind the counting mode."""
    limit, calendar, year = story.limit, story.calendar, story.first.year
    notes = []
    if limit.mode is Mode.DAYS:
        notes.append("自然日，含周末和节假日")
    if limit.mode is Mode.HOURS:
        notes.append("夜间和节假日不扣除")
    if limit.mode is Mode.WORKHOURS:
        shifts = [f"{_time_text(opens)}至{_time_text(closes)}" for opens, closes in calendar.shifts]
        notes.append(f"只计工作日{'、'.join(shifts)}")
    if limit.needs_calendar:
        if story.notices:
            notes.append(f"按{'、'.join(f'{each}年' for each in story.notices)}放假安排")
        notes.append(f"日历版本{calendar.version}")
    if limit.mode in (Mode.WORKDAYS, Mode.WORKHOURS):
        skipped = ["周末"] if story.weekends else []
        skipped += [
            f"{each.zh}假期{wording.span_zh(each.start, each.end, year=year)}" for each in story.holidays
        ]
        skipped += [f"放假的{wording.day_zh(each, year=year)}" for each in story.unnamed]
        if skipped:
            notes.append("跳过" + "、".join(skipped))
        worked = [f"{wording.day_zh(day, year=year)}{wording.weekday_zh(day)}" for day in story.made_up]
        if worked:
            notes.append(f"{'、'.join(worked)}调休上班照常计入")
    return notes


def _pause_zh(story: _Story, pause: Pause) -> str:
    year = story.first.year
    kind = wording.named(wording.PAUSES, pause.kind)[0]
    why = _why_zh(pause.reason)
    if pause.end is None:
        since = _since_zh(story, pause)
        return f"自{since}起因{kind}{why}暂停计时" if kind else f"自{since}起暂停计时{why}"
    if story.limit.by_day:
        span = wording.span_zh(shanghai_day(pause.start), shanghai_day(pause.end), year=year)
    else:
        span = f"{_since_zh(story, pause)}至{wording.moment_zh(pause.end, year=year)}"
    return f"{span}{kind or '暂停'}{why}" + ("不在计算期内" if story.idle(pause) else "不计入")


def _since_zh(story: _Story, pause: Pause) -> str:
    year = story.first.year
    if story.limit.by_day:
        return wording.day_zh(shanghai_day(pause.start), year=year)
    return wording.moment_zh(pause.start, year=year)


def _end_zh(story: _Story) -> list[str]:
    """The roll, the due date, and whether it is provisional."""
    if story.due is None:
        return ["恢复计时后再确定到期日"]
    day, year = story.due.day, story.first.year
    parts = []
    if story.limit.by_day and (ended := story.counted_end) != day:
        holiday = story.holiday_on(ended)
        off = f"{holiday.zh}假期" if holiday else "休息日"
        end = f"{wording.day_zh(ended, year=year)}（{wording.weekday_zh(ended)}）"
        parts.append(f"第{story.total}日{end}为{off}，顺延至其后第一个工作日")
    worked = "，调休上班" if day in story.calendar.work else ""
    until = "24时" if story.limit.by_day else wording.clock_zh(story.due.at)
    parts.append(f"到{wording.day_zh(day)}（{wording.weekday_zh(day)}{worked}）{until}止")
    if story.due.provisional:
        years = "、".join(f"{each}年" for each in story.unpublished)
        parts.append(f"因{years}放假安排尚未公布，此日期为暂定")
    return parts


def _why_zh(reason: str) -> str:
    return f"（{reason}）" if reason else ""


def _in_english(story: _Story, *, event: str) -> str:
    limit = story.limit
    event = event or wording.named(wording.EVENTS, limit.start)[1]
    began = f"on {wording.day_en(story.first)}" if limit.by_day else f"at {wording.moment_en(story.start)}"
    counting = {
        Mode.HOURS: "running without a break from that moment",
        Mode.WORKHOURS: "running in working hours from that moment",
    }.get(limit.mode, "counted from the next day")
    parts = [
        f"{event[:1].upper()}{event[1:]} {began}",
        f"{_count_en(limit.value, limit.mode)} {counting} ({', '.join(_notes_en(story))})",
    ]
    for extension in story.extensions:
        by = "" if not extension.by or ":" in extension.by else f" with the approval of {extension.by}"
        parts.append(f"extended by {_count_en(extension.value, limit.mode)}{by}{_why_en(extension.reason)}")
    if story.extensions:
        parts.append(f"{_count_en(story.total, limit.mode)} in all")
    if limit.pausable:
        parts += [_pause_en(story, pause) for pause in story.pauses]
    elif story.pauses:
        parts.append("pauses do not lengthen this limit")
    return ", ".join(parts + _end_en(story)) + "."


def _notes_en(story: _Story) -> list[str]:
    """What stands in brackets behind the counting mode."""
    limit, calendar, year = story.limit, story.calendar, story.first.year
    notes = []
    if limit.mode is Mode.DAYS:
        notes.append("weekends and holidays included")
    if limit.mode is Mode.HOURS:
        notes.append("nights and holidays included")
    if limit.mode is Mode.WORKHOURS:
        shifts = [f"{_time_text(opens)} to {_time_text(closes)}" for opens, closes in calendar.shifts]
        notes.append(f"on working days {wording.listed_en(shifts)} only")
    if limit.needs_calendar:
        if story.notices:
            years = wording.listed_en([str(each) for each in story.notices])
            notes.append(f"by the {years} holiday notice{'s' if len(story.notices) > 1 else ''}")
        notes.append(f"calendar version {calendar.version}")
    if limit.mode in (Mode.WORKDAYS, Mode.WORKHOURS):
        skipped = ["weekends"] if story.weekends else []
        skipped += [
            f"{each.en} ({wording.span_en(each.start, each.end, year=year)})" for each in story.holidays
        ]
        skipped += [f"{wording.day_en(each, year=year)}, a day off" for each in story.unnamed]
        if skipped:
            notes.append(f"leaving out {wording.listed_en(skipped)}")
        worked = [f"{wording.weekday_en(day)} {wording.day_en(day, year=year)}" for day in story.made_up]
        if worked:
            notes.append(f"counting {wording.listed_en(worked)}, worked to make up")
    return notes


def _pause_en(story: _Story, pause: Pause) -> str:
    year = story.first.year
    kind = wording.named(wording.PAUSES, pause.kind)[1]
    why = (f" for {kind}" if kind else "") + _why_en(pause.reason)
    if pause.end is None:
        return f"the clock has stood since {_since_en(story, pause)}{why}"
    if story.limit.by_day:
        span = wording.span_en(shanghai_day(pause.start), shanghai_day(pause.end), year=year)
    else:
        span = f"{_since_en(story, pause)} to {wording.moment_en(pause.end, year=year)}"
    return f"{span} {'lies outside the count' if story.idle(pause) else 'not counted'}{why}"


def _since_en(story: _Story, pause: Pause) -> str:
    year = story.first.year
    if story.limit.by_day:
        return wording.day_en(shanghai_day(pause.start), year=year)
    return wording.moment_en(pause.start, year=year)


def _end_en(story: _Story) -> list[str]:
    """The roll, the due date, and whether it is provisional."""
    if story.due is None:
        return ["and the due date is set when it runs again"]
    day, year = story.due.day, story.first.year
    parts = []
    if story.limit.by_day and (ended := story.counted_end) != day:
        holiday = story.holiday_on(ended)
        end = f"{wording.weekday_en(ended)} {wording.day_en(ended, year=year)}"
        parts.append(
            f"moved from {end} ({holiday.en if holiday else 'a day off'}) to the first working day after it"
        )
    if story.limit.by_day:
        until = f"by 24:00 on {wording.weekday_en(day)} {wording.day_en(day)}"
    else:
        until = f"at {wording.time_en(story.due.at)} on {wording.weekday_en(day)} {wording.day_en(day)}"
    parts.append(f"due {until}" + (", a working day to make up" if day in story.calendar.work else ""))
    if story.due.provisional:
        years = wording.listed_en([str(each) for each in story.unpublished])
        parts.append(f"provisional, as the {years} holiday notice has not been published yet")
    return parts


def _why_en(reason: str) -> str:
    return f" ({reason})" if reason else ""


def _count_en(value: int, mode: Mode) -> str:
    return f"{value} {_UNITS_EN[mode]}{'' if value == 1 else 's'}"


def _time_text(clock: time) -> str:
    return f"{clock.hour}:{clock.minute:02d}"


def _aware(name: str, moment: datetime) -> None:
    if moment.tzinfo is None:
        raise ValueError(
            f"{name}: {moment.isoformat()} has no time zone; give an aware datetime, best in UTC"
        )


def _end_of(day: date) -> datetime:
    """24:00 Shanghai of `day` as a UTC instant: 16:00 UTC, as the zone is UTC+8."""
    return datetime(day.year, day.month, day.day, 16, tzinfo=UTC)


def _pause_days(pauses: Sequence[Pause]) -> list[tuple[date, date]]:
    """First and last day of each closed pause."""
    return [(shanghai_day(pause.start), shanghai_day(pause.end)) for pause in pauses if pause.end is not None]


def _union(pauses: Sequence[tuple[date, date]], *, after: date) -> list[tuple[date, date]]:
    """The days of `pauses` later than `after`, as disjoint (first, last) spans in order."""
    spans: list[tuple[date, date]] = []
    seen = after
    for first, last in sorted(pauses):
        if last < first:
            raise ValueError(f"pauses: {first} to {last} ends before it begins; give the earlier day first")
        if last > seen:
            spans.append((max(first, seen + ONE_DAY), last))
            seen = last
    return spans


def _run(
    mode: Mode, start: datetime, length: timedelta, calendar: Calendar, pauses: Sequence[Pause]
) -> datetime:
    """The UTC instant at which `length` has run since `start`, not counting what lies in closed pauses."""
    run: Callable[[datetime, datetime], timedelta]
    add: Callable[[datetime, timedelta], datetime]
    if mode is Mode.WORKHOURS:
        run, add = calendar.work_between, calendar.add_work
    else:
        run, add = _elapsed, _later
    at = start.astimezone(UTC)
    for pause in sorted(pauses, key=lambda pause: pause.start):
        if pause.end is None or pause.end <= at:
            continue
        if pause.start > at:
            ran = run(at, pause.start)
            if ran >= length:
                break
            length -= ran
        at = pause.end.astimezone(UTC)
    return add(at, length)


def _elapsed(a: datetime, b: datetime) -> timedelta:
    return b - a


def _later(moment: datetime, length: timedelta) -> datetime:
    try:
        return moment + length
    except OverflowError:
        raise OutOfRange(f"{length} after {moment} is later than any calendar covers") from None
