"""Two at the same instant, in processes of their own: one wins, the other is told, nothing happens twice."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import lives
from lives import FIRE, FOOD, LAMP, SHELTER, SHOP, moment, opened

from yinuo.ledger import models as ledger
from yinuo.ledger import store
from yinuo.ledger.verify import verify
from yinuo.work import cases, tokens
from yinuo.work.cases import Conflict


def test_two_clocks_in_two_processes_fire_each_timed_move_once(hands: Any, tmp_path: Path) -> None:
    city = lives.move_in()
    made = [opened(SHOP, city["shimin"], "2026-03-02 09:00") for _ in range(12)]
    for _ in range(6):
        opened(FOOD, city["qiye"], "2026-03-02 09:00").move(
            "ask", city["chuangkou"], "2026-03-02 10:00", reason="缺图"
        )
    for _ in range(3):
        opened(LAMP, city["shimin"], "2026-03-02 09:00")
    lives.works_in_joint(city)
    go, now = tmp_path / "go", "2026-03-20T00:00:00+08:00"
    clocks = [hands.start("one_tick", now=now, go=str(go)) for _ in range(2)]
    counts = [int(said) for said in hands.together(clocks, go)]
    rows = list(ledger.Case.objects.all())
    # Every case was looked at by one of the two; whoever came second lost the race or found nothing to do.
    assert sum(counts) >= len(rows)
    moves = Counter(line.entry.move for row in rows for line in store.history(row.pk))
    assert (moves["deem_accepted"], moves["lapse"]) == (len(made), 6)
    for row in rows:
        turned = Counter(
            (name, level)
            for line in store.history(row.pk)
            for name, level in line.entry.body.get("turned", {}).items()
        )
        assert set(turned.values()) <= {1}, (row.number, turned)
    told = Counter(ledger.Notice.objects.values_list("case_id", "seq", "to", "kind", "title__zh"))
    assert set(told.values()) == {1}
    assert verify().faults == ()


def test_of_two_who_decide_at_once_exactly_one_decides(hands: Any, tmp_path: Path) -> None:
    city = lives.move_in()
    lives.employ("shenpi2", ("chengqu-approval", "approver"))
    made = [lives.sign_to_decision(city) for _ in range(6)]
    go, seq = tmp_path / "go", made[0].seq
    given = {"ids": [life.id for life in made], "expecting": seq, "at": "2026-03-03T09:00:00+08:00"}
    both = [
        hands.start("decide", move="grant", by="shenpi", go=str(go), **given),
        hands.start("decide", move="refuse", by="shenpi2", go=str(go), **given),
    ]
    said = [line.split() for line in hands.together(both, go)]
    for life, pair in zip(made, zip(*said, strict=True), strict=True):
        assert sorted(pair) == ["conflict", f"done:{seq + 1}"], said
        assert life.seq == seq + 1
        granted = life.row.outcome == "granted"
        assert pair[0 if granted else 1].startswith("done")
        assert life.records() == (["shop_signs"] if granted else [])
    assert verify().faults == ()


def test_over_http_the_second_gets_409_and_one_form_sent_twice_is_one_case(pages: Any) -> None:
    city = lives.move_in()
    keys = {
        name: tokens.issue(city[name], name="test", at=moment("2026-11-01 00:00"), days=365)[0]
        for name in ("shenpi", "shimin")
    }
    life = lives.sign_to_decision(city)
    seq, before = life.seq, ledger.Case.objects.count()
    pages.start()
    photo = pages.send_photo(keys["shimin"])
    form = {
        "matter": SHOP,
        "party": city.party("shimin"),
        "form": lives.answers(SHOP),
        "evidence": [{"id": photo, "material": each} for each in lives.papers(SHOP)],
    }
    start, key = threading.Barrier(5), str(uuid.uuid4())
    moved: list[int] = []
    opened_: list[tuple[int, str]] = []

    def decide(move: str) -> None:
        start.wait()
        body = {"move": move, "expecting": seq, "data": {"reason": "理由"}}
        moved.append(pages.call(keys["shenpi"], f"/cases/{life.number}/moves", body)[0])

    def apply() -> None:
        start.wait()
        status, body = pages.call(keys["shimin"], "/cases", form, **{"Idempotency-Key": key})
        opened_.append((status, body.get("number", str(body))))

    each = [threading.Thread(target=decide, args=(move,)) for move in ("grant", "refuse")]
    each += [threading.Thread(target=apply) for _ in range(3)]
    for thread in each:
        thread.start()
    for thread in each:
        thread.join()
    assert sorted(moved) == [200, 409]
    assert sorted(status for status, _ in opened_) == [200, 200, 201], opened_
    assert len({number for _, number in opened_}) == 1
    assert ledger.Case.objects.count() == before + 1
    assert verify().faults == ()


def test_a_form_sent_twice_from_two_processes_opens_one_case(hands: Any, tmp_path: Path) -> None:
    lives.move_in()
    go, token = tmp_path / "go", str(uuid.uuid4())
    said = hands.together([hands.start("apply", token=token, go=str(go)) for _ in range(3)], go)
    numbers = {line.split()[0] for line in said}
    assert len(numbers) == 1
    assert sorted(line.split()[1] for line in said) == ["False", "False", "True"]
    assert ledger.Case.objects.count() == 1
    assert ledger.Notice.objects.count() == 1
    assert verify().faults == ()


def test_an_applicant_who_withdraws_and_an_officer_who_closes_a_child_wait_for_each_other_and_not_for_ever(
    fresh_city: Any, monkeypatch: Any
) -> None:
    """Both change the parent and the child. The one takes its locks in the other's order, or one of them is
    thrown out by the database."""
    from django.db import connection

    city = lives.move_in()
    append = store.append

    def slowly(*args: Any, **kwargs: Any) -> Any:
        head = append(*args, **kwargs)
        time.sleep(0.3)  # with its row locked, where it is inside a transaction
        return head

    monkeypatch.setattr(store, "append", slowly)
    for late in (0.0, 0.15):
        life = lives.works_in_joint(city)
        life.child(FIRE).move("agree", city["shencha_xiaofang"], "2026-03-03 09:00", opinion="同意")
        shelter, came = life.child(SHELTER), []

        def run(name: str, what: Any, wait: float, came: list[tuple[str, str]] = came) -> None:
            time.sleep(wait)
            try:
                what()
                came.append((name, "done"))
            except Conflict:
                came.append((name, "conflict"))
            except Exception as error:
                came.append((name, repr(error)))
            finally:
                connection.close()

        def close(shelter: Any = shelter) -> None:
            shelter.move("agree", city["shencha_renfang"], "2026-03-03 10:00", opinion="同意")

        def leave(life: Any = life) -> None:
            cases.withdraw(
                case=life.id, by=city["qiye_jianshe"], at=moment("2026-03-03 10:00"), expecting=life.seq
            )

        both = [
            threading.Thread(target=run, args=("close", close, late)),
            threading.Thread(target=run, args=("leave", leave, 0.0)),
        ]
        for each in both:
            each.start()
        for each in both:
            each.join()
        assert {outcome for _, outcome in came} <= {"done", "conflict"}, came
        assert "done" in {outcome for _, outcome in came}
        if life.row.closed_at is not None:
            assert shelter.row.closed_at is not None
    assert verify().faults == ()
