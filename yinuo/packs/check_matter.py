"""Does one matter make sense: its units, steps, limits, materials and examples?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from yinuo.core.clock import Limit, due
from yinuo.core.matter import CHOSEN, CLOSED, PARTY, PROMISED, STATUTORY, Label
from yinuo.core.workdays import Calendar

from .check_moves import moves
from .check_texts import form_file, letters
from .findings import About, given_twice, no_mechanism, no_such, unit_answers
from .source import Problem, Where


def problems(about: About) -> Iterator[Problem]:
    """Everything wrong with one matter, its form, letters and examples."""
    for question in (names, form_file, units, steps, moves, limits, materials, letters, examples):
        yield from question(about)


def names(about: About) -> Iterator[Problem]:
    """Is the id the folder, and is every mechanism the journal's?"""
    folder = about.folder.removeprefix("matters/")
    if about.matter.id != folder:
        yield about.wrong(
            ("id",),
            f"id 是 {about.matter.id}，文件夹是 {folder}",
            f"id is {about.matter.id}, the folder is {folder}",
            Label(f"写 id: {folder}，或移动文件夹", f"write id: {folder}, or move the folder"),
        )
    known = {each["id"] for each in about.pack.mechanisms}
    for index, mechanism in enumerate(about.matter.mechanisms):
        if mechanism not in known:
            yield no_mechanism(about.document, ("mechanisms", index), mechanism, known)


def units(about: About) -> Iterator[Problem]:
    """Does somebody answer for every unit the matter names, everywhere?"""
    yield from unit_answers(about, about.matter.unit, ("unit",))
    if about.matter.supervisor:
        yield from unit_answers(about, about.matter.supervisor, ("supervisor",))
    for id_, step in about.matter.steps.items():
        if step.unit not in (PARTY, CHOSEN):
            yield from unit_answers(about, step.unit, ("steps", id_, "unit"))
        if step.among and step.unit != CHOSEN:
            yield about.wrong(
                ("steps", id_, "among"),
                f"环节 {id_} 有 among，单位却是 {step.unit}",
                f"step {id_} has `among`, yet its unit is {step.unit}",
                Label("写 unit: chosen，或去掉 among", "write unit: chosen, or take `among` out"),
            )
        for name in step.among:
            yield from unit_answers(about, name, ("steps", id_, "among"), everywhere=False)


def steps(about: About) -> Iterator[Problem]:
    """Can every step be reached, left, and closed from?"""
    matter = about.matter
    if matter.start not in matter.steps:
        yield no_such(
            about.document,
            ("opening", "step"),
            "环节",
            "step",
            matter.start,
            set(matter.steps),
            Label("steps", "steps"),
        )
        return
    reached, ending = reachable(about)
    for id_ in matter.steps:
        where: Where = ("steps", id_)
        if id_ not in reached:
            yield about.wrong(
                where,
                f"环节 {id_} 到不了",
                f"step {id_} can never be reached",
                Label(
                    f"加一个 to: {id_} 的动作，或删去环节",
                    f"add a move with to: {id_}, or take the step out",
                ),
            )
        elif not any(move.to != id_ for move in matter.moves_from(id_)):
            yield about.wrong(
                where,
                f"环节 {id_} 没有出路",
                f"step {id_} has no way out",
                Label(f"加一个 from: {id_} 的动作", f"add a move with from: {id_}"),
            )
        elif id_ not in ending:
            yield about.wrong(
                where,
                f"从环节 {id_} 出发永远不能办结",
                f"from step {id_} the case can never be closed",
                Label("加一个最终通往 closed 的动作", "add a move that leads to closed in the end"),
            )
    for id_, step in matter.steps.items():
        if step.unit == CHOSEN and id_ == matter.start:
            yield about.wrong(
                ("steps", id_, "unit"),
                f"第一个环节 {id_} 的单位不能是 chosen：开启时没有人挑选",
                f"the first step {id_} cannot have unit: chosen; nobody chooses at opening",
                Label("给它一个职能", "give it a function"),
            )


