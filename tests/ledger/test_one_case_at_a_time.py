"""One statement a move; whoever comes second is told so and leaves no trace; one token opens one case."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import books
import psycopg
import pytest
from django.db import connection, connections

from yinuo.core import engine
from yinuo.ledger import models, store
from yinuo.ledger.store import Conflict, File, Tell, Words
from yinuo.ledger.verify import verify
from yinuo.packs import matters
from yinuo.registers.models import Person
from yinuo.work import cases

THREADS = 8


class Wire:
    """What went to the server: statements as written, and how many the protocol itself carried."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.sent = 0


@contextlib.contextmanager
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """Listens twice: at psycopg's cursor, and at libpq's own trace, which BEGIN and COMMIT do not escape."""
    seen = Wire()
    plain = psycopg.Cursor.execute

    def execute(self: Any, query: Any, *rest: Any, **more: Any) -> Any:
        seen.statements.append(query if isinstance(query, str) else bytes(query).decode())
        return plain(self, query, *rest, **more)

    connection.ensure_connection()
    with tempfile.TemporaryFile() as trace, monkeypatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", execute)
        connection.connection.pgconn.trace(trace.fileno())
        try:
            yield seen
        finally:
            connection.connection.pgconn.untrace()
        os.lseek(trace.fileno(), 0, os.SEEK_SET)
        for line in trace.read().decode().splitlines():
            sign = line.split("\t")
            if len(sign) > 3 and sign[1] == "F" and sign[3] in ("Execute", "Query"):
                seen.sent += 1


