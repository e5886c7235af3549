"""Every example of the city's matters, played by the engine alone: no database, no clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from yinuo.packs import check, examples
from yinuo.packs.load import Example, Pack, read

PACK = read(Path(__file__).parents[2] / "packs" / "jincheng")


@pytest.fixture(scope="module")
def pack() -> Pack:
    return PACK


@pytest.mark.parametrize("example", PACK.examples, ids=lambda example: f"{example.matter}: {example.name}")
def test_it_comes_out_as_it_says(example: Example, pack: Pack) -> None:
    result = examples.run(example, pack)
    assert result.passed, "\n".join(problem.text("zh") for problem in result.differences)


def test_every_matter_has_examples(pack: Pack) -> None:
    assert pack.matters
    without = {matter.id for matter in pack.matters} - {example.matter for example in pack.examples}
    assert not without


def test_the_check_finds_nothing_wrong_with_the_city(pack: Pack) -> None:
    assert [problem.text("zh") for problem in check.check(pack)] == []


def test_every_mechanism_that_a_matter_names_is_one_of_the_journals_186(pack: Pack) -> None:
    known = {mechanism["id"] for mechanism in pack.mechanisms}
    assert len(known) == 186
    assert {name for matter in pack.matters for name in matter.mechanisms} <= known
