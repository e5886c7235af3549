"""Who answers where: the nearest unit of that function, dated."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from yinuo.registers import edition, units
from yinuo.registers.models import Place, Unit

NANJIE = "140502003"
DAYANG, XIACUN = "140525109", "140525101"
DAY = date(2026, 11, 23)


def test_a_shop_in_nanjie_is_answered_by_its_own_district(city: Any) -> None:
    assert units.resolve({"urban_management", "window"}, NANJIE, on=DAY) == {
        "urban_management": "unit:chengqu-urban",
        "window": "unit:chengqu-window",
    }


def test_a_town_answers_itself_where_it_has_the_function(city: Any) -> None:
    assert units.resolve({"grid"}, NANJIE, on=DAY) == {"grid": "unit:chengqu-nanjie"}


def test_what_only_the_city_does_the_city_answers(city: Any) -> None:
    assert units.resolve({"audit"}, NANJIE, on=DAY) == {"audit": "unit:jincheng-audit"}


def test_when_a_district_has_no_such_bureau_the_citys_bureau_answers(city: Any) -> None:
    city.unit("chengqu-fire")["functions"] = []
    city.load()
    assert units.resolve({"fire"}, NANJIE, on=DAY) == {"fire": "unit:jincheng-fire"}
    assert units.resolve({"fire"}, XIACUN, on=DAY) == {"fire": "unit:zezhou-fire"}


@pytest.mark.parametrize("place", ["", "999999", "not a place"])
def test_a_case_without_a_known_place_is_the_citys(city: Any, place: str) -> None:
    assert units.resolve({"window"}, place, on=DAY) == {"window": "unit:jincheng-window"}


def test_a_village_that_the_tree_does_not_know_belongs_to_its_town(city: Any) -> None:
    assert units.resolve({"grid"}, NANJIE + "001", on=DAY) == {"grid": "unit:chengqu-nanjie"}


def test_a_matter_may_name_one_unit_wherever_the_case_is(city: Any) -> None:
    assert units.resolve({"jincheng-audit"}, NANJIE, on=DAY) == {"jincheng-audit": "unit:jincheng-audit"}


def test_nobody_answers_for_what_nobody_does(city: Any) -> None:
    assert units.resolve({"space_travel"}, NANJIE, on=DAY) == {}
    assert units.responsible("space_travel", NANJIE, on=DAY) is None


def test_the_responsible_unit_comes_with_its_row(city: Any) -> None:
    unit = units.responsible("window", NANJIE, on=DAY)
    assert unit is not None and unit.name_zh == "城区政务服务中心"


def test_a_bureau_answers_from_its_first_day_until_the_day_before_its_last(city: Any) -> None:
    city.unit("chengqu-market").update(valid_from="2026-03-01", valid_to="2026-10-01")
    city.load()
    answered = {
        day: units.resolve({"market"}, NANJIE, on=date.fromisoformat(day))["market"]
        for day in ("2026-02-28", "2026-03-01", "2026-09-30", "2026-10-01")
    }
    assert answered == {
        "2026-02-28": "unit:jincheng-market",
        "2026-03-01": "unit:chengqu-market",
        "2026-09-30": "unit:chengqu-market",
        "2026-10-01": "unit:jincheng-market",
    }


def test_an_ended_unit_is_not_found_by_its_own_name(city: Any) -> None:
    city.unit("chengqu-market")["valid_to"] = "2026-10-01"
    city.load()
    assert units.resolve({"chengqu-market"}, NANJIE, on=DAY) == {}
    assert "unit:chengqu-market" not in units.everyone(on=DAY)
    assert "unit:chengqu-market" in units.everyone(on=date(2026, 9, 30))


def test_a_merged_towns_cases_go_to_its_successor(city: Any) -> None:
    city.place(DAYANG).update(valid_to="2026-07-01", successor=XIACUN)
    city.unit("zezhou-dayang")["valid_to"] = "2026-07-01"
    city.load()
    before, after = date(2026, 6, 30), date(2026, 7, 1)
    assert units.resolve({"grid"}, DAYANG, on=before) == {"grid": "unit:zezhou-dayang"}
    here = units.resolve({"grid"}, XIACUN, on=after)
    assert units.resolve({"grid"}, DAYANG, on=after) == here
    assert here["grid"] != "unit:zezhou-dayang"


def test_a_unit_left_behind_by_a_merger_stands_behind_the_one_that_belongs_there(city: Any) -> None:
    city.place(DAYANG).update(valid_to="2026-07-01", successor=XIACUN)
    city.unit("zezhou-dayang")["functions"] = ["grid", "old_archive"]
    city.load()
    found = units.resolve({"grid", "old_archive"}, DAYANG, on=DAY)
    assert found["grid"] == units.resolve({"grid"}, XIACUN, on=DAY)["grid"] != "unit:zezhou-dayang"
    assert found["old_archive"] == "unit:zezhou-dayang"


def test_a_county_that_merges_takes_its_towns_along(city: Any) -> None:
    city.place("140525").update(valid_to="2026-07-01", successor="140502")
    city.load()
    assert units.resolve({"window"}, XIACUN, on=date(2026, 6, 30)) == {"window": "unit:zezhou-window"}
    assert units.resolve({"window"}, XIACUN, on=date(2026, 7, 1)) == {"window": "unit:chengqu-window"}


def test_successors_in_a_circle_do_not_hang(city: Any) -> None:
    Place.objects.filter(code=DAYANG).update(valid_to="2026-07-01", successor=XIACUN)
    Place.objects.filter(code=XIACUN).update(valid_to="2026-07-01", successor=DAYANG)
    assert units.resolve({"window"}, DAYANG, on=DAY) == {"window": "unit:zezhou-window"}


def test_resolving_costs_one_query(city: Any, django_assert_num_queries: Any) -> None:
    units.resolve({"window"}, NANJIE, on=DAY)
    with django_assert_num_queries(1):
        units.resolve({"window", "market", "grid"}, NANJIE, on=DAY)


def test_whoever_changes_a_unit_by_whatever_statement_changes_the_answer_at_once(city: Any) -> None:
    assert units.resolve({"window"}, NANJIE, on=DAY) == {"window": "unit:chengqu-window"}
    Unit.objects.filter(pk="chengqu-window").update(functions=[])
    assert units.resolve({"window"}, NANJIE, on=DAY) == {"window": "unit:jincheng-window"}


def test_a_change_that_is_rolled_back_never_happened(city: Any) -> None:
    from django.db import transaction

    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        Unit.objects.filter(pk="chengqu-window").update(functions=[])
        assert units.resolve({"window"}, NANJIE, on=DAY) == {"window": "unit:jincheng-window"}
        raise KeyboardInterrupt
    assert units.resolve({"window"}, NANJIE, on=DAY) == {"window": "unit:chengqu-window"}


def test_above_a_window_stand_its_bureau_its_district_and_the_city(city: Any) -> None:
    assert units.above("chengqu-window") == (
        "chengqu-window",
        "chengqu-approval",
        "chengqu-government",
        "jincheng-government",
    )


def test_under_a_district_stand_its_own_units_and_nobody_elses(city: Any) -> None:
    below = units.subtree("chengqu-government")
    assert below[0] == "chengqu-government"
    assert {"chengqu-window", "chengqu-nanjie"} <= set(below)
    assert not [unit for unit in below if not unit.startswith("chengqu-")]
    assert set(units.subtree("jincheng-government")) == {row["id"] for row in city.units}


def test_a_unit_whose_name_begins_like_anothers_is_not_under_it(city: Any) -> None:
    city.units.append({**city.unit("chengqu-fire"), "id": "chengqu-government-2", "functions": []})
    city.load()
    assert "chengqu-government-2" in units.subtree("chengqu-government")  # its child, by parent
    assert units.subtree("chengqu-government-2") == ("chengqu-government-2",)
    city.unit("chengqu-government-2")["parent"] = None
    city.load()
    assert "chengqu-government-2" not in units.subtree("chengqu-government")


def test_an_ended_unit_stays_under_its_parent_for_those_who_must_see_its_cases(city: Any) -> None:
    city.unit("chengqu-window")["valid_to"] = "2026-07-01"
    city.load()
    assert "chengqu-window" in units.subtree("chengqu-government")


def test_an_unknown_unit_is_named_in_the_error(city: Any) -> None:
    with pytest.raises(KeyError, match="atlantis"):
        units.above("atlantis")
    assert units.path("atlantis") == "" and units.name("atlantis") == "atlantis"
    assert units.name("chengqu-window", lang="en") == "Chengqu District Government Service Centre"


def test_a_page_names_many_units_and_asks_for_them_once(city: Any, django_assert_num_queries: Any) -> None:
    edition.current()  # reads the rows themselves
    with edition.hold(), django_assert_num_queries(1):
        first = edition.current()
        assert edition.current() is first
    with django_assert_num_queries(2):  # outside, each look asks again, and sees what changed
        edition.current()
        edition.current()
