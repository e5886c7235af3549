"""The only place that says what may happen to a case, and what it becomes.

Every function takes what it needs (case, matter, day, calendar, facts) and returns a `Decision`:
the entry to append, the case after it, the effects to carry out. It raises `Refused` otherwise,
naming what is missing. It reads no clock, no file and no database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from . import rules
from .case import (
    ALERTED,
    ASSIGNED,
    CORRECTED,
    ERASED,
    MOVED,
    NOTED,
    OPENED,
    RATED,
    RED,
    YELLOW,
    Case,
    Entry,
    alerts_at,
    apply,
    difference,
    replay,
)
from .clock import Clock, Due, Extension, Pause, due
from .instants import instant_text
from .matter import CHOSEN, CLOSED, PARTY, PROMISED, STEP_LIMIT, SYSTEM, TIMER, Effect, Label, Matter, Move
from .rules import Actor, Facts
from .workdays import Calendar

CANCEL = "cancel"
"""What the ledger calls the closing of a child by its parent; no matter's move."""


class Refused(Exception):
    """The engine says no. `code` is for programs, `say` for people, `field` names the input at fault."""

    def __init__(self, code: str, say: Label, *, field: str = "") -> None:
        super().__init__(say.zh)
        self.code, self.say, self.field = code, say, field


@dataclass(frozen=True, slots=True)
class Decision:
    """What the engine decided: the entry, the case after it, the effects, the letter for the party."""

    entry: Entry
    case: Case
    effects: tuple[Effect, ...] = ()
    letter: str = ""


# -- opening ---------------------------------------------------------------------------------


def open_case(matter: Matter, *, by: Actor, at: datetime, calendar: Calendar, facts: Facts) -> Decision:
    """The first entry of a new case of `matter`. `facts.units` must resolve the first step's unit."""
    before = Case(matter=matter.id, version=matter.version)
    step = matter.steps[matter.start]
    clock = Clock(marks=dict.fromkeys(matter.opening_marks, at), entered=at)
    clock = _with_pause(clock, before="", after=step.suspends, at=at)
    after = replace(before, step=step.id, clock=clock, holder=_holder(matter, step.id, facts=facts))
    return _decided(before, after, matter, kind=OPENED, move="", by=by, at=at, calendar=calendar, whole=True)


# -- moving ----------------------------------------------------------------------------------


def decide(
    case: Case, *, matter: Matter, move: str, by: Actor, at: datetime, calendar: Calendar, facts: Facts
) -> Decision:
    """Make `move` on `case`, or raise Refused with the first thing that stands in the way."""
    at = _onward(case, at)
    wanted = may(case, matter=matter, move=move, by=by, at=at, facts=facts)
    after = _moved(case, matter, wanted, by=by, at=at, calendar=calendar, facts=facts)
    body = {"effects": [_named(effect) for effect in wanted.effects]} if wanted.effects else {}
    return _decided(
        case,
        after,
        matter,
        kind=MOVED,
        move=wanted.id,
        by=by,
        at=at,
        calendar=calendar,
        body=body,
        effects=wanted.effects,
        letter=wanted.letter,
        answers=wanted.after,
    )


def may(case: Case, *, matter: Matter, move: str, by: Actor, at: datetime, facts: Facts) -> Move:
    """The move itself when `by` may make it now; Refused when not."""
    if case.closed:
        raise Refused(
            "closed",
            Label("该件已办结，不能再办理。", "This case is closed; nothing more can be done to it."),
        )
    wanted = matter.moves.get(move)
    if wanted is None:
        raise Refused(
            "unknown_move",
            Label(f"本事项没有“{move}”这一动作。", f"This matter has no move “{move}”."),
            field="move",
        )
    if case.step not in wanted.origins:
        here = matter.steps[case.step].title
        raise Refused(
            "wrong_step",
            Label(
                f"现在在“{here.zh}”环节，不能“{wanted.title.zh}”。",
                f"“{wanted.title.en}” is not possible at step “{here.en}”.",
            ),
            field="move",
        )
    if not _is_theirs(wanted, by):
        raise Refused(
            "not_yours",
            Label(
                f"“{wanted.title.zh}”不由您办理：这一件不在您的单位，或者您的岗位不办这一步。",
                f"“{wanted.title.en}” is not yours to make: another unit holds the case, or it takes "
                "another post.",
            ),
            field="by",
        )
    if wanted.once and case.made.get(wanted.id):
        raise Refused(
            "once",
            Label(
                f"“{wanted.title.zh}”只能做一次，已经做过。",
                f"“{wanted.title.en}” may be made once and has been made.",
            ),
            field="move",
        )
    if wanted.reason and not str(facts.data.get("reason", "")).strip():
        raise Refused(
            "reason_missing",
            Label(f"“{wanted.title.zh}”须写明理由。", f"“{wanted.title.en}” needs a reason."),
            field="reason",
        )
    _may_extend(case, matter, wanted, at=at, facts=facts)
    for name in wanted.needs:
        verdict = rules.ask(name, replace(facts, case=case, move=wanted, by=by, at=at))
        if verdict is not None:
            raise Refused("needs:" + name, verdict, field=name)
    return wanted


