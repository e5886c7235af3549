"""`yinuo due` as somebody types it, and the calendar files it reads as somebody writes them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import time
from fractions import Fraction
from pathlib import Path

import pytest
from calendars_for_tests import FOLDER, day, jincheng

from yinuo.core.workdays import DEFAULT_SHIFTS, Warn
from yinuo.ops.due import main
from yinuo.packs.calendars import CalendarError, read

ROOT = FOLDER.parents[2]


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """A copy of the city's calendar that a test may spoil; city.yaml stands beside it."""
    shutil.copytree(FOLDER, tmp_path / "calendar")
    shutil.copy(FOLDER.parent / "city.yaml", tmp_path / "city.yaml")
    return tmp_path / "calendar"


def spoil(path: Path, old: str, new: str) -> int:
    """Replace `old`, which stands there once, by `new`; the line it stands on."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def ask(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(list(words)) == 0, capsys.readouterr().err
    return capsys.readouterr().out


# The command.


def test_a_promise_of_five_days_before_may_day_is_answered_with_the_saturday_and_the_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, second = ask(capsys, "2026-04-29", "5", "workdays").splitlines()
    assert first == "2026-05-09"
    assert second.startswith("2026年4月29日开始，次日起算5个工作日")
    assert second.endswith("到2026年5月9日（星期六，调休上班）24时止。")


def test_the_answer_comes_in_english(capsys: pytest.CaptureFixture[str]) -> None:
    out = ask(capsys, "2026-09-17", "15", "days", "--lang", "en")
    assert out.startswith("2026-10-08\nStarted on 17 September 2026, 15 calendar days")


def test_pauses_and_extensions_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["2026-09-14", "10", "workdays", "--pause", "2026-09-17..2026-09-22"]
    assert ask(capsys, *words).startswith("2026-10-10\n")
    assert ask(capsys, *words, "--pause", "2026-09-20..2026-09-22").startswith("2026-10-10\n")
    assert ask(capsys, *words, "--extend", "1").startswith("2026-10-12\n")


def test_a_pause_of_whole_days_stops_hours_until_midnight(capsys: pytest.CaptureFixture[str]) -> None:
    out = ask(capsys, "2026-09-16T09:00", "24", "hours", "--pause", "2026-09-17..2026-09-17")
    assert out.startswith("2026-09-18 09:00+08:00\n")
    assert "9月17日0时至9月18日0时暂停不计入" in out


def test_a_moment_without_a_zone_is_shanghai_time_and_one_with_a_zone_is_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ask(capsys, "2026-09-18T17:50", "4", "workhours").startswith("2026-09-20 14:50+08:00\n")
    assert ask(capsys, "2026-09-18T09:50Z", "4", "workhours").startswith("2026-09-20 14:50+08:00\n")


def test_json_holds_the_whole_answer(capsys: pytest.CaptureFixture[str]) -> None:
    answer = json.loads(ask(capsys, "2026-12-20", "20", "workdays", "--json"))
    assert answer.pop("explain").endswith("此日期为暂定。")
    assert answer == {
        "day": "2027-01-18",
        "at": "2027-01-18T16:00:00Z",
        "warn": "2027-01-12T16:00:00Z",
        "provisional": True,
        "paused": False,
        "calendar": jincheng().version,
        "horizon": "2026-12-31",
    }


def test_a_clock_that_stands_has_no_date(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["2026-09-14", "10", "workdays", "--pause", "2026-09-17.."]
    assert ask(capsys, *words).startswith("2026年9月14日开始")
    answer = json.loads(ask(capsys, *words, "--json"))
    assert (answer["day"], answer["paused"]) == (None, True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("2026-9-14 10 workdays", r"START: '2026-9-14' .*2026-04-29T17:50"),
        ("2026-02-30 10 workdays", "START: '2026-02-30'"),
        ("2026-09-14 10 hours", r"START: '2026-09-14' .* 2026-09-14T09:00"),
        ("1999-01-01 3 days", "START: '1999-01-01' .* 2015-01-01 to 2037-12-31"),
        ("2026-09-14 0 days", "VALUE: '0' .* 1 or more"),
        ("2026-09-14 ten days", "VALUE: 'ten'"),
        ("2026-09-14 1.5 days", "VALUE: '1.5'"),
        ("2026-09-14 3 weeks", "MODE: 'weeks' .* workdays, days, workhours, hours"),
        ("2026-09-14 3 days --pause 2026-09-15", "--pause: '2026-09-15' .* 2026-09-17..2026-09-22"),
        ("2026-09-14 3 days --pause 2026-09-20..2026-09-18", "--pause: '2026-09-20..2026-09-18'"),
        ("2026-09-14 3 days --pause 2026-09-20..soon", "--pause: 'soon'"),
        ("2026-09-14 3 days --extend many", "--extend: 'many' .* 0 or more"),
        ("2026-09-14 3 days --calendar nowhere", "nowhere: no such folder"),
        ("2026-09-14 9999 workdays", "9999 working days after 2026-09-14 .* 2037-12-31"),
    ],
)
def test_bad_input_names_argument_value_and_remedy(
    words: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("yinuo due: ") and err.count("\n") == 1
    assert re.search(says, err), err


def test_it_runs_alone_from_another_folder_without_django_or_a_database(tmp_path: Path) -> None:
    script = (
        "import sys; from yinuo.ops.due import main; code = main(sys.argv[1:]); "
        "sys.exit(code or ('django' in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "2026-04-29", "5", "workdays"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("2026-05-09\n")


# The calendar files.


def test_the_citys_own_files_are_read() -> None:
    calendar = read(FOLDER)
    assert sorted(calendar.years) == [2025, 2026, 2027]
    assert calendar.years[2026].issued == day("2025-11-04")
    assert calendar.years[2027].published is False and calendar.years[2027].issued is None
    assert calendar.shifts == ((time(8, 30), time(12)), (time(14, 30), time(18)))
    assert calendar.warn == Warn(least=1, share=Fraction(1, 5))


def test_without_a_city_file_the_defaults_hold_and_the_version_is_a_digest(city: Path) -> None:
    (city.parent / "city.yaml").unlink()
    before = read(city)
    assert before.shifts == DEFAULT_SHIFTS
    assert before.version.startswith("2026-")
    spoil(city / "2026.yaml", "  - 2026-10-10\n", "")
    assert read(city).version != before.version


def test_shifts_may_be_a_bare_list_and_the_warning_rule_is_the_citys(city: Path) -> None:
    (city.parent / "city.yaml").write_text(
        'hours: [["09:00", "12:00"]]\nwarn: {share: 0.5, least: 2}\n', encoding="utf-8"
    )
    assert read(city).shifts == ((time(9), time(12)),)
    assert read(city).warn == Warn(least=2, share=Fraction(1, 2))


def test_off_may_stand_without_quotes_though_yaml_takes_it_for_false(city: Path) -> None:
    spoil(city / "2026.yaml", '"off":', "off:")
    assert read(city).off == jincheng().off


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("year: 2026\n", "year: 2062\n", "year: 2062 is not the file's year; write `year: 2026`"),
        ("published: true", "published: maybe", "published: 'maybe'"),
        ("issued: 2025-11-04", "issued: soon", "issued: 'soon' is no date"),
        ("published: true", "published: false", "with `published: false`"),
        ("work:\n", "works:\n", "`works` is no key of a calendar; use year,"),
        ("  - 2026-01-01\n", "  - 2026-01-31\n", "off: 2026-01-31 is a Saturday"),
        ("  - 2026-05-09\n", "  - 2026-05-08\n", "work: 2026-05-08 is a Friday"),
        ("  - 2026-05-09\n", "  - 2026-02-30x\n", "work: '2026-02-30x' is no date"),
        ("  - 2026-05-09\n", "  - 2026-05-09\n  - 2026-05-09\n", "work: 2026-05-09 stands twice"),
        ("  - 2026-05-09\n", "  - 2027-05-09\n", "work: 2027-05-09 is not in 2026"),
        ("  - 2026-05-09\n", "  - 2026-05-03\n", "work: 2026-05-03 lies in 劳动节"),
        ("  - 2026-06-19\n", "", "端午节 holds the weekday 2026-06-19, which `off` lacks"),
        ("  - 2026-06-19\n", "  - 2026-06-19\n  - 2026-06-22\n", "off: 2026-06-22 lies in no holiday"),
        (
            "from: 2026-05-01, to: 2026-05-05",
            "from: 2026-05-05, to: 2026-05-01",
            "劳动节 runs from 2026-05-05",
        ),
        ("{zh: 元旦, en: New Year's Day}", "{zh: 元旦}", "without a name in both languages"),
        ("work:\n", "year: 2026\nwork:\n", "`year` stands twice"),
        ("work:\n", "work: [\n", "is no YAML"),
    ],
)
def test_a_mistake_in_a_year_is_named_with_file_line_and_remedy(
    city: Path, old: str, new: str, says: str
) -> None:
    spoil(city / "2026.yaml", old, new)
    with pytest.raises(CalendarError) as caught:
        read(city)
    message = str(caught.value)
    assert says in message
    assert f"{city / '2026.yaml'}:" in message
    assert ";" in message or "is no YAML" in message


def test_a_mistake_is_found_on_its_own_line(city: Path) -> None:
    line = spoil(city / "2026.yaml", "  - 2026-05-09\n", "  - 2026-05-08\n")
    with pytest.raises(CalendarError, match=rf"2026\.yaml:{line}: work: 2026-05-08"):
        read(city)


def test_a_missing_key_and_a_source_that_says_nothing_are_named(city: Path) -> None:
    spoil(city / "2027.yaml", "work: []\n", "")
    with pytest.raises(CalendarError, match="`work` is missing"):
        read(city)
    (city / "2027.yaml").write_text("year: 2027\n", encoding="utf-8")
    with pytest.raises(CalendarError, match="`published` is missing"):
        read(city)
    (city / "2027.yaml").write_text("", encoding="utf-8")
    with pytest.raises(CalendarError, match="holds no keys"):
        read(city)
    shutil.copy(FOLDER / "2027.yaml", city / "2027.yaml")
    spoil(city / "2027.yaml", "  title: 全国", "  name: 全国")
    with pytest.raises(CalendarError, match="source: says too little"):
        read(city)


def test_a_file_that_is_not_utf8_is_named(city: Path) -> None:
    (city / "2027.yaml").write_bytes("year: 2027  # 暂定".encode("gbk"))
    with pytest.raises(CalendarError, match=r"2027\.yaml.*UTF-8"):
        read(city)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("hours: [[08:30, 12:00]]", "hours: 720 is no time of day"),
        ('hours: [["08:30", "25:00"]]', "hours: '25:00' is no time of day"),
        ('hours: [["12:00", "08:30"]]', "is out of order"),
        ('hours: [["08:30", "12:00"], ["11:00", "13:00"]]', "is out of order"),
        ("hours: []", "is no list of shifts"),
        ('hours: {shifts: ["08:30"]}', "'08:30' is no shift"),
        ("warn: {share: 2}", "warn.share: 2"),
        ("warn: {least: 0}", "warn.least: 0"),
        ("warn: never", "warn: 'never'"),
        ("calendar: {years: [2026]}", "calendar: has no version"),
        ("calendar: {version: a, years: [2026]}", "are not the files at hand, [2025, 2026, 2027]"),
    ],
)
def test_a_mistake_in_the_city_file_is_named_with_its_line(city: Path, text: str, says: str) -> None:
    (city.parent / "city.yaml").write_text(f"id: jincheng\n{text}\n", encoding="utf-8")
    with pytest.raises(CalendarError) as caught:
        read(city)
    assert f"{city.parent / 'city.yaml'}:2: " in str(caught.value)
    assert says in str(caught.value)


def test_a_folder_without_calendars_is_named(tmp_path: Path) -> None:
    with pytest.raises(CalendarError, match=r"holds no calendar; add one file a year"):
        read(tmp_path)
