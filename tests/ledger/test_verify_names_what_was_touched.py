"""Whoever has all power over the database may change it. Then `verify` says what was changed."""

from __future__ import annotations

import json
from typing import Any

import books
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yinuo.ledger import models, store
from yinuo.ledger.verify import verify

ENTRY = "UPDATE ledger_entry SET {} WHERE case_id = %(closed)s AND seq = 3"


def test_the_book_as_it_was_written_is_true(book: Any) -> None:
    report = verify()
    assert books.said(report) == []
    assert (report.cases, report.entries, report.seals) == (4, 14, 2)
    assert report.contents == models.Content.objects.count() > 10
    for id_ in book.ids.values():
        assert books.said(verify(case=id_)) == []


# One column of one entry


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("kind = 'noted'", "entry 3: touched: its content does not match its digest"),
        ("move = 'grant'", "entry 3: touched: its content does not match its digest"),
        ("at = at + interval '1 microsecond'", "entry 3: touched: its content does not match its digest"),
        ("by = 'person:999999'", "entry 3: touched: its content does not match its digest"),
        ("body = overlay(body placing 'X' from 3 for 1)", "entry 3: touched: its content does not match"),
        ("body = body || ' '", "entry 3: touched: its content does not match its digest"),
        ("body = '[]'", "entry 3: touched: its body is no longer a JSON object"),
        ("body = '{'", "entry 3: touched: its body is no longer a JSON object"),
        ("alg = 'sm3'", "entry 3: touched: it names a digest 'sm3' that is not known here"),
        (
            "prev = set_byte(prev, 31, get_byte(prev, 31) # 1)",
            "entry 3: touched: it does not name the digest",
        ),
        ("digest = set_byte(digest, 0, get_byte(digest, 0) # 1)", "entry 3: touched: its content does not"),
        ("case_id = %(lamp)s", "entry 3: missing: entry 4 stands here"),
        ("case_id = 999999", "entry 3: missing: entry 4 stands here"),
        ("seq = 99", "entry 3: missing: entry 4 stands here"),
    ],
)
def test_a_change_to_one_column_of_one_entry_names_that_entry(book: Any, change: str, says: str) -> None:
    faults = books.faults_of(ENTRY.format(change), book.ids)
    assert any(fault.startswith(f"case {book.numbers['closed']} {says}") for fault in faults), faults
    assert faults == books.faults_of(ENTRY.format(change), book.ids), "and the same each time"
    alone = books.faults_of(ENTRY.format(change), book.ids, case=book.ids["closed"])
    assert any(fault.startswith(f"case {book.numbers['closed']} {says}") for fault in alone), alone


def test_every_column_of_an_entry_is_in_the_table_above() -> None:
    table = next(
        mark.args[1]
        for mark in test_a_change_to_one_column_of_one_entry_names_that_entry.pytestmark  # type: ignore[attr-defined]
        if mark.name == "parametrize"
    )
    touched = {change.partition(" =")[0] for change, _ in table}
    columns = {field.column for field in models.Entry._meta.local_fields if field.column}
    assert touched == columns


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_character_of_any_body_changed_names_its_entry(book: Any, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(book.ids)))
    lines = store.history(book.ids[name])
    line = data.draw(st.sampled_from(lines))
    place = data.draw(st.integers(0, len(line.text) - 1))
    sign = data.draw(st.sampled_from([each for each in '0a"{ ，}1' if each != line.text[place]]))
    text = line.text[:place] + sign + line.text[place + 1 :]
    faults = books.faults_of(
        "UPDATE ledger_entry SET body = %s WHERE case_id = %s AND seq = %s",
        [text, book.ids[name], line.entry.seq],
    )
    assert any(
        fault.startswith(f"case {book.numbers[name]} entry {line.entry.seq}: touched") for fault in faults
    ), faults


# Lines and cases that are gone


def test_a_removed_entry_is_missing_by_its_number(book: Any) -> None:
    faults = books.faults_of("DELETE FROM ledger_entry WHERE case_id = %(closed)s AND seq = 3", book.ids)
    assert f"case {book.numbers['closed']} entry 3: missing: entry 4 stands here" in faults


def test_a_removed_last_entry_is_missing_although_no_other_follows_it(book: Any) -> None:
    faults = books.faults_of("DELETE FROM ledger_entry WHERE case_id = %(closed)s AND seq = 6", book.ids)
    assert any(
        f"case {book.numbers['closed']} entry 6: missing: the head counts 6" in each for each in faults
    )
    assert f"case {book.numbers['closed']} entry 6: missing: seal 1 holds its digest" in faults