def open_moves(case: Case, *, matter: Matter, by: Actor) -> tuple[Move, ...]:
    """The moves `by` may make from here, before their needs are asked: the buttons on a page."""
    if case.closed:
        return ()
    return tuple(
        move
        for move in matter.moves_from(case.step)
        if not move.automatic and _is_theirs(move, by) and not (move.once and case.made.get(move.id))
    )


def automatic_move(case: Case, *, matter: Matter, at: datetime, facts: Facts) -> tuple[str, Actor] | None:
    """The move the system owes this case at `at`, with its actor; None when it owes none.

    A timer's move is owed once its limit has passed; a system's move once all its needs hold.
    """
    if case.closed:
        return None
    for move in matter.moves_from(case.step):
        if TIMER in move.by and move.after in case.dates and at >= case.dates[move.after].at:
            return move.id, rules.TIMER_ACTOR
        if SYSTEM in move.by:
            try:
                may(case, matter=matter, move=move.id, by=rules.SYSTEM_ACTOR, at=at, facts=facts)
            except Refused:
                continue
            return move.id, rules.SYSTEM_ACTOR
    return None


def wake_at(case: Case, *, matter: Matter) -> datetime | None:
    """The next instant at which the timer must look at this case; None when there is nothing to wait for."""
    if case.closed:
        return None
    moments = []
    for name, when in case.dates.items():
        level = case.alerts.get(name)
        if level is None:
            moments.append(when.warn)
        elif level == YELLOW:
            moments.append(when.at)
    for move in matter.moves_from(case.step):
        if TIMER in move.by and move.after in case.dates:
            moments.append(case.dates[move.after].at)
    return min(moments) if moments else None


# -- what else happens to a case -------------------------------------------------------------


def alert(case: Case, *, matter: Matter, at: datetime, calendar: Calendar) -> Decision | None:
    """Turn the lights that are due to turn at `at`; None when none is. The first breach is kept for good."""
    at = _onward(case, at)
    alerts = alerts_at(case.dates, at)
    if case.closed or alerts == dict(case.alerts):
        return None
    turned = sorted(name for name, level in alerts.items() if case.alerts.get(name) != level)
    return _decided(
        case,
        case,
        matter,
        kind=ALERTED,
        move="",
        by=rules.TIMER_ACTOR,
        at=at,
        calendar=calendar,
        body={"turned": {name: alerts[name] for name in turned}},
        keep_dates=True,
    )


def assign(case: Case, *, matter: Matter, person: int | None, by: Actor, at: datetime) -> Decision:
    """Put `person` in charge inside the holding unit (None: back to everybody there)."""
    _refuse_closed(case)
    if case.assignee == person:
        raise Refused("assigned", Label("该件已经由此人负责。", "This person has the case already."))
    after = replace(case, assignee=person)
    entry = _entry(case, after, kind=ASSIGNED, move="", by=by, at=at, body={})
    return Decision(entry=entry, case=apply(case, entry))


def note(case: Case, *, by: Actor, at: datetime, kind: str = NOTED, body: Mapping[str, Any]) -> Decision:
    """A line that moves nothing: a remark, an erasure. Allowed on closed cases too."""
    if kind not in (NOTED, ERASED):
        raise ValueError(f"{kind} is not a line that moves nothing")
    entry = _entry(case, case, kind=kind, move="", by=by, at=at, body=dict(body))
    return Decision(entry=entry, case=apply(case, entry))


