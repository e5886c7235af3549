"""A pack's rows in the database: loaded once or a hundred times, ended but never deleted, refused by row."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from yinuo.registers import load, units
from yinuo.registers.models import Edition, Place, Register, Role, Unit

DAY = date(2026, 11, 23)


def test_the_citys_pack_loads_whole(city: Any) -> None:
    standing = {"valid_to": None}
    assert Place.objects.filter(**standing).count() == len(city.places) == 84
    assert Unit.objects.filter(**standing).count() == len(city.units)
    assert set(Role.objects.values_list("id", flat=True)) >= {row["id"] for row in city.roles}
    assert Place.objects.filter(kind="county", geometry__isnull=False, datum="GCJ-02?").count() == 6
    window = Unit.objects.get(pk="chengqu-window")
    assert window.path == "/jincheng-government/chengqu-government/chengqu-approval/chengqu-window/"
    assert Place.objects.get(pk="140502003").path == "/140500/140502/140502003/"


def test_loading_again_writes_nothing(city: Any) -> None:
    before = Edition.objects.get().token
    counts = city.load(on=DAY)
    assert {name: n for name, n in counts.items() if "_" in name and n} == {}
    assert counts["units"] == len(city.units)
    assert Edition.objects.get().token == before


def test_a_new_name_is_one_change(city: Any) -> None:
    city.unit("chengqu-window")["name"]["zh"] = "城区市民服务中心"
    assert city.load()["units_changed"] == 1
    assert units.name("chengqu-window") == "城区市民服务中心"


def test_a_unit_that_vanished_ends_today_and_is_still_there(city: Any) -> None:
    city.units.remove(city.unit("chengqu-fire"))
    assert city.load(on=DAY)["units_ended"] == 1
    assert Unit.objects.get(pk="chengqu-fire").valid_to == DAY
    assert units.resolve({"fire"}, "140502003", on=DAY) == {"fire": "unit:jincheng-fire"}
    assert city.load(on=date(2026, 12, 1))["units_ended"] == 0
    assert Unit.objects.get(pk="chengqu-fire").valid_to == DAY  # the first day it was gone stays


def test_a_unit_that_comes_back_stands_again(city: Any) -> None:
    row = city.unit("chengqu-fire")
    city.units.remove(row)
    city.load(on=DAY)
    city.units.append(row)
    assert city.load(on=date(2026, 12, 1))["units_changed"] == 1
    assert Unit.objects.get(pk="chengqu-fire").valid_to is None


def test_a_vanished_town_ends_and_keeps_its_unit_findable(city: Any) -> None:
    city.units.remove(city.unit("zezhou-dayang"))
    city.places.remove(city.place("140525109"))
    counts = city.load(on=DAY)
    assert (counts["places_ended"], counts["units_ended"]) == (1, 1)
    assert Place.objects.get(pk="140525109").valid_to == DAY


def test_an_ended_unit_follows_when_its_parent_moves(city: Any) -> None:
    city.units.remove(city.unit("chengqu-window"))
    city.load(on=DAY)
    city.unit("chengqu-approval")["parent"] = "jincheng-approval"
    city.load(on=DAY)
    assert "chengqu-window" in units.subtree("jincheng-approval")


def test_units_of_another_load_are_not_ended_by_a_load_of_registers_alone(city: Any) -> None:
    assert load.put(registers=city.registers, on=DAY)["registers_changed"] == 0
    assert not Unit.objects.filter(valid_to=DAY).exists()


def test_outlines_stay_when_a_load_brings_none(city: Any) -> None:
    counts = load.put(places=city.places, on=DAY)
    assert counts["places_changed"] == 0
    assert Place.objects.filter(geometry__isnull=False).count() == 6


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda c: c.unit("chengqu-fire").update(parent="atlantis"), "unit chengqu-fire: parent: 'atlantis'"),
        (lambda c: c.unit("chengqu-fire").update(place="999999"), "unit chengqu-fire: place: '999999'"),
        (lambda c: c.units.append(dict(c.unit("chengqu-fire"))), "unit chengqu-fire: stands twice"),
        (lambda c: c.unit("chengqu-fire").update(name={"zh": "消防"}), "unit chengqu-fire: name:"),
        (lambda c: c.unit("chengqu-fire").update(valid_to="soon"), "unit chengqu-fire: valid_to: 'soon'"),
        (
            lambda c: c.unit("chengqu-fire").update(valid_from="2026-02-01", valid_to="2026-01-01"),
            "unit chengqu-fire: valid_to: 2026-01-01 is before",
        ),
        (
            lambda c: c.unit("jincheng-government").update(parent="chengqu-window"),
            "unit chengqu-window: parent: stands above itself",
        ),
        (lambda c: c.unit("chengqu-fire")["functions"].append("market"), "has 'market' at 140502 already"),
        (lambda c: c.unit("chengqu-fire")["functions"].append("chengqu-market"), "is a unit's id"),
        (
            lambda c: c.place("140502003").update(code=140502003),
            "place number 10: code: 140502003 is no text",
        ),
        (lambda c: c.place("140502003").update(kind="galaxy"), "place 140502003: kind: 'galaxy'"),
        (lambda c: c.place("140502003").update(successor="1"), "place 140502003: successor: '1'"),
        (
            lambda c: c.place("140502003").update(successor="140502001"),
            "place 140502003: successor: 140502001 without",
        ),
        (
            lambda c: c.geometries["features"][0]["properties"].update(adcode="999999"),
            "outline 999999: is of no place",
        ),
        (lambda c: c.geometries["features"][0].update(geometry={"type": "Point"}), "outline 140502:"),
        (lambda c: c.register("seals").update(key="colour"), "register seals: key: 'colour'"),
        (
            lambda c: c.register("seals")["public"].append("collector"),
            "register seals: public: 'collector' is personal",
        ),
        (
            lambda c: c.register("seals")["public"].append("ghost"),
            "register seals: public: 'ghost' is no field",
        ),
        (lambda c: c.register("seals")["schema"].update(type="sphere"), "register seals: schema: type"),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_loaded(city: Any, spoil: Any, says: str) -> None:
    city.roles[0]["title"]["zh"] = "改名的市民"
    spoil(city)
    with pytest.raises(load.Unfit) as refused:
        city.load(on=DAY)
    assert [line for line in refused.value.problems if says in line], refused.value.problems
    assert not Role.objects.filter(title_zh="改名的市民").exists()
    assert not Unit.objects.filter(valid_to=DAY).exists()


def test_all_that_is_wrong_is_said_at_once(city: Any) -> None:
    city.unit("chengqu-fire")["parent"] = "atlantis"
    city.register("seals")["key"] = "colour"
    with pytest.raises(load.Unfit) as refused:
        city.load()
    assert len(refused.value.problems) == 2


def test_a_register_that_left_the_pack_keeps_its_records(city: Any) -> None:
    city.registers.remove(city.register("seals"))
    city.load()
    assert Register.objects.filter(pk="seals").exists()
