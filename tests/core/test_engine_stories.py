"""Corrections, rework, ratings, cancelled children, and whose clock ran when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from calendars_for_tests import jincheng, moment
from cases_for_tests import APPROVER, CLERK, PAPERS, PARTY, REVIEWER, Story, made_of, shop_sign, sign_at

from yinuo.core import engine
from yinuo.core.case import ASSIGNED, CORRECTED, KINDS, apply, from_state, holdings, replay
from yinuo.core.engine import Refused
from yinuo.core.rules import SYSTEM_ACTOR, Actor, Child

# Corrections


def test_a_correction_restores_the_step_the_clock_and_the_holder_exactly() -> None:
    story = sign_at("review")
    before = story.case
    story.move("pass", REVIEWER, "2026-03-03T09:00", opinion="同意")
    story.correct("2026-03-04T09:00", by=REVIEWER)
    after = story.case
    for name in ("step", "holder", "clock", "facts", "made", "dates", "outcome", "kept", "assignee"):
        assert getattr(after, name) == getattr(before, name), name
    assert story.entries[-1].kind == CORRECTED
    assert story.entries[-1].body["undoes"] == story.entries[-2].seq
    assert [each.seq for each in story.entries] == list(range(1, len(story.entries) + 1)), "both stay"


def test_corrections_can_be_made_one_after_the_other_all_the_way_back_and_the_moves_made_again() -> None:
    story = sign_at("closed")
    made = [each.move for each in story.entries if each.kind == "moved"]
    assert made == ["accept", "pass", "grant", "deliver"]
    for name, step in zip(reversed(made), ("deliver", "decide", "review", "intake")):
        corrected = story.correct("2026-03-02T11:00")
        assert (corrected.entry.move, story.case.step) == (name, step)
    with pytest.raises(Refused, match="没有可以更正的动作"):
        story.correct("2026-03-02T11:00")
    assert story.case.outcome == "" and story.case.closed_at is None and story.case.kept is None
    for name, by in (("accept", CLERK), ("pass", REVIEWER), ("grant", APPROVER), ("deliver", CLERK)):
        story.move(name, by, "2026-03-02T12:00", opinion="同意")
    assert (story.case.step, story.case.outcome, story.case.kept) == ("closed", "granted", True)
    assert story.case.closed_at == moment("2026-03-02T12:00")


def test_a_correction_made_between_two_others_undoes_what_stands_and_not_what_was_undone() -> None:
    story = sign_at("review")
    story.move("pass", REVIEWER, "2026-03-02T11:00", opinion="同意")
    story.correct("2026-03-02T11:10")
    story.move("pass", REVIEWER, "2026-03-02T11:20", opinion="同意")
    story.correct("2026-03-02T11:30")
    story.correct("2026-03-02T11:40")
    assert [each.body["undoes"] for each in story.entries if each.kind == CORRECTED] == [3, 5, 2]
    assert story.case.step == "intake"


def test_a_correction_undoes_with_a_move_what_the_timer_did_after_it() -> None:
    story = Story(shop_sign()).open("2026-03-02T09:00")
    story.move("ask", CLERK, "2026-03-02T10:00", reason="缺照片")
    story.tick("2026-04-30T09:00")
    assert story.case.closed and story.entries[-1].by == "timer"
    story.correct("2026-04-30T10:00")
    assert story.case.step == "intake" and not story.case.closed
    assert story.case.made == {}, "the notice may be sent again"
    story.move("ask", CLERK, "2026-04-30T11:00", reason="缺照片")


def test_a_correction_does_not_wipe_out_a_breach() -> None:
    story = sign_at("decide")
    story.tick("2026-03-10T09:00")
    breached = dict(story.case.breached)
    assert "promised" in breached
    story.correct("2026-03-10T10:00", by=REVIEWER)
    assert story.case.step == "review"
    assert {name: story.case.breached[name] for name in breached} == breached


def test_a_correction_that_stops_the_clock_again_stops_it_from_where_it_had_stood() -> None:
    matter = made_of(
        steps={"first": {"unit": "window"}, "second": {"unit": "approval", "suspends": "expert_review"}}
    )
    story = Story(matter).open("2026-03-02T09:00")
    story.move("on", CLERK, "2026-03-03T09:00")
    story.move("back", CLERK, "2026-03-04T09:00")
    story.correct("2026-03-05T09:00")
    assert story.case.paused and story.case.light == "grey"
    assert story.case.clock.pauses[-1].start == moment("2026-03-03T09:00")


def test_an_assignment_made_after_a_move_in_the_same_unit_outlives_the_correction_of_that_move() -> None:
    story = sign_at("review")
    story.move("extend", APPROVER, "2026-03-03T09:00", reason="疑难", days=1)
    assigned = engine.assign(
        story.case, matter=story.matter, person=2, by=REVIEWER, at=moment("2026-03-03T10:00")
    )
    assert story.take(assigned).entry.kind == ASSIGNED
    story.correct("2026-03-03T11:00", by=APPROVER)
    assert story.case.clock.extensions == ()
    assert story.case.assignee == 2


def test_who_was_in_charge_before_the_move_is_in_charge_again_after_its_correction() -> None:
    story = sign_at("intake")
    story.take(
        engine.assign(story.case, matter=story.matter, person=1, by=CLERK, at=moment("2026-03-02T09:30"))
    )
    story.move("accept", CLERK, "2026-03-02T10:00")
    story.take(
        engine.assign(story.case, matter=story.matter, person=2, by=REVIEWER, at=moment("2026-03-02T10:30"))
    )
    story.correct("2026-03-02T11:00")
    assert (story.case.step, story.case.assignee) == ("intake", 1)


def test_an_extension_that_was_corrected_may_be_made_again() -> None:
    story = sign_at("review")
    story.move("extend", APPROVER, "2026-03-03T09:00", reason="疑难", days=5)
    story.correct("2026-03-03T10:00", by=APPROVER)
    story.move("extend", APPROVER, "2026-03-03T11:00", reason="疑难", days=2)
    assert [each.value for each in story.case.clock.extensions] == [2, 2]


# Closed


def test_a_closed_case_is_opened_again_by_a_correction_and_by_nothing_else() -> None:
    story = sign_at("closed")
    for move in shop_sign().moves:
        with pytest.raises(Refused) as caught:
            story.move(move, CLERK, "2026-03-03T09:00", reason="x", opinion="x", days=1)
        assert caught.value.code == "closed"
    assert story.tick("2027-03-03T09:00") == []
    story.correct("2027-03-03T10:00")
    assert story.case.step == "deliver"


def test_a_closed_case_stands_at_no_step_whose_clock_could_run() -> None:
    assert sign_at("closed").case.clock.entered is None


def test_remarks_and_erasures_are_written_on_closed_cases_too_and_move_nothing() -> None:
    story = sign_at("closed")
    before = story.case.state()
    story.take(engine.note(story.case, by=CLERK, at=moment("2026-03-03T09:00"), body={}))
    story.take(
        engine.note(story.case, by=CLERK, at=moment("2026-03-03T10:00"), kind="erased", body={"erased": [1]})
    )
    assert story.case.state() == before and story.case.seq == len(story.entries)
    assert story.case.closed_at == moment("2026-03-02T10:00")


def test_a_rating_stays_beside_the_case_and_changes_nothing_else() -> None:
    story = sign_at("closed")
    before = story.case
    rated = engine.rate(before, by=PARTY, at=moment("2026-03-03T09:00"), level=4, tags=("热情",))
    assert rated.entry.body == {"level": 4, "tags": ["热情"], "state": {"facts": {"rating": 4}}}
    assert (rated.case.step, rated.case.closed_at) == (before.step, before.closed_at)


# Rework


def reworked() -> Story:
    matter = made_of(
        steps={
            "first": {"unit": "window"},
            "handling": {"unit": "chosen", "among": ["approval", "market"]},
            "check": {"unit": "window"},
        },
        moves={
            "send": {"from": "first", "to": "handling", "by": "clerk"},
            "fixed": {"from": "handling", "to": "check", "by": "handler"},
            "rework": {"from": "check", "to": "handling", "by": "clerk", "same_unit": True},
        },
    )
    return Story(matter).open("2026-03-02T09:00")


HANDLER = Actor(kind="person", id=7, roles=frozenset({"handler"}))


def test_rework_goes_back_to_the_unit_that_was_chosen_whatever_somebody_writes_into_the_form() -> None:
    story = reworked()
    story.move("send", CLERK, "2026-03-02T10:00", unit="chengqu-market")
    story.move("fixed", HANDLER, "2026-03-02T11:00")
    story.move("rework", CLERK, "2026-03-02T12:00", unit="chengqu-approval")
    assert story.case.holder == "unit:chengqu-market"
    assert story.case.facts["chosen"] == {"handling": "chengqu-market"}


def test_rework_without_a_unit_chosen_before_must_choose_one() -> None:
    story = reworked()
    story.case = replace(story.case, step="check")
    with pytest.raises(Refused) as caught:
        story.move("rework", CLERK, "2026-03-02T12:00")
    assert caught.value.code == "unit_not_chosen"
    story.move("rework", CLERK, "2026-03-02T12:00", unit="chengqu-approval")
    assert story.case.holder == "unit:chengqu-approval"


def test_a_move_that_stays_with_a_chosen_unit_asks_for_no_unit_again() -> None:
    story = Story(
        made_of(
            steps={
                "first": {"unit": "window"},
                "handling": {"unit": "chosen", "among": ["approval", "market"]},
            },
            moves={
                "send": {"from": "first", "to": "handling", "by": "clerk"},
                "log": {"from": "handling", "to": "handling", "by": "handler"},
            },
        )
    ).open("2026-03-02T09:00")
    story.move("send", CLERK, "2026-03-02T10:00", unit="chengqu-market")
    story.move("log", HANDLER, "2026-03-02T11:00")
    assert story.case.holder == "unit:chengqu-market"


# Children


def test_a_child_that_its_parent_no_longer_asks_for_closes_and_cannot_be_brought_back() -> None:
    """Else a case nobody waits for would stand in a unit's list, with a clock that runs."""
    child = sign_at("decide")
    for by in (SYSTEM_ACTOR, CLERK):
        cancelled = engine.cancel(child.case, by=by, at=moment("2026-03-02T11:00"))
        assert (cancelled.case.step, cancelled.case.holder, cancelled.case.outcome) == (
            "closed",
            "",
            "cancelled",
        )
        assert not cancelled.case.dates and not cancelled.case.alerts
        entries = [*child.entries, cancelled.entry]
        assert engine.undoable(entries) is None
        with pytest.raises(Refused, match="没有可以更正的动作"):
            engine.correct(
                cancelled.case,
                matter=child.matter,
                entries=entries,
                by=CLERK,
                at=moment("2026-03-02T12:00"),
                calendar=jincheng(),
                reason="点错了",
            )


