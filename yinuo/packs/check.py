"""Does a pack make sense as a whole? `check(pack)` names everything that does not, with its line and remedy.

Files that cannot be read at all, or lack their schema's shape, are in `pack.problems` already; this
module looks at what the files mean together. It plays no examples: that is `examples.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.template import Engine, TemplateSyntaxError
from django.template.base import VariableNode

from yinuo.core import rules
from yinuo.core.clock import Limit, due
from yinuo.core.effects import FORM, PLAIN_SOURCES, TEXT
from yinuo.core.matter import (
    CHOSEN,
    CLOSED,
    PARTY,
    PROMISED,
    STATUTORY,
    STEP_LIMIT,
    SYSTEM,
    TIMER,
    Effect,
    Label,
    Matter,
    Move,
)
from yinuo.core.places import responsible
from yinuo.core.workdays import Calendar

from . import shape
from .answers import FORMATS
from .load import Pack
from .source import Document, Problem, Where, instead

LETTER_WORDS = frozenset(
    ["number", "title", "party_name", "unit", "form", "opinion", "reason", "days", "today", "received_on", "accepted_on", "promised_on", "statutory_on", "step_on", "record_number", "valid_until", "remedies", "lang", "city"]
)
"""What a letter may speak of; `work` gives these."""

_UNITS = Label("units.yaml", "units.yaml")


def check(pack: Pack) -> list[Problem]:
    """Everything wrong with `pack`, in the order of its files; [] for a pack that may be loaded."""
    found = [*pack.problems, *_city(pack), *_people(pack), *_registers(pack)]
    for matter in pack.matters:
        found += _OneMatter(pack, matter).problems()
    found += _ends(pack)
    return sorted(set(found), key=lambda problem: (str(problem.file), problem.line))


# -- city, units, places, people, registers --------------------------------------------------------


def _city(pack: Pack) -> Iterator[Problem]:
    units, places = pack.documents.get("units.yaml"), pack.documents.get("places/divisions.yaml")
    roles = pack.documents.get("roles.yaml")
    if units is not None:
        yield from _twice(units, "units", "id", pack.units)
        yield from _dangling(units, "units", pack.units, "parent", {each["id"] for each in pack.units})
        yield from _dangling(units, "units", pack.units, "place", set(pack.parents))
        yield from _two_answer(units, pack)
        yield from _rings(units, "units", {each["id"]: each["parent"] for each in pack.units})
    if places is not None:
        yield from _twice(places, "places", "code", pack.places)
        yield from _dangling(places, "places", pack.places, "parent", set(pack.parents))
        yield from _dangling(places, "places", pack.places, "successor", set(pack.parents))
        yield from _rings(places, "places", pack.parents)
        if sum(parent is None for parent in pack.parents.values()) != 1:
            yield places.problem(
                ("places",),
                Label("区划须有且只有一个没有上级", "exactly one place must have no parent"),
                Label("只给城市本身写 parent: null", "write parent: null for the city alone"),
            )
    if roles is not None:
        yield from _twice(roles, "roles", "id", pack.roles)
    city = pack.documents.get("city.yaml")
    if city is not None and pack.places and pack.city.get("division") not in pack.parents:
        yield city.problem(
            ("division",),
            Label(f"没有区划 {pack.city.get('division')}", f"there is no place {pack.city.get('division')}"),
            Label("用 places/divisions.yaml 中城市的代码", "use the city's code in places/divisions.yaml"),
        )
    mechanisms = pack.documents.get("journal/mechanisms.yaml")
    if mechanisms is not None:
        yield from _twice(mechanisms, "mechanisms", "id", pack.mechanisms)


def _people(pack: Pack) -> Iterator[Problem]:
    document = pack.documents.get("people.yaml")
    if document is None or not pack.people:
        return
    roles, units = {each["id"] for each in pack.roles}, {each["id"] for each in pack.units}
    yield from _twice(document, "people", "username", pack.people)
    yield from _dangling(document, "people", pack.people, "unit", units)
    yield from _dangling(document, "people", pack.people, "place", set(pack.parents))
    for index, person in enumerate(pack.people):
        for role in person["roles"]:
            if role not in roles:
                yield _no_such(
                    document,
                    ("people", index, "roles"),
                    "岗位",
                    "role",
                    role,
                    roles,
                    Label("roles.yaml", "roles.yaml"),
                )


def _registers(pack: Pack) -> Iterator[Problem]:
    known = {each["id"] for each in pack.mechanisms}
    seen: dict[str, str] = {}
    for name, document in pack.documents.items():
        if not name.startswith("registers/") or document.value not in pack.registers:
            continue
        register = document.value
        if register["id"] in seen:
            yield _double(document, ("id",), register["id"], seen[register["id"]])
        seen[register["id"]] = name
        written = register["schema"]
        wrong = shape.schema_problem(document, written, under=("schema",))
        if wrong is not None:
            yield wrong
            continue
        fields = set(written.get("properties") or {})
        for where, name_ in [
            (("key",), register["key"]),
            *((("public", i), each) for i, each in enumerate(register["public"])),
        ]:
            if name_ not in fields:
                yield _no_such(
                    document,
                    where,
                    "字段",
                    "field",
                    name_,
                    fields,
                    Label("schema.properties", "schema.properties"),
                )
        for index, field in enumerate(register["public"]):
            if (written.get("properties") or {}).get(field, {}).get("x-personal"):
                yield document.problem(
                    ("public", index),
                    Label(f"{field} 是个人信息，不能公开", f"{field} is personal and may not be public"),
                    Label("从 public 中去掉", "take it out of `public`"),
                )
        for index, mechanism in enumerate(register.get("mechanisms") or ()):
            if mechanism not in known:
                yield _no_mechanism(document, ("mechanisms", index), mechanism, known)


def _twice(document: Document, top: str, key: str, rows: Iterable[Mapping[str, Any]]) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for index, row in enumerate(rows):
        value = row[key]
        if value in seen:
            line = document.line(top, seen[value])
            yield _double(document, (top, index), value, f"第 {line} 行", f"line {line}")
        seen.setdefault(value, index)


def _double(document: Document, where: Where, value: str, zh: str, en: str = "") -> Problem:
    return document.problem(
        where,
        Label(f"{value} 重复，{zh}已有", f"{value} is given twice; see {en or zh}"),
        Label("改成另一个 id", "give one of them another id"),
    )


def _dangling(
    document: Document, top: str, rows: Iterable[Mapping[str, Any]], key: str, known: set[str]
) -> Iterator[Problem]:
    for index, row in enumerate(rows):
        value = row.get(key)
        if value is not None and value not in known:
            yield document.problem(
                (top, index, key),
                Label(f"{key} 所指的 {value} 不存在", f"{key}: there is no {value}"),
                instead(value, known, of=Label("本城市包", "this pack")),
            )


def _two_answer(document: Document, pack: Pack) -> Iterator[Problem]:
    seen: dict[tuple[str, str], str] = {}
    for index, unit in enumerate(pack.units):
        for function in unit["functions"]:
            other = seen.setdefault((function, unit["place"]), unit["id"])
            if other != unit["id"]:
                yield document.problem(
                    ("units", index, "functions"),
                    Label(
                        f"{unit['place']} 的“{function}”职能已由 {other} 承担",
                        f"{function} at {unit['place']} is already answered for by {other}",
                    ),
                    Label("每处每项职能只留一个单位", "leave one unit for each function at each place"),
                )


def _rings(document: Document, top: str, parents: Mapping[str, str | None]) -> Iterator[Problem]:
    for index, start in enumerate(parents):
        seen = {start}
        at = parents[start]
        while at is not None and at in parents and at not in seen:
            seen.add(at)
            at = parents[at]
        if at == start:
            yield document.problem(
                (top, index, "parent"),
                Label(f"{start} 是自己的上级", f"{start} stands above itself"),
                Label("改正 parent", "mend `parent`"),
            )


# -- one matter ------------------------------------------------------------------------------------


class _OneMatter:
    """Every question asked of one matter. Each method yields problems."""

    def __init__(self, pack: Pack, matter: Matter) -> None:
        self.pack, self.matter = pack, matter
        self.folder, self.document = next(
            (name.removesuffix("/matter.yaml"), document)
            for name, document in pack.documents.items()
            if name.endswith("/matter.yaml") and document.value["id"] == matter.id
        )
        self.form = pack.documents[f"{self.folder}/form.json"]
        self.fields: set[str] = set(matter.form.get("properties") or {})
        self.marked = set(matter.opening_marks)
        for move in matter.moves.values():
            self.marked |= {*move.marks, *move.backdates}

    def problems(self) -> list[Problem]:
        return [
            *self.names(),
            *self.form_file(),
            *self.units(),
            *self.steps(),
            *self.moves(),
            *self.limits(),
            *self.materials(),
            *self.letters(),
            *self.examples(),
        ]

    def wrong(self, where: Where, zh: str, en: str, remedy: Label) -> Problem:
        return self.document.problem(where, Label(zh, en), remedy)

    # names

    def names(self) -> Iterator[Problem]:
        folder = self.folder.removeprefix("matters/")
        if self.matter.id != folder:
            yield self.wrong(
                ("id",),
                f"id 是 {self.matter.id}，文件夹是 {folder}",
                f"id is {self.matter.id}, the folder is {folder}",
                Label(f"写 id: {folder}，或移动文件夹", f"write id: {folder}, or move the folder"),
            )
        known = {each["id"] for each in self.pack.mechanisms}
        for index, mechanism in enumerate(self.matter.mechanisms):
            if mechanism not in known:
                yield _no_mechanism(self.document, ("mechanisms", index), mechanism, known)

    # form.json

    def form_file(self) -> Iterator[Problem]:
        written = self.matter.form
        wrong = shape.schema_problem(self.form, written, under=())
        if wrong is not None:
            yield wrong
            return
        if written.get("type") != "object" or not isinstance(written.get("properties"), dict):
            yield self.form.problem(
                (),
                Label("表单最外层须是 object 并有 properties", "a form is an object with properties"),
                Label('写 "type": "object", "properties": {…}', 'write "type": "object", "properties": {…}'),
            )
            return
        for name in written.get("required") or ():
            if name not in self.fields:
                yield _no_such(
                    self.form,
                    ("required",),
                    "字段",
                    "field",
                    name,
                    self.fields,
                    Label("properties", "properties"),
                )
        for name, prop in written["properties"].items():
            yield from self.form_field(name, prop)
        yield from self.pages(written)
        yield from self.subject(written)

    def subject(self, written: Mapping[str, Any]) -> Iterator[Problem]:
        """`x-subject` names the answer that a case's title in lists ends with."""
        subject = written.get("x-subject")
        if subject is None:
            return
        if subject not in self.fields:
            yield _no_such(
                self.form,
                ("x-subject",),
                "字段",
                "field",
                str(subject),
                self.fields,
                Label("properties", "properties"),
            )
        elif written["properties"][subject].get("x-personal"):
            yield self.form.problem(
                ("x-subject",),
                Label(
                    f"{subject} 是个人信息，不能写进办件标题",
                    f"{subject} is personal and may not stand in a title",
                ),
                Label("换一个字段，或去掉 x-subject", "name another field, or leave x-subject out"),
            )

    def form_field(self, name: str, prop: Any) -> Iterator[Problem]:
        where: Where = ("properties", name)
        if not isinstance(prop, dict):
            return
        if not name.replace("_", "").isalnum() or name != name.lower() or not name.isascii():
            yield self.form.problem(
                where,
                Label(f"字段名 {name} 不合写法", f"field name {name} is not written right"),
                Label("用小写英文字母、数字、下划线，如 shop_name", "use a-z, 0-9 and _, such as shop_name"),
            )
        if "number" in (prop.get("type") if isinstance(prop.get("type"), list) else [prop.get("type")]):
            yield self.form.problem(
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
            yield _no_such(
                self.form,
                (*where, "format"),
                "格式",
                "format",
                str(known),
                set(FORMATS),
                Label("packs/answers.py", "packs/answers.py"),
            )
        condition = prop.get("x-show")
        if isinstance(condition, dict) and condition.get("field") not in self.fields:
            yield _no_such(
                self.form,
                (*where, "x-show"),
                "字段",
                "field",
                str(condition.get("field")),
                self.fields,
                Label("properties", "properties"),
            )

    def pages(self, written: Mapping[str, Any]) -> Iterator[Problem]:
        listed: list[str] = []
        for index, page in enumerate(written.get("x-pages") or ()):
            for name in page.get("fields") or ():
                listed.append(name)
                if name not in self.fields:
                    yield _no_such(
                        self.form,
                        ("x-pages", index),
                        "字段",
                        "field",
                        name,
                        self.fields,
                        Label("properties", "properties"),
                    )
        if not listed:
            return
        for name in sorted(self.fields - set(listed)):
            yield self.form.problem(
                ("properties", name),
                Label(
                    f"字段 {name} 不在任何一页 x-pages 上，没有人能填",
                    f"field {name} is on no page of x-pages; nobody can answer it",
                ),
                Label("把它列入一页", "list it on a page"),
            )
        for name, count in Counter(listed).items():
            if count > 1:
                yield self.form.problem(
                    ("x-pages",),
                    Label(
                        f"字段 {name} 在 x-pages 上出现 {count} 次",
                        f"field {name} stands on x-pages {count} times",
                    ),
                    Label("只留一次", "list it once"),
                )

    # units

    def units(self) -> Iterator[Problem]:
        yield from self.unit_answers(self.matter.unit, ("unit",))
        if self.matter.supervisor:
            yield from self.unit_answers(self.matter.supervisor, ("supervisor",))
        for id_, step in self.matter.steps.items():
            if step.unit not in (PARTY, CHOSEN):
                yield from self.unit_answers(step.unit, ("steps", id_, "unit"))
            if step.among and step.unit != CHOSEN:
                yield self.wrong(
                    ("steps", id_, "among"),
                    f"环节 {id_} 有 among，单位却是 {step.unit}",
                    f"step {id_} has `among`, yet its unit is {step.unit}",
                    Label("写 unit: chosen，或去掉 among", "write unit: chosen, or take `among` out"),
                )
            for name in step.among:
                yield from self.unit_answers(name, ("steps", id_, "among"), everywhere=False)

    def unit_answers(self, name: str, where: Where, *, everywhere: bool = True) -> Iterator[Problem]:
        ids = {unit["id"] for unit in self.pack.units}
        if name not in self.pack.functions and name not in ids:
            yield _no_such(self.document, where, "职能", "function", name, self.pack.functions, _UNITS)
            return
        if not everywhere:
            return
        parents = self.pack.parents
        leaves = set(parents) - set(parents.values())
        missing = sorted(
            place
            for place in leaves
            if responsible(name, place, units=self.pack.answering, parents=parents) is None
        )
        if missing:
            shown = "、".join(missing[:3]) + ("…" if len(missing) > 3 else "")
            yield self.wrong(
                where,
                f"“{name}”职能在 {len(missing)} 处没有单位承担（{shown}）",
                f"nobody answers for {name} in {len(missing)} places ({shown})",
                Label(
                    "在 units.yaml 给各县或市本级加上这一职能",
                    "give that function to each county or to the city in units.yaml",
                ),
            )

    # steps

    def steps(self) -> Iterator[Problem]:
        matter = self.matter
        if matter.start not in matter.steps:
            yield _no_such(
                self.document,
                ("opening", "step"),
                "环节",
                "step",
                matter.start,
                set(matter.steps),
                Label("steps", "steps"),
            )
            return
        reached, ending = self.reachable()
        for id_ in matter.steps:
            where: Where = ("steps", id_)
            if id_ not in reached:
                yield self.wrong(
                    where,
                    f"环节 {id_} 到不了",
                    f"step {id_} can never be reached",
                    Label(
                        f"加一个 to: {id_} 的动作，或删去环节",
                        f"add a move with to: {id_}, or take the step out",
                    ),
                )
            elif not any(move.to != id_ for move in matter.moves_from(id_)):
                yield self.wrong(
                    where,
                    f"环节 {id_} 没有出路",
                    f"step {id_} has no way out",
                    Label(f"加一个 from: {id_} 的动作", f"add a move with from: {id_}"),
                )
            elif id_ not in ending:
                yield self.wrong(
                    where,
                    f"从环节 {id_} 出发永远不能办结",
                    f"from step {id_} the case can never be closed",
                    Label("加一个最终通往 closed 的动作", "add a move that leads to closed in the end"),
                )
        for id_, step in matter.steps.items():
            if step.unit == CHOSEN and id_ == matter.start:
                yield self.wrong(
                    ("steps", id_, "unit"),
                    f"第一个环节 {id_} 的单位不能是 chosen：开启时没有人挑选",
                    f"the first step {id_} cannot have unit: chosen; nobody chooses at opening",
                    Label("给它一个职能", "give it a function"),
                )

    def reachable(self) -> tuple[set[str], set[str]]:
        """Steps that can be reached from the start, and steps from which the case can be closed."""
        moves = self.matter.moves.values()
        reached = {self.matter.start}
        ending = {CLOSED}
        for _ in range(len(self.matter.steps) + 1):
            reached |= {move.to for move in moves if reached.intersection(move.origins)}
            ending |= {origin for move in moves if move.to in ending for origin in move.origins}
        return reached, ending

    # moves

    def moves(self) -> Iterator[Problem]:
        for id_, move in self.matter.moves.items():
            yield from self.ends_of(id_, move)
            yield from self.makers_of(id_, move)
            yield from self.needs_of(id_, move)
            yield from self.limits_of(id_, move)
            yield from self.effects_of(id_, move)
            yield from self.closing(id_, move)
        yield from self.keys()

    def ends_of(self, id_: str, move: Move) -> Iterator[Problem]:
        steps = set(self.matter.steps)
        for origin in move.origins:
            if origin not in steps:
                yield _no_such(
                    self.document,
                    ("moves", id_, "from"),
                    "环节",
                    "step",
                    origin,
                    steps,
                    Label("steps", "steps"),
                )
        if move.to not in steps | {CLOSED}:
            yield _no_such(
                self.document,
                ("moves", id_, "to"),
                "环节",
                "step",
                move.to,
                steps | {CLOSED},
                Label("steps", "steps"),
            )
        if move.extends and any(origin != move.to for origin in move.origins):
            yield self.wrong(
                ("moves", id_, "to"),
                f"动作 {id_} 延期却换了环节",
                f"move {id_} extends a limit, yet leads to another step",
                Label("延期动作的 from 与 to 写同一环节", "write the same step in `from` and `to`"),
            )

    def makers_of(self, id_: str, move: Move) -> Iterator[Problem]:
        roles = {each["id"] for each in self.pack.roles} - {"citizen", "enterprise"}
        where: Where = ("moves", id_, "by")
        for name in move.by:
            if name in ("citizen", "enterprise"):
                yield self.wrong(
                    where,
                    f"动作 {id_} 由 {name} 作出，没有人能作",
                    f"move {id_} is by {name}; nobody can make it",
                    Label("申请人作的动作写 by: party", "write by: party for the applicant"),
                )
            elif name not in roles | {PARTY, TIMER, SYSTEM}:
                yield _no_such(
                    self.document,
                    where,
                    "岗位",
                    "role",
                    name,
                    roles | {PARTY, TIMER, SYSTEM},
                    Label("roles.yaml", "roles.yaml"),
                )
        if move.automatic and len(move.by) > 1:
            yield self.wrong(
                where,
                f"动作 {id_} 既由系统又由人作出",
                f"move {id_} is made both by the system and by people",
                Label("分成两个动作", "make two moves of it"),
            )
        if move.automatic or PARTY in move.by:
            return
        held = [origin for origin in move.origins if origin in self.matter.steps]
        if held and all(self.matter.steps[origin].unit == PARTY for origin in held):
            yield self.wrong(
                where,
                f"动作 {id_} 没有人能作：环节由申请人持有，岗位不在其单位",
                f"nobody can make move {id_}: the applicant holds the step, and no unit does",
                Label(
                    "写 by: party 或 by: timer，或改 from", "write by: party or by: timer, or change `from`"
                ),
            )

    def needs_of(self, id_: str, move: Move) -> Iterator[Problem]:
        for name in move.needs:
            try:
                rules.find(name)
            except KeyError:
                yield _no_such(
                    self.document,
                    ("moves", id_, "needs"),
                    "条件",
                    "rule",
                    name,
                    set(rules.COMMON),
                    Label("yinuo/core/rules.py", "yinuo/core/rules.py"),
                )
        if TIMER in move.by and move.needs:
            yield self.wrong(
                ("moves", id_, "needs"),
                f"定时动作 {id_} 不能有 needs：到期必须发生",
                f"the timer's move {id_} cannot have needs: it must happen when the time is up",
                Label("去掉 needs，或写 by: system", "take `needs` out, or write by: system"),
            )
        if TIMER in move.by and not move.after:
            yield self.wrong(
                ("moves", id_),
                f"定时动作 {id_} 没有写 after",
                f"the timer's move {id_} does not say after which limit",
                Label("写 after: step 或某个时限的名字", "write after: step, or the name of a limit"),
            )
        if TIMER not in move.by and move.after:
            yield self.wrong(
                ("moves", id_, "after"),
                f"动作 {id_} 有 after，却不由 timer 作出",
                f"move {id_} has `after`, yet is not by timer",
                Label("写 by: timer，或去掉 after", "write by: timer, or take `after` out"),
            )
        if SYSTEM in move.by and not move.needs:
            yield self.wrong(
                ("moves", id_, "by"),
                f"系统动作 {id_} 没有 needs，一进环节就会发生",
                f"the system's move {id_} has no needs and would happen at once",
                Label("写明 needs", "say what it needs"),
            )
        if SYSTEM in move.by and move.to in move.origins and not move.once:
            yield self.wrong(
                ("moves", id_, "to"),
                f"系统动作 {id_} 回到原环节，会不停重复",
                f"the system's move {id_} stays at its step and would repeat without end",
                Label("换到别的环节，或写 once: true", "lead to another step, or write once: true"),
            )
        if move.automatic:
            for name, given in (("reason", move.reason), ("extends", move.extends), ("form", move.form)):
                if given:
                    yield self.wrong(
                        ("moves", id_, name),
                        f"自动动作 {id_} 没有人填 {name}",
                        f"nobody can give {name} with the automatic move {id_}",
                        Label(f"去掉 {name}", f"take {name} out"),
                    )
            if move.to in self.matter.steps and self.matter.steps[move.to].unit == CHOSEN:
                yield self.wrong(
                    ("moves", id_, "to"),
                    f"自动动作 {id_} 通往须挑选单位的环节 {move.to}",
                    f"the automatic move {id_} leads to step {move.to}, whose unit somebody must choose",
                    Label(
                        "给该环节一个职能，或由人作此动作",
                        "give that step a function, or let a person move it there",
                    ),
                )
        if move.form:
            wrong = shape.schema_problem(self.document, move.form, under=("moves", id_, "form"))
            if wrong is not None:
                yield wrong

    def limits_of(self, id_: str, move: Move) -> Iterator[Problem]:
        limits = set(self.matter.limits)
        if move.after and move.after != STEP_LIMIT and move.after not in limits:
            yield _no_such(
                self.document,
                ("moves", id_, "after"),
                "时限",
                "limit",
                move.after,
                limits | {STEP_LIMIT},
                Label("limits", "limits"),
            )
        if move.after == STEP_LIMIT:
            for origin in move.origins:
                if origin in self.matter.steps and self.matter.steps[origin].limit is None:
                    yield self.wrong(
                        ("moves", id_, "after"),
                        f"动作 {id_} 等环节 {origin} 的时限，该环节没有时限",
                        f"move {id_} waits for the limit of step {origin}, which has none",
                        Label(f"给环节 {origin} 加 limit", f"add a limit to step {origin}"),
                    )
        for name in move.extends:
            if name not in limits:
                yield _no_such(
                    self.document,
                    ("moves", id_, "extends"),
                    "时限",
                    "limit",
                    name,
                    limits,
                    Label("limits", "limits"),
                )
            elif self.matter.limits[name].extension == 0:
                yield self.wrong(
                    ("moves", id_, "extends"),
                    f"动作 {id_} 延长 {name}，该时限不许延长",
                    f"move {id_} extends {name}, which allows no extension",
                    Label(
                        f"在 limits.{name} 写 extension: 天数", f"write extension: <days> in limits.{name}"
                    ),
                )
        for event, earlier in move.backdates.items():
            if earlier not in self.marked:
                yield _no_such(
                    self.document,
                    ("moves", id_, "marks", event),
                    "事件",
                    "event",
                    earlier,
                    self.marked,
                    Label("marks", "marks"),
                )

    def closing(self, id_: str, move: Move) -> Iterator[Problem]:
        if move.to == CLOSED and not move.outcome and not self.outcome_before(move):
            yield self.wrong(
                ("moves", id_),
                f"动作 {id_} 办结却没有结果",
                f"move {id_} closes the case without an outcome",
                Label("写 outcome: granted、refused、done 等", "write outcome: granted, refused, done, …"),
            )
        if move.to != CLOSED and move.outcome in ("withdrawn", "cancelled", "not_accepted", "not_needed"):
            yield self.wrong(
                ("moves", id_, "outcome"),
                f"动作 {id_} 的结果是 {move.outcome}，却没有办结",
                f"move {id_} has outcome {move.outcome}, yet does not close the case",
                Label("写 to: closed", "write to: closed"),
            )

    def outcome_before(self, closing: Move) -> bool:
        """True when some move that leads towards `closing` gives the outcome (granted, then delivered)."""
        return any(
            move.outcome and move.to != CLOSED for move in self.matter.moves.values() if move is not closing
        )

    def keys(self) -> Iterator[Problem]:
        for step in self.matter.steps:
            seen: dict[str, str] = {}
            for move in self.matter.moves_from(step):
                if move.key and move.key in seen:
                    yield self.wrong(
                        ("moves", move.id, "key"),
                        f"在环节 {step}，快捷键 {move.key} 已用于 {seen[move.key]}",
                        f"at step {step} the key {move.key} is taken by {seen[move.key]}",
                        Label("换一个字母", "use another letter"),
                    )
                seen.setdefault(move.key, move.id)

    # effects

    def effects_of(self, id_: str, move: Move) -> Iterator[Problem]:
        for index, effect in enumerate(move.effects):
            where: Where = ("moves", id_, "then", index)
            if sum(map(bool, (effect.put, effect.open, effect.tell))) != 1:
                yield self.wrong(
                    where,
                    f"动作 {id_} 的第 {index + 1} 个效果须写 put、open、tell 之一",
                    f"effect {index + 1} of move {id_} must have one of put, open, tell",
                    Label("一个效果只做一件事", "let one effect do one thing"),
                )
                continue
            yield from self.sources_of(effect, where)
            if effect.put:
                yield from self.put(effect, where)
            elif effect.open:
                yield from self.opens(effect, where)
            elif effect.tell not in (PARTY, "holder"):
                yield from self.unit_answers(effect.tell, (*where, "tell"))

    def sources_of(self, effect: Effect, where: Where) -> Iterator[Problem]:
        for name, source in effect.fields.items():
            if source.startswith(FORM):
                field = source.removeprefix(FORM)
                if field not in self.fields:
                    yield _no_such(
                        self.document,
                        (*where, "with", name),
                        "表单字段",
                        "form field",
                        field,
                        self.fields,
                        Label("form.json", "form.json"),
                    )
            elif not source.startswith(TEXT) and source not in PLAIN_SOURCES:
                known = {*PLAIN_SOURCES, *(FORM + field for field in self.fields)}
                yield _no_such(
                    self.document,
                    (*where, "with", name),
                    "来源",
                    "source",
                    source,
                    known,
                    Label("form.<字段>、text:<文字>", "form.<field>, text:<words>"),
                )
            elif source == "valid_until" and not effect.valid_years:
                yield self.wrong(
                    (*where, "with", name),
                    "用了 valid_until，却没有写 valid_years",
                    "valid_until is used without valid_years",
                    Label("写 valid_years: 年数", "write valid_years: <years>"),
                )

    def put(self, effect: Effect, where: Where) -> Iterator[Problem]:
        register = self.pack.register(effect.put)
        if register is None:
            known = {each["id"] for each in self.pack.registers}
            yield _no_such(
                self.document,
                (*where, "put"),
                "台账",
                "register",
                effect.put,
                known,
                Label("registers/", "registers/"),
            )
            return
        schema = register["schema"]
        yield from self.fills(effect, where, of=schema, name=effect.put, kind=Label("台账", "register"))

    def opens(self, effect: Effect, where: Where) -> Iterator[Problem]:
        if effect.open not in self.pack.matter_ids:
            yield _no_such(
                self.document,
                (*where, "open"),
                "事项",
                "matter",
                effect.open,
                self.pack.matter_ids,
                Label("matters/", "matters/"),
            )
            return
        try:
            opened = self.pack.matter(effect.open)
        except KeyError:
            return  # its own file says what is wrong with it
        given = {"place"} if "place" in (opened.form.get("properties") or {}) else set()
        yield from self.fills(
            effect, where, of=opened.form, name=effect.open, kind=Label("事项", "matter"), given=given
        )

    def fills(
        self,
        effect: Effect,
        where: Where,
        *,
        of: Mapping[str, Any],
        name: str,
        kind: Label,
        given: Iterable[str] = (),
    ) -> Iterator[Problem]:
        """Does `with` fill the fields of the record or form it makes, and only those?"""
        fields = of.get("properties") or {}
        for field in effect.fields:
            if field not in fields:
                yield _no_such(
                    self.document,
                    (*where, "with", field),
                    f"{kind.zh} {name} 字段",
                    f"field of {kind.en} {name}",
                    field,
                    set(fields),
                    kind,
                )
        # A required answer that the new form may hide is asked only where it shows.
        missing = [
            field
            for field in of.get("required") or ()
            if field not in effect.fields and field not in given and not fields.get(field, {}).get("x-show")
        ]
        for field in missing:
            yield self.wrong(
                (*where, "with") if effect.fields else where,
                f"{kind.zh} {name} 必填的 {field} 没有来源",
                f"{kind.en} {name} requires {field}, which has no source here",
                Label(f"在 with 中写 {field}: 来源", f"write {field}: <source> in `with`"),
            )

    # limits

    def limits(self) -> Iterator[Problem]:
        matter = self.matter
        for name, limit in matter.limits.items():
            where: Where = ("limits", name)
            if limit.start not in self.marked:
                yield _no_such(
                    self.document,
                    where,
                    f"时限 {name} 的起点事件",
                    f"event that starts limit {name}",
                    limit.start,
                    self.marked,
                    Label("动作的 marks", "a move's `marks`"),
                )
            if not any(event in self.marked for event in limit.until):
                events = "|".join(limit.until)
                yield self.wrong(
                    where,
                    f"时限 {name} 不会结束：没有动作标记 {events}",
                    f"limit {name} never ends: no move marks {events}",
                    Label(
                        f"给动作加 marks: {limit.until[0]}，或写 until:",
                        f"add marks: {limit.until[0]} to a move, or write until:",
                    ),
                )
        if PROMISED in matter.limits and STATUTORY in matter.limits:
            yield from self.over(matter.limits[PROMISED], matter.limits[STATUTORY])

    def over(self, promised: Limit, statutory: Limit) -> Iterator[Problem]:
        where: Where = ("limits", PROMISED)
        for extended in (False, True):
            if extended and not promised.extension:
                continue
            day = later_than(promised, statutory, calendar=self.pack.calendar, extended=extended)
            if day is None:
                continue
            zh = "延长后的承诺时限" if extended else "承诺时限"
            en = "the extended promise" if extended else "the promise"
            example = f"（例如 {day} 起算）" if day else ""
            example_en = f" (counted from {day}, for one)" if day else ""
            yield self.wrong(
                (*where, "extension" if extended else "value"),
                f"{zh}超过法定时限{example}",
                f"{en} is later than the statutory limit{example_en}",
                Label(
                    "承诺时限不得长于法定时限，请缩短",
                    "shorten it: a promise is never later than the statute",
                ),
            )

    # materials, letters, examples

    def materials(self) -> Iterator[Problem]:
        raw = self.matter.body.get("materials") or ()
        yield from _twice(self.document, "materials", "id", raw)
        for index, material in enumerate(self.matter.materials):
            if material.show and material.show.get("field") not in self.fields:
                yield _no_such(
                    self.document,
                    ("materials", index, "x-show"),
                    "表单字段",
                    "form field",
                    str(material.show.get("field")),
                    self.fields,
                    Label("form.json", "form.json"),
                )
        needed = any("materials_present" in move.needs for move in self.matter.moves.values())
        if needed and not self.matter.materials:
            yield self.wrong(
                ("moves",),
                "有动作要求 materials_present，事项却没有材料",
                "a move needs materials_present, yet the matter asks for no materials",
                Label("列出 materials，或去掉该条件", "list the materials, or take the need out"),
            )

    def letters(self) -> Iterator[Problem]:
        declared = set(self.matter.letters)
        used = [
            (("moves", id_, "letter"), move.letter) for id_, move in self.matter.moves.items() if move.letter
        ]
        used += [
            (("moves", id_, "then", index, "letter"), effect.letter)
            for id_, move in self.matter.moves.items()
            for index, effect in enumerate(move.effects)
            if effect.letter
        ]
        for where, letter in used:
            if letter not in declared:
                yield _no_such(
                    self.document, where, "文书", "letter", letter, declared, Label("letters", "letters")
                )
        folder = self.pack.folder / self.folder / "letters"
        files = {path.stem for path in folder.glob("*.html")}
        for letter in sorted(declared - files):
            yield self.wrong(
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
            yield from self.letter_text(letter)

    def letter_text(self, letter: str) -> Iterator[Problem]:
        file = self.pack.folder / self.folder / "letters" / f"{letter}.html"
        text = self.matter.body["letter_texts"][letter]

        def wrong(line: int, what: Label, remedy: Label) -> Problem:
            return Problem(file=file, line=line, what=what, remedy=remedy)

        if not text.strip():
            yield wrong(0, Label("文书是空的", "the letter is empty"), Label("写上正文", "write its text"))
            return
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
            words = getattr(node.filter_expression.var, "lookups", None)
            if not words:
                continue
            line = node.token.lineno or 0
            if words[0] == "form" and len(words) > 1 and words[1] not in self.fields:
                yield wrong(
                    line,
                    Label(f"没有表单字段 {words[1]}", f"there is no form field {words[1]}"),
                    instead(words[1], self.fields, of=Label("form.json", "form.json")),
                )
            elif words[0] not in LETTER_WORDS and words[0] not in _loop_names(text):
                yield wrong(
                    line,
                    Label(f"文书里没有 {words[0]} 可用", f"a letter knows no {words[0]}"),
                    instead(words[0], LETTER_WORDS, of=Label("文书", "letters")),
                )

    def examples(self) -> Iterator[Problem]:
        examples = self.pack.examples_of(self.folder.removeprefix("matters/"))
        name = f"{self.folder}/examples.yaml"
        if not examples:
            if any(
                problem.file.name == "examples.yaml" and problem.file.parent == self.document.file.parent
                for problem in self.pack.problems
            ):
                return  # it is there, and broken: said already
            yield Problem(
                file=self.pack.folder / name,
                line=0,
                what=Label("没有举例", "there is no example"),
                remedy=Label(
                    "写至少三个：顺利、逾期、不予或退回",
                    "write at least three: all well, late, refused or returned",
                ),
            )
            return
        document = examples[0].document
        for example_name, count in Counter(example.name for example in examples).items():
            if count > 1:
                yield document.problem(
                    ("examples",),
                    Label(
                        f"有 {count} 个举例都叫“{example_name}”",
                        f"{count} examples are called “{example_name}”",
                    ),
                    Label("各起一个名字", "give each its own name"),
                )
        if not any(_mentions(example.body, "light", "red") for example in examples):
            yield document.problem(
                (),
                Label(
                    "没有一个举例演示逾期（light: red）", "no example shows the case being late (light: red)"
                ),
                Label("加一个逾期的举例", "add one that is late"),
            )
        if not any(_mentions(example.body, "step", CLOSED) for example in examples):
            yield document.problem(
                (),
                Label("没有一个举例办到办结（step: closed）", "no example runs to the end (step: closed)"),
                Label("加一个办结的举例", "add one that is closed"),
            )


_TEMPLATES = Engine()


def _loop_names(text: str) -> set[str]:
    """Names that the template itself makes: {% for x in y %}, {% with x=y %}."""
    import re

    loops = re.findall(r"{%\s*for\s+([\w, ]+?)\s+in\s", text)
    withs = re.findall(r"{%\s*with\s+(\w+)=", text)
    return {name.strip() for group in loops for name in group.split(",")} | set(withs) | {"forloop"}


def _mentions(body: Mapping[str, Any], key: str, value: str) -> bool:
    thens = [line.get("then") or {} for line in body["moves"]] + [body.get("then") or {}]
    return any(then.get(key) == value for then in thens)


def later_than(
    promised: Limit, statutory: Limit, *, calendar: Calendar | None, extended: bool = False
) -> str | None:
    """None when a promise never ends after the statute; else a start day on which it does ("" when on any).

    Limits counted alike are compared by value. Others are counted out from every day the published
    calendar covers: five working days are shorter than seven days, but not over a long holiday.
    """
    more = promised.extension if extended else 0
    most = statutory.extension if extended else 0
    if promised.mode == statutory.mode:
        return "" if promised.value + more > statutory.value + most else None
    if calendar is None:
        return None
    first = min(calendar.years)
    at = datetime(first, 1, 1, 2, tzinfo=UTC)  # 10:00 in Shanghai
    while at.date() <= calendar.horizon:
        ours = due(promised, start=at, calendar=calendar, extended=more)
        theirs = due(statutory, start=at, calendar=calendar, extended=most)
        if ours is not None and theirs is not None and ours.at > theirs.at:
            return at.date().isoformat()
        at += timedelta(days=1)
    return None


# -- matters together --------------------------------------------------------------------------------


def _ends(pack: Pack) -> Iterator[Problem]:
    """Matters that open each other at once, in a ring, would open cases for ever."""
    opens: dict[str, dict[str, Where]] = {}
    for matter in pack.matters:
        for move in matter.moves.values():
            for index, effect in enumerate(move.effects):
                if effect.open and not effect.after_days:
                    opens.setdefault(matter.id, {}).setdefault(effect.open, ("moves", move.id, "then", index))
    for start in opens:
        path = _ring(start, opens)
        if path is None or start != min(path):
            continue
        document = next(
            document
            for document in pack.documents.values()
            if document.file.name == "matter.yaml" and document.value["id"] == start
        )
        shown = " → ".join([*path, start])
        yield document.problem(
            opens[start][path[1] if len(path) > 1 else start],
            Label(f"事项互相开启，没有尽头：{shown}", f"matters open each other without end: {shown}"),
            Label("去掉其中一个 open，或写 in: 工作日数", "take one `open` out, or write in: <working days>"),
        )


def _ring(start: str, opens: Mapping[str, Mapping[str, Where]]) -> list[str] | None:
    """A way from `start` back to itself."""
    stack: list[list[str]] = [[start]]
    seen: set[str] = set()
    while stack:
        path = stack.pop()
        for following in opens.get(path[-1], {}):
            if following == start:
                return path
            if following not in seen:
                seen.add(following)
                stack.append([*path, following])
    return None


def _no_such(
    document: Document, where: Where, zh: str, en: str, name: str, known: Iterable[str], of: Label
) -> Problem:
    return document.problem(
        where, Label(f"没有{zh} {name}", f"there is no {en} {name}"), instead(name, known, of=of)
    )


def _no_mechanism(document: Document, where: Where, name: str, known: Iterable[str]) -> Problem:
    return _no_such(
        document,
        where,
        "机制",
        "mechanism",
        name,
        known,
        Label("journal/mechanisms.yaml", "journal/mechanisms.yaml"),
    )
