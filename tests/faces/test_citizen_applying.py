"""Applying as a citizen meets it: drafts, mistakes, files, submitting once."""

from __future__ import annotations

from typing import Any

import pytest
from citizens import MATERIALS, apply, begin, citizen, fill, party_of, photo, signed_in, submit
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from yinuo.ledger.models import Case
from yinuo.work.models import Draft

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


def test_a_stranger_is_asked_to_sign_in_before_applying_and_comes_back(client: Client) -> None:
    answer = Client().get("/matters/approvals/shop_sign/start/")
    assert answer.status_code == 302
    assert answer.url == "/signin/?next=/matters/approvals/shop_sign/start/"


def test_an_application_from_start_to_receipt(client: Client, person: Any) -> None:
    draft = begin(client, person)
    assert "未开始" in client.get(draft).content.decode()
    fill(client, draft)
    tasks = client.get(draft).content.decode()
    assert "未开始" not in tasks and "已完成" in tasks
    number = submit(client, draft)
    case = Case.objects.get(number=number)
    assert (case.party_id, case.place, case.step) == (party_of(person).pk, "140502003", "intake")
    assert case.attachments.count() == 3
    done = client.get(f"/my/{number}/done/").content.decode()
    assert number in done and "告诉您是否受理" in done and "如果今天受理" in done


def test_a_missing_answer_is_told_by_name_and_what_was_right_is_kept(client: Client, person: Any) -> None:
    draft = begin(client, person)
    answer = client.post(f"{draft}1/", {"_page": "1", "shop_name": "李记面馆", "place": "", "address": ""})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "<title>错误：" in page
    assert "请选择所在区划" in page and "请填写设置地点" in page
    assert 'href="#f-place"' in page
    assert "李记面馆" in client.get(f"{draft}1/").content.decode()


