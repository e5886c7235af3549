"""What a city promises: a matter with its steps, moves, limits and effects.

A matter is data. `build()` turns the plain mapping a pack holds (already checked against the
pack's schema, so this module trusts its shape) into frozen values the engine can work on.

Source of the words: DESIGN's table (事项, 环节, 动作, 时限, 效果).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from .clock import Limit, Mode

CLOSED = "closed"
"""The step every case ends in. No matter declares it."""

PARTY = "party"
"""As a step's unit: the applicant holds the case. As a move's `by`: the applicant may make it."""

CHOSEN = "chosen"
"""As a step's unit: whoever moves the case there names the unit."""

TIMER = "timer"
"""As a move's `by`: made by the system when the limit named in `after` runs out."""

SYSTEM = "system"
"""As a move's `by`: made by the system as soon as everything in `needs` holds."""

STEP_LIMIT = "step"
"""The name under which a step's own limit stands beside the matter's limits."""

PROMISED, STATUTORY, RECEIPT = "promised", "statutory", "receipt"


@dataclass(frozen=True, slots=True)
class Label:
    """A text in Chinese and English."""

    zh: str
    en: str

    def in_(self, lang: str) -> str:
        """The text in `lang` ("zh…" or anything else for English), Chinese where English is missing."""
        return self.zh if lang.startswith("zh") or not self.en else self.en

    def as_json(self) -> dict[str, str]:
        return {"zh": self.zh, "en": self.en}

    @classmethod
    def of(cls, value: Any, default: str = "") -> Label:
        """From {"zh", "en"}, a bare text, or nothing (then `default`)."""
        if isinstance(value, Mapping):
            return cls(zh=str(value["zh"]), en=str(value.get("en", "")))
        return cls(zh=str(value or default), en=str(value or default))


@dataclass(frozen=True, slots=True)
class Step:
    """环节: where a case stands, and who holds it there.

    `unit` is a function (职能, resolved by the case's place), a unit id, PARTY or CHOSEN.
    `suspends` names the special procedure that pauses every pausable limit while the case is here.
    `says` is the plain sentence the citizen reads.
    """

    id: str
    title: Label
    unit: str
    limit: Limit | None = None
    suspends: str = ""
    says: Label = Label("", "")
    among: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Effect:
    """效果: what a move does besides moving. Exactly one of `put`, `open`, `tell` is set.

    put: a register's id; `fields` maps record fields to sources ("form.name", "party.name",
         "case.number", "today"); `valid_years` > 0 makes the record a licence that ends.
    open: a matter's id; a child when `child`, else a later case `after_days` working days on;
         `fields` maps the new form's fields to sources.
    tell: PARTY, a role-less unit function, or "holder"; `letter` names what they read.
    """

    put: str = ""
    open: str = ""
    tell: str = ""
    child: bool = True
    after_days: int = 0
    letter: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    valid_years: int = 0


@dataclass(frozen=True, slots=True)
class Move:
    """动作: what may be done next, by whom, and under which conditions.

    `by` holds role ids, PARTY, TIMER or SYSTEM. `needs` names rules (see rules.py). `marks` are the
    events this move puts on the clock now; `backdates` puts an event at the time of an earlier one
    (deemed acceptance counts from receipt, 行政许可法 §32). `extends` names limits lengthened. `same_unit`
    sends the case back to the unit that was chosen for that step before (rework).
    """

    id: str
    title: Label
    origins: tuple[str, ...]
    to: str
    by: tuple[str, ...]
    needs: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    backdates: Mapping[str, str] = field(default_factory=dict)
    outcome: str = ""
    sets: Mapping[str, Any] = field(default_factory=dict)
    once: bool = False
    reason: bool = False
    extends: tuple[str, ...] = ()
    after: str = ""
    letter: str = ""
    effects: tuple[Effect, ...] = ()
    key: str = ""
    form: Mapping[str, Any] = field(default_factory=dict)
    same_unit: bool = False

    @property
    def automatic(self) -> bool:
        """True when no person makes this move."""
        return TIMER in self.by or SYSTEM in self.by


