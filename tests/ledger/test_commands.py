"""`yinuo verify` and `yinuo seal` as somebody types them, on a ledger that is true and on one that is not."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import books
import psycopg
import pytest

from yinuo.ledger import evidence, models

ROOT = Path(__file__).resolve().parents[2]


def yinuo(city: Any, *words: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, as the run-time role."""
    return subprocess.run(
        [sys.executable, "-m", "yinuo.ops.cli", *words],
        env={**os.environ, "DATABASE_URL": city.dsn_run},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def touch(cities: Any, city: Any, sql: str) -> None:
    with psycopg.connect(cities.server.dsn(role="postgres", database=city.name)) as connection:
        connection.execute("SET session_replication_role = replica")
        assert connection.execute(sql).rowcount > 0


def test_a_true_ledger_is_said_to_hold_and_a_touched_one_not_entry_by_entry(
    fresh_city: Any, office: Any, cities: Any
) -> None:
    case, other = books.examined(office), books.examined(office)
    numbers = dict(models.Case.objects.values_list("pk", "number"))
    sealed = yinuo(fresh_city, "seal")
    assert sealed.returncode == 0, sealed.stderr
    assert re.fullmatch(
        r"seal 1: 2 cases, root [0-9a-f]{64}\ndigest [0-9a-f]{64} \(publish this line\)\n", sealed.stdout
    )

    good = yinuo(fresh_city, "verify")
    assert (good.returncode, good.stderr) == (0, "")
    assert re.fullmatch(
        r"2 cases, 4 entries, \d+ contents, 1 seals checked in \d+\.\d s: everything holds 全部属实\n",
        good.stdout,
    )

    touch(cities, fresh_city, f"UPDATE ledger_entry SET by = 'person:1' WHERE case_id = {case} AND seq = 2")
    bad = yinuo(fresh_city, "verify")
    assert bad.returncode == 1
    first, *_, last = bad.stdout.splitlines()
    assert first == f"WRONG case {numbers[case]} entry 2: touched: its content does not match its digest"
    assert re.search(r"1 faults$", last)

    for typed in (numbers[case], f" {numbers[case].lower()} "):
        one = yinuo(fresh_city, "verify", "--case", typed)
        assert one.returncode == 1 and f"WRONG case {numbers[case]} entry 2" in one.stdout
    assert yinuo(fresh_city, "verify", "--case", numbers[other]).returncode == 0
    nobody = yinuo(fresh_city, "verify", "--case", "JC260302-999999-X")
    assert nobody.returncode == 2 and "there is no case 'JC260302-999999-X'" in nobody.stdout

    told = yinuo(fresh_city, "verify", "--json")
    report = json.loads(told.stdout)
    assert told.returncode == 1
    assert (report["cases"], report["entries"], report["seals"]) == (2, 4, 1)
    assert report["faults"] == [
        f"case {numbers[case]} entry 2: touched: its content does not match its digest"
    ]


def test_a_lost_file_is_found_when_files_are_asked_for(fresh_city: Any, office: Any) -> None:
    books.open_sign(office)
    row = models.Evidence.objects.order_by("digest").first()
    assert row is not None
    assert yinuo(fresh_city, "verify", "--files", "--json").returncode == 0
    place = evidence.path(row.digest)
    kept = place.read_bytes()
    try:
        place.write_bytes(b"another picture")
        found = yinuo(fresh_city, "verify", "--files")
        assert found.returncode == 1
        assert f"WRONG evidence {row.digest}: the file is missing or changed" in found.stdout
        assert yinuo(fresh_city, "verify").returncode == 0, "without --files no file is read"
    finally:
        place.write_bytes(kept)


def test_sealing_again_says_that_nothing_changed_and_prints_every_seal_to_keep(
    fresh_city: Any, office: Any
) -> None:
    assert yinuo(fresh_city, "seal").stdout == "nothing has changed since the last seal\n"
    books.examined(office)
    assert yinuo(fresh_city, "seal").stdout.startswith("seal 1: 1 cases")
    books.examined(office)
    seals = json.loads(yinuo(fresh_city, "seal", "--json").stdout)["seals"]
    assert [each["number"] for each in seals] == [1, 2]
    assert seals[1]["prev"] == seals[0]["digest"]
    again = yinuo(fresh_city, "seal")
    assert (again.returncode, again.stdout) == (0, "nothing has changed since the last seal\n")


@pytest.mark.parametrize("words", [("verify", "--nonsense"), ("seal", "--nonsense")])
def test_a_mistyped_option_is_refused(fresh_city: Any, words: tuple[str, str]) -> None:
    assert yinuo(fresh_city, *words).returncode == 2
