"""A city by chance: cases of its own matters, people who do this and that, and what must always hold."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from calendars_for_tests import jincheng, moment
from cases_for_tests import PLACE, pack

from yinuo.core import engine
from yinuo.core.case import Case, Entry, from_state, holdings, replay
from yinuo.core.engine import Decision, Refused
from yinuo.core.matter import Matter
from yinuo.core.places import holders
from yinuo.core.rules import SYSTEM_ACTOR, Actor, Child, Facts

FAR = moment("2028-12-01T00:00")


@dataclass(eq=False)
class Walk:
    """A case on its way, with everything it was given."""

    matter: Matter
    case: Case
    entries: list[Entry]
    parent: Walk | None = None
    since: int = 0
    children: list[Walk] = field(default_factory=list)
    breached: dict[str, datetime] = field(default_factory=dict)


class City:
    """Cases on their way and the time it is. `visited`: every (matter, step) that a case came to."""

    def __init__(self, *, matter: str, start: str) -> None:
        self.walks: list[Walk] = []
        self.now = moment(start)
        self.visited: set[tuple[str, str]] = set()
        self.open(matter, parent=None)

    def check(self) -> None:
        """What must always hold, holds."""
        for name, wanted in vars(City).items():
            if name.startswith("always_"):
                wanted(self)

    # -- what may happen ----------------------------------------------------------------------

    def somebody_makes_a_move_of_this_step(
        self, which: int, choice: int, person: int, days: int, unit: str, rightly: bool, wait: timedelta
    ) -> None:
        self.pass_time(wait)
        walk = self.walks[which % len(self.walks)]
        made = walk.case.made
        possible = [
            move
            for move in walk.matter.moves_from(walk.case.step)
            if not move.automatic and not (move.once and made.get(move.id) and rightly)
        ]
        if not possible:
            return
        move = possible[choice % len(possible)]
        party = "party" in move.by
        by = Actor(
            kind="person", id=9 if party else person, roles=frozenset(move.by) - {"party"}, party=party
        )
        among = [name for step in walk.matter.steps.values() for name in step.among]
        if among and rightly:
            unit = self.facts(walk).units[among[0]].partition(":")[2]
        self.try_move(walk, move.id, by, {"days": days, "unit": unit, "opinion": "同意", "reason": "须说明"})

    def somebody_tries_anything(
        self, which: int, move: str, roles: frozenset[str], party: bool, data: dict[str, Any]
    ) -> None:
        walk = self.walks[which % len(self.walks)]
        by = Actor(kind="person", id=3, roles=roles - {"timer", "system", "party"}, party=party)
        self.try_move(walk, move, by, data)

    def the_timer_comes_by(self, wait: timedelta) -> None:
        self.pass_time(wait)
        for walk in list(self.walks):
            self.settle(walk)
            alerted = engine.alert(walk.case, matter=walk.matter, at=self.now, calendar=jincheng())
            if alerted is not None:
                self.take(walk, alerted)
            assert walk.case.light == walk.case.light_at(self.now)
            wake = engine.wake_at(walk.case, matter=walk.matter)
            assert wake is None or wake > self.now, "the timer would come back at once and find nothing to do"

    def the_timer_is_woken(self) -> None:
        """Exactly when some case says that it must be looked at: then there is something to do."""
        woken = [
            (wake, walk) for walk in self.walks if (wake := engine.wake_at(walk.case, matter=walk.matter))
        ]
        if not woken:
            return
        wake, walk = min(woken, key=lambda each: each[0])
        if wake > FAR:
            return
        self.now = max(self.now, wake)
        before = walk.case.seq
        self.the_timer_comes_by(timedelta(0))
        assert walk.case.seq > before, "woken for nothing"

    def somebody_corrects(self, which: int, wait: timedelta, slow: timedelta) -> None:
        self.pass_time(wait)
        walk = self.walks[which % len(self.walks)]
        undone = engine.undoable(walk.entries)
        earlier = None if undone is None else replay(walk.entries[: undone.seq - 1])
        try:
            decision = engine.correct(
                walk.case,
                matter=walk.matter,
                entries=walk.entries,
                by=Actor(kind="person", id=3),
                at=self.now - slow,
                calendar=jincheng(),
                reason="点错了",
            )
        except Refused as refused:
            assert refused.code in ("nothing_to_correct", "rated")
            return
        assert earlier is not None
        self.take(walk, decision, corrects=True)
        for name in ("step", "holder", "outcome", "facts", "made", "kept", "clock"):
            assert getattr(walk.case, name) == getattr(earlier, name), name
        for child in walk.children:
            if child.since == undone.seq and not child.case.closed:
                self.take(child, engine.cancel(child.case, by=SYSTEM_ACTOR, at=self.now))

    def somebody_takes_it_into_their_hands(self, which: int, person: int | None) -> None:
        walk = self.walks[which % len(self.walks)]
        before = walk.case
        try:
            decision = engine.assign(
                before, matter=walk.matter, person=person, by=Actor(kind="person", id=1), at=self.now
            )
        except Refused as refused:
            assert refused.code in ("closed", "assigned")
            return
        self.take(walk, decision)
        assert walk.case.dates == before.dates, "dates move only with a move"

    def somebody_remarks(self, which: int) -> None:
        walk = self.walks[which % len(self.walks)]
        before = walk.case.state()
        self.take(walk, engine.note(walk.case, by=Actor(kind="person", id=1), at=self.now, body={}))
        assert walk.case.state() == before

    def the_applicant_rates(self, level: int) -> None:
        walk = next((each for each in self.walks if each.case.closed), None)
        if walk is None:
            return
        try:
            decision = engine.rate(
                walk.case, by=Actor(kind="person", id=9, party=True), at=self.now, level=level
            )
        except Refused as refused:
            assert refused.code in ("rating", "rated")
            return
        self.take(walk, decision)

    # -- what must always hold -----------------------------------------------------------------

    def always_the_entries_add_up_to_the_case(self) -> None:
        for walk in self.walks:
            assert [each.seq for each in walk.entries] == list(range(1, walk.case.seq + 1))
            assert all(a.at <= b.at for a, b in pairwise(walk.entries)), "time ran backwards"
            again = replay(walk.entries)
            assert again == walk.case
            assert again.state() == walk.case.state()

    def always_the_stored_state_gives_the_same_case(self) -> None:
        for walk in self.walks:
            case = walk.case
            stored = json.loads(json.dumps(case.state()), parse_float=_no_float)
            assert case.opened_at is not None and case.at is not None
            again = from_state(
                stored, seq=case.seq, opened_at=case.opened_at, at=case.at, closed_at=case.closed_at
            )
            assert again == case
            for entry in walk.entries[-2:]:
                assert json.loads(json.dumps(entry.body), parse_float=_no_float) == entry.body

    def always_an_open_case_has_exactly_one_holder_and_a_closed_one_none(self) -> None:
        for walk in self.walks:
            case = walk.case
            assert case.closed == (case.closed_at is not None) == (case.light == "")
            if case.closed:
                assert (case.holder, case.assignee, dict(case.dates), dict(case.alerts)) == ("", None, {}, {})
                assert case.outcome and not case.paused
            else:
                assert re.fullmatch(r"(unit|party):[^:]+", case.holder), case.holder

    def always_holdings_touch_and_add_up(self) -> None:
        for walk in self.walks:
            held = holdings(walk.entries)
            assert [each.end is None for each in held].count(True) == (0 if walk.case.closed else 1)
            assert all(each.end is None or each.start <= each.end for each in held)
            idle, shut = timedelta(0), None
            case = Case(matter="", version=0)
            for entry in walk.entries:
                case = engine.apply(case, entry)
                if shut is not None and not case.closed:
                    idle, shut = idle + (entry.at - shut), None
                elif case.closed and shut is None:
                    shut = entry.at
            assert case.opened_at is not None
            life = (case.closed_at or self.now) - case.opened_at
            assert sum((each.length(self.now) for each in held), timedelta(0)) == life - idle
            gaps = sum(((b.start - (a.end or b.start)) for a, b in pairwise(held)), timedelta(0))
            assert gaps == idle, "between two holders lies only the time when the case was closed"

    def always_a_clock_that_stands_never_comes_due(self) -> None:
        for walk in self.walks:
            case = walk.case
            assert case.alerts.keys() <= case.dates.keys()
            if not case.paused:
                continue
            for name in case.dates:
                limit = walk.matter.limit_named(name, step=case.step)
                assert limit is not None and not limit.pausable, name

    def always_dates_follow_from_the_clock_and_the_promise_is_within_the_statute(
        self,
    ) -> None:
        for walk in self.walks:
            case = walk.case
            assert engine.dates_of(case, matter=walk.matter, calendar=jincheng()) == dict(case.dates)
            promised, statutory = case.dates.get("promised"), case.dates.get("statutory")
            if promised and statutory and not case.clock.extensions:
                assert promised.at <= statutory.at
            for name, due in case.dates.items():
                assert due.warn <= due.at, name
                assert due.provisional == (due.day > jincheng().horizon and _hangs_on_a_notice(walk, name))

    def always_what_was_missed_stays_missed(self) -> None:
        for walk in self.walks:
            for name, at in walk.breached.items():
                assert walk.case.breached[name] == at
            walk.breached = dict(walk.case.breached)
            assert all(at <= walk.case.at for at in walk.breached.values() if walk.case.at)
            for name, level in walk.case.alerts.items():
                assert level == "yellow" or name in walk.breached

    # -- inside ----------------------------------------------------------------------------------

    def pass_time(self, wait: timedelta) -> None:
        self.now = min(self.now + wait, FAR)

    def open(self, matter_id: str, *, parent: Walk | None) -> None:
        matter = pack().matter(matter_id)
        walk = Walk(matter, Case(matter="", version=0), [], parent, parent.case.seq if parent else 0)
        decision = engine.open_case(
            matter,
            by=Actor(kind="person", id=9, party=True),
            at=self.now,
            calendar=jincheng(),
            facts=self.facts(walk),
        )
        walk.case, walk.entries = decision.case, [decision.entry]
        self.visited.add((matter_id, walk.case.step))
        self.walks.append(walk)
        if parent is not None:
            parent.children.append(walk)

    def take(self, walk: Walk, decision: Decision, *, corrects: bool = False) -> None:
        before, after = walk.case, decision.case
        if not corrects:
            assert not before.closed or after.closed, "closed stays closed"
            assert before.kept is None or after.kept == before.kept, (
                "whether a promise was kept is decided once"
            )
        assert decision.entry.at >= (before.at or decision.entry.at)
        changed = decision.entry.body.get("state", {})
        assert ("dates" in changed) or dict(after.dates) == dict(before.dates), (
            "a date moved without an entry"
        )
        walk.case = after
        self.visited.add((walk.matter.id, after.step))
        walk.entries.append(decision.entry)

    def try_move(self, walk: Walk, move: str, by: Actor, data: Mapping[str, Any]) -> None:
        before, count = walk.case.state(), len(walk.entries)
        closed = walk.case.closed
        try:
            self.move(walk, move, by, data)
        except Refused as refused:
            assert refused.say.zh and refused.say.en
            assert (walk.case.state(), len(walk.entries)) == (before, count)
            assert not closed or refused.code == "closed"
        else:
            assert not closed

    def move(self, walk: Walk, move: str, by: Actor, data: Mapping[str, Any]) -> None:
        decision = engine.decide(
            walk.case,
            matter=walk.matter,
            move=move,
            by=by,
            at=self.now,
            calendar=jincheng(),
            facts=self.facts(walk, {**data, "evidence": ["f" * 64]}),
        )
        self.take(walk, decision)
        for effect in decision.effects:
            if effect.open and effect.child and len(self.walks) < 6:
                self.open(effect.open, parent=walk)
        self.settle(walk)

    def settle(self, walk: Walk) -> None:
        """What the system owes this case now, and then its parent."""
        for _ in range(30):
            owed = engine.automatic_move(walk.case, matter=walk.matter, at=self.now, facts=self.facts(walk))
            if owed is None:
                break
            self.move(walk, owed[0], owed[1], {})
        else:
            raise AssertionError(f"{walk.matter.id} goes round by itself")
        if walk.case.closed and walk.parent is not None and not walk.parent.case.closed:
            self.settle(walk.parent)

    def facts(self, walk: Walk, data: Mapping[str, Any] | None = None) -> Facts:
        here = pack()
        return Facts(
            matter=walk.matter,
            form={"elder_id": "140502194403080025"},
            data=data or {},
            files={material.id: ("f" * 64,) for material in walk.matter.materials},
            children=tuple(
                Child(each.matter.id, str(n), each.case.closed, each.case.outcome, each.since)
                for n, each in enumerate(walk.children)
            ),
            acted=tuple((each.move, each.by) for each in walk.entries if each.move),
            units=holders(walk.matter.units_named, PLACE, units=here.answering, parents=here.parents),
            all_units=frozenset(f"unit:{unit['id']}" for unit in here.units),
            party="party:1",
        )


def _no_float(text: str) -> float:
    raise AssertionError(f"a float in the ledger: {text}")


def _hangs_on_a_notice(walk: Walk, name: str) -> bool:
    limit = walk.matter.limit_named(name, step=walk.case.step)
    return limit is not None and limit.needs_calendar
