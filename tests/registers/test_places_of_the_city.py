"""Divisions: what people choose from, what they read, and where a position lies."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from yinuo.registers import places
from yinuo.registers.models import Place

NANJIE, DAYANG, XIACUN = "140502003", "140525109", "140525101"
DAY = date(2026, 11, 23)


def test_people_choose_from_77_towns_in_six_counties(city: Any) -> None:
    groups = places.choices(lang="zh-hans", on=DAY)
    assert [name for name, _ in groups] == ["城区", "沁水县", "阳城县", "陵川县", "泽州县", "高平市"]
    assert sum(len(offered) for _, offered in groups) == 77
    assert (NANJIE, "南街街道") in groups[0][1]


def test_the_choices_follow_the_readers_language(city: Any) -> None:
    with translation.override("en"):
        name, offered = places.choices(on=DAY)[0]
    assert name == "Chengqu District" and (NANJIE, "Nanjie Subdistrict") in offered


def test_where_a_whole_county_may_be_meant_it_can_be_chosen(city: Any) -> None:
    groups = places.choices(lang="zh-hans", whole=True, on=DAY)
    assert groups[0] == ("晋城市", [("140500", "晋城市")])
    assert groups[1][1][0] == ("140502", "城区")


def test_a_merged_town_is_no_longer_offered(city: Any) -> None:
    city.place(DAYANG).update(valid_to="2026-07-01", successor=XIACUN)
    city.load()
    offered = {code for _, group in places.choices(on=date(2026, 7, 1)) for code, _ in group}
    assert DAYANG not in offered and XIACUN in offered
    assert DAYANG in {code for _, group in places.choices(on=date(2026, 6, 30)) for code, _ in group}


def test_a_merged_towns_case_stands_under_the_successor(city: Any) -> None:
    city.place(DAYANG).update(valid_to="2026-07-01", successor=XIACUN)
    city.load()
    assert [place.code for place in places.ancestors(DAYANG, on=DAY)] == [XIACUN, "140525", "140500"]
    assert places.present(DAYANG, on=DAY) == XIACUN
    assert places.title(DAYANG, lang="zh-hans") == "泽州县大阳镇"  # its own name stays on old papers


def test_a_chain_of_mergers_leads_to_the_town_that_stands(city: Any) -> None:
    third = "140525103"
    city.place(DAYANG).update(valid_to="2026-03-01", successor=XIACUN)
    city.place(XIACUN).update(valid_to="2026-07-01", successor=third)
    city.load()
    assert places.present(DAYANG, on=date(2026, 2, 28)) == DAYANG
    assert places.present(DAYANG, on=date(2026, 3, 1)) == XIACUN
    assert places.present(DAYANG, on=date(2026, 7, 1)) == third


def test_titles_read_from_the_county_down_in_chinese_and_up_in_english(city: Any) -> None:
    assert places.title(NANJIE, lang="zh-hans") == "城区南街街道"
    assert places.title(NANJIE, lang="en") == "Nanjie Subdistrict, Chengqu District"
    assert places.title("140500", lang="zh-hans") == "晋城市"
    assert places.title("000000", lang="zh-hans") == "000000"


def test_each_countys_inner_point_lies_in_that_county(city: Any) -> None:
    from shapely.geometry import shape

    for place in Place.objects.filter(kind="county"):
        point = shape(place.geometry).representative_point()
        assert places.at_point(point.y, point.x, on=DAY) == place.code


def test_a_position_may_come_as_text_or_decimal_as_the_ledger_keeps_it(city: Any) -> None:
    assert places.at_point("35.49", "112.85", on=DAY) == "140502"
    assert places.at_point(Decimal("35.49"), Decimal("112.85"), on=DAY) == "140502"


def test_beijing_is_not_in_jincheng(city: Any) -> None:
    assert places.at_point("39.9", "116.4", on=DAY) is None


@pytest.mark.parametrize(("lat", "lon"), [("112.85", "35.49"), ("here", "there"), ("nan", "112")])
def test_what_is_no_position_is_refused(city: Any, lat: str, lon: str) -> None:
    with pytest.raises(ValueError, match="position"):
        places.at_point(lat, lon, on=DAY)


def test_a_new_outline_counts_at_once(city: Any) -> None:
    assert places.at_point("35.49", "112.85", on=DAY) == "140502"
    Place.objects.filter(code="140502").update(geometry=None)
    assert places.at_point("35.49", "112.85", on=DAY) is None


def test_the_database_refuses_a_successor_for_a_place_that_has_not_ended(city: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Place.objects.filter(code=DAYANG).update(successor=XIACUN)
