"""What the documents say is so: their matter plays, their code is our code, their links lead somewhere."""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from yinuo.core import effects, rules
from yinuo.core.case import Entry, replay
from yinuo.core.instants import instant
from yinuo.ledger import receipt_check
from yinuo.packs import answers, check, check_texts, examples, shape
from yinuo.packs.load import read
from yinuo.packs.source import read_yaml

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PACK = ROOT / "packs" / "jincheng"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *ROOT.glob("yinuo/**/README.md")])
TUTORIAL = DOCS / "write-a-matter.md"
LESSON = "services/tree_trimming"

WRITTEN = (
    "README.md",
    "README.zh.md",
    "STYLE.md",
    "CHANGELOG.md",
    "LICENSE",
    "publiccode.yml",
    "docs/architecture.md",
    "docs/journey.md",
    "docs/write-a-matter.md",
    "docs/glossary.md",
    "docs/run-it.md",
    "docs/user-guide.zh.md",
    "docs/performance.md",
    "docs/decisions/README.md",
)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@dataclass(frozen=True)
class Snippet:
    """A fenced block. words: what stands behind the fence: "yaml", "merge", "file=...". text: its lines."""

    page: Path
    line: int
    words: tuple[str, ...]
    text: str

    @property
    def language(self) -> str:
        return self.words[0] if self.words else ""

    @property
    def file(self) -> str:
        return next((word.removeprefix("file=") for word in self.words if word.startswith("file=")), "")

    def __str__(self) -> str:
        return f"{name(self.page)}:{self.line}"


def snippets(page: Path) -> list[Snippet]:
    """Every fenced block of a page."""
    found, words, start, lines = [], None, 0, []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("```") and words is None:
            words, start, lines = tuple(line[3:].split()), number, []
        elif line.startswith("```"):
            assert words is not None
            found.append(Snippet(page, start, words, "\n".join(lines) + "\n"))
            words = None
        elif words is not None:
            lines.append(line)
    assert words is None, f"{name(page)}:{start}: a fence that is never closed"
    return found


def of(page: Path, *words: str) -> list[Snippet]:
    return [each for each in snippets(page) if set(words) <= set(each.words)]


# -- the pages are there, and lead somewhere -------------------------------------------------------


@pytest.mark.parametrize("path", WRITTEN)
def test_every_document_a_newcomer_needs_is_there(path: str) -> None:
    assert (ROOT / path).is_file(), f"{path} is missing"


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_the_readme_fits_one_screen(page: str) -> None:
    assert len((ROOT / page).read_text(encoding="utf-8").splitlines()) <= 60


LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")


def links(page: Path) -> Iterator[tuple[int, str, bool]]:
    """(line, target, is a picture) of every link of a page, those inside fences left out."""
    fenced = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        fenced ^= line.startswith("```")
        if not fenced:
            for match in LINK.finditer(re.sub(r"`[^`]*`", "", line)):
                yield number, match[2], bool(match[1])


