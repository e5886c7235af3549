"""The six matters from receipt to the end, by the demo's people, on injected days."""

from __future__ import annotations

import lives
from lives import (
    ELDER,
    FIRE,
    FOOD,
    LAMP,
    REGISTRATION,
    SEAL,
    SHELTER,
    SHOP,
    START,
    TAX,
    WORKS,
    Life,
    People,
    opened,
    photo,
    refused,
    ticked,
)

from yinuo.ledger import models as ledger
from yinuo.ledger.verify import verify
from yinuo.registers.models import Record


def records(life: Life) -> list[Record]:
    return list(Record.objects.filter(case_number=life.number, state="current").order_by("id"))


# --- shop sign ---------------------------------------------------------------------------------------------


def test_a_shop_sign_before_may_day_is_promised_for_a_worked_saturday(city: People) -> None:
    life = opened(SHOP, city["shimin"], "2026-04-29 09:10", place="140502003")
    assert life.stands == ("intake", "unit:chengqu-window", "green")
    assert (life.due("step"), life.due("receipt"), life.due("promised")) == ("2026-04-30", "2026-05-09", "")

    life.move("accept", city["chuangkou"], "2026-04-29 10:00")
    assert life.stands == ("review", "unit:chengqu-approval", "green")
    assert (life.due("promised"), life.due("statutory")) == ("2026-05-09", "2026-05-29")
    assert life.due("receipt") == ""
    notice = life.letter()
    assert notice["letter"] == "accepted"
    assert "李某（演示）" in notice["zh"] and "2026年5月9日" in notice["zh"] and life.number in notice["zh"]
    assert "城区行政审批服务管理局" in notice["zh"]
    # In English the decision itself stays as it was written, dates included; English adds its own part.
    chinese, english = notice["en"].split('<div lang="en">')
    assert chinese.strip() == notice["zh"].strip()
    assert "9 May 2026" in english and "2026年" not in english

    life.move("pass", city["shencha"], "2026-05-08 09:00", opinion="位置和尺寸符合标准")
    with refused("not_yours"):
        life.move("grant", city["shencha"], "2026-05-08 09:05")
    assert ticked("2026-05-09 00:00") == 1
    assert life.stands == ("decide", "unit:chengqu-approval", "yellow")

    life.move("grant", city["shenpi"], "2026-05-09 11:00")
    assert life.stands == ("deliver", "unit:chengqu-window", "green")
    assert (life.row.outcome, life.row.kept, life.due("delivery")) == ("granted", True, "2026-05-22")
    granted = life.letter()
    (record,) = records(life)
    assert record.register_id == "shop_signs"
    assert record.key == f"晋城店招{life.number}"
    assert record.valid_until is not None and record.valid_until.isoformat() == "2029-05-08"
    assert record.key in granted["zh"] and "2029年5月8日" in granted["zh"] and "老李面馆" in granted["zh"]
    assert record.body["holder"] == "李某（演示）" and record.body["holder_code"] == "140502199001010019"
    assert record.body["sign_text"] == "老李面馆" and record.body["case"] == life.number
    assert life.told("unit:chengqu-urban") == ["to_supervisor"]

    life.move("deliver", city["chuangkou"], "2026-05-11 09:30")
    row = life.row
    assert (row.step, row.holder, row.light, row.outcome) == ("closed", "", "", "granted")
    assert row.closed_at == lives.moment("2026-05-11 09:30")
    assert set(row.units) == {"chengqu-window", "chengqu-approval"}
    assert life.told(f"party:{row.party_id}") == ["opened", "accepted", "granted"]
    assert verify(case=life.id).faults == ()


