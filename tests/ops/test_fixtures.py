"""The test database is what the others' tests take it for."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest
from django.db import connection


@pytest.mark.django_db
def test_tests_work_as_the_run_time_role() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select current_user, session_user")
        assert cursor.fetchone() == ("yinuo_run", "yinuo_run")


@pytest.mark.django_db
def test_a_statement_is_prepared_on_the_server_from_its_first_use() -> None:
    """Django turns this off in silence; measured, it doubles the price of a move."""
    with connection.cursor() as cursor:
        cursor.execute("select 42 + %s", [1])
        assert cursor.fetchone() == (43,)
        cursor.execute("select count(*) from pg_prepared_statements where statement like 'select 42 +%%'")
        assert cursor.fetchone() == (1,)


@pytest.mark.django_db
def test_the_run_time_role_cannot_rewrite_the_ledger() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.relname, p.privilege from pg_class c, "
            "unnest(array['UPDATE', 'DELETE', 'TRUNCATE']) p(privilege) "
            "where c.relname = 'ledger_entry' and has_table_privilege(current_user, c.oid, p.privilege)"
        )
        assert cursor.fetchall() == []
        cursor.execute("select count(*) from pg_class where relname = 'ledger_entry'")
        assert cursor.fetchone() == (1,)
        cursor.execute(
            "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace "
            "and has_table_privilege(current_user, oid, 'TRUNCATE')"
        )
        assert cursor.fetchall() == []


def test_a_fresh_city_is_private_and_seen_by_every_thread(fresh_city: Any) -> None:
    found: list[tuple[str]] = []

    def look() -> None:
        with connection.cursor() as cursor:
            cursor.execute("select current_database()")
            found.append(cursor.fetchone())
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    look()
    assert found == [(fresh_city.name,)] * 2
    with psycopg.connect(fresh_city.dsn_owner) as owner:
        owner.execute("create table mess (id int)")  # dropped with the city


@pytest.mark.django_db
def test_the_shared_city_saw_nothing_of_it() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass('mess')")
        assert cursor.fetchone() == (None,)


@pytest.mark.journey
def test_a_page_with_a_script_error_fails_its_test(browser: Any, watch: Any) -> None:
    page = browser.new_page()
    problems: list[str] = []
    watch(page, problems)
    page.set_content("<script>console.error('red'); nothing.here()</script>")
    page.close()
    assert any("console: red" in line for line in problems)
    assert any("nothing is not defined" in line for line in problems)


@pytest.mark.journey
def test_a_page_that_a_blind_person_cannot_use_fails_its_test(browser: Any, axe: Any) -> None:
    page = browser.new_page()
    page.set_content("<!doctype html><html lang=zh><title>t</title><main><input></main></html>")
    with pytest.raises(AssertionError, match="label"):
        axe(page)
    page.close()


@pytest.mark.journey
def test_the_home_page_is_whole(page: Any, axe: Any) -> None:
    response = page.goto("/")
    assert response.status == 200
    assert "default-src 'self'" in response.headers["content-security-policy"]
    axe(page)
