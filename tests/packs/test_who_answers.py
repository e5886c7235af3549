"""Which unit answers for a function at a place."""

from __future__ import annotations

from yinuo.core.places import answering, holders, responsible

PARENTS = {"14": None, "1401": "14", "1402": "14", "140101": "1401", "140102": "1401"}
UNITS = answering(
    [
        {"id": "city-market", "place": "14", "functions": ["market"]},
        {"id": "county-market", "place": "1401", "functions": ["market"]},
        {"id": "street-office", "place": "140101", "functions": ["grid", "town_window"]},
        {"id": "platform", "place": "14", "functions": ["platform"]},
    ]
)


def who(function: str, place: str) -> str | None:
    return responsible(function, place, units=UNITS, parents=PARENTS)


def test_the_unit_of_the_place_itself_answers_first() -> None:
    assert who("grid", "140101") == "street-office"
    assert who("market", "1401") == "county-market"


def test_a_street_without_one_is_its_countys() -> None:
    assert who("market", "140102") == "county-market"


def test_a_county_without_one_is_the_citys() -> None:
    assert who("market", "1402") == "city-market"


def test_a_place_nobody_knows_is_the_citys() -> None:
    assert who("market", "999999") == "city-market"
    assert who("market", "") == "city-market"


def test_nobody_answers_for_a_street_duty_in_a_street_that_has_no_office() -> None:
    assert who("grid", "140102") is None


def test_a_matter_may_name_a_unit_instead_of_a_function() -> None:
    assert who("platform", "140101") == "platform"
    assert who("street-office", "1402") == "street-office"


def test_a_ring_of_places_does_not_hang() -> None:
    assert responsible("market", "a", units=UNITS, parents={"a": "b", "b": "a", "14": None}) == "city-market"


def test_holders_leave_out_what_nobody_answers_for() -> None:
    assert holders(["market", "grid"], "140102", units=UNITS, parents=PARENTS) == {
        "market": "unit:county-market"
    }