def test_a_shop_sign_asked_once_for_papers_goes_on_when_they_come(city: People) -> None:
    life = opened(SHOP, city["shimin"], "2026-09-14 09:00", lit=True, handed=["effect_picture", "site_photo"])
    with refused("needs:materials_present"):
        life.move("accept", city["chuangkou"], "2026-09-14 10:00")
    life.move("ask", city["chuangkou"], "2026-09-14 10:06", reason="缺墙面使用权证明和用电安全说明")
    row = life.row
    assert (row.step, row.holder) == ("supply", f"party:{row.party_id}")
    assert "缺墙面使用权证明和用电安全说明" in life.letter()["zh"]
    assert "2026年9月29日" in life.letter()["zh"]
    form = lives.answers(SHOP, lit=False, shop_name="新店名")
    life.move("resubmit", city["shimin"], "2026-09-21 20:00", form=form, files=lives.files("right_to_use"))
    assert life.stands[:2] == ("intake", "unit:chengqu-window")
    assert life.due("receipt") == "2026-09-29"
    with refused("once"):
        life.move("ask", city["chuangkou"], "2026-09-22 09:00", reason="再补")
    life.move("accept", city["chuangkou"], "2026-09-22 09:05")
    assert life.due("promised") == "2026-09-30"
    life.move("pass", city["shencha"], "2026-09-22 10:00", opinion="可")
    life.move("grant", city["shenpi"], "2026-09-22 11:00")
    assert records(life)[0].body["shop_name"] == "新店名"


# --- food licence ------------------------------------------------------------------------------------------


def test_a_noodle_shop_is_visited_by_two_and_licensed_in_seven_working_days(city: People) -> None:
    life = opened(FOOD, city["qiye"], "2026-06-11 15:00")
    life.move("accept", city["chuangkou"], "2026-06-11 16:00")
    assert life.stands[:2] == ("review", "unit:chengqu-market")
    assert (life.due("promised"), life.due("statutory")) == ("2026-06-23", "2026-06-26")
    life.move("to_inspection", city["shencha_shichang"], "2026-06-12 10:00", opinion="安排核查")
    with refused("needs:evidence_attached"):
        life.move(
            "inspected", city["shencha_shichang"], "2026-06-16 11:00", opinion="符合", second_inspector="钱某"
        )
    life.move(
        "inspected",
        city["shencha_shichang"],
        "2026-06-16 11:05",
        opinion="布局与图纸一致",
        second_inspector="钱某",
        files=photo(),
    )
    given = ledger.Content.objects.get(case_id=life.id, kind="given")
    assert given.body == {"second_inspector": "钱某"}
    life.move("grant", city["shenpi_shichang"], "2026-06-17 09:00")
    (record,) = records(life)
    assert (record.register_id, record.key) == ("food_licences", f"晋城食营{life.number}")
    assert record.body["holder"] == "演示餐饮服务有限公司"
    assert record.body["issued_by"] == "城区市场监督管理局"
    assert "2031年6月16日" in life.letter()["zh"] and "演示餐饮服务有限公司" in life.letter()["zh"]
    life.move("deliver", city["chuangkou"], "2026-06-18 09:00")
    assert (life.row.outcome, life.row.kept) == ("granted", True)
    assert verify(case=life.id).faults == ()


def test_a_licence_is_extended_once_and_never_beyond_what_the_matter_allows(city: People) -> None:
    life = opened(FOOD, city["qiye"], "2026-09-21 09:00")
    life.move("accept", city["chuangkou"], "2026-09-21 09:30")
    life.move("to_inspection", city["shencha_shichang"], "2026-09-22 09:00", opinion="安排核查")
    with refused("extension_days"):
        life.move("extend", city["shenpi_shichang"], "2026-09-28 09:00", days=6, reason="场所在改造")
    with refused("not_yours"):
        life.move("extend", city["shenpi"], "2026-09-28 09:00", days=5, reason="场所在改造")
    life.move("extend", city["shenpi_shichang"], "2026-09-28 09:00", days=5, reason="场所在改造")
    assert (life.due("promised"), life.due("statutory")) == ("2026-10-14", "2026-10-19")
    assert life.letter()["letter"] == "extended" and "场所在改造" in life.letter()["zh"]
    with refused("extended"):
        life.move("extend", city["shenpi_shichang"], "2026-09-29 09:00", days=1, reason="仍未完工")


# --- construction permit -----------------------------------------------------------------------------------


