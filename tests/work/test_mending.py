"""Correct, assign, withdraw, rate, note, erase, and two who press at once."""

from __future__ import annotations

import lives
import pytest
from lives import (
    FIRE,
    REGISTRATION,
    SHELTER,
    SHOP,
    START,
    Life,
    People,
    moment,
    opened,
    photo,
    refused,
    ticked,
)

from yinuo.ledger import models as ledger
from yinuo.ledger import store
from yinuo.ledger.verify import verify
from yinuo.registers.models import Record
from yinuo.work import access, cases
from yinuo.work.cases import Conflict

# --- correct -----------------------------------------------------------------------------------------------


def test_whoever_pressed_the_wrong_button_takes_it_back_and_step_and_dates_are_as_before(
    city: People,
) -> None:
    life = opened(SHOP, city["shimin"], "2026-03-02 09:00")
    before = life.head.case
    life.move("accept", city["chuangkou"], "2026-03-02 09:30")
    life.correct(city["chuangkou"], "2026-03-02 09:31", reason="点错了")
    after = life.head.case
    assert (after.step, after.holder, after.dates, after.clock) == (
        before.step,
        before.holder,
        before.dates,
        before.clock,
    )
    assert life.moves == ["opened", "accept", "accept"]
    kinds = [line.entry.kind for line in store.history(life.id)]
    assert kinds == ["opened", "moved", "corrected"]
    assert life.told(f"party:{life.row.party_id}")[-1] == "corrected"
    life.move("accept", city["chuangkou"], "2026-03-02 09:40")  # and it can be made again
    assert verify(case=life.id).faults == ()


def test_an_approver_of_the_unit_corrects_what_a_colleague_did_and_a_stranger_does_not(city: People) -> None:
    life = lives.sign_to_decision(city)
    for username in ("shenpi_shichang", "chuangkou", "shimin", "ducha", "guanli"):
        with refused("not_yours"):
            life.correct(city[username], "2026-03-02 10:10")
    life.correct(city["shenpi"], "2026-03-02 10:10")
    assert life.stands[0] == "review"


def test_a_correction_needs_a_reason(city: People) -> None:
    life = lives.sign_to_decision(city)
    with refused("reason_missing"):
        life.correct(city["shencha"], "2026-03-02 10:10", reason=" ")
    assert life.stands[0] == "decide"


def test_a_corrected_grant_withdraws_its_record_and_the_one_that_stood_before_stands_again(
    city: People,
) -> None:
    first = lives.sign_to_decision(city)
    first.move("grant", city["shenpi"], "2026-03-03 09:00")
    (record,) = Record.objects.filter(case_number=first.number)
    first.correct(city["shenpi"], "2026-03-03 09:05")
    record.refresh_from_db()
    assert record.state == "withdrawn"
    assert first.stands[:2] == ("decide", "unit:chengqu-approval")
    assert first.row.kept is None and first.row.outcome == ""
    first.move("grant", city["shenpi"], "2026-03-03 09:10")
    standing = Record.objects.filter(case_number=first.number, state="current")
    assert standing.count() == 1
    first.move("deliver", city["chuangkou"], "2026-03-04 09:00")
    first.correct(city["chuangkou"], "2026-03-04 09:01")  # of the delivery alone: the licence stands
    assert standing.count() == 1
    first.correct(city["shenpi"], "2026-03-04 09:02")  # and then of the grant
    assert standing.count() == 0
    assert verify(case=first.id).faults == ()


def test_a_second_registration_of_an_enterprise_corrected_gives_the_former_back(city: People) -> None:
    """The register keeps one record a code: the later one takes its place, and its withdrawal returns it."""
    code = "91140581MA0000055N"

    def registered(at_day: str) -> Life:
        life = opened(START, city["qiye"], f"{at_day} 09:00")
        life.move("accept", city["chuangkou"], f"{at_day} 09:30")
        child = life.child(REGISTRATION)
        child.move("ask", city["shencha_shichang"], f"{at_day} 09:40", reason="缺一页")
        child.move("resubmit", city["qiye"], f"{at_day} 09:50")
        return child

    first, second = registered("2026-03-02"), registered("2026-03-09")
    first.move("register", city["shencha_shichang"], "2026-03-02 10:00", code=code)
    former = Record.objects.get(case_number=first.number)
    # Alone, so that nothing goes on from it: its parent is left at `registering` by another open child.
    second.move("register", city["shencha_shichang"], "2026-03-09 10:00", code=code)
    former.refresh_from_db()
    assert former.state == "superseded"
    with refused("relied_on"):  # seal and tax have started from it
        second.correct(city["shencha_shichang"], "2026-03-09 10:01")