def test_a_matters_own_move_called_cancel_may_be_corrected_like_any_other() -> None:
    matter = made_of(
        moves={"cancel": {"from": "first", "to": "closed", "by": "clerk", "outcome": "cancelled"}}
    )
    story = Story(matter).open("2026-03-02T09:00")
    story.move("cancel", CLERK, "2026-03-02T10:00")
    story.correct("2026-03-02T11:00")
    assert story.case.step == "first"


def test_cancelling_a_child_whose_clock_stands_ends_its_pause() -> None:
    story = Story(
        made_of(
            steps={"first": {"unit": "window"}, "second": {"unit": "approval", "suspends": "expert_review"}}
        )
    ).open("2026-03-02T09:00")
    story.move("on", CLERK, "2026-03-02T10:00")
    cancelled = engine.cancel(story.case, by=SYSTEM_ACTOR, at=moment("2026-03-03T09:00")).case
    assert not cancelled.paused and cancelled.clock.pauses[0].end == moment("2026-03-03T09:00")


def test_the_system_moves_a_parent_on_only_when_every_child_is_closed() -> None:
    matter = made_of(
        moves={
            "fork": {
                "from": "first",
                "to": "second",
                "by": "clerk",
                "then": [{"open": "x/y"}, {"open": "x/z"}],
            },
            "join": {"from": "second", "to": "closed", "by": "system", "needs": ["all_children_granted"]},
            "join_refused": {
                "from": "second",
                "to": "first",
                "by": "system",
                "needs": ["some_child_refused"],
            },
        }
    )
    story = Story(matter).open("2026-03-02T09:00")
    forked = story.move("fork", CLERK, "2026-03-02T10:00")
    assert [each.open for each in forked.effects] == ["x/y", "x/z"]
    assert forked.entry.body["effects"] == [{"open": "x/y"}, {"open": "x/z"}]

    def owed(*outcomes: str) -> str | None:
        story.children = tuple(
            Child(matter="x/y", number=str(n), closed=bool(outcome), outcome=outcome, since=2)
            for n, outcome in enumerate(outcomes)
        )
        found = engine.automatic_move(
            story.case, matter=matter, at=moment("2026-03-02T11:00"), facts=story.facts()
        )
        assert found is None or found[1] == SYSTEM_ACTOR
        return found[0] if found else None

    assert owed() is None
    assert owed("granted", "") is None
    assert owed("refused", "") is None
    assert owed("granted", "granted") == "join"
    assert owed("granted", "refused") == "join_refused"


