"""The house rules of STYLE.md that a machine can check. Each failure says what to change, and where.

Exceptions stand in this file, each with its reason: a new one is a line somebody must be willing to write.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CODE = ROOT / "yinuo"
PACK = ROOT / "packs" / "jincheng"
PYTHON = sorted(path for path in CODE.rglob("*.py") if "migrations" not in path.parts)
SQL = sorted(CODE.rglob("*.sql"))
TEMPLATES = sorted([*CODE.rglob("templates/**/*.html"), *PACK.rglob("letters/*.html")])
STATIC = sorted(
    path
    for path in CODE.rglob("static/**/*")
    if path.suffix in (".css", ".js", ".svg") and "vendor" not in path.parts
)


def name(path: Path) -> str:
    """A path as people type it from the project's folder."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def none(found: Iterator[str] | list[str], remedy: str) -> None:
    """Fail with every finding, one a line, and what would be right."""
    lines = list(found)
    assert not lines, f"{remedy}:\n  " + "\n  ".join(lines)


# -- rule 1: one noun, one file --------------------------------------------------------------------

LONGEST = 620
"""Lines of code a reader keeps in mind; longer files are listed with their own ceiling and reason."""

LONGER = {
    "yinuo/core/clock.py": (780, "dates and the sentence about them, in two languages, must agree"),
    "yinuo/core/engine.py": (680, "the only place that says what may happen to a case"),
    "yinuo/ops/database.py": (820, "one server from making to burying; its states are one story"),
    "yinuo/packs/examples.py": (700, "one player of examples, read from top to bottom"),
    "yinuo/faces/parts/forms.py": (740, "one form from schema to page"),
}


def test_no_file_has_grown_past_what_one_noun_needs() -> None:
    def long() -> Iterator[str]:
        for path in PYTHON:
            lines = len(path.read_text(encoding="utf-8").splitlines())
            most, _ = LONGER.get(name(path), (LONGEST, ""))
            if lines > most:
                yield f"{name(path)}: {lines} lines, {most} at most"

    none(long(), "split the file by its nouns, or list it in LONGER with the reason")


def test_no_file_is_excused_from_its_length_without_need() -> None:
    lengths = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in LONGER}
    none([path for path, lines in lengths.items() if lines <= LONGEST], "take it out of LONGER")


# -- rules 3 and 5: who asks whom ------------------------------------------------------------------


