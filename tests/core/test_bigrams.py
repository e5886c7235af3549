"""Search: whatever stands in a text is found, whole words and words within words alike."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinuo.core.bigrams import bigrams, query

han = st.text(alphabet="路灯不亮公园门口街道办事处申请营业执照", min_size=0, max_size=12)
mixed = st.text(alphabet="路灯亮abcXYZ019 -，。：'\"\\&|!:*()", max_size=30)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("路灯不亮", ["路灯", "灯不", "不亮"]),
        ("灯", ["灯"]),
        ("", []),
        ("，。 ", []),
        ("路灯，不亮", ["路灯", "不亮"]),
        ("路灯路灯", ["路灯", "灯路"]),
        ("JC261123", ["jc261123", "jc", "c2", "26", "61", "11", "12", "23"]),
        ("12号", ["12", "2号"]),
        ("a_b", ["a", "b"]),
    ],
)
def test_a_text_falls_into_these_pieces(text: str, pieces: list[str]) -> None:
    assert bigrams(text) == pieces


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("路灯", "'路灯'"),
        ("路灯不亮", "'路灯' & '灯不' & '不亮'"),
        ("灯", "'灯':*"),
        ("", ""),
        ("' | !", ""),
        ("JC", "'jc'"),
        ("路灯 路灯", "'路灯'"),
    ],
)
def test_a_question_asks_for_all_its_pieces(asked: str, wanted: str) -> None:
    assert query(asked) == wanted


@given(before=han, word=han.filter(lambda text: len(text) >= 2), after=han)
def test_a_word_inside_a_longer_word_is_found(before: str, word: str, after: str) -> None:
    asked = re.findall(r"'([^']+)'", query(word))
    assert asked and set(asked) <= set(bigrams(before + word + after))


@given(text=mixed, asked=mixed)
def test_a_question_never_breaks_out_of_its_quotes(text: str, asked: str) -> None:
    said = query(asked)
    assert re.fullmatch(r"('[^\W_]{1,2}'(:\*)?( & '[^\W_]{1,2}'(:\*)?)*)?", said), said
    assert len(bigrams(text)) == len(set(bigrams(text)))


@given(text=mixed)
def test_a_text_is_found_by_itself_and_case_makes_no_difference(text: str) -> None:
    asked = re.findall(r"'([^']+)'(:\*)?", query(text.upper()))
    kept = bigrams(text)
    for piece, prefix in asked:
        assert piece in kept or (prefix and any(each.startswith(piece) for each in kept))