@dataclass(frozen=True, slots=True)
class Material:
    """材料: what the applicant hands in."""

    id: str
    title: Label
    required: bool
    kinds: tuple[str, ...]
    note: Label = Label("", "")
    source: Label = Label("", "")
    show: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Matter:
    """事项: one kind of promise, in one version. Running cases keep the version they opened under."""

    id: str
    version: int
    title: Label
    summary: Label
    kind: str
    unit: str
    supervisor: str
    start: str
    opening_marks: tuple[str, ...]
    limits: Mapping[str, Limit]
    steps: Mapping[str, Step]
    moves: Mapping[str, Move]
    materials: tuple[Material, ...]
    letters: Mapping[str, Label]
    form: Mapping[str, Any]
    audience: tuple[str, ...]
    mechanisms: tuple[str, ...]
    valid_from: date | None
    source: str
    body: Mapping[str, Any]
    """The whole mapping, for guide pages: fees, basis, conditions, theme, words people search by."""

    def moves_from(self, step: str) -> tuple[Move, ...]:
        """Every move that starts at `step`, in the order the pack wrote them."""
        return tuple(move for move in self.moves.values() if step in move.origins)

    @property
    def usual_steps(self) -> tuple[str, ...]:
        """The steps of the shortest way to a good end: what a guide shows first.

        Rework, special procedures and what the applicant must supply are not on it. Every step, where no
        way leads to a good end.
        """
        ways: list[tuple[str, ...]] = [(self.start,)]
        seen = {self.start}
        for way in ways:
            for move in self.moves_from(way[-1]):
                if TIMER in move.by or move.outcome in _NO_GOOD_END:
                    continue
                if move.to == CLOSED:
                    return way
                if move.to not in seen:
                    seen.add(move.to)
                    ways.append((*way, move.to))
        return tuple(self.steps)

    def limit_named(self, name: str, *, step: str) -> Limit | None:
        """The matter's limit `name`, or the limit of `step` when `name` is "step"; None if there is none."""
        if name == STEP_LIMIT:
            return self.steps[step].limit if step in self.steps else None
        return self.limits.get(name)

    @property
    def limit_titles(self) -> Mapping[str, Label]:
        """limit -> what the pack calls it, for those it names; the others go by their usual names."""
        limits = self.body.get("limits") or {}
        named = {name: each["title"] for name, each in limits.items() if "title" in _parts(each)}
        return {name: Label.of(title) for name, title in named.items()}

    @property
    def units_named(self) -> frozenset[str]:
        """Every function or unit id that holding a case of this matter may need resolved."""
        named = {step.unit for step in self.steps.values()} | {self.unit, self.supervisor}
        named |= {each for step in self.steps.values() for each in step.among}
        named |= {effect.tell for move in self.moves.values() for effect in move.effects}
        return frozenset(named - {PARTY, CHOSEN, "", "holder"})


_NO_GOOD_END = ("refused", "not_accepted", "not_needed", "withdrawn", "cancelled")


def build(body: Mapping[str, Any], *, version: int = 1) -> Matter:
    """A Matter from the plain mapping in a pack or in the database (shape as in packs/schema/matter.json)."""
    steps = {id_: _step(id_, raw) for id_, raw in body["steps"].items()}
    opening = body.get("opening") or {}
    valid_from = body.get("valid_from")
    return Matter(
        id=body["id"],
        version=version,
        title=Label.of(body["title"]),
        summary=Label.of(body.get("summary")),
        kind=body.get("kind", "promise"),
        unit=body["unit"],
        supervisor=body.get("supervisor", ""),
        start=opening.get("step") or next(iter(steps)),
        opening_marks=tuple(opening.get("marks", ("received",))),
        limits={name: _limit(raw, name=name) for name, raw in (body.get("limits") or {}).items()},
        steps=steps,
        moves={id_: _move(id_, raw) for id_, raw in body["moves"].items()},
        materials=tuple(_material(raw) for raw in body.get("materials") or ()),
        letters={id_: Label.of(raw.get("title")) for id_, raw in (body.get("letters") or {}).items()},
        form=body.get("form") or {},
        audience=tuple(body.get("audience") or ("person", "enterprise")),
        mechanisms=tuple(body.get("mechanisms") or ()),
        valid_from=date.fromisoformat(str(valid_from)) if valid_from else None,
        source=str(body.get("source", "")),
        body=body,
    )