# Whose clock ran when


def test_holdings_touch_and_add_up_to_the_life_of_the_case() -> None:
    story = Story(shop_sign(), files=dict.fromkeys(PAPERS, ("f" * 64,))).open("2026-03-02T09:00")
    story.move("ask", CLERK, "2026-03-03T09:00", reason="缺照片")
    story.move("resubmit", PARTY, "2026-03-05T09:00")
    story.move("accept", CLERK, "2026-03-06T09:00")
    story.move("extend", APPROVER, "2026-03-06T12:00", reason="疑难", days=1)
    story.move("pass", REVIEWER, "2026-03-09T09:00", opinion="同意")
    story.move("grant", APPROVER, "2026-03-09T10:00")
    story.move("deliver", CLERK, "2026-03-10T09:00")
    held = holdings(story.entries)
    assert [each.holder for each in held] == [
        "unit:chengqu-window",
        "party:1",
        "unit:chengqu-window",
        "unit:chengqu-approval",
        "unit:chengqu-approval",
        "unit:chengqu-window",
    ]
    assert all(a.end == b.start for a, b in pairwise(held))
    now = moment("2026-12-31T00:00")
    assert sum((each.length(now) for each in held), timedelta()) == timedelta(days=8)


def test_while_a_case_is_open_its_last_holding_grows() -> None:
    story = sign_at("review")
    assert holdings(story.entries)[-1].end is None
    assert holdings(story.entries)[-1].length(moment("2026-03-02T12:00")) == timedelta(hours=2)