def test_imports_point_downwards_only() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    assert command.exists(), "import-linter is not installed; run `make`"
    done = subprocess.run([command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


CLOCKS = re.compile(
    r"\b(datetime\.(now|utcnow|today)|timezone\.(now|localdate|localtime)|date\.today|time\.time)\("
)
ASKS_THE_DAY = {
    "yinuo/work/actors.py": "a person's posts on the day they open a page; a move names its own day",
    "yinuo/work/casefile.py": "the colleagues offered on a page; whoever tests gives `on`",
}


def test_the_core_the_ledger_and_work_are_told_the_time() -> None:
    def reading() -> Iterator[str]:
        for path in PYTHON:
            if path.relative_to(CODE).parts[0] not in ("core", "ledger", "work"):
                continue
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                if CLOCKS.search(line):
                    yield f"{name(path)}:{number}: {line.strip()}"
                if re.search(r"\btoday\(\)", line) and name(path) not in ASKS_THE_DAY:
                    yield f"{name(path)}:{number}: {line.strip()}"

    none(reading(), "take the moment as an argument: at=, now=, on=")


def test_a_face_gets_a_case_through_access_alone() -> None:
    def reaching() -> Iterator[str]:
        for path in PYTHON:
            if path.relative_to(CODE).parts[0] not in ("faces", "domains"):
                continue
            for node in ast.walk(tree(path)):
                modules: list[str] = []
                if isinstance(node, ast.ImportFrom) and node.module:
                    modules = [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
                elif isinstance(node, ast.Import):
                    modules = [each.name for each in node.names]
                if any(each == "yinuo.ledger" or each.startswith("yinuo.ledger.") for each in modules):
                    yield f"{name(path)}:{node.lineno}: imports {modules[0]}"
                if isinstance(node, ast.Attribute) and node.attr == "objects":
                    if isinstance(node.value, ast.Name) and node.value.id in ("Case", "Entry", "Content"):
                        yield f"{name(path)}:{node.lineno}: {node.value.id}.objects"

    none(reaching(), "ask yinuo.work for it: access.cases_for(), access.case_for(), or a read function")


# -- rule 4: one door for change -------------------------------------------------------------------

DOORS = {"yinuo/work/cases.py", "yinuo/work/effects.py"}


def test_cases_are_opened_and_moved_in_one_place() -> None:
    def writing() -> Iterator[str]:
        for path in PYTHON:
            if name(path) in DOORS or path.relative_to(CODE).parts[0] == "ledger":
                continue
            for node in ast.walk(tree(path)):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                    continue
                on = node.func.value
                if isinstance(on, ast.Name) and on.id == "store":
                    if node.func.attr in ("append", "open_case", "erase"):
                        if "yinuo.ledger" in path.read_text(encoding="utf-8"):
                            yield f"{name(path)}:{node.lineno}: store.{node.func.attr}()"

    none(writing(), f"go through {' or '.join(sorted(DOORS))}")


# -- rule 6: SQL lives in .sql ---------------------------------------------------------------------

STATEMENT = re.compile(
    r"^\s*(select\s.+|insert\s+into|update\s+\w+\s+set|delete\s+from|with\s+\w+\s+as\s*\(|"
    r"(create|alter|drop)\s+(table|role|database|index|trigger|function|schema|extension)|"
    r"grant\s+\w+.*\bto\b|revoke\s+\w+.*\bfrom\b|truncate\s|lock\s+table)",
    re.I,
)
SPOKEN_TO_THE_SERVER = {
    "yinuo/ops/database.py": "makes roles and databases, whose names cannot be parameters",
    "yinuo/ops/doctor.py": "asks any server what it is, before there are tables",
    "yinuo/ledger/seals.py": "one call of a lock function",
    "yinuo/packs/store.py": "one call of a lock function",
    "yinuo/registers/records.py": "one call of a lock function",
}


def test_sql_stands_in_sql_files() -> None:
    def inside() -> Iterator[str]:
        for path in PYTHON:
            if name(path) in SPOKEN_TO_THE_SERVER:
                continue
            described = {id(each) for each in _docstrings(tree(path))}
            for node in ast.walk(tree(path)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    if id(node) not in described and STATEMENT.match(node.value):
                        yield f"{name(path)}:{node.lineno}: {' '.join(node.value.split())[:60]}"

    none(inside(), "put it in sql/<name>.sql beside the module and call statement('<name>')")


def _docstrings(module: ast.Module) -> Iterator[ast.Constant]:
    for node in ast.walk(module):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


@pytest.mark.parametrize("path", SQL, ids=name)
def test_a_sql_file_says_its_name_and_what_it_does(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    said = re.fullmatch(rf"-- {re.escape(path.stem)}: \S.+", first)
    assert said, f"{name(path)} begins with {first!r}; begin it with `-- {path.stem}: what it does`"


def test_every_sql_file_is_used() -> None:
    unused = []
    for path in SQL:
        package = path.parent.parent
        texts = "\n".join(each.read_text(encoding="utf-8") for each in package.rglob("*.py"))
        if not re.search(rf"[\"']{re.escape(path.stem)}[\"']", texts):
            unused.append(name(path))
    none(unused, "delete it, or call it")


# -- rule 7: the database holds what must hold -----------------------------------------------------


def test_only_the_ledger_changes_its_tables() -> None:
    def touching() -> Iterator[str]:
        changing = re.compile(
            r"(alter\s+table|drop\s+table|drop\s+trigger|disable\s+trigger|insert\s+into|delete\s+from|truncate|"
            r"update)\s+(table\s+|only\s+|\w+\s+on\s+)?\"?ledger_(case|entry|content|seal|sealleaf|evidence|attachment)",
            re.I,
        )
        for path in sorted([*CODE.rglob("*.py"), *SQL]):
            if path.relative_to(CODE).parts[0] == "ledger":
                continue
            text = path.read_text(encoding="utf-8")
            for match in changing.finditer(text):
                yield f"{name(path)}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]}"
            if "migrations" in path.parts and re.search(r"SeparateDatabaseAndState|app_label=.ledger", text):
                yield f"{name(path)}: a migration that speaks for another app"

    none(touching(), "a ledger table is changed by a migration of yinuo/ledger alone")


# -- rule 10: say what and why ---------------------------------------------------------------------


def test_every_module_says_what_it_is() -> None:
    silent = [name(path) for path in PYTHON if not ast.get_docstring(tree(path))]
    none(silent, "write one line at the top: what this file is")


def test_every_public_function_and_class_says_what_it_does() -> None:
    def silent() -> Iterator[str]:
        for path in PYTHON:
            for node in tree(path).body:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    if not node.name.startswith("_") and not ast.get_docstring(node):
                        if not _is_command(path, node.name):
                            yield f"{name(path)}:{node.lineno}: {node.name}"

    none(silent(), "say in its docstring what it gives, in which units, and what it raises")


def _is_command(path: Path, function: str) -> bool:
    """add_arguments() and run() of a sub-command: cli.py says once what they are."""
    return path.parent == CODE / "ops" and function in ("add_arguments", "run")


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")

    def left() -> Iterator[str]:
        for path in [*PYTHON, *SQL, *TEMPLATES, *STATIC]:
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                if marks.search(line):
                    yield f"{name(path)}:{number}: {line.strip()[:80]}"

    none(left(), "do it, or leave it out")


# -- rule 14: keywords at the call -----------------------------------------------------------------

POSITIONAL = {"settle"}
"""settle(case, at=...) is the timer's own; the case is all it is about."""


def test_whatever_changes_a_case_is_called_by_keyword() -> None:
    loose = []
    for node in tree(CODE / "work" / "cases.py").body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            takes_by = {each.arg for each in node.args.kwonlyargs} & {"by", "at", "expecting"}
            if takes_by and node.args.args and node.name not in POSITIONAL:
                if [each.arg for each in node.args.args] != ["planned"]:
                    loose.append(f"{node.name}({', '.join(each.arg for each in node.args.args)}, *, ...)")
    none(loose, "put a * first, so that the call says by=, at= and expecting=")


# -- pages -----------------------------------------------------------------------------------------

INLINE = (
    (re.compile(r"<script(?![^>]*\ssrc=)", re.I), "a script inside the page"),
    (re.compile(r"<style\b", re.I), "a style inside the page"),
    (re.compile(r"\sstyle\s*=", re.I), "a style attribute"),
    (re.compile(r"<[^>]*\son[a-z]+\s*=\s*[\"']", re.I), "an event handler in an attribute"),
    (re.compile(r"javascript:", re.I), "a javascript: address"),
)


def test_pages_hold_no_script_and_no_style() -> None:
    def inline() -> Iterator[str]:
        for path in TEMPLATES:
            text = path.read_text(encoding="utf-8")
            for pattern, what in INLINE:
                for match in pattern.finditer(text):
                    yield f"{name(path)}:{text.count(chr(10), 0, match.start()) + 1}: {what}"

    none(inline(), "move it into a static file; the content security policy refuses it anyway")


ELSEWHERE = (
    re.compile(
        r"<(?:script|link|img|iframe|source|use)\b[^>]*\s(?:src|href)\s*=\s*[\"'](?:https?:)?//", re.I
    ),
    re.compile(r"url\(\s*[\"']?(?:https?:)?//", re.I),
    re.compile(r"@import\s+[\"'](?:https?:)?//", re.I),
    re.compile(r"\b(?:import|from|fetch\(|importScripts\()\s*[\"']https?://", re.I),
)


def test_pages_load_nothing_from_elsewhere() -> None:
    def elsewhere() -> Iterator[str]:
        for path in [*TEMPLATES, *STATIC]:
            text = path.read_text(encoding="utf-8")
            for pattern in ELSEWHERE:
                for match in pattern.finditer(text):
                    yield f"{name(path)}:{text.count(chr(10), 0, match.start()) + 1}: {match[0][:80]}"

    none(elsewhere(), "keep a copy under static/vendor/<name>/ with its licence")


def test_every_vendored_library_brings_its_licence() -> None:
    def bare() -> Iterator[str]:
        for vendor in sorted([*ROOT.glob("yinuo/**/vendor"), *ROOT.glob("tests/**/vendor")]):
            for path in sorted(vendor.rglob("*")):
                if path.is_dir() or "licen" in path.name.lower():
                    continue
                beside = [each.name.lower() for each in path.parent.iterdir()]
                if not any("licen" in each for each in beside):
                    yield name(path)

    none(bare(), "add the library's LICENSE beside it")


# -- the pack --------------------------------------------------------------------------------------


def test_every_matter_of_the_pack_has_examples_and_says_where_it_comes_from() -> None:
    from yinuo.packs.load import read

    pack = read(PACK)
    assert pack.matters, "the pack holds no matter"
    none([each.id for each in pack.matters if not pack.examples_of(each.id)], "write examples.yaml")
    none([each.id for each in pack.matters if not each.source.strip()], "write `source:`")


# -- what is committed -----------------------------------------------------------------------------

FOREIGN: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.I), what)
    for pattern, what in (
        (r"(?<![\w.*/\-}>])/" + r"work/", "a folder outside the project"),
        (r"(?<![\w.*\-}>])/" + r"tmp/(?!yinuo)\w", "a folder outside the project"),
        (r"\.\./" + r"shared\b", "a folder outside the project"),
        (r"(?<![\w/])brief" + r"/[A-Z]{3,}", "a paper outside the project"),
        (r"\bpypi\." + r"org", "a registry's host"),
        (r"\bpythonhosted\." + r"org", "a registry's host"),
        (r"\bregistry\." + r"npmjs", "a registry's host"),
        (r"\bnpmjs\." + r"(org|com)", "a registry's host"),
        (r"\bproxy\.golang\." + r"org", "a registry's host"),
        (r"\bunpkg\." + r"com|\bjsdelivr\." + r"net|\bcdnjs\.", "a content network"),
        (r"\bhelper " + r"[A-Z]{3,}\b", "whoever wrote it"),
        (r"\b(chat" + r"gpt|open" + r"ai|anthro" + r"pic|copi" + r"lot)\b", "whoever wrote it"),
    )
)
"""Put together from pieces, so that this file does not name what it forbids."""

TEXTS = {
    *(".py", ".md", ".yaml", ".yml", ".json", ".html", ".css", ".js", ".sql", ".toml", ".txt", ".po"),
    *("", ".sh", ".svg", ".geojson"),
}


def committed() -> list[Path]:
    """Every text file that git keeps, the vendored ones left out."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip("this is not a git checkout: there is nothing committed to look at")
    paths = [ROOT / each for each in done.stdout.split("\0") if each]
    return [each for each in paths if each.suffix in TEXTS and "vendor" not in each.parts and each.is_file()]


def test_committed_texts_name_nothing_of_the_workplace() -> None:
    def foreign() -> Iterator[str]:
        for path in committed():
            text = path.read_text(encoding="utf-8", errors="replace")
            for pattern, what in FOREIGN:
                for match in pattern.finditer(text):
                    if what == "whoever wrote it" and match[0].startswith("helper"):
                        if not match[0].split()[1].isupper():
                            continue
                    line = text.count("\n", 0, match.start()) + 1
                    yield f"{name(path)}:{line}: {what} ({match[0]})"

    none(foreign(), "say it without")


# -- English for every Chinese text ----------------------------------------------------------------

CHINESE = re.compile(r"[\u3400-\u9fff]")
CATALOGUE = CODE / "locale" / "en" / "LC_MESSAGES" / "django.po"


def test_every_chinese_text_on_a_screen_has_its_english() -> None:
    from babel.messages.pofile import read_po

    wanted: dict[str, str] = {}
    for found in (_texts_of_templates, _texts_of_code):
        for text, where in found():
            if CHINESE.search(text):
                wanted.setdefault(text, where)
    assert wanted, "no text was found at all: the search itself is broken"
    assert CATALOGUE.exists(), f"{name(CATALOGUE)} is missing; {len(wanted)} texts wait for their English"
    with open(CATALOGUE, "rb") as file:
        catalogue = read_po(file, locale="en")
    english: dict[str, bool] = {}
    for message in catalogue:
        ids = message.id if isinstance(message.id, tuple | list) else [message.id]
        texts = message.string if isinstance(message.string, tuple | list) else [message.string]
        for each in ids:
            english[each] = bool(texts) and all(texts) and not message.fuzzy
    none(
        [f"{where}: {text[:60]!r}" for text, where in wanted.items() if not english.get(text)],
        f"translate it in {name(CATALOGUE)}",
    )


def _texts_of_templates() -> Iterator[tuple[str, str]]:
    import django
    from django.template import engines
    from django.template.base import Node
    from django.templatetags.i18n import BlockTranslateNode, TranslateNode

    django.setup()
    engine = engines["django"]
    for path in TEMPLATES:
        if "letters" in path.parts:
            continue
        source = path.read_text(encoding="utf-8")
        for match in re.finditer(r"_\(\"([^\"]+)\"\)|_\('([^']+)'\)", source):
            yield match[1] or match[2], name(path)
        nodes = engine.from_string(source).template.nodelist.get_nodes_by_type(Node)
        for node in nodes:
            if isinstance(node, TranslateNode):
                text = getattr(node.filter_expression.var, "literal", None) or node.filter_expression.var
                if isinstance(text, str):
                    yield text, name(path)
            elif isinstance(node, BlockTranslateNode):
                for part in filter(None, (node.singular, node.plural)):
                    text, _ = node.render_token_list(part)
                    yield text.strip() if node.trimmed else text, name(path)


GETTEXT = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext"}


def _texts_of_code() -> Iterator[tuple[str, str]]:
    for path in PYTHON:
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if called in GETTEXT:
                taken = (
                    node.args[1:2] if called == "pgettext" else node.args[: 2 if "ngettext" in called else 1]
                )
                for each in taken:
                    if isinstance(each, ast.Constant) and isinstance(each.value, str):
                        yield each.value, f"{name(path)}:{node.lineno}"


# -- tests -----------------------------------------------------------------------------------------


def test_tests_are_named_as_sentences() -> None:
    def short() -> Iterator[str]:
        for path in sorted((ROOT / "tests").rglob("test_*.py")):
            for node in ast.walk(tree(path)):
                if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                    if len(node.name.split("_")) < 4:
                        yield f"{name(path)}:{node.lineno}: {node.name}"

    none(short(), "name it after the promise it keeps: test_a_late_case_turns_red")


def test_these_rules_can_fail() -> None:
    """A rule that finds nothing in a bad text protects nobody."""
    bad: list[tuple[Callable[[str], object], str]] = [
        (STATEMENT.match, "SELECT 1 FROM ledger_case"),
        (STATEMENT.match, "update ledger_case set seq = 2"),
        (CLOCKS.search, "now = timezone.now()"),
        (INLINE[0][0].search, "<script>alert(1)</script>"),
        (INLINE[3][0].search, '<a href="/" onclick="x()">'),
        (ELSEWHERE[0].search, '<script src="https://example.org/x.js">'),
        (ELSEWHERE[1].search, "src: url(//example.org/font.woff2)"),
        (FOREIGN[0][0].search, "see /" + "work/x"),
        (CHINESE.search, "我的办件"),
    ]
    good: list[tuple[Callable[[str], object], str]] = [
        (STATEMENT.match, "selected by whoever decides"),
        (INLINE[0][0].search, '<script src="/static/yinuo/app.js" defer></script>'),
        (ELSEWHERE[0].search, '<a href="https://example.org/">'),
        (FOREIGN[0][0].search, "yinuo/" + "work/cases.py"),
    ]
    assert all(rule(text) for rule, text in bad)
    assert not any(rule(text) for rule, text in good)
