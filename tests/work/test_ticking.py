"""The clock's loop and the nightly seal: what time owes happens once, whoever comes by and however often."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections import Counter
from typing import Any

import lives
import pytest
from lives import FIRE, FOOD, LAMP, SHELTER, SHOP, WORKS, Life, People, moment, opened, ticked

from yinuo.ledger import models as ledger
from yinuo.ledger import store
from yinuo.ledger.verify import verify
from yinuo.packs.models import MatterVersion
from yinuo.work import cases
from yinuo.work.seal import next_seal_after, seal_now, seal_when_due
from yinuo.work.tick import tick

# --- limits passing ----------------------------------------------------------------------------------------


def test_five_days_without_an_answer_are_acceptance_from_the_day_of_receipt(city: People) -> None:
    life = opened(SHOP, city["shimin"], "2026-03-02 09:00")
    ticked("2026-03-09 23:59")
    assert life.row.step == "intake"
    ticked("2026-03-10 00:00")
    assert life.stands == ("review", "unit:chengqu-approval", "red")
    assert life.due("promised") == "2026-03-09"
    assert life.letter()["letter"] == "accepted"
    assert "2026年3月2日起受理" in life.letter()["zh"]
    assert store.history(life.id)[-1].entry.by in ("timer", "system")
    assert "deem_accepted" in life.moves


def test_an_applicant_who_does_not_answer_has_withdrawn_after_the_holiday(city: People) -> None:
    life = opened(SHOP, city["shimin"], "2026-09-17 09:00")
    life.move("ask", city["chuangkou"], "2026-09-17 10:00", reason="缺照片")
    assert life.due("step") == "2026-10-08"  # the fifteenth day is in the National Day holiday
    ticked("2026-10-08 23:59")
    assert life.row.step == "supply"
    ticked("2026-10-09 00:00")
    assert (life.row.outcome, life.letter()["letter"]) == ("withdrawn", "lapsed")


def test_each_alert_comes_once_to_whoever_holds_the_case_and_a_broken_promise_also_to_the_applicant(
    city: People,
) -> None:
    life = lives.sign_to_decision(city)
    for at in ("2026-03-03 00:00", "2026-03-03 00:01", "2026-03-05 12:00", "2026-03-09 00:00"):
        ticked(at)
    ticked("2026-03-09 00:00")
    ticked("2026-03-10 00:00")
    ticked("2026-03-10 00:00")
    ticked("2026-03-25 00:00")
    ticked("2026-03-31 00:00")
    told = ledger.Notice.objects.filter(case_id=life.id, kind__startswith="alert").order_by("id")
    titles = Counter((each.to, each.kind, each.title["zh"].removeprefix(life.number)) for each in told)
    holder = "unit:chengqu-approval"
    assert titles == Counter(
        {
            (holder, "alert:yellow", " 本环节时限将到期"): 1,
            (holder, "alert:red", " 本环节时限已超期"): 1,
            (holder, "alert:yellow", " 承诺时限将到期"): 1,
            (holder, "alert:red", " 承诺时限已超期"): 1,
            (holder, "alert:yellow", " 法定时限将到期"): 1,
            (holder, "alert:red", " 法定时限已超期"): 1,
        }
    )
    assert life.told(f"party:{life.row.party_id}").count("late") == 1
    assert life.row.unlawful


def test_a_clock_that_comes_by_twice_does_nothing_twice(city: People) -> None:
    made = [
        opened(SHOP, city["shimin"], "2026-03-02 09:00"),
        opened(FOOD, city["qiye"], "2026-03-02 09:00"),
        opened(LAMP, city["shimin"], "2026-03-02 09:00"),
        lives.works_in_joint(city),
    ]
    ticked("2026-03-12 00:00")
    before = {life.id: life.seq for life in made}
    notices = ledger.Notice.objects.count()
    for _ in range(3):
        assert ticked("2026-03-12 00:00") == 0  # nothing is even looked at
    assert {life.id: life.seq for life in made} == before
    assert ledger.Notice.objects.count() == notices


def test_the_clock_looks_at_nothing_before_its_time(city: People) -> None:
    life = opened(SHOP, city["shimin"], "2026-03-02 09:00")
    assert life.row.wake_at == life.head.case.dates["step"].warn
    assert ticked("2026-03-02 09:01") == 0
    assert life.moves == ["opened"]


def test_a_closed_case_is_never_woken(city: People) -> None:
    life = lives.sign_to_decision(city)
    life.move("refuse", city["shenpi"], "2026-03-03 09:00", reason="遮挡消防通道")
    assert life.row.wake_at is None
    seq = life.seq
    ticked("2030-01-01 00:00")
    assert life.seq == seq


def test_more_cases_than_one_batch_are_all_looked_at_once(city: People) -> None:
    made = [opened(SHOP, city["shimin"], "2026-03-02 09:00") for _ in range(7)]
    assert tick(now=moment("2026-03-10 00:00"), batch=3) == 7
    assert {life.row.step for life in made} == {"review"}


def test_one_broken_case_does_not_stop_the_others(city: People, caplog: pytest.LogCaptureFixture) -> None:
    made = [opened(SHOP, city["shimin"], "2026-03-02 09:00") for _ in range(3)]
    broken = made[1]
    ledger.Case.objects.filter(pk=broken.id).update(state={"step": "intake", "clock": "rubbish"})
    with caplog.at_level(logging.ERROR, "yinuo.work.tick"):
        assert ticked("2026-03-10 00:00") == 2
    assert broken.number in caplog.text
    assert [life.row.step for life in made] == ["review", "intake", "review"]


def test_a_case_the_database_refuses_to_move_does_not_stop_the_others(
    city: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import IntegrityError, OperationalError

    made = [opened(SHOP, city["shimin"], "2026-03-02 09:00") for _ in range(3)]
    settle, error = cases.settle, IntegrityError("duplicate key")

    def failing(case: int, **more: Any) -> Any:
        if case == made[0].id:
            raise error
        return settle(case, **more)

    monkeypatch.setattr(cases, "settle", failing)
    assert ticked("2026-03-10 00:00") == 2
    assert made[2].row.step == "review"
    error = OperationalError("the server is gone")
    with pytest.raises(OperationalError):  # that is the worker's to say and to try again
        ticked("2026-03-10 00:00")


# --- what was promised for later ---------------------------------------------------------------------------


@pytest.fixture
def checked_later(city: People) -> int:
    """A version of the shop sign whose delivery promises a second look after 60 working days."""
    row = MatterVersion.objects.get(matter=SHOP, version=1)
    body = json.loads(row.body)
    fields = ("shop_name", "address", "sign_text", "width", "height", "lit", "phone")
    effect = {"open": SHOP, "in": 60, "with": {name: f"form.{name}" for name in fields}}
    body["moves"]["deliver"]["then"] = [effect]
    text = json.dumps(body, ensure_ascii=False)
    MatterVersion.objects.create(
        matter=SHOP,
        version=9001,
        title_zh=row.title_zh,
        title_en=row.title_en,
        body=text,
        digest=hashlib.sha256(text.encode()).hexdigest(),
    )
    return 9001


def delivered(city: People, version: int) -> Life:
    done = cases.open_case(
        matter=SHOP,
        version=version,
        by=city["shimin"],
        at=moment("2026-03-02 09:00"),
        token=lives.uuid.uuid4(),
        form=lives.answers(SHOP),
        party=city.party("shimin"),
        files=lives.files(*lives.papers(SHOP)),
    )
    life = Life(done.id, done.number)
    life.move("accept", city["chuangkou"], "2026-03-02 09:30")
    life.move("pass", city["shencha"], "2026-03-02 10:00", opinion="可")
    life.move("grant", city["shenpi"], "2026-03-03 09:00")
    life.move("deliver", city["chuangkou"], "2026-03-04 09:00")
    return life


def test_a_case_promised_for_later_is_opened_once_when_its_day_has_come(
    city: People, checked_later: int
) -> None:
    life = delivered(city, checked_later)
    planned = ledger.Planned.objects.get(case_id=life.id)
    assert lives.local(planned.opens_at) == "2026-06-02 00:00"  # when the sixtieth working day is over
    ticked("2026-06-01 23:59")
    assert ledger.Case.objects.count() == 1
    for _ in range(3):
        ticked("2026-06-02 00:00")
    later = ledger.Case.objects.exclude(pk=life.id).get()
    planned.refresh_from_db()
    assert planned.opened_id == later.pk
    assert (later.channel, later.place, later.party_id) == ("planned", life.row.place, life.row.party_id)
    assert later.opened_by is None and later.parent_id is None
    assert store.gather(store.read(later.pk)).form["shop_name"] == "老李面馆"
    assert verify(case=later.pk).faults == ()


def test_a_kill_after_opening_and_before_noting_it_opens_no_second_case(
    city: People, checked_later: int
) -> None:
    life = delivered(city, checked_later)
    planned = ledger.Planned.objects.get(case_id=life.id)
    ticked("2026-06-02 00:00")
    ledger.Planned.objects.filter(pk=planned.pk).update(opened=None)
    ticked("2026-06-02 00:05")
    assert ledger.Case.objects.count() == 2
    planned.refresh_from_db()
    assert planned.opened_id is not None


def test_what_a_corrected_move_promised_for_later_does_not_open(city: People, checked_later: int) -> None:
    life = delivered(city, checked_later)
    life.correct(city["chuangkou"], "2026-03-04 09:05")
    assert ledger.Planned.objects.get(case_id=life.id).cancelled_at is not None
    ticked("2026-06-02 00:00")
    assert ledger.Case.objects.count() == 1


def test_a_planned_case_that_cannot_be_opened_does_not_stop_the_next(
    city: People, checked_later: int, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = delivered(city, checked_later), delivered(city, checked_later)
    ledger.Planned.objects.filter(case_id=first.id).update(matter="approvals/no_such_matter")
    with caplog.at_level(logging.ERROR, "yinuo.work.tick"):
        ticked("2026-06-02 00:00")
    assert "could not be opened" in caplog.text
    assert ledger.Planned.objects.get(case_id=second.id).opened_id is not None


def test_sixty_working_days_are_counted_by_the_calendar(city: People) -> None:
    from yinuo.packs import matters

    start = moment("2026-03-04 09:00").date()
    assert matters.calendar().add(start, 60).isoformat() == "2026-06-01"


# --- parents and children ----------------------------------------------------------------------------------


def test_a_parent_whose_child_closed_is_joined_by_the_clock_when_nobody_else_did(
    city: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = lives.works_in_joint(city)
    life.child(FIRE).move("agree", city["shencha_xiaofang"], "2026-03-03 09:00", opinion="同意")
    monkeypatch.setattr(cases, "_settle_now", lambda case, *, at: None)  # the process dies right there
    life.child(SHELTER).move("agree", city["shencha_renfang"], "2026-03-03 10:00", opinion="同意")
    assert life.row.step == "joint"
    assert ticked("2026-03-03 10:00") >= 1
    assert (life.row.step, life.moves[-1]) == ("decide", "join")


def test_trouble_with_the_parent_is_not_the_childs_officers_trouble(
    city: People, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    life = lives.works_in_joint(city)
    life.child(FIRE).move("agree", city["shencha_xiaofang"], "2026-03-03 09:00", opinion="同意")
    settle = cases.settle

    def failing(case: int, **more: Any) -> Any:
        raise RuntimeError("the parent's letter cannot be written")

    monkeypatch.setattr(cases, "settle", failing)
    with caplog.at_level(logging.ERROR, "yinuo.work.cases"):
        shelter = life.child(SHELTER)
        shelter.move("agree", city["shencha_renfang"], "2026-03-03 10:00", opinion="同意")
    assert shelter.row.outcome == "granted"
    assert "waits for the timer" in caplog.text
    monkeypatch.setattr(cases, "settle", settle)
    ticked("2026-03-03 10:01")
    assert life.row.step == "decide"


def test_a_case_woken_while_the_clock_looks_at_it_is_not_put_to_rest(city: People) -> None:
    """The clock has read the parent, then a child closes, then the clock says: nothing is owed."""
    life = lives.works_in_joint(city)
    ticked("2026-03-02 15:01")
    as_read = store.read(life.id)
    store.wake(life.id, at=moment("2026-03-03 10:00"))
    store.rest(as_read, wake_at=moment("2026-03-09 00:00"))
    woken = life.row.wake_at
    assert woken is not None and woken <= moment("2026-03-03 10:00")
    # Also where the case was due already, so that waking leaves nothing but the mark of it.
    as_read = store.read(life.id)
    store.wake(life.id, at=moment("2026-03-03 10:00"))
    store.rest(as_read, wake_at=moment("2026-03-09 00:00"))
    assert life.row.wake_at is not None and life.row.wake_at <= moment("2026-03-03 10:00")


# --- several at once ---------------------------------------------------------------------------------------


def test_two_clocks_at_once_fire_everything_once(fresh_city: Any) -> None:
    city = lives.move_in()
    made = [opened(SHOP, city["shimin"], "2026-03-02 09:00") for _ in range(8)]
    asked = [opened(FOOD, city["qiye"], "2026-03-02 09:00") for _ in range(4)]
    for life in asked:
        life.move("ask", city["chuangkou"], "2026-03-02 10:00", reason="缺图")
    joint = lives.works_in_joint(city)
    start, done = threading.Barrier(3), []

    def clock() -> None:
        from django.db import connection

        start.wait()
        try:
            done.append(tick(now=moment("2026-03-20 00:00")))
        finally:
            connection.close()

    clocks = [threading.Thread(target=clock) for _ in range(3)]
    for each in clocks:
        each.start()
    for each in clocks:
        each.join()
    assert len(done) == 3
    tick(now=moment("2026-03-20 00:00"))
    for life in made:
        assert life.moves.count("deem_accepted") == 1, life.moves
    for life in asked:
        assert life.moves.count("lapse") == 1, life.moves
    for row in ledger.Case.objects.all():
        turned = Counter(
            (name, level)
            for line in store.history(row.pk)
            for name, level in line.entry.body.get("turned", {}).items()
        )
        assert all(times == 1 for times in turned.values()), (row.number, turned)
    assert joint.row.light == "red"
    assert verify().faults == ()


# --- sealing -----------------------------------------------------------------------------------------------


def test_the_ledger_is_sealed_at_five_past_midnight_in_shanghai(city: People) -> None:
    assert seal_when_due(now=moment("2026-03-02 09:00")) is None  # there is nothing to seal
    opened(SHOP, city["shimin"], "2026-03-02 09:00")
    assert seal_when_due(now=moment("2026-03-02 23:59")) is None
    assert seal_when_due(now=moment("2026-03-03 00:04")) is None
    seal = seal_when_due(now=moment("2026-03-03 00:05"))
    assert seal is not None and (seal.number, seal.leaves) == (1, 1)
    assert seal_when_due(now=moment("2026-03-03 00:06")) is None
    assert seal_when_due(now=moment("2026-03-04 00:05")) is None  # nothing has changed since
    life = opened(FOOD, city["qiye"], "2026-03-04 09:00")
    second = seal_when_due(now=moment("2026-03-05 00:05"))
    assert second is not None and (second.number, second.leaves) == (2, 1)
    assert bytes(second.prev) == bytes(seal.digest)
    assert verify().faults == ()
    assert life.row.seals.count() == 1


def test_five_past_midnight_is_shanghais_and_always_the_next_one() -> None:
    for after, due in (
        ("2026-03-02 00:04", "2026-03-02 00:05"),
        ("2026-03-02 00:05", "2026-03-03 00:05"),
        ("2026-03-02 23:59", "2026-03-03 00:05"),
        ("2026-12-31 12:00", "2027-01-01 00:05"),
    ):
        assert lives.local(next_seal_after(moment(after))) == due


def test_an_auditor_seals_now_only_where_something_changed(city: People) -> None:
    opened(WORKS, city["qiye_jianshe"], "2026-03-02 09:00")
    assert seal_now(now=moment("2026-03-02 10:00")) is not None
    assert seal_now(now=moment("2026-03-02 10:01")) is None