def test_an_expert_review_stops_the_clock_and_two_opinions_at_once_move_the_permit_on(city: People) -> None:
    life = opened(WORKS, city["qiye_jianshe"], "2026-09-28 09:00")
    life.move("accept", city["chuangkou"], "2026-09-28 10:00")
    assert (life.due("promised"), life.due("statutory")) == ("2026-10-10", "2026-10-13")

    life.move("to_expert", city["shencha"], "2026-09-29 09:00", reason="支护方案评审", days=5)
    assert life.stands == ("expert", "unit:chengqu-approval", "grey")
    assert (life.due("promised"), life.due("statutory"), life.row.paused) == ("", "", True)
    assert "支护方案评审" in life.letter()["zh"] and "5个工作日" in life.letter()["zh"]
    ticked("2026-10-09 00:00")
    assert life.row.light == "grey"  # the days the promise would have ended in have done nothing
    life.move("expert_done", city["shencha"], "2026-10-09 17:00", opinion="方案可行", files=photo())
    assert (life.due("promised"), life.due("statutory")) == ("2026-10-15", "2026-10-19")
    assert "2026年10月15日" in life.letter()["zh"]

    life.move("fork", city["shencha"], "2026-10-10 09:00", opinion="施工条件具备")
    fire, shelter = life.child(FIRE), life.child(SHELTER)
    assert fire.stands == ("opine", "unit:chengqu-fire", "green")
    assert shelter.stands == ("opine", "unit:chengqu-civil-air-defence", "green")
    assert fire.due("promised") == "2026-10-13"
    assert fire.row.party_id == life.row.party_id
    assert len(ledger.Attachment.objects.filter(case_id=fire.id)) == len(lives.papers(WORKS)) + 1
    with refused("not_yours"):
        fire.move("agree", city["shencha_renfang"], "2026-10-10 10:00", opinion="同意")

    fire.move("agree", city["shencha_xiaofang"], "2026-10-10 10:00", opinion="车道和水源符合要求")
    assert life.stands[0] == "joint"  # not before both have spoken
    shelter.move("agree", city["shencha_renfang"], "2026-10-12 10:00", opinion="同意")
    assert life.stands[:2] == ("decide", "unit:chengqu-approval")
    assert life.moves[-1] == "join"
    life.move("grant", city["shenpi"], "2026-10-13 09:00")
    assert life.row.kept is True
    assert life.records() == ["construction_permits"]
    assert life.told("unit:chengqu-construction") == ["to_supervisor"]
    life.move("deliver", city["chuangkou"], "2026-10-14 09:00")
    for each in (life, fire, shelter):
        assert each.row.closed_at is not None
        assert verify(case=each.id).faults == ()


def test_one_objection_keeps_the_permit_from_being_granted_until_a_new_round_agrees(city: People) -> None:
    life = lives.works_in_joint(city)
    life.child(FIRE).move(
        "object", city["shencha_xiaofang"], "2026-03-03 10:00", opinion="不足", reason="消防车道被占"
    )
    life.child(SHELTER).move("agree", city["shencha_renfang"], "2026-03-03 16:00", opinion="同意")
    assert (life.stands[0], life.moves[-1]) == ("decide", "join_refused")
    with refused("needs:all_children_granted"):
        life.move("grant", city["shenpi"], "2026-03-04 09:00")
    life.move("send_back", city["shenpi"], "2026-03-04 09:10", reason="移开围挡后再征求")
    life.move("fork", city["shencha"], "2026-03-05 09:00", opinion="围挡已移开")
    assert len(life.children) == 4
    life.child(FIRE, 2).move("agree", city["shencha_xiaofang"], "2026-03-05 15:00", opinion="已恢复")
    life.child(SHELTER, 2).move("agree", city["shencha_renfang"], "2026-03-05 16:00", opinion="同意")
    life.move("grant", city["shenpi"], "2026-03-06 09:00")
    assert life.records() == ["construction_permits"]


# --- elderly allowance -------------------------------------------------------------------------------------


def test_an_old_mans_allowance_is_checked_by_the_street_and_decided_by_the_county(city: People) -> None:
    life = opened(ELDER, city["laoren"], "2026-03-02 09:00")
    assert life.stands[:2] == ("intake", "unit:chengqu-nanjie")
    life.move("accept", city["chuangkou_nanjie"], "2026-03-02 10:00")
    assert (life.due("promised"), life.due("statutory")) == ("2026-03-09", "")
    life.move("pass", city["shencha_nanjie"], "2026-03-03 10:00", opinion="已电话核实")
    assert life.stands[:2] == ("decide", "unit:chengqu-civil-affairs")
    life.move("grant", city["shenpi_minzheng"], "2026-03-04 10:00", from_month="2026-03")
    (record,) = records(life)
    assert record.body["from_month"] == "2026-03" and record.body["name"] == "赵某"
    assert "赵某" in life.letter()["zh"] and f"晋城高龄{life.number}" in life.letter()["zh"]
    assert (life.row.outcome, life.row.kept, life.row.holder) == ("granted", True, "")


