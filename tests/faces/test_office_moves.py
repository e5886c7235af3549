"""Moves, claims and corrections as officers make them, alone and against each other."""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from office_city import LAMP, SIGN, jpeg, moved, opened, people, person, sign_at, signed_in, url

from yinuo.faces.office import inbox, record
from yinuo.ledger.models import Case
from yinuo.registers.models import Post, Record
from yinuo.work import cases

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def city(db: None) -> None:
    people()


def said(response: object) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))  # type: ignore[attr-defined]


def again(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def test_a_quick_move_is_made_from_the_case_page_and_the_next_item_opens() -> None:
    first, second = opened(form={**SIGN, "shop_name": "甲店"}), opened(form={**SIGN, "shop_name": "乙店"})
    clerk = signed_in("chuangkou")
    data = {"expecting": first.seq, "back": "/office/?light=green"}
    answer = clerk.post(url(first, "accept/"), data)
    assert answer.status_code == 302
    assert answer["Location"] == f"/office/?light=green&case={second.number}"
    assert again(first).step == "review"
    page = clerk.get(answer["Location"])
    assert "撤销" in said(page) and "乙店" in said(page)
    assert f'data-item="{second.number}" aria-current="true"' in page.content.decode()


def test_after_the_last_item_the_inbox_is_empty_and_says_so() -> None:
    case = opened()
    clerk = signed_in("chuangkou")
    answer = clerk.post(url(case, "accept/"), {"expecting": case.seq, "back": "/office/"})
    assert answer["Location"] == "/office/"
    assert "没有待办" in said(clerk.get("/office/"))


@pytest.mark.parametrize(
    "back", ["https://elsewhere.example/", "//elsewhere.example", "/my/", "/office/../my/"]
)
def test_after_a_move_nobody_is_sent_out_of_the_office(back: str) -> None:
    case = opened()
    answer = signed_in("chuangkou").post(url(case, "accept/"), {"expecting": case.seq, "back": back})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/office/") and "elsewhere" not in answer["Location"]


def test_a_missing_material_stops_acceptance_and_says_which() -> None:
    case = opened(papers=("site_photo",))
    answer = signed_in("chuangkou").post(url(case, "accept/"), {"expecting": case.seq})
    assert answer.status_code == 422
    assert "还缺材料：招牌效果图、墙面使用权的证明" in said(answer)
    assert again(case).step == "intake"


def test_a_reason_is_asked_for_and_what_was_typed_and_attached_comes_back() -> None:
    case = opened()
    clerk = signed_in("chuangkou")
    photo = SimpleUploadedFile("缺页.jpg", jpeg("red"), content_type="image/jpeg")
    data = {"expecting": case.seq, "reason": "  ", "opinion": "材料第二页看不清", "evidence": photo}
    answer = clerk.post(url(case, "ask/"), data)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "须写明理由" in text and 'href="#m-reason"' in text and "错误：" in text
    assert "材料第二页看不清" in text and "缺页.jpg" in text
    kept = re.search(r'name="kept" value="([^"]+)"', text)
    assert kept is not None
    data = {"expecting": case.seq, "reason": "请补第二页", "opinion": "看不清", "kept": kept.group(1)}
    assert clerk.post(url(case, "ask/"), data).status_code == 302
    assert again(case).step == "supply"
    assert "缺页.jpg" in clerk.get(url(case)).content.decode()


def test_a_forged_token_for_a_kept_file_attaches_nothing() -> None:
    case = opened()
    data = {"expecting": case.seq, "reason": "请补第二页", "kept": "eyJuYW1lIjoieCJ9:1abc:forged"}
    assert signed_in("chuangkou").post(url(case, "ask/"), data).status_code == 302
    assert again(case).attachments.filter(seq__gt=1).count() == 0


def test_a_file_that_is_not_what_it_says_is_refused_with_everything_typed_kept() -> None:
    case = sign_at("review")
    bad = SimpleUploadedFile("现场.jpg", b"MZ not a picture", content_type="image/jpeg")
    answer = signed_in("shencha").post(
        url(case, "pass/"), {"expecting": case.seq, "opinion": "写好的意见", "evidence": bad}
    )
    assert answer.status_code == 422
    assert "可执行程序" in said(answer) and "写好的意见" in said(answer)
    assert again(case).step == "review"


def test_the_second_of_two_clerks_deciding_at_once_sees_who_was_first_and_keeps_the_words() -> None:
    case = opened()
    first, second = signed_in("chuangkou"), signed_in("chuangkou_er")
    assert first.post(url(case, "accept/"), {"expecting": case.seq}).status_code == 302
    data = {"expecting": case.seq, "reason": "缺第二页，写了很久的话"}
    answer = second.post(url(case, "ask/"), data)
    text = said(answer)
    assert answer.status_code == 409
    assert "演示窗口·王某" in text and "受理" in text and "缺第二页，写了很久的话" in text
    assert "现在：城区行政审批服务管理局（审查）" in text
    assert again(case).step == "review"


@pytest.fixture(autouse=True)
def a_second_clerk(city: None) -> None:
    from yinuo.registers.models import Person

    made = Person.objects.create(username="chuangkou_er", name="演示窗口·二号", demo=True)
    Post.objects.create(person=made, unit_id="chengqu-window", role_id="clerk", valid_from="2025-01-01")


def test_after_a_conflict_the_same_words_can_be_sent_again_with_one_click() -> None:
    case = opened()
    stale = case.seq
    cases.claim(case=case.pk, by=person("chuangkou_er"), at=timezone.now(), expecting=stale)
    clerk = signed_in("chuangkou")
    answer = clerk.post(url(case, "ask/"), {"expecting": stale, "reason": "请补第二页"})
    assert answer.status_code == 409
    fields = dict(
        re.findall(r'<input type="hidden" name="([a-z]+)" value="([^"]*)">', answer.content.decode())
    )
    fields.pop("next", None), fields.pop("csrfmiddlewaretoken", None)
    assert fields["reason"] == "请补第二页" and fields["expecting"] == str(stale + 1)
    assert clerk.post(url(case, "ask/"), fields).status_code == 302
    assert again(case).step == "supply"


def test_a_double_click_on_a_move_is_no_conflict_with_oneself() -> None:
    case = opened()
    clerk = signed_in("chuangkou")
    data = {"expecting": case.seq}
    assert clerk.post(url(case, "accept/"), data).status_code == 302
    assert clerk.post(url(case, "accept/"), data).status_code == 302
    assert again(case).seq == case.seq + 1


@pytest.mark.parametrize("expecting", ["", "x", "-1", "0", "99"])
def test_a_post_that_does_not_say_which_version_it_saw_moves_nothing(expecting: str) -> None:
    case = opened()
    answer = signed_in("chuangkou").post(url(case, "accept/"), {"expecting": expecting})
    assert answer.status_code == 409
    assert again(case).step == "intake"


def test_whoever_examined_may_not_decide() -> None:
    Post.objects.create(
        person=person("shencha"), unit_id="chengqu-approval", role_id="approver", valid_from="2025-01-01"
    )
    case = sign_at("decide")
    examiner = signed_in("shencha")
    answer = examiner.post(url(case, "grant/"), {"expecting": case.seq})
    assert answer.status_code == 422
    assert "须由另一人决定" in said(answer)
    assert again(case).step == "decide"
    assert signed_in("shenpi").post(url(case, "grant/"), {"expecting": case.seq}).status_code == 302


def test_an_extension_is_granted_in_time_once_and_within_its_limit() -> None:
    case = sign_at("review")
    approver = signed_in("shenpi")
    page = said(approver.get(url(case, "extend/")))
    assert "1 至 5" in page
    for days in ("", "0", "6", "three", "²", "1.5", "-1"):
        answer = approver.post(
            url(case, "extend/"), {"expecting": case.seq, "days": days, "reason": "补充勘查"}
        )
        assert answer.status_code == 422 and "延期天数" in said(answer), days
    before = case.promised_at
    data = {"expecting": case.seq, "days": "3", "reason": "补充勘查"}
    assert approver.post(url(case, "extend/"), data).status_code == 302
    case = again(case)
    assert case.promised_at > before
    answer = approver.post(url(case, "extend/"), {**data, "expecting": case.seq})
    assert answer.status_code == 422 and "只能延期一次" in said(answer)


def test_an_extension_asked_for_after_the_limit_has_expired_is_refused() -> None:
    long_ago = timezone.now() - timedelta(days=40)
    case = opened(at=long_ago)
    case = moved(case, "accept", "chuangkou", at=long_ago + timedelta(hours=1))
    answer = signed_in("shenpi").post(
        url(case, "extend/"), {"expecting": case.seq, "days": "3", "reason": "太忙"}
    )
    assert answer.status_code == 422
    assert "延期须在期限届满之前提出" in said(answer)


def test_a_correction_restores_the_step_withdraws_the_licence_and_keeps_both_entries() -> None:
    case = sign_at("deliver")
    approver = signed_in("shenpi")
    form = approver.get(url(case, "act/correct/") + "?reason=误操作，撤销")
    assert "误操作，撤销" in form.content.decode() and "准予许可" in said(form)
    assert approver.post(url(case, "act/correct/"), {"expecting": case.seq}).status_code == 422
    answer = approver.post(url(case, "act/correct/"), {"expecting": case.seq, "reason": "点错了"})
    assert answer.status_code == 302
    assert again(case).step == "decide"
    assert [each.state for each in Record.objects.filter(case_number=case.number)] == ["withdrawn"]
    text = said(approver.get(url(case)))
    assert "准予许可" in text and "更正" in text and "点错了" in text


def test_an_officer_who_did_not_make_the_move_may_not_correct_it() -> None:
    case = sign_at("review")
    assert signed_in("shencha").get(url(case, "act/correct/")).status_code == 403
    answer = signed_in("shencha").post(url(case, "act/correct/"), {"expecting": case.seq, "reason": "我来改"})
    assert answer.status_code == 403
    assert again(case).step == "review"


def test_claiming_many_reports_each_and_one_that_moved_meanwhile_is_not_claimed() -> None:
    made = [opened(form={**SIGN, "shop_name": f"{n}号店"}) for n in range(3)]
    ticked = [f"{case.number}:{case.seq}" for case in made]
    moved(made[1], "accept", "chuangkou_er")
    answer = signed_in("chuangkou").post(
        "/office/claim/", {"case": [*ticked, "JC990101-000009-A:1", "rubbish"], "back": "/office/?mine=0"}
    )
    text = said(answer)
    assert answer.status_code == 200
    assert "勾选 5 件，认领 2 件" in text
    assert text.count("已认领") == 2 and "别人刚刚办理过，没有认领" in text
    mine = person("chuangkou").pk
    assert [again(case).assignee_id for case in made] == [mine, None, mine]
    assert 'href="/office/?mine=0"' in answer.content.decode()


def test_claiming_again_is_harmless() -> None:
    case = opened()
    clerk = signed_in("chuangkou")
    ticked = {"case": [f"{case.number}:{case.seq}"]}
    clerk.post("/office/claim/", ticked)
    seq = again(case).seq
    assert "早已由您认领" in said(clerk.post("/office/claim/", ticked))
    assert clerk.post(url(case, "act/claim/"), {"expecting": seq}).status_code == 302
    assert again(case).seq == seq


def test_a_supervisor_cannot_claim() -> None:
    case = opened()
    supervisor = signed_in("ducha_chengqu")
    assert supervisor.post(url(case, "act/claim/"), {"expecting": case.seq}).status_code == 403
    assert "认领 0 件" in said(supervisor.post("/office/claim/", {"case": [f"{case.number}:{case.seq}"]}))
    assert again(case).assignee_id is None


def test_a_case_is_assigned_to_a_colleague_of_the_unit_and_to_nobody_else() -> None:
    case = opened()
    clerk = signed_in("chuangkou")
    page = said(clerk.get(url(case, "act/assign/")))
    assert "演示窗口·二号" in page and "演示审批局审查" not in page
    stranger = str(person("shencha").pk)
    for to in ("", stranger, "x"):
        answer = clerk.post(url(case, "act/assign/"), {"expecting": case.seq, "to": to})
        assert answer.status_code == 422, to
    colleague = person("chuangkou_er")
    data = {"expecting": case.seq, "to": str(colleague.pk)}
    assert clerk.post(url(case, "act/assign/"), data).status_code == 302
    assert again(case).assignee_id == colleague.pk
    data = {"expecting": again(case).seq, "to": "nobody"}
    assert clerk.post(url(case, "act/assign/"), data).status_code == 302
    assert again(case).assignee_id is None


def test_a_note_changes_neither_step_nor_clock_and_the_unit_reads_it() -> None:
    case = opened()
    clerk = signed_in("chuangkou")
    assert clerk.post(url(case, "act/note/"), {"expecting": case.seq, "words": " "}).status_code == 422
    data = {"expecting": case.seq, "words": "已电话提醒申请人"}
    assert clerk.post(url(case, "act/note/"), data).status_code == 302
    after = again(case)
    assert (after.step, after.due_at) == (case.step, case.due_at)
    assert "已电话提醒申请人" in said(clerk.get(url(case)))
    assert signed_in("shenji").get(url(case, "act/note/")).status_code == 403


def test_a_lamp_is_dispatched_to_the_suggested_unit_and_the_page_says_why_that_one() -> None:
    case = opened("reports/street_light", LAMP, papers=(), party=False)
    case = moved(case, "file", "jiandu")
    dispatcher = signed_in("diaodu")
    page = said(dispatcher.get(url(case, "send/")))
    assert "建议：城区城市管理局" in page and "它是离那里最近的承担这项职能的单位" in page
    answer = dispatcher.post(url(case, "send/"), {"expecting": case.seq, "unit": "chengqu-fire"})
    assert answer.status_code == 422 and "不在可派单位之中" in said(answer)
    answer = dispatcher.post(url(case, "send/"), {"expecting": case.seq, "unit": "chengqu-urban"})
    assert answer.status_code == 302
    assert again(case).holder == "unit:chengqu-urban"


def test_a_handler_who_sends_no_photo_is_told_that_one_is_needed() -> None:
    case = opened("reports/street_light", LAMP, papers=(), party=False)
    case = moved(moved(case, "file", "jiandu"), "send", "diaodu", unit="chengqu-urban")
    handler = signed_in("chuzhi")
    answer = handler.post(url(case, "fixed/"), {"expecting": case.seq})
    assert answer.status_code == 422
    assert "须附至少一张照片" in said(answer) and 'href="#m-evidence"' in answer.content.decode()
    photo = SimpleUploadedFile("修好了.jpg", jpeg("yellow"), content_type="image/jpeg")
    assert handler.post(url(case, "fixed/"), {"expecting": case.seq, "evidence": photo}).status_code == 302
    assert again(case).step == "recheck"


def test_a_move_with_questions_of_its_own_refuses_what_its_form_does_not_allow() -> None:
    from office_city import person as who

    form = {
        "enterprise_name": "晋城演示餐饮有限公司", "kind": "limited", "capital": "500000.00",
        "scope": "餐饮服务", "place": "140502001", "address": "演示街 8 号", "legal_representative": "王某",
        "legal_representative_id": "140502198808080013", "phone": "13800000000", "seal_collector": "王某",
        "seal_phone": "13800000000", "taxpayer_kind": "小规模纳税人", "invoices": True,
        "finance_contact": "李某", "finance_phone": "13800000003",
    }  # fmt: skip
    case = opened("bundles/new_enterprise", form, papers=("articles", "residence_proof"))
    case = moved(case, "accept", "chuangkou")
    child = Case.objects.get(parent=case)
    reviewer = signed_in("shencha_shichang")
    answer = reviewer.post(url(child, "register/"), {"expecting": child.seq, "g-code": "123"})
    assert answer.status_code == 422
    assert 'href="#g-f-code"' in answer.content.decode() and 'value="123"' in answer.content.decode()
    data = {"expecting": child.seq, "g-code": "91140581ma0000055n"}
    assert reviewer.post(url(child, "register/"), data).status_code == 302
    assert again(child).outcome == "granted"
    page = said(signed_in("chuangkou").get(url(again(case))))
    assert "并联件" in page and child.number in page
    assert "91140581MA0000055N" in said(reviewer.get(url(child)))
    assert who("shencha_shichang").pk


def test_an_automatic_move_cannot_be_made_by_hand() -> None:
    case = opened()
    assert signed_in("chuangkou").get(url(case, "deem_accepted/")).status_code == 404
    assert (
        signed_in("chuangkou").post(url(case, "deem_accepted/"), {"expecting": case.seq}).status_code == 404
    )
    assert signed_in("chuangkou").get(url(case, "no_such_move/")).status_code == 404


def test_every_move_gets_a_key_of_its_own_that_the_list_does_not_need() -> None:
    moves = [
        SimpleNamespace(id="extend", key="x"),
        SimpleNamespace(id="grant", key="e"),
        SimpleNamespace(id="refuse", key="r"),
        SimpleNamespace(id="rework", key="r"),
        SimpleNamespace(id="joke", key="j"),
        SimpleNamespace(id="quiet", key=""),
    ]
    keys = record.keys_for(moves)  # type: ignore[arg-type]
    assert keys["grant"] == "e" and keys["refuse"] == "r"
    assert "quiet" not in keys
    assert len(set(keys.values())) == len(keys)
    assert not set(keys.values()) & record.RESERVED


def test_a_page_mark_comes_back_as_it_went() -> None:
    now = timezone.now()
    for mark in ((now, 5), (None, 7)):
        assert inbox.mark_of(inbox.mark_text(mark)) == mark