def test_all_entries_of_a_case_removed_is_said_of_its_first(book: Any) -> None:
    faults = books.faults_of("DELETE FROM ledger_entry WHERE case_id = %(lamp)s", book.ids)
    assert f"case {book.numbers['lamp']} entry 1: missing: the case has no entries" in faults


def test_a_removed_head_leaves_entries_without_a_case(book: Any) -> None:
    for name in ("closed", "running"):  # the first, and the last: nothing follows it
        faults = books.faults_of(f"DELETE FROM ledger_case WHERE id = %({name})s", book.ids)
        assert f"case id {book.ids[name]}: entries without a case" in faults
        assert f"case id {book.ids[name]}: contents without a case" in faults
        assert f"case id {book.ids[name]}: files without a case" in faults


def test_a_case_removed_with_everything_it_had_leaves_a_hole_under_its_seal(book: Any) -> None:
    tables = ("entry", "content", "attachment", "notice", "casetext")
    gone = ";".join(f"DELETE FROM ledger_{table} WHERE case_id = %(lamp)s" for table in tables)
    faults = books.faults_of(gone + ";DELETE FROM ledger_case WHERE id = %(lamp)s", book.ids)
    assert any(fault.startswith("seal 1: leaf ") and fault.endswith("is missing") for fault in faults), faults


# The head row

HEAD = {
    "number": ("number = 'JC260302-999999-0'", "entry 1: touched"),
    "matter": ("matter = 'approvals/food_licence'", "head: its matter"),
    "version": ("version = 99", "head: its matter"),
    "title": ("title = title || '！'", "head: its title or point"),
    "channel": ("channel = 'hall'", "head: column channel"),
    "unit": ("unit = 'chengqu-market'", "head: column unit"),
    "units": ("units = units || 'chengqu-market'::text", "head: column units"),
    "party_id": ("party_id = NULL", "head: column party"),
    "opened_by": ("opened_by = NULL", "head: column opened_by"),
    "place": ("place = '140502001'", "head: column place"),
    "lat": ("lat = 35.5", "head: its title or point"),
    "lon": ("lon = 112.85", "head: its title or point"),
    "parent_id": ("parent_id = %(lamp)s", "head: column parent"),
    "parent_seq": ("parent_seq = 3", "head: column parent_seq"),
    "seq": ("seq = 5", "entry 7: missing: the head counts 5 entries, 6 are there"),
    "step": ("step = 'decide'", "head: column step"),
    "outcome": ("outcome = 'refused'", "head: column outcome is refused"),
    "holder": ("closed_at = NULL, light = 'green', rating = NULL, holder = 'unit:x'", "head: column holder"),
    "assignee_id": ("assignee_id = 1", "head: column assignee"),
    "light": ("closed_at = NULL, rating = NULL, holder = 'unit:x', light = 'red'", "head: column light"),
    "paused": ("paused = true", "head: column paused"),
    "provisional": ("provisional = true", "head: column provisional"),
    "kept": ("kept = false", "head: column kept is False"),
    "breached": ("breached = true", "head: column breached"),
    "unlawful": ("unlawful = true", "head: column unlawful"),
    "rating": ("rating = 4", "head: column rating is 4"),
    "due_at": ("due_at = now()", "head: column due_at"),
    "promised_at": ("promised_at = now()", "head: column promised_at"),
    "statutory_at": ("statutory_at = now()", "head: column statutory_at"),
    "opened_at": ("opened_at = opened_at - interval '1 day'", "head: its matter, version or opening time"),
    "at": ("at = at + interval '1 microsecond'", "head: column at"),
    "closed_at": ("closed_at = closed_at - interval '1 day'", "head: column closed_at"),
    "state": ("state = jsonb_set(state, '{outcome}', '\"refused\"')", "head: differs from the replay"),
    "head": ("head = set_byte(head, 5, get_byte(head, 5) # 1)", "head: its digest is not that of the last"),
}

NOT_PROVED = {"id", "token", "wake_at"}
"""The key itself; the one-time token, worth nothing once used; when the timer looks next, which it mends."""


@pytest.mark.parametrize("column", HEAD)
def test_a_changed_column_of_a_head_is_named(book: Any, column: str) -> None:
    change, says = HEAD[column]
    faults = books.faults_of(f"UPDATE ledger_case SET {change} WHERE id = %(closed)s", book.ids)
    number = "JC260302-999999-0" if column == "number" else book.numbers["closed"]
    assert any(fault.startswith(f"case {number} {says}") for fault in faults), faults


