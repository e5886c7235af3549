"""May the moves of one matter be made, and do their effects fit what they write to?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from yinuo.core import rules
from yinuo.core.effects import CHILD, DATA, FORM, PLAIN_SOURCES, TEXT
from yinuo.core.matter import CHOSEN, CLOSED, PARTY, STEP_LIMIT, SYSTEM, TIMER, Effect, Label, Move

from . import shape
from .findings import About, no_such, unit_answers
from .source import Problem, Where


def moves(about: About) -> Iterator[Problem]:
    """Every question asked of the matter's moves."""
    for id_, move in about.matter.moves.items():
        yield from ends_of(about, id_, move)
        yield from makers_of(about, id_, move)
        yield from needs_of(about, id_, move)
        yield from limits_of(about, id_, move)
        yield from effects_of(about, id_, move)
        yield from closing(about, id_, move)
    yield from keys(about)


def ends_of(about: About, id_: str, move: Move) -> Iterator[Problem]:
    """Do `from` and `to` name steps?"""
    steps = set(about.matter.steps)
    for origin in move.origins:
        if origin not in steps:
            yield no_such(
                about.document,
                ("moves", id_, "from"),
                "环节",
                "step",
                origin,
                steps,
                Label("steps", "steps"),
            )
    if move.to not in steps | {CLOSED}:
        yield no_such(
            about.document,
            ("moves", id_, "to"),
            "环节",
            "step",
            move.to,
            steps | {CLOSED},
            Label("steps", "steps"),
        )


def makers_of(about: About, id_: str, move: Move) -> Iterator[Problem]:
    """Can anybody make it?"""
    roles = {each["id"] for each in about.pack.roles} - {"citizen", "enterprise"}
    where: Where = ("moves", id_, "by")
    for name in move.by:
        if name in ("citizen", "enterprise"):
            yield about.wrong(
                where,
                f"动作 {id_} 由 {name} 作出，没有人能作",
                f"move {id_} is by {name}; nobody can make it",
                Label("申请人作的动作写 by: party", "write by: party for the applicant"),
            )
        elif name not in roles | {PARTY, TIMER, SYSTEM}:
            yield no_such(
                about.document,
                where,
                "岗位",
                "role",
                name,
                roles | {PARTY, TIMER, SYSTEM},
                Label("roles.yaml", "roles.yaml"),
            )
    if move.automatic and len(move.by) > 1:
        yield about.wrong(
            where,
            f"动作 {id_} 既由系统又由人作出",
            f"move {id_} is made both by the system and by people",
            Label("分成两个动作", "make two moves of it"),
        )
    if move.automatic or PARTY in move.by:
        return
    held = [origin for origin in move.origins if origin in about.matter.steps]
    if held and all(about.matter.steps[origin].unit == PARTY for origin in held):
        yield about.wrong(
            where,
            f"动作 {id_} 没有人能作：环节由申请人持有，岗位不在其单位",
            f"nobody can make move {id_}: the applicant holds the step, and no unit does",
            Label("写 by: party 或 by: timer，或改 from", "write by: party or by: timer, or change `from`"),
        )


def needs_of(about: About, id_: str, move: Move) -> Iterator[Problem]:
    """Do its conditions exist, and do automatic moves ask for nothing that only a person can give?"""
    for name in move.needs:
        try:
            rules.find(name)
        except KeyError:
            yield no_such(
                about.document,
                ("moves", id_, "needs"),
                "条件",
                "rule",
                name,
                set(rules.COMMON),
                Label("yinuo/core/rules.py", "yinuo/core/rules.py"),
            )
    if TIMER in move.by and move.needs:
        yield about.wrong(
            ("moves", id_, "needs"),
            f"定时动作 {id_} 不能有 needs：到期必须发生",
            f"the timer's move {id_} cannot have needs: it must happen when the time is up",
            Label("去掉 needs，或写 by: system", "take `needs` out, or write by: system"),
        )
    if TIMER in move.by and not move.after:
        yield about.wrong(
            ("moves", id_),
            f"定时动作 {id_} 没有写 after",
            f"the timer's move {id_} does not say after which limit",
            Label("写 after: step 或某个时限的名字", "write after: step, or the name of a limit"),
        )
    if TIMER not in move.by and move.after:
        yield about.wrong(
            ("moves", id_, "after"),
            f"动作 {id_} 有 after，却不由 timer 作出",
            f"move {id_} has `after`, yet is not by timer",
            Label("写 by: timer，或去掉 after", "write by: timer, or take `after` out"),
        )
    if SYSTEM in move.by and not move.needs:
        yield about.wrong(
            ("moves", id_, "by"),
            f"系统动作 {id_} 没有 needs，一进环节就会发生",
            f"the system's move {id_} has no needs and would happen at once",
            Label("写明 needs", "say what it needs"),
        )
    if SYSTEM in move.by and move.to in move.origins and not move.once:
        yield about.wrong(
            ("moves", id_, "to"),
            f"系统动作 {id_} 回到原环节，会不停重复",
            f"the system's move {id_} stays at its step and would repeat without end",
            Label("换到别的环节，或写 once: true", "lead to another step, or write once: true"),
        )
    if move.automatic:
        for name, given in (("reason", move.reason), ("extends", move.extends), ("form", move.form)):
            if given:
                yield about.wrong(
                    ("moves", id_, name),
                    f"自动动作 {id_} 没有人填 {name}",
                    f"nobody can give {name} with the automatic move {id_}",
                    Label(f"去掉 {name}", f"take {name} out"),
                )
        if move.to in about.matter.steps and about.matter.steps[move.to].unit == CHOSEN:
            yield about.wrong(
                ("moves", id_, "to"),
                f"自动动作 {id_} 通往须挑选单位的环节 {move.to}",
                f"the automatic move {id_} leads to step {move.to}, whose unit somebody must choose",
                Label(
                    "给该环节一个职能，或由人作此动作",
                    "give that step a function, or let a person move it there",
                ),
            )
    if move.form:
        wrong = shape.schema_problem(about.document, move.form, under=("moves", id_, "form"))
        if wrong is not None:
            yield wrong


