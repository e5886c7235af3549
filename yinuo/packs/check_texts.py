"""What a citizen reads and answers: form.json and the letters of one matter."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from django.template import Engine, TemplateSyntaxError
from django.template.base import VariableNode

from yinuo.core.matter import Label

from . import shape
from .answers import FORMATS, conditions
from .findings import About, no_such
from .source import Problem, Where, instead

LETTER_WORDS = frozenset(
    (
        "number", "title", "party_name", "unit", "form", "opinion", "reason", "days", "today", "received_on",
        "accepted_on", "promised_on", "statutory_on", "step_on", "record_number", "valid_until", "remedies",
        "lang", "city",
    )
)  # fmt: skip
"""What a letter may speak of; `work` gives these."""

LETTER_TAGS = frozenset(
    ("if", "elif", "else", "endif", "for", "empty", "endfor", "with", "endwith", "comment", "endcomment")
)
"""Tags a letter may use. Others read files, the clock or settings, or break when the letter is sent."""

_TEMPLATES = Engine()


def form_file(about: About) -> Iterator[Problem]:
    """Is form.json a form that can be filled in?"""
    written = about.matter.form
    wrong = shape.schema_problem(about.form, written, under=())
    if wrong is not None:
        yield wrong
        return
    if written.get("type") != "object" or not isinstance(written.get("properties"), dict):
        yield about.form.problem(
            (),
            Label("表单最外层须是 object 并有 properties", "a form is an object with properties"),
            Label('写 "type": "object", "properties": {…}', 'write "type": "object", "properties": {…}'),
        )
        return
    for name in written.get("required") or ():
        if name not in about.fields:
            yield no_such(
                about.form,
                ("required",),
                "字段",
                "field",
                name,
                about.fields,
                Label("properties", "properties"),
            )
    for name, prop in written["properties"].items():
        yield from form_field(about, name, prop)
    yield from pages(about, written)
    yield from subject(about, written)


def subject(about: About, written: Mapping[str, Any]) -> Iterator[Problem]:
    """`x-subject` names the answer that a case's title in lists ends with."""
    subject = written.get("x-subject")
    if subject is None:
        return
    if subject not in about.fields:
        yield no_such(
            about.form,
            ("x-subject",),
            "字段",
            "field",
            str(subject),
            about.fields,
            Label("properties", "properties"),
        )
    elif written["properties"][subject].get("x-personal"):
        yield about.form.problem(
            ("x-subject",),
            Label(
                f"{subject} 是个人信息，不能写进办件标题",
                f"{subject} is personal and may not stand in a title",
            ),
            Label("换一个字段，或去掉 x-subject", "name another field, or leave x-subject out"),
        )


def form_field(about: About, name: str, prop: Any) -> Iterator[Problem]:
    """Is one question of the form well put?"""
    where: Where = ("properties", name)
    if not isinstance(prop, dict):
        return
    if not name.replace("_", "").isalnum() or name != name.lower() or not name.isascii():
        yield about.form.problem(
            where,
            Label(f"字段名 {name} 不合写法", f"field name {name} is not written right"),
            Label("用小写英文字母、数字、下划线，如 shop_name", "use a-z, 0-9 and _, such as shop_name"),
        )
    if "number" in _types(prop):
        yield about.form.problem(
            (*where, "type"),
            Label(
                f"字段 {name} 是 number：小数没有唯一写法，留痕不收",
                f"field {name} is a number: a decimal has no single spelling, so the ledger takes none",
            ),
            Label(
                '写 "type": "string" 加 pattern 或 format: money，整数写 integer',
                'write "type": "string" with a pattern or format money; integer for whole numbers',
            ),
        )
    known = prop.get("format")
    if known is not None and known not in FORMATS:
        yield no_such(
            about.form,
            (*where, "format"),
            "格式",
            "format",
            str(known),
            set(FORMATS),
            Label("packs/answers.py", "packs/answers.py"),
        )
    for condition in conditions(prop.get("x-show")):
        other = str(condition.get("field"))
        if other not in about.fields - {name}:
            yield no_such(
                about.form,
                (*where, "x-show"),
                "字段",
                "field",
                other,
                about.fields - {name},
                Label("properties", "properties"),
            )
        elif "is" not in condition:
            yield about.form.problem(
                (*where, "x-show"),
                Label(f"字段 {name} 的 x-show 没有 is", f"x-show of field {name} has no `is`"),
                Label('写 {"field": …, "is": …}', 'write {"field": …, "is": …}'),
            )


def _types(prop: Mapping[str, Any]) -> list[Any]:
    kind = prop.get("type")
    return kind if isinstance(kind, list) else [kind]