def test_an_old_man_one_day_too_young_is_told_so_and_may_come_tomorrow(city: People) -> None:
    born_tomorrow = "140502194603030030"
    life = opened(ELDER, city["laoren"], "2026-03-02 09:00", elder_id=born_tomorrow)
    with refused("needs:aged_80"):
        life.move("accept", city["chuangkou_nanjie"], "2026-03-02 10:00")
    life.move("accept", city["chuangkou_nanjie"], "2026-03-03 00:01")
    assert life.stands[0] == "check"


# --- new enterprise ----------------------------------------------------------------------------------------


def test_one_form_makes_licence_seal_and_tax_each_starting_when_it_can(city: People) -> None:
    life = opened(START, city["qiye"], "2026-03-02 09:00")
    life.move("accept", city["chuangkou"], "2026-03-02 09:30")
    assert [each.row.matter for each in life.children] == [REGISTRATION]
    registration = life.child(REGISTRATION)
    code = "91140581MA0000055N"
    registration.move("register", city["shencha_shichang"], "2026-03-02 10:00", code=code)
    assert registration.row.outcome == "granted"
    assert life.stands[0] == "joint"  # the licence takes it on by itself
    seal, tax = life.child(SEAL), life.child(TAX)
    assert seal.stands[1] == "unit:chengqu-police" and tax.stands[1] == "unit:chengqu-tax"
    assert {
        ledger.Content.objects.get(case_id=each.id, kind="form").body["code"] for each in (seal, tax)
    } == {code}
    tax.move("confirm", city["shencha_shuiwu"], "2026-03-02 15:30")
    assert life.stands[0] == "joint"
    seal.move("file_seal", city["shencha_gongan"], "2026-03-02 16:00")
    row = life.row
    assert (row.step, row.outcome, row.kept) == ("closed", "granted", True)
    assert life.letter()["letter"] == "granted"
    assert "晋城演示餐饮有限公司" in life.letter()["zh"] and "2026年3月2日" in life.letter()["zh"]
    puts = [each for one in life.children for each in one.records()]
    assert sorted(puts) == ["enterprises", "seals", "tax_registrations"]
    assert life.moves == ["opened", "accept", "registered", "finish"]
    for each in (life, *life.children):
        assert verify(case=each.id).faults == ()


def test_when_one_office_cannot_the_window_coordinates_and_says_why(city: People) -> None:
    life = opened(START, city["qiye"], "2026-03-02 09:00")
    life.move("accept", city["chuangkou"], "2026-03-02 09:30")
    life.child(REGISTRATION).move(
        "register", city["shencha_shichang"], "2026-03-02 10:00", code="91140581MA0000055N"
    )
    life.child(SEAL).move("refuse", city["shencha_gongan"], "2026-03-02 15:00", reason="刻章单位没有备案")
    life.child(TAX).move("confirm", city["shencha_shuiwu"], "2026-03-02 15:30")
    assert life.stands == ("coordinate", "unit:chengqu-window", "green")
    life.move("refuse", city["chuangkou"], "2026-03-02 16:00", reason="请换一家刻章单位")
    assert (life.row.outcome, life.letter()["letter"]) == ("refused", "refused")
    assert "请换一家刻章单位" in life.letter()["zh"]


# --- street light ------------------------------------------------------------------------------------------