def limits_of(about: About, id_: str, move: Move) -> Iterator[Problem]:
    """Do `after`, `extends` and `marks` name limits and events?"""
    limits = set(about.matter.limits)
    if move.after and move.after != STEP_LIMIT and move.after not in limits:
        yield no_such(
            about.document,
            ("moves", id_, "after"),
            "时限",
            "limit",
            move.after,
            limits | {STEP_LIMIT},
            Label("limits", "limits"),
        )
    if move.after == STEP_LIMIT:
        for origin in move.origins:
            if origin in about.matter.steps and about.matter.steps[origin].limit is None:
                yield about.wrong(
                    ("moves", id_, "after"),
                    f"动作 {id_} 等环节 {origin} 的时限，该环节没有时限",
                    f"move {id_} waits for the limit of step {origin}, which has none",
                    Label(f"给环节 {origin} 加 limit", f"add a limit to step {origin}"),
                )
    for name in move.extends:
        if name not in limits:
            yield no_such(
                about.document,
                ("moves", id_, "extends"),
                "时限",
                "limit",
                name,
                limits,
                Label("limits", "limits"),
            )
        elif about.matter.limits[name].extension == 0:
            yield about.wrong(
                ("moves", id_, "extends"),
                f"动作 {id_} 延长 {name}，该时限不许延长",
                f"move {id_} extends {name}, which allows no extension",
                Label(f"在 limits.{name} 写 extension: 天数", f"write extension: <days> in limits.{name}"),
            )
    for event, earlier in move.backdates.items():
        if earlier not in about.marked:
            yield no_such(
                about.document,
                ("moves", id_, "marks", event),
                "事件",
                "event",
                earlier,
                about.marked,
                Label("marks", "marks"),
            )


def closing(about: About, id_: str, move: Move) -> Iterator[Problem]:
    """Does the outcome go with closing, and closing with an outcome?"""
    if move.to == CLOSED and not move.outcome and not outcome_before(about, move):
        yield about.wrong(
            ("moves", id_),
            f"动作 {id_} 办结却没有结果",
            f"move {id_} closes the case without an outcome",
            Label("写 outcome: granted、refused、done 等", "write outcome: granted, refused, done, …"),
        )
    if move.to != CLOSED and move.outcome in ("withdrawn", "cancelled", "not_accepted", "not_needed"):
        yield about.wrong(
            ("moves", id_, "outcome"),
            f"动作 {id_} 的结果是 {move.outcome}，却没有办结",
            f"move {id_} has outcome {move.outcome}, yet does not close the case",
            Label("写 to: closed", "write to: closed"),
        )


def outcome_before(about: About, closing: Move) -> bool:
    """True when some move that leads towards `closing` gives the outcome (granted, then delivered)."""
    return any(
        move.outcome and move.to != CLOSED for move in about.matter.moves.values() if move is not closing
    )


def keys(about: About) -> Iterator[Problem]:
    """Is each key free at its step?"""
    for step in about.matter.steps:
        seen: dict[str, str] = {}
        for move in about.matter.moves_from(step):
            if move.key and move.key in seen:
                yield about.wrong(
                    ("moves", move.id, "key"),
                    f"在环节 {step}，快捷键 {move.key} 已用于 {seen[move.key]}",
                    f"at step {step} the key {move.key} is taken by {seen[move.key]}",
                    Label("换一个字母", "use another letter"),
                )
            seen.setdefault(move.key, move.id)


