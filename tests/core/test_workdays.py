"""Working days and working hours, against the notices and against a source of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
from calendars_for_tests import day, jincheng, moment
from hypothesis import given
from hypothesis import strategies as st

from yinuo.core.workdays import SHANGHAI, Calendar, OutOfRange, Warn, Year, shanghai_day

DAYS = st.dates(date(2024, 6, 1), date(2028, 6, 1))


def year(number: int, *, off: str = "", work: str = "", published: bool = True) -> Year:
    return Year(
        year=number,
        off=frozenset(map(day, off.split())),
        work=frozenset(map(day, work.split())),
        published=published,
        source="a test",
        issued=date(number - 1, 11, 1) if published else None,
    )


def build(*years: Year, **rest: object) -> Calendar:
    return Calendar.build(years, version="test", **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [2025, 2026])
def test_every_day_of_a_published_year_agrees_with_an_independent_calendar(number: int) -> None:
    differ = [
        each
        for each in (date(number, 1, 1) + timedelta(days=n) for n in range(365))
        if jincheng().is_workday(each) != chinese_calendar.is_workday(each)
    ]
    assert differ == []


def test_a_made_up_saturday_is_worked_and_a_holiday_wednesday_is_not() -> None:
    assert jincheng().is_workday(day("2026-05-09"))
    assert not jincheng().is_workday(day("2025-10-08"))


@given(start=DAYS, n=st.integers(0, 800))
def test_between_undoes_add(start: date, n: int) -> None:
    assert jincheng().between(start, jincheng().add(start, n)) == n


@given(start=DAYS, n=st.integers(1, 800))
def test_add_ends_on_a_working_day_and_counts_every_one_on_the_way(start: date, n: int) -> None:
    end = jincheng().add(start, n)
    assert jincheng().is_workday(end)
    walked = sum(jincheng().is_workday(start + timedelta(days=k)) for k in range(1, (end - start).days + 1))
    assert walked == n


@given(a=DAYS, b=DAYS)
def test_between_counts_backwards_as_a_negative_number(a: date, b: date) -> None:
    assert jincheng().between(a, b) == -jincheng().between(b, a)


@given(start=DAYS)
def test_roll_stays_on_a_working_day_and_otherwise_takes_the_first_after(start: date) -> None:
    rolled = jincheng().roll(start)
    assert rolled == (start if jincheng().is_workday(start) else jincheng().add(start, 1))


def test_no_working_days_after_a_day_is_that_day_even_on_a_holiday() -> None:
    assert jincheng().add(day("2026-10-01"), 0) == day("2026-10-01")


def test_the_horizon_is_the_end_of_the_last_published_year() -> None:
    assert jincheng().horizon == day("2026-12-31")
    assert not jincheng().provisional(day("2026-12-31"))
    assert jincheng().provisional(day("2027-01-01"))


def test_a_missing_year_ends_the_horizon_even_when_a_later_notice_is_loaded() -> None:
    assert build(year(2025), year(2027)).horizon == day("2025-12-31")
    assert build(year(2025), year(2026, published=False), year(2027)).horizon == day("2025-12-31")
    assert build(year(2026, published=False)).horizon == day("2025-12-31")


def test_years_without_a_notice_are_plain_weekends_from_2015_to_ten_years_past_the_last() -> None:
    calendar = build(year(2026, off="2026-01-01"))
    assert (calendar.first, calendar.last) == (day("2015-01-01"), day("2036-12-31"))
    assert calendar.is_workday(day("2020-10-01"))
    assert not calendar.is_workday(day("2030-10-05"))


def test_a_loaded_year_before_2015_widens_the_tables() -> None:
    assert build(year(2012)).first == day("2012-01-01")


def test_the_notice_of_a_year_may_change_december_of_the_year_before() -> None:
    calendar = build(year(2026), year(2027, off="2026-12-31", work="2026-12-26"))
    assert not calendar.is_workday(day("2026-12-31"))
    assert calendar.is_workday(day("2026-12-26"))


def test_the_order_in_which_years_are_given_does_not_matter() -> None:
    first, second = year(2026, work="2026-12-26"), year(2027, off="2026-12-31")
    one, other = build(first, second), build(second, first)
    assert (one.off, one.work, one.horizon) == (other.off, other.work, other.horizon)


@pytest.mark.parametrize(
    "ask",
    [
        lambda c: c.is_workday(day("2014-12-31")),
        lambda c: c.add(day("2014-12-31"), 1),
        lambda c: c.add(day("2014-12-31"), 0),
        lambda c: c.roll(day("2014-12-31")),
        lambda c: c.between(day("2026-01-01"), day("2014-12-31")),
        lambda c: c.work_minutes(moment("2014-12-31T12:00"), moment("2026-01-01T12:00")),
    ],
)
def test_a_day_before_the_tables_is_named_with_what_they_cover(ask) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(OutOfRange, match=r"2014-12-31 .* 2015-01-01 to 2037-12-31"):
        ask(jincheng())


def test_a_day_years_before_the_tables_does_not_wrap_around_to_their_end() -> None:
    with pytest.raises(OutOfRange, match="2006-05-08"):
        jincheng().add(day("2006-05-08"), 5)


def test_a_holiday_is_told_when_any_of_its_days_is_passed_over() -> None:
    def told(after: str, until: str) -> list[str]:
        return [each.zh for each in jincheng().holidays(after=day(after), until=day(until))]

    assert told("2026-05-04", "2026-05-20") == ["劳动节"]
    assert told("2026-05-05", "2026-05-20") == []
    assert told("2026-04-20", "2026-05-01") == ["劳动节"]
    assert told("2026-04-20", "2026-04-30") == []
    assert told("2026-12-20", "2027-01-04") == ["元旦"]


def test_counting_past_the_tables_says_so_instead_of_wrapping_around() -> None:
    with pytest.raises(OutOfRange, match=r"9999 working days after 2026-01-01 .* 2015-01-01 to 2037-12-31"):
        jincheng().add(day("2026-01-01"), 9999)
    with pytest.raises(OutOfRange, match="2038-01-01"):
        jincheng().add(day("2038-01-01"), 1)
    with pytest.raises(OutOfRange, match="2037-12-31"):
        build(year(2027), year(2026)).add_work_minutes(moment("2037-12-31T17:00"), 600)


def test_the_last_day_off_of_the_tables_has_nothing_to_roll_to() -> None:
    calendar = build(year(2023))  # its tables end on Saturday 2033-12-31
    with pytest.raises(OutOfRange, match="2033-12-31"):
        calendar.roll(day("2033-12-31"))


def test_a_moment_is_not_taken_for_a_day_because_midnight_is_elsewhere_in_utc() -> None:
    for ask in (jincheng().is_workday, jincheng().roll, lambda when: jincheng().add(when, 3)):
        with pytest.raises(ValueError, match="shanghai_day"):
            ask(datetime(2026, 5, 8, 17, tzinfo=UTC))


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="n: -1"):
        jincheng().add(day("2026-01-01"), -1)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"off": "2026-05-02"}, "off: 2026-05-02 is a weekend day"),
        ({"work": "2026-05-01"}, "work: 2026-05-01 is a weekday"),
        ({"off": "2025-11-28"}, "off: 2025-11-28 is not in 2026"),
        ({"work": "2027-01-02"}, "work: 2027-01-02 is not in 2026"),
    ],
)
def test_an_impossible_notice_is_refused(wrong: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        build(year(2026, **wrong))  # type: ignore[arg-type]


def test_a_calendar_needs_each_year_once_shifts_in_order_and_a_warning_rule() -> None:
    with pytest.raises(ValueError, match="none given"):
        build()
    with pytest.raises(ValueError, match="2026 is given twice"):
        build(year(2026), year(2026))
    with pytest.raises(ValueError, match="shifts: none"):
        build(year(2026), shifts=())
    with pytest.raises(ValueError, match="14:00 to 12:00"):
        build(year(2026), shifts=((time(14), time(12)),))
    with pytest.raises(ValueError, match="11:00 to 13:00"):
        build(year(2026), shifts=((time(8), time(12)), (time(11), time(13))))
    with pytest.raises(ValueError, match="warn"):
        build(year(2026), warn=Warn(least=0))
    with pytest.raises(ValueError, match="warn"):
        build(year(2026), warn=Warn(share=Fraction(1)))


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("2026-09-16T09:00", 60, "2026-09-16T10:00"),
        ("2026-09-16T11:30", 60, "2026-09-16T15:00"),  # over lunch
        ("2026-09-16T11:30", 30, "2026-09-16T12:00"),  # ends with the shift, not at the next opening
        ("2026-09-16T12:30", 1, "2026-09-16T14:31"),  # brought at lunch
        ("2026-09-16T03:00", 1, "2026-09-16T08:31"),  # brought at night
        ("2026-09-16T23:00", 420, "2026-09-17T18:00"),  # one whole day
        ("2026-09-18T17:50", 240, "2026-09-20T14:50"),  # Friday evening, Sunday is worked
        ("2026-09-30T17:59", 2, "2026-10-08T08:31"),  # over the National Day
        ("2026-09-16T12:30", 0, "2026-09-16T12:30"),
    ],
)
def test_work_minutes_run_only_in_the_shifts_of_working_days(start: str, minutes: int, end: str) -> None:
    reached = jincheng().add_work_minutes(moment(start), minutes)
    assert reached == moment(end)
    assert reached.tzinfo is UTC
    assert jincheng().work_minutes(moment(start), moment(end)) == minutes


@given(
    start=st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
    minutes=st.integers(0, 200_000),
)
def test_work_minutes_undo_adding_them(start: datetime, minutes: int) -> None:
    end = jincheng().add_work_minutes(start, minutes)
    assert end >= start
    assert jincheng().work_minutes(start, end) == minutes
    assert jincheng().work_minutes(end, start) == -minutes


def test_negative_work_minutes_are_refused() -> None:
    with pytest.raises(ValueError, match="minutes: -1"):
        jincheng().add_work_minutes(moment("2026-09-16T09:00"), -1)


@given(st.datetimes(datetime(2015, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC)))
def test_the_fixed_zone_agrees_with_the_zone_of_shanghai(when: datetime) -> None:
    assert when.astimezone(SHANGHAI).utcoffset() == when.astimezone(ZoneInfo("Asia/Shanghai")).utcoffset()


def test_five_in_the_evening_utc_is_already_the_next_day_in_shanghai() -> None:
    assert shanghai_day(datetime(2026, 5, 8, 16, tzinfo=UTC)) == day("2026-05-09")
    with pytest.raises(ValueError, match="no time zone"):
        shanghai_day(datetime(2026, 5, 8, 16))


def test_a_calendar_cannot_be_changed_after_it_is_built() -> None:
    calendar = build(year(2026))
    with pytest.raises(AttributeError):
        calendar.version = "other"  # type: ignore[misc]
    assert replace(year(2026), published=False).published is False
    assert "2026" in repr(calendar)