def test_a_plain_move_is_one_statement_and_no_transaction_around_it(
    office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A process that has just started reads units, places and the matter once.
    books.move(books.examined(office), "pass", office.reviewer, "2026-03-03T09:00", opinion="同意")
    case = books.examined(office)
    before = books.rowcounts()
    with wire(monkeypatch) as seen:
        cases.move(
            case=case,
            move="pass",
            by=office.reviewer,
            at=books.moment("2026-03-03T09:00"),
            expecting=2,
            data={"opinion": "符合"},
        )
    writing = [
        each for each in seen.statements if not each.lstrip("-").lstrip().startswith(("read", "towards"))
    ]
    writing = [each for each in seen.statements if "INSERT" in each or "UPDATE" in each or "DELETE" in each]
    assert len(writing) == 1 and writing[0].startswith("-- append:"), seen.statements
    assert seen.sent == len(seen.statements), "BEGIN and COMMIT would stand between them"
    assert len(seen.statements) <= 3, "what there is, who is asking, the move"
    assert {name: count - before[name] for name, count in books.rowcounts().items()} == {
        "Case": 0,
        "Entry": 1,
        "Content": 1,
        "Attachment": 0,
        "Notice": 0,
    }


def test_opening_a_case_writes_it_whole_in_one_statement(
    office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.open_sign(office)
    before = books.rowcounts()
    files = books.papers()
    with wire(monkeypatch) as seen:
        cases.open_case(
            matter=books.SHOP,
            by=office.applicant,
            at=books.moment("2026-03-02T09:00"),
            token=uuid.uuid4(),
            form=books.SIGN,
            party=office.party,
            files=files,
        )
    writing = [each for each in seen.statements if "INSERT" in each or "UPDATE" in each]
    assert len(writing) == 1 and writing[0].startswith("-- open:"), seen.statements
    assert seen.sent == len(seen.statements), "no transaction around it"
    after = books.rowcounts()
    assert (after["Case"], after["Entry"], after["Content"], after["Attachment"]) == (
        before["Case"] + 1,
        before["Entry"] + 1,
        before["Content"] + 1,
        before["Attachment"] + 3,
    )


def test_whoever_comes_second_writes_no_entry_no_word_no_file_and_no_notice(office: Any) -> None:
    case = books.examined(office)
    file = File(material="site_photo", name="照片.png", digest=books.keep(b"late").digest)
    seen_by_both = store.read(case)
    books.move(case, "pass", office.reviewer, "2026-03-03T09:00", opinion="同意")
    before, head = books.rowcounts(), models.Case.objects.values().get(pk=case)
    decision = engine.note(
        seen_by_both.case,
        by=engine.Actor(kind="person", id=office.clerk.pk),
        at=books.moment("2026-03-03T10:00"),
        body={},
    )
    with pytest.raises(Conflict) as caught:
        store.append(
            seen_by_both,
            decision,
            wake_at=None,
            words=[Words("note", "太迟了")],
            files=[file],
            notices=[Tell(to="unit:chengqu-window", kind="told", title={"zh": "太迟了", "en": "Too late"})],
        )
    assert (caught.value.case, caught.value.expecting) == (case, 2)
    assert books.rowcounts() == before
    assert models.Case.objects.values().get(pk=case) == head


def test_whoever_saw_an_older_page_is_told_before_anything_is_decided(office: Any) -> None:
    case = books.examined(office)
    with pytest.raises(Conflict):
        cases.move(
            case=case,
            move="pass",
            by=office.reviewer,
            at=books.moment("2026-03-03T09:00"),
            expecting=1,
            data={"opinion": "同意"},
        )


# Double clicks


def test_a_double_click_opens_one_case(office: Any) -> None:
    token = uuid.uuid4()
    first = books.open_sign(office, token=token)
    before = books.rowcounts()
    second = books.open_sign(office, token=token)
    assert (first.fresh, second.fresh) == (True, False)
    assert (first.id, first.number) == (second.id, second.number)
    assert books.rowcounts() == before


def test_eight_clicks_at_once_open_one_case(office: Any) -> None:
    before = books.rowcounts()
    for _ in range(5):
        token = uuid.uuid4()
        opened = at_once(lambda token=token: books.open_sign(office, token=token))
        assert len({each.number for each in opened}) == 1
        assert [each.fresh for each in opened].count(True) == 1
    after = books.rowcounts()
    assert after["Case"] - before["Case"] == after["Entry"] - before["Entry"] == 5
    assert books.said(verify()) == []


# Races


def test_of_eight_who_move_a_case_at_once_exactly_one_wins_twenty_times_over(office: Any) -> None:
    case = books.examined(office)
    rounds: list[tuple[str, Person, dict[str, str]]] = [
        ("pass", office.reviewer, {"opinion": "同意"}),
        ("send_back", office.approver, {"reason": "再看"}),
    ]
    for turn in range(20):
        move, by, data = rounds[turn % 2]
        expecting = store.read(case).case.seq

        asked = {"case": case, "move": move, "by": by, "expecting": expecting, "data": data}
        won = at_once(lambda asked=asked: wins(**asked))
        assert won.count(True) == 1, f"round {turn}: {won.count(True)} won"
        assert store.read(case).case.seq == expecting + 1
    seqs = [line.entry.seq for line in store.history(case)]
    assert seqs == list(range(1, 23)), "no gap, and nothing twice"
    assert models.Content.objects.filter(case_id=case).exclude(seq__in=seqs).count() == 0
    assert books.said(verify()) == []


def wins(**asked: Any) -> bool:
    try:
        cases.move(at=books.moment("2026-03-03T09:00"), **asked)
    except Conflict:
        return False
    return True


def test_eight_timers_at_once_make_a_timed_move_once(office: Any) -> None:
    case = books.open_sign(office).id

    def settle() -> bool:
        try:
            cases.settle(case, at=books.moment("2026-03-10T00:00"))
        except Conflict:
            return False
        return True

    assert any(at_once(settle))
    cases.settle(case, at=books.moment("2026-03-10T00:00"))
    made = [line.entry.move for line in store.history(case) if line.entry.kind == "moved"]
    assert made == ["deem_accepted"]
    assert books.said(verify()) == []


def test_a_ledger_is_verified_as_of_one_moment_while_the_city_works_on(office: Any) -> None:
    numbers = [books.examined(office) for _ in range(6)]
    stop = threading.Event()

    def work() -> None:
        try:
            while not stop.is_set():
                for case in numbers:
                    seq = store.read(case).case.seq
                    cases.note(
                        case=case,
                        by=office.reviewer,
                        at=books.moment("2026-03-03T09:00"),
                        expecting=seq,
                        words="已联系",
                    )
        finally:
            connections.close_all()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for _ in range(25):
            assert books.said(verify()) == []
    finally:
        stop.set()
        worker.join()
    assert verify().entries > 6 * 2 + 10, "somebody did work meanwhile"


def at_once(deed: Callable[[], Any]) -> list[Any]:
    """What `deed` gave in each of THREADS threads, each with a connection of its own, let go together."""
    matters.current(books.SHOP)  # read once, not by all at the same time
    gate, results = threading.Barrier(THREADS), []
    trouble: list[BaseException] = []

    def run() -> None:
        try:
            connection.ensure_connection()
            gate.wait(timeout=30)
            results.append(deed())
        except BaseException as error:  # whatever it is, the test must hear of it
            trouble.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if trouble:
        raise trouble[0]
    return results