def effects_of(about: About, id_: str, move: Move) -> Iterator[Problem]:
    """Does each effect do one thing, to something that is there?"""
    for index, effect in enumerate(move.effects):
        where: Where = ("moves", id_, "then", index)
        if sum(map(bool, (effect.put, effect.open, effect.tell))) != 1:
            yield about.wrong(
                where,
                f"动作 {id_} 的第 {index + 1} 个效果须写 put、open、tell 之一",
                f"effect {index + 1} of move {id_} must have one of put, open, tell",
                Label("一个效果只做一件事", "let one effect do one thing"),
            )
            continue
        yield from sources_of(about, effect, where, given=frozenset(move.form.get("properties") or ()))
        if effect.put:
            yield from put(about, effect, where)
        elif effect.open:
            if not effect.child and not effect.after_days:
                yield about.wrong(
                    (*where, "child"),
                    "不是子件，却没有写 in（几个工作日以后开启）",
                    "it is no child, and `in` does not say how many working days later it opens",
                    Label("写 in: 天数，或者去掉 child: false", "write in: <days>, or drop child: false"),
                )
            yield from opens(about, effect, where)
        elif effect.tell not in (PARTY, "holder"):
            yield from unit_answers(about, effect.tell, (*where, "tell"))


def written_by_children(about: About) -> frozenset[str]:
    """ "<register>.<field>" of every record that a child of this matter puts."""
    children = {each.open for move in about.matter.moves.values() for each in move.effects if each.child}
    return frozenset(
        f"{effect.put}.{field}"
        for matter in about.pack.matters
        if matter.id in children
        for move in matter.moves.values()
        for effect in move.effects
        if effect.put
        for field in effect.fields
    )


def sources_of(about: About, effect: Effect, where: Where, *, given: frozenset[str]) -> Iterator[Problem]:
    """Does every source in `with` exist?"""
    for name, source in effect.fields.items():
        if source.startswith(FORM):
            field = source.removeprefix(FORM)
            if field not in about.fields:
                yield no_such(
                    about.document,
                    (*where, "with", name),
                    "表单字段",
                    "form field",
                    field,
                    about.fields,
                    Label("form.json", "form.json"),
                )
        elif source.startswith(DATA):
            field = source.removeprefix(DATA)
            if field not in given:
                yield no_such(
                    about.document,
                    (*where, "with", name),
                    "随动作填写的字段",
                    "field of the move's form",
                    field,
                    given,
                    Label("该动作的 form", "the move's form"),
                )
        elif source.startswith(CHILD):
            written = written_by_children(about)
            if source.removeprefix(CHILD) not in written:
                yield no_such(
                    about.document,
                    (*where, "with", name),
                    "子件写入的字段",
                    "field that a child writes",
                    source.removeprefix(CHILD),
                    written,
                    Label("子件 put 的 with", "the `with` of a child's put"),
                )
        elif not source.startswith(TEXT) and source not in PLAIN_SOURCES:
            known = {*PLAIN_SOURCES, *(FORM + field for field in about.fields)}
            yield no_such(
                about.document,
                (*where, "with", name),
                "来源",
                "source",
                source,
                known,
                Label("form.<字段>、text:<文字>", "form.<field>, text:<words>"),
            )
        elif source == "valid_until" and not effect.valid_years:
            yield about.wrong(
                (*where, "with", name),
                "用了 valid_until，却没有写 valid_years",
                "valid_until is used without valid_years",
                Label("写 valid_years: 年数", "write valid_years: <years>"),
            )


def put(about: About, effect: Effect, where: Where) -> Iterator[Problem]:
    """Does the register exist, and does the record fit it?"""
    register = about.pack.register(effect.put)
    if register is None:
        known = {each["id"] for each in about.pack.registers}
        yield no_such(
            about.document,
            (*where, "put"),
            "台账",
            "register",
            effect.put,
            known,
            Label("registers/", "registers/"),
        )
        return
    schema = register["schema"]
    yield from fills(about, effect, where, of=schema, name=effect.put, kind=Label("台账", "register"))


def opens(about: About, effect: Effect, where: Where) -> Iterator[Problem]:
    """Does the matter exist, and do its answers fit its form?"""
    if effect.open not in about.pack.matter_ids:
        yield no_such(
            about.document,
            (*where, "open"),
            "事项",
            "matter",
            effect.open,
            about.pack.matter_ids,
            Label("matters/", "matters/"),
        )
        return
    try:
        opened = about.pack.matter(effect.open)
    except KeyError:
        return  # its own file says what is wrong with it
    given = {"place"} if "place" in (opened.form.get("properties") or {}) else set()
    yield from fills(
        about, effect, where, of=opened.form, name=effect.open, kind=Label("事项", "matter"), given=given
    )


def fills(
    about: About,
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
            yield no_such(
                about.document,
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
        yield about.wrong(
            (*where, "with") if effect.fields else where,
            f"{kind.zh} {name} 必填的 {field} 没有来源",
            f"{kind.en} {name} requires {field}, which has no source here",
            Label(f"在 with 中写 {field}: 来源", f"write {field}: <source> in `with`"),
        )
