"""What a case's clock does as it moves: deemed acceptance, pauses, extensions, breaches, promises kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from calendars_for_tests import jincheng, moment
from cases_for_tests import APPROVER, CLERK, PARTY, REVIEWER, Story, made_of, shop_sign, sign_at

from yinuo.core import engine
from yinuo.core.case import ALERTED, Case
from yinuo.core.rules import TIMER_ACTOR


def due_day(story: Story, limit: str = "promised") -> str | None:
    found = story.case.dates.get(limit)
    return None if found is None else found.day.isoformat()


# Deemed acceptance


def test_an_application_nobody_answers_is_accepted_by_law_from_the_day_it_was_received() -> None:
    story = Story(shop_sign()).open("2026-03-02T09:00")
    assert due_day(story, "receipt") == "2026-03-09"
    assert story.tick("2026-03-09T23:59") == ["alerted"]
    assert story.case.step == "intake"
    assert story.tick("2026-03-10T00:00")[0] == "deem_accepted"
    assert story.case.step == "review"
    assert story.case.clock.marks["accepted"] == moment("2026-03-02T09:00")
    # Counted from receipt, the promise of five working days is over at the same moment: the city is late.
    assert due_day(story) == "2026-03-09"
    assert story.case.alerts["promised"] == "red"
    assert story.case.breached["promised"] == moment("2026-03-10T00:00")
    assert "receipt" not in story.case.breached, (
        "the law answered for that limit; nothing else is owed for it"
    )


def test_after_a_resubmission_the_window_has_the_full_five_days_again() -> None:
    story = Story(shop_sign()).open("2026-03-02T09:00")
    story.move("ask", CLERK, "2026-03-04T09:00", reason="缺照片")
    assert "receipt" not in story.case.dates
    story.move("resubmit", PARTY, "2026-03-11T09:00")
    assert due_day(story, "receipt") == "2026-03-18"
    assert story.tick("2026-03-19T00:00")[0] == "deem_accepted"
    assert story.case.clock.marks["accepted"] == moment("2026-03-11T09:00")


def test_a_party_that_does_not_answer_in_time_has_withdrawn() -> None:
    story = Story(shop_sign()).open("2026-03-02T09:00")
    story.move("ask", CLERK, "2026-03-02T10:00", reason="缺照片")
    assert story.case.holder == "party:1"
    last = story.case.dates["step"].at
    story.tick(last - timedelta(microseconds=1))
    assert not story.case.closed
    story.tick(last)
    assert (story.case.step, story.case.outcome, story.case.kept) == ("closed", "withdrawn", None)


# Pauses

TEN_DAYS = made_of(
    limits={
        "promised": {"value": 10, "from": "received", "until": "decided"},
        "firm": {"value": 10, "from": "received", "until": "decided", "pausable": False},
    },
    steps={
        "first": {"unit": "window"},
        "second": {"unit": "approval", "suspends": "expert_review", "limit": 20},
    },
)


def test_a_pause_over_the_october_holiday_takes_no_day_of_ten_and_gives_none_back_twice() -> None:
    """Received Monday 21 September, paused from the 28th, resumed on Saturday 10 October, which is worked.

    Counted before: 22, 23, 24 September (the 25th is Mid-Autumn). After: seven more from 12 October on.
    """
    story = Story(TEN_DAYS).open("2026-09-21T09:00")
    assert due_day(story) == "2026-10-12"
    story.move("on", CLERK, "2026-09-28T09:00")
    assert story.case.paused and story.case.light == "grey"
    assert due_day(story) is None and due_day(story, "firm") == "2026-10-12"
    assert story.case.dates.keys() == {"step", "firm"}
    story.move("back", CLERK, "2026-10-10T17:00")
    assert not story.case.paused
    assert story.case.alerts == {"firm": "yellow"}, "a limit that does not stop has come near meanwhile"
    assert due_day(story) == "2026-10-20"
    assert due_day(story, "firm") == "2026-10-12"
    assert story.case.clock.pauses[0].kind == "expert_review"


def test_a_clock_that_stands_never_turns_yellow_or_red_however_long_it_stands() -> None:
    story = Story(TEN_DAYS).open("2026-09-21T09:00")
    story.move("on", CLERK, "2026-09-28T09:00")
    for day in ("2026-10-12", "2026-10-14", "2026-12-31", "2027-02-20"):
        story.tick(f"{day}T00:00")
        assert "promised" not in story.case.alerts and "promised" not in story.case.breached
    assert story.case.breached.keys() == {"step", "firm"}, "limits that do not stop go on"


def test_what_was_missed_before_the_clock_was_stopped_stays_missed_although_the_timer_never_came_by() -> None:
    story = Story(TEN_DAYS).open("2026-09-21T09:00")
    story.move("on", CLERK, "2026-10-14T09:00")
    assert story.case.breached["promised"] == moment("2026-10-13T00:00")
    story.move("back", CLERK, "2026-10-20T09:00")
    assert due_day(story) == "2026-10-12", "a pause after the due day does not bring it back"
    assert story.case.light == "red"


def test_closing_late_is_on_record_although_the_timer_never_came_by() -> None:
    story = sign_at("decide")
    story.move("grant", APPROVER, "2026-03-31T09:00")
    assert story.case.kept is False
    assert story.case.breached["promised"] == moment("2026-03-10T00:00")
    assert story.case.breached["statutory"] == moment("2026-03-31T00:00")


# Extensions


def test_an_extension_moves_the_promise_and_the_statute_by_the_same_days() -> None:
    story = sign_at("review")
    assert (due_day(story), due_day(story, "statutory")) == ("2026-03-09", "2026-03-30")
    made = story.move("extend", APPROVER, "2026-03-03T09:00", reason="赵某某的材料有疑问", days=3)
    assert (due_day(story), due_day(story, "statutory")) == ("2026-03-12", "2026-04-02")
    assert [(each.limit, each.value, each.by) for each in story.case.clock.extensions] == [
        ("promised", 3, "person:3"),
        ("statutory", 3, "person:3"),
    ]
    assert "赵某某" not in str(made.entry.body), "words that may name people stay in erasable content"


def test_an_extension_in_the_last_microsecond_is_still_in_time() -> None:
    story = sign_at("review")
    last = story.case.dates["promised"].at - timedelta(microseconds=1)
    story.move("extend", APPROVER, last, reason="疑难", days=5)
    assert due_day(story) == "2026-03-16"


def test_staying_at_a_step_keeps_its_clock_its_holder_and_who_is_in_charge() -> None:
    story = sign_at("review")
    story.take(
        engine.assign(story.case, matter=story.matter, person=2, by=REVIEWER, at=moment("2026-03-02T11:00"))
    )
    before = story.case
    story.move("extend", APPROVER, "2026-03-03T09:00", reason="疑难", days=1)
    after = story.case
    assert after.clock.entered == before.clock.entered == moment("2026-03-02T10:00")
    assert after.dates["step"] == before.dates["step"]
    assert (after.holder, after.assignee) == (before.holder, 2)


def test_leaving_a_step_puts_nobody_in_charge_in_the_next_unit() -> None:
    story = sign_at("intake")
    story.take(
        engine.assign(story.case, matter=story.matter, person=1, by=CLERK, at=moment("2026-03-02T09:30"))
    )
    story.move("accept", CLERK, "2026-03-02T10:00")
    assert story.case.assignee is None


# Lights and breaches


def test_the_first_breach_is_kept_for_good_and_later_ones_do_not_move_it() -> None:
    story = sign_at("review")
    story.tick("2026-03-10T08:00")
    first = dict(story.case.breached)
    assert first["promised"] == moment("2026-03-10T00:00")
    story.move("pass", REVIEWER, "2026-03-11T09:00", opinion="同意")
    story.move("send_back", APPROVER, "2026-03-12T09:00", reason="再看")
    story.tick("2026-03-20T08:00")
    assert {name: story.case.breached[name] for name in first} == first
    assert story.case.breached["step"] == first["step"], "the second late examination is not the first"


def test_the_light_is_green_then_yellow_then_red_and_the_timer_says_so_once() -> None:
    story = sign_at("decide")  # to be decided within one working day: by 24:00 on Tuesday the 3rd
    assert story.case.light_at(moment("2026-03-02T23:59")) == "green"
    assert story.case.light == "green"
    assert story.case.light_at(moment("2026-03-03T00:00")) == "yellow"
    assert story.tick("2026-03-03T00:00") == ["alerted"]
    assert story.case.light == "yellow"
    assert story.entries[-1].body["turned"] == {"step": "yellow"}
    assert story.tick("2026-03-03T12:00") == []
    assert story.tick("2026-03-04T00:00") == ["alerted"]
    assert story.case.light == story.case.light_at(moment("2026-03-04T00:00")) == "red"


def test_the_statute_alone_never_colours_the_light() -> None:
    matter = made_of(limits={"statutory": {"value": 1, "from": "received"}})
    story = Story(matter).open("2026-03-02T09:00")
    story.tick("2026-03-20T09:00")
    assert story.case.alerts == {"statutory": "red"} and story.case.breached.keys() == {"statutory"}
    assert story.case.light == "green" and story.case.due is None


def test_a_closed_case_has_no_light_no_date_and_nothing_to_wake_for() -> None:
    case = sign_at("closed").case
    assert (case.light, case.light_at(moment("2027-01-01T00:00")), case.due) == ("", "", None)
    assert engine.wake_at(case, matter=shop_sign()) is None
    assert (
        engine.automatic_move(
            case, matter=shop_sign(), at=moment("2027-01-01T00:00"), facts=Story(shop_sign()).facts()
        )
        is None
    )
    assert engine.alert(case, matter=shop_sign(), at=moment("2027-01-01T00:00"), calendar=jincheng()) is None


def test_the_timer_is_woken_for_the_next_light_and_then_for_the_move_it_owes() -> None:
    story = Story(shop_sign()).open("2026-03-02T09:00")
    woken = []
    while (wake := engine.wake_at(story.case, matter=story.matter)) is not None and len(woken) < 20:
        done = story.tick(wake)
        assert done, "woken for nothing"
        woken.append((wake.astimezone(moment("2026-03-02T09:00").tzinfo).strftime("%m-%d"), done[0]))
    assert woken == [
        ("03-03", "alerted"),  # the last day of the step's one
        ("03-04", "alerted"),  # the step is late
        ("03-07", "alerted"),  # four of the five days to answer are over
        ("03-10", "deem_accepted"),
        ("03-13", "alerted"),  # the last of the examination's three days
        ("03-14", "alerted"),
        ("03-25", "alerted"),  # the statute
        ("03-31", "alerted"),
    ]


def test_a_step_the_clock_may_not_leave_wakes_nobody_while_it_stands() -> None:
    matter = made_of(
        steps={"first": {"unit": "window"}, "second": {"unit": "approval", "suspends": "expert_review"}}
    )
    story = Story(matter).open("2026-03-02T09:00")
    assert engine.wake_at(story.case, matter=matter) is not None
    story.move("on", CLERK, "2026-03-02T10:00")
    assert engine.wake_at(story.case, matter=matter) is None


# Kept


def test_a_promise_is_kept_until_the_last_microsecond_and_broken_at_the_next() -> None:
    for at, kept in (("2026-03-09T23:59:59.999999", True), ("2026-03-10T00:00", False)):
        story = sign_at("decide")
        story.move("grant", APPROVER, at)
        assert story.case.kept is kept


def test_whether_a_promise_was_kept_is_decided_once_and_a_late_delivery_does_not_break_it() -> None:
    story = sign_at("decide")
    story.move("grant", APPROVER, "2026-03-05T09:00")
    assert story.case.kept is True
    assert story.case.dates.keys() == {"delivery", "step"}
    story.tick("2026-04-20T09:00")
    story.move("deliver", CLERK, "2026-04-20T10:00")
    assert story.case.kept is True
    assert story.case.breached.keys() >= {"delivery"} and "promised" not in story.case.breached


def test_a_case_closed_before_the_promise_began_neither_kept_nor_broke_it() -> None:
    story = Story(shop_sign()).open("2026-03-02T09:00")
    story.move("refuse_acceptance", CLERK, "2026-03-02T10:00", reason="不属本机关")
    assert story.case.kept is None


# Two machines


def test_a_machine_whose_clock_is_slow_cannot_turn_a_cases_time_back() -> None:
    story = sign_at("review")
    slow = moment("2026-03-02T09:59:59")
    story.move("extend", APPROVER, slow, reason="疑难", days=1)
    assert story.entries[-1].at == moment("2026-03-02T10:00")
    assert story.case.clock.extensions[0].at == story.case.at
    story.move("pass", REVIEWER, slow, opinion="同意")
    assert story.case.clock.entered == story.case.at == moment("2026-03-02T10:00")


def test_a_slow_machine_may_end_a_pause_that_a_fast_one_began_and_nothing_breaks() -> None:
    story = Story(TEN_DAYS).open("2026-09-21T09:00")
    story.move("on", CLERK, "2026-09-28T09:00:00.500")
    story.move("back", CLERK, "2026-09-28T09:00:00.300")
    assert story.case.clock.pauses[0].start == story.case.clock.pauses[0].end
    story.move("on", CLERK, "2026-09-29T09:00")
    cancelled = engine.cancel(story.case, by=CLERK, at=moment("2026-09-28T09:00"))
    assert cancelled.case.closed_at == moment("2026-09-29T09:00")


def test_a_slow_timer_does_not_turn_a_light_back_again_and_again() -> None:
    story = sign_at("review")
    story.tick("2026-03-10T08:00")
    assert story.case.light == "red"
    assert story.tick("2026-03-02T10:00") == []
    assert not any(each.kind == ALERTED for each in story.entries[-1:]) or story.case.light == "red"


def test_the_order_of_the_first_entry_has_no_earlier_one_to_follow() -> None:
    story = Story(shop_sign()).open("2026-03-02T09:00")
    assert (story.case.seq, story.case.opened_at, story.case.at) == (
        1,
        moment("2026-03-02T09:00").astimezone(UTC),
        story.case.opened_at,
    )


def test_an_entry_out_of_turn_or_of_an_earlier_time_does_not_follow_on() -> None:
    story = sign_at("review")
    last = story.entries[-1]
    with pytest.raises(ValueError, match="does not follow"):
        engine.apply(Case(matter="", version=0), last)
    with pytest.raises(ValueError, match="earlier"):
        engine.apply(story.case, replace(last, seq=last.seq + 1, at=last.at - timedelta(seconds=1)))


def test_the_timers_name_stands_under_what_it_did() -> None:
    story = Story(shop_sign()).open("2026-03-02T09:00")
    story.tick("2026-03-10T00:00")
    assert {each.by for each in story.entries[1:]} == {TIMER_ACTOR.named} == {"timer"}
