"""Anybody can check the city's word, and nobody learns a stranger's name by it."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from public_city import ALLOWANCE, MARCH, SIGN, City, city

from yinuo.core.workdays import SHANGHAI
from yinuo.faces.public import board as board_view
from yinuo.faces.public.verifying import where
from yinuo.ledger import receipts, verify
from yinuo.ledger.models import Case
from yinuo.packs import matters
from yinuo.registers import records
from yinuo.registers.models import Party, Person, Record
from yinuo.work import figures, public

SPAN = "since=2026-03-01&until=2026-03-31"
pytestmark = pytest.mark.django_db


@pytest.fixture
def made(db: None) -> City:
    return city()


def receipt_of(made: City, name: str) -> dict:
    return receipts.receipt(Case.objects.get(number=made.made[name].number))


def send(client: Client, data: bytes | str, name: str = "receipt.json"):
    data = data.encode() if isinstance(data, str) else data
    return client.post("/public/receipts/check/", {"receipt": SimpleUploadedFile(name, data)})


def every_public_page(made: City) -> list[str]:
    pages = ["/public/", "/public/receipts/", "/public/receipts/check/", "/public/seals/", "/public/seals/1/"]
    pages += ["/public/seals.json", "/public/matters.json", "/public/help/", "/public/receipt_check.py"]
    pages += [f"/public/promises/?{SPAN}", f"/public/promises.csv?{SPAN}", f"/public/promises.json?{SPAN}"]
    pages += [f"/public/receipts/{each.number}/" for each in made.made.values()]
    for row in figures.promise_board(since=date(2026, 3, 1), until=date(2026, 3, 31)):
        pages += [f"/public/promises/{row.unit}/{standing}/?{SPAN}" for standing in figures.STANDINGS]
    return pages


# --- nothing personal --------------------------------------------------------------------------------------


def personal_values(made: City) -> set[str]:
    """Everything typed into the cases, everybody's name and number, every officer's words."""
    found = set(made.words) | {"隐名照片.png"}
    for each in made.made.values():
        found |= {str(value) for value in each.form.values() if isinstance(value, str) and len(value) > 2}
    found |= set(Party.objects.values_list("name", flat=True))
    found |= set(Party.objects.values_list("id_number", flat=True))
    found |= set(Person.objects.values_list("name", flat=True))
    return found - {SIGN["place"], SIGN["width"], SIGN["height"]}


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_no_public_page_shows_a_word_of_what_applicants_and_officers_wrote(made, client, language):
    secrets = personal_values(made)
    personal = {
        str(each.form[name])
        for each in made.made.values()
        for name, prop in matters.current(each.matter).form["properties"].items()
        if prop.get("x-personal") and name in each.form
    }
    assert len(personal) > 5 and personal <= secrets
    for page in every_public_page(made):
        response = client.get(page, headers={"accept-language": language})
        assert response.status_code == 200, page
        text = response.content.decode()
        assert [secret for secret in secrets if secret in text] == [], page


def test_a_licence_shows_what_its_register_declares_public_and_no_more(made, client):
    record = Record.objects.get(case_number=made.made["kept"].number)
    text = client.get(f"/public/v/{record.code}/").content.decode()
    assert "有效" in text and "隐名kept店" in text and record.number in text
    party = Party.objects.get(pk=made.party("shimin"))
    assert party.id_number not in text and made.made["kept"].form["phone"] not in text
    assert made.made["kept"].number not in text.replace(record.number, "")  # the case behind it is not public
    assert "＊＊＊" not in text and "另有" in text


def test_a_number_alone_shows_no_outcome_and_no_title(made, client):
    refused = client.get(f"/public/receipts/{made.made['broken'].number}/").content.decode()
    assert "设置店招标牌" in refused and "失诺" in refused
    assert "不予" not in refused and "店：" not in refused


# --- a case by its number ----------------------------------------------------------------------------------


def test_each_standing_is_said_of_the_case(made, client):
    words = {
        "kept": "守诺",
        "broken": "失诺",
        "late": "逾期未办结",
        "open": "在办未到期",
        "withdrawn": "不计入承诺榜",
    }
    for name, word in words.items():
        text = client.get(f"/public/receipts/{made.made[name].number}/").content.decode()
        assert word in text and "记录属实" in text, name


def test_the_promised_date_is_the_one_that_was_promised_even_after_the_case_is_closed(made, client):
    for name in ("kept", "broken", "late"):
        text = client.get(f"/public/receipts/{made.made[name].number}/").content.decode()
        assert "3月9日 周一 24时" in text, name
    assert "受理后开始计时" in client.get(f"/public/receipts/{made.made['open'].number}/").content.decode()


def test_the_page_says_which_seal_covers_the_case_or_when_one_will(made, client):
    sealed = client.get(f"/public/receipts/{made.made['kept'].number}/").content.decode()
    assert "第 1 号" in sealed and "尚未封存" not in sealed
    fresh = client.get(f"/public/receipts/{made.made['fresh'].number}/").content.decode()
    assert "尚未封存，今晚 00:05" in fresh


def test_a_case_whose_ledger_was_touched_is_told_as_not_holding_and_no_other_is(made, client, cities):
    broken, whole = made.made["kept"], made.made["late"]
    assert verify.verify(case=broken.id).faults == ()
    with connection.cursor() as cursor:  # the run-time role cannot touch an entry; its head it can
        cursor.execute("update ledger_case set breached = true where id = %s", [broken.id])
    assert "记录有不符之处" in client.get(f"/public/receipts/{broken.number}/").content.decode()
    assert "记录属实" in client.get(f"/public/receipts/{whole.number}/").content.decode()


def test_verifying_one_case_speaks_of_that_case_only(made):
    for each in made.made.values():
        report = verify.verify(case=each.id)
        assert (report.cases, report.faults) == (1, ())
    assert verify.verify().faults == ()


def test_an_unknown_number_and_a_slip_of_one_character_are_told_apart(made, client):
    number = made.made["kept"].number
    slip = number[:-1] + ("A" if number[-1] != "A" else "B")
    response = client.get(f"/public/receipts/{slip}/")
    assert response.status_code == 404 and "抄错" in response.content.decode()
    response = client.get("/public/receipts/JC260302-999999-0/")
    assert response.status_code == 404
    for strange in ("%00", "a" * 5000, "..", "<script>alert(1)</script>", "JC%F0%9F%92%A9"):
        response = client.get(f"/public/receipts/{strange}/")
        assert response.status_code == 404 and b"<script>alert" not in response.content


def test_small_letters_lead_to_the_one_address_of_a_case(made, client):
    number = made.made["kept"].number
    response = client.get(f"/public/receipts/{number.lower()}/")
    assert response.status_code == 302 and response.url == f"/public/receipts/{number}/"


def test_one_field_takes_a_number_a_code_or_the_link_of_a_qr(made, client):
    number = made.made["kept"].number
    code = Record.objects.get(case_number=number).code
    for typed, target in (
        (number, f"/public/receipts/{number}/"),
        (f"  {number.lower()} ", f"/public/receipts/{number}/"),
        (number.replace("-", " - "), f"/public/receipts/{number}/"),
        (code, f"/public/v/{code}/"),
        (f"https://yinuo.example/public/v/{code}/", f"/public/v/{code}/"),
        (f"http://yinuo.example/public/receipts/{number}/?a=b", f"/public/receipts/{number}/"),
    ):
        response = client.get("/public/", {"q": typed})
        assert (response.status_code, response.headers.get("Location")) == (302, target), typed
    for typed in ("你好", "JC261123-000017-0", "//evil.example/public", "https://evil.example/"):
        response = client.get("/public/", {"q": typed})
        assert response.status_code == 422 and "错误" in response.content.decode(), typed


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_whatever_is_typed_leads_to_a_page_of_ours_or_nowhere(typed):
    assert re.fullmatch(r"|/public/receipts/[A-Z0-9-]+/|/public/v/[A-Za-z0-9_-]{16}/", where(typed))


# --- licences ----------------------------------------------------------------------------------------------


def test_every_standing_of_a_licence_is_said_with_its_day_and_reason(made, client):
    record = Record.objects.get(case_number=made.made["kept"].number)
    page = f"/public/v/{record.code}/"
    assert "有效期至" in client.get(page).content.decode()
    records.suspend(record, "现场检查不符")
    assert "暂停" in (text := client.get(page).content.decode()) and "现场检查不符" in text
    records.resume(record, "已整改")
    assert "verdict-good" in client.get(page).content.decode()
    records.put(
        record.register, body={**record.body, "shop_name": "换发店"}, key=record.key, number=record.number,
        valid_until=date(2030, 1, 1),
    )  # fmt: skip
    assert "已被新记录取代" in (text := client.get(page).content.decode()) and "换发" in text
    fresh = records.current(record.register_id, record.key)
    records.revoke(fresh, "以欺骗手段取得")
    text = client.get(f"/public/v/{fresh.code}/").content.decode()
    assert "已撤销" in text and "以欺骗手段取得" in text and "verdict-bad" in text
    today = timezone.localdate()
    assert f"{today.month}月{today.day}日" in text


def test_an_expired_licence_says_since_when(made, client):
    record = Record.objects.get(case_number=made.made["kept"].number)
    Record.objects.filter(pk=record.pk).update(valid_until=date(2026, 3, 5))
    text = client.get(f"/public/v/{record.code}/").content.decode()
    assert "已过有效期" in text and "3月5日" in text and "verdict-bad" in text and "verdict-good" not in text


def test_an_unknown_code_is_a_clear_404(client):
    for code in ("AAAAAAAAAAAAAAAA", "short", "%00" * 5, "x" * 300):
        response = client.get(f"/public/v/{code}/")
        assert response.status_code == 404 and "查无此证" in response.content.decode()


# --- receipts as files -------------------------------------------------------------------------------------


def test_a_true_receipt_holds_in_every_line(made, client):
    text = send(client, json.dumps(receipt_of(made, "kept"))).content.decode()
    assert "全部属实" in text and "与我们公布的一致" in text and "逐条一致" in text
    fresh = send(client, json.dumps(receipt_of(made, "fresh"))).content.decode()
    assert "全部属实" in fresh and "还没有封存" in fresh


def test_a_receipt_changed_in_any_place_is_told_where_it_does_not_hold(made, client):
    true = receipt_of(made, "kept")
    for place in range(len(true["entries"])):
        forged = json.loads(json.dumps(true))
        forged["entries"][place]["at"] = "2026-01-01T00:00:00.000000Z"
        text = send(client, json.dumps(forged)).content.decode()
        assert "有不符之处" in text and f"第 {place + 1} 条对不上" in text
    forged = json.loads(json.dumps(true))
    del forged["entries"][1]
    assert "第 2 条对不上" in send(client, json.dumps(forged)).content.decode()


def test_a_forged_seal_and_an_unpublished_one_are_found(made, client):
    forged = receipt_of(made, "kept")
    forged["seal"]["root"] = "00" * 32
    assert "封存本身被改动过" in send(client, json.dumps(forged)).content.decode()
    forged = receipt_of(made, "kept")
    for number in (77, 10**30, -1):
        forged["seal"]["number"] = number
        assert f"没有公布过第 {number} 号封存" in send(client, json.dumps(forged)).content.decode()


def test_a_wholly_consistent_receipt_of_another_history_is_not_ours(made, client):
    """Digests recomputed throughout: only our ledger and our seals tell it from the truth."""
    from yinuo.ledger import receipt_check

    forged = receipt_of(made, "kept")
    forged["seal"], prev = None, "00" * 32
    for entry in forged["entries"]:
        entry["by"], entry["prev"] = "person:999", prev
        values = [
            forged["number"],
            str(entry["seq"]),
            *(entry[k] for k in ("kind", "move", "at", "by", "prev", "body")),
        ]
        prev = entry["digest"] = receipt_check.sha("yinuo-entry/1", *values)
    assert receipt_check.check(forged)[1] == []
    text = send(client, json.dumps(forged)).content.decode()
    assert "有不符之处" in text and "与本市账本现在的记录不一致" in text


def test_what_is_no_receipt_gets_a_clear_sentence(made, client):
    true = receipt_of(made, "kept")
    said = {
        "不是 JSON 文本": ["", "not json", b"\xff\xfe\x00", b"\x89PNG\r\n", "[" * 100_000, "1" * 5000],
        "不是本平台的回执": ["[]", "1", "null", '"text"', "{}", '{"format": "other"}'],
        "缺少栏目": [
            '{"format": "yinuo-receipt/1"}',
            *(json.dumps({**true, key: value}) for key, value in {
                "entries": None, "number": "<b>", "seal": {"number": "x"},
            }.items()),
            json.dumps({**true, "entries": [{}]}),
            json.dumps({**true, "entries": [None]}),
            json.dumps({**true, "seal": {**true["seal"], "path": [["left", "zz"]]}}),
            json.dumps({**true, "number": "\ud800"}),
        ],
    }  # fmt: skip
    for sentence, files in said.items():
        for file in files:
            response = send(client, file)
            assert response.status_code == 422, file[:80]
            assert sentence in response.content.decode(), file[:80]
    response = client.post("/public/receipts/check/", {})
    assert response.status_code == 422 and "请选择回执文件" in response.content.decode()
    response = send(client, b"{" + b" " * public.RECEIPT_BYTES)
    assert response.status_code == 422 and "回执不超过 5 MB" in response.content.decode()


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["number", "entries", "seal", "seq", "digest", "path", "prev"]), inner),
    max_leaves=12,
))  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_no_shape_of_file_breaks_the_checker(body):
    if isinstance(body, dict):
        body = {"format": "yinuo-receipt/1", "number": "JC260302-000001-A", **body}
    try:
        public.check_receipt(json.dumps(body).encode())
    except public.NotAReceipt as error:
        assert error.code in ("text", "format", "shape")


def test_the_page_and_the_published_checker_agree_about_every_receipt(made):
    from yinuo.ledger import receipt_check

    for name in made.made:
        true = receipt_of(made, name)
        found = public.check_receipt(json.dumps(true).encode())
        assert found.holds and receipt_check.check(true)[1] == []


def test_the_checker_that_is_served_runs_offline_on_what_is_served(made, client, tmp_path: Path):
    client.force_login(made.people["shimin"])
    number = made.made["kept"].number
    for name, page in (
        ("receipt_check.py", "/public/receipt_check.py"),
        ("seals.json", "/public/seals.json"),
        ("receipt.json", f"/public/receipts/{number}/receipt.json"),
    ):
        (tmp_path / name).write_bytes(client.get(page).content)
    command = [sys.executable, "-I", "receipt_check.py", "receipt.json", "seals.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "receipt.json").write_bytes(
        (tmp_path / "receipt.json").read_bytes().replace(b"granted", b"refused")
    )
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 1


def test_the_receipt_itself_goes_to_the_applicant_and_to_the_holder_of_its_key(made, client):
    number = made.made["kept"].number
    page = f"/public/receipts/{number}/receipt.json"
    missing = client.get(page)
    assert missing.status_code == 404
    client.force_login(made.people["qiye"])
    assert client.get(page).status_code == 404
    assert "下载回执" not in client.get(f"/public/receipts/{number}/").content.decode()
    client.force_login(made.people["shimin"])
    assert client.get(page).json()["number"] == number
    assert "下载回执" in client.get(f"/public/receipts/{number}/").content.decode()
    client.logout()
    key = public.receipt_key(number)
    assert client.get(page, {"key": key}).json()["number"] == number
    assert client.get(page, {"key": public.receipt_key(made.made["late"].number)}).status_code == 404
    for wrong in ("", "0" * 24, "密", key.upper()):
        assert client.get(page, {"key": wrong}).status_code == 404


# --- the promise board -------------------------------------------------------------------------------------


def test_every_number_of_the_board_is_as_long_as_the_list_behind_it(made, client):
    units = client.get(f"/public/promises.json?{SPAN}").json()["units"]
    assert {unit["unit"] for unit in units} and sum(unit["kept"] for unit in units) == 1
    assert sum(unit["broken"] for unit in units) == 1 and sum(unit["late"] for unit in units) == 1
    for unit in units:
        for standing in figures.STANDINGS:
            text = client.get(f"/public/promises/{unit['unit']}/{standing}/?{SPAN}").content.decode()
            assert len(set(re.findall(r"/public/receipts/(JC[0-9A-Z-]+)/", text))) == unit[standing]
            assert f"{unit[standing]} 件" in text


def test_what_was_withdrawn_is_in_no_list_of_the_board(made, client):
    number = made.made["withdrawn"].number
    for page in every_public_page(made):
        if "/promises/" in page:
            assert number not in client.get(page).content.decode()


def test_the_table_the_csv_and_the_json_say_the_same(made, client):
    units = client.get(f"/public/promises.json?{SPAN}").json()["units"]
    table = list(
        csv.DictReader(io.StringIO(client.get(f"/public/promises.csv?{SPAN}").content.decode("utf-8-sig")))
    )
    assert [(row["单位编号"], int(row["守诺"]), int(row["已到期"])) for row in table] == [
        (unit["unit"], unit["kept"], unit["judged"]) for unit in units
    ]
    page = client.get(f"/public/promises/?{SPAN}").content.decode()
    for row in table:
        assert row["单位"] in page and row["守诺率"] in page
        assert row["数据"] == "演示数据"
    assert "演示数据" in page


def test_a_unit_with_nothing_due_has_a_dash_and_no_hundred_per_cent(made, client):
    units = {unit["unit"]: unit for unit in client.get(f"/public/promises.json?{SPAN}").json()["units"]}
    idle = [unit for unit in units.values() if unit["judged"] == 0]
    assert idle and all(unit["rate"] is None for unit in idle)
    table = csv.DictReader(
        io.StringIO(client.get(f"/public/promises.csv?{SPAN}").content.decode("utf-8-sig"))
    )
    assert {row["守诺率"] for row in table if row["已到期"] == "0"} == {"—"}


def test_a_rate_short_of_all_is_not_rounded_up_to_all():
    assert board_view.percent_text(None) == "—"
    assert board_view.percent_text(100.0) == "100%"
    assert board_view.percent_text(99.99) == "99.9%"
    assert board_view.percent_text(50.0) == "50%"


def test_the_board_is_this_month_unless_told_otherwise_and_can_be_sorted(made, client):
    today = timezone.now().astimezone(SHANGHAI).date()
    found = client.get("/public/promises.json").json()
    assert (found["since"], found["until"]) == (today.replace(day=1).isoformat(), today.isoformat())
    for sort in board_view.SORTS:
        rows = client.get(f"/public/promises.json?{SPAN}&sort={sort}").json()["units"]
        key = sort.lstrip("-")
        values = [row["name"] if key == "unit" else row[key] for row in rows]
        known = [value for value in values if value is not None]
        assert known == sorted(known, reverse=sort.startswith("-")), sort
        assert values[len(known) :] == [None] * (len(values) - len(known))
    assert client.get("/public/promises/?sort=nonsense").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "since=x",
        "since=2026-13-01",
        "since=2026-03-02&until=2026-03-01",
        "until=9999-12-31",
        "since=0001-01-01",
    ],
)
def test_a_period_that_cannot_be_is_refused_with_a_sentence(client, query):
    response = client.get(f"/public/promises/?{query}")
    assert response.status_code == 422 and "错误" in response.content.decode()
    assert client.get(f"/public/promises.csv?{query}").status_code == 422
    assert client.get(f"/public/promises.json?{query}").status_code == 422


def test_an_unknown_unit_or_standing_is_not_found(made, client):
    assert client.get("/public/promises/nobody/kept/").status_code == 404
    assert client.get("/public/promises/chengqu-approval/nonsense/").status_code == 404


def test_the_first_and_the_last_hour_of_a_day_belong_to_that_day_in_shanghai(made, client):
    made.open("edge", "shimin", "approvals/shop_sign", SIGN, at=datetime(2026, 4, 1, 0, 0, tzinfo=SHANGHAI))
    number = made.made["edge"].number
    april = client.get("/public/promises/chengqu-approval/open/?since=2026-04-01&until=2026-04-01")
    march = client.get(f"/public/promises/chengqu-approval/open/?{SPAN}")
    assert number in april.content.decode() and number not in march.content.decode()


# --- seals, data, help -------------------------------------------------------------------------------------


def test_a_seal_page_holds_the_lines_its_digest_is_made_of(made, client):
    import hashlib
    from html import unescape

    text = client.get("/public/seals/1/").content.decode()
    lines = unescape(re.search(r"<pre[^>]*>(.*?)</pre>", text, re.S)[1])
    digest = client.get("/public/seals.json").json()["seals"][0]["digest"]
    assert hashlib.sha256(lines.encode()).hexdigest() == digest and digest in text
    assert client.get("/public/seals/2/").status_code == 404
    assert client.get(f"/public/seals/{10**30}/").status_code == 404


def test_open_data_carry_their_dictionary(db, client):
    found = client.get("/public/matters.json").json()
    assert {matter["id"] for matter in found["matters"]} >= {
        "approvals/shop_sign",
        "benefits/elderly_allowance",
    }
    assert not {"approvals/fire_opinion"} & {matter["id"] for matter in found["matters"]}
    assert {"limits", "materials", "source"} <= set(found["dictionary"])


def test_help_names_the_calendar_its_source_and_what_is_not_published_yet(db, client):
    text = client.get("/public/help/").content.decode()
    calendar = matters.calendar()
    assert calendar.version in text
    for number, year in calendar.years.items():
        assert str(number) in text and year.source in text
    assert "暂定" in text and "已公布" in text and "5 个工作日" in text


def test_public_pages_need_no_sign_in_and_set_no_session(made):
    for page in every_public_page(made):
        response = Client().get(page)
        assert response.status_code == 200 and "sessionid" not in response.cookies, page


def test_a_receipt_page_reads_the_same_however_many_cases_there_are(
    made, client, django_assert_max_num_queries
):
    with django_assert_max_num_queries(16):
        client.get(f"/public/receipts/{made.made['kept'].number}/")
    with django_assert_max_num_queries(10):
        client.get(f"/public/promises/chengqu-approval/kept/?{SPAN}")


def test_the_allowance_is_in_the_city_of_these_tests(made):
    """The forms used here are whole, so that the leak test has something to find."""
    from yinuo.faces.api.forms import form_of

    assert form_of(matters.current("approvals/shop_sign"), SIGN) == SIGN
    assert form_of(matters.current("benefits/elderly_allowance"), ALLOWANCE)
    assert MARCH + timedelta(0) == MARCH
