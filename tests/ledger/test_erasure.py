"""Personal words go when the law says so; what they were counted for stays."""

from __future__ import annotations

from typing import Any

import books
import pytest

from yinuo.core.engine import Refused
from yinuo.ledger import models, receipt_check, receipts, seals, store
from yinuo.ledger.verify import verify
from yinuo.work import cases


def closed(office: Any) -> int:
    case = books.examined(office)
    books.move(case, "pass", office.reviewer, "2026-03-02T11:00", opinion="李某的店面符合要求")
    books.move(case, "refuse", office.approver, "2026-03-02T12:00", reason="遮挡李某邻居的窗户")
    return case


def erase(office: Any, case: int) -> None:
    cases.erase(
        case=case,
        by=office.approver,
        at=books.moment("2026-06-01T09:00"),
        expecting=store.read(case).case.seq,
        basis="个人信息保护法 §47",
    )


@pytest.fixture
def everybody(db: None) -> Any:
    return books.move_in()


def test_the_words_and_their_salt_go_and_their_digest_stays(everybody: Any) -> None:
    case = closed(everybody)
    before = {
        (each.seq, each.kind): bytes(each.digest) for each in models.Content.objects.filter(case_id=case)
    }
    assert {"form", "opinion", "reason", "letter"} <= {kind for _, kind in before}
    erase(everybody, case)
    rows = list(models.Content.objects.filter(case_id=case))
    assert {(each.seq, each.kind): bytes(each.digest) for each in rows} == before
    assert all(each.body is None and each.salt is None for each in rows)
    assert {each.erased_at for each in rows} == {books.moment("2026-06-01T09:00")}


def test_the_erasure_is_itself_an_entry_that_names_what_went_and_why(everybody: Any) -> None:
    case = closed(everybody)
    erase(everybody, case)
    last = store.history(case)[-1].entry
    assert (last.kind, last.by) == ("erased", f"person:{everybody.approver.pk}")
    assert last.body["basis"] == "个人信息保护法 §47"
    assert set(last.body["erased"]) == {1, 2, 3, 4}
    assert "李某" not in "".join(line.text for line in store.history(case))


def test_after_an_erasure_everything_still_verifies_and_old_receipts_still_hold(everybody: Any) -> None:
    case = closed(everybody)
    seals.seal(at=books.moment("2026-03-03T00:05"))
    old = receipts.receipt(models.Case.objects.get(pk=case))
    erase(everybody, case)
    assert books.said(verify()) == []
    assert books.said(verify(case=case)) == []
    seals.seal(at=books.moment("2026-06-02T00:05"))
    kept = receipts.published_seals()
    for receipt in (old, receipts.receipt(models.Case.objects.get(pk=case))):
        assert receipt_check.check(receipt, kept)[1] == []


def test_what_is_erased_cannot_be_put_back_in_other_words(everybody: Any) -> None:
    """The database's own rule: erased is erased, and there is nothing in between."""
    from django.db import IntegrityError, connection, transaction

    case = closed(everybody)
    erase(everybody, case)
    half = "UPDATE ledger_content SET body = '\"x\"' WHERE case_id = %s"
    with (
        pytest.raises(IntegrityError, match="content_whole_or_erased"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(half, [case])
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ledger_content SET body = '\"x\"', salt = '\\x00', erased_at = NULL "
            "WHERE case_id = %s AND kind = 'opinion'",
            [case],
        )
    assert any("touched: its words do not match their digest" in each for each in books.said(verify()))


def test_words_of_another_case_stay(everybody: Any) -> None:
    case, other = closed(everybody), closed(everybody)
    erase(everybody, case)
    assert not models.Content.objects.filter(case_id=other, erased_at__isnull=False).exists()


@pytest.mark.parametrize("basis", ["", "  "])
def test_without_a_basis_in_law_nothing_is_erased(everybody: Any, basis: str) -> None:
    case = closed(everybody)
    with pytest.raises(Refused) as caught:
        cases.erase(
            case=case,
            by=everybody.approver,
            at=books.moment("2026-06-01T09:00"),
            expecting=store.read(case).case.seq,
            basis=basis,
        )
    assert caught.value.code == "basis"
    assert not models.Content.objects.filter(case_id=case, erased_at__isnull=False).exists()


def test_the_words_of_a_running_case_are_not_erased(everybody: Any) -> None:
    case = books.examined(everybody)
    with pytest.raises(Refused) as caught:
        erase(everybody, case)
    assert caught.value.code == "not_closed"