def test_every_column_of_a_head_is_proved_or_said_not_to_be() -> None:
    assert HEAD.keys() | NOT_PROVED == {field.column for field in models.Case._meta.local_fields}


# Words and files

CONTENTS = {
    "body": "UPDATE ledger_content SET body = '\"不同意\"' WHERE case_id = %(closed)s AND kind = 'opinion'",
    "salt": "UPDATE ledger_content SET salt = '\\x00' WHERE case_id = %(closed)s AND kind = 'opinion'",
    "digest": "UPDATE ledger_content SET digest = '\\x00' WHERE case_id = %(closed)s AND kind = 'opinion'",
    "kind": "UPDATE ledger_content SET kind = 'reason' WHERE case_id = %(closed)s AND kind = 'opinion'",
    "seq": "UPDATE ledger_content SET seq = 2 WHERE case_id = %(closed)s AND kind = 'opinion'",
    "case": "UPDATE ledger_content SET case_id = %(lamp)s WHERE case_id = %(closed)s AND kind = 'opinion'",
    "gone": "DELETE FROM ledger_content WHERE case_id = %(closed)s AND kind = 'opinion'",
}


@pytest.mark.parametrize("what", CONTENTS)
def test_words_changed_moved_or_gone_are_named_by_their_entry(book: Any, what: str) -> None:
    faults = books.faults_of(CONTENTS[what], book.ids)
    assert any(fault.startswith(f"case {book.numbers['closed']} entry 3 content") for fault in faults), faults


def test_words_slipped_in_under_an_entry_or_under_none_are_named(book: Any) -> None:
    slip = (
        "INSERT INTO ledger_content (case_id, seq, kind, salt, body, digest) "
        "VALUES (%(lamp)s, {}, 'opinion', '\\x00', '\"同意\"', '\\x00')"
    )
    for seq, says in (
        (1, "what is stored is not what the entry names"),
        (9, "stored for an entry that is not"),
    ):
        faults = books.faults_of(slip.format(seq), book.ids)
        assert any(f"case {book.numbers['lamp']} entry {seq} content: {says}" in each for each in faults), (
            faults
        )


def test_words_erased_without_an_entry_that_says_so_are_named(book: Any) -> None:
    faults = books.faults_of(
        "UPDATE ledger_content SET body = NULL, salt = NULL, erased_at = now() "
        "WHERE case_id = %(closed)s AND kind = 'opinion'",
        book.ids,
    )
    assert faults == [f"case {book.numbers['closed']} entry 3 content opinion: erased, and no entry says so"]


FILES = {
    "exchanged": "UPDATE ledger_attachment SET evidence_id = (SELECT evidence_id FROM ledger_attachment "
    "WHERE case_id = %(closed)s LIMIT 1) WHERE case_id = %(lamp)s",
    "renamed": "UPDATE ledger_attachment SET material = 'other' WHERE case_id = %(lamp)s",
    "moved": "UPDATE ledger_attachment SET seq = 2 WHERE case_id = %(lamp)s",
    "gone": "DELETE FROM ledger_attachment WHERE case_id = %(lamp)s",
    "slipped in": "INSERT INTO ledger_attachment (case_id, seq, material, name, evidence_id) "
    "SELECT case_id, seq, material, 'x', evidence_id FROM ledger_attachment WHERE case_id = %(lamp)s",
}


@pytest.mark.parametrize("what", FILES)
def test_a_file_exchanged_moved_gone_or_slipped_in_is_named_by_its_entry(book: Any, what: str) -> None:
    faults = books.faults_of(FILES[what], book.ids)
    assert any(fault.startswith(f"case {book.numbers['lamp']} entry 1 files") for fault in faults), faults


# Somebody who knows how the chain is made


def test_a_whole_case_rewritten_so_that_its_chain_agrees_is_found_by_its_seal(book: Any) -> None:
    with books.touched(books.TOUCH, book.ids):
        books.rewrite(book.ids["closed"], seq=6, change={"level": 1})
        faults = books.said(verify())
        alone = books.said(verify(case=book.ids["closed"]))
    # A seal holds the head it saw, so the last entry it covers is the one that it names.
    assert (
        faults
        == alone
        == [f"case {book.numbers['closed']} entry 6: touched: seal 1 holds another digest for it"]
    )


