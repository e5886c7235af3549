"""My cases: who sees them, whose clock runs, what may be done, files and receipts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from citizens import SHOP, apply, citizen, officer, photo, posted, signed_in
from django.test import Client
from django.utils import timezone

from yinuo.ledger import seals
from yinuo.ledger.models import Attachment, Case, Notice
from yinuo.ledger.receipt_check import check
from yinuo.work import cases

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Any) -> None:
    settings.EVIDENCE_ROOT = tmp_path / "evidence"


@pytest.fixture
def person() -> Any:
    return citizen()


@pytest.fixture
def client(person: Any) -> Client:
    return signed_in(person)


@pytest.fixture
def clerk() -> Any:
    return officer("wang", "clerk", "chengqu-window")


def act(number: str, move: str, by: Any, **data: Any) -> None:
    row = Case.objects.get(number=number)
    cases.move(case=row.pk, move=move, by=by, at=timezone.now(), expecting=row.seq, data=data)


def main_of(answer: Any) -> str:
    return str(answer.content.decode().split("<main", 1)[1])


def seq(number: str) -> int:
    return Case.objects.get(number=number).seq


def test_a_case_says_whose_clock_runs_and_why_until_then(client: Client, person: Any) -> None:
    number = apply(client, person)
    page = client.get(f"/my/{number}/").content.decode()
    assert "现在由城区政务服务中心办理" in page
    assert "为什么是这一天" in page and "行政许可法 §32" in page
    assert "正在计时" in page


def test_a_stranger_finds_no_case_no_file_no_receipt_and_no_letter(client: Client, person: Any) -> None:
    number = apply(client, person)
    file = Attachment.objects.first()
    other = signed_in(citizen("wangwu", name="王五"))
    addresses = [
        f"/my/{number}/",
        f"/my/{number}/done/",
        f"/my/{number}/receipt/",
        f"/my/{number}/receipt.json",
        f"/my/{number}/letters/1/",
        f"/my/{number}/rate/",
        f"/my/{number}/note/",
        f"/my/{number}/withdraw/",
        f"/cases/{number}/files/{file.pk}/",
    ]
    for address in addresses:
        assert other.get(address).status_code == 404, address
        assert client.get(address).status_code in (200, 404), address
        assert Client().get(address).status_code == 302, f"{address} is shown without signing in"
    assert other.post(f"/my/{number}/withdraw/", {"expecting": 1}).status_code == 404
    nowhere = "JC261124-999999-9"
    missing, hidden = other.get(f"/my/{nowhere}/"), other.get(f"/my/{number}/")
    assert main_of(missing) == main_of(hidden).replace(number, nowhere), "the two must read the same"


def test_a_file_is_sent_as_its_own_type_and_runs_nothing(client: Client, person: Any, clerk: Any) -> None:
    number = apply(client, person)
    file = Attachment.objects.get(material="site_photo")
    sent = client.get(f"/cases/{number}/files/{file.pk}/")
    assert sent["Content-Type"] == "image/jpeg"
    assert sent["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in sent["Content-Security-Policy"]
    assert sent["Content-Disposition"].startswith("inline")
    assert b"".join(sent.streaming_content).startswith(b"\xff\xd8")
    assert signed_in(clerk).get(f"/cases/{number}/files/{file.pk}/").status_code == 200
    auditor = officer("shen", "auditor", "jincheng-audit")
    assert signed_in(auditor).get(f"/cases/{number}/files/{file.pk}/").status_code == 404


def test_a_file_of_one_case_does_not_open_under_another_number(client: Client, person: Any) -> None:
    first, second = apply(client, person), apply(client, person)
    file = Attachment.objects.filter(case__number=first).first()
    assert client.get(f"/cases/{second}/files/{file.pk}/").status_code == 404


def test_withdrawing_ends_the_case_and_twice_is_once(client: Client, person: Any) -> None:
    number = apply(client, person)
    assert "不能恢复" in client.get(f"/my/{number}/withdraw/").content.decode()
    before = seq(number)
    first = client.post(f"/my/{number}/withdraw/", {"expecting": before, "reason": "不开店了"})
    assert first.status_code == 302
    again = client.post(f"/my/{number}/withdraw/", {"expecting": before, "reason": "不开店了"})
    assert again.status_code == 302, "the second click of the same person is harmless"
    row = Case.objects.get(number=number)
    assert (row.outcome, row.seq) == ("withdrawn", before + 1)
    page = client.get(f"/my/{number}/").content.decode()
    assert "已撤回" in page and "不开店了" in page
    assert number not in client.get("/my/").content.decode()
    assert number in client.get("/my/?state=closed").content.decode()


def test_whoever_comes_second_sees_what_changed_and_keeps_their_words(
    client: Client, person: Any, clerk: Any
) -> None:
    number = apply(client, person)
    before = seq(number)
    act(number, "accept", clerk)
    answer = client.post(f"/my/{number}/withdraw/", {"expecting": before, "reason": "写了很久的撤回理由"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "写了很久的撤回理由" in page and "受理" in page and f"/my/{number}/withdraw/" in page


def test_what_is_asked_for_is_supplied_with_the_form_changed_and_a_file_added(
    client: Client, person: Any, clerk: Any
) -> None:
    number = apply(client, person)
    act(number, "ask", clerk, reason="效果图看不清尺寸，请重新上传；高度请再核对")
    page = client.get(f"/my/{number}/").content.decode()
    assert "现在等您办理" in page and "效果图看不清尺寸" in page
    form = client.get(f"/my/{number}/resubmit/").content.decode()
    assert 'value="李记面馆"' in form and "效果图看不清尺寸" in form
    answers = {**posted(SHOP), "height": "1.20", "_page": "all", "expecting": seq(number)}
    sent = {"m-effect_picture": photo("新效果图.jpg", colour=(1, 2, 3))}
    answer = client.post(f"/my/{number}/resubmit/", {**answers, **sent})
    assert answer.status_code == 302, answer.content.decode()
    row = Case.objects.get(number=number)
    assert row.step == "intake"
    assert Attachment.objects.filter(case=row, material="effect_picture").count() == 2
    page = client.get(f"/my/{number}/").content.decode()
    assert "1.20" in page and "新效果图.jpg" in page


def test_a_file_supplied_with_a_mistake_beside_it_is_not_lost(
    client: Client, person: Any, clerk: Any
) -> None:
    number = apply(client, person)
    act(number, "ask", clerk, reason="请补照片")
    answers = {**posted(SHOP), "height": "很高", "_page": "all", "expecting": seq(number)}
    sent = {"m-site_photo": photo("补的照片.jpg", colour=(9, 9, 9))}
    answer = client.post(f"/my/{number}/resubmit/", {**answers, **sent})
    page = answer.content.decode()
    assert answer.status_code == 422 and "补的照片.jpg" in page
    token = page.split('name="handed" value="')[1].split('"')[0]
    answer = client.post(f"/my/{number}/resubmit/", {**answers, "height": "0.90", "handed": token})
    assert answer.status_code == 302
    assert Attachment.objects.filter(case__number=number, name="补的照片.jpg").exists()


def test_a_digest_of_somebody_elses_file_cannot_be_handed_in(client: Client, person: Any, clerk: Any) -> None:
    number = apply(client, person)
    act(number, "ask", clerk, reason="请补照片")
    answers = {**posted(SHOP), "_page": "all", "expecting": seq(number)}
    forged = json.dumps({"material": "site_photo", "name": "x.jpg", "digest": "0" * 64, "size": 1})
    client.post(f"/my/{number}/resubmit/", {**answers, "handed": forged})
    assert not Attachment.objects.filter(name="x.jpg").exists()


def test_a_closed_case_is_rated_once_in_the_five_official_levels(client: Client, person: Any) -> None:
    number = apply(client, person)
    assert "评价这次办事" not in client.get(f"/my/{number}/").content.decode()
    refused = client.post(f"/my/{number}/rate/", {"level": "5", "expecting": seq(number)})
    assert refused.status_code == 422 and "办结后才能评价" in refused.content.decode()
    client.post(f"/my/{number}/withdraw/", {"expecting": seq(number)})
    page = client.get(f"/my/{number}/rate/").content.decode()
    levels = ("非常满意", "满意", "基本满意", "不满意", "非常不满意")
    assert all(level in page for level in levels)
    none = client.post(f"/my/{number}/rate/", {"expecting": seq(number)})
    assert none.status_code == 422
    done = client.post(f"/my/{number}/rate/", {"level": "4", "words": "很快", "expecting": seq(number)})
    assert done.status_code == 302
    again = client.post(f"/my/{number}/rate/", {"level": "1", "expecting": seq(number)})
    assert again.status_code == 422 and "一次办事评价一次" in again.content.decode()
    assert Case.objects.get(number=number).rating == 4


def test_a_few_words_to_the_unit_stay_on_the_case(client: Client, person: Any) -> None:
    number = apply(client, person)
    empty = client.post(f"/my/{number}/note/", {"words": " ", "expecting": seq(number)})
    assert empty.status_code == 422
    client.post(f"/my/{number}/note/", {"words": "下午在店里", "expecting": seq(number)})
    assert "下午在店里" in client.get(f"/my/{number}/").content.decode()


def test_an_opinion_inside_the_bureau_is_not_shown_to_the_applicant_but_its_letter_is(
    client: Client, person: Any, clerk: Any
) -> None:
    number = apply(client, person)
    act(number, "accept", clerk)
    reviewer = officer("zhang", "reviewer", "chengqu-approval")
    act(number, "pass", reviewer, opinion="内部审查意见一句")
    page = client.get(f"/my/{number}/").content.decode()
    assert "内部审查意见一句" not in page and "zhang员" not in page
    letter = f"/my/{number}/letters/2/"
    assert letter in page
    assert "受理通知书" in client.get(letter).content.decode()


def test_a_licence_carries_the_code_that_anybody_can_check(client: Client, person: Any, clerk: Any) -> None:
    number = apply(client, person)
    act(number, "accept", clerk)
    act(number, "pass", officer("zhang", "reviewer", "chengqu-approval"), opinion="同意")
    act(number, "grant", officer("zhou", "approver", "chengqu-approval"), opinion="同意")
    page = client.get(f"/my/{number}/").content.decode()
    assert f"晋城店招{number}" in page
    public = page.split('href="http://testserver/public/v/')[1].split('"')[0]
    assert Client().get(f"/public/v/{public}").status_code == 200


def test_the_receipt_checks_offline_and_its_code_leads_to_the_public_page(
    client: Client, person: Any
) -> None:
    number = apply(client, person)
    seals.seal(at=timezone.now())
    receipt = json.loads(client.get(f"/my/{number}/receipt.json").content)
    lines, faults = check(receipt)
    assert not faults and lines and receipt["seal"]
    assert "李" not in json.dumps(receipt, ensure_ascii=False), "a receipt names nobody"
    page = client.get(f"/my/{number}/receipt/").content.decode()
    assert f"http://testserver/public/receipts/{number}/" in page and "第 1 次封存" in page
    assert Client().get(f"/public/receipts/{number}/").status_code == 200


def test_messages_are_unread_until_opened_and_lead_to_their_letter(
    client: Client, person: Any, clerk: Any
) -> None:
    number = apply(client, person)
    act(number, "accept", clerk)
    assert "2 条新消息" in client.get("/").content.decode()
    page = client.get("/messages/").content.decode()
    assert "受理通知书" in page and page.count("未读") == 2
    letter = Notice.objects.get(kind="accepted")
    assert client.get(f"/messages/{letter.pk}/").url == f"/my/{number}/letters/2/"
    letter.refresh_from_db()
    assert letter.read_at is not None
    assert signed_in(citizen("wangwu", name="王五")).get(f"/messages/{letter.pk}/").status_code == 404
    client.post("/messages/")
    assert "未读" not in client.get("/messages/").content.decode()


def test_an_officers_own_post_does_not_put_other_peoples_cases_among_theirs(
    client: Client, person: Any, clerk: Any
) -> None:
    number = apply(client, person)
    window = signed_in(clerk)
    assert number not in window.get("/my/").content.decode()
    assert window.get(f"/my/{number}/").status_code == 404