def test_a_lamp_goes_from_desk_to_pole_and_back_and_is_closed_by_somebody_else(city: People) -> None:
    life = opened(LAMP, city["shimin"], "2026-03-02 17:50")
    assert life.stands[:2] == ("register", "unit:chengqu-monitoring")
    receipt = life.head.case.dates["receipt"]
    assert lives.local(receipt.at) == "2026-03-03 10:20"  # two working hours, overnight
    life.move("file", city["jiandu"], "2026-03-03 08:40")
    assert "JC260302" in life.letter()["zh"]
    with refused("unit_not_chosen"):
        life.move("send", city["diaodu"], "2026-03-03 09:00", unit="chengqu-tax")
    life.move("send", city["diaodu"], "2026-03-03 09:02", unit="chengqu-urban")
    assert life.stands[:2] == ("handling", "unit:chengqu-urban")

    life.move("not_mine", city["chuzhi"], "2026-03-03 09:30", reason="这段路归公路部门管养")
    assert life.stands[:2] == ("dispatch", "unit:chengqu-dispatch")
    life.move("send", city["diaodu"], "2026-03-03 10:00", unit="chengqu-urban")
    with refused("once"):
        life.move("not_mine", city["chuzhi"], "2026-03-03 10:10", reason="仍不是")

    life.move("fixed", city["chuzhi"], "2026-03-04 10:00", files=photo())
    assert life.stands[:2] == ("recheck", "unit:chengqu-nanjie")
    life.move("seen_dark", city["wangge"], "2026-03-04 15:00", files=photo(), reason="夜里仍不亮")
    repair = life.due("repair")
    life.move("rework", city["jiandu"], "2026-03-04 15:30", reason="核查未修好")
    assert life.stands[:2] == ("handling", "unit:chengqu-urban")  # the same unit, without being chosen again
    assert repair == "" and life.due("repair") == "2026-03-05"  # from the first dispatch, not from now
    assert life.due("promised") == "2026-03-05"
    life.move("fixed", city["chuzhi"], "2026-03-05 09:00", files=photo())
    life.move("seen_lit", city["wangge"], "2026-03-05 10:00", files=photo())
    life.move("close", city["jiandu"], "2026-03-05 11:00")
    assert (life.row.outcome, life.row.kept) == ("done", True)
    assert life.letter()["letter"] == "mended" and "演示路与演示街路口东北角" in life.letter()["zh"]
    assert life.told(f"person:{city['shimin'].pk}") == ["opened", "filed", "mended"]
    assert verify(case=life.id).faults == ()


def test_whoever_mended_the_lamp_does_not_check_it(city: People) -> None:
    both = lives.employ("both", ("chengqu-urban", "handler"), ("chengqu-nanjie", "grid_worker"))
    life = opened(LAMP, city["shimin"], "2026-03-02 09:00")
    life.move("file", city["jiandu"], "2026-03-02 09:30")
    life.move("send", city["diaodu"], "2026-03-02 09:40", unit="chengqu-urban")
    life.move("fixed", both, "2026-03-02 15:00", files=photo())
    with refused("needs:not_the_handler"):
        life.move("seen_lit", both, "2026-03-02 16:00", files=photo())
    life.move("seen_lit", city["wangge"], "2026-03-02 16:00", files=photo())


def test_lights_of_a_lamp_turn_yellow_then_red_for_those_who_hold_it(city: People) -> None:
    life = opened(LAMP, city["shimin"], "2026-03-02 09:00")
    ticked("2026-03-02 10:59")
    assert life.row.light == "yellow"
    ticked("2026-03-02 11:00")
    assert life.row.light == "red" and life.row.breached
    assert life.told("unit:chengqu-monitoring") == ["alert:yellow", "alert:red"]


def test_nobody_else_moves_a_case_whatever_their_role_elsewhere(city: People) -> None:
    life = opened(SHOP, city["shimin"], "2026-03-02 09:00", place="140502003")
    outsiders = [
        "chuangkou_zezhou",
        "chuangkou_nanjie",
        "shencha",
        "ducha",
        "shenji",
        "guanli",
        "qiye",
        "shimin",
    ]
    for username in outsiders:
        with refused("not_yours"):
            life.move("accept", city[username], "2026-03-02 09:30")
    assert life.seq == 1


def test_an_officer_does_not_rewrite_the_applicants_answers(city: People) -> None:
    life = opened(SHOP, city["shimin"], "2026-03-02 09:00", place="140502003")
    with refused("form"):
        life.move("accept", city["chuangkou"], "2026-03-02 09:30", form=lives.answers(SHOP, shop_name="改名"))
    assert life.seq == 1
