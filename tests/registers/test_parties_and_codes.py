"""Applicants: whose code is right, whose is kept with a reason, and who may act for whom."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from yinuo.core import codes
from yinuo.registers import parties
from yinuo.registers.models import Party, PartyMember, Person

LI = "140502199001010019"
SHOP = "91140500MA00000220"  # its check sum is a multiple of 31, where the common snippet overruns
REAL_BUT_FAILING = "91350211M0000XUF46"  # a blogger's report of a real code: see the domain brief
DAY = date(2026, 11, 23)


@pytest.fixture
def li(db: None) -> Person:
    return Person.objects.create(username="li", name="李某")


def test_a_person_and_an_enterprise_with_right_codes_are_taken(db: None) -> None:
    person = parties.create("person", "李某", f" {LI} ", on=DAY)
    shop = parties.create("enterprise", "演示餐饮店", SHOP.lower(), on=DAY)
    assert (person.id_kind, person.id_number, person.override_reason) == ("citizen_id", LI, "")
    assert (shop.id_kind, shop.id_number) == ("uscc", SHOP)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("person", LI[:-1] + "8"),
        ("person", "14050219900230001X"),
        ("person", "14050220270101001X"),
        ("enterprise", "9114O500MA00000220"),
        ("enterprise", SHOP[:-1] + "1"),
        ("enterprise", ""),
    ],
)
def test_a_wrong_code_is_refused_with_a_remedy(db: None, kind: str, code: str) -> None:
    with pytest.raises(codes.Invalid) as refused:
        parties.create(kind, "某", code, on=DAY)
    assert refused.value.remedy
    assert Party.objects.filter(id_number=code).count() == 0


def test_a_real_code_that_fails_the_check_is_kept_with_a_reason(db: None) -> None:
    party = parties.create(
        "enterprise", "某公司", REAL_BUT_FAILING, override_reason="营业执照原件核对一致", on=DAY
    )
    assert party.override_reason == "营业执照原件核对一致"


def test_a_reason_of_four_characters_is_no_reason(db: None) -> None:
    with pytest.raises(codes.Invalid, match="override_reason"):
        parties.create("enterprise", "某公司", REAL_BUT_FAILING, override_reason=" 已核对 ", on=DAY)


def test_no_reason_is_kept_for_a_code_that_is_right(db: None) -> None:
    party = parties.create("enterprise", "某公司", SHOP, override_reason="营业执照原件核对一致", on=DAY)
    assert party.override_reason == ""


def test_a_passport_is_taken_with_a_reason(db: None) -> None:
    with pytest.raises(codes.Invalid, match="override_reason"):
        parties.create("person", "Smith", "e1234567", id_kind="other", on=DAY)
    party = parties.create(
        "person", "Smith", "e1234567", id_kind="other", override_reason="护照，窗口核对", on=DAY
    )
    assert party.id_number == "E1234567"


def test_an_enterprise_has_no_citizens_number(db: None) -> None:
    with pytest.raises(ValueError, match="id_kind"):
        parties.create("enterprise", "某公司", LI, id_kind="citizen_id", on=DAY)


def test_one_code_is_one_party_however_it_is_spelt(db: None) -> None:
    first = parties.create("enterprise", "演示餐饮店", SHOP, on=DAY)
    with pytest.raises(parties.Known) as known:
        parties.create("enterprise", "演示餐饮店", f"{SHOP.lower()} ", on=DAY)
    assert known.value.party == first
    assert parties.find("enterprise", f" {SHOP.lower()}") == first
    assert parties.find("person", SHOP) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"id_number": LI.lower()[:-1]},  # 17 characters
        {"id_number": f" {LI}"},
        {"id_number": "", "override_reason": "没有证件，窗口核对"},
        {"id_kind": "other"},  # without a reason
        {"id_number": "X", "override_reason": "四个字呀"},
        {"id_kind": "uscc", "id_number": SHOP},  # a person with an enterprise's code
        {"kind": "ghost"},
        {"name": "  "},
    ],
)
def test_the_database_itself_refuses_what_no_form_should_send(db: None, wrong: dict[str, str]) -> None:
    right = {"kind": "person", "name": "李某", "id_kind": "citizen_id", "id_number": LI}
    with pytest.raises(IntegrityError), transaction.atomic():
        Party.objects.create(**{**right, **wrong})
    Party.objects.create(**right)


def test_people_act_for_themselves_and_for_their_firm_and_for_nobody_else(li: Person) -> None:
    self_ = parties.create("person", "李某", LI, on=DAY)
    shop = parties.create("enterprise", "演示餐饮店", SHOP, on=DAY)
    stranger = parties.create("enterprise", "某公司", "91140500MA00000233", on=DAY)
    parties.join(shop, li, "legal", on=DAY)
    parties.join(self_, li, "self", on=DAY)
    assert parties.for_person(li, on=DAY) == (self_, shop)
    assert parties.may_act(li, shop, on=DAY) and parties.may_act(li.pk, self_.pk, on=DAY)
    assert not parties.may_act(li, stranger, on=DAY)


def test_an_agent_acts_from_the_first_day_until_the_mandate_ends(li: Person) -> None:
    shop = parties.create("enterprise", "演示餐饮店", SHOP, on=DAY)
    parties.join(shop, li, "agent", on=date(2026, 3, 1))
    assert parties.leave(shop, li, on=date(2026, 10, 1)) == 1
    acts = [parties.may_act(li, shop, on=date(2026, *day)) for day in ((2, 28), (3, 1), (9, 30), (10, 1))]
    assert acts == [False, True, True, False]


def test_a_closed_account_acts_for_nobody(li: Person) -> None:
    shop = parties.create("enterprise", "演示餐饮店", SHOP, on=DAY)
    parties.join(shop, li, "legal", on=DAY)
    Person.objects.filter(pk=li.pk).update(is_active=False)
    assert not parties.may_act(li, shop, on=DAY) and parties.for_person(li, on=DAY) == ()


def test_joining_twice_is_joining_once_and_the_later_role_counts(li: Person) -> None:
    shop = parties.create("enterprise", "演示餐饮店", SHOP, on=DAY)
    parties.join(shop, li, "agent", on=DAY)
    parties.join(shop, li, "legal", on=DAY)
    assert [member.role for member in PartyMember.objects.filter(party=shop)] == ["legal"]


def test_a_second_account_cannot_be_the_same_person(li: Person) -> None:
    self_ = parties.create("person", "李某", LI, on=DAY)
    parties.join(self_, li, "self", on=DAY)
    other = Person.objects.create(username="other", name="李某")
    with pytest.raises(ValueError, match="another account"):
        parties.join(self_, other, "self", on=DAY)
    assert not parties.may_act(other, self_, on=DAY)


def test_an_enterprise_is_nobodys_self(li: Person) -> None:
    shop = parties.create("enterprise", "演示餐饮店", SHOP, on=DAY)
    with pytest.raises(ValueError, match="nobody's self"):
        parties.join(shop, li, "self", on=DAY)


def test_asking_costs_one_query(li: Person, django_assert_num_queries: Any) -> None:
    shop = parties.create("enterprise", "演示餐饮店", SHOP, on=DAY)
    with django_assert_num_queries(1):
        parties.may_act(li, shop, on=DAY)