def test_a_case_reopened_by_a_correction_was_held_by_nobody_while_it_was_closed() -> None:
    story = sign_at("closed")
    story.correct("2026-03-05T10:00")
    held = holdings(story.entries)
    assert held[-1].start == moment("2026-03-05T10:00") and held[-2].end == moment("2026-03-02T10:00")


# The record


def test_the_first_entry_alone_says_everything_and_the_head_row_gives_the_same_case() -> None:
    story = sign_at("decide")
    assert story.entries[0].body["state"].keys() == story.case.state().keys()
    assert replay(story.entries) == story.case
    again = from_state(
        story.case.state(),
        seq=story.case.seq,
        opened_at=story.case.opened_at or moment("2026-01-01T00:00"),
        at=story.case.at or moment("2026-01-01T00:00"),
        closed_at=None,
    )
    assert again == story.case


def test_an_entry_carries_only_what_it_changed() -> None:
    story = sign_at("review")
    story.move("pass", REVIEWER, "2026-03-03T09:00", opinion="同意")
    # The step changes, the unit does not: the holder is not written again.
    assert story.entries[-1].body["state"].keys() == {"step", "clock", "made", "dates"}
    assert apply(replay(story.entries[:-1]), story.entries[-1]) == story.case


def test_every_kind_of_entry_has_a_name_of_its_own() -> None:
    assert len(set(KINDS)) == len(KINDS) == 9