def rate(case: Case, *, by: Actor, at: datetime, level: int, tags: Sequence[str] = ()) -> Decision:
    """The party's rating of a closed case, 5 (very satisfied) to 1; one per case (国办发〔2019〕51号)."""
    if not case.closed:
        raise Refused("not_closed", Label("办结后才能评价。", "A case is rated after it is closed."))
    if not by.party:
        raise Refused("not_yours", Label("只有申请人可以评价。", "Only the applicant may rate."), field="by")
    if level not in (1, 2, 3, 4, 5):
        raise Refused(
            "rating",
            Label(
                f"评价等级“{level}”无效，应为 1（非常不满意）至 5（非常满意）。",
                f"Rating “{level}” is not valid; it must be 1 (very dissatisfied) to 5 (very satisfied).",
            ),
            field="level",
        )
    if "rating" in case.facts:
        raise Refused(
            "rated",
            Label("一次办事评价一次，此件已评价。", "One rating per case; this one has been rated."),
            field="level",
        )
    after = replace(case, facts={**case.facts, "rating": level})
    entry = _entry(case, after, kind=RATED, move="", by=by, at=at, body={"level": level, "tags": list(tags)})
    return Decision(entry=entry, case=apply(case, entry))


def correct(
    case: Case,
    *,
    matter: Matter,
    entries: Sequence[Entry],
    by: Actor,
    at: datetime,
    calendar: Calendar,
    reason: str,
) -> Decision:
    """Undo the last move a person made, by a counter-entry that restores the step and clock before it.

    Both entries stay. What the system did after that move is undone with it; a rating, a note or an
    assignment is not a move and is not undone.
    """
    if not reason.strip():
        raise Refused(
            "reason_missing", Label("更正须写明理由。", "A correction needs a reason."), field="reason"
        )
    undone = undoable(entries)
    if undone is None:
        raise Refused(
            "nothing_to_correct", Label("没有可以更正的动作。", "There is no move that could be corrected.")
        )
    if "rating" in case.facts:
        raise Refused(
            "rated",
            Label(
                "申请人已评价，不能再更正；请另行立案处理。",
                "The applicant has rated the result; it can no longer be corrected here.",
            ),
        )
    at = _onward(case, at)
    earlier = replay(entries[: undone.seq - 1])
    after = replace(earlier, seq=case.seq, at=case.at, opened_at=case.opened_at, breached=dict(case.breached))
    if case.holder == earlier.holder and any(each.kind == ASSIGNED for each in entries[undone.seq :]):
        after = replace(after, assignee=case.assignee)
    return _decided(
        case,
        after,
        matter,
        kind=CORRECTED,
        move=undone.move,
        by=by,
        at=at,
        calendar=calendar,
        body={"undoes": undone.seq},
        whole=True,
    )


def cancel(case: Case, *, by: Actor, at: datetime) -> Decision:
    """Close a child whose parent took back the move that had opened it; no promise is broken by that."""
    _refuse_closed(case)
    at = _onward(case, at)
    clock = _with_pause(replace(case.clock, entered=None), before="x" if case.paused else "", after="", at=at)
    after = replace(
        case,
        step=CLOSED,
        holder="",
        assignee=None,
        outcome="cancelled",
        clock=clock,
        dates={},
        alerts={},
        breached=_missed(case, at=at),
    )
    entry = _entry(case, after, kind=MOVED, move=CANCEL, by=by, at=at, body={})
    return Decision(entry=entry, case=apply(case, entry))


def undoable(entries: Sequence[Entry]) -> Entry | None:
    """The last move made by a person or party that no correction has undone yet. None once its parent has
    cancelled the case: it must not come back to life while nobody asks for it."""
    undone_from: int | None = None
    for entry in reversed(entries):
        if undone_from is not None and entry.seq >= undone_from:
            continue
        if entry.kind == CORRECTED:
            undone_from = int(entry.body["undoes"])
        elif entry.kind == MOVED and _is_cancel(entry):
            return None
        elif entry.kind == MOVED and entry.by.partition(":")[0] in ("person", "party"):
            return entry
    return None


def _is_cancel(entry: Entry) -> bool:
    # A matter's own move may be called "cancel" too; that one is counted in `made`, as all of a matter's are.
    return entry.move == CANCEL and "made" not in entry.body.get("state", {})


# -- dates -----------------------------------------------------------------------------------


def dates_of(case: Case, *, matter: Matter, calendar: Calendar) -> dict[str, Due]:
    """The due date of every limit that runs now. A pausable limit has none while the case is paused."""
    dates = {}
    for name, limit, start, extended in _running(case, matter):
        when = due(limit, start=start, calendar=calendar, pauses=case.clock.pauses, extended=extended)
        if when is not None:
            dates[name] = when
    return dates


def _running(case: Case, matter: Matter) -> list[tuple[str, Any, datetime, int]]:
    if case.closed:
        return []
    running = []
    step = matter.steps[case.step]
    if step.limit is not None and case.clock.entered is not None:
        running.append((STEP_LIMIT, step.limit, case.clock.entered, 0))
    marks = case.clock.marks
    for name, limit in matter.limits.items():
        if limit.start in marks and not any(event in marks for event in limit.until):
            extended = sum(each.value for each in case.clock.extensions if each.limit == name)
            running.append((name, limit, marks[limit.start], extended))
    return running


