"""How the ledger hashes: one spelling, no floats, trees of any size."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinuo.ledger.digests import (
    ZERO,
    canonical,
    content_digest,
    entry_digest,
    merkle_path,
    merkle_root,
    new_salt,
    node_digest,
    shown_digest,
)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def test_there_is_one_spelling() -> None:
    assert canonical({"b": [1, True, None], "a": "宽 3.60 米"}) == '{"a":"宽 3.60 米","b":[1,true,null]}'


@pytest.mark.parametrize(
    "value",
    [0.5, [1.0], {"a": {"b": [1, 2.5]}}, (0.1,), {"a": float("nan")}, [[[-0.0]]], {"x": [{"y": 1e9}]}],
)
def test_a_float_is_refused_wherever_it_hides(value: Any) -> None:
    with pytest.raises(ValueError, match="is a float; write measures and money as text"):
        canonical(value)


@given(value=values)
def test_what_is_read_back_is_spelled_the_same_and_the_order_of_keys_is_nothing(value: Any) -> None:
    text = canonical(value)
    assert canonical(json.loads(text)) == text
    assert "\n" not in text, "lines of a digest end where a line ends"
    if isinstance(value, dict):
        assert canonical(dict(reversed(list(value.items())))) == text


ENTRY: dict[str, Any] = {
    "number": "JC260302-000001-N",
    "seq": 3,
    "kind": "moved",
    "move": "pass",
    "at": datetime(2026, 3, 2, 1, 0, tzinfo=UTC),
    "by": "person:2",
    "body": "{}",
    "prev": ZERO,
}


def test_the_digest_of_an_entry_is_that_of_nine_lines() -> None:
    lines = ["yinuo-entry/1", "JC260302-000001-N", "3", "moved", "pass", "2026-03-02T01:00:00Z", "person:2"]
    lines += ["00" * 32, "{}"]
    assert entry_digest(**ENTRY) == hashlib.sha256("\n".join(lines).encode()).digest()


@pytest.mark.parametrize(
    "change",
    [
        {"number": "JC260302-000002-P"},
        {"seq": 4},
        {"kind": "noted"},
        {"move": ""},
        {"at": ENTRY["at"] + timedelta(microseconds=1)},
        {"by": "person:3"},
        {"body": "{ }"},
        {"prev": b"\x01" + ZERO[1:]},
        # What one field loses another does not gain.
        {"kind": "moved\npass", "move": ""},
    ],
)
def test_every_part_of_an_entry_counts(change: dict[str, Any]) -> None:
    assert entry_digest(**{**ENTRY, **change}) != entry_digest(**ENTRY)


def test_the_same_instant_in_another_zone_is_the_same_instant() -> None:
    from yinuo.core.workdays import SHANGHAI

    assert entry_digest(**{**ENTRY, "at": ENTRY["at"].astimezone(SHANGHAI)}) == entry_digest(**ENTRY)


def test_the_same_words_twice_have_two_digests_so_that_a_telephone_number_cannot_be_guessed_back() -> None:
    one, two = new_salt(), new_salt()
    assert len(one) == 16 and one != two
    assert content_digest(one, "13800000000") != content_digest(two, "13800000000")


def test_a_point_counts_as_the_database_keeps_it() -> None:
    def shown(lat: str | None) -> str:
        return shown_digest(title="灯", lat=None if lat is None else Decimal(lat), lon=None)

    assert shown("35.49") == shown("35.490000") == shown("35.4899995") != shown("35.490001")
    assert shown("35.4900005") == shown("35.490001"), "half a millionth goes up, as numeric(9, 6) rounds"
    assert len({shown(None), shown("0"), shown_digest(title="灯\n", lat=None, lon=None)}) == 3


# Trees


def leaves(count: int) -> list[bytes]:
    return [hashlib.sha256(str(n).encode()).digest() for n in range(count)]


@given(count=st.integers(1, 70), data=st.data())
def test_from_any_leaf_its_path_leads_to_the_root_and_from_any_other_leaf_it_does_not(
    count: int, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, count - 1))
    root, path = merkle_root(leaves(count)), merkle_path(leaves(count), place)
    assert climb(leaves(count)[place], path) == root
    assert len(path) <= (count - 1).bit_length()
    if count > 1:
        other = data.draw(st.integers(0, count - 1).filter(lambda each: each != place))
        assert climb(leaves(count)[other], path) != root


def climb(leaf: bytes, path: list[tuple[str, bytes]]) -> bytes:
    for side, other in path:
        leaf = node_digest(other, leaf) if side == "left" else node_digest(leaf, other)
    return leaf


@given(count=st.integers(1, 70), data=st.data())
def test_one_bit_of_any_leaf_one_leaf_more_and_one_less_each_give_another_root(
    count: int, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, count - 1))
    bit = data.draw(st.integers(0, 255))
    changed = leaves(count)
    changed[place] = (int.from_bytes(changed[place], "big") ^ (1 << bit)).to_bytes(32, "big")
    roots = {merkle_root(each) for each in (leaves(count), changed, leaves(count + 1), leaves(count - 1))}
    assert len(roots) == 4


def test_a_tree_of_one_is_its_leaf_and_a_tree_of_none_is_zero() -> None:
    assert merkle_root(leaves(1)) == leaves(1)[0] and merkle_path(leaves(1), 0) == []
    assert merkle_root([]) == ZERO


def test_an_odd_one_out_is_carried_up_and_never_counted_twice() -> None:
    one, two, three = leaves(3)
    assert merkle_root([one, two, three]) == node_digest(node_digest(one, two), three)
    assert merkle_root([one, two, three]) != merkle_root([one, two, three, three])
