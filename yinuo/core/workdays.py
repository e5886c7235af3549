"""Working days: a city's published calendar in, `add()` and `between()` out.

Working days in China follow the State Council's yearly notice: some weekdays are off, some weekend
days are worked instead (调休). A `Calendar` turns those notices into two tables once, so that every
question afterwards is a look-up: no loop over days, no I/O, no clock.

All days are days in Asia/Shanghai. China keeps one zone at UTC+8 and has had no summer time since
1991; the tables begin in 2015, so a fixed offset is exact.

Source of the rules: 全国年节及纪念日放假办法 (2024) and the yearly 国务院办公厅通知.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from fractions import Fraction
from itertools import pairwise

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The zone in which every day of this package begins and ends."""

FIRST_YEAR = 2015
"""Tables begin on 1 January of this year, or of the first loaded year when that is earlier."""

YEARS_AHEAD = 10
"""Tables end on 31 December so many years after the last loaded year."""

ONE_DAY = timedelta(days=1)
_MINUTE = 60_000_000

Shifts = tuple[tuple[time, time], ...]
"""The working hours of one working day: (opens, closes) pairs in order, none overlapping."""

DEFAULT_SHIFTS: Shifts = ((time(8, 30), time(12, 0)), (time(14, 30), time(18, 0)))
"""Used where a city does not say: 08:30 to 12:00 and 14:30 to 18:00, seven hours a day."""


class OutOfRange(ValueError):
    """A day that the calendar's tables do not hold. The text names it and the covered range."""


def shanghai_day(moment: datetime) -> date:
    """The day in Asia/Shanghai on which `moment` (aware) falls. Raises ValueError when it has no zone."""
    if moment.tzinfo is None:
        raise ValueError(
            f"moment: {moment.isoformat()} has no time zone; give an aware datetime, best in UTC"
        )
    return moment.astimezone(SHANGHAI).date()


@dataclass(frozen=True, slots=True)
class Holiday:
    """A named holiday, from `start` to `end` inclusive, weekends and all: how the notice says it."""

    zh: str
    en: str
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Year:
    """One year's notice. off: weekdays that are off. work: weekend days that are worked (调休).

    `published` is False while only the statutory days are known. Both sets may reach into December
    of the year before, because a notice may. `issued` is None while nothing has been published.
    """

    year: int
    off: frozenset[date]
    work: frozenset[date]
    published: bool
    source: str
    issued: date | None
    holidays: tuple[Holiday, ...] = ()