def anchors(page: Path) -> set[str]:
    """The fragments of a page's headings, as code hosts make them."""
    found = set()
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            title = re.sub(r"[^\w\- ]", "", line.lstrip("#").strip().lower())
            found.add(title.replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for number, target, picture in links(page):
        if picture or re.match(r"[a-z]+:", target):
            continue
        path, _, fragment = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists():
            broken.append(f"{name(page)}:{number}: {target}")
        elif fragment and there.suffix == ".md" and fragment not in anchors(there):
            broken.append(f"{name(page)}:{number}: {target} (no such heading)")
    assert not broken, "\n".join(broken)


def test_every_picture_is_there() -> None:
    missing = [
        f"{name(page)}:{number}: {target}"
        for page in PAGES
        for number, target, picture in links(page)
        if picture and not (page.parent / target).is_file()
    ]
    assert not missing, "\n".join(missing)


PATH = re.compile(r"`((?:yinuo|packs|tests|bench|docs)/[\w./*<>-]+)`")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_file_a_page_names_is_there(page: Path) -> None:
    made = {f"packs/jincheng/{each.file}" for each in of(TUTORIAL) if each.file}
    missing = []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        for match in PATH.finditer(line):
            path = match[1].rstrip("/.")
            if "<" in path or path in made or any(each.startswith(f"{path}/") for each in made):
                continue
            if not any(ROOT.glob(path)):
                missing.append(f"{name(page)}:{number}: {path}")
    assert not missing, "\n".join(missing)


# -- decisions -------------------------------------------------------------------------------------

RECORDS = sorted(DOCS.glob("decisions/[0-9]*.md"))


@pytest.mark.parametrize("record", RECORDS, ids=name)
def test_a_decision_says_why_what_how_measured_and_what_follows(record: Path) -> None:
    lines = record.read_text(encoding="utf-8").splitlines()
    number = record.name[:4]
    assert lines[0].startswith(f"# {number} "), f"{name(record)} begins with {lines[0]!r}"
    assert [line for line in lines if line.startswith("## ")] == [
        "## Context",
        "## Decision",
        "## Measured",
        "## Consequences",
    ]


def test_decisions_are_numbered_without_gaps_and_listed() -> None:
    assert [record.name[:4] for record in RECORDS] == [f"{n:04d}" for n in range(1, len(RECORDS) + 1)]
    listed = (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")
    assert [record.name for record in RECORDS if f"({record.name})" not in listed] == []


# -- code is quoted, not remembered ----------------------------------------------------------------

QUOTED = [
    each
    for page in PAGES
    for each in snippets(page)
    if each.file and not (page == TUTORIAL and each.language in ("yaml", "json", "html"))
]


def as_quoted(text: str) -> list[list[str]]:
    """The runs of lines between "…": each must stand in the file as it is."""
    runs: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.strip() in ("…", "# …", "-- …"):
            runs.append([])
        else:
            runs[-1].append(line.rstrip())
    return [run for run in runs if any(run)]


@pytest.mark.parametrize("snippet", QUOTED, ids=str)
def test_quoted_code_is_our_code(snippet: Snippet) -> None:
    source = [line.rstrip() for line in (ROOT / snippet.file).read_text(encoding="utf-8").splitlines()]
    for run in as_quoted(snippet.text):
        here = any(source[at : at + len(run)] == run for at in range(len(source) - len(run) + 1))
        assert here, f"{snippet}: {snippet.file} no longer holds:\n" + "\n".join(run)


# -- commands --------------------------------------------------------------------------------------

COMMANDS = [
    (each, line.strip())
    for page in PAGES
    for each in snippets(page)
    if each.language in ("sh", "console", "bash")
    for line in each.text.splitlines()
    if line.strip() and not line.startswith("#")
]


@pytest.mark.parametrize(("snippet", "line"), COMMANDS, ids=lambda value: str(value)[:60])
def test_every_command_exists_with_its_options(snippet: Snippet, line: str) -> None:
    from yinuo.ops import cli

    words = shlex.split(line, comments=True)
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        assert_is_setting(words.pop(0).partition("=")[0], where=str(snippet))
    if not words:
        return
    program, *rest = words
    if program == "make":
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
        for word in rest:
            assert "=" in word or word in targets, f"{snippet}: make has no target {word}"
    elif program in ("yinuo", ".venv/bin/yinuo"):
        if rest == ["--version"]:
            return
        module = importlib.import_module(cli.COMMANDS[rest[0]][0])
        parser = argparse.ArgumentParser(prog=rest[0])
        module.add_arguments(parser)
        try:
            parser.parse_args([word for word in rest[1:] if word not in (">", "seals.json")])
        except SystemExit:
            pytest.fail(f"{snippet}: `{line}` is not understood", pytrace=False)


def assert_is_setting(variable: str, *, where: str) -> None:
    known = (ROOT / "yinuo" / "settings.py").read_text(encoding="utf-8")
    assert re.search(rf"\b{variable}\b", known), f"{where}: {variable} is no setting"


def test_every_setting_of_the_platform_is_explained() -> None:
    page = (DOCS / "run-it.md").read_text(encoding="utf-8")
    head = ast.get_docstring(ast.parse((ROOT / "yinuo" / "settings.py").read_text(encoding="utf-8"))) or ""
    settings = set(re.findall(r"\b[A-Z][A-Z_]{3,}\b", head))
    assert settings, "settings.py names no setting at its head"
    assert sorted(each for each in settings if f"`{each}" not in page) == []


# -- the matter of the tutorial --------------------------------------------------------------------


def say(problems: list[Any]) -> str:
    return "\n".join(problem.text("en") for problem in problems)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the pack with the tutorial's files written where it says."""
    folder = tmp_path_factory.mktemp("city") / "jincheng"
    shutil.copytree(PACK, folder)
    for each in of(TUTORIAL):
        if each.file and each.language in ("yaml", "json", "html"):
            path = folder / each.file
            assert not path.exists(), f"{each}: the pack has {each.file} already"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(each.text, encoding="utf-8")
    return folder


def judged(folder: Path) -> list[Any]:
    """Everything wrong with the city in `folder`; only the lesson's own examples are played."""
    pack = read(folder)
    results = [examples.run(example, pack) for example in pack.examples_of(LESSON)]
    assert results, "the lesson's examples were not played"
    return [*check.check(pack), *(each for result in results for each in result.differences)]


def test_the_tutorials_matter_passes_the_check_and_its_examples_pass(city: Path) -> None:
    from yinuo.ops.pack import judged

    pack = read(city)
    problems, results = judged(pack)
    assert not problems, say(problems)
    mine = [each for each in results if each.matter == LESSON]
    assert len(mine) >= 3 and all(each.passed for each in mine)
    said = f"{len(pack.matters)} matters, {len(mine)} of {len(mine)} examples pass, 0 problems"
    shown = re.sub(r"^\d+", str(len(pack.matters)), of(TUTORIAL, "text")[0].text.strip())
    assert shown == said


def merged(base: Any, more: Any) -> Any:
    """`more` laid over `base`: mappings key by key, everything else replaced."""
    if isinstance(base, Mapping) and isinstance(more, Mapping):
        return {**base, **{key: merged(base.get(key), value) for key, value in more.items()}}
    return more


def changed(city: Path, snippet: Snippet, tmp_path: Path) -> Path:
    """A copy of the city, the lesson its only matter, with the snippet's change made to it."""
    folder = tmp_path / "jincheng"
    others = ["approvals", "benefits", "bundles", "registrations", "reports", "projects.yaml"]
    shutil.copytree(city, folder, ignore=shutil.ignore_patterns(*others))
    lesson = folder / "matters" / LESSON
    match snippet.language, "examples" in snippet.words:
        case "yaml", True:
            path = lesson / "examples.yaml"
            path.write_text(path.read_text() + "\n" + snippet.text.partition("\n")[2], encoding="utf-8")
        case "yaml", False:
            path = lesson / "matter.yaml"
            body = merged(read_yaml(path).value, as_yaml(snippet, tmp_path))
            path.write_text(yaml.safe_dump(quoted_dates(body), allow_unicode=True, sort_keys=False))
        case "json", _:
            path = lesson / "form.json"
            body = merged(json.loads(path.read_text()), json.loads(snippet.text))
            path.write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")
            played = lesson / "examples.yaml"
            played.write_text(played.read_text().replace("why: wire", "why: wire\n      seen_on: 2026-03-01"))
        case "html", _:
            path = lesson / "letters" / "declined.html"
            path.write_text(snippet.text, encoding="utf-8")
    return folder


def as_yaml(snippet: Snippet, tmp_path: Path) -> Any:
    path = tmp_path / "snippet.yaml"
    path.write_text(snippet.text, encoding="utf-8")
    return read_yaml(path).value


def quoted_dates(value: Any) -> Any:
    """safe_dump quotes texts that look like dates or codes by itself; this only copies."""
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("snippet", [*of(TUTORIAL, "merge"), *of(TUTORIAL, "yaml", "examples")], ids=str)
def test_every_snippet_of_the_grammar_works(city: Path, snippet: Snippet, tmp_path: Path) -> None:
    problems = judged(changed(city, snippet, tmp_path))
    assert not problems, f"{snippet}\n{say(problems)}"


def _mistakes() -> list[tuple[Snippet, str]]:
    blocks = snippets(TUTORIAL)
    return [(each, blocks[at + 1].text.strip()) for at, each in enumerate(blocks) if "wrong" in each.words]


@pytest.mark.parametrize(("snippet", "told"), _mistakes(), ids=lambda value: str(value)[:50])
def test_every_mistake_of_the_tutorial_is_told_as_it_says(
    city: Path, snippet: Snippet, told: str, tmp_path: Path
) -> None:
    problems = judged(changed(city, snippet, tmp_path))
    assert any(told in problem.text("en") for problem in problems), f"{snippet}\n{say(problems)}"


def test_no_snippet_of_the_tutorial_goes_unread() -> None:
    known = {"merge", "wrong", "examples"}
    unread = [
        str(each)
        for each in of(TUTORIAL)
        if each.language in ("yaml", "json", "html") and not each.file and not known & set(each.words)
    ]
    assert unread == []


@pytest.mark.parametrize(
    "snippet",
    [
        each
        for page in PAGES
        if page != TUTORIAL
        for each in snippets(page)
        if each.language in ("yaml", "json")
    ],
    ids=str,
)
def test_every_other_snippet_can_at_least_be_read(snippet: Snippet, tmp_path: Path) -> None:
    if snippet.language == "json":
        for line in snippet.text.splitlines() if "lines" in snippet.words else [snippet.text]:
            json.loads(line)
    else:
        as_yaml(snippet, tmp_path)


# -- the grammar is whole --------------------------------------------------------------------------


@cache
def grammar() -> str:
    return TUTORIAL.read_text(encoding="utf-8")


def keys_of(part: Mapping[str, Any]) -> list[str]:
    return sorted([*part.get("properties", {})])


@pytest.mark.parametrize("part", ["", "limit", "step", "move", "effect", "material"])
def test_every_key_of_a_matter_is_explained(part: str) -> None:
    schema = shape.schema("matter")
    keys = keys_of(schema["$defs"][part] if part else schema)
    assert keys and [key for key in keys if f"`{key}`" not in grammar()] == []


@pytest.mark.parametrize("part", ["line", "then"])
def test_every_key_of_an_example_is_explained(part: str) -> None:
    keys = keys_of(shape.schema("examples")["$defs"][part])
    assert keys and [key for key in keys if not re.search(rf"`{key}\b", grammar())] == []


def test_every_rule_word_and_code_is_explained() -> None:
    page = grammar()
    assert [each for each in rules.COMMON if f"`{each}`" not in page] == []
    sources = [*effects.PLAIN_SOURCES, effects.FORM, effects.DATA, effects.CHILD, effects.TEXT]
    assert [each for each in sources if not re.search(rf"`{re.escape(each)}", page)] == []
    assert [each for each in answers.FORMATS if f"`{each}`" not in page] == []
    assert [each for each in sorted(check_texts.LETTER_WORDS) if not re.search(rf"`{each}\b", page)] == []
    head = ast.get_docstring(ast.parse((ROOT / "yinuo/faces/parts/forms.py").read_text(encoding="utf-8")))
    assert [each for each in re.findall(r"\bx-[a-z-]+", head or "") if f"`{each}`" not in page] == []
    used = set(
        re.findall(r"Refused\(\s*\"(\w+)\"", (ROOT / "yinuo/core/engine.py").read_text(encoding="utf-8"))
    )
    told = set(re.findall(r"`(\w+)`", re.search(r"Refusal codes: (.*?)\n\n", page, re.S)[1]))  # type: ignore[index]
    assert told <= used, f"no such code: {sorted(told - used)}"


# -- the journey -----------------------------------------------------------------------------------

RECEIPT = DOCS / "journey" / "receipt.json"
SEALS = DOCS / "journey" / "seals.json"


def test_the_journeys_receipt_holds_under_its_seal() -> None:
    receipt, seals = json.loads(RECEIPT.read_text()), json.loads(SEALS.read_text())["seals"]
    found, faults = receipt_check.check(receipt, seals)
    assert faults == [] and len(found) == 3


def test_the_journeys_case_ends_as_the_page_tells() -> None:
    lines = json.loads(RECEIPT.read_text())["entries"]
    case = replay(
        Entry(
            seq=each["seq"],
            kind=each["kind"],
            move=each["move"],
            at=instant(each["at"]),
            by=each["by"],
            body=json.loads(each["body"]),
        )
        for each in lines
    )
    assert (case.step, case.outcome, case.kept, case.seq) == ("closed", "granted", True, 5)
    page = (DOCS / "journey.md").read_text(encoding="utf-8")
    receipt = RECEIPT.read_text()
    for each in of(DOCS / "journey.md", "ledger"):
        for line in each.text.strip().splitlines():
            seq, kind, move, by, at, digest, body = line.split(" ", 6)
            entry = lines[int(seq) - 1]
            assert (kind, move, by, at) == (entry["kind"], entry["move"] or "-", entry["by"], entry["at"])
            assert entry["digest"].startswith(digest.rstrip("…"))
            for part in filter(None, body.split("…")):
                assert part in entry["body"], f"{each}: {part}"
    assert json.loads(receipt)["number"] in page


# -- the user's guide -------------------------------------------------------------------------------


def test_every_screen_text_the_guide_quotes_is_on_a_screen() -> None:
    sources = [*(ROOT / "yinuo").rglob("*.html"), *(ROOT / "yinuo").rglob("*.py"), *PACK.rglob("matter.yaml")]
    screens = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    guide = (DOCS / "user-guide.zh.md").read_text(encoding="utf-8")
    quoted = dict.fromkeys(re.findall(r"「([^」]+)」", guide))
    assert len(quoted) > 50
    assert [text for text in quoted if text not in screens] == []
