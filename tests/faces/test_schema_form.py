"""People fill in forms: what they may leave out, what they are told, and what is kept."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.template.loader import render_to_string
from django.test import RequestFactory
from PIL import Image

from yinuo.faces.parts import uploads
from yinuo.faces.parts.forms import SchemaForm

ON = date(2026, 11, 23)
ELDER = "140502193803120001"  # checks, and is nobody's: order number 000 is not given out

ALLOWANCE: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["applicant", "name", "id_number", "residence", "monthly", "account", "truth"],
    "properties": {
        "applicant": {
            "type": "string",
            "enum": ["self", "agent"],
            "x-title": {"zh": "您为谁申请", "en": "Who are you applying for"},
            "x-labels": {
                "self": {"zh": "为我自己", "en": "Myself"},
                "agent": {"zh": "代家人或邻居办理", "en": "A relative or neighbour"},
            },
            "x-option-hints": {
                "agent": {"zh": "例如子女、村（社区）网格员", "en": "such as a child or grid worker"}
            },
        },
        "agent_name": {
            "type": "string",
            "minLength": 2,
            "maxLength": 20,
            "x-title": {"zh": "代办人姓名", "en": "Agent's name"},
            "x-show": {"field": "applicant", "is": "agent"},
        },
        "agent_phone": {
            "type": "string",
            "format": "tel",
            "x-title": {"zh": "代办人手机号", "en": "Agent's phone"},
            "x-show": {"field": "applicant", "is": "agent"},
        },
        "relation": {
            "type": "string",
            "enum": ["child", "spouse", "sibling", "grandchild", "neighbour", "grid", "other"],
            "x-title": {"zh": "与老人的关系", "en": "Relation"},
            "x-labels": {"child": {"zh": "子女", "en": "Child"}, "other": {"zh": "其他", "en": "Other"}},
            "x-show": {"field": "applicant", "is": "agent"},
        },
        "relation_other": {
            "type": "string",
            "x-title": {"zh": "其他关系的说明", "en": "Which relation"},
            "x-show": {"field": "relation", "is": "other"},
        },
        "name": {"type": "string", "maxLength": 20, "x-title": {"zh": "老人姓名", "en": "Elder's name"}},
        "id_number": {
            "type": "string",
            "format": "citizen-id",
            "x-title": {"zh": "老人身份证号", "en": "Elder's identity number"},
        },
        "residence": {
            "type": "string",
            "format": "place",
            "x-title": {"zh": "户籍所在地", "en": "Residence"},
        },
        "children": {
            "type": "integer",
            "minimum": 0,
            "maximum": 20,
            "x-title": {"zh": "子女人数", "en": "Children"},
        },
        "monthly": {
            "type": "string",
            "format": "money",
            "x-min": "0",
            "x-title": {"zh": "每月养老金", "en": "Monthly pension"},
        },
        "since": {
            "type": "string",
            "format": "date",
            "x-max": "today",
            "x-title": {"zh": "领取养老金的日期", "en": "Pension since"},
        },
        "needs": {
            "type": "array",
            "items": {"enum": ["meals", "visits", "baths"], "type": "string"},
            "maxItems": 2,
            "x-title": {"zh": "需要的服务", "en": "Services"},
            "x-labels": {"meals": {"zh": "助餐", "en": "Meals"}, "visits": {"zh": "探访", "en": "Visits"}},
        },
        "account": {
            "type": "string",
            "x-widget": "account",
            "pattern": "^[0-9]{16,19}$",
            "x-title": {"zh": "社保卡银行账号", "en": "Bank account"},
            "x-error": {"zh": "应是 16 到 19 位数字", "en": "give 16 to 19 digits"},
        },
        "truth": {"type": "boolean", "const": True, "x-title": {"zh": "以上内容属实", "en": "This is true"}},
    },
    "allOf": [
        {
            "if": {"properties": {"applicant": {"const": "agent"}}, "required": ["applicant"]},
            "then": {"required": ["agent_name", "agent_phone", "relation"]},
        },
        {
            "if": {"properties": {"relation": {"const": "other"}}, "required": ["relation"]},
            "then": {"required": ["relation_other"]},
        },
    ],
    "x-pages": [
        {
            "id": "who",
            "title": {"zh": "谁来申请", "en": "Who applies"},
            "fields": ["applicant", "agent_name", "agent_phone", "relation", "relation_other"],
        },
        {
            "id": "elder",
            "title": {"zh": "老人信息", "en": "The elder"},
            "fields": ["name", "id_number", "residence", "children"],
            "materials": ["id_card", "proxy"],
        },
        {
            "id": "pay",
            "title": {"zh": "收款方式", "en": "Payment"},
            "fields": ["monthly", "since", "needs", "account", "truth"],
        },
    ],
}
UI: dict[str, Any] = {
    "on": ON,
    "places": [("140502", "城区"), ("140581", "高平市")],
    "materials": [
        {"id": "id_card", "title": {"zh": "身份证照片", "en": "Identity card"}, "kinds": ["jpeg", "pdf"]},
        {
            "id": "proxy",
            "title": {"zh": "委托书", "en": "Proxy"},
            "kinds": ["pdf"],
            "x-show": {"field": "applicant", "is": "agent"},
        },
    ],
}
COMPLETE: dict[str, Any] = {
    "applicant": "self",
    "name": "李秀英",
    "id_number": ELDER,
    "residence": "140502",
    "monthly": "156.00",
    "account": "6217000000000001234",
    "truth": True,
}


def form(data: dict[str, Any] | str | None = None, **more: Any) -> SchemaForm:
    if isinstance(data, str):
        data = QueryDict(data)  # type: ignore[assignment]
    return SchemaForm(ALLOWANCE, {**UI, **more.pop("ui", {})}, data=data, **more)


def messages(found: Any) -> dict[str, str]:
    return {error.field: error.message for error in found.errors}


def picture(*, kind: str = "JPEG", size: tuple[int, int] = (40, 30)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 70, 40)).save(out, kind)
    return out.getvalue()


def sent(name: str, content: bytes, mime: str = "application/octet-stream") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, mime)


PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


# --- conditional questions ----------------------------------------------------------------------------------


def test_somebody_who_applies_for_herself_is_not_asked_for_an_agent() -> None:
    page = form({"_page": "who", "applicant": "self"}).page("who")
    assert page.valid
    assert [f.name for f in page.fields] == ["applicant"]
    assert page.cleaned == {"applicant": "self"}


def test_an_agent_must_say_who_he_is() -> None:
    found = form({"_page": "who", "applicant": "agent"})
    assert messages(found) == {
        "agent_name": "请填写代办人姓名",
        "agent_phone": "请填写代办人手机号",
        "relation": "请选择与老人的关系",
    }
    assert [error.href for error in found.errors] == ["#f-agent_name", "#f-agent_phone", "#f-relation"]
    assert not found.page("who").valid


def test_an_answer_that_no_longer_applies_is_dropped() -> None:
    earlier = {
        "applicant": "agent",
        "agent_name": "王小明",
        "agent_phone": "13800138000",
        "relation": "child",
    }
    changed = form(
        {"_page": "who", "applicant": "self", "agent_name": "王小明", "relation": "other"}, initial=earlier
    )
    assert changed.page("who").cleaned == {"applicant": "self"}
    assert changed.answers == {"applicant": "self"}


def test_a_question_behind_a_hidden_question_stays_hidden() -> None:
    found = form({"_page": "who", "applicant": "self", "relation": "other"})
    assert not found.applies("relation_other")
    shown = form({"_page": "who", "applicant": "agent", "relation": "other"})
    assert shown.applies("relation_other")
    assert "relation_other" in messages(shown)


def test_without_javascript_new_questions_are_shown_before_they_are_called_missing() -> None:
    first = form({"_page": "who", "_shown": "applicant", "applicant": "agent"}).page("who")
    assert not first.valid
    assert first.errors == []
    assert first.revealed == ("agent_name", "agent_phone", "relation")
    second = form({"_page": "who", "_shown": first.shown, "applicant": "agent", "agent_name": "王小明"}).page(
        "who"
    )
    assert set(messages(second)) == {"agent_phone", "relation"}


def test_a_refresh_shows_new_questions_and_complains_about_nothing() -> None:
    page = form({"_page": "who", "_refresh": "1", "applicant": "agent", "agent_phone": "12"}).page("who")
    assert page.errors == [] and not page.valid
    assert {f.name: f.value for f in page.fields}["agent_phone"] == "12"


def test_a_material_is_asked_only_of_those_it_concerns() -> None:
    assert [m.id for m in form(initial={"applicant": "self"}).page("elder").materials] == ["id_card"]
    assert [m.id for m in form(initial={"applicant": "agent"}).page("elder").materials] == [
        "id_card",
        "proxy",
    ]


# --- errors in plain words ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "given", "says"),
    [
        ("agent_phone", "1381234", ["代办人手机号", "1381234", "7 位", "11 位手机号"]),
        ("agent_name", "王", ["代办人姓名", "填了 1 个字", "至少要 2 个字"]),
        ("agent_name", "王" * 23, ["填了 23 个字", "最多 20 个字", "删去 3 个字"]),
        ("relation", "cousin", ["与老人的关系", "cousin", "选项"]),
    ],
)
def test_an_error_on_the_first_page_names_field_value_and_remedy(
    field: str, given: str, says: list[str]
) -> None:
    message = messages(form({"_page": "who", "applicant": "agent", field: given}))[field]
    assert all(part in message for part in says), message


@pytest.mark.parametrize(
    ("field", "given", "says"),
    [
        ("id_number", "1405021938031200", ["老人身份证号", "填了 16 位", "18 位"]),
        ("id_number", "140502193803120002", ["1405**********0002", "校验不通过", "逐位核对"]),
        ("id_number", "14050219380312OO02", ["前 17 位应是数字"]),
        ("children", "三个", ["子女人数", "三个", "整数"]),
        ("children", "2.5", ["2.5", "整数"]),
        ("children", "-1", ["-1", "不能小于 0"]),
        ("children", "21", ["21", "不能大于 20"]),
        ("residence", "110000", ["户籍所在地", "110000", "选项"]),
    ],
)
def test_an_error_about_the_elder_names_field_value_and_remedy(
    field: str, given: str, says: list[str]
) -> None:
    message = messages(form({"_page": "elder", field: given}))[field]
    assert all(part in message for part in says), message


@pytest.mark.parametrize(
    ("field", "given", "says"),
    [
        ("monthly", "很少", ["每月养老金", "很少", "元"]),
        ("monthly", "12.345", ["12.345", "两位小数"]),
        ("monthly", "-5", ["-5", "不能小于 0"]),
        ("monthly", "NaN", ["NaN", "金额"]),
        ("since", "2026-02-30", ["2026-02-30", "日历上有的日期"]),
        ("since", "2027-01-01", ["2027-01-01", "不能晚于 2026-11-23"]),
        ("account", "1234", ["社保卡银行账号", "16 到 19 位数字"]),
    ],
)
def test_an_error_about_money_or_days_names_field_value_and_remedy(
    field: str, given: str, says: list[str]
) -> None:
    message = messages(form({"_page": "pay", field: given}))[field]
    assert all(part in message for part in says), message


def test_an_untrue_declaration_cannot_be_sent() -> None:
    assert "请勾选“以上内容属实”" in messages(form({"_page": "pay"}))["truth"]
    assert "请勾选" in messages(form({"_page": "pay", "truth": "false"}))["truth"]


def test_errors_are_told_in_english_to_those_who_read_english() -> None:
    found = messages(form({"_page": "who", "applicant": "agent", "agent_phone": "1381234"}, lang="en"))
    assert found["agent_name"] == "Enter Agent's name"
    assert "1381234" in found["agent_phone"] and "11-digit" in found["agent_phone"]


def test_a_full_identity_number_is_never_repeated_in_an_error() -> None:
    assert "140502193803120002" not in str(
        messages(form({"_page": "elder", "id_number": "140502193803120002"}))
    )


def test_too_many_services_are_refused() -> None:
    message = messages(form("_page=pay&needs=meals&needs=visits&needs=baths"))["needs"]
    assert "选了 3 项" in message and "最多选 2 项" in message


# --- what is kept -------------------------------------------------------------------------------------------


def test_answers_come_back_after_an_error_as_they_were_typed() -> None:
    page = form({"_page": "elder", "name": "李秀英", "children": "三个"}).page("elder")
    values = {f.name: f.value for f in page.fields}
    assert values["name"] == "李秀英" and values["children"] == "三个"


def test_full_width_digits_and_a_country_code_are_read_as_plain_ones() -> None:
    given = {"_page": "who", "applicant": "agent", "agent_phone": "＋８６ １３８ 0013 8000"}
    assert form(given).answers["agent_phone"] == "13800138000"
    assert form({"_page": "elder", "children": "３"}).answers["children"] == 3
    assert form({"_page": "pay", "monthly": "1,200.5元"}).answers["monthly"] == "1200.50"
    assert form({"_page": "pay", "since": "2020年1月5日"}).answers["since"] == "2020-01-05"


def test_emptying_an_answer_takes_the_stored_one_away() -> None:
    found = form({"_page": "elder", "name": ""}, initial={"name": "李秀英"})
    assert "name" not in found.answers


def test_what_the_schema_does_not_ask_is_not_kept() -> None:
    assert "role" not in form({"_page": "who", "applicant": "self", "role": "admin"}).answers


def test_a_complete_form_gives_its_answers_and_an_incomplete_one_refuses() -> None:
    done = form(initial=COMPLETE, ui={"uploads": {"id_card": [{"name": "a.jpg", "size": 10}]}})
    assert done.valid and done.cleaned == COMPLETE
    missing = form(initial={**COMPLETE, "account": None}, ui={"uploads": {"id_card": [{"name": "a.jpg"}]}})
    with pytest.raises(ValueError, match="account"):
        _ = missing.cleaned


def test_every_page_knows_how_far_it_is() -> None:
    started = form(initial={"applicant": "self", "name": "李秀英"})
    assert [page.status for page in started.pages] == ["done", "part", "todo"]


def test_a_stored_answer_that_is_no_longer_right_is_found_before_the_case_opens() -> None:
    stale = form(initial={**COMPLETE, "id_number": "140502193803120002"})
    assert "id_number" in {error.field for error in stale.problems()}
    assert stale.errors == []  # nothing was sent yet


# --- the check page -----------------------------------------------------------------------------------------


def test_the_check_page_masks_numbers_and_leads_to_the_question() -> None:
    rows = {row.label: row for row in form(initial={**COMPLETE, "children": 2}).check_rows()}
    assert rows["老人身份证号"].value == "1405**********0001"
    assert rows["社保卡银行账号"].value == "****1234"
    assert rows["每月养老金"].value == "156.00 元"
    assert rows["您为谁申请"].value == "为我自己"
    assert rows["户籍所在地"].value == "城区"
    assert rows["以上内容属实"].value == "是"
    assert rows["子女人数"].href == "?page=elder#f-children"
    assert "代办人姓名" not in rows


def test_those_who_decide_may_see_the_whole_number() -> None:
    rows = {row.label: row.value for row in form(initial=COMPLETE).check_rows(masked=False)}
    assert rows["老人身份证号"] == ELDER


# --- points -------------------------------------------------------------------------------------------------

LAMP: dict[str, Any] = {
    "type": "object",
    "required": ["where"],
    "properties": {"where": {"type": "object", "format": "point", "x-title": {"zh": "位置", "en": "Where"}}},
}


def lamp(**given: str) -> SchemaForm:
    data = {f"where.{part}": value for part, value in given.items()}
    return SchemaForm(LAMP, {"on": ON, "places": UI["places"]}, data=data)


def test_a_place_may_be_given_by_position_by_name_or_both() -> None:
    assert lamp(lat="35.4908", lon="112.8514").cleaned == {"where": {"lat": "35.490800", "lon": "112.851400"}}
    assert lamp(place="140581").cleaned == {"where": {"place": "140581"}}
    assert "请填写位置" in messages(lamp())["where"]


@pytest.mark.parametrize(
    ("lat", "lon", "says"),
    [
        ("112.85", "35.49", "填反了"),
        ("0", "0", "不在我国范围内"),
        ("35.49", "", "两个都填"),
        ("北", "东", "应是数字"),
    ],
)
def test_a_position_that_cannot_be_is_told_how(lat: str, lon: str, says: str) -> None:
    assert says in messages(lamp(lat=lat, lon=lon))["where"]


def test_a_yes_or_no_may_have_words_of_its_own() -> None:
    labels = {"true": {"zh": "亮灯", "en": "Lit"}, "false": {"zh": "不亮灯", "en": "Not lit"}}
    schema = {"type": "object", "properties": {"lit": {"type": "boolean", "x-labels": labels}}}
    asked = SchemaForm(schema, {"on": ON}, data={"lit": "false"})
    assert [option.label for option in asked.field("lit").options] == ["亮灯", "不亮灯"]
    assert [option.chosen for option in asked.field("lit").options] == [False, True]
    assert asked.check_rows()[0].value == "不亮灯"


def test_a_page_without_an_id_goes_by_its_number() -> None:
    two = [{"fields": ["a"]}, {"fields": ["b"]}]
    found = SchemaForm({"type": "object", "properties": {"a": {}, "b": {}}, "x-pages": two})
    assert [page.id for page in found.pages] == ["1", "2"]


# --- mistakes of those who write schemas --------------------------------------------------------------------


def test_a_page_that_asks_an_unknown_question_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"page a asks \['nam'\]"):
        SchemaForm(
            {"type": "object", "properties": {"name": {}}, "x-pages": [{"id": "a", "fields": ["nam"]}]}
        )


def test_a_condition_on_an_unknown_question_is_refused_by_name() -> None:
    schema = {"type": "object", "properties": {"a": {"x-show": {"field": "b", "is": "x"}}}}
    with pytest.raises(ValueError, match="'b' is no other question"):
        SchemaForm(schema).page().fields


# --- files --------------------------------------------------------------------------------------------------


def test_a_photo_and_a_pdf_are_taken_with_their_digest() -> None:
    import hashlib

    content = picture()
    taken = uploads.accept(sent("身份证.jpg", content), kinds=["jpeg", "pdf"], max_bytes=10**6)
    assert (taken.kind, taken.mime, taken.size) == ("jpeg", "image/jpeg", len(content))
    assert taken.sha256 == hashlib.sha256(content).hexdigest()
    assert taken.read() == content
    assert uploads.accept(sent("a.pdf", PDF), kinds=["pdf"], max_bytes=10**6).kind == "pdf"


def test_a_large_file_is_streamed_to_disk_and_can_be_discarded() -> None:
    content = PDF + b"%" * (2 * 1024 * 1024)
    taken = uploads.accept(sent("big.pdf", content), kinds=["pdf"], max_bytes=10 * 1024 * 1024)
    assert taken.data is None and taken.path is not None and taken.read() == content
    taken.discard()
    with pytest.raises(FileNotFoundError):
        taken.read()


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.exe", b"MZ" + b"\x00" * 100, "可执行程序"),
        ("照片.jpg", b"MZ" + b"\x00" * 100, "可执行程序"),
        ("照片.jpg", b"<html><script>alert(1)</script>", "网页文件"),
        ("图.png", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        ("a.pdf", b"GIF89a" + b"\x00" * 50, "GIF"),
        ("a.pdf", "只是一段文字".encode(), "文本文件"),
        ("a.docx", b"PK\x03\x04" + b"\x00" * 40, "压缩包"),
        ("a.sh", b"#!/bin/sh\n", "程序脚本"),
    ],
)
def test_a_file_is_what_it_holds_not_what_it_is_called(name: str, content: bytes, found: str) -> None:
    with pytest.raises(uploads.Refused) as refused:
        uploads.accept(
            sent(name, content, "image/jpeg"), kinds=["pdf", "jpeg", "png"], max_bytes=10 * 1024**2
        )
    said = refused.value.zh
    assert name in said and found in said
    assert "请上传 PDF、JPG 图片或 PNG 图片，每个不超过 10 MB" in said


def test_a_file_that_is_too_large_is_refused_with_both_sizes() -> None:
    with pytest.raises(uploads.Refused) as refused:
        uploads.accept(sent("a.pdf", PDF + b" " * 3 * 1024**2), kinds=["pdf"], max_bytes=2 * 1024**2)
    assert "3.0 MB" in refused.value.zh or "3 MB" in refused.value.zh
    assert "超过 2 MB" in refused.value.zh and "2 MB" in refused.value.en


def test_a_file_that_lies_about_its_size_is_still_stopped() -> None:
    file = sent("a.pdf", PDF + b" " * 5000)
    file.size = 10
    with pytest.raises(uploads.Refused, match="above"):
        uploads.accept(file, kinds=["pdf"], max_bytes=1024)


def test_a_cut_off_photo_is_told_to_be_taken_again() -> None:
    whole = picture(size=(400, 300))
    for kind, content in (("JPEG", whole[: len(whole) // 2]), ("PNG", picture(kind="PNG")[:60])):
        with pytest.raises(uploads.Refused) as refused:
            uploads.accept(sent(f"a.{kind}", content), kinds=["jpeg", "png"], max_bytes=10**6)
        assert "损坏的图片" in refused.value.zh


def test_a_picture_of_too_many_pixels_is_refused() -> None:
    out = io.BytesIO()
    Image.new("1", (10000, 9000)).save(out, "PNG")
    with pytest.raises(uploads.Refused):
        uploads.accept(sent("a.png", out.getvalue()), kinds=["png"], max_bytes=10**7)


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(uploads.Refused) as refused:
        uploads.accept(sent("a.pdf", b""), kinds=["pdf"], max_bytes=10**6)
    assert "空文件" in refused.value.zh


def test_office_files_are_told_apart_and_macros_are_not_welcome() -> None:
    def office(*names: str) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name in ("[Content_Types].xml", *names):
                archive.writestr(name, "x")
        return out.getvalue()

    kinds = ["docx", "xlsx"]
    assert uploads.accept(sent("a", office("word/document.xml")), kinds=kinds, max_bytes=10**6).kind == "docx"
    assert uploads.accept(sent("a", office("xl/workbook.xml")), kinds=kinds, max_bytes=10**6).kind == "xlsx"
    with pytest.raises(uploads.Refused):
        uploads.accept(
            sent("a", office("xl/workbook.xml", "xl/vbaProject.bin")), kinds=kinds, max_bytes=10**6
        )


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\照片.jpg", "照片.jpg"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("", "file"),
    ],
)
def test_a_file_name_is_only_a_name(name: str, kept: str) -> None:
    assert uploads.clean_name(name) == kept


def test_a_missing_material_and_a_wrong_one_are_told_at_their_page() -> None:
    from django.utils.datastructures import MultiValueDict

    elder = {"_page": "elder", "name": "李秀英", "id_number": ELDER, "residence": "140502"}
    start = {"applicant": "self"}
    assert messages(form(elder, files=MultiValueDict(), initial=start)) == {"id_card": "请上传身份证照片"}
    wrong = form(elder, files=MultiValueDict({"m-id_card": [sent("a.exe", b"MZ00")]}), initial=start)
    assert "可执行程序" in messages(wrong)["id_card"]
    right = form(elder, files=MultiValueDict({"m-id_card": [sent("a.jpg", picture())]}), initial=start)
    assert right.page("elder").valid and [u.name for u in right.uploads["id_card"]] == ["a.jpg"]


# --- drawn --------------------------------------------------------------------------------------------------


def drawn(page: Any, template: str = "parts/form_page.html", **more: Any) -> str:
    request = RequestFactory().get("/apply")
    return render_to_string(template, {"page": page, "form": page.form, **more}, request=request)


def test_the_page_after_an_error_links_to_the_fields_and_says_it_twice() -> None:
    html = drawn(form({"_page": "who", "applicant": "agent"}).page("who"))
    assert 'href="#f-agent_name"' in html and 'id="f-agent_name"' in html
    assert html.count("请填写代办人姓名") == 2
    assert 'aria-invalid="true"' in html and 'aria-describedby="f-agent_name-error"' in html
    assert "请先改正以下 3 处" in html


def test_what_people_type_is_escaped() -> None:
    html = drawn(form({"_page": "elder", "name": '"><script>alert(1)</script>'}).page("elder"))
    assert "<script>alert" not in html and "&lt;script&gt;" in html


def test_a_page_has_no_inline_script_or_style() -> None:
    html = drawn(form({"_page": "elder"}).page("elder")) + drawn(lamp().page())
    assert " style=" not in html and "<script" not in html and " onclick=" not in html


def test_seven_relations_become_a_list_and_two_become_cards() -> None:
    widgets = {f.name: f.widget for f in form({"_page": "who", "applicant": "agent"}).page("who").fields}
    assert widgets["relation"] == "select" and widgets["applicant"] == "radio"