def test_a_wrong_identity_number_is_refused_with_its_middle_hidden(person: Any, client: Client) -> None:
    draft = begin(client, person, "benefits/elderly_allowance")
    answers = {"by_agent": "false", "elder_name": "赵某", "elder_phone": "0356-2025555"}
    answer = client.post(f"{draft}1/", {"_page": "1", **answers, "elder_id": "140502194403080026"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "有一位不对（校验不通过）" in page and "1405**********0026" in page
    answer = client.post(f"{draft}1/", {"_page": "1", **answers, "elder_id": "140502194403080025"})
    assert answer.status_code == 302


def test_questions_for_an_agent_are_left_out_for_an_elder_who_applies(person: Any, client: Client) -> None:
    draft = begin(client, person, "benefits/elderly_allowance")
    given = {
        "by_agent": "false",
        "elder_name": "赵某",
        "elder_phone": "0356-2025555",
        "elder_id": "140502194403080025",
    }
    answer = client.post(f"{draft}1/", {"_page": "1", **given})
    assert answer.url == f"{draft}3/", "page 2 asks nothing when the elder applies"
    assert "谁来代办" not in client.get(draft).content.decode()
    client.post(f"{draft}1/", {"_page": "1", **given, "by_agent": "true"})
    assert "谁来代办" in client.get(draft).content.decode()


def test_a_program_that_calls_itself_a_picture_is_not_taken(client: Client, person: Any) -> None:
    draft = begin(client, person)
    fill(client, draft, files=False)
    fake = SimpleUploadedFile("门面.jpg", b"MZ" + b"\0" * 200, content_type="image/jpeg")
    answer = client.post(f"{draft}4/", {"_page": "4", "m-site_photo": fake})
    assert answer.status_code == 422
    assert "可执行程序" in answer.content.decode()
    assert Draft.objects.get().files == []


def test_a_file_beyond_the_limit_is_told_with_both_sizes(client: Client, person: Any, settings: Any) -> None:
    settings.EVIDENCE_MAX_BYTES = 1024
    draft = begin(client, person)
    fill(client, draft, files=False)
    large = SimpleUploadedFile("合同.pdf", b"%PDF-1.7\n" + b"x" * 4096, content_type="application/pdf")
    answer = client.post(f"{draft}4/", {"_page": "4", "m-right_to_use": large})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "合同.pdf" in page and "超过 1 KB" in page


def test_a_good_file_is_kept_when_another_on_the_page_is_missing(client: Client, person: Any) -> None:
    draft = begin(client, person)
    fill(client, draft, files=False)
    answer = client.post(f"{draft}4/", {"_page": "4", "m-site_photo": photo()})
    assert answer.status_code == 422
    page = client.get(f"{draft}4/").content.decode()
    assert "门面.jpg" in page and "已上传" in page
    (file,) = Draft.objects.get().files
    seen = client.get(f"{draft}files/{file['digest']}/")
    assert seen.status_code == 200 and seen["Content-Type"] == "image/jpeg"
    client.post(f"{draft}files/{file['digest']}/remove/", {"material": "site_photo", "page": "4"})
    assert Draft.objects.get().files == []


def test_a_draft_goes_on_where_it_was_left(client: Client, person: Any) -> None:
    draft = begin(client, person)
    client.post(
        f"{draft}1/",
        {"_page": "1", "shop_name": "李记面馆", "place": "140502003", "address": "某某街 12 号一层"},
    )
    assert "草稿" in client.get("/").content.decode()
    assert begin(client, person) == draft, "the same matter for the same party is the same draft"
    again = signed_in(person).get(draft).content.decode()
    assert "继续填写" in again and again.count("已完成") == 1
    assert 'value="某某街 12 号一层"' in signed_in(person).get(f"{draft}1/").content.decode()


def test_an_answer_taken_back_is_forgotten(client: Client, person: Any) -> None:
    draft = begin(client, person, "bundles/new_enterprise")
    client.post(f"{draft}4/", {"_page": "4", "seal_maker": "甲刻章店", "seal_collector": "李响"})
    assert Draft.objects.get().data["seal_maker"] == "甲刻章店"
    client.post(f"{draft}4/", {"_page": "4", "seal_maker": "", "seal_collector": "李响"})
    assert "seal_maker" not in Draft.objects.get().data


def test_answers_are_checked_before_they_are_sent_with_a_way_to_change_each(
    client: Client, person: Any
) -> None:
    draft = begin(client, person)
    fill(client, draft)
    page = client.get(f"{draft}check/").content.decode()
    assert f"{draft}1/?back=check#f-shop_name" in page
    assert "1405**********0019" in page and "140502199001010019" not in page
    answer = client.post(
        f"{draft}1/?back=check",
        {"_page": "1", "shop_name": "李家面馆", "place": "140502003", "address": "某某街 12 号一层"},
    )
    assert answer.url == f"{draft}check/"
    assert "李家面馆" in client.get(answer.url).content.decode()


def test_nothing_is_sent_without_the_declaration(client: Client, person: Any) -> None:
    draft = begin(client, person)
    fill(client, draft)
    answer = client.post(f"{draft}check/", {})
    assert answer.status_code == 422 and "请勾选“以上内容真实”" in answer.content.decode()
    assert not Case.objects.exists()


def test_nothing_is_sent_while_something_is_missing(client: Client, person: Any) -> None:
    draft = begin(client, person)
    fill(client, draft, files=False)
    answer = client.post(f"{draft}check/", {"declared": "yes"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "请上传门面现状照片" in page and f"{draft}4/?back=check#m-site_photo" in page
    assert not Case.objects.exists()


def test_a_form_posted_twice_opens_one_case_and_leads_to_the_same_receipt(
    client: Client, person: Any
) -> None:
    draft = begin(client, person)
    fill(client, draft)
    first = client.post(f"{draft}check/", {"declared": "yes"})
    second = client.post(f"{draft}check/", {"declared": "yes"})
    assert first.url == second.url and Case.objects.count() == 1
    assert client.get(draft).url == first.url, "the draft's own address leads there, too"


def test_nobody_sees_another_persons_draft_or_its_files(client: Client, person: Any) -> None:
    draft = begin(client, person)
    fill(client, draft)
    digest = Draft.objects.get().files[0]["digest"]
    other = signed_in(citizen("wangwu", name="王五"))
    for address in (draft, f"{draft}1/", f"{draft}check/", f"{draft}files/{digest}/", f"{draft}discard/"):
        assert other.get(address).status_code == 404, address
    assert other.post(f"{draft}check/", {"declared": "yes"}).status_code == 404


def test_a_matter_for_enterprises_says_so_to_a_person(client: Client, person: Any) -> None:
    page = client.get("/matters/approvals/construction_permit/start/").content.decode()
    assert "由企业办理" in page and "开始填写" not in page


def test_nobody_applies_for_a_party_that_is_not_theirs(client: Client, person: Any) -> None:
    theirs = party_of(citizen("wangwu", name="王五"))
    answer = client.post("/matters/approvals/shop_sign/start/", {"party": theirs.pk})
    assert answer.status_code == 422 and not Draft.objects.exists()


def test_a_draft_can_be_thrown_away(client: Client, person: Any) -> None:
    draft = begin(client, person)
    assert "不能恢复" in client.get(f"{draft}discard/").content.decode()
    client.post(f"{draft}discard/")
    assert not Draft.objects.exists()


def test_a_form_page_that_does_not_exist_is_not_found(client: Client, person: Any) -> None:
    draft = begin(client, person)
    assert client.get(f"{draft}99/").status_code == 404
    assert client.post(f"{draft}1/", {"_page": "99"}).status_code == 404


def test_every_material_of_a_case_opens_for_its_applicant(client: Client, person: Any) -> None:
    number = apply(client, person)
    page = client.get(f"/my/{number}/").content.decode()
    for id_ in MATERIALS:
        assert f"{id_}.jpg" in page
