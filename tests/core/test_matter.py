"""A matter as data: what a guide may say of it before anybody has applied."""

from __future__ import annotations

from pathlib import Path

import pytest

from yinuo.core.matter import Matter
from yinuo.packs.load import read

MATTERS = {
    matter.id: matter for matter in read(Path(__file__).resolve().parents[2] / "packs" / "jincheng").matters
}


@pytest.mark.parametrize(
    ("matter", "steps"),
    [
        ("approvals/shop_sign", ("intake", "review", "decide", "deliver")),
        ("approvals/construction_permit", ("intake", "review", "joint", "decide", "deliver")),
        ("reports/street_light", ("register", "dispatch", "handling", "recheck", "closing")),
    ],
)
def test_a_guide_shows_the_way_without_rework_or_special_procedures(
    matter: str, steps: tuple[str, ...]
) -> None:
    assert MATTERS[matter].usual_steps == steps


@pytest.mark.parametrize("matter", MATTERS.values(), ids=MATTERS)
def test_the_usual_way_begins_where_a_case_opens_and_repeats_no_step(matter: Matter) -> None:
    assert matter.usual_steps[0] == matter.start
    assert len(set(matter.usual_steps)) == len(matter.usual_steps)
    assert set(matter.usual_steps) <= set(matter.steps)
