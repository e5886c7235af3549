"""A receipt is checked by somebody who has it, a short script, Python, and nothing of ours."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import books
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from yinuo.ledger import models, receipt_check, receipts, seals
from yinuo.ledger.verify import verify

SCRIPT = Path(receipt_check.__file__)
PERSONAL = ("李某", "举例饭店", "13800000000", "140502199001010019", "符合", "已电话联系", "112.8512")


def alone(folder: Path, *files: Any) -> subprocess.CompletedProcess[str]:
    """The script, copied elsewhere, run by a Python that sees the standard library only."""
    script = folder / "checker.py"
    script.write_bytes(SCRIPT.read_bytes())
    names = []
    for place, value in enumerate(files):
        names.append(str(folder / f"{place}.json"))
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        Path(names[-1]).write_text(text, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-I", "-S", str(script), *names], capture_output=True, text=True, cwd=folder
    )


@pytest.fixture(scope="module")
def receipt(book: Any) -> Any:
    """Of the closed case: six entries, under seal 1 together with three other cases."""
    return receipts.receipt(models.Case.objects.get(pk=book.ids["closed"]))


def test_a_receipt_holds_with_nothing_but_the_standard_library(receipt: Any, tmp_path: Path) -> None:
    done = alone(tmp_path, receipt, receipts.published_seals())
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert "6 entries of case" in done.stdout and "under seal 1" in done.stdout
    assert "is the one you kept" in done.stdout and done.stdout.endswith("全部属实 everything holds\n")


def test_a_receipt_says_nothing_personal(book: Any) -> None:
    for id_ in book.ids.values():
        text = json.dumps(receipts.receipt(models.Case.objects.get(pk=id_)), ensure_ascii=False)
        for words in (
            "李某",
            "举例饭店",
            "13800000000",
            "140502199001010019",
            "符合",
            "已电话联系",
            "112.8512",
        ):
            assert words not in text, words


def test_every_case_of_the_book_has_a_receipt_that_holds(book: Any) -> None:
    kept = receipts.published_seals()
    for name, id_ in book.ids.items():
        found, faults = receipt_check.check(receipts.receipt(models.Case.objects.get(pk=id_)), kept)
        assert faults == [], name
        assert any("not sealed yet" in each for each in found) == (name == "running")


def test_a_receipt_up_to_an_entry_shows_at_least_what_its_seal_covers(book: Any) -> None:
    case = models.Case.objects.get(pk=book.ids["running"])
    for upto, shown, seal in ((1, 2, 1), (2, 2, 1), (3, 3, 2)):
        made = receipts.receipt(case, upto=upto)
        assert (len(made["entries"]), made["seal"]["number"]) == (shown, seal)
        assert receipt_check.check(made, receipts.published_seals())[1] == []


# One byte


def check_text(folder: Path, data: bytes) -> int:
    path = folder / "changed.json"
    path.write_bytes(data)
    return receipt_check.main([str(path)])


@settings(
    max_examples=600,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(place=st.integers(0, 10**6), byte=st.integers(0, 255))
@example(place=0, byte=ord("["))
def test_a_receipt_with_one_byte_changed_anywhere_does_not_hold(
    receipt: Any, tmp_path_factory: pytest.TempPathFactory, place: int, byte: int
) -> None:
    data = bytearray(json.dumps(receipt, ensure_ascii=False, separators=(",", ":")).encode())
    place %= len(data)
    if data[place] == byte:
        byte = (byte + 1) % 256
    data[place] = byte
    folder = tmp_path_factory.getbasetemp()
    assert check_text(folder, bytes(data)) != 0, data[max(0, place - 40) : place + 40]


def test_every_letter_of_every_word_of_a_receipt_is_checked(receipt: Any, tmp_path: Path) -> None:
    """The changes a reader would not see: a capital for a small letter, a digit beside it, at every place."""
    data = json.dumps(receipt, ensure_ascii=False, separators=(",", ":")).encode()
    held = []
    for place, byte in enumerate(data):
        if chr(byte).isalnum() and byte < 128:
            swapped = bytes([byte ^ 32]) if chr(byte).isalpha() else bytes([byte ^ 1])
            if check_text(tmp_path, data[:place] + swapped + data[place + 1 :]) == 0:
                held.append(data[max(0, place - 20) : place + 20])
    assert held == []


def test_a_changed_receipt_is_refused_by_the_script_on_its_own_too(receipt: Any, tmp_path: Path) -> None:
    changed = json.loads(json.dumps(receipt))
    changed["entries"][3]["body"] = changed["entries"][3]["body"].replace("granted", "refused")
    done = alone(tmp_path, changed)
    assert done.returncode == 1
    assert "WRONG entry 4 was changed: its content does not match its digest" in done.stdout
    assert "有不符之处" in done.stdout


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda it: it["entries"].pop(2), "entry 3 is missing"),
        (lambda it: it["entries"].pop(), "the seal covers entry 6, which the receipt does not show"),
        (lambda it: it["entries"].clear(), "the receipt has no entries"),
        (lambda it: it["entries"].reverse(), "does not follow the entry before it"),
        (lambda it: it.update(number="JC260302-000002-P"), "entry 1 was changed"),
        (
            lambda it: it.update(matter="approvals/food_licence@1"),
            "was not opened as approvals/food_licence@1",
        ),
        (lambda it: it.update(alg="sm3"), "'sm3' is not known"),
        (lambda it: it["seal"]["path"].pop(), "do not lie under seal 1"),
        (lambda it: it["seal"]["path"].reverse(), "do not lie under seal 1"),
        (lambda it: it["seal"]["path"][0].__setitem__(0, "up"), "the way to seal 1 is written wrongly"),
        (lambda it: it["seal"].update(at="2026-03-04T16:05:01Z"), "seal 1 was changed"),
        (lambda it: it["seal"].update(leaves=5), "seal 1 was changed"),
        (lambda it: it["seal"].update(seq=5), "do not lie under seal 1"),
    ],
)
def test_what_was_done_to_a_receipt_is_said(receipt: Any, change: Any, says: str) -> None:
    changed = json.loads(json.dumps(receipt))
    change(changed)
    faults = receipt_check.check(changed)[1]
    assert any(says in fault for fault in faults), faults


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{}", 2),
        ("[]", 2),
        ("null", 2),
        ("", 2),
        ("{", 2),
        ('{"format": "yinuo-receipt/2"}', 2),
        ('{"format": "yinuo-receipt/1"}', 2),
        ('{"format": "yinuo-receipt/1", "number": 1, "entries": 3}', 2),
    ],
)
def test_what_is_no_receipt_is_said_to_be_none(tmp_path: Path, text: str, code: int) -> None:
    done = alone(tmp_path, text)
    assert (done.returncode, done.stderr) == (code, "")
    assert "this is not a receipt that can be checked" in done.stdout


def test_without_a_file_the_script_says_how_to_use_it(tmp_path: Path) -> None:
    done = alone(tmp_path)
    assert done.returncode == 2 and "python3 receipt_check.py receipt.json [seals.json]" in done.stdout
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), str(tmp_path / "none.json")], capture_output=True, text=True
    )
    assert done.returncode == 2 and "No such file" in done.stdout


# Seals that somebody kept


def test_a_city_that_rewrites_a_case_and_all_its_seals_deceives_its_own_database_but_no_kept_seal(
    book: Any, receipt: Any, tmp_path: Path
) -> None:
    kept = receipts.published_seals()
    with books.touched(books.TOUCH, book.ids):
        books.rewrite(book.ids["closed"], seq=6, change={"level": 1})
        books.reseal(1, case=book.ids["closed"])
        with books.connection.cursor() as cursor:
            cursor.execute("SELECT digest FROM ledger_seal WHERE number = 1")
            cursor.execute("UPDATE ledger_seal SET prev = %s WHERE number = 2", cursor.fetchone())
        books.reseal(2, case=book.ids["running"])
        assert books.said(verify()) == [], "from inside nothing can be seen any more"
        rewritten = receipts.receipt(models.Case.objects.get(pk=book.ids["closed"]))
        now = receipts.published_seals()
    assert receipt_check.check(rewritten, now)[1] == []
    for mine, theirs in ((rewritten, kept), (receipt, now)):
        done = alone(tmp_path, mine, {"seals": theirs})
        assert done.returncode == 1
        assert "WRONG seal 1 is not the one you kept: the record was rewritten" in done.stdout


def test_kept_seals_must_follow_each_other_and_hold_the_receipts_own(receipt: Any) -> None:
    kept = receipts.published_seals()
    assert receipt_check.check(receipt, kept[1:])[1] == ["seal 1 is not among the seals you kept"]
    for key, value in (
        ("root", "00" * 32),
        ("at", "2020-01-01T00:00:00Z"),
        ("leaves", 7),
        ("prev", "11" * 32),
    ):
        touched = [kept[0], {**kept[1], key: value}]
        assert "kept seal 2 was changed" in receipt_check.check(receipt, touched)[1]
    own = {**kept[1], "prev": "11" * 32}
    own["digest"] = receipt_check.seal_digest(own)
    assert receipt_check.check(receipt, [kept[0], own])[1] == [
        "kept seal 2 does not follow the one before it"
    ]


def test_whoever_kept_only_some_seals_is_not_told_that_they_do_not_follow(receipt: Any) -> None:
    first = receipts.published_seals()[0]
    third = {**first, "number": 3, "prev": "11" * 32}
    third["digest"] = receipt_check.seal_digest(third)
    assert receipt_check.check(receipt, [first, third])[1] == []


def test_the_published_seals_are_those_of_the_database_oldest_first(book: Any) -> None:
    published = receipts.published_seals()
    assert [each["number"] for each in published] == [1, 2]
    assert [each["leaves"] for each in published] == [4, 1]
    assert receipt_check.check_chain(published) == []
    assert published[0]["prev"] == "00" * 32


def test_a_second_seal_at_once_finds_nothing_new_and_a_seals_time_never_runs_back(book: Any) -> None:
    with books.touched(books.TOUCH, book.ids):
        made = seals.seal(at=books.moment("2026-03-01T00:00"))
        assert made is not None and made.number == 3 and made.leaves == 1
        assert made.at == models.Seal.objects.get(pk=2).at
        assert seals.seal(at=books.moment("2026-03-07T00:00")) is None
        assert books.said(verify()) == []
        running = receipts.receipt(models.Case.objects.get(pk=book.ids["running"]))
        assert receipt_check.check(running, receipts.published_seals())[1] == []
        assert running["seal"]["number"] == 3