def test_the_former_licence_stands_again_when_its_successor_is_taken_back(city: People) -> None:
    from yinuo.registers import records

    life = lives.sign_to_decision(city)
    life.move("grant", city["shenpi"], "2026-03-03 09:00")
    (record,) = Record.objects.filter(case_number=life.number)
    other = lives.sign_to_decision(city, "2026-03-04")
    records.put(
        "shop_signs",
        body={**record.body, "sign_text": "改过的招牌"},
        party=record.party_id,
        case_number=other.number,
        at=moment("2026-03-05 09:00"),
    )
    record.refresh_from_db()
    assert record.state == "superseded"
    records.withdraw_of_case(
        other.number, since=moment("2026-03-05 09:00"), reason="更正", at=moment("2026-03-05 10:00")
    )
    record.refresh_from_db()
    assert record.state == "current"


def test_a_corrected_fork_cancels_the_opinions_it_asked_for(city: People) -> None:
    life = lives.works_in_joint(city)
    fire, shelter = life.child(FIRE), life.child(SHELTER)
    life.correct(city["shencha"], "2026-03-02 15:05")
    assert life.stands[0] == "review"
    for child in (fire, shelter):
        assert (child.row.step, child.row.outcome, child.row.holder) == ("closed", "cancelled", "")
        assert child.told()[-1] == "cancelled"
        with refused("nothing_to_correct"):
            child.correct(city["shenpi_xiaofang"], "2026-03-02 15:06")
    life.move("fork", city["shencha"], "2026-03-02 15:10", opinion="再征求")
    life.child(FIRE, 2).move("agree", city["shencha_xiaofang"], "2026-03-03 09:00", opinion="同意")
    life.child(SHELTER, 2).move("agree", city["shencha_renfang"], "2026-03-03 09:10", opinion="同意")
    assert life.stands[0] == "decide"


def test_what_a_child_has_decided_is_not_undone_from_its_parent(city: People) -> None:
    life = lives.works_in_joint(city)
    life.child(FIRE).move("agree", city["shencha_xiaofang"], "2026-03-02 16:00", opinion="同意")
    with refused("child_closed"):
        life.correct(city["shencha"], "2026-03-02 16:05")
    assert life.child(SHELTER).row.closed_at is None  # nothing of the correction has stayed
    assert life.stands[0] == "joint"


def test_an_opinion_is_corrected_while_the_parent_still_waits_for_the_other(city: People) -> None:
    life = lives.works_in_joint(city)
    fire, shelter = life.child(FIRE), life.child(SHELTER)
    fire.move("agree", city["shencha_xiaofang"], "2026-03-02 16:00", opinion="同意")
    fire.correct(city["shencha_xiaofang"], "2026-03-02 16:05")
    assert fire.row.closed_at is None
    shelter.move("agree", city["shencha_renfang"], "2026-03-02 16:10", opinion="同意")
    assert life.stands[0] == "joint"  # fire is open again
    fire.move("object", city["shencha_xiaofang"], "2026-03-03 09:00", opinion="不足", reason="车道被占")
    assert life.moves[-1] == "join_refused"


def test_an_opinion_on_which_the_permit_has_gone_on_stays(city: People) -> None:
    life = lives.works_in_joint(city)
    fire, shelter = life.child(FIRE), life.child(SHELTER)
    fire.move("agree", city["shencha_xiaofang"], "2026-03-02 16:00", opinion="同意")
    shelter.move("agree", city["shencha_renfang"], "2026-03-02 16:10", opinion="同意")
    assert life.stands[0] == "decide"
    for child, username in ((fire, "shencha_xiaofang"), (shelter, "shencha_renfang")):
        with refused("relied_on"):
            child.correct(city[username], "2026-03-02 16:20")
    assert life.stands[0] == "decide"


