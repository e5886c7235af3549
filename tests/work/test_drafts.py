"""Applications being filled in: begun, kept, sent once."""

from __future__ import annotations

import uuid

import lives
import pytest
from lives import ELDER, FOOD, SHOP, People, moment, refused

from yinuo.ledger import models as ledger
from yinuo.ledger import store
from yinuo.registers import parties
from yinuo.work import drafts
from yinuo.work.access import NotFound
from yinuo.work.models import Draft

AT = moment("2026-03-02 08:00")


def begun(city: People, matter: str = SHOP, username: str = "shimin") -> Draft:
    return drafts.begin(matter=matter, by=city[username], party=city.party(username), at=AT)


def handed_in(draft: Draft, *materials: str) -> None:
    for file in lives.files(*materials):
        drafts.attach(
            draft, material=file.material, name=file.name, digest=file.digest, mime="image/png", size=1, at=AT
        )


def test_going_on_later_finds_the_draft_begun_before_for_the_same_party(city: People) -> None:
    first = begun(city)
    assert begun(city).pk == first.pk
    assert begun(city, FOOD, "qiye").pk != first.pk
    assert [each.pk for each in drafts.mine(city["shimin"])] == [first.pk]


def test_a_page_that_is_sent_twice_is_one_draft_and_nobody_takes_anothers(city: People) -> None:
    id_ = uuid.uuid4()
    party = city.party("shimin")
    kwargs = {"matter": SHOP, "at": AT, "id_": id_}
    one = drafts.begin(by=city["shimin"], party=party, **kwargs)
    assert drafts.begin(by=city["shimin"], party=party, **kwargs).pk == one.pk == id_
    with pytest.raises(NotFound):
        drafts.begin(by=city["laoren"], party=city.party("laoren"), **kwargs)
    with pytest.raises(NotFound):
        drafts.get(id_=id_, by=city["laoren"])
    with pytest.raises(NotFound):
        drafts.get(id_="no-id", by=city["shimin"])


def test_a_draft_for_a_party_of_somebody_else_is_not_begun(city: People) -> None:
    with refused("not_yours"):
        drafts.begin(matter=FOOD, by=city["shimin"], party=city.party("qiye"), at=AT)


def test_a_telephone_number_on_file_is_not_asked_again(city: People) -> None:
    party = parties.for_person(city["shimin"])[0]
    party.phone = "13911112222"
    party.save()
    assert begun(city).data == {"phone": "13911112222"}


def test_saving_a_page_forgets_answers_of_it_that_are_no_longer_given(city: People) -> None:
    draft = begun(city)
    drafts.save(
        draft, data={"lit": True, "shop_name": "老李"}, page="sign", at=AT, asked=("lit", "shop_name")
    )
    drafts.save(draft, data={"shop_name": "老李面馆"}, page="sign", at=AT, asked=("lit", "shop_name"))
    drafts.save(draft, data={"phone": "1"}, page="", at=AT, asked=("phone",))
    kept = drafts.get(id_=draft.pk, by=city["shimin"])
    assert kept.data == {"shop_name": "老李面馆", "phone": "1"}
    assert kept.done == ["sign"]


def test_a_file_is_attached_once_and_taken_out_again(city: People) -> None:
    draft = begun(city)
    handed_in(draft, "site_photo", "site_photo", "effect_picture")
    assert [each["material"] for each in draft.files] == ["site_photo", "effect_picture"]
    drafts.detach(draft, material="site_photo", digest=draft.files[0]["digest"], at=AT)
    kept = drafts.get(id_=draft.pk, by=city["shimin"])
    assert [each["material"] for each in kept.files] == ["effect_picture"]


def test_missing_papers_are_named_and_the_application_is_not_sent(city: People) -> None:
    draft = begun(city)
    handed_in(draft, "effect_picture")
    lacking = drafts.missing(draft)
    assert lacking is not None and "门面现状照片" in lacking.zh and "墙面使用权的证明" in lacking.zh
    assert "亮灯" not in lacking.zh
    with refused("needs:materials_present"):
        drafts.submit(draft, form=lives.answers(SHOP), by=city["shimin"], at=AT)
    assert ledger.Case.objects.count() == 0
    draft.data = {"lit": True}
    lacking = drafts.missing(draft)
    assert lacking is not None and "亮灯" in lacking.zh  # what is missing depends on what was answered


def test_an_application_sent_twice_is_one_case_with_its_papers(city: People) -> None:
    draft = begun(city)
    handed_in(draft, *lives.papers(SHOP))
    form = lives.answers(SHOP)
    drafts.save(draft, data=form, page="", at=AT)
    twice = [
        drafts.submit(drafts.get(id_=draft.pk, by=city["shimin"]), form=form, by=city["shimin"], at=AT)
        for _ in range(2)
    ]
    assert twice[0].number == twice[1].number
    assert [each.fresh for each in twice] == [True, False]
    assert ledger.Case.objects.count() == 1
    assert {file.material for file in store.files(twice[0].id)} == set(lives.papers(SHOP))
    assert drafts.mine(city["shimin"]) == []
    assert drafts.get(id_=draft.pk, by=city["shimin"]).opened == twice[0].number


def test_a_kill_between_opening_and_noting_it_on_the_draft_still_is_one_case(city: People) -> None:
    draft = begun(city)
    handed_in(draft, *lives.papers(SHOP))
    done = drafts.submit(draft, form=lives.answers(SHOP), by=city["shimin"], at=AT)
    Draft.objects.filter(pk=draft.pk).update(opened="")  # as it is when the process dies right there
    again = drafts.submit(
        drafts.get(id_=draft.pk, by=city["shimin"]), form=lives.answers(SHOP), by=city["shimin"], at=AT
    )
    assert (again.number, again.fresh) == (done.number, False)


def test_a_discarded_draft_is_gone_but_one_that_opened_a_case_stays(city: People) -> None:
    draft = begun(city, ELDER, "laoren")
    drafts.discard(draft)
    assert drafts.mine(city["laoren"]) == []
    sent = begun(city)
    handed_in(sent, *lives.papers(SHOP))
    drafts.submit(sent, form=lives.answers(SHOP), by=city["shimin"], at=AT)
    drafts.discard(sent)
    assert Draft.objects.filter(pk=sent.pk).exists()


def test_whoever_left_the_enterprise_meanwhile_does_not_send_its_draft(city: People) -> None:
    draft = begun(city, FOOD, "qiye")
    handed_in(draft, *lives.papers(FOOD))
    parties.leave(parties.for_person(city["qiye"])[0], city["qiye"])
    with refused("not_yours"):
        drafts.submit(draft, form=lives.answers(FOOD), by=city["qiye"], at=AT)
    assert ledger.Case.objects.count() == 0
