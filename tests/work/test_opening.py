"""Opening a case: a number, one case for one token, words that can be erased, and somebody told."""

from __future__ import annotations

import json
import re
import uuid

import lives
import pytest
from lives import FOOD, LAMP, MATTERS, SHOP, People, moment, opened, refused

from yinuo.core.numbers import case_number
from yinuo.ledger import models as ledger
from yinuo.ledger import store
from yinuo.ledger.verify import verify
from yinuo.registers import parties
from yinuo.work import cases, receipts

OPENERS = dict(zip(MATTERS, ("shimin", "qiye", "qiye_jianshe", "laoren", "qiye", "shimin"), strict=True))


@pytest.mark.parametrize("matter", MATTERS)
def test_every_matter_opens_with_a_number_a_holder_and_a_first_line(city: People, matter: str) -> None:
    life = opened(matter, city[OPENERS[matter]], "2026-03-02 09:00")
    assert re.fullmatch(r"JC260302-\d{6}-[0-9A-Z]", life.number)
    assert life.number == case_number(life.id, on=moment("2026-03-02 09:00"), prefix="JC")
    row = life.row
    assert (row.seq, row.light, row.closed_at) == (1, "green", None)
    assert row.holder.startswith("unit:chengqu-")
    assert row.opened_by == city[OPENERS[matter]].pk
    assert life.moves == ["opened"]
    assert verify(case=life.id).faults == ()


def test_a_receipt_of_a_new_case_names_its_number_and_one_entry(city: People) -> None:
    life = opened(SHOP, city["shimin"], "2026-03-02 09:00")
    receipt = receipts.receipt_for(city["shimin"], life.number)
    assert receipt["number"] == life.number
    assert len(receipt["entries"]) == 1
    assert receipt["seal"] is None


def test_the_same_token_twice_is_one_case_and_the_second_is_not_fresh(city: People) -> None:
    token = uuid.uuid4()
    done = [
        cases.open_case(
            matter=SHOP,
            by=city["shimin"],
            at=moment("2026-03-02 09:00"),
            token=token,
            form=lives.answers(SHOP, shop_name=name),
            party=city.party("shimin"),
        )
        for name in ("老李面馆", "老李饭馆")
    ]
    assert [each.fresh for each in done] == [True, False]
    assert done[0].number == done[1].number
    assert ledger.Case.objects.count() == 1
    assert ledger.Notice.objects.count() == 1
    assert store.gather(store.read(done[0].id)).form["shop_name"] == "老李面馆"


def test_what_was_written_is_content_and_not_in_the_chain(city: People) -> None:
    life = opened(SHOP, city["shimin"], "2026-03-02 09:00", phone="13911112222", shop_name="老李面馆")
    form = ledger.Content.objects.get(case_id=life.id, kind="form")
    assert form.body["phone"] == "13911112222"
    text = ledger.Entry.objects.get(case_id=life.id).body
    assert "13911112222" not in text and "老李" not in text
    assert json.loads(text)["content"]["form"] == bytes(form.digest).hex()


def test_papers_come_with_their_digests_in_the_first_line(city: People) -> None:
    life = opened(SHOP, city["shimin"], "2026-03-02 09:00")
    named = json.loads(ledger.Entry.objects.get(case_id=life.id).body)["files"]
    assert [each["material"] for each in named] == lives.papers(SHOP)
    assert {each["digest"] for each in named} == {each.digest for each in store.files(life.id)}


def test_the_applicant_is_told_that_it_arrived_under_the_matters_name(city: People) -> None:
    life = opened(FOOD, city["qiye"], "2026-03-02 09:00")
    notice = ledger.Notice.objects.get(case_id=life.id)
    assert (notice.to, notice.kind) == (f"party:{city.party('qiye')}", "opened")
    assert notice.title["zh"].startswith("已收到：")
    assert notice.sent_at is None


def test_whoever_reports_a_lamp_without_a_party_is_told_as_a_person(city: People) -> None:
    life = opened(LAMP, city["shimin"], "2026-03-02 09:00")
    assert life.row.party_id is None
    assert life.told(f"person:{city['shimin'].pk}") == ["opened"]
    assert (str(life.row.lat), str(life.row.lon)) == ("35.490700", "112.851200")


def test_nobody_opens_a_case_for_a_party_they_do_not_act_for(city: People) -> None:
    with refused("not_yours"):
        opened(FOOD, city["shimin"], "2026-03-02 09:00", party=city.party("qiye"))
    assert ledger.Case.objects.count() == 0


def test_somebody_who_has_left_an_enterprise_no_longer_opens_for_it(city: People) -> None:
    party = parties.for_person(city["qiye"])[0]
    parties.leave(party, city["qiye"])
    with refused("not_yours"):
        opened(FOOD, city["qiye"], "2026-03-02 09:00", party=party.pk)


def test_the_case_is_answered_for_where_the_shop_is(city: People) -> None:
    held = {
        place: opened(SHOP, city["shimin"], "2026-03-02 09:00", place=place).row
        for place in ("140502003", "140525100", "140581001")
    }
    assert {place: row.holder for place, row in held.items()} == {
        "140502003": "unit:chengqu-window",
        "140525100": "unit:zezhou-window",
        "140581001": "unit:gaoping-window",
    }
    assert [row.unit for row in held.values()] == ["chengqu-approval", "zezhou-approval", "gaoping-approval"]


def test_a_personal_name_is_not_in_the_title_of_a_list(city: People) -> None:
    elder = opened(lives.ELDER, city["laoren"], "2026-03-02 09:00")
    assert "赵" not in elder.row.title
    shop = opened(SHOP, city["shimin"], "2026-03-02 09:00", shop_name="老李面馆")
    assert shop.row.title.startswith("设置店招标牌")