def test_a_case_cut_short_so_that_its_chain_agrees_is_found_by_its_seal(book: Any) -> None:
    closed = book.ids["closed"]
    with books.touched("DELETE FROM ledger_entry WHERE case_id = %(closed)s AND seq = 6", book.ids):
        with connection.cursor() as cursor:
            state = models.Case.objects.get(pk=closed).state
            state["facts"].pop("rating")
            cursor.execute("DELETE FROM ledger_content WHERE case_id = %s AND seq = 6", [closed])
            cursor.execute(
                "UPDATE ledger_case SET seq = 5, rating = NULL, state = %s, head = e.digest, at = e.at "
                "FROM ledger_entry e WHERE id = %s AND e.case_id = id AND e.seq = 5",
                [json.dumps(state), closed],
            )
        assert books.said(verify()) == [
            f"case {book.numbers['closed']} entry 6: missing: seal 1 holds its digest"
        ]


def test_entries_that_agree_with_each_other_but_make_no_case_are_named(book: Any) -> None:
    with books.touched(books.TOUCH, book.ids):
        books.rewrite(book.ids["running"], seq=4, change={"state": {"clock": {"marks": "none"}}})
        faults = books.said(verify())
    assert any(
        f"case {book.numbers['running']} head: its entries do not add up to a case" in fault
        for fault in faults
    ), faults


def test_what_no_seal_covers_yet_can_be_rewritten_and_what_it_covers_cannot(book: Any) -> None:
    """The last remark came after the last seal: this is why a city seals every night."""
    with books.touched(books.TOUCH, book.ids):
        books.rewrite(book.ids["running"], seq=4, change={"remark": "rewritten"})
        assert books.said(verify()) == []
        books.rewrite(book.ids["running"], seq=3, change={"remark": "rewritten"})
        assert books.said(verify()) == [
            f"case {book.numbers['running']} entry 3: touched: seal 2 holds another digest for it"
        ]


# Seals


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE ledger_seal SET root = '\\x00' WHERE number = 1", "seal 1: its root does not follow"),
        ("UPDATE ledger_seal SET leaves = 9 WHERE number = 1", "seal 1: touched"),
        ("UPDATE ledger_seal SET at = at + interval '1 microsecond' WHERE number = 1", "seal 1: touched"),
        ("UPDATE ledger_seal SET prev = '\\x00' WHERE number = 2", "seal 2: does not name the digest"),
        ("UPDATE ledger_seal SET digest = '\\x00' WHERE number = 1", "seal 2: does not name the digest"),
        ("UPDATE ledger_seal SET digest = '\\x00' WHERE number = 2", "seal 2: touched"),
        ("UPDATE ledger_seal SET alg = 'sm3' WHERE number = 1", "seal 1: touched: it names a digest 'sm3'"),
        ("UPDATE ledger_seal SET number = 7 WHERE number = 1", "seal 1: missing"),
        ("DELETE FROM ledger_seal WHERE number = 1", "seal 1: missing"),
        (
            "UPDATE ledger_sealleaf SET digest = '\\x00' WHERE seal_id = 1 AND position = 0",
            "seal 1: its root",
        ),
        ("UPDATE ledger_sealleaf SET seq = 2 WHERE seal_id = 1 AND position = 0", "seal 1: its root"),
        ("UPDATE ledger_sealleaf SET position = 9 WHERE seal_id = 1 AND position = 0", "seal 1: leaf 0"),
        ("UPDATE ledger_sealleaf SET seal_id = 2 WHERE seal_id = 1 AND position = 3", "seal 1: its root"),
        (
            "UPDATE ledger_sealleaf SET case_id = %(lamp)s WHERE seal_id = 1 AND case_id = %(closed)s",
            "seal 1: its root",
        ),
        ("DELETE FROM ledger_sealleaf WHERE seal_id = 1 AND position = 3", "seal 1: its root does not"),
        ("DELETE FROM ledger_sealleaf WHERE seal_id = 1 AND position = 1", "seal 1: leaf 1 is missing"),
    ],
)
def test_a_touched_seal_is_named(book: Any, change: str, says: str) -> None:
    faults = books.faults_of(change, book.ids)
    assert any(fault.startswith(says) for fault in faults), faults


def test_a_seal_rewritten_together_with_a_case_breaks_the_seal_after_it(book: Any) -> None:
    with books.touched(books.TOUCH, book.ids):
        books.rewrite(book.ids["closed"], seq=6, change={"level": 1})
        books.reseal(1, case=book.ids["closed"])
        assert books.said(verify()) == ["seal 2: does not name the digest of the seal before it"]