# -- inside ----------------------------------------------------------------------------------


def _decided(
    before: Case,
    after: Case,
    matter: Matter,
    *,
    kind: str,
    move: str,
    by: Actor,
    at: datetime,
    calendar: Calendar,
    body: Mapping[str, Any] | None = None,
    effects: tuple[Effect, ...] = (),
    letter: str = "",
    whole: bool = False,
    keep_dates: bool = False,
    answers: str = "",
) -> Decision:
    """Compute dates, alerts and breaches of `after`, and wrap the difference up as an entry.

    answers: the limit whose passing this very move answers (deemed acceptance), which is no breach.
    """
    dates = after.dates if keep_dates else dates_of(after, matter=matter, calendar=calendar)
    moment = _onward(before, at)
    alerts = alerts_at(dates, moment)
    breached = _missed(before, at=moment, answers=answers)
    for name, level in alerts.items():
        if level == RED:
            breached.setdefault(name, dates[name].at)
    after = replace(after, dates=dates, alerts=alerts, breached=breached)
    entry = _entry(before, after, kind=kind, move=move, by=by, at=at, body=dict(body or {}), whole=whole)
    return Decision(entry=entry, case=apply(before, entry), effects=effects, letter=letter)


def _missed(case: Case, *, at: datetime, answers: str = "") -> dict[str, datetime]:
    """Breaches of `case` at `at`, also of a limit that ends before the timer came by to turn its light."""
    late = [name for name, level in alerts_at(case.dates, at).items() if level == RED and name != answers]
    return {**{name: case.dates[name].at for name in late}, **case.breached}


def _entry(
    before: Case,
    after: Case,
    *,
    kind: str,
    move: str,
    by: Actor,
    at: datetime,
    body: dict[str, Any],
    whole: bool = False,
) -> Entry:
    state = after.state() if whole else difference(before, after)
    if state:
        body["state"] = state
    return Entry(seq=before.seq + 1, kind=kind, move=move, at=_onward(before, at), by=by.named, body=body)


def _onward(case: Case, at: datetime) -> datetime:
    """Two machines' clocks may differ by a little; a case's time never runs backwards."""
    return max(at, case.at) if case.at else at


def _moved(
    case: Case, matter: Matter, move: Move, *, by: Actor, at: datetime, calendar: Calendar, facts: Facts
) -> Case:
    """The case after `move`, dates not yet computed."""
    marks = dict(case.clock.marks)
    new_marks = dict.fromkeys(move.marks, at)
    new_marks |= {event: marks.get(earlier, at) for event, earlier in move.backdates.items()}
    for event in new_marks:
        # Starting a limit afresh (a resubmission is received anew) voids what had satisfied it before.
        for limit in matter.limits.values():
            if limit.start == event:
                for satisfied in limit.until:
                    marks.pop(satisfied, None)
    marks |= new_marks

    here, closing = matter.steps[case.step], move.to == CLOSED
    staying = move.to == case.step
    clock = replace(case.clock, marks=marks)
    if not staying:
        there = "" if closing else matter.steps[move.to].suspends
        clock = _with_pause(clock, before=here.suspends, after=there, at=at)
        clock = replace(clock, entered=None if closing else at)
    if move.extends:
        clock = replace(clock, extensions=clock.extensions + _extensions(move, by=by, at=at, facts=facts))

    if move.same_unit and move.to in case.facts.get("chosen", {}):
        facts = replace(facts, data={**facts.data, "unit": case.facts["chosen"][move.to]})
    holder = case.holder if staying else "" if closing else _holder(matter, move.to, facts=facts)
    known = {**case.facts, **move.sets}
    if not closing and not staying and matter.steps[move.to].unit == CHOSEN:
        known["chosen"] = {**known.get("chosen", {}), move.to: holder.partition(":")[2]}
    return replace(
        case,
        step=move.to,
        holder=holder,
        assignee=case.assignee if holder == case.holder else None,
        outcome=move.outcome or (case.outcome or "done" if closing else case.outcome),
        clock=clock,
        facts=known,
        made={**case.made, move.id: case.made.get(move.id, 0) + 1},
        kept=_kept(case, matter, clock, calendar=calendar, at=at, closing=closing),
    )