def test_correcting_what_a_person_did_undoes_what_the_clock_did_after_it(city: People) -> None:
    life = opened(SHOP, city["shimin"], "2026-03-02 09:00")
    life.move("ask", city["chuangkou"], "2026-03-02 10:00", reason="缺照片")
    ticked("2026-03-18 00:01")
    assert (life.row.outcome, life.moves[-1]) == ("withdrawn", "lapse")
    life.correct(city["chuangkou"], "2026-03-18 09:00")
    assert life.stands[:2] == ("intake", "unit:chengqu-window")
    assert life.row.closed_at is None


def test_a_late_promise_stays_broken_when_the_late_move_is_taken_back(city: People) -> None:
    life = lives.sign_to_decision(city)
    ticked("2026-03-10 00:00")
    life.move("grant", city["shenpi"], "2026-03-10 10:00")
    assert life.row.kept is False
    life.correct(city["shenpi"], "2026-03-10 10:05")
    assert life.row.breached and life.row.light == "red"


def test_what_the_applicant_has_rated_is_not_corrected_any_more(city: People) -> None:
    life = lives.sign_to_decision(city)
    life.move("refuse", city["shenpi"], "2026-03-03 09:00", reason="遮挡消防通道")
    cases.rate(case=life.id, level=2, by=city["shimin"], at=moment("2026-03-04 09:00"), expecting=life.seq)
    with refused("rated"):
        life.correct(city["shenpi"], "2026-03-04 10:00")


def test_the_applicants_own_withdrawal_is_taken_back_by_the_units_approver(city: People) -> None:
    life = lives.sign_to_decision(city)
    life.move("withdraw", city["shimin"], "2026-03-02 11:00")
    with refused("not_yours"):
        life.correct(city["shimin"], "2026-03-02 11:05")
    life.correct(city["shenpi"], "2026-03-02 11:05", reason="申请人来电：点错了")
    assert life.stands[:2] == ("decide", "unit:chengqu-approval")


def test_there_is_nothing_to_correct_where_nobody_has_moved(city: People) -> None:
    life = opened(SHOP, city["shimin"], "2026-03-02 09:00")
    with refused("nothing_to_correct"):
        life.correct(city["shenpi"], "2026-03-02 09:05")


# --- assign ------------------------------------------------------------------------------------------------


def test_a_clerk_claims_a_case_gives_it_to_a_colleague_and_lets_it_go(city: People) -> None:
    colleague = lives.employ("colleague", ("chengqu-window", "clerk"))
    life = opened(SHOP, city["shimin"], "2026-03-02 09:00", place="140502003")
    cases.claim(case=life.id, by=city["chuangkou"], at=moment("2026-03-02 09:10"), expecting=1)
    assert life.row.assignee_id == city["chuangkou"].pk
    with refused("assigned"):
        cases.claim(case=life.id, by=city["chuangkou"], at=moment("2026-03-02 09:11"), expecting=2)
    cases.assign(case=life.id, to=colleague, by=city["chuangkou"], at=moment("2026-03-02 09:12"), expecting=2)
    assert life.row.assignee_id == colleague.pk
    cases.assign(case=life.id, to=None, by=colleague, at=moment("2026-03-02 09:13"), expecting=3)
    assert life.row.assignee_id is None
    life.move("accept", city["chuangkou"], "2026-03-02 09:20")  # claimed or not, it is the unit's
    assert life.moves == ["opened", "assigned", "assigned", "assigned", "accept"]
    assert verify(case=life.id).faults == ()


def test_a_case_is_not_given_to_somebody_of_another_unit_nor_by_one(city: People) -> None:
    life = opened(SHOP, city["shimin"], "2026-03-02 09:00", place="140502003")
    at = moment("2026-03-02 09:10")
    with refused("assignee"):
        cases.assign(case=life.id, to=city["chuangkou_zezhou"], by=city["chuangkou"], at=at, expecting=1)
    for username in ("chuangkou_zezhou", "shimin", "guanli"):
        with refused("not_yours"):
            cases.assign(case=life.id, to=city["chuangkou"], by=city[username], at=at, expecting=1)