@dataclass(frozen=True, slots=True)
class Warn:
    """When a light turns yellow: at most max(least, value x share) counted days are left.

    Limits in hours turn yellow when `share` of the hours is left. `share` lies between 0 and 1.
    """

    least: int = 1
    share: Fraction = Fraction(1, 5)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Calendar:
    """Working days and working hours of one city, immutable. Make one with `Calendar.build()`.

    horizon: the last day of the last consecutive published year; what lies later is provisional.
    first, last: what the tables cover. Days of years that were not loaded are plain weekends.
    off, work: the exceptions of all loaded years.
    """

    version: str
    horizon: date
    first: date
    last: date
    years: Mapping[int, Year]
    shifts: Shifts
    warn: Warn
    off: frozenset[date]
    work: frozenset[date]
    _base: int = field(repr=False)
    _days: list[date] = field(repr=False)  # every working day, in order
    _index: list[int] = field(repr=False)  # day number -> how many working days up to and including it
    _spans: tuple[tuple[int, int], ...] = field(repr=False)  # shifts in microseconds since 00:00
    _shift: int = field(repr=False)  # microseconds worked in one working day

    @classmethod
    def build(
        cls,
        years: Iterable[Year],
        *,
        version: str,
        shifts: Shifts = DEFAULT_SHIFTS,
        warn: Warn = Warn(),
    ) -> Calendar:
        """The calendar of `years`, in any order. Raises ValueError naming field, value and remedy."""
        loaded = _check_years(years)
        _check_shifts(shifts)
        if warn.least < 1 or not 0 <= warn.share < 1:
            raise ValueError(
                f"warn: {warn} is no warning rule; least must be 1 or more, share at least 0 and below 1"
            )
        off = frozenset[date]().union(*(year.off for year in loaded))
        work = frozenset[date]().union(*(year.work for year in loaded))
        first = date(min(FIRST_YEAR, loaded[0].year), 1, 1)
        last = date(loaded[-1].year + YEARS_AHEAD, 12, 31)
        days: list[date] = []
        index: list[int] = []
        for ordinal in range(first.toordinal(), last.toordinal() + 1):
            day = date.fromordinal(ordinal)
            if day in work or (day.weekday() < 5 and day not in off):
                days.append(day)
            index.append(len(days))
        spans = tuple((_since_midnight(opens), _since_midnight(closes)) for opens, closes in shifts)
        return cls(
            version=version,
            horizon=_horizon(loaded),
            first=first,
            last=last,
            years={year.year: year for year in loaded},
            shifts=tuple(shifts),
            warn=warn,
            off=off,
            work=work,
            _base=first.toordinal(),
            _days=days,
            _index=index,
            _spans=spans,
            _shift=sum(closes - opens for opens, closes in spans),
        )

    def __repr__(self) -> str:
        return f"<Calendar {self.version}, {self.first} to {self.last}, published to {self.horizon}>"

    def is_workday(self, day: date) -> bool:
        """True when `day` is worked. Raises OutOfRange."""
        i = self._number(day)
        return self._index[i] != (self._index[i - 1] if i else 0)

    def add(self, start: date, n: int) -> date:
        """The n-th working day after `start`, which is not counted; `start` itself for 0.

        The inverse of between(). Raises OutOfRange when start or result lies outside the tables.
        """
        # Spelled out instead of calling _number(): this is the hottest line of every due date.
        i = start.toordinal() - self._base
        if i >= 0 and n > 0 and not isinstance(start, datetime):
            try:
                return self._days[self._index[i] + n - 1]
            except IndexError:
                pass
        self._number(start)
        if n < 0:
            raise ValueError(f"n: {n} is negative; count working days forward, from 0 up")
        if n == 0:
            return start
        raise OutOfRange(f"{n} working days after {start} is past what the calendar covers, {self.covered}")

    def between(self, after: date, until: date) -> int:
        """How many working days lie in (after, until]; negative when `until` is the earlier one."""
        return self._index[self._number(until)] - self._index[self._number(after)]

    def roll(self, day: date) -> date:
        """`day` itself when it is worked, else the first working day after it. Raises OutOfRange."""
        i = self._number(day)
        worked_before = self._index[i - 1] if i else 0
        if worked_before == len(self._days):
            raise OutOfRange(f"the working day after {day} is past what the calendar covers, {self.covered}")
        return self._days[worked_before]

    def provisional(self, day: date) -> bool:
        """True when no published notice covers `day` yet, so that it may still turn worked or off."""
        return day > self.horizon

    def holidays(self, *, after: date, until: date) -> list[Holiday]:
        """The named holidays that touch (after, until], in order."""
        return sorted(
            (
                each
                for year in self.years.values()
                for each in year.holidays
                if each.end > after and each.start <= until
            ),
            key=lambda each: each.start,
        )

    def add_work_minutes(self, moment: datetime, minutes: int) -> datetime:
        """The UTC instant at which `minutes` of working hours have run since `moment` (aware).

        Outside the shifts nothing runs: what is brought at night begins with the next shift, and what
        ends with a shift ends at its close. Raises OutOfRange, or ValueError for negative minutes.
        """
        if minutes < 0:
            raise ValueError(f"minutes: {minutes} is negative; count working hours forward, from 0 up")
        return self.add_work(moment, timedelta(minutes=minutes))

    def work_minutes(self, a: datetime, b: datetime) -> int:
        """Whole minutes of working hours from `a` to `b` (aware); negative when `b` is the earlier one."""
        return int(self.work_between(a, b) / timedelta(minutes=1))

    def add_work(self, moment: datetime, length: timedelta) -> datetime:
        """As add_work_minutes(), to the microsecond. `length` must not be negative."""
        if not length:
            return moment.astimezone(UTC)
        days, rest = divmod(self._worked(moment) + length // timedelta(microseconds=1) - 1, self._shift)
        if days >= len(self._days):
            raise OutOfRange(
                f"{length} of working hours after {moment} is past what the calendar covers, {self.covered}"
            )
        rest += (
            1  # 1 to a full shift: a limit that ends with a shift ends at its close, not at the next opening
        )
        for opens, closes in self._spans:
            if rest <= closes - opens:
                break
            rest -= closes - opens
        midnight = datetime.combine(self._days[days], time(), tzinfo=SHANGHAI)
        return (midnight + timedelta(microseconds=opens + rest)).astimezone(UTC)

    def work_between(self, a: datetime, b: datetime) -> timedelta:
        """Working hours from `a` to `b` (aware), to the microsecond; negative when `b` is earlier."""
        return timedelta(microseconds=self._worked(b) - self._worked(a))

    @property
    def covered(self) -> str:
        """The range of the tables, for error texts: "2015-01-01 to 2037-12-31"."""
        return f"{self.first} to {self.last}"

    def _number(self, day: date) -> int:
        """The index of `day` in the tables."""
        if isinstance(day, datetime):
            raise ValueError(
                f"day: {day.isoformat()} is a moment; give the day in Shanghai, see shanghai_day()"
            )
        i = day.toordinal() - self._base
        if not 0 <= i < len(self._index):
            raise OutOfRange(f"{day} is outside what the calendar covers, {self.covered}")
        return i

    def _worked(self, moment: datetime) -> int:
        """Microseconds of working hours from the beginning of the tables to `moment`."""
        day = shanghai_day(moment)
        i = self._number(day)
        before = self._index[i - 1] if i else 0
        worked = before * self._shift
        if self._index[i] != before:
            clock = _since_midnight(moment.astimezone(SHANGHAI).time())
            for opens, closes in self._spans:
                if clock > opens:
                    worked += min(clock, closes) - opens
        return worked


def _since_midnight(clock: time) -> int:
    """Microseconds since 00:00."""
    return (clock.hour * 60 + clock.minute) * _MINUTE + clock.second * 1_000_000 + clock.microsecond


def _horizon(years: list[Year]) -> date:
    """The last day of the unbroken run of published years; the day before the first year when none is."""
    end = years[0].year - 1
    for year in years:
        if not year.published or year.year != end + 1:
            break
        end = year.year
    return date(end, 12, 31)


def _check_years(years: Iterable[Year]) -> list[Year]:
    loaded = sorted(years, key=lambda year: year.year)
    if not loaded:
        raise ValueError("years: none given; a calendar needs at least one year")
    for before, year in pairwise(loaded):
        if before.year == year.year:
            raise ValueError(f"years: {year.year} is given twice; give each year once")
    for year in loaded:
        for name, days, weekend in (("off", year.off, False), ("work", year.work, True)):
            for day in sorted(days):
                if (day.weekday() >= 5) is not weekend:
                    kind, want = ("weekday", "weekend days") if weekend else ("weekend day", "weekdays")
                    raise ValueError(f"{name}: {day} is a {kind}; the {year.year} list takes only {want}")
                if day.year != year.year and (day.year, day.month) != (year.year - 1, 12):
                    raise ValueError(
                        f"{name}: {day} is not in {year.year}; the {year.year} list takes days of that year "
                        f"or of December {year.year - 1}"
                    )
    return loaded


def _check_shifts(shifts: Shifts) -> None:
    if not shifts:
        raise ValueError("shifts: none given; a working day needs at least one shift, such as 08:30 to 12:00")
    end = None
    for opens, closes in shifts:
        if opens >= closes or (end is not None and opens < end):
            raise ValueError(
                f"shifts: {opens:%H:%M} to {closes:%H:%M} is not in order; each shift closes after it opens, "
                "and opens no earlier than the one before it closed"
            )
        end = closes