def _kept(
    case: Case, matter: Matter, clock: Clock, *, calendar: Calendar, at: datetime, closing: bool
) -> bool | None:
    """Whether the promise was kept: known from the moment an event satisfies it, and never changed after."""
    promise = matter.limits.get(PROMISED)
    if case.kept is not None or promise is None or promise.start not in clock.marks:
        return case.kept
    if not closing and not any(event in clock.marks for event in promise.until):
        return None
    extended = sum(each.value for each in clock.extensions if each.limit == PROMISED)
    when = due(
        promise, start=clock.marks[promise.start], calendar=calendar, pauses=clock.pauses, extended=extended
    )
    return when is None or at < when.at


def _with_pause(clock: Clock, *, before: str, after: str, at: datetime) -> Clock:
    """Close the pause that leaving a suspended step ends; open the one that entering such a step begins."""
    pauses = clock.pauses
    if before:
        pauses = tuple(replace(pause, end=at) if pause.end is None else pause for pause in pauses)
    if after:
        pauses = (*pauses, Pause(start=at, end=None, kind=after, reason=""))
    return replace(clock, pauses=pauses)


def _holder(matter: Matter, step: str, *, facts: Facts) -> str:
    unit = matter.steps[step].unit
    if unit == PARTY:
        return facts.party or "party:0"
    if unit == CHOSEN:
        return _chosen(matter, step, facts=facts)
    if unit not in facts.units:
        raise Refused(
            "no_unit",
            Label(
                f"找不到承担“{unit}”职能的单位，请在单位库中补上。",
                f"No unit has the function “{unit}” here; add one to the register of units.",
            ),
            field="unit",
        )
    return facts.units[unit]


def _chosen(matter: Matter, step: str, *, facts: Facts) -> str:
    chosen = str(facts.data.get("unit", ""))
    among = matter.steps[step].among
    allowed = [facts.units[name] for name in among if name in facts.units]
    if not chosen or f"unit:{chosen}" not in (allowed or facts.all_units):
        said = Label(f"“{chosen}”不在可派单位之中", f"“{chosen}” is not among the units it can go to")
        if not chosen:
            said = Label("未选择承办单位", "No unit was chosen")
        raise Refused(
            "unit_not_chosen",
            Label(
                f"{said.zh}，请从列表中选择一个承办单位。",
                f"{said.en}; choose the handling unit from the list.",
            ),
            field="unit",
        )
    return f"unit:{chosen}"


def _may_extend(case: Case, matter: Matter, move: Move, *, at: datetime, facts: Facts) -> None:
    for name in move.extends:
        limit = matter.limits[name]
        if any(each.limit == name for each in case.clock.extensions):
            raise Refused(
                "extended",
                Label("只能延期一次，已经延过。", "One extension only, and it was used."),
                field="days",
            )
        if name not in case.dates or at >= case.dates[name].at:
            raise Refused(
                "extension_late",
                Label(
                    "延期须在期限届满之前提出；期限已过或正在暂停。",
                    "An extension must be made before the limit expires; it has expired or is paused.",
                ),
                field="days",
            )
        days = facts.data.get("days")
        if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= limit.extension:
            raise Refused(
                "extension_days",
                Label(
                    f"延期天数“{days if days is not None else ''}”无效，应为 1 至 {limit.extension}。",
                    f"“{days if days is not None else ''}” is not a valid extension; "
                    f"it must be 1 to {limit.extension}.",
                ),
                field="days",
            )


def _extensions(move: Move, *, by: Actor, at: datetime, facts: Facts) -> tuple[Extension, ...]:
    # The reason's words may name people, so they stay in the entry's erasable content, not on the clock.
    days = int(facts.data["days"])
    return tuple(Extension(limit=name, value=days, by=by.named, reason="", at=at) for name in move.extends)


def _is_theirs(move: Move, by: Actor) -> bool:
    if by.kind in (TIMER, SYSTEM):
        return by.kind in move.by
    if by.party and PARTY in move.by:
        return True
    return bool(by.roles.intersection(move.by))


def _named(effect: Effect) -> dict[str, Any]:
    named = {"put": effect.put, "open": effect.open, "tell": effect.tell}
    return {key: value for key, value in named.items() if value}


def _refuse_closed(case: Case) -> None:
    if case.closed:
        raise Refused("closed", Label("该件已办结，不能再办理。", "This case is closed."))


__all__ = [
    "Actor",
    "Decision",
    "Facts",
    "Refused",
    "alert",
    "assign",
    "automatic_move",
    "cancel",
    "correct",
    "dates_of",
    "decide",
    "instant_text",
    "may",
    "note",
    "open_case",
    "open_moves",
    "rate",
    "replay",
    "undoable",
    "wake_at",
]