def test_a_claim_ends_when_the_case_goes_to_another_unit_and_a_closed_one_is_nobodys(city: People) -> None:
    life = opened(SHOP, city["shimin"], "2026-03-02 09:00", place="140502003")
    cases.claim(case=life.id, by=city["chuangkou"], at=moment("2026-03-02 09:10"), expecting=1)
    life.move("accept", city["chuangkou"], "2026-03-02 09:20")
    assert life.row.assignee_id is None
    life.move("withdraw", city["shimin"], "2026-03-02 10:00")
    with refused("closed"):
        cases.claim(case=life.id, by=city["shencha"], at=moment("2026-03-02 10:10"), expecting=life.seq)


# --- withdraw ----------------------------------------------------------------------------------------------


def test_withdrawing_a_permit_takes_the_opinions_along(city: People) -> None:
    life = lives.works_in_joint(city)
    life.child(FIRE).move("agree", city["shencha_xiaofang"], "2026-03-02 16:00", opinion="同意")
    cases.withdraw(case=life.id, by=city["qiye_jianshe"], at=moment("2026-03-03 08:40"), expecting=life.seq)
    assert (life.row.step, life.row.outcome) == ("closed", "withdrawn")
    assert life.letter()["letter"] == "withdrawn"
    fire, shelter = life.child(FIRE).row, life.child(SHELTER).row
    assert (fire.outcome, shelter.outcome) == ("granted", "cancelled")
    assert life.child(SHELTER).told("unit:chengqu-civil-air-defence")[-1] == "cancelled"
    ticked("2026-04-30 00:00")
    assert life.moves[-1] == "withdraw"


def test_nobody_withdraws_what_another_has_applied_for(city: People) -> None:
    life = lives.sign_to_decision(city)
    for username in ("qiye", "laoren", "chuangkou", "shenpi"):
        with refused("not_yours"):
            cases.withdraw(case=life.id, by=city[username], at=moment("2026-03-02 11:00"), expecting=life.seq)


def test_after_the_decision_it_is_too_late_to_withdraw(city: People) -> None:
    life = lives.sign_to_decision(city)
    life.move("grant", city["shenpi"], "2026-03-03 09:00")
    with refused("wrong_step"):
        life.move("withdraw", city["shimin"], "2026-03-03 10:00")


def test_a_corrected_withdrawal_of_a_joint_permit_is_not_stuck(city: People) -> None:
    life = lives.works_in_joint(city)
    life.move("withdraw", city["qiye_jianshe"], "2026-03-02 16:00")
    life.correct(city["shenpi"], "2026-03-02 16:30", reason="申请人点错了")
    ticked("2026-03-02 16:31")
    assert life.stands[0] == "decide"  # its opinions were cancelled, so none agrees
    with refused("needs:all_children_granted"):
        life.move("grant", city["shenpi"], "2026-03-02 16:40")
    life.move("send_back", city["shenpi"], "2026-03-02 16:41", reason="重新征求")
    life.move("fork", city["shencha"], "2026-03-02 16:45", opinion="重新征求")
    assert len([each for each in life.children if each.row.closed_at is None]) == 2


# --- rate, note, erase -------------------------------------------------------------------------------------


def test_the_applicant_rates_once_when_it_is_done(city: People) -> None:
    life = lives.sign_to_decision(city)
    at = moment("2026-03-04 09:00")
    with refused("not_closed"):
        cases.rate(case=life.id, level=5, by=city["shimin"], at=at, expecting=life.seq)
    life.move("refuse", city["shenpi"], "2026-03-03 09:00", reason="遮挡消防通道")
    for username in ("qiye", "chuangkou"):
        with refused("not_yours"):
            cases.rate(case=life.id, level=5, by=city[username], at=at, expecting=life.seq)
    with refused("rating"):
        cases.rate(case=life.id, level=6, by=city["shimin"], at=at, expecting=life.seq)
    cases.rate(case=life.id, level=4, by=city["shimin"], at=at, expecting=life.seq, words="说得清楚")
    assert life.row.rating == 4
    assert ledger.Content.objects.get(case_id=life.id, kind="rating").body == "说得清楚"
    with refused("rated"):
        cases.rate(case=life.id, level=1, by=city["shimin"], at=at, expecting=life.seq)
    assert verify(case=life.id).faults == ()


