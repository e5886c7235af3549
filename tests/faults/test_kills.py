"""kill -9, of whatever is running, in the middle of what it does. What was answered is there; the rest is not
half there; and whoever comes next goes on."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from typing import Any

import lives
from lives import FIRE, SHELTER, SHOP, WORKS, Life, moment, opened

from yinuo.ledger import models as ledger
from yinuo.ledger.verify import verify
from yinuo.work import tokens
from yinuo.work.tick import tick


def whole() -> None:
    assert verify().faults == ()


def signs(city: lives.People, count: int) -> list[Life]:
    """Shop signs at the step where reviewer and approver pass them to and fro."""
    made = []
    for _ in range(count):
        life = opened(SHOP, city["shimin"], "2026-03-02 09:00", place="140502003")
        life.move("accept", city["chuangkou"], "2026-03-02 09:30")
        made.append(life)
    return made


def acknowledged(*files: Path) -> set[tuple[int, int, str]]:
    """(case, seq, move) of everything the platform has answered, from whole lines only."""
    found = set()
    for path in files:
        for line in path.read_text().splitlines(keepends=True):
            if line.endswith("\n"):
                id_, seq, move = line.split()
                found.add((int(id_), int(seq), move))
    return found


def kept() -> set[tuple[int, int, str]]:
    return set(ledger.Entry.objects.filter(kind="moved").values_list("case_id", "seq", "move"))


def test_what_the_pages_answered_before_they_were_killed_is_in_the_ledger(pages: Any) -> None:
    city = lives.move_in()
    made = signs(city, 6)
    keys = {
        move: tokens.issue(city[username], name="test", at=moment("2026-11-01 00:00"), days=365)[0]
        for move, username in (("pass", "shencha"), ("send_back", "shenpi"))
    }
    words = {"pass": {"opinion": "建议准予"}, "send_back": {"reason": "请补充"}}
    answered: list[tuple[int, int, str]] = []
    killed = threading.Event()
    pages.start()

    def clerk(mine: list[Life]) -> None:
        while not killed.is_set():
            for life in mine:
                seq, step = known[life.id]
                move = {"review": "pass", "decide": "send_back"}[step]
                body = {"move": move, "expecting": seq, "data": words[move]}
                try:
                    status, told = pages.call(keys[move], f"/cases/{life.number}/moves", body)
                except OSError:
                    return  # killed before it could answer: made or not, nobody was told that it was
                assert status == 200, told
                answered.append((life.id, seq + 1, move))
                known[life.id] = (told["seq"], told["step"])

    known = {life.id: (life.seq, life.row.step) for life in made}
    clerks = [threading.Thread(target=clerk, args=(made[n::3],)) for n in range(3)]
    for each in clerks:
        each.start()
    time.sleep(1.5)
    pages.kill()
    killed.set()
    for each in clerks:
        each.join()
    assert len(answered) > 10
    assert set(answered) <= kept()
    whole()
    pages.start()  # and it goes on where it stood
    life = made[0]
    move = {"review": "pass", "decide": "send_back"}[life.row.step]
    body = {"move": move, "expecting": life.seq, "data": words[move]}
    assert pages.call(keys[move], f"/cases/{life.number}/moves", body)[0] == 200


def test_a_worker_killed_between_a_childs_close_and_the_join_leaves_it_to_the_next_round(hands: Any) -> None:
    city = lives.move_in()
    life = lives.works_in_joint(city)
    life.child(FIRE).move("agree", city["shencha_xiaofang"], "2026-03-03 09:00", opinion="同意")
    tick(now=moment("2026-03-03 09:30"))  # the clock has put the parent to rest
    at = "2026-03-03T10:00:00+08:00"
    killed = hands.start("die_before_join", case=life.child(SHELTER).id, by="shencha_renfang", at=at)
    code, said = hands.end(killed)
    assert code == -signal.SIGKILL, said
    assert life.child(SHELTER).row.outcome == "granted"
    assert life.row.step == "joint"
    assert tick(now=moment("2026-03-03 10:00")) >= 1
    assert (life.row.step, life.moves.count("join")) == ("decide", 1)
    whole()


def test_a_process_killed_while_it_opens_children_has_opened_none(hands: Any) -> None:
    city = lives.move_in()
    life = opened(WORKS, city["qiye_jianshe"], "2026-03-02 09:00")
    life.move("accept", city["chuangkou"], "2026-03-02 10:00")
    before = (life.seq, ledger.Notice.objects.count())
    killed = hands.start("die_in_fork", case=life.id, at="2026-03-02T15:00:00+08:00")
    code, said = hands.end(killed)
    assert code == -signal.SIGKILL, said
    assert before == (life.seq, ledger.Notice.objects.count())
    assert life.children == []
    life.move("fork", city["shencha"], "2026-03-02 15:05", opinion="具备")  # the same again, and it is done
    assert len(life.children) == 2
    whole()


def test_a_writer_killed_again_and_again_never_leaves_half_a_move(hands: Any, tmp_path: Path) -> None:
    city = lives.move_in()
    ids = [life.id for life in signs(city, 3)]
    files = []
    for round_ in range(3):
        acks = tmp_path / f"acks-{round_}"
        files.append(acks)
        writer = hands.start("load", ids=ids, acks=str(acks))
        assert writer.stdout.readline() == "ready\n"
        time.sleep(0.4 + 0.13 * round_)
        writer.kill()
        writer.wait()
    answered = acknowledged(*files)
    assert len(answered) > 30
    assert answered <= kept()
    unanswered = kept() - answered
    assert len([each for each in unanswered if each[2] != "accept"]) <= len(files)  # one in flight each time
    whole()


def test_a_database_killed_under_load_comes_back_with_everything_it_had_answered(
    on_own_server: Any, make_hands: Any, tmp_path: Path
) -> None:
    from django.db import connection

    city = lives.move_in()
    groups = [[life.id for life in signs(city, 2)] for _ in range(2)]
    crowd = make_hands(on_own_server.dsn_run)
    try:
        files = [tmp_path / f"acks-{n}" for n in range(len(groups))]
        writers = [
            crowd.start("load", ids=ids, acks=str(acks)) for ids, acks in zip(groups, files, strict=True)
        ]
        for writer in writers:
            assert writer.stdout.readline() == "ready\n"
        time.sleep(1)
        on_own_server.kill()
        before = acknowledged(*files)
        connection.close()
        time.sleep(0.3)
        on_own_server.start()
        time.sleep(1.5)  # the writers go on by themselves, without being started again
        after = acknowledged(*files)
    finally:
        crowd.sweep()
    assert len(before) > 20
    assert len(after) > len(before)
    assert after <= kept()
    whole()
