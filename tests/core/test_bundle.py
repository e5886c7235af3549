"""一件事: one date for the citizen, the child all others wait for, and how far each may still slip."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest
from calendars_for_tests import day, jincheng, moment
from cases_for_tests import made_of, pack
from hypothesis import given
from hypothesis import strategies as st

from yinuo.core.bundle import Fork, Part, blocking, critical_path, forks, outlook, slack
from yinuo.core.case import Case
from yinuo.core.clock import Due, Limit, Mode, due


def promised(text: str | date | None, *, closed: bool = False, **more: str) -> Case:
    """A case promised by 24:00 of a day (None: its clock stands), with other limits on other days."""
    dates = {} if text is None or closed else {"promised": by(text)}
    dates |= {name: by(when) for name, when in more.items()}
    return Case(matter="x/y", version=1, step="closed" if closed else "work", dates=dates)


def by(text: str | date) -> Due:
    last = day(text) if isinstance(text, str) else text
    at = moment(f"{last.isoformat()}T00:00") + (moment("2026-01-02T00:00") - moment("2026-01-01T00:00"))
    return Due(at=at, day=last, warn=at, provisional=False, calendar="test")


def children(*days: str | None) -> list[Part]:
    """Part 1, 2, … promised by these days; "-" is closed, None stands."""
    return [
        Part(str(n), promised(None if each == "-" else each, closed=each == "-"))
        for n, each in enumerate(days, start=1)
    ]


MORNING = moment("2026-04-28T09:00")

# parent, children, now -> the one date, who blocks, slack of each. Around May Day 2026: off from the 1st to
# the 5th, and Saturday the 9th is worked.
GOLDEN = [
    ("2026-05-11", ["2026-04-29", "2026-05-06"], MORNING, "2026-05-11", "2", {"1": 6, "2": 4}),
    ("2026-05-06", ["2026-04-29", "2026-05-06"], MORNING, "2026-05-06", "2", {"1": 2, "2": 0}),
    ("2026-05-06", ["2026-05-11", "2026-05-09"], MORNING, "2026-05-11", "1", {"1": 0, "2": 1}),
    (None, ["2026-05-06"], MORNING, "2026-05-06", "1", {"1": 0}),
    (None, [None], MORNING, None, "1", {}),
    ("2026-05-11", [None, "2026-05-09"], MORNING, "2026-05-11", "1", {"2": 1}),
    ("2026-05-11", ["-", "-"], MORNING, "2026-05-11", "", {}),
    ("2026-05-11", ["-", "2026-04-29"], MORNING, "2026-05-11", "2", {"2": 6}),
    # The second is late since midnight of the 29th: it blocks, though others are promised later or stand.
    (
        "2026-05-11",
        ["2026-05-09", "2026-04-28", None],
        moment("2026-04-29T00:00"),
        "2026-05-11",
        "2",
        {"1": 1, "2": 7},
    ),
    (
        "2026-05-11",
        ["2026-05-09", "2026-04-28", None],
        moment("2026-04-28T23:59"),
        "2026-05-11",
        "3",
        {"1": 1, "2": 7},
    ),
    # Of two that are late, the one late for longer.
    (
        "2026-05-06",
        ["2026-05-07", "2026-05-08"],
        moment("2026-05-20T09:00"),
        "2026-05-08",
        "1",
        {"1": 1, "2": 0},
    ),
]


@pytest.mark.parametrize(("own", "days", "now", "until", "blocks", "left"), GOLDEN)
def test_a_bundle_looks_out_as_in_the_golden_table(
    own: str | None,
    days: list[str | None],
    now: datetime,
    until: str | None,
    blocks: str,
    left: dict[str, int],
) -> None:
    seen = outlook(promised(own), children(*days), now=now, calendar=jincheng())
    assert seen is not None
    assert (seen.due.day.isoformat() if seen.due else None) == until
    assert (seen.blocking, dict(seen.slack)) == (blocks, left)


def test_a_case_without_children_is_no_bundle() -> None:
    assert outlook(promised("2026-05-11"), [], now=MORNING, calendar=jincheng()) is None


def test_when_the_parent_is_closed_no_date_is_left() -> None:
    assert critical_path(promised(None, closed=True), children("2026-05-06")) is None


def test_the_statute_and_a_steps_own_limit_are_not_the_citizens_date() -> None:
    parent = promised("2026-05-06", statutory="2026-06-30", step="2026-05-20")
    due_ = critical_path(parent, [])
    assert due_ is not None and due_.day == date(2026, 5, 6)


def test_a_promise_that_ends_later_than_the_bundle_has_less_than_no_room() -> None:
    assert slack(children("2026-05-11")[0], until=date(2026, 5, 6), calendar=jincheng()) == -4


def test_starting_an_enterprise_forks_twice_and_each_fork_says_how_it_joins() -> None:
    assert forks(pack().matter("bundles/new_enterprise")) == (
        Fork(
            move="accept",
            step="registering",
            opens=("registrations/business_registration",),
            joins=("registered", "not_registered"),
        ),
        Fork(
            move="registered",
            step="joint",
            opens=("registrations/seal_making", "registrations/tax_start"),
            joins=("finish", "obstructed"),
        ),
    )


def test_forks_come_in_the_order_of_the_steps_and_a_later_case_is_no_fork() -> None:
    matter = made_of(
        moves={
            "late": {"from": "second", "to": "closed", "by": "clerk", "then": [{"open": "x/late"}]},
            "early": {"from": "first", "to": "second", "by": "clerk", "then": [{"open": "x/early"}]},
            "visit": {
                "from": "first",
                "to": "second",
                "by": "clerk",
                "then": [{"open": "x/visit", "in": 60}],
            },
        }
    )
    assert [(fork.move, fork.opens) for fork in forks(matter)] == [
        ("early", ("x/early",)),
        ("late", ("x/late",)),
    ]


days_of_2026 = st.dates(date(2026, 1, 4), date(2026, 12, 1))
some_children = st.lists(
    st.one_of(st.none(), st.just("-"), days_of_2026.map(lambda each: each.isoformat())),
    min_size=1,
    max_size=6,
).map(lambda days: children(*days))


@given(own=st.none() | days_of_2026, parts=some_children, now=days_of_2026)
def test_no_open_child_ends_after_the_one_date_and_whoever_blocks_is_open(
    own: date | None, parts: list[Part], now: date
) -> None:
    at = moment(f"{now.isoformat()}T12:00")
    seen = outlook(promised(own), parts, now=at, calendar=jincheng())
    assert seen is not None
    still = {part.number: part.case for part in parts if not part.case.closed}
    assert (seen.blocking in still) == bool(still)
    assert seen.slack.keys() <= still.keys()
    assert all(days >= 0 for days in seen.slack.values())
    for case in still.values():
        if case.due is not None:
            assert seen.due is not None and case.due.at <= seen.due.at
    late = [case for case in still.values() if case.due and case.due.at <= at]
    if late:
        assert still[seen.blocking] in late, "somebody late holds up everybody else"


@given(parts=some_children)
def test_in_which_order_children_are_listed_changes_no_date(parts: list[Part]) -> None:
    shuffled = list(reversed(parts))
    parent = promised("2026-06-30")
    assert critical_path(parent, parts) == critical_path(parent, shuffled)
    one, other = blocking(parts, now=MORNING), blocking(shuffled, now=MORNING)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one.case.dates == other.case.dates


@given(start=st.dates(date(2026, 1, 4), date(2026, 6, 30)), value=st.integers(1, 20), slip=st.integers(0, 15))
def test_a_child_that_slips_by_its_slack_ends_with_the_bundle_and_by_one_more_moves_the_date(
    start: date, value: int, slip: int
) -> None:
    limit = Limit(value=value, mode=Mode.WORKDAYS)
    began = moment(f"{start.isoformat()}T10:00")
    first, last = (due(limit, start=began, calendar=jincheng(), extended=each) for each in (0, slip))
    assert first is not None and last is not None
    child = Part("1", replace(promised(None), dates={"promised": first}))
    parent = replace(promised(None), dates={"promised": last})
    left = slack(child, until=last.day, calendar=jincheng())
    assert left == slip
    for days, moves in ((left, False), (left + 1, True)):
        later = due(limit, start=began, calendar=jincheng(), extended=days)
        assert later is not None
        slipped = Part("1", replace(promised(None), dates={"promised": later}))
        assert (critical_path(parent, [slipped]) != last) is moves
