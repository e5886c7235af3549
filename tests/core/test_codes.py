"""Codes of enterprises and people, against the golden table and against what the law allows."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from stdnum.cn import ric
from stdnum.cn import uscc as stdnum_uscc

from yinuo.core.codes import Invalid, citizen_id, uscc

GOLDEN: dict[str, dict[str, Any]] = {
    vector["kind"]: vector
    for vector in json.loads((Path(__file__).parent / "clock_vectors.json").read_text(encoding="utf-8"))
    if vector["kind"] in ("uscc", "citizen_id")
}
TODAY = date(2026, 11, 23)


def number(first: str, born: str, order: str = "001") -> str:
    """A made-up citizen number with the right check character."""
    body = f"{first}{born}{order}"
    return body + ric.calc_check_digit(body + "0")


@pytest.mark.parametrize("code", GOLDEN["uscc"]["valid"])
def test_a_valid_credit_code_is_returned_as_it_is(code: str) -> None:
    assert uscc(code) == code


@pytest.mark.parametrize("code", GOLDEN["uscc"]["invalid"])
def test_an_invalid_credit_code_is_refused_with_its_value_and_a_remedy(code: str) -> None:
    with pytest.raises(Invalid) as caught:
        uscc(code)
    assert caught.value.field == "uscc"
    assert caught.value.value == code
    assert caught.value.remedy and repr(code) in str(caught.value)


@pytest.mark.parametrize(("written", "read"), GOLDEN["uscc"]["normalise"].items())
def test_a_credit_code_typed_small_and_with_blanks_is_put_right(written: str, read: str) -> None:
    assert uscc(written) == read


def test_a_credit_code_says_which_character_is_strange() -> None:
    with pytest.raises(Invalid, match="contains I;"):
        uscc("9111000010162374IK")


def test_every_wrong_check_character_of_a_credit_code_is_refused() -> None:
    body = "91140500MA0000022"
    right = {last for last in "0123456789ABCDEFGHJKLMNPQRTUWXY" if _accepted(body + last)}
    assert right == {"0"}


def test_a_village_collective_has_a_letter_in_front() -> None:
    body = "N2140502MF0000001"
    code = body + stdnum_uscc.calc_check_digit(body)
    assert uscc(code) == code
    with pytest.raises(Invalid, match="places 3 to 8"):
        uscc("91A40500MA00000220")


@pytest.mark.parametrize("code", GOLDEN["citizen_id"]["valid"])
def test_a_valid_citizen_number_is_returned_as_it_is(code: str) -> None:
    assert citizen_id(code, TODAY) == code


@pytest.mark.parametrize("code", GOLDEN["citizen_id"]["invalid"])
def test_an_invalid_citizen_number_is_refused_with_a_remedy_but_not_shown_whole(code: str) -> None:
    with pytest.raises(Invalid) as caught:
        citizen_id(code, TODAY)
    assert caught.value.field == "citizen_id"
    assert caught.value.value == code
    assert caught.value.remedy in str(caught.value)
    assert code not in str(caught.value) and code[6:14] not in str(caught.value)


def test_a_citizen_number_typed_small_and_with_blanks_is_put_right() -> None:
    assert citizen_id(" 11010519491231002x ", TODAY) == "11010519491231002X"


def test_somebody_born_before_the_county_had_its_code_is_not_refused() -> None:
    elder = number("140521", "19500315")
    assert citizen_id(elder, TODAY) == elder
    assert not ric.is_valid(elder)  # the library asks whether the county existed in the year of birth


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("140502900101001", "first generation"),
        ("14050219900101001", "has 17 characters"),
        ("1405021990010100IX", "out of place"),
        ("14050219900101００19", "out of place"),
        ("140502199001010018", "check character"),
        (number("990502", "19900101"), "99, which is no province"),
        (number("140502", "20230229"), "day of birth"),
        (number("140502", "20261124"), "up to 20261123"),
        ("", "has 0 characters"),
    ],
)
def test_a_wrong_citizen_number_says_what_is_wrong(code: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        citizen_id(code, TODAY)


def test_a_child_born_today_and_a_neighbour_from_taiwan_have_numbers_too() -> None:
    for code in (number("140502", "20261123"), number("830000", "19800101")):
        assert citizen_id(code, TODAY) == code


def _accepted(code: str) -> bool:
    try:
        uscc(code)
    except Invalid:
        return False
    return True
