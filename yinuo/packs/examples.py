"""Plays a matter's examples with the pure engine: no database, no clock, no network.

Order, the same as `work` keeps it: an entry is appended; its effects are carried out (all children
opened, then each settled); then, while the system owes the case a move, that move is made the same
way; when a case closes, its parent is settled. On a tick every open case makes its timer's moves
first, then turns its lights; a later case whose day has come is opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError

from yinuo.core import clock, effects, engine
from yinuo.core.case import Case, Entry
from yinuo.core.clock import Due
from yinuo.core.engine import Decision, Refused
from yinuo.core.matter import PARTY, PROMISED, STATUTORY, STEP_LIMIT, Effect, Label, Matter
from yinuo.core.places import holders
from yinuo.core.rules import SYSTEM_ACTOR, Actor, Child, Facts
from yinuo.core.workdays import SHANGHAI, Calendar, OutOfRange, shanghai_day

from . import answers
from .load import Example, Pack
from .source import Problem, Where

MOST_AUTOMATIC = 50
"""More moves by the system in a row than any matter means; beyond lies a loop."""

PARTIES: Mapping[str, tuple[str, str]] = {
    "person": ("举例·王某", "140502199001010019"),
    "enterprise": ("举例·某某有限公司", "91140500MA00000220"),
}
"""Invented applicants: name, and a code with the right check character that nobody holds."""

PHONE = "13800000000"


@dataclass(frozen=True, slots=True)
class Result:
    """How an example went. differences: empty when everything came as it says."""

    matter: str
    name: str
    line: int
    differences: tuple[Problem, ...]
    broken: bool = False
    """True when the matter itself is so wrong that it could not be played on; the check says what is."""

    @property
    def passed(self) -> bool:
        return not self.differences


def run(example: Example, pack: Pack) -> Result:
    """Plays `example` and says where it came out differently, each with the line and what was got."""
    play = _Play(example, pack)
    broken = False
    try:
        play.all()
    except _Stop:
        pass
    except (KeyError, AttributeError, TypeError, ValueError, SchemaError) as error:
        # A matter that names steps, limits, rules or schemas that are not there cannot be played to the end.
        play.broken(error)
        broken = True
    return Result(
        matter=example.matter,
        name=example.name,
        line=example.line(),
        differences=tuple(play.differences),
        broken=broken,
    )


def run_all(pack: Pack) -> list[Result]:
    """Every example of every matter that could be read."""
    known = {matter.id for matter in pack.matters}
    return [run(example, pack) for example in pack.examples if example.matter in known]


class _Stop(Exception):
    """The rest of an example makes no sense after what happened."""


@dataclass(eq=False)
class _Played:
    """A case while it is played, with what the database would hold beside it."""

    matter: Matter
    case: Case
    form: dict[str, Any]
    number: str
    place: str
    parent: _Played | None = None
    since: int = 0
    entries: list[Entry] = field(default_factory=list)
    files: dict[str, tuple[str, ...]] = field(default_factory=dict)
    children: list[_Played] = field(default_factory=list)
    acted: list[tuple[str, str]] = field(default_factory=list)
    puts: list[str] = field(default_factory=list)
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    """register -> the body put there last."""
    later: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    letter: str = ""
    owed: int = 0
    """Automatic moves made since somebody last did something."""


@dataclass(frozen=True, slots=True)
class _Later:
    day: date
    matter: str
    form: Mapping[str, Any]
    place: str


class _Play:
    def __init__(self, example: Example, pack: Pack) -> None:
        self.example, self.pack, self.body = example, pack, example.body
        self.differences: list[Problem] = []
        self.cases: list[_Played] = []
        self.later: list[_Later] = []
        self.people: dict[str, int] = {}
        self.where: Where = ()
        self.moment = moment(self.body["opened"])
        kind = str(self.body.get("party", "person"))
        self.party_name, self.party_code = PARTIES[kind]

    @property
    def calendar(self) -> Calendar:
        if self.pack.calendar is None:
            self.differ(
                Label("日历读不出来，举例无法运行", "the calendar cannot be read, so the example cannot run"),
                Label("先改正 calendar/", "mend calendar/ first"),
            )
            raise _Stop
        return self.pack.calendar

    def broken(self, error: Exception) -> None:
        said = " ".join(str(error).split())[:120]
        self.differ(
            Label(
                f"运行不下去（{type(error).__name__}：{said}）",
                f"it cannot be played on ({type(error).__name__}: {said})",
            ),
            Label("先改正本事项的其他问题", "mend the matter's other problems first"),
        )

    # -- the story -------------------------------------------------------------------------

    def all(self) -> None:
        self.where = ("opened",)
        main = self.main()
        for index, line in enumerate(self.body["moves"]):
            self.where = ("moves", index)
            self.line(line, main)
        self.where = ("then",)
        if "then" in self.body:
            self.expect(self.body["then"], self.target(self.body["then"], main), ("then",))

    def main(self) -> _Played:
        matter = self.pack.matter(self.example.matter)
        form = dict(self.body["form"])
        place = self.body["place"]
        if place not in self.pack.parents:
            self.differ(
                Label(f"没有区划 {place}", f"there is no place {place}"),
                Label("用 places/divisions.yaml 中的代码", "use a code of places/divisions.yaml"),
                ("place",),
            )
        if "place" in (matter.form.get("properties") or {}):
            form.setdefault("place", place)
        self.form_is_right(matter, form, ("form",))
        for name in self.body.get("files") or ():
            self.material_is_known(matter, name, ("files",))
        actor = Actor(kind="person", id=self.person("party"), party=True)
        files: dict[str, tuple[str, ...]] = {name: (f"file:{name}",) for name in self.body.get("files") or ()}
        played = self.open(matter, form=form, place=place, by=actor, files=files)
        self.settle(played)
        return played

    def line(self, line: Mapping[str, Any], main: _Played) -> None:
        at = moment(line["at"])
        if at < self.moment:
            self.differ(
                Label(f"{line['at']} 早于上一行", f"{line['at']} is earlier than the line before"),
                Label("按时间先后写", "write the lines in order of time"),
                (*self.where, "at"),
            )
            raise _Stop
        self.moment = at
        for case in self.cases:
            case.owed = 0
        try:
            if line.get("tick"):
                self.tick()
            target = self.target(line, main)
            if "move" in line:
                self.move(line, target)
        except OutOfRange as error:
            self.differ(
                Label(f"超出日历范围：{error}", f"beyond the calendar: {error}"),
                Label("补上那一年的日历，或改时间", "add that year's calendar, or change the time"),
            )
            raise _Stop from error
        if "then" in line:
            self.expect(line["then"], target, (*self.where, "then"))

    def target(self, line: Mapping[str, Any], main: _Played) -> _Played:
        wanted = line.get("on")
        if not wanted:
            return main
        found = [case for case in self.cases if case.matter.id == wanted and case is not main]
        nth = line.get("nth", 1)
        if len(found) < nth:
            opened = "、".join(case.matter.id for case in self.cases if case is not main) or "无"
            self.differ(
                Label(f"没有第 {nth} 个 {wanted} 办件", f"there is no case {nth} of {wanted}"),
                Label(f"此时已开的：{opened}", f"open by now: {opened.replace('无', 'none')}"),
                (*self.where, "on"),
            )
            raise _Stop
        chosen: _Played = found[nth - 1]
        return chosen

    def move(self, line: Mapping[str, Any], target: _Played) -> None:
        form, files = self.brought(line, target)
        data = dict(line.get("data") or {})
        for name in ("opinion", "reason", "days", "unit"):
            if name in line:
                data[name] = line[name]
        data["evidence"] = [f"evidence:{n}" for n in range(line.get("evidence", 0))] + list(
            line.get("files") or ()
        )
        expected = line.get("refused", "")
        actor = self.actor(line)
        move = target.matter.moves.get(line["move"])
        if move is not None and move.form and not expected:
            self.data_is_right(move.form, data)
        try:
            decision = engine.decide(
                target.case,
                matter=target.matter,
                move=line["move"],
                by=actor,
                at=self.moment,
                calendar=self.calendar,
                facts=replace(self.facts(target, data), form=form, files=files),
            )
        except Refused as refusal:
            self.refused(refusal, expected)
            return
        target.form, target.files = form, files
        if expected:
            self.differ(
                Label(
                    f"应被拒绝（{expected}），却办成了", f"expected a refusal ({expected}), but it was done"
                ),
                Label("改正事项，或去掉 refused", "mend the matter, or take `refused` out"),
                (*self.where, "refused"),
            )
        self.append(target, decision, data)

    def refused(self, refusal: Refused, expected: str) -> None:
        if refusal.code == expected:
            return
        if expected:
            self.differ(
                Label(
                    f"应因 {expected} 被拒绝，却因 {refusal.code} 被拒绝：{refusal.say.zh}",
                    f"expected refusal {expected}, got {refusal.code}: {refusal.say.en}",
                ),
                Label(
                    f"若正确，写 refused: {refusal.code}", f"if that is right, write refused: {refusal.code}"
                ),
                (*self.where, "refused"),
            )
            return
        self.differ(
            Label(
                f"被拒绝（{refusal.code}）：{refusal.say.zh}", f"refused ({refusal.code}): {refusal.say.en}"
            ),
            Label(
                f'改正这一步；若本该拒绝，写 refused: "{refusal.code}"',
                f'mend this line; if a refusal is meant, write refused: "{refusal.code}"',
            ),
        )
        raise _Stop

    def brought(
        self, line: Mapping[str, Any], target: _Played
    ) -> tuple[dict[str, Any], dict[str, tuple[str, ...]]]:
        """Answers and files with this move: a resubmission brings more files and changed answers."""
        files, form = dict(target.files), dict(target.form)
        for name in line.get("files") or ():
            self.material_is_known(target.matter, name, (*self.where, "files"))
            files[name] = (*files.get(name, ()), f"file:{name}")
        if "form" in line:
            form.update(line["form"])
            self.form_is_right(target.matter, form, (*self.where, "form"))
        return form, files

    # -- appending, effects, settling ---------------------------------------------------------

    def open(
        self,
        matter: Matter,
        *,
        form: dict[str, Any],
        place: str,
        by: Actor,
        files: dict[str, tuple[str, ...]] | None = None,
        parent: _Played | None = None,
    ) -> _Played:
        played = _Played(
            matter=matter,
            case=Case(matter=matter.id, version=matter.version),
            form=form,
            number=f"JC{len(self.cases) + 1:06d}",
            place=place,
            parent=parent,
            since=parent.case.seq if parent else 0,
            files=dict(parent.files) if parent else files or {},
        )
        try:
            decision = engine.open_case(
                matter, by=by, at=self.moment, calendar=self.calendar, facts=self.facts(played, {})
            )
        except Refused as refusal:
            self.refused(refusal, "")
            raise _Stop from refusal
        played.case = decision.case
        played.entries.append(decision.entry)
        self.cases.append(played)
        if parent is not None:
            parent.children.append(played)
        return played

    def append(self, target: _Played, decision: Decision, data: Mapping[str, Any]) -> None:
        """Takes a decision in, carries out its effects, and settles what follows from it."""
        self.take(target, decision)
        opened = [child for effect in decision.effects for child in self.effect(target, effect, data)]
        for child in opened:
            self.settle(child)
        if target.case.closed:
            self.cancel_children(target)
        self.settle(target)

    def cancel_children(self, target: _Played) -> None:
        """A case that closes without waiting for its children takes them with it, as on the platform."""
        for child in target.children:
            if not child.case.closed:
                self.take(child, engine.cancel(child.case, by=SYSTEM_ACTOR, at=self.moment))
                self.cancel_children(child)

    def take(self, target: _Played, decision: Decision) -> None:
        target.case = decision.case
        target.entries.append(decision.entry)
        if decision.entry.move:
            target.acted.append((decision.entry.move, decision.entry.by))
        if decision.letter:
            target.letter = decision.letter

    def effect(self, target: _Played, effect: Effect, data: Mapping[str, Any]) -> Iterator[_Played]:
        given = effects.Given(
            form=target.form,
            number=target.number,
            title=target.matter.title.zh,
            place=target.place,
            today=self.today,
            party_name=self.party_name,
            party_id_number=self.party_code,
            party_phone=PHONE,
            unit=self.unit_of(target),
            data=data,
            children={name: body for child in target.children for name, body in child.records.items()},
        )
        fields = effects.written(effect, given)
        if effect.tell:
            target.told.append(effect.letter or effect.tell)
        if effect.put:
            target.puts.append(effect.put)
            target.records[effect.put] = fields
            self.record_is_right(effect.put, fields)
        if effect.open:
            place = str(fields.get("place", target.place))
            if effect.after_days:
                target.later.append(effect.open)
                day = self.calendar.add(self.today, effect.after_days)
                self.later.append(_Later(day=day, matter=effect.open, form=fields, place=place))
            else:
                yield self.opened(effect.open, fields, place, parent=target if effect.child else None)

    def unit_of(self, target: _Played) -> str:
        """The name of the unit that answers for the matter at the case's place."""
        found = self.facts(target, {}).units.get(target.matter.unit, "").removeprefix("unit:")
        return next((unit["name"]["zh"] for unit in self.pack.units if unit["id"] == found), "")

    def opened(
        self, matter_id: str, fields: Mapping[str, Any], place: str, *, parent: _Played | None
    ) -> _Played:
        try:
            matter = self.pack.matter(matter_id)
        except KeyError as error:
            self.differ(
                Label(f"没有可以开启的事项 {matter_id}", f"there is no matter {matter_id} to open"),
                Label("先写好那个事项", "write that matter first"),
            )
            raise _Stop from error
        form = dict(fields)
        if "place" in (matter.form.get("properties") or {}):
            form.setdefault("place", place)
        self.form_is_right(matter, form, self.where)
        return self.open(matter, form=form, place=place, by=SYSTEM_ACTOR, parent=parent)

    def settle(self, target: _Played) -> None:
        """Makes every move the system owes `target`; when that closes it, settles its parent."""
        while True:
            owed = engine.automatic_move(
                target.case, matter=target.matter, at=self.moment, facts=self.facts(target, {})
            )
            if owed is None:
                break
            target.owed += 1
            if target.owed > MOST_AUTOMATIC:
                self.differ(
                    Label(
                        f"系统动作“{owed[0]}”不停重复", f"the system's move “{owed[0]}” repeats without end"
                    ),
                    Label(
                        "加 once: true，或让它换到别的环节", "add once: true, or let it lead to another step"
                    ),
                )
                raise _Stop
            self.automatic(target, *owed)
        if target.case.closed and target.parent is not None and not target.parent.case.closed:
            self.settle(target.parent)

    def automatic(self, target: _Played, move: str, actor: Actor) -> None:
        try:
            decision = engine.decide(
                target.case,
                matter=target.matter,
                move=move,
                by=actor,
                at=self.moment,
                calendar=self.calendar,
                facts=self.facts(target, {}),
            )
        except Refused as refusal:
            self.differ(
                Label(
                    f"系统动作“{move}”办不成（{refusal.code}）：{refusal.say.zh}",
                    f"the system's move “{move}” was refused ({refusal.code}): {refusal.say.en}",
                ),
                Label(
                    "系统与定时动作不要理由、不要延期、不选单位",
                    "automatic moves take no reason, days or unit",
                ),
            )
            raise _Stop from refusal
        self.take(target, decision)
        opened = [child for effect in decision.effects for child in self.effect(target, effect, {})]
        for child in opened:
            self.settle(child)

    def tick(self) -> None:
        """The timer comes by: timed moves first, then lights; then later cases whose day has come."""
        for target in list(self.cases):
            self.settle(target)
            alerted = engine.alert(target.case, matter=target.matter, at=self.moment, calendar=self.calendar)
            if alerted is not None:
                self.take(target, alerted)
        ready = [each for each in self.later if each.day <= self.today]
        self.later = [each for each in self.later if each.day > self.today]
        for each in ready:
            self.settle(self.opened(each.matter, each.form, each.place, parent=None))

    # -- facts and people ---------------------------------------------------------------------

    def facts(self, target: _Played, data: Mapping[str, Any]) -> Facts:
        pack = self.pack
        units = holders(target.matter.units_named, target.place, units=pack.answering, parents=pack.parents)
        return Facts(
            matter=target.matter,
            form=target.form,
            data=data,
            files=target.files,
            children=tuple(
                Child(
                    matter=child.matter.id,
                    number=child.number,
                    closed=child.case.closed,
                    outcome=child.case.outcome,
                    since=child.since,
                )
                for child in target.children
            ),
            acted=tuple(target.acted),
            units=units,
            all_units=frozenset(f"unit:{unit['id']}" for unit in pack.units),
            party="party:1",
        )

    def actor(self, line: Mapping[str, Any]) -> Actor:
        roles = [role.strip() for role in str(line.get("by", PARTY)).replace("/", ",").split(",")]
        if PARTY in roles:
            return Actor(kind="person", id=self.person(line.get("as", PARTY)), party=True)
        known = {role["id"] for role in self.pack.roles}
        for role in roles:
            if role not in known:
                self.differ(
                    Label(f"没有岗位 {role}", f"there is no role {role}"),
                    Label(
                        f"可用：party、{'、'.join(sorted(known))}",
                        f"there are: party, {', '.join(sorted(known))}",
                    ),
                    (*self.where, "by"),
                )
                raise _Stop
        return Actor(kind="person", id=self.person(line.get("as") or "/".join(roles)), roles=frozenset(roles))

    def person(self, name: str) -> int:
        """One id per name: the role itself where `as` names nobody."""
        return self.people.setdefault(name, len(self.people) + 1)

    @property
    def today(self) -> date:
        return shanghai_day(self.moment)

    # -- what was expected --------------------------------------------------------------------

    def expect(self, then: Mapping[str, Any], target: _Played, where: Where) -> None:
        case = target.case
        at = moment(then["at"]) if "at" in then else self.moment
        got: dict[str, Any] = {
            "step": case.step,
            "outcome": case.outcome,
            "kept": case.kept,
            "light": case.light_at(at),
            "letter": target.letter,
            "provisional": case.provisional,
            "paused": case.paused,
            "children": len(target.children),
        }
        for name, wanted in then.items():
            if name in ("at", "on", "nth"):
                continue
            if name in ("puts", "later", "told"):
                self.same(name, sorted(wanted), sorted(getattr(target, name)), where)
            elif name == "holder":
                self.same(name, self.holder(wanted, target), case.holder, where)
            elif name in got:
                self.same(name, wanted, got[name], where)
            else:
                self.date_is(name, wanted, target, where)

    def same(self, name: str, wanted: Any, got: Any, where: Where, explanation: Label | None = None) -> None:
        if wanted == got:
            return
        told = explanation or Label("", "")
        self.differ(
            Label(
                f"{name} 应为 {_text(wanted)}，实为 {_text(got)}" + (f"；{told.zh}" if told.zh else ""),
                f"expected {name} {_text(wanted)}, got {_text(got)}"
                + (f"; explanation: {told.en}" if told.en else ""),
            ),
            Label("改正事项，或改正举例中的期望", "mend the matter, or what the example expects"),
            (*where, name),
        )

    def date_is(self, name: str, wanted: str | None, target: _Played, where: Where) -> None:
        limit, due = self.due_of(name, target.case)
        got: str | None = None
        if due is not None:
            got = due.day.isoformat()
            if wanted is not None and " " in wanted:
                got = due.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
                wanted = wanted[:16]
        self.same(name, wanted, got, where, self.explanation(limit, target))

    def due_of(self, name: str, case: Case) -> tuple[str, Due | None]:
        """The limit behind a name in `then`, and when it falls due."""
        if name in (PROMISED, STATUTORY):
            return name, case.dates.get(name)
        if name.startswith("due_"):
            return name.removeprefix("due_"), case.dates.get(name.removeprefix("due_"))
        if PROMISED in case.dates or case.due is None:
            return PROMISED, case.dates.get(PROMISED)
        soonest = min((due.at, limit) for limit, due in case.dates.items() if limit != STATUTORY)[1]
        return soonest, case.dates[soonest]

    def explanation(self, name: str, target: _Played) -> Label | None:
        case = target.case
        limit = None if case.closed else target.matter.limit_named(name, step=case.step)
        if limit is None:
            return None
        start = case.clock.entered if name == STEP_LIMIT else case.clock.marks.get(limit.start)
        if start is None:
            return Label(f"{limit.start} 尚未发生", f"{limit.start} has not happened")
        extensions = [each for each in case.clock.extensions if each.limit == name]
        zh, en = (
            clock.explain(
                limit,
                start=start,
                calendar=self.calendar,
                pauses=case.clock.pauses,
                extensions=extensions,
                lang=lang,
            )
            for lang in ("zh", "en")
        )
        return Label(zh, en)

    def holder(self, wanted: str, target: _Played) -> str:
        if wanted == PARTY:
            return "party:1"
        if not wanted or ":" in wanted:
            return wanted
        found = holders([wanted], target.place, units=self.pack.answering, parents=self.pack.parents)
        return found.get(wanted, f"unit:{wanted}")

    # -- what must be right on the way ----------------------------------------------------------

    def form_is_right(self, matter: Matter, form: Mapping[str, Any], where: Where) -> None:
        for name, said in answers.problems(matter.form, form, on=self.today, places=self.pack.parents):
            self.differ(
                Label(f"{matter.id} 表单“{name}”：{said.zh}", f"{matter.id}, form field “{name}”: {said.en}"),
                Label("按 form.json 填写", "answer as form.json asks"),
                (*where, name),
            )

    def data_is_right(self, form: Mapping[str, Any], data: Mapping[str, Any]) -> None:
        for name, said in answers.problems(form, data, on=self.today, places=self.pack.parents):
            self.differ(
                Label(f"随动作填写的“{name}”：{said.zh}", f"the move's field “{name}”: {said.en}"),
                Label("按动作的 form 填写 data", "give `data` as the move's form asks"),
                (*self.where, "data", name),
            )

    def record_is_right(self, register_id: str, record: Mapping[str, Any]) -> None:
        register = self.pack.register(register_id)
        if register is None:
            return  # check.py names the missing register at the matter's own line
        for error in Draft202012Validator(register["schema"], format_checker=FormatChecker()).iter_errors(
            dict(record)
        ):
            name = ".".join(str(part) for part in error.absolute_path)
            self.differ(
                Label(
                    f"写入台账 {register_id} 的记录不合格：{name} {error.message}",
                    f"the record put into {register_id} is not right: {name} {error.message}",
                ),
                Label(
                    "改正该动作 then 里的 with，或举例的表单", "mend `with` in the move's effect, or the form"
                ),
            )

    def material_is_known(self, matter: Matter, name: str, where: Where) -> None:
        known = [material.id for material in matter.materials]
        if name not in known:
            self.differ(
                Label(f"没有材料 {name}", f"there is no material {name}"),
                Label(f"可用：{'、'.join(known) or '无'}", f"there are: {', '.join(known) or 'none'}"),
                where,
            )

    def differ(self, what: Label, remedy: Label, where: Where | None = None) -> None:
        line = self.example.line(*(self.where if where is None else where))
        said = Label(f"举例“{self.example.name}”：{what.zh}", f"example “{self.example.name}”: {what.en}")
        self.differences.append(Problem(file=self.example.document.file, line=line, what=said, remedy=remedy))


def moment(text: str) -> datetime:
    """ "2026-05-09 10:00" in Shanghai, as a UTC instant; a day alone means its midnight."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def _text(value: Any) -> str:
    if value is None or value == "":
        return "（无）"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "、".join(value) if isinstance(value, list) else str(value)


__all__ = ["Result", "moment", "run", "run_all"]
