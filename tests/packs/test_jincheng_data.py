"""The Jincheng pack against itself and against sources outside it. No database, no page."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import chinese_calendar
import pytest
import yaml
from jsonschema import Draft202012Validator
from shapely.geometry import shape

from yinuo.core.codes import citizen_id, uscc
from yinuo.core.workdays import Calendar, Year

Rows = dict[str, dict[str, Any]]

PACK = Path(__file__).parents[2] / "packs" / "jincheng"
YEARS = (2025, 2026, 2027)
COUNTIES = {"140502", "140521", "140522", "140524", "140525", "140581"}
TODAY = date(2026, 11, 23)

COUNTY_FUNCTIONS = {
    "government", "approval", "window", "urban_management", "street_lighting", "market",
    "construction", "civil_affairs", "human_resources", "police", "police_seals", "tax", "fire",
    "civil_air_defence", "health", "planning", "emergency", "development_reform",
    "dispatch_centre", "supervision_centre", "supervision",
}  # fmt: skip
CITY_ONLY = {"audit", "platform"}
TOWN_FUNCTIONS = {"town_window", "civil_affairs_town", "grid"}


def load(name: str) -> Any:
    return yaml.safe_load((PACK / name).read_text(encoding="utf-8"))


def days(start: date, end: date) -> list[date]:
    return [start + timedelta(n) for n in range((end - start).days + 1)]


def whole(year: int) -> list[date]:
    return days(date(year, 1, 1), date(year, 12, 31))


def worked(year: dict[str, Any], day: date) -> bool:
    return day in year["work"] or (day.weekday() < 5 and day not in year["off"])


@pytest.fixture(scope="module")
def units() -> Rows:
    rows = load("units.yaml")["units"]
    assert len({row["id"] for row in rows}) == len(rows), "two units share an id"
    return {row["id"]: row for row in rows}


@pytest.fixture(scope="module")
def places() -> Rows:
    rows = load("places/divisions.yaml")["places"]
    assert len({row["code"] for row in rows}) == len(rows), "two places share a code"
    return {row["code"]: row for row in rows}


@pytest.fixture(scope="module")
def people() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = load("people.yaml")["people"]
    return rows


REGISTERS = sorted(path.stem for path in (PACK / "registers").glob("*.yaml"))


# Calendars


@pytest.mark.parametrize("year", YEARS)
def test_days_off_are_weekdays_and_make_up_days_are_weekend_days_of_that_year(year: int) -> None:
    body = load(f"calendar/{year}.yaml")
    assert body["year"] == year
    for name, ends in (("off", range(5)), ("work", range(5, 7))):
        assert body[name] == sorted(set(body[name])), f"{name} of {year} is unsorted or repeats a day"
        wrong = [day for day in body[name] if day.year != year or day.weekday() not in ends]
        assert not wrong, f"{name} of {year} holds {wrong}"


@pytest.mark.parametrize("year", YEARS)
def test_days_off_are_the_weekdays_inside_the_named_holidays(year: int) -> None:
    body = load(f"calendar/{year}.yaml")
    named = [day for each in body["holidays"] for day in days(each["from"], each["to"])]
    assert len(named) == len(set(named)), "two holidays overlap"
    assert [day for day in sorted(named) if day.weekday() < 5] == body["off"]
    assert not set(named) & set(body["work"])


@pytest.mark.parametrize(
    ("year", "count", "issued"), [(2025, 248, date(2024, 11, 12)), (2026, 248, date(2025, 11, 4))]
)
def test_every_day_of_a_published_year_agrees_with_chinesecalendar(
    year: int, count: int, issued: date
) -> None:
    body = load(f"calendar/{year}.yaml")
    assert body["published"] is True and body["issued"] == issued
    assert [day for day in whole(year) if worked(body, day) != chinese_calendar.is_workday(day)] == []
    assert sum(worked(body, day) for day in whole(year)) == 248


def test_2027_holds_only_the_thirteen_statutory_days_and_says_that_it_waits_for_the_notice() -> None:
    body = load("calendar/2027.yaml")
    assert body["published"] is False and body["issued"] is None and body["work"] == []
    assert "暂定" in body["source"]["note"]
    spans = {each["name"]["zh"]: days(each["from"], each["to"]) for each in body["holidays"]}
    assert {name: len(span) for name, span in spans.items()} == {
        "元旦": 1, "春节": 4, "清明节": 1, "劳动节": 2, "端午节": 1, "中秋节": 1, "国庆节": 3,
    }  # fmt: skip
    assert sum(len(span) for span in spans.values()) == 13
    assert spans["春节"][1] == date(2027, 2, 6)


def test_the_pack_calendar_reproduces_the_hand_checked_due_dates() -> None:
    years = []
    for year in YEARS:
        body = load(f"calendar/{year}.yaml")
        off, work = frozenset(body["off"]), frozenset(body["work"])
        years.append(Year(year, off, work, body["published"], body["source"]["title"], body["issued"]))
    calendar = Calendar.build(years, version=load("city.yaml")["calendar"]["version"])
    assert calendar.horizon == date(2026, 12, 31)
    for start, n, due in (
        ("2026-02-12", 5, "2026-02-26"), ("2026-09-18", 5, "2026-09-24"), ("2026-09-24", 20, "2026-10-29"),
        ("2026-04-29", 5, "2026-05-09"), ("2025-09-26", 3, "2025-09-30"), ("2026-02-13", 20, "2026-03-19"),
        ("2026-01-02", 1, "2026-01-04"), ("2026-06-18", 1, "2026-06-22"),
    ):  # fmt: skip
        assert calendar.add(date.fromisoformat(start), n) == date.fromisoformat(due), (start, n)
    for raw, due in (
        ("2026-10-02", "2026-10-08"),
        ("2026-02-20", "2026-02-24"),
        ("2026-09-29", "2026-09-29"),
    ):
        assert calendar.roll(date.fromisoformat(raw)) == date.fromisoformat(due), raw


def test_no_file_of_the_pack_has_a_key_that_yaml_turned_into_true_or_false() -> None:
    """Bare off, on, yes and no are booleans in YAML 1.1: unquoted `off:` would lose every holiday."""

    def keys(value: Any) -> list[Any]:
        if isinstance(value, dict):
            return [*value, *(key for each in value.values() for key in keys(each))]
        return [key for each in value for key in keys(each)] if isinstance(value, list) else []

    for path in sorted(PACK.glob("*.yaml")) + [PACK / f"calendar/{year}.yaml" for year in YEARS]:
        assert not [
            key for key in keys(yaml.safe_load(path.read_text(encoding="utf-8"))) if not isinstance(key, str)
        ]


# Places


def test_the_city_has_six_counties_and_seventy_seven_streets_and_towns(
    places: Rows,
) -> None:
    counties = {code for code, row in places.items() if row["kind"] == "county"}
    assert counties == COUNTIES
    below = Counter(row["parent"] for row in places.values() if row["kind"] in ("street", "town", "township"))
    assert below == {"140502": 8, "140521": 12, "140522": 15, "140524": 11, "140525": 16, "140581": 15}
    assert len(places) == 1 + 6 + 77


def test_every_place_hangs_under_the_division_its_code_begins_with(places: Rows) -> None:
    for code, row in places.items():
        if row["kind"] == "city":
            assert (code, row["parent"]) == ("140500", None)
        else:
            assert row["parent"] == ("140500" if row["kind"] == "county" else code[:6])
        if len(code) == 9:
            serial = int(code[6:])
            assert row["kind"] == ("street" if serial < 100 else "town" if serial < 200 else "township")
        assert row["valid_from"] == date(2023, 6, 30) and row["valid_to"] is None and row["successor"] is None
        assert row["name"]["zh"] and row["name"]["en"].isascii() and row["source"]


def test_doubts_about_beishidian_and_gaoping_are_written_beside_them(
    places: Rows,
) -> None:
    assert places["140502100"]["parent"] == "140502" and "泽州县" in places["140502100"]["source"]
    assert "9镇4乡" in places["140581"]["source"]


def test_the_map_holds_the_same_six_counties_as_valid_outlines() -> None:
    body = json.loads((PACK / load("city.yaml")["map"]["file"]).read_text(encoding="utf-8"))
    assert {feature["properties"]["adcode"] for feature in body["features"]} == COUNTIES
    for feature in body["features"]:
        outline = shape(feature["geometry"])
        assert outline.is_valid and not outline.is_empty
        west, south, east, north = outline.bounds
        assert west > 111 and east < 114 and south > 35 and north < 36.5


# Units


def test_every_unit_has_an_existing_parent_and_place_and_says_where_it_comes_from(
    units: Rows, places: Rows
) -> None:
    for id_, row in units.items():
        assert set(row) == {"id", "name", "parent", "kind", "place", "functions", "source"}, id_
        assert row["place"] in places, id_
        assert row["functions"] and row["source"] and row["name"]["zh"] and row["name"]["en"].isascii(), id_
        seen, at = {id_}, row["parent"]
        while at is not None:
            assert at in units and at not in seen, f"{id_}: parent {at} is missing or its own child"
            seen.add(at)
            at = units[at]["parent"]
        assert "jincheng-government" in seen, id_


def test_no_two_units_of_one_place_answer_for_the_same_function(units: Rows) -> None:
    answering = Counter((row["place"], function) for row in units.values() for function in row["functions"])
    assert [each for each, count in answering.items() if count > 1] == []


def test_city_every_county_and_every_town_have_each_function_they_need(units: Rows, places: Rows) -> None:
    has: dict[str, set[str]] = {code: set() for code in places}
    for row in units.values():
        has[row["place"]] |= set(row["functions"])
    for code, row in places.items():
        needed = COUNTY_FUNCTIONS if len(code) == 6 else TOWN_FUNCTIONS
        needed = needed | CITY_ONLY if row["kind"] == "city" else needed
        assert has[code] == needed, f"{row['name']['zh']}: {has[code] ^ needed}"


def test_the_centre_that_closes_a_street_case_is_never_the_one_that_dispatches_or_handles_it(
    units: Rows,
) -> None:
    for row in units.values():
        assert len({"supervision_centre", "dispatch_centre", "urban_management"} & set(row["functions"])) <= 1


# People


def test_every_demo_person_has_an_existing_unit_and_existing_roles(
    people: list[dict[str, Any]], units: Rows, places: Rows
) -> None:
    roles = {row["id"] for row in load("roles.yaml")["roles"]}
    assert load("people.yaml")["demo"] is True
    assert len({row["username"] for row in people}) == len(people)
    for row in people:
        assert row["name"].startswith("演示") and row["name"].endswith(("某", "店", "单位")), row["username"]
        assert set(row["roles"]) <= roles, row["username"]
        applies = set(row["roles"]) & {"citizen", "enterprise"}
        assert (row["unit"] is None) == bool(applies), row["username"]
        assert row["unit"] is None or row["unit"] in units, row["username"]
        assert ("party" in row) == bool(applies) and row.get("place", "140500") in places, row["username"]


def test_every_role_has_somebody_to_try_it(people: list[dict[str, Any]]) -> None:
    roles = {row["id"] for row in load("roles.yaml")["roles"]}
    assert roles == {role for row in people for role in row["roles"]}
    assert len(roles) == 11


def test_nobody_both_examines_and_decides(people: list[dict[str, Any]]) -> None:
    assert [row["username"] for row in people if {"reviewer", "approver"} <= set(row["roles"])] == []
    pairs: dict[str, set[str]] = {}
    for row in people:
        pairs.setdefault(row["unit"], set()).update(row["roles"])
    lonely = [unit for unit, roles in pairs.items() if "approver" in roles and "reviewer" not in roles]
    assert lonely == []


def test_codes_of_demo_parties_are_valid_and_distinct(
    people: list[dict[str, Any]],
) -> None:
    parties = [row["party"] for row in people if "party" in row]
    assert len({party["code"] for party in parties}) == len(parties) == 4
    for party in parties:
        assert party["kind"] in ("person", "enterprise") and "演示" in party["name"]
        code = party["code"]
        assert (citizen_id(code, on=TODAY) if party["kind"] == "person" else uscc(code)) == code


def test_the_old_age_applicant_is_past_eighty_and_the_other_citizen_is_not(
    people: list[dict[str, Any]],
) -> None:
    born = {
        row["username"]: date.fromisoformat(f"{code[6:10]}-{code[10:12]}-{code[12:14]}")
        for row in people
        if row.get("party", {}).get("kind") == "person" and (code := row["party"]["code"])
    }
    eighty = date(TODAY.year - 80, TODAY.month, TODAY.day)
    assert born["laoren"] <= eighty < born["shimin"]


# Registers


@pytest.mark.parametrize("name", REGISTERS)
def test_a_register_has_a_valid_closed_schema_whose_key_is_required(name: str) -> None:
    body = load(f"registers/{name}.yaml")
    assert set(body) == {"id", "title", "key", "schema", "public", "source"} and body["id"] == name
    assert body["title"]["zh"] and body["title"]["en"] and body["source"]
    schema = body["schema"]
    Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is False
    assert body["key"] in schema["required"] and set(schema["required"]) <= set(schema["properties"])
    titles = [rules["x-title"] for rules in schema["properties"].values()]
    assert all(title["zh"] and title["en"] for title in titles)
    assert not Draft202012Validator(schema).is_valid({"nonsense": 1})


@pytest.mark.parametrize("name", REGISTERS)
def test_a_register_shows_the_public_no_personal_field(name: str) -> None:
    body = load(f"registers/{name}.yaml")
    fields = body["schema"]["properties"]
    assert set(body["public"]) <= set(fields) and len(set(body["public"])) == len(body["public"])
    assert [field for field in body["public"] if fields[field].get("x-personal")] == []
    reaches_a_person = {"citizen_id", "phone", "bank_account", "legal_representative_id"}
    assert reaches_a_person & set(fields) == {
        f for f in reaches_a_person & set(fields) if fields[f].get("x-personal")
    }


def coded_answers() -> list[tuple[str, str, dict[str, Any]]]:
    """(register, field, labels) for every answer chosen by code that a matter writes into a register."""
    found = []
    for path in sorted((PACK / "matters").rglob("matter.yaml")):
        form = json.loads(path.with_name("form.json").read_text(encoding="utf-8"))["properties"]
        moves = yaml.safe_load(path.read_text(encoding="utf-8"))["moves"].values()
        for put in (effect for move in moves for effect in move.get("then", ()) if "put" in effect):
            for field, source in put["with"].items():
                asked = form.get(str(source).removeprefix("form."), {}) if "form." in str(source) else {}
                labels = asked.get("x-labels") or asked.get("items", {}).get("x-labels") or {}
                coded = any(code != said["zh"] for code, said in labels.items())
                if coded and asked.get("type") != "boolean":
                    found.append((put["put"], field, labels))
    return found


def test_a_licence_page_says_every_answer_chosen_by_code_in_the_words_of_the_form() -> None:
    coded = coded_answers()
    assert ("food_licences", "business_kind") in [(register, field) for register, field, _ in coded]
    for register, field, labels in coded:
        written = load(f"registers/{register}.yaml")["schema"]["properties"][field]
        assert written.get("x-labels") == labels, f"{register}.{field}"


def test_the_registers_of_the_first_matters_are_there() -> None:
    assert set(REGISTERS) == {
        "shop_signs", "food_licences", "construction_permits", "elderly_allowances", "enterprises", "seals",
        "tax_registrations", "social_insurance", "street_lights", "licences",
    }  # fmt: skip


def test_a_street_light_is_known_by_sixteen_digits_and_a_position_names_its_datum() -> None:
    check = Draft202012Validator(load("registers/street_lights.yaml")["schema"])
    lamp = {"code": "1405020100000001", "place": "140502003", "position_text": "路口", "state": "out"}
    assert check.is_valid(lamp)
    assert not check.is_valid({**lamp, "code": "140502010000001"})
    assert not check.is_valid({**lamp, "longitude": 112.85, "latitude": 35.49})
    assert check.is_valid({**lamp, "longitude": 112.85, "latitude": 35.49, "datum": "WGS84"})


# The city, and the journal


def test_the_city_names_calendars_and_shifts_that_exist() -> None:
    city = load("city.yaml")
    assert (city["id"], city["division"], city["timezone"]) == ("jincheng", "140500", "Asia/Shanghai")
    assert tuple(city["calendar"]["years"]) == YEARS
    assert {path.stem for path in (PACK / "calendar").glob("*.yaml")} == {str(year) for year in YEARS}
    times = [moment for shift in city["hours"]["shifts"] for moment in shift]
    assert times == sorted(times) and "未核" in city["hours"]["source"] and "未核" in city["warn"]["source"]


def test_the_journal_files_hold_what_their_readme_counts() -> None:
    mechanisms = load("journal/mechanisms.yaml")
    assert len(mechanisms["mechanisms"]) == 186 and len(mechanisms["systems"]) == 16
    assert len({row["id"] for row in mechanisms["mechanisms"]}) == 186
    assert {row["system"] for row in mechanisms["mechanisms"]} <= {row["id"] for row in mechanisms["systems"]}
    assert len(load("journal/units_journal.yaml")["units"]) == 197
    for name, count in (
        ("indicators", 199),
        ("plans", 118),
        ("projects", 128),
        ("policies", 41),
        ("sources", 18),
    ):
        assert len(load(f"journal/{name}.yaml")[name]) == count, name
    assert sum(len(rows) for rows in load("journal/facts.yaml").values()) == 73


def test_units_taken_from_the_journal_name_a_unit_that_the_journal_has(
    units: Rows,
) -> None:
    known = {row["id"]: row["source"] for row in load("journal/units_journal.yaml")["units"]}
    cited = [row["source"] for row in units.values() if "《晋城工作》" in row["source"]]
    assert len(cited) > 25
    for source in cited:
        id_, article = source.split("（", 1)[1].split("）", 1)[0].split("，")[0].split(" ")
        assert known[id_] == article, source