def pages(about: About, written: Mapping[str, Any]) -> Iterator[Problem]:
    """Does every question stand on one page?"""
    listed: list[str] = []
    for index, page in enumerate(written.get("x-pages") or ()):
        for name in page.get("fields") or ():
            listed.append(name)
            if name not in about.fields:
                yield no_such(
                    about.form,
                    ("x-pages", index),
                    "字段",
                    "field",
                    name,
                    about.fields,
                    Label("properties", "properties"),
                )
        known = {material.id for material in about.matter.materials}
        for id_ in page.get("materials") or ():
            if id_ not in known:
                yield no_such(
                    about.form,
                    ("x-pages", index),
                    "材料",
                    "material",
                    id_,
                    known,
                    Label("materials", "materials"),
                )
    if not listed:
        return
    for name in sorted(about.fields - set(listed)):
        yield about.form.problem(
            ("properties", name),
            Label(
                f"字段 {name} 不在任何一页 x-pages 上，没有人能填",
                f"field {name} is on no page of x-pages; nobody can answer it",
            ),
            Label("把它列入一页", "list it on a page"),
        )
    for name, count in Counter(listed).items():
        if count > 1:
            yield about.form.problem(
                ("x-pages",),
                Label(
                    f"字段 {name} 在 x-pages 上出现 {count} 次",
                    f"field {name} stands on x-pages {count} times",
                ),
                Label("只留一次", "list it once"),
            )


def letters(about: About) -> Iterator[Problem]:
    """Has every letter a file and a declaration?"""
    declared = set(about.matter.letters)
    used: list[tuple[Where, str]] = [
        (("moves", id_, "letter"), move.letter) for id_, move in about.matter.moves.items() if move.letter
    ]
    used += [
        (("moves", id_, "then", index, "letter"), effect.letter)
        for id_, move in about.matter.moves.items()
        for index, effect in enumerate(move.effects)
        if effect.letter
    ]
    for where, letter in used:
        if letter not in declared:
            yield no_such(
                about.document, where, "文书", "letter", letter, declared, Label("letters", "letters")
            )
    folder = about.pack.folder / about.folder / "letters"
    files = {path.stem for path in folder.glob("*.html")}
    for letter in sorted(declared - files):
        yield about.wrong(
            ("letters", letter),
            f"文书 {letter} 没有文件",
            f"letter {letter} has no file",
            Label(f"新建 letters/{letter}.html", f"add letters/{letter}.html"),
        )
    for letter in sorted(files - declared):
        yield Problem(
            file=folder / f"{letter}.html",
            line=0,
            what=Label(
                f"文书 {letter} 没有在 matter.yaml 声明",
                f"letter {letter} is not declared in matter.yaml",
            ),
            remedy=Label(
                f"在 letters: 下写 {letter}: {{title: …}}", f"write {letter}: {{title: …}} under letters:"
            ),
        )
    for letter in sorted(declared & files):
        yield from letter_text(about, letter)


def letter_text(about: About, letter: str) -> Iterator[Problem]:
    """Can the letter be written, with words it knows?"""
    file = about.pack.folder / about.folder / "letters" / f"{letter}.html"
    text = about.matter.body["letter_texts"][letter]

    def wrong(line: int, what: Label, remedy: Label) -> Problem:
        return Problem(file=file, line=line, what=what, remedy=remedy)

    if not text.strip():
        yield wrong(0, Label("文书是空的", "the letter is empty"), Label("写上正文", "write its text"))
        return
    for number, written in enumerate(text.splitlines(), start=1):
        for tag in re.findall(r"{%\s*(\w+)", written):
            if tag not in LETTER_TAGS:
                yield wrong(
                    number,
                    Label(f"文书里不能用 {{% {tag} %}}", f"a letter may not use {{% {tag} %}}"),
                    Label("只用 if、for、with、comment", "use if, for, with and comment only"),
                )
    try:
        template = _TEMPLATES.from_string(text)
    except TemplateSyntaxError as error:
        line = getattr(getattr(error, "token", None), "lineno", 0) or 0
        yield wrong(
            line,
            Label(f"模板写错了：{error}", f"the template is wrong: {error}"),
            Label("检查 {{ }} 与 {% %} 是否成对", "check that {{ }} and {% %} come in pairs"),
        )
        return
    for node in template.nodelist.get_nodes_by_type(VariableNode):
        assert isinstance(node, VariableNode)
        words = getattr(node.filter_expression.var, "lookups", None)
        if not words:
            continue
        line = (node.token and node.token.lineno) or 0
        if words[0] == "form" and len(words) > 1 and words[1] not in about.fields:
            yield wrong(
                line,
                Label(f"没有表单字段 {words[1]}", f"there is no form field {words[1]}"),
                instead(words[1], about.fields, of=Label("form.json", "form.json")),
            )
        elif words[0] not in LETTER_WORDS and words[0] not in _loop_names(text):
            yield wrong(
                line,
                Label(f"文书里没有 {words[0]} 可用", f"a letter knows no {words[0]}"),
                instead(words[0], LETTER_WORDS, of=Label("文书", "letters")),
            )


def _loop_names(text: str) -> set[str]:
    """Names that the template itself makes: {% for x in y %}, {% with x=y %}."""
    loops = re.findall(r"{%\s*for\s+([\w, ]+?)\s+in\s", text)
    withs = re.findall(r"{%\s*with\s+(\w+)=", text)
    return {name.strip() for group in loops for name in group.split(",")} | set(withs) | {"forloop"}
