"""Limits, pauses, extensions, lights, and the sentence: what a citizen is promised and can check."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from calendars_for_tests import day, jincheng, moment
from hypothesis import given
from hypothesis import strategies as st

from yinuo.core import wording
from yinuo.core.clock import Clock, Due, Extension, Light, Limit, Mode, Pause, due, due_day, explain, light
from yinuo.core.fees import late_fee
from yinuo.core.workdays import ONE_DAY, Calendar, OutOfRange, Warn

GOLDEN: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "clock_vectors.json").read_text(encoding="utf-8")
)
DAY_MODES = (Mode.WORKDAYS, Mode.DAYS)


def golden(kind: str) -> list[dict[str, Any]]:
    found = [vector for vector in GOLDEN if vector["kind"] == kind]
    assert found, f"no vector of kind {kind}"
    return found


def promise(value: int, mode: Mode = Mode.WORKDAYS, **rest: Any) -> Limit:
    return Limit(value=value, mode=mode, **rest)


def when(limit: Limit, start: str, *pauses: Pause, extended: int = 0) -> Due:
    """The due date of a limit that runs."""
    found = due(limit, start=moment(start), calendar=jincheng(), pauses=pauses, extended=extended)
    assert found is not None
    return found


def pause(start: str, end: str | None, kind: str = "expert_review", reason: str = "") -> Pause:
    return Pause(start=moment(start), end=moment(end) if end else None, kind=kind, reason=reason)


def say(limit: Limit, start: str, *pauses: Pause, extensions: tuple[Extension, ...] = (), **rest: str) -> str:
    return explain(
        limit, start=moment(start), calendar=jincheng(), pauses=pauses, extensions=extensions, **rest
    )


# The golden table.


@pytest.mark.parametrize("vector", golden("workdays"), ids=lambda v: f"{v['start']}+{v['n']}")
def test_working_days_fall_due_as_in_the_golden_table(vector: dict[str, Any]) -> None:
    assert due_day(vector["n"], Mode.WORKDAYS, day(vector["start"]), jincheng()) == day(vector["due"])


@pytest.mark.parametrize("vector", golden("calendar_days_roll"), ids=lambda v: f"{v['start']}+{v['n']}")
def test_calendar_days_roll_as_in_the_golden_table(vector: dict[str, Any]) -> None:
    start = day(vector["start"])
    assert due_day(vector["n"], Mode.DAYS, start, jincheng(), rolls=False) == day(vector["raw"])
    assert due_day(vector["n"], Mode.DAYS, start, jincheng()) == day(vector["due"])


@pytest.mark.parametrize("vector", golden("workdays_suspended"), ids=lambda v: f"{v['start']}+{v['n']}")
def test_suspended_working_days_fall_due_as_in_the_golden_table(vector: dict[str, Any]) -> None:
    start, stood = day(vector["start"]), (day(vector["suspend_from"]), day(vector["suspend_to"]))
    assert due_day(vector["n"], Mode.WORKDAYS, start, jincheng()) == day(vector["due_without"])
    assert due_day(vector["n"], Mode.WORKDAYS, start, jincheng(), (stood,)) == day(vector["due"])


def test_late_fees_grow_and_stop_as_in_the_golden_table() -> None:
    for vector in golden("late_penalty"):
        for days, fee in vector["cases"].items():
            assert late_fee(Decimal(vector["principal"]), Decimal(vector["rate"]), int(days)) == Decimal(fee)


def test_every_kind_of_vector_in_the_golden_table_is_run_by_a_test() -> None:
    here = {"workdays", "calendar_days_roll", "workdays_suspended", "late_penalty"}
    assert {vector["kind"] for vector in GOLDEN} == here | {"uscc", "citizen_id"}


# Late fees.


def test_no_day_late_costs_nothing_and_cents_are_rounded_to_the_nearest() -> None:
    assert late_fee(Decimal("100"), Decimal("0.03"), 0) == Decimal("0.00")
    assert late_fee(Decimal("0.50"), Decimal("0.03"), 1) == Decimal("0.02")
    assert str(late_fee(Decimal("10000"), Decimal("0.03"), 40)) == "10000.00"


def test_money_is_never_a_float_and_never_negative() -> None:
    with pytest.raises(TypeError, match="principal"):
        late_fee(10000.0, Decimal("0.03"), 1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"rate: -0\.03"):
        late_fee(Decimal(1), Decimal("-0.03"), 1)
    with pytest.raises(ValueError, match="principal: NaN"):
        late_fee(Decimal("NaN"), Decimal("0.03"), 1)
    with pytest.raises(ValueError, match="days: -1"):
        late_fee(Decimal(1), Decimal("0.03"), -1)


# Due dates.


def test_a_promise_of_five_days_before_may_day_falls_due_on_a_saturday() -> None:
    found = when(promise(5), "2026-04-29T09:00")
    assert found.day == day("2026-05-09")
    assert found.at == datetime(2026, 5, 9, 16, tzinfo=UTC) == moment("2026-05-10T00:00")
    assert not found.provisional
    assert found.calendar == jincheng().version


def test_what_is_accepted_after_midnight_in_shanghai_counts_from_the_new_day() -> None:
    late_evening_in_utc = datetime(2026, 4, 28, 16, 30, tzinfo=UTC)  # 00:30 of the 29th in Shanghai
    found = due(promise(5), start=late_evening_in_utc, calendar=jincheng())
    assert found is not None and found.day == day("2026-05-09")


def test_ninety_calendar_days_and_five_working_days_are_different_clocks() -> None:
    assert when(promise(90, Mode.DAYS), "2026-07-03T09:00").day == day("2026-10-08")
    assert when(promise(90, Mode.DAYS, rolls=False), "2026-07-03T09:00").day == day("2026-10-01")
    assert when(promise(5), "2026-09-24T09:00").day == day("2026-10-09")


def test_a_working_day_limit_never_rolls() -> None:
    assert when(promise(1, rolls=True), "2026-01-02T09:00").day == day("2026-01-04")  # a worked Sunday


def test_hours_run_through_the_night_and_the_holiday() -> None:
    assert when(promise(24, Mode.HOURS), "2026-09-30T17:50").at == moment("2026-10-01T17:50")


def test_a_case_reported_ten_minutes_before_closing_runs_on_with_the_next_shift() -> None:
    assert when(promise(4, Mode.WORKHOURS), "2026-09-16T17:50").at == moment("2026-09-17T14:50")


def test_a_case_reported_at_night_begins_with_the_next_shift() -> None:
    assert when(promise(1, Mode.WORKHOURS), "2026-09-16T22:00").at == moment("2026-09-17T09:30")


def test_hours_do_not_count_what_lies_in_pauses_and_overlaps_count_once() -> None:
    first = pause("2026-09-16T10:00", "2026-09-16T12:00")
    second = pause("2026-09-16T11:00", "2026-09-16T13:00")
    assert when(promise(4, Mode.HOURS), "2026-09-16T09:00", first, second).at == moment("2026-09-16T16:00")
    assert when(promise(4, Mode.HOURS), "2026-09-16T09:00", second, first).at == moment("2026-09-16T16:00")
    # 10:00 to 12:00 of working time is lost, lunch was none
    assert when(promise(4, Mode.WORKHOURS), "2026-09-16T09:00", first, second).at == moment(
        "2026-09-16T17:30"
    )


def test_hours_that_had_run_out_before_a_pause_began_stay_run_out() -> None:
    later = pause("2026-09-16T13:00", "2026-09-20T13:00")
    assert when(promise(4, Mode.HOURS), "2026-09-16T09:00", later).at == moment("2026-09-16T13:00")
    before = pause("2026-09-01T13:00", "2026-09-16T08:00")
    assert when(promise(4, Mode.HOURS), "2026-09-16T09:00", before).at == moment("2026-09-16T13:00")


def test_calendar_days_stand_still_in_a_pause_too() -> None:
    assert when(
        promise(15, Mode.DAYS), "2026-11-02T09:00", pause("2026-11-05T09:00", "2026-11-07T09:00")
    ).day == day("2026-11-20")


def test_a_pause_on_the_start_day_only_takes_nothing_away() -> None:
    same_day = pause("2026-04-29T10:00", "2026-04-29T16:00")
    assert when(promise(5), "2026-04-29T09:00", same_day).day == day("2026-05-09")


def test_a_rolled_day_does_not_land_in_a_pause() -> None:
    # 15 days end on Friday 2 October and roll to the 8th, but the clock stands from the 5th to the 9th.
    stood = pause("2026-10-05T09:00", "2026-10-09T09:00")
    assert when(promise(15, Mode.DAYS), "2026-09-17T09:00", stood).day == day("2026-10-10")
    from_the_8th = pause("2026-10-08T09:00", "2026-10-08T17:00")
    assert when(promise(15, Mode.DAYS), "2026-09-17T09:00", from_the_8th).day == day("2026-10-09")


def test_an_extension_adds_to_the_value() -> None:
    assert when(promise(20, extension=10), "2026-09-24T09:00", extended=10) == when(
        promise(30), "2026-09-24T09:00"
    )


def test_a_paused_clock_never_comes_due_unless_the_limit_does_not_pause() -> None:
    standing = pause("2026-09-17T09:00", None)
    ask = {"start": moment("2026-09-14T09:00"), "calendar": jincheng(), "pauses": (standing,)}
    for mode in Mode:
        assert due(promise(10, mode), **ask) is None  # type: ignore[arg-type]
    assert due(promise(10, pausable=False), **ask) == when(promise(10), "2026-09-14T09:00")  # type: ignore[arg-type]


def test_a_date_past_the_published_calendar_is_provisional() -> None:
    assert when(promise(9), "2026-12-20T09:00").day == day("2026-12-31")
    assert not when(promise(9), "2026-12-20T09:00").provisional
    assert when(promise(10), "2026-12-20T09:00").provisional
    assert when(promise(40, Mode.DAYS), "2026-12-20T09:00").provisional
    assert when(promise(100, Mode.WORKHOURS), "2026-12-20T09:00").provisional


def test_a_date_that_no_notice_can_move_is_not_provisional() -> None:
    assert not when(promise(1000, Mode.HOURS), "2026-12-20T09:00").provisional
    assert not when(promise(40, Mode.DAYS, rolls=False), "2026-12-20T09:00").provisional


def test_dates_outside_the_tables_are_refused_in_every_mode() -> None:
    for mode in Mode:
        with pytest.raises(OutOfRange, match="2037-12-31"):
            when(promise(200_000, mode), "2026-01-01T09:00")
        with pytest.raises(OutOfRange):
            when(promise(99_999_999, mode), "2026-01-01T09:00")
    with pytest.raises(OutOfRange, match="2014-12-31"):
        due_day(5, Mode.DAYS, day("2014-12-31"), jincheng())


def test_a_time_without_a_zone_is_refused_wherever_it_is_given() -> None:
    naive = datetime(2026, 4, 29, 9)
    refused: list[Callable[[], object]] = [
        lambda: due(promise(5), start=naive, calendar=jincheng()),
        lambda: Pause(start=naive, end=None, kind="", reason=""),
        lambda: Pause(start=moment("2026-04-29T09:00"), end=naive, kind="", reason=""),
        lambda: Extension(limit="promised", value=1, by="", reason="", at=naive),
        lambda: Clock(marks={"accepted": naive}),
        lambda: Clock(entered=naive),
    ]
    for build in refused:
        with pytest.raises(ValueError, match="2026-04-29T09:00:00 has no time zone"):
            build()


def test_limits_pauses_and_extensions_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="value: 0"):
        promise(0)
    with pytest.raises(ValueError, match="extension: -1"):
        promise(1, extension=-1)
    with pytest.raises(TypeError, match="until"):
        promise(1, until="decided")
    with pytest.raises(ValueError, match="before the pause began"):
        pause("2026-09-17T09:00", "2026-09-16T09:00")
    with pytest.raises(ValueError, match="value: 0 extends nothing"):
        Extension(limit="promised", value=0, by="", reason="", at=moment("2026-09-16T09:00"))
    with pytest.raises(ValueError, match="extended: -1"):
        when(promise(5), "2026-09-16T09:00", extended=-1)
    with pytest.raises(ValueError, match="hours"):
        due_day(5, Mode.HOURS, day("2026-09-16"), jincheng())
    with pytest.raises(ValueError, match="limit_value: -1"):
        due_day(-1, Mode.DAYS, day("2026-09-16"), jincheng())
    with pytest.raises(ValueError, match="ends before it begins"):
        due_day(5, Mode.DAYS, day("2026-09-16"), jincheng(), ((day("2026-09-20"), day("2026-09-18")),))


# Properties.

STARTS = st.dates(date(2025, 1, 1), date(2027, 12, 31))
VALUES = st.integers(1, 120)
SPANS = st.tuples(st.dates(date(2024, 12, 1), date(2028, 6, 1)), st.integers(0, 40)).map(
    lambda pair: (pair[0], pair[0] + timedelta(days=pair[1]))
)
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))
PAUSES = st.builds(
    lambda start, hours: Pause(start=start, end=start + timedelta(hours=hours), kind="hearing", reason=""),
    MOMENTS,
    st.integers(0, 600),
)


@given(start=STARTS, value=VALUES, mode=st.sampled_from(DAY_MODES), spans=st.lists(SPANS, max_size=4))
def test_a_due_day_is_after_the_start_and_exactly_so_many_counted_days_on(
    start: date, value: int, mode: Mode, spans: list[tuple[date, date]]
) -> None:
    end = due_day(value, mode, start, jincheng(), spans, rolls=False)

    def counts(each: date) -> bool:
        if any(first <= each <= last for first, last in spans):
            return False
        return mode is Mode.DAYS or jincheng().is_workday(each)

    days = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
    assert end > start
    assert counts(end)
    assert sum(map(counts, days)) == value


@given(start=STARTS, value=VALUES, mode=st.sampled_from(DAY_MODES), spans=st.lists(SPANS, max_size=4))
def test_a_rolled_due_day_is_the_first_working_day_on_which_the_clock_does_not_stand(
    start: date, value: int, mode: Mode, spans: list[tuple[date, date]]
) -> None:
    counted = due_day(value, mode, start, jincheng(), spans, rolls=False)
    rolled = due_day(value, mode, start, jincheng(), spans)
    free = counted
    while not jincheng().is_workday(free) or any(first <= free <= last for first, last in spans):
        free += ONE_DAY
    assert rolled == free


@given(
    start=MOMENTS,
    value=VALUES,
    mode=st.sampled_from(Mode),
    pauses=st.lists(PAUSES, max_size=3),
    more=PAUSES,
)
def test_a_pause_never_makes_a_date_earlier(
    start: datetime, value: int, mode: Mode, pauses: list[Pause], more: Pause
) -> None:
    without = due(promise(value, mode), start=start, calendar=jincheng(), pauses=pauses)
    with_it = due(promise(value, mode), start=start, calendar=jincheng(), pauses=[*pauses, more])
    assert without is not None and with_it is not None
    assert with_it.at >= without.at > start
    assert with_it.warn >= without.warn
    assert without.warn <= without.at and with_it.warn <= with_it.at


@given(
    start=MOMENTS,
    value=VALUES,
    mode=st.sampled_from(Mode),
    pauses=st.lists(PAUSES, max_size=4),
    data=st.data(),
)
def test_the_order_of_pauses_does_not_matter(
    start: datetime, value: int, mode: Mode, pauses: list[Pause], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(pauses))
    limit = promise(value, mode)
    assert due(limit, start=start, calendar=jincheng(), pauses=pauses) == due(
        limit, start=start, calendar=jincheng(), pauses=shuffled
    )


@given(start=MOMENTS, value=VALUES, mode=st.sampled_from(Mode), whole=PAUSES, share=st.floats(0, 1))
def test_a_pause_split_in_two_that_touch_changes_nothing(
    start: datetime, value: int, mode: Mode, whole: Pause, share: float
) -> None:
    assert whole.end is not None
    cut = whole.start + (whole.end - whole.start) * share
    halves = (replace(whole, end=cut), replace(whole, start=cut))
    limit = promise(value, mode)
    assert due(limit, start=start, calendar=jincheng(), pauses=(whole,)) == due(
        limit, start=start, calendar=jincheng(), pauses=halves
    )


@given(start=STARTS, value=VALUES, mode=st.sampled_from(DAY_MODES), whole=SPANS, data=st.data())
def test_days_of_a_pause_split_between_two_days_change_nothing(
    start: date, value: int, mode: Mode, whole: tuple[date, date], data: st.DataObject
) -> None:
    first, last = whole
    cut = data.draw(st.dates(first, last))
    halves = [(first, cut)] + ([(cut + ONE_DAY, last)] if cut < last else [])
    assert due_day(value, mode, start, jincheng(), [whole]) == due_day(value, mode, start, jincheng(), halves)


@given(
    start=MOMENTS, value=VALUES, mode=st.sampled_from(Mode), closed=st.lists(PAUSES, max_size=2), at=MOMENTS
)
def test_a_clock_that_stands_has_no_due_date_and_a_grey_light(
    start: datetime, value: int, mode: Mode, closed: list[Pause], at: datetime
) -> None:
    standing = [*closed, Pause(start=at, end=None, kind="hearing", reason="")]
    found = due(promise(value, mode), start=start, calendar=jincheng(), pauses=standing)
    assert found is None
    assert light(now=at, due=found, paused=True) is Light.GREY


@given(start=MOMENTS, value=VALUES, more=st.integers(1, 60), mode=st.sampled_from(Mode))
def test_a_longer_limit_never_ends_sooner(start: datetime, value: int, more: int, mode: Mode) -> None:
    short = due(promise(value, mode), start=start, calendar=jincheng())
    extended = due(promise(value, mode), start=start, calendar=jincheng(), extended=more)
    assert short is not None and extended is not None
    assert extended.at >= short.at
    assert extended == due(promise(value + more, mode), start=start, calendar=jincheng())


TEXTS = st.text(max_size=12)
CLOCKS = st.builds(
    Clock,
    marks=st.dictionaries(TEXTS, MOMENTS, max_size=4),
    pauses=st.lists(
        PAUSES | st.builds(Pause, start=MOMENTS, end=st.none(), kind=TEXTS, reason=TEXTS), max_size=3
    ).map(tuple),
    extensions=st.lists(
        st.builds(Extension, limit=TEXTS, value=st.integers(1, 99), by=TEXTS, reason=TEXTS, at=MOMENTS),
        max_size=3,
    ).map(tuple),
    entered=st.none() | MOMENTS,
)


@given(CLOCKS)
def test_a_clock_comes_back_from_json_exactly(clock: Clock) -> None:
    text = json.dumps(clock.as_json())
    back = Clock.from_json(json.loads(text))
    assert back == clock
    assert json.dumps(back.as_json()) == text
    assert back.paused == clock.paused == any(each.end is None for each in clock.pauses)


def test_instants_in_json_are_utc_with_z_to_the_microsecond() -> None:
    clock = Clock(marks={"accepted": moment("2026-04-29T09:00") + timedelta(microseconds=1)})
    assert clock.as_json()["marks"] == {"accepted": "2026-04-29T01:00:00.000001Z"}
    assert Clock.from_json(Clock().as_json()) == Clock()


@given(start=MOMENTS, value=VALUES, mode=st.sampled_from(Mode), pauses=st.lists(PAUSES, max_size=3))
def test_the_sentence_names_the_due_date(
    start: datetime, value: int, mode: Mode, pauses: list[Pause]
) -> None:
    limit = promise(value, mode)
    found = due(limit, start=start, calendar=jincheng(), pauses=pauses)
    assert found is not None
    zh = explain(limit, start=start, calendar=jincheng(), pauses=pauses)
    en = explain(limit, start=start, calendar=jincheng(), pauses=pauses, lang="en")
    assert f"到{wording.day_zh(found.day)}（{wording.weekday_zh(found.day)}" in zh
    assert f"on {wording.weekday_en(found.day)} {wording.day_en(found.day)}" in en
    assert ("暂定" in zh) is ("provisional" in en) is found.provisional
    if limit.needs_calendar:
        assert jincheng().version in zh and jincheng().version in en
    assert zh.endswith("。") and zh.count("。") == 1
    assert en.endswith(".") and "\n" not in zh + en


# Lights.


def test_the_light_turns_yellow_on_the_last_fifth_and_red_at_midnight() -> None:
    found = when(promise(10), "2026-09-28T09:00")  # counted: 29, 30, 8, 9, 10, 12, 13, 14, 15, 16 October
    assert found.day == day("2026-10-16")
    assert found.warn == moment("2026-10-15T00:00")  # two of ten days are left

    def seen(at: datetime) -> Light:
        return light(now=at, due=found, paused=False)

    tick = timedelta(microseconds=1)
    assert seen(found.warn - tick) is Light.GREEN
    assert seen(found.warn) is Light.YELLOW
    assert seen(moment("2026-10-17T00:00") - tick) is Light.YELLOW
    assert seen(moment("2026-10-17T00:00")) is Light.RED


def test_a_short_promise_warns_one_day_ahead_and_a_one_day_promise_from_the_first_evening() -> None:
    assert when(promise(3), "2026-09-14T09:00").warn == moment("2026-09-17T00:00")
    assert when(promise(1), "2026-09-14T09:00").warn == moment("2026-09-15T00:00")


def test_a_rolled_limit_warns_before_the_holiday_and_does_not_use_the_roll() -> None:
    assert when(promise(90, Mode.DAYS), "2026-07-03T09:00").warn == moment("2026-09-14T00:00")


def test_hours_warn_when_a_fifth_is_left() -> None:
    assert when(promise(10, Mode.HOURS), "2026-09-16T08:00").warn == moment("2026-09-16T16:00")
    assert when(promise(10, Mode.WORKHOURS), "2026-09-16T08:30").warn == moment("2026-09-17T09:30")


def test_a_city_may_set_its_own_warning() -> None:
    strict = Calendar.build(
        jincheng().years.values(), version="strict", warn=Warn(least=3, share=Fraction(1, 2))
    )

    def warned(limit: Limit) -> datetime:
        found = due(limit, start=moment("2026-09-14T09:00"), calendar=strict)
        assert found is not None
        return found.warn

    assert warned(promise(5)) == moment("2026-09-17T00:00")  # three of five left
    assert warned(promise(2)) == moment("2026-09-15T00:00")  # never before the start day ends
    assert warned(promise(10)) == moment("2026-09-21T00:00")  # five of ten left, Sunday the 20th worked
    assert warned(promise(8, Mode.HOURS)) == moment("2026-09-14T13:00")


def test_without_a_due_date_the_light_is_grey_in_a_pause_and_green_where_nothing_is_owed() -> None:
    now = moment("2026-09-14T09:00")
    assert light(now=now, due=None, paused=True) is Light.GREY
    assert light(now=now, due=None, paused=False) is Light.GREEN


def test_a_limit_that_does_not_pause_stays_red_while_the_case_is_paused() -> None:
    found = when(promise(5, pausable=False), "2026-09-14T09:00")
    assert light(now=moment("2026-12-01T09:00"), due=found, paused=True) is Light.RED


# The sentence.


def test_the_may_day_promise_explains_itself_in_both_languages() -> None:
    assert say(promise(5), "2026-04-29T09:00") == (
        "2026年4月29日受理，次日起算5个工作日（按2026年放假安排，日历版本2026-r1，跳过劳动节假期5月1日至5日），"
        "到2026年5月9日（星期六，调休上班）24时止。"
    )
    assert say(promise(5), "2026-04-29T09:00", lang="en") == (
        "Accepted on 29 April 2026, 5 working days counted from the next day (by the 2026 holiday notice, "
        "calendar version 2026-r1, leaving out Labour Day (1 to 5 May)), due by 24:00 on Saturday 9 May "
        "2026, a working day to make up."
    )


def test_the_sentence_tells_of_pauses_extensions_and_made_up_days() -> None:
    extension = Extension(
        limit="promised", value=10, by="局长", reason="案情复杂", at=moment("2026-10-09T09:00")
    )
    reviewed = pause("2026-09-17T09:00", "2026-09-22T17:00", reason="专家库抽取")
    zh = say(promise(20), "2026-09-14T09:00", reviewed, extensions=(extension,))
    for told in (
        "经局长批准延长10个工作日（案情复杂）",
        "合计30个工作日",
        "9月17日至22日专家评审（专家库抽取）不计入",
        "10月10日星期六调休上班照常计入",
        "到2026年11月6日（星期五）24时止",
    ):
        assert told in zh
    assert "9月20日" not in zh  # a worked Sunday, but inside the pause
    en = say(promise(20), "2026-09-14T09:00", reviewed, extensions=(extension,), lang="en")
    for told in (
        "extended by 10 working days with the approval of 局长 (案情复杂)",
        "30 working days in all",
        "17 to 22 September not counted for an expert review (专家库抽取)",
        "counting Saturday 10 October, worked to make up",
        "due by 24:00 on Friday 6 November 2026",
    ):
        assert told in en


def test_the_sentence_does_not_read_out_account_numbers() -> None:
    extension = Extension(limit="promised", value=1, by="person:12", reason="", at=moment("2026-09-15T09:00"))
    assert "person:12" not in say(promise(5), "2026-09-14T09:00", extensions=(extension,))
    assert "经批准延长1个工作日" in say(promise(5), "2026-09-14T09:00", extensions=(extension,))
    assert "person:12" not in say(promise(5), "2026-09-14T09:00", extensions=(extension,), lang="en")


def test_the_sentence_tells_of_a_roll() -> None:
    assert say(promise(15, Mode.DAYS), "2026-09-17T09:00") == (
        "2026年9月17日受理，次日起算15日（自然日，含周末和节假日，按2026年放假安排，日历版本2026-r1），"
        "第15日10月2日（星期五）为国庆节假期，顺延至其后第一个工作日，到2026年10月8日（星期四）24时止。"
    )
    assert "moved from Friday 2 October (National Day) to the first working day after it" in say(
        promise(15, Mode.DAYS), "2026-09-17T09:00", lang="en"
    )
    assert "为休息日，顺延" in say(promise(2, Mode.DAYS), "2026-11-05T09:00")


def test_the_sentence_of_a_paused_case_says_since_when_and_gives_no_date() -> None:
    zh = say(promise(20), "2026-09-14T09:00", pause("2026-09-17T09:00", None))
    assert "自9月17日起因专家评审暂停计时，恢复计时后再确定到期日" in zh
    assert "止" not in zh.replace("停止", "")
    assert "the clock has stood since 17 September for an expert review" in say(
        promise(20), "2026-09-14T09:00", pause("2026-09-17T09:00", None), lang="en"
    )


def test_the_sentence_says_when_a_pause_did_not_matter() -> None:
    early = pause("2026-09-01T09:00", "2026-09-14T17:00", kind="testing")
    assert "9月1日至14日检测不在计算期内" in say(promise(5), "2026-09-14T09:00", early)
    assert "本时限不因暂停而顺延" in say(promise(5, pausable=False), "2026-09-14T09:00", early)


def test_the_sentence_of_hours_names_moments_shifts_and_nights() -> None:
    work = say(promise(4, Mode.WORKHOURS, start="reported"), "2026-09-18T17:50")
    assert work == (
        "2026年9月18日17时50分上报，起计4个工作小时（只计工作日8:30至12:00、14:30至18:00，按2026年放假安排，"
        "日历版本2026-r1，跳过周末），到2026年9月20日（星期日，调休上班）14时50分止。"
    )
    plain = say(promise(24, Mode.HOURS, start="reported"), "2026-09-30T17:50")
    assert plain == (
        "2026年9月30日17时50分上报，即时起连续计24小时（夜间和节假日不扣除），到2026年10月1日（星期四）17时50分止。"
    )
    stood = say(promise(4, Mode.HOURS), "2026-09-16T09:00", pause("2026-09-16T10:00", "2026-09-16T12:30"))
    assert "9月16日10时至9月16日12时30分专家评审不计入" in stood


def test_a_provisional_date_says_which_notice_is_missing() -> None:
    zh = say(promise(20), "2026-12-20T09:00")
    assert "因2027年放假安排尚未公布，此日期为暂定" in zh
    assert "跳过周末、元旦假期2027年1月1日" in zh
    assert "provisional, as the 2027 holiday notice has not been published yet" in say(
        promise(20), "2026-12-20T09:00", lang="en"
    )


def test_a_start_event_the_table_lacks_is_named_as_given_or_as_the_pack_calls_it() -> None:
    limit = promise(5, start="site_checked")
    assert say(limit, "2026-04-29T09:00").startswith("2026年4月29日site_checked，")
    assert say(limit, "2026-04-29T09:00", event="勘验").startswith("2026年4月29日勘验，")
    assert say(limit, "2026-04-29T09:00", lang="en").startswith("Site checked on 29 April 2026")