def reachable(about: About) -> tuple[set[str], set[str]]:
    """Steps that can be reached from the start, and steps from which the case can be closed."""
    moves = about.matter.moves.values()
    reached = {about.matter.start}
    ending = {CLOSED}
    for _ in range(len(about.matter.steps) + 1):
        reached |= {move.to for move in moves if reached.intersection(move.origins)}
        ending |= {origin for move in moves if move.to in ending for origin in move.origins}
    return reached, ending


def limits(about: About) -> Iterator[Problem]:
    """Does every limit start and end, and is the promise within the statute?"""
    matter = about.matter
    for name, limit in matter.limits.items():
        where: Where = ("limits", name)
        if limit.start not in about.marked:
            yield no_such(
                about.document,
                where,
                f"时限 {name} 的起点事件",
                f"event that starts limit {name}",
                limit.start,
                about.marked,
                Label("动作的 marks", "a move's `marks`"),
            )
        if not any(event in about.marked for event in limit.until):
            events = "|".join(limit.until)
            yield about.wrong(
                where,
                f"时限 {name} 不会结束：没有动作标记 {events}",
                f"limit {name} never ends: no move marks {events}",
                Label(
                    f"给动作加 marks: {limit.until[0]}，或写 until:",
                    f"add marks: {limit.until[0]} to a move, or write until:",
                ),
            )
    if PROMISED in matter.limits and STATUTORY in matter.limits:
        yield from over(about, matter.limits[PROMISED], matter.limits[STATUTORY])


def over(about: About, promised: Limit, statutory: Limit) -> Iterator[Problem]:
    """Is the promise, extended or not, ever later than the statute?"""
    where: Where = ("limits", PROMISED)
    for extended in (False, True):
        if extended and not promised.extension:
            continue
        day = later_than(promised, statutory, calendar=about.pack.calendar, extended=extended)
        if day is None:
            continue
        zh = "延长后的承诺时限" if extended else "承诺时限"
        en = "the extended promise" if extended else "the promise"
        example = f"（例如 {day} 起算）" if day else ""
        example_en = f" (counted from {day}, for one)" if day else ""
        yield about.wrong(
            (*where, "extension" if extended else "value"),
            f"{zh}超过法定时限{example}",
            f"{en} is later than the statutory limit{example_en}",
            Label(
                "承诺时限不得长于法定时限，请缩短",
                "shorten it: a promise is never later than the statute",
            ),
        )


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


def materials(about: About) -> Iterator[Problem]:
    """Are materials named once, and do their conditions name fields?"""
    raw = about.matter.body.get("materials") or ()
    yield from given_twice(about.document, "materials", "id", raw)
    for index, material in enumerate(about.matter.materials):
        if material.show and material.show.get("field") not in about.fields:
            yield no_such(
                about.document,
                ("materials", index, "x-show"),
                "表单字段",
                "form field",
                str(material.show.get("field")),
                about.fields,
                Label("form.json", "form.json"),
            )
    needed = any("materials_present" in move.needs for move in about.matter.moves.values())
    if needed and not about.matter.materials:
        yield about.wrong(
            ("moves",),
            "有动作要求 materials_present，事项却没有材料",
            "a move needs materials_present, yet the matter asks for no materials",
            Label("列出 materials，或去掉该条件", "list the materials, or take the need out"),
        )


def examples(about: About) -> Iterator[Problem]:
    """Do the examples show the case closed, and late?"""
    examples = about.pack.examples_of(about.folder.removeprefix("matters/"))
    name = f"{about.folder}/examples.yaml"
    if not examples:
        if any(
            problem.file.name == "examples.yaml" and problem.file.parent == about.document.file.parent
            for problem in about.pack.problems
        ):
            return  # it is there, and broken: said already
        yield Problem(
            file=about.pack.folder / name,
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
            Label("没有一个举例演示逾期（light: red）", "no example shows the case being late (light: red)"),
            Label("加一个逾期的举例", "add one that is late"),
        )
    if not any(_mentions(example.body, "step", CLOSED) for example in examples):
        yield document.problem(
            (),
            Label("没有一个举例办到办结（step: closed）", "no example runs to the end (step: closed)"),
            Label("加一个办结的举例", "add one that is closed"),
        )


def _mentions(body: Mapping[str, Any], key: str, value: str) -> bool:
    thens = [line.get("then") or {} for line in body["moves"]] + [body.get("then") or {}]
    return any(then.get(key) == value for then in thens)
