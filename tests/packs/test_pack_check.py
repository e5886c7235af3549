"""A broken pack says which file, which line, what is wrong and what would be right."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from small_city import SIGN_FOLDER, change, small_city, text_of

from yinuo.core.clock import Limit, Mode
from yinuo.ops.pack import coverage, judged
from yinuo.packs import examples
from yinuo.packs.check_matter import later_than
from yinuo.packs.load import read
from yinuo.packs.source import Problem

SIGN = "matters/approvals/sign/matter.yaml"
SIGN_FORM = "matters/approvals/sign/form.json"
SIGN_EXAMPLES = "matters/approvals/sign/examples.yaml"


@pytest.fixture
def city(tmp_path: Path) -> Path:
    return small_city(tmp_path / "small")


def problems(city: Path) -> list[Problem]:
    return judged(read(city))[0]


def test_a_sound_pack_has_no_problems_and_its_examples_pass(city: Path) -> None:
    pack = read(city)
    assert [problem.text("en") for problem in problems(city)] == []
    assert [result.passed for result in examples.run_all(pack)] == [True, True]


BROKEN = yaml.safe_load((Path(__file__).parent / "broken.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", BROKEN, ids=[case["name"] for case in BROKEN])
def test_it_names_file_line_and_remedy(city: Path, case: dict[str, str]) -> None:
    file = case["file"] if (city / case["file"]).exists() else f"{SIGN_FOLDER}/{case['file']}"
    line = change(city, file, case["old"], case["new"])
    if "at" in case:
        text = (city / file).read_text(encoding="utf-8")
        line = text.count("\n", 0, text.rindex("\n" + case["at"]) + 1) + 1
    found = problems(city)
    said = [
        problem
        for problem in found
        if case["what"] in problem.what.en and case["remedy"] in problem.remedy.en
    ]
    assert said, "\n".join(problem.text("en") for problem in found) or "no problem was found"
    assert (str(said[0].file), said[0].line) == (str(city / file), line), said[0].text("en")
    assert said[0].what.zh and said[0].remedy.zh


def test_a_step_that_nobody_can_leave_is_named(city: Path) -> None:
    change(city, SIGN, "from: supply, to: intake, by: party", "from: review, to: review, by: clerk")
    line = change(
        city,
        SIGN,
        "from: supply, to: closed, by: timer, after: step",
        "from: intake, to: closed, by: timer, after: step",
    )
    assert line
    said = [problem for problem in problems(city) if "supply has no way out" in problem.what.en]
    assert [problem.line for problem in said] == [
        text_of("matter.yaml")[: text_of("matter.yaml").index("  supply: {title")].count("\n") + 1
    ]


def test_steps_that_only_lead_round_in_a_ring_are_named(city: Path) -> None:
    change(
        city,
        SIGN,
        "from: supply, to: closed, by: timer, after: step, outcome: withdrawn",
        "from: supply, to: intake, by: timer, after: step",
    )
    change(city, SIGN, "    from: review\n    to: closed", "    from: review\n    to: supply")
    change(city, SIGN, "from: review, to: closed, by: approver", "from: review, to: intake, by: approver")
    said = {problem.what.en for problem in problems(city)}
    assert "from step review the case can never be closed" in said


def test_a_move_that_closes_without_an_outcome_is_named(city: Path) -> None:
    change(city, SIGN, "marks: decided, outcome: refused}", "marks: decided}")
    line = change(city, SIGN, "    outcome: granted\n", "")
    assert line
    said = [problem.what.en for problem in problems(city)]
    assert "move refuse closes the case without an outcome" in said
    assert "move grant closes the case without an outcome" in said


def test_a_letter_that_nobody_declared_is_named_by_its_file(city: Path) -> None:
    stray = city / "matters/approvals/sign/letters/stray.html"
    stray.write_text("<p>你好</p>", encoding="utf-8")
    said = [problem for problem in problems(city) if "not declared" in problem.what.en]
    assert [problem.file for problem in said] == [stray]


def test_a_matter_without_examples_is_named(city: Path) -> None:
    (city / SIGN_EXAMPLES).unlink()
    said = [problem.text("zh") for problem in problems(city)]
    assert len(said) == 1
    assert "没有举例" in said[0]


def test_a_matter_that_is_never_shown_late_is_named(city: Path) -> None:
    change(city, SIGN_EXAMPLES, ", then: {light: red}", "")
    assert [problem.what.zh for problem in problems(city)] == ["没有一个举例演示逾期（light: red）"]


def test_a_missing_file_is_named_and_the_rest_is_still_checked(city: Path) -> None:
    (city / "roles.yaml").unlink()
    change(city, SIGN, "needs: [materials_present]", "needs: [material_present]")
    said = "\n".join(problem.text("en") for problem in problems(city))
    assert "roles.yaml: the file is missing → add roles.yaml" in said
    assert "no rule material_present" in said


def test_one_broken_matter_does_not_hide_what_is_wrong_with_another(city: Path) -> None:
    other = city / "matters/approvals/banner"
    other.mkdir(parents=True)
    (other / "matter.yaml").write_text("- not a matter\n", encoding="utf-8")
    (other / "form.json").write_text(text_of("form.json"), encoding="utf-8")
    change(city, SIGN, "needs: [materials_present]", "needs: [material_present]")
    said = "\n".join(problem.text("en") for problem in problems(city))
    assert "banner/matter.yaml:1:" in said
    assert "no rule material_present" in said


def test_two_folders_with_one_id_are_named_at_the_copy(city: Path) -> None:
    copy = city / "matters/approvals/copy"
    (copy / "letters").mkdir(parents=True)
    (copy / "matter.yaml").write_text(text_of("matter.yaml"), encoding="utf-8")
    (copy / "form.json").write_text(text_of("form.json"), encoding="utf-8")
    (copy / "examples.yaml").write_text(text_of("examples.yaml"), encoding="utf-8")
    (copy / "letters/accepted.html").write_text("<p>{{ number }}</p>", encoding="utf-8")
    said = [problem for problem in problems(city) if "the folder is" in problem.what.en]
    assert [problem.file for problem in said] == [copy / "matter.yaml"]


def test_five_working_days_are_later_than_seven_days_over_the_spring_festival(city: Path) -> None:
    pack = read(city)
    sign = pack.matter("approvals/sign")
    seven_days = Limit(value=7, mode=Mode.DAYS)
    day = later_than(sign.limits["promised"], seven_days, calendar=pack.calendar)
    assert day is not None and day != ""


def test_the_command_prints_one_line_a_problem_and_exits_1(city: Path) -> None:
    line = change(city, SIGN, "needs: [materials_present]", "needs: [material_present]")
    command = [sys.executable, "-m", "yinuo.ops.pack", "check", "--pack", str(city)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"{SIGN}:{line}: 没有条件 material_present → 应为 materials_present" in done.stdout
    done = subprocess.run([*command, "--json", "--lang", "en"], capture_output=True, text=True, check=False)
    said = json.loads(done.stdout)["problems"]
    assert [(each["line"], each["remedy"]["en"]) for each in said if "no rule" in each["what"]["en"]] == [
        (line, "did you mean materials_present?")
    ]


def test_the_command_is_content_with_a_sound_pack(city: Path) -> None:
    command = [sys.executable, "-m", "yinuo.ops.pack", "check", "--pack", str(city), "--lang", "en"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "1 matters, 2 of 2 examples pass, 0 problems")


def test_coverage_counts_a_mechanism_as_proven_only_while_its_examples_pass(city: Path) -> None:
    found = {each.id: each for each in coverage(read(city))}
    assert found["one_seal_approval"].matters == ("approvals/sign",)
    assert [each.proven for each in found.values()] == [True, False]
    change(city, SIGN_EXAMPLES, "due: 2026-05-09", "due: 2026-05-08")
    found = {each.id: each for each in coverage(read(city))}
    assert [passed for _, _, passed in found["one_seal_approval"].examples] == [False, True]
    assert not found["one_seal_approval"].proven


def test_an_example_shows_children_refusals_and_later_cases(city: Path) -> None:
    """A parent forks, waits for its child, and promises a check in three working days."""
    folder = city / "matters/approvals/check"
    (folder / "letters").mkdir(parents=True)
    check_matter = (
        text_of("matter.yaml")
        .replace("id: approvals/sign", "id: approvals/check")
        .replace("needs: [materials_present]\n    ", "")
        .replace("      - {tell: urban_management, letter: accepted}\n", "")
    )
    (folder / "matter.yaml").write_text(check_matter, encoding="utf-8")
    (folder / "form.json").write_text(text_of("form.json"), encoding="utf-8")
    (folder / "letters/accepted.html").write_text("<p>{{ number }}</p>", encoding="utf-8")
    (folder / "examples.yaml").write_text(
        text_of("examples.yaml").replace("    files: [picture]\n", ""), encoding="utf-8"
    )
    change(
        city,
        SIGN,
        "  extend: {title",
        "  fork:\n    title: {zh: 会签, en: Ask}\n    from: review\n    to: joint\n    by: reviewer\n"
        "    then:\n"
        "      - {open: approvals/check, with: {words: form.words}}\n"
        "      - {open: approvals/check, in: 3, with: {words: form.words}}\n"
        "  join:\n    title: {zh: 汇总, en: Join}\n    from: joint\n    to: review\n    by: system\n"
        "    needs: [all_children_closed]\n"
        "  extend: {title",
    )
    change(city, SIGN, "\nmoves:\n", "\n  joint: {title: {zh: 会签, en: Joint}, unit: approval}\nmoves:\n")
    change(
        city,
        SIGN_EXAMPLES,
        "      - {at: 2026-05-09 10:00, move: grant, by: reviewer}\n",
        "      - {at: 2026-04-29 10:05, move: fork, by: reviewer,\n"
        "         then: {step: joint, children: 1, later: [approvals/check]}}\n"
        "      - {at: 2026-04-29 10:06, move: grant, by: approver, refused: wrong_step}\n"
        "      - {at: 2026-04-29 11:00, on: approvals/check, move: accept, by: clerk}\n"
        "      - {at: 2026-04-30 11:00, on: approvals/check, move: refuse, by: approver,\n"
        "         then: {outcome: refused}}\n"
        "      - {at: 2026-04-30 11:01, then: {step: review}}\n"
        "      - {at: 2026-05-06 23:00, tick: true}\n"
        "      - {at: 2026-05-07 09:00, tick: true}\n"
        "      - {at: 2026-05-07 09:01, on: approvals/check, nth: 2, then: {step: intake, holder: window}}\n"
        "      - {at: 2026-05-09 10:00, move: grant, by: reviewer}\n",
    )
    assert [problem.text("en") for problem in problems(city)] == []


def test_a_matter_that_moves_itself_for_ever_is_stopped_and_named(city: Path) -> None:
    change(
        city,
        SIGN,
        "  extend: {title",
        "  loop: {title: {zh: 转, en: Loop}, from: review, to: spin, by: system,\n"
        "    needs: [materials_present]}\n"
        "  back: {title: {zh: 回, en: Back}, from: spin, to: review, by: system,\n"
        "    needs: [materials_present]}\n"
        "  extend: {title",
    )
    change(city, SIGN, "\nmoves:\n", "\n  spin: {title: {zh: 转, en: Spin}, unit: approval}\nmoves:\n")
    assert any("repeats without end" in problem.what.en for problem in problems(city))
