"""Chance moves cases of the city's own matters; what must always hold, holds after each step."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from cases_for_tests import pack
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from journeys_for_tests import City

MATTERS = [matter.id for matter in pack().matters]
MOVES = [*sorted({move for matter in pack().matters for move in matter.moves}), "fly", "cancel"]
ROLES = sorted({role for matter in pack().matters for move in matter.moves.values() for role in move.by})
UNITS = ["", "nowhere", "chengqu-window", "chengqu-approval"]
# Before the Spring Festival, May Day, Mid-Autumn with National Day, and the New Year of 2027.
STARTS = ["2026-01-05T09:00", "2026-02-11T16:00", "2026-04-29T09:10", "2026-09-24T11:00", "2026-12-29T17:59"]

which = st.integers(0, 5)
waits = st.one_of(
    st.just(timedelta(0)),
    st.timedeltas(min_value=timedelta(0), max_value=timedelta(hours=30)),
    st.integers(1, 40).map(lambda days: timedelta(days=days)),
)
anything = st.dictionaries(
    st.sampled_from(["reason", "opinion", "days", "unit"]),
    st.one_of(st.integers(-3, 40), st.text(max_size=3), st.booleans(), st.none()),
)


class Journeys(RuleBasedStateMachine):
    """One case opens and chance has it; the children that it opens walk along."""

    city: City

    @initialize(matter=st.sampled_from(MATTERS), start=st.sampled_from(STARTS))
    def somebody_applies(self, matter: str, start: str) -> None:
        self.city = City(matter=matter, start=start)

    @rule(
        which=which,
        choice=st.integers(0, 30),
        person=st.integers(1, 4),
        days=st.integers(0, 12),
        unit=st.sampled_from(UNITS),
        rightly=st.booleans(),
        wait=waits,
    )
    def somebody_makes_a_move_of_this_step(self, **chance: Any) -> None:
        self.city.somebody_makes_a_move_of_this_step(**chance)

    @rule(
        which=which,
        move=st.sampled_from(MOVES),
        roles=st.frozensets(st.sampled_from(ROLES), max_size=3),
        party=st.booleans(),
        data=anything,
    )
    def somebody_tries_anything(self, **chance: Any) -> None:
        self.city.somebody_tries_anything(**chance)

    @rule(wait=waits)
    def the_timer_comes_by(self, wait: timedelta) -> None:
        self.city.the_timer_comes_by(wait)

    @rule()
    def the_timer_is_woken(self) -> None:
        self.city.the_timer_is_woken()

    @rule(which=which, wait=waits, slow=st.timedeltas(timedelta(0), timedelta(seconds=3)))
    def somebody_corrects(self, **chance: Any) -> None:
        self.city.somebody_corrects(**chance)

    @rule(which=which, person=st.sampled_from([None, 1, 2]), remark=st.booleans(), level=st.integers(0, 6))
    def somebody_does_what_moves_nothing(
        self, which: int, person: int | None, remark: bool, level: int
    ) -> None:
        self.city.somebody_takes_it_into_their_hands(which, person)
        if remark:
            self.city.somebody_remarks(which)
        else:
            self.city.the_applicant_rates(level)

    @invariant()
    def what_must_always_hold_holds(self) -> None:
        if hasattr(self, "city"):
            self.city.check()


TestJourneys = Journeys.TestCase
TestJourneys.settings = settings(
    max_examples=300, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_chance_comes_to_every_step_of_every_matter_and_finds_nothing_wrong() -> None:
    """The machine above looks for trouble; this one shows that it had somewhere to look."""
    visited: set[tuple[str, str]] = set()
    for seed in range(660):
        chance = Random(seed)
        straight = chance.choice([0.2, 0.95])  # how often people take the usual way
        city = City(matter=MATTERS[seed % len(MATTERS)], start=chance.choice(STARTS))
        for _ in range(32):
            wait = timedelta(hours=chance.choice([0, 0, 1, 2, 7, 24, 72, 300]))
            match chance.choice("mmmmmmmmtwcx"):
                case "m":
                    city.somebody_makes_a_move_of_this_step(
                        which=chance.randrange(6),
                        choice=0 if chance.random() < straight else chance.randrange(30),
                        person=chance.randrange(1, 5),
                        days=chance.randrange(1, 6),
                        unit=chance.choice(UNITS),
                        rightly=chance.random() < 0.8,
                        wait=wait,
                    )
                case "t":
                    city.the_timer_comes_by(wait)
                case "w":
                    city.the_timer_is_woken()
                case "c":
                    city.somebody_corrects(chance.randrange(6), wait, timedelta(seconds=chance.randrange(3)))
                case _:
                    city.somebody_takes_it_into_their_hands(chance.randrange(6), chance.choice([None, 1, 2]))
                    city.somebody_remarks(chance.randrange(6))
                    city.the_applicant_rates(chance.randrange(7))
        city.check()
        visited |= city.visited
    steps = {(matter.id, step) for matter in pack().matters for step in (*matter.steps, "closed")}
    assert visited == steps, sorted(steps - visited)


@pytest.mark.parametrize("start", STARTS)
def test_a_city_in_which_nobody_works_is_late_everywhere_and_its_timer_comes_to_rest(start: str) -> None:
    for matter in pack().matters:
        city = City(matter=matter.id, start=start)
        for _ in range(40):
            city.the_timer_comes_by(timedelta(days=2))
            city.check()
        case = city.walks[0].case
        assert case.closed or case.light in ("red", "green"), matter.id
        promise = matter.limits.get("promised")
        if promise is not None and promise.start in case.clock.marks and not case.closed:
            assert "promised" in case.breached, matter.id
