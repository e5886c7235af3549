"""What the engine refuses, in which code, and in words that an official can read in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from calendars_for_tests import jincheng, moment
from cases_for_tests import APPROVER, CLERK, PAPERS, PARTY, REVIEWER, Story, made_of, shop_sign, sign_at

from yinuo.core import engine
from yinuo.core.engine import Refused
from yinuo.core.rules import COMMON, TIMER_ACTOR, Actor

LATER = "2026-03-02T11:00"


def closed_story() -> Story:
    return sign_at("closed")


def move_after_closing() -> None:
    closed_story().move("pass", REVIEWER, LATER)


def assign_after_closing() -> None:
    engine.assign(closed_story().case, matter=shop_sign(), person=1, by=CLERK, at=moment(LATER))


def cancel_after_closing() -> None:
    engine.cancel(closed_story().case, by=CLERK, at=moment(LATER))


def unknown_move() -> None:
    sign_at("intake").move("fly", CLERK, LATER)


def wrong_step() -> None:
    sign_at("intake").move("grant", APPROVER, LATER)


def not_yours() -> None:
    sign_at("intake").move("accept", REVIEWER, LATER)


def not_the_timers() -> None:
    sign_at("intake").move("accept", TIMER_ACTOR, LATER)


def not_a_persons() -> None:
    roles = frozenset({"clerk", "reviewer", "approver", "supervisor", "admin"})
    everything = Actor(kind="person", id=5, roles=roles, party=True)
    sign_at("intake").move("deem_accepted", everything, LATER)


def second_correction_notice() -> None:
    story = sign_at("intake")
    story.move("ask", CLERK, "2026-03-02T10:00", reason="缺照片")
    story.move("resubmit", PARTY, "2026-03-02T10:30")
    story.move("ask", CLERK, LATER, reason="还缺一张")


def no_reason() -> None:
    sign_at("intake").move("ask", CLERK, LATER, reason="  ")


def no_reason_to_correct() -> None:
    sign_at("review").correct(LATER, reason=" ")


def nothing_to_correct() -> None:
    sign_at("intake").correct(LATER)


def correct_after_rating() -> None:
    story = closed_story()
    story.take(engine.rate(story.case, by=PARTY, at=moment(LATER), level=5))
    story.correct("2026-03-02T12:00")


def extend_twice() -> None:
    story = sign_at("review")
    story.move("extend", APPROVER, "2026-03-03T09:00", reason="疑难", days=2)
    story.move("extend", APPROVER, "2026-03-03T10:00", reason="疑难", days=1)


def extend_too_late() -> None:
    # Accepted on the 2nd, promised in five working days: over at 24:00 on Monday the 9th.
    sign_at("review").move("extend", APPROVER, "2026-03-10T00:00", reason="疑难", days=2)


def extend_too_long() -> None:
    sign_at("review").move("extend", APPROVER, LATER, reason="疑难", days=6)


def extend_by_nothing() -> None:
    sign_at("review").move("extend", APPROVER, LATER, reason="疑难")


def extend_by_truth() -> None:
    sign_at("review").move("extend", APPROVER, LATER, reason="疑难", days=True)


def rate_before_closing() -> None:
    engine.rate(sign_at("review").case, by=PARTY, at=moment(LATER), level=5)


def rate_as_an_officer() -> None:
    engine.rate(closed_story().case, by=CLERK, at=moment(LATER), level=5)


def rate_six() -> None:
    engine.rate(closed_story().case, by=PARTY, at=moment(LATER), level=6)


def rate_twice() -> None:
    story = closed_story()
    story.take(engine.rate(story.case, by=PARTY, at=moment(LATER), level=5))
    engine.rate(story.case, by=PARTY, at=moment("2026-03-02T12:00"), level=1)


def assign_again() -> None:
    story = sign_at("review")
    story.take(engine.assign(story.case, matter=story.matter, person=2, by=REVIEWER, at=moment(LATER)))
    engine.assign(story.case, matter=story.matter, person=2, by=REVIEWER, at=moment(LATER))


def dispatched() -> Story:
    return Story(
        made_of(
            steps={"first": {"unit": "window"}, "second": {"unit": "chosen", "among": ["approval", "market"]}}
        )
    ).open("2026-03-02T09:00")


def no_unit_chosen() -> None:
    dispatched().move("on", CLERK, LATER)


def a_unit_that_is_not_among() -> None:
    dispatched().move("on", CLERK, LATER, unit="chengqu-window")


def nobody_answers() -> None:
    Story(made_of(steps={"first": {"unit": "window"}, "second": {"unit": "ministry_of_magic"}})).open(
        "2026-03-02T09:00"
    ).move("on", CLERK, LATER)


def papers_missing() -> None:
    Story(shop_sign()).open("2026-03-02T09:00").move("accept", CLERK, LATER)


def no_opinion() -> None:
    sign_at("review").move("pass", REVIEWER, LATER, opinion="")


def the_same_person() -> None:
    sign_at("decide").move(
        "grant", Actor(kind="person", id=REVIEWER.id, roles=frozenset({"approver"})), LATER
    )


REFUSALS: list[tuple[Callable[[], None], str, str, str, str]] = [
    (move_after_closing, "closed", "", "已办结", "closed"),
    (assign_after_closing, "closed", "", "已办结", "closed"),
    (cancel_after_closing, "closed", "", "已办结", "closed"),
    (unknown_move, "unknown_move", "move", "没有“fly”", "no move “fly”"),
    (wrong_step, "wrong_step", "move", "收件核对", "Checking the papers"),
    (not_yours, "not_yours", "by", "您的岗位不办这一步", "takes another post"),
    (not_the_timers, "not_yours", "by", "受理", "Accept"),
    (not_a_persons, "not_yours", "by", "视为受理", "Deemed accepted"),
    (second_correction_notice, "once", "move", "只能做一次", "once"),
    (no_reason, "reason_missing", "reason", "须写明理由", "needs a reason"),
    (no_reason_to_correct, "reason_missing", "reason", "更正须写明理由", "correction needs a reason"),
    (nothing_to_correct, "nothing_to_correct", "", "没有可以更正", "no move that could be corrected"),
    (correct_after_rating, "rated", "", "已评价", "has rated"),
    (extend_twice, "extended", "days", "只能延期一次", "One extension only"),
    (extend_too_late, "extension_late", "days", "期限届满之前", "before the limit expires"),
    (
        extend_too_long,
        "extension_days",
        "days",
        "“6”无效，应为 1 至 5",
        "“6” is not a valid extension; it must be 1 to 5",
    ),
    (extend_by_nothing, "extension_days", "days", "1 至 5", "1 to 5"),
    (extend_by_truth, "extension_days", "days", "1 至 5", "1 to 5"),
    (rate_before_closing, "not_closed", "", "办结后", "after it is closed"),
    (rate_as_an_officer, "not_yours", "by", "只有申请人", "Only the applicant"),
    (rate_six, "rating", "level", "“6”无效", "“6” is not valid"),
    (rate_twice, "rated", "level", "一次办事评价一次", "One rating per case"),
    (assign_again, "assigned", "", "已经由此人负责", "already"),
    (no_unit_chosen, "unit_not_chosen", "unit", "未选择承办单位", "No unit was chosen"),
    (a_unit_that_is_not_among, "unit_not_chosen", "unit", "chengqu-window", "chengqu-window"),
    (nobody_answers, "no_unit", "unit", "ministry_of_magic", "ministry_of_magic"),
    (papers_missing, "needs:materials_present", "materials_present", "招牌效果图、", "Picture of the sign"),
    (no_opinion, "needs:opinion_given", "opinion_given", "审查意见", "opinion"),
    (the_same_person, "needs:another_person", "another_person", "另一人决定", "another person"),
]


@pytest.mark.parametrize(
    ("deed", "code", "field", "zh", "en"), REFUSALS, ids=[each[0].__name__ for each in REFUSALS]
)
def test_a_refusal_says_what_is_wrong_in_both_languages(
    deed: Callable[[], None], code: str, field: str, zh: str, en: str
) -> None:
    with pytest.raises(Refused) as caught:
        deed()
    refused = caught.value
    assert (refused.code, refused.field) == (code, field)
    assert zh in refused.say.zh and refused.say.zh.endswith("。")
    assert en in refused.say.en and refused.say.en.endswith(".")
    assert str(refused) == refused.say.zh


def test_every_code_that_the_engine_can_refuse_with_is_in_the_table_above() -> None:
    with open(engine.__file__, encoding="utf-8") as file:
        written = set(re.findall(r'Refused\(\s*"([a-z_]+:?)"', file.read()))
    assert {code for _, code, _, _, _ in REFUSALS} - {f"needs:{name}" for name in COMMON} == written - {
        "needs:"
    }


def test_a_refusal_leaves_the_case_as_it_was() -> None:
    story = sign_at("review")
    before, count = story.case.state(), len(story.entries)
    for name, data in (("extend", {"days": 99, "reason": "疑难"}), ("pass", {}), ("fly", {}), ("grant", {})):
        with pytest.raises(Refused):
            story.move(name, APPROVER, LATER, **data)
    assert (story.case.state(), len(story.entries)) == (before, count)


def test_the_buttons_on_a_page_are_the_moves_of_the_step_and_of_the_role() -> None:
    names = {
        who: [move.id for move in engine.open_moves(sign_at("intake").case, matter=shop_sign(), by=by)]
        for who, by in (("clerk", CLERK), ("party", PARTY), ("approver", APPROVER))
    }
    assert names == {
        "clerk": ["accept", "ask", "not_needed", "refuse_acceptance"],
        "party": ["withdraw"],
        "approver": [],
    }
    assert engine.open_moves(closed_story().case, matter=shop_sign(), by=CLERK) == ()


def test_a_notice_that_was_sent_once_is_no_button_any_more() -> None:
    story = sign_at("intake")
    story.move("ask", CLERK, "2026-03-02T10:00", reason="缺照片")
    story.move("resubmit", PARTY, "2026-03-02T10:30")
    assert "ask" not in [each.id for each in engine.open_moves(story.case, matter=story.matter, by=CLERK)]


def test_a_line_that_moves_nothing_can_only_be_a_remark_or_an_erasure() -> None:
    with pytest.raises(ValueError, match="moved"):
        engine.note(sign_at("intake").case, by=CLERK, at=moment(LATER), kind="moved", body={})


def test_a_paper_that_hangs_on_an_answer_is_only_missed_when_the_answer_asks_for_it() -> None:
    story = Story(shop_sign(), files={name: ("f" * 64,) for name in PAPERS if name != "lighting_plan"})
    story.open("2026-03-02T09:00")
    story.form = {"lit": True}
    with pytest.raises(Refused, match="用电安全说明"):
        story.move("accept", CLERK, LATER)
    story.form = {"lit": False}
    story.move("accept", CLERK, LATER)
    assert story.case.step == "review"


def test_the_calendar_of_these_tests_is_the_citys_own() -> None:
    assert jincheng().is_workday(moment("2026-10-10T12:00").date())
