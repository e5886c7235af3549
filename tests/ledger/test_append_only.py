"""What the database refuses, first to the run-time role, then to the owner of the tables as well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import books
import psycopg
import pytest

from yinuo.ledger import seals

ONCE = ("ledger_entry", "ledger_seal", "ledger_sealleaf")
COLUMN = {"ledger_entry": "move", "ledger_seal": "leaves", "ledger_sealleaf": "seq"}


@pytest.fixture(scope="module")
def city(cities: Any, django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
    """A committed case under a seal."""
    import os

    from django.db import connections

    made = cities.copy(f"run_{os.getpid()}_append")
    with django_db_blocker.unblock():
        before = books.connect(made.dsn_run)
        try:
            books.examined(books.move_in())
            assert seals.seal(at=books.moment("2026-03-03T00:05")) is not None
            connections["default"].close()
            yield made
        finally:
            connections["default"].close()
            connections.settings["default"].update(before)
            cities.drop(made)


def refused(dsn: str, sql: str) -> psycopg.Error:
    with psycopg.connect(dsn) as connection:
        with pytest.raises(psycopg.Error) as caught:
            connection.execute(sql)
        connection.rollback()
    return caught.value


def deeds(table: str) -> dict[str, str]:
    column = COLUMN.get(table, "title")
    return {
        "UPDATE": f"UPDATE {table} SET {column} = {column}",
        "DELETE": f"DELETE FROM {table}",
        "TRUNCATE": f"TRUNCATE {table} CASCADE",
    }


@pytest.mark.parametrize("deed", ["UPDATE", "DELETE", "TRUNCATE"])
@pytest.mark.parametrize("table", ONCE)
def test_the_platform_may_not_touch_what_was_written_once(city: Any, table: str, deed: str) -> None:
    said = refused(city.dsn_run, deeds(table)[deed])
    assert isinstance(said, psycopg.errors.InsufficientPrivilege), said


@pytest.mark.parametrize("deed", ["UPDATE", "DELETE", "TRUNCATE"])
@pytest.mark.parametrize("table", ONCE)
def test_the_owner_of_the_tables_is_stopped_by_a_trigger(city: Any, table: str, deed: str) -> None:
    said = refused(city.dsn_owner, deeds(table)[deed])
    assert isinstance(said, psycopg.errors.IntegrityConstraintViolation), said
    assert f"{deed} on ledger_" in str(said) and "append-only" in str(said)


@pytest.mark.parametrize("deed", ["DELETE", "TRUNCATE"])
def test_a_case_is_never_removed_by_the_platform_nor_by_the_owner(city: Any, deed: str) -> None:
    sql = deeds("ledger_case")[deed]
    assert isinstance(refused(city.dsn_run, sql), psycopg.errors.InsufficientPrivilege)
    said = refused(city.dsn_owner, sql)
    assert isinstance(said, psycopg.errors.IntegrityConstraintViolation), said


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM ledger_content",
        "UPDATE ledger_content SET digest = digest",
        "UPDATE ledger_content SET kind = 'x'",
        "DELETE FROM ledger_attachment",
        "UPDATE ledger_attachment SET material = 'x'",
        "UPDATE ledger_evidence SET size = 1",
        "DELETE FROM ledger_evidence",
        "DELETE FROM ledger_notice",
        "DELETE FROM ledger_planned",
        "ALTER TABLE ledger_entry DISABLE TRIGGER ALL",
        "DROP TRIGGER entry_written_once ON ledger_entry",
        "DROP TABLE ledger_entry CASCADE",
        "ALTER TABLE ledger_case DROP CONSTRAINT case_one_holder",
        "CREATE OR REPLACE FUNCTION ledger_written_once() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN END$$",
        "SET session_replication_role = replica",
        "SET ROLE yinuo_owner",
        "SET ROLE postgres",
        "UPDATE django_migrations SET name = 'x'",
    ],
)
def test_the_platform_has_no_way_around(city: Any, sql: str) -> None:
    said = refused(city.dsn_run, sql)
    assert isinstance(said, (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidParameterValue)), (
        said
    )


@pytest.mark.parametrize(
    ("sql", "constraint"),
    [
        ("UPDATE ledger_case SET holder = ''", "case_one_holder"),
        ("UPDATE ledger_case SET holder = 'somebody'", "case_one_holder"),
        ("UPDATE ledger_case SET closed_at = now()", "case_"),
        ("UPDATE ledger_case SET light = 'blue'", "case_light_known"),
        ("UPDATE ledger_case SET light = ''", "case_light_known"),
        ("UPDATE ledger_case SET rating = 5", "case_rated_when_closed"),
        ("UPDATE ledger_case SET unit = 'nowhere'", "case_unit_known"),
        ("UPDATE ledger_case SET version = 99", "case_matter_version"),
        ("UPDATE ledger_case SET party_id = 999999", "case_party_known"),
        ("UPDATE ledger_case SET assignee_id = 999999", "case_assignee_known"),
        ("UPDATE ledger_content SET body = NULL", "content_whole_or_erased"),
        ("UPDATE ledger_content SET erased_at = now()", "content_whole_or_erased"),
        (
            "INSERT INTO ledger_entry (case_id, seq, kind, move, at, by, body, alg, prev, digest) "
            "SELECT case_id, 77, 'deleted', '', at, by, body, alg, prev, digest FROM ledger_entry LIMIT 1",
            "entry_kind_known",
        ),
        (
            "INSERT INTO ledger_entry (case_id, seq, kind, move, at, by, body, alg, prev, digest) "
            "SELECT case_id, 77, kind, '', at, by, body, alg, prev, '\\x00' FROM ledger_entry LIMIT 1",
            "entry_digest_whole",
        ),
    ],
)
def test_what_the_platform_may_write_must_still_make_sense(city: Any, sql: str, constraint: str) -> None:
    said = refused(city.dsn_run, sql)
    assert isinstance(said, psycopg.errors.IntegrityError), said
    assert constraint in str(said)
