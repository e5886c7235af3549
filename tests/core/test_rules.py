"""The common conditions: what they let pass, and the reason they give when they do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from calendars_for_tests import moment
from cases_for_tests import pack, shop_sign, sign_at
from hypothesis import given
from hypothesis import strategies as st

from yinuo.core import rules
from yinuo.core.matter import Label
from yinuo.core.rules import COMMON, FROM_THE_HEAD, Actor, Child, Facts, ask

ZHANG = Actor(kind="person", id=1, roles=frozenset({"approver"}))


def facts(**known: object) -> Facts:
    return replace(Facts(matter=shop_sign(), by=ZHANG, at=moment("2026-03-02T09:00")), **known)


def refused(name: str, **known: object) -> Label:
    verdict = ask(name, facts(**known))
    assert verdict is not None, f"{name} let it pass"
    assert verdict.zh.endswith("。") and verdict.en.endswith(".")
    return verdict


def passes(name: str, **known: object) -> bool:
    return ask(name, facts(**known)) is None


# Materials, evidence, opinion


def test_every_missing_paper_is_named_and_an_empty_list_of_files_is_missing_too() -> None:
    files = {"site_photo": ("f" * 64,), "right_to_use": ()}
    said = refused("materials_present", files=files, form={"lit": False})
    assert said.zh == "还缺材料：招牌效果图、墙面使用权的证明。"
    assert "Picture of the sign in place, Proof" in said.en


def test_a_move_with_a_photo_has_evidence_and_one_without_has_none() -> None:
    assert passes("evidence_attached", data={"evidence": ["f" * 64]})
    refused("evidence_attached", data={"evidence": []})
    refused("evidence_attached")


def test_blanks_are_no_opinion() -> None:
    assert passes("opinion_given", data={"opinion": "同意"})
    refused("opinion_given", data={"opinion": " \n"})


# People


def test_whoever_examined_last_does_not_decide_and_what_the_applicant_did_since_changes_nothing() -> None:
    acted = (("accept", "person:2"), ("pass", "person:1"))
    refused("another_person", acted=acted)
    refused("another_person", acted=(*acted, ("resubmit", "party:9"), ("join", "system"), ("deem", "timer")))
    assert passes("another_person", acted=(*acted, ("pass", "person:2")))
    assert passes("another_person", acted=())


def test_an_applicant_with_the_same_id_is_not_the_officer() -> None:
    assert passes("another_person", acted=(("resubmit", "party:1"),))


def test_whoever_mended_the_lamp_does_not_check_it_but_whoever_dispatched_it_may() -> None:
    matter = pack().matter("reports/street_light")
    refused("not_the_handler", matter=matter, acted=(("fixed", "person:1"), ("seen_dark", "person:2")))
    assert passes("not_the_handler", matter=matter, acted=(("send", "person:1"), ("fixed", "person:2")))


def test_where_a_matter_has_no_handlers_everybody_who_acted_counts_as_one() -> None:
    refused("not_the_handler", acted=(("pass", "person:1"),))
    assert passes("not_the_handler", acted=(("pass", "person:2"),))


# Money and children


def test_a_fee_is_paid_when_an_earlier_move_said_so() -> None:
    case = sign_at("review").case
    refused("fee_paid", case=case)
    assert passes("fee_paid", case=replace(case, facts={"fee_paid": True}))


def kids(*rounds: tuple[int, str]) -> tuple[Child, ...]:
    return tuple(
        Child(matter="x/y", number=f"N{n}", closed=bool(outcome), outcome=outcome, since=since)
        for n, (since, outcome) in enumerate(rounds, start=1)
    )


def test_no_children_is_not_all_children() -> None:
    for name in ("all_children_closed", "all_children_granted", "some_child_refused"):
        assert "尚未开启" in refused(name).zh


def test_whoever_is_still_at_work_is_named() -> None:
    for name in ("all_children_closed", "all_children_granted", "some_child_refused"):
        said = refused(name, children=kids((2, "granted"), (2, ""), (2, "")))
        assert "N2、N3" in said.zh and "N1" not in said.zh
        assert "N2, N3" in said.en


def test_of_all_granted_and_some_refused_exactly_one_holds_once_all_are_closed() -> None:
    for outcomes in ("granted granted", "granted refused", "withdrawn granted", "cancelled cancelled"):
        children = kids(*((2, each) for each in outcomes.split()))
        all_granted = passes("all_children_granted", children=children)
        assert all_granted is (outcomes == "granted granted")
        assert passes("some_child_refused", children=children) is not all_granted


def test_a_second_round_of_opinions_counts_instead_of_the_first() -> None:
    children = kids((3, "refused"), (3, "granted"), (8, "granted"), (8, "granted"))
    assert passes("all_children_granted", children=children)
    assert (
        "N3"
        in refused("all_children_granted", children=kids((3, "granted"), (8, "granted"), (8, "refused"))).zh
    )


# Age


def test_the_allowance_begins_on_the_eightieth_birthday() -> None:
    born_on_8_march_1944 = {"elder_id": "140502194403080025"}
    assert passes("aged_80", form=born_on_8_march_1944, at=moment("2026-03-08T00:00"))
    assert passes("aged_80", form=born_on_8_march_1944, at=moment("2024-03-08T00:00"))
    refused("aged_80", form=born_on_8_march_1944, at=moment("2024-03-07T23:59"))
    refused("aged_80", form={})


@given(born=st.dates(date(1930, 1, 1), date(1950, 12, 31)), on=st.dates(date(2010, 1, 1), date(2035, 1, 1)))
def test_years_grow_by_one_on_each_birthday(born: date, on: date) -> None:
    years = rules.years_old(born, on)
    birthdays = [
        year
        for year in range(born.year + 1, on.year + 1)
        if (on.year, on.month, on.day) >= (year, born.month, born.day)
    ]
    assert years == len(birthdays)


# Names


def test_a_rule_that_nobody_wrote_is_named_together_with_those_there_are() -> None:
    with pytest.raises(KeyError, match=r"no rule called 'fee_payed'.*fee_paid"):
        ask("fee_payed", facts())


def test_a_domains_rule_is_found_by_its_dotted_name_once_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "_found", {})
    rules.resolve({"tests.never": lambda known: Label("不行。", "No.")})
    assert refused("tests.never").en == "No."


def test_the_rules_said_to_need_only_the_head_ask_nothing_else() -> None:
    bare = Facts(case=sign_at("review").case, data={"evidence": ["x"], "opinion": "x"}, by=ZHANG)
    for name in FROM_THE_HEAD:
        ask(name, bare)
    assert COMMON.keys() >= FROM_THE_HEAD


def test_every_rule_a_matter_of_the_city_needs_is_there() -> None:
    for matter in pack().matters:
        for move in matter.moves.values():
            for name in move.needs:
                rules.find(name)


def test_every_common_rule_is_in_this_file() -> None:
    written = Path(__file__).read_text(encoding="utf-8")
    assert not [name for name in COMMON if f'"{name}"' not in written]