_UNTIL = {RECEIPT: ("accepted", "asked", "refused")}


def _many(value: Any) -> tuple[str, ...]:
    """YAML lets one stand for a list of one."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _parts(raw: Any) -> Mapping[str, Any]:
    """YAML lets a bare number stand for a limit of so many working days."""
    return {"value": raw} if isinstance(raw, int) else raw


def _limit(raw: Any, *, name: str) -> Limit:
    raw = _parts(raw)
    start = "entered" if name == STEP_LIMIT else "received" if name == RECEIPT else "accepted"
    until = ("left",) if name == STEP_LIMIT else _UNTIL.get(name, ("decided",))
    return Limit(
        value=int(raw["value"]),
        mode=Mode(raw.get("mode", "workdays")),
        start=raw.get("from", start),
        until=_many(raw.get("until")) or until,
        # A step's limit is that step's own clock: special procedures stop the promise, not the expert.
        pausable=bool(raw.get("pausable", name not in (STEP_LIMIT, RECEIPT))),
        rolls=bool(raw.get("rolls", True)),
        basis=str(raw.get("basis", "")),
        extension=int(raw.get("extension", 0)),
    )


def _step(id_: str, raw: Mapping[str, Any]) -> Step:
    return Step(
        id=id_,
        title=Label.of(raw.get("title"), default=id_),
        unit=raw["unit"],
        limit=_limit(raw["limit"], name=STEP_LIMIT) if raw.get("limit") is not None else None,
        suspends=raw.get("suspends", ""),
        says=Label.of(raw.get("says")),
        among=_many(raw.get("among")),
    )


def _move(id_: str, raw: Mapping[str, Any]) -> Move:
    marks = raw.get("marks")
    return Move(
        id=id_,
        title=Label.of(raw.get("title"), default=id_),
        origins=_many(raw["from"]),
        to=raw["to"],
        by=_many(raw["by"]),
        needs=_many(raw.get("needs")),
        marks=_many(marks) if not isinstance(marks, Mapping) else (),
        backdates=dict(marks) if isinstance(marks, Mapping) else {},
        outcome=raw.get("outcome", ""),
        sets=dict(raw.get("sets") or {}),
        once=bool(raw.get("once", False)),
        reason=bool(raw.get("reason", False)),
        extends=_many(raw.get("extends")),
        after=raw.get("after", ""),
        letter=raw.get("letter", ""),
        effects=tuple(_effect(each) for each in raw.get("then") or ()),
        key=raw.get("key", ""),
        form=raw.get("form") or {},
        same_unit=bool(raw.get("same_unit", False)),
    )


def _effect(raw: Mapping[str, Any]) -> Effect:
    return Effect(
        put=raw.get("put", ""),
        open=raw.get("open", ""),
        tell=raw.get("tell", ""),
        child=bool(raw.get("child", not raw.get("in"))),
        after_days=int(raw.get("in", 0)),
        letter=raw.get("letter", ""),
        fields=dict(raw.get("with") or {}),
        prefix=raw.get("prefix", ""),
        valid_years=int(raw.get("valid_years", 0)),
    )


def _material(raw: Mapping[str, Any]) -> Material:
    return Material(
        id=raw["id"],
        title=Label.of(raw["title"]),
        required=bool(raw.get("required", True)),
        kinds=tuple(raw.get("kinds") or ("pdf", "jpeg", "png")),
        note=Label.of(raw.get("note")),
        source=Label.of(raw.get("source")),
        show=dict(raw.get("x-show") or {}),
    )