def test_a_remark_stays_with_the_case_and_strangers_make_none(city: People) -> None:
    life = lives.sign_to_decision(city)
    at = moment("2026-03-02 11:00")
    cases.note(case=life.id, by=city["chuangkou"], at=at, expecting=life.seq, words=" 请走侧门 ")
    cases.note(case=life.id, by=city["shimin"], at=at, expecting=life.seq, words="好的")
    found = ledger.Content.objects.filter(case_id=life.id, kind="note").order_by("seq")
    assert [each.body for each in found] == ["请走侧门", "好的"]
    assert life.stands[0] == "decide"
    for username in ("qiye", "chuangkou_zezhou", "shencha_shichang", "guanli"):
        with pytest.raises(access.NotFound):
            cases.note(case=life.id, by=city[username], at=at, expecting=life.seq, words="偷看")
    with refused("empty"):
        cases.note(case=life.id, by=city["chuangkou"], at=at, expecting=life.seq, words="  ")
    assert verify(case=life.id).faults == ()


def test_personal_words_are_erased_after_the_end_and_the_chain_still_holds(city: People) -> None:
    life = lives.sign_to_decision(city)
    at = moment("2026-03-04 09:00")
    with refused("not_closed"):
        cases.erase(case=life.id, by=city["shenpi"], at=at, expecting=life.seq, basis="个人信息保护法 §47")
    life.move("refuse", city["shenpi"], "2026-03-03 09:00", reason="遮挡消防通道")
    with refused("basis"):
        cases.erase(case=life.id, by=city["shenpi"], at=at, expecting=life.seq, basis="")
    for username in ("shimin", "chuangkou", "shenpi_shichang", "guanli"):
        with refused("not_yours"):
            cases.erase(
                case=life.id, by=city[username], at=at, expecting=life.seq, basis="个人信息保护法 §47"
            )
    cases.erase(case=life.id, by=city["shenpi"], at=at, expecting=life.seq, basis="个人信息保护法 §47")
    assert not ledger.Content.objects.filter(case_id=life.id, body__isnull=False).exists()
    assert life.moves[-1] == "erased"
    assert verify(case=life.id).faults == ()


# --- two at once -------------------------------------------------------------------------------------------


def test_whoever_looks_at_an_old_page_is_told_that_somebody_was_first(city: People) -> None:
    life = lives.sign_to_decision(city)
    seen = life.seq
    life.move("send_back", city["shenpi"], "2026-03-02 11:00", reason="再看")
    calls = {
        "move": lambda **kw: cases.move(move="grant", **kw),
        "assign": lambda **kw: cases.assign(to=None, **kw),
        "correct": lambda **kw: cases.correct(reason="点错", **kw),
        "note": lambda **kw: cases.note(words="备注", **kw),
        "rate": lambda **kw: cases.rate(level=5, **kw),
        "erase": lambda **kw: cases.erase(basis="依据", **kw),
        "withdraw": lambda **kw: cases.withdraw(**kw),
    }
    for name, call in calls.items():
        with pytest.raises(Conflict) as conflict:
            call(case=life.id, by=city["shenpi"], at=moment("2026-03-02 11:05"), expecting=seen)
        assert (conflict.value.case, conflict.value.expecting) == (life.id, seen), name
    assert life.seq == seen + 1


def test_a_refused_move_leaves_no_trace(city: People) -> None:
    life = opened(SHOP, city["shimin"], "2026-03-02 09:00", place="140502003", handed=[])
    before = (life.seq, ledger.Content.objects.count(), ledger.Attachment.objects.count())
    with refused("needs:materials_present"):
        life.move("accept", city["chuangkou"], "2026-03-02 09:30", files=photo(), opinion="可")
    assert before == (life.seq, ledger.Content.objects.count(), ledger.Attachment.objects.count())


def test_a_record_the_register_will_not_have_takes_the_whole_move_back(city: People) -> None:
    """The child, its record and its notices are one transaction: nothing of a failed one stays."""
    life = opened(START, city["qiye"], "2026-03-02 09:00")
    life.move("accept", city["chuangkou"], "2026-03-02 09:30")
    child = life.child(REGISTRATION)
    before = (child.seq, ledger.Notice.objects.count(), Record.objects.count())
    with pytest.raises(ValueError, match="code"):
        child.move("register", city["shencha_shichang"], "2026-03-02 10:00", code="短")
    assert before == (child.seq, ledger.Notice.objects.count(), Record.objects.count())
    assert life.stands[0] == "registering"
