"""Case numbers: said over the telephone, and a slip shows."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from calendars_for_tests import moment
from hypothesis import given
from hypothesis import strategies as st

from yinuo.core.numbers import case_number, valid

ids = st.integers(1, 999_999)
days = st.datetimes(datetime(2026, 1, 1), datetime(2099, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))


def number(id_: int = 17, on: str = "2026-11-23T09:00") -> str:
    return case_number(id_, on=moment(on), prefix="JC")


def test_a_number_says_the_city_the_day_in_shanghai_and_the_serial() -> None:
    assert number() == "JC261123-000017-6"
    assert case_number(17, on=datetime(2026, 11, 22, 16, 0, tzinfo=UTC), prefix="JC") == number()
    assert case_number(17, on=datetime(2026, 11, 22, 15, 59, tzinfo=UTC), prefix="JC").startswith("JC261122-")


def test_a_number_as_somebody_types_it_is_valid_too() -> None:
    assert valid(" jc261123-000017-6 ")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "--",
        "JC261123-000017",
        "JC261123-000017-6-1",
        "JC26112-000017-6",
        "261123",
        "JC２６1123-000017-6",
        "JC261123--L",
        "JCABCDEF-000017-6",
    ],
)
def test_what_is_shaped_otherwise_is_no_number(text: str) -> None:
    assert not valid(text)


@given(id_=ids, on=days)
def test_every_number_is_valid(id_: int, on: datetime) -> None:
    assert valid(case_number(id_, on=on, prefix="JC"))


@given(id_=ids, on=days, data=st.data())
def test_one_wrong_digit_always_shows(id_: int, on: datetime, data: st.DataObject) -> None:
    right = case_number(id_, on=on, prefix="JC")
    place = data.draw(st.sampled_from([i for i, sign in enumerate(right[:-2]) if sign.isdigit()]))
    wrong = data.draw(st.sampled_from([sign for sign in "0123456789" if sign != right[place]]))
    assert not valid(right[:place] + wrong + right[place + 1 :])


@given(id_=ids, on=days, data=st.data())
def test_two_neighbours_swapped_always_show(id_: int, on: datetime, data: st.DataObject) -> None:
    right = case_number(id_, on=on, prefix="JC")
    digits = [i for i, sign in enumerate(right[:-2]) if sign.isdigit()]
    swaps = [(a, b) for a, b in pairwise(digits) if right[a] != right[b]]
    a, b = data.draw(st.sampled_from(swaps))
    signs = list(right)
    signs[a], signs[b] = signs[b], signs[a]
    assert not valid("".join(signs))


@given(id_=ids, on=days, sign=st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_only_one_check_character_is_right(id_: int, on: datetime, sign: str) -> None:
    right = case_number(id_, on=on, prefix="JC")
    assert valid(right[:-1] + sign) == (sign == right[-1])


def test_serials_beyond_six_digits_stay_valid() -> None:
    assert valid(number(1_234_567))
