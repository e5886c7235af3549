"""The promise board against a recount from the ledger's entries, and the cases behind every number."""

from __future__ import annotations

from datetime import date

import lives
import pytest
from lives import ELDER, FOOD, LAMP, SHOP, WORKS, People, Recount, moment, opened, ticked

from yinuo.core.case import replay
from yinuo.core.workdays import SHANGHAI
from yinuo.ledger import models as ledger
from yinuo.ledger import store
from yinuo.work import figures
from yinuo.work.figures import Promises

MARCH = {"since": date(2026, 3, 1), "until": date(2026, 3, 31)}


def a_month(city: People) -> None:
    """Promises that were kept, broken, are open, late, paused; and cases that are no promise of the board."""
    kept = lives.sign_to_decision(city)
    kept.move("grant", city["shenpi"], "2026-03-03 09:00")
    refused = lives.sign_to_decision(city)
    refused.move("refuse", city["shenpi"], "2026-03-04 09:00", reason="遮挡")
    broken = lives.sign_to_decision(city)
    broken.move("grant", city["shenpi"], "2026-03-10 09:00")
    lives.sign_to_decision(city)  # late by the end of the month
    lives.works_in_joint(city)  # late, with children that are not counted apart
    paused = opened(WORKS, city["qiye_jianshe"], "2026-03-25 09:00")
    paused.move("accept", city["chuangkou"], "2026-03-25 10:00")
    paused.move("to_expert", city["shencha"], "2026-03-25 11:00", reason="评审", days=5)
    late_then_paused = opened(WORKS, city["qiye_jianshe"], "2026-03-02 09:00")
    late_then_paused.move("accept", city["chuangkou"], "2026-03-03 10:00")
    ticked("2026-03-10 00:00")
    late_then_paused.move("to_expert", city["shencha"], "2026-03-11 11:00", reason="评审", days=5)
    opened(FOOD, city["qiye"], "2026-03-31 23:00")  # open, not accepted yet
    withdrawn = lives.sign_to_decision(city, "2026-03-05")
    withdrawn.move("withdraw", city["shimin"], "2026-03-06 10:00")
    refused_at_the_door = opened(ELDER, city["laoren"], "2026-03-02 09:00")
    refused_at_the_door.move(
        "refuse_acceptance", city["chuangkou_nanjie"], "2026-03-02 10:00", reason="户籍不在本地"
    )
    corrected = lives.sign_to_decision(city, "2026-03-23")
    corrected.move("grant", city["shenpi"], "2026-03-24 09:00")
    corrected.correct(city["shenpi"], "2026-03-24 09:05")
    lamp = opened(LAMP, city["shimin"], "2026-03-20 09:00")
    lamp.move("file", city["jiandu"], "2026-03-20 09:30")
    opened(SHOP, city["shimin"], "2026-02-28 23:59")  # the month before
    opened(SHOP, city["shimin"], "2026-04-01 00:00")  # the month after
    ticked("2026-03-26 00:00")


def recount(since: date, until: date) -> dict[str, Recount]:
    """What the entries say, one case at a time, in Python."""
    found: dict[str, Recount] = {}
    for row in ledger.Case.objects.all():
        entries = [line.entry for line in store.history(row.pk)]
        case, opening = replay(entries), entries[0].body["case"]
        assert case.opened_at is not None
        day = case.opened_at.astimezone(SHANGHAI).date()
        if opening["parent"] or not since <= day <= until or case.outcome == "withdrawn":
            continue
        count = found.setdefault(opening["unit"], Recount())
        if case.kept is not None:
            count.add("kept" if case.kept else "broken", opening["number"])
        elif case.closed:
            continue
        elif case.paused:
            count.add("paused", opening["number"])
        else:
            count.add("late" if "promised" in case.breached else "open", opening["number"])
    return {unit: count for unit, count in found.items() if any(count.as_row().values())}


def test_the_promise_board_is_what_the_entries_add_up_to(city: People) -> None:
    a_month(city)
    board = {row.unit: row for row in figures.promise_board(**MARCH)}
    counted = recount(**MARCH)
    assert set(board) == set(counted)
    for unit, row in board.items():
        assert {name: getattr(row, name) for name in figures.STANDINGS} == counted[unit].as_row(), unit
    seen = {name: sum(getattr(row, name) for row in board.values()) for name in figures.STANDINGS}
    assert all(seen.values()), f"the month shows too little: {seen}"


def test_behind_every_number_stand_exactly_its_cases(city: People) -> None:
    a_month(city)
    counted = recount(**MARCH)
    for row in figures.promise_board(**MARCH):
        for standing in figures.STANDINGS:
            behind = figures.behind(unit=row.unit, standing=standing, **MARCH)
            assert behind.count() == getattr(row, standing), (row.unit, standing)
            numbers = set(behind.values_list("number", flat=True))
            assert numbers == counted[row.unit].numbers.get(standing, set())


def test_a_month_is_local_days_with_both_ends(city: People) -> None:
    first = opened(SHOP, city["shimin"], "2026-03-01 00:00")
    last = opened(SHOP, city["shimin"], "2026-03-31 23:59")
    opened(SHOP, city["shimin"], "2026-02-28 23:59")
    opened(SHOP, city["shimin"], "2026-04-01 00:00")
    (row,) = figures.promise_board(**MARCH)
    assert (row.unit, row.open) == ("chengqu-approval", 2)
    behind = figures.behind(unit=row.unit, standing="open", **MARCH)
    assert [each.number for each in behind] == [last.number, first.number]


def test_where_nothing_was_due_there_is_no_rate(city: People) -> None:
    assert figures.promise_board(**MARCH) == []
    opened(SHOP, city["shimin"], "2026-03-02 09:00")
    (row,) = figures.promise_board(**MARCH)
    assert (row.judged, row.rate) == (0, None)
    assert Promises("x", kept=0, broken=0, open=9, late=0, paused=3).rate is None
    assert Promises("x", kept=3, broken=0, open=9, late=1, paused=3).rate == 0.75
    assert Promises("x", kept=0, broken=1, open=0, late=0, paused=0).rate == 0.0


def test_what_was_refused_at_the_door_is_nobodys_kept_promise(city: People) -> None:
    life = opened(ELDER, city["laoren"], "2026-03-02 09:00")
    life.move("refuse_acceptance", city["chuangkou_nanjie"], "2026-03-02 10:00", reason="户籍不在本地")
    assert figures.promise_board(**MARCH) == []


def test_an_unknown_standing_is_named_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="kept, broken, open, late, paused"):
        figures.behind(unit="chengqu-approval", standing="good", **MARCH)


def test_the_late_ones_are_known_only_when_the_clock_has_come_by_or_somebody_moved_them(city: People) -> None:
    life = lives.sign_to_decision(city)
    (row,) = figures.promise_board(**MARCH)
    assert (row.open, row.late) == (1, 0)
    ticked("2026-03-10 00:00")
    (row,) = figures.promise_board(**MARCH)
    assert (row.open, row.late) == (0, 1)
    assert life.row.promised_at == moment("2026-03-10 00:00")
