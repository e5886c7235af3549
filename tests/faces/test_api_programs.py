"""Programs work under the rules of people: all see theirs, nothing opens twice, errors say what to do."""

from __future__ import annotations

import io
import json
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from PIL import Image
from public_city import SIGN, City, city, people

from yinuo.faces.api import cases as api_cases
from yinuo.faces.api.api import api
from yinuo.ledger.models import Case, Entry
from yinuo.packs import matters
from yinuo.registers import units
from yinuo.registers.models import Person, Post
from yinuo.work import tokens
from yinuo.work.models import Draft, SignInTry, Token

SIGNS = ("effect_picture", "site_photo", "right_to_use")


class Program:
    """A client with somebody's key."""

    def __init__(self, person: Person | None = None) -> None:
        self.http = Client()
        self.headers: dict[str, str] = {}
        if person is not None:
            raw, _ = tokens.issue(person, name="test", at=timezone.now())
            self.headers = {"authorization": f"Bearer {raw}"}

    def get(self, path: str, **query: Any) -> Any:
        return self.http.get(f"/api/{path}", query, headers=self.headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        text = body if isinstance(body, str | bytes) else json.dumps(body)
        return self.http.post(
            f"/api/{path}", text, content_type="application/json", headers={**self.headers, **headers}
        )

    def delete(self, path: str) -> Any:
        return self.http.delete(f"/api/{path}", headers=self.headers)

    def send(self, data: bytes, name: str = "照片.png") -> Any:
        return self.http.post("/api/evidence", {"file": SimpleUploadedFile(name, data)}, headers=self.headers)

    def open(self, body: Any, key: str | None = None) -> Any:
        return self.post("cases", body, **{"idempotency-key": key or str(uuid.uuid4())})


def picture(colour: str = "white") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (4, 4), colour).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def made(db: None) -> City:
    return city()


@pytest.fixture
def crowd(db: None) -> City:
    return people()


def program(made: City, username: str) -> Program:
    return Program(made.people[username])


def application(made: City, who: Program, username: str, **changes: Any) -> dict[str, Any]:
    sent = who.send(picture()).json()
    body = {
        "matter": "approvals/shop_sign",
        "party": made.party(username),
        "form": dict(SIGN),
        "evidence": [{"id": sent["id"], "material": each} for each in SIGNS],
    }
    return body | changes


def problem(response: Any, status: int, code: str = "") -> dict[str, Any]:
    """The body of an error, which always has the same shape."""
    assert response.status_code == status, response.content[:500]
    body = response.json()
    assert set(body) == {"code", "message", "errors", "seq"} and set(body["message"]) == {"zh", "en"}
    for each in body["errors"]:
        assert set(each) == {"field", "value", "message", "remedy"} and each["remedy"]["zh"]
    assert not code or body["code"] == code, body
    return body


# --- everybody sees only theirs ----------------------------------------------------------------------------


def visible_to(person: Person, made: City) -> set[str]:
    """Who may see what, said otherwise than the platform does: by posts and cases, one by one."""
    found = set()
    for each in made.made.values():
        case = Case.objects.get(number=each.number)
        if each.owner == person.username:
            found.add(each.number)
        for post in Post.objects.filter(person=person).select_related("unit"):
            if post.role_id in ("supervisor", "auditor"):
                place = post.unit.place_id
                if case.place.startswith(place.removesuffix("00") if place.endswith("00") else place):
                    found.add(each.number)
            elif post.role_id != "admin":
                if any(units.path(unit).startswith(post.unit.path) for unit in case.units):
                    found.add(each.number)
    return found


def all_listed(who: Program, path: str, **query: Any) -> list[str]:
    """Every number of a paged list, page by page."""
    numbers, cursor = [], ""
    for _ in range(50):
        page = who.get(path, cursor=cursor, limit=2, **query).json()
        numbers += [each["number"] for each in page["cases"]]
        cursor = page["next"]
        if cursor is None:
            return numbers
    raise AssertionError("the list has no end")


def test_everybody_sees_only_theirs_in_the_list_by_number_by_file_by_receipt_and_by_change(made):
    every = {each.number for each in made.made.values()}
    seen_by: dict[str, set[str]] = {}
    for username, person in made.people.items():
        who, mine = Program(person), visible_to(person, made)
        listed = all_listed(who, "cases")
        assert sorted(listed) == sorted(mine), username
        assert set(all_listed(who, "inbox")) <= mine, username
        seen_by[username] = mine
    assert seen_by["shimin"] and seen_by["shencha"] == seen_by["shenpi"] and seen_by["guanli"] == set()
    assert seen_by["shenji"] == every and not seen_by["qiye_jianshe"] and not seen_by["chuangkou_zezhou"]
    nobody = "JC260302-999999-0"
    for username in (
        "shimin",
        "laoren",
        "qiye_jianshe",
        "chuangkou_zezhou",
        "shencha_minzheng",
        "guanli",
        "ducha",
    ):
        who = program(made, username)
        for number in every - seen_by[username]:
            for path, body in (
                (f"cases/{number}", None),
                (f"cases/{number}/receipt", None),
                (f"cases/{number}/moves", {"move": "accept", "expecting": 1}),
                (f"cases/{number}/assign", {"expecting": 1, "to": username}),
                (f"cases/{number}/rate", {"expecting": 1, "level": 5}),
                (f"cases/{number}/withdraw", {"expecting": 1}),
            ):
                there = who.get(path) if body is None else who.post(path, body)
                missing = path.replace(number, nobody)
                gone = who.get(missing) if body is None else who.post(missing, body)
                assert (there.status_code, there.content) == (404, gone.content), (username, path)
        for number in seen_by[username]:
            assert who.get(f"cases/{number}").json()["number"] == number
            assert who.get(f"cases/{number}/receipt").json()["number"] == number


def test_search_finds_no_stranger_s_case_by_number_or_by_title(made):
    stranger, number = program(made, "qiye_jianshe"), made.made["kept"].number
    for words in (number, number[:6], "隐名kept店", "招牌", ""):
        assert stranger.get("cases", q=words).json()["cases"] == []
    assert [
        each["number"] for each in program(made, "shimin").get("cases", q="隐名kept店").json()["cases"]
    ] == [number]


def test_a_supervisor_reads_what_was_done_and_not_what_was_written(made):
    text = program(made, "ducha").get(f"cases/{made.made['kept'].number}")
    file = text.json()
    assert (
        file["form"] == {} and file["files"] == [] and file["applicant"] == "" and not file["may_read_words"]
    )
    assert {line["hidden"] for line in file["history"]} >= {"masked"}
    for secret in (made.made["kept"].form["phone"], "隐语", "李某"):
        assert secret not in text.content.decode()


def test_holder_of_a_case_is_told_without_the_applicant_s_id(made):
    made.move("open", "chuangkou", "ask", at=timezone.now(), reason="缺效果图")
    for username in ("ducha", "chuangkou", "qiye"):
        file = program(made, username).get(f"cases/{made.made['open'].number}").json()
        assert file["holder"] == {"kind": "party", "unit": "", "name": "申请人"}


# --- keys --------------------------------------------------------------------------------------------------


def test_a_name_and_a_password_give_a_key_once_and_only_its_digest_is_kept(crowd):
    body = {"username": "shimin", "password": "yinuo-demo", "name": "我的程序", "days": 2}
    response = Program().post("tokens", body)
    assert response.status_code == 201
    raw = response.json()["token"]
    row = Token.objects.get()
    assert raw.encode() not in bytes(row.digest) and len(bytes(row.digest)) == 32
    assert timedelta(days=1) < row.ends_at - timezone.now() <= timedelta(days=2)
    who = Program()
    who.headers = {"authorization": f"Bearer {raw}"}
    me = who.get("me").json()
    assert me["username"] == "shimin" and me["parties"][0]["id"] == crowd.party("shimin")
    listed = who.get("tokens").json()
    assert [key["name"] for key in listed] == ["我的程序"] and "token" not in listed[0]


def test_a_key_ends_on_its_day_and_when_it_is_withdrawn_and_when_the_account_is_closed(crowd):
    person, now = crowd.people["shimin"], timezone.now()
    raw, row = tokens.issue(person, name="a", at=now - timedelta(days=3), days=3)
    assert tokens.find(raw, at=now - timedelta(seconds=1)) and tokens.find(raw, at=now) is None
    who = Program(person)
    other = program(crowd, "qiye")
    mine = who.get("tokens").json()[0]["id"]
    problem(other.delete(f"tokens/{mine}"), 404)
    problem(other.delete(f"tokens/{row.pk}"), 404)
    assert who.get("me").status_code == 200
    assert who.delete(f"tokens/{mine}").status_code == 204
    answer = who.get("me")
    problem(answer, 401, "sign_in")
    assert answer["WWW-Authenticate"].startswith("Bearer")
    again = Program(person)
    Person.objects.filter(pk=person.pk).update(is_active=False)
    problem(again.get("me"), 401)


@pytest.mark.parametrize(
    "value", ["", "Bearer", "Bearer ", "Bearer yn_x", "Basic YTpi", "Bearer " + "x" * 5000, "Bearer é"]
)
def test_no_key_no_answer(db, value):
    who = Program()
    who.headers = {"authorization": value}
    for path in ("cases", "inbox", "me", "tokens", "cases/JC260302-000001-A"):
        problem(who.get(path), 401, "sign_in")
    problem(who.open({"matter": "x", "form": {}}), 401)


def test_a_session_cookie_is_no_key(crowd):
    who = Program()
    who.http.force_login(crowd.people["shimin"])
    problem(who.get("cases"), 401)


def test_five_wrong_passwords_lock_the_name_from_there_for_fifteen_minutes_and_no_longer(crowd, monkeypatch):
    body, now = {"username": "shimin", "password": "wrong"}, timezone.now()
    for _ in range(tokens.TRIES):
        problem(Program().post("tokens", body), 401, "password")
    right = {**body, "password": "yinuo-demo"}
    locked = Program().post("tokens", right)
    problem(locked, 429, "locked")
    assert 0 < int(locked["Retry-After"]) <= 15 * 60 + 1
    assert Program().post("tokens", {**right, "username": "qiye"}).status_code == 201
    elsewhere = Client(REMOTE_ADDR="10.0.0.9").post("/api/tokens", json.dumps(right), "application/json")
    assert elsewhere.status_code == 201
    for minutes, heard in ((14, False), (16, True)):
        at = now + timedelta(minutes=minutes)
        if heard:
            assert tokens.sign_in("shimin", "yinuo-demo", address="127.0.0.1", at=at)
        else:
            with pytest.raises(tokens.Locked):
                tokens.sign_in("shimin", "yinuo-demo", address="127.0.0.1", at=at)


def test_the_right_password_forgets_the_wrong_ones_and_names_are_told_alike(crowd):
    for _ in range(tokens.TRIES - 1):
        Program().post("tokens", {"username": "shimin", "password": "wrong"})
    assert Program().post("tokens", {"username": "shimin", "password": "yinuo-demo"}).status_code == 201
    assert SignInTry.objects.count() == 0
    known = Program().post("tokens", {"username": "shimin", "password": "wrong"})
    unknown = Program().post("tokens", {"username": "nobody-here", "password": "wrong"})
    assert known.content == unknown.content and "shimin" not in known.content.decode()
    problem(Program().post("tokens", {"username": "a\0b"[:1] + "b", "password": "x"}), 401)


# --- opening -----------------------------------------------------------------------------------------------


def test_an_application_with_its_files_opens_a_case_and_the_same_key_opens_no_second_one(crowd):
    who = program(crowd, "shimin")
    body, key = application(crowd, who, "shimin"), str(uuid.uuid4())
    first = who.open(body, key)
    assert first.status_code == 201 and first.json()["fresh"]
    number = first.json()["number"]
    again = who.open(body, key)
    assert again.status_code == 200 and again.json()["number"] == number and not again.json()["fresh"]
    assert Case.objects.count() == 1
    file = again.json()["case"]
    assert file["form"] == SIGN and {each["material"] for each in file["files"]} == set(SIGNS)
    assert file["step"] == "intake" and file["seq"] == 1 and file["is_applicant"]
    assert any("工作日" in line["sentence"] for line in file["dates"])
    assert who.open(body).json()["number"] != number


def test_a_key_used_again_for_something_else_is_refused_and_somebody_else_s_key_is_another_key(crowd):
    who, key = program(crowd, "shimin"), str(uuid.uuid4())
    body = application(crowd, who, "shimin")
    number = who.open(body, key).json()["number"]
    problem(who.open({**body, "form": {**SIGN, "shop_name": "另一家"}}, key), 409, "key_reused")
    problem(
        who.open({"matter": "reports/street_light", "form": {}}, key), 422, "form"
    )  # the form is looked at first
    other = program(crowd, "qiye")
    second = other.open(application(crowd, other, "qiye"), key)
    assert second.status_code == 201 and second.json()["number"] != number
    assert Case.objects.count() == 2


def test_a_refused_application_leaves_no_draft_behind(crowd):
    who = program(crowd, "shimin")
    body = application(crowd, who, "shimin", evidence=[])
    refused = problem(who.open(body), 422, "needs:materials_present")
    assert refused["errors"][0]["remedy"]["zh"].startswith("先 POST /api/evidence")
    assert Draft.objects.count() == 0 and Case.objects.count() == 0


def test_every_field_at_fault_is_named_and_no_personal_value_comes_back(crowd):
    who = program(crowd, "shimin")
    body = application(crowd, who, "shimin")
    body["form"] = {
        **SIGN,
        "phone": "12345678901234",
        "width": "wide",
        "address": "短",
        "colour": "red",
        "lit": "yes",
    }
    del body["form"]["shop_name"]
    found = problem(who.open(body), 422, "form")
    assert {each["field"] for each in found["errors"]} == {"form.colour", "form.lit"}
    body["form"] = {**SIGN, "phone": "12345678901234", "width": "wide", "address": "短"}
    del body["form"]["shop_name"]
    response = who.open(body)
    found = {each["field"]: each for each in problem(response, 422, "form")["errors"]}
    assert set(found) == {"form.phone", "form.width", "form.address", "form.shop_name"}
    assert found["form.width"]["value"] == "wide" and found["form.phone"]["value"] is None
    assert "12345678901234" not in response.content.decode()
    assert found["form.shop_name"]["message"] == {"zh": "请填写店铺名称", "en": "Enter Name of the shop"}


@given(st.dictionaries(
    st.sampled_from([*SIGN, "nonsense"]),
    st.none() | st.booleans() | st.integers() | st.text(max_size=20)
    | st.lists(st.text(max_size=3), max_size=2)
    | st.dictionaries(st.text(max_size=3), st.integers(), max_size=2) | st.floats(allow_nan=False),
    max_size=9,
))  # fmt: skip
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_form_whatever_is_in_it_does_more_than_be_taken_or_refused(db, form):
    from yinuo.faces.api.errors import Wrong
    from yinuo.faces.api.forms import form_of

    matter = matters.current("approvals/shop_sign")
    try:
        taken = form_of(matter, form)
    except Wrong as wrong:
        assert wrong.status == 422 and wrong.errors
    else:
        assert Draft202012Validator(matter.form).is_valid(taken)


def test_one_cannot_apply_for_somebody_else_nor_for_what_opens_by_itself(crowd):
    who = program(crowd, "shimin")
    body = application(crowd, who, "shimin")
    stranger = problem(who.open({**body, "party": crowd.party("laoren")}), 422, "not_yours")
    nobody = problem(who.open({**body, "party": 10**9}), 422, "not_yours")
    assert stranger["message"] == nobody["message"]
    problem(who.open({**body, "party": None}), 422, "party")
    problem(who.open({**body, "matter": "approvals/fire_opinion"}), 422, "not_offered")
    problem(who.open({**body, "matter": "approvals/nothing"}), 404)
    problem(who.open({**body, "matter": "approvals/construction_permit"}), 422, "audience")
    problem(who.post("cases", body), 422, "invalid")
    problem(who.open(body, "not-a-uuid"), 422, "invalid")
    assert Case.objects.count() == 0


def test_a_street_light_is_reported_without_a_party(crowd):
    matter = matters.current("reports/street_light")
    found = problem(program(crowd, "shimin").open({"matter": matter.id, "form": {}}), 422, "form")
    assert {each["field"] for each in found["errors"]} == {f"form.{name}" for name in matter.form["required"]}


# --- files -------------------------------------------------------------------------------------------------


def test_a_file_s_id_is_of_use_to_its_sender_only_and_for_a_day(crowd, monkeypatch):
    mine, other = program(crowd, "shimin"), program(crowd, "qiye")
    sent = mine.send(picture()).json()
    body = application(crowd, other, "qiye")
    body["evidence"][0]["id"] = sent["id"]
    found = problem(other.open(body), 422, "evidence")
    assert found["errors"][0]["field"] == "evidence.0.id"
    for stolen in (sent["sha256"], sent["id"][:-1] + "x", ""):  # a digest stands in receipts: it is no key
        body["evidence"][0]["id"] = stolen
        problem(other.open(body), 422, "evidence")
    late = application(crowd, mine, "shimin")
    monkeypatch.setattr("yinuo.faces.api.evidence.HOLDS_SECONDS", -1)
    problem(mine.open(late), 422, "evidence")


def test_files_are_told_by_content_and_materials_by_the_matter(crowd):
    who = program(crowd, "shimin")
    for data, name in (
        (b"MZ program", "photo.png"),
        (b"", "empty.png"),
        (b"<html>", "a.pdf"),
        (picture()[:40], "b.png"),
    ):
        problem(who.send(data, name), 422, "file")
    problem(who.http.post("/api/evidence", {}, headers=who.headers), 422, "invalid")
    sent = who.send(b"%PDF-1.4 text", "图.pdf").json()
    assert sent["mime"] == "application/pdf" and sent["name"] == "图.pdf"
    body = application(crowd, who, "shimin")
    body["evidence"][1]["id"] = sent["id"]  # site_photo takes pictures only
    assert problem(who.open(body), 422)["errors"][0]["field"] == "evidence.1.id"
    body["evidence"][1] = {"id": sent["id"], "material": "no_such"}
    assert problem(who.open(body), 422)["errors"][0]["field"] == "evidence.1.material"


def test_what_is_too_large_is_refused_before_it_is_read(crowd, settings):
    who = program(crowd, "shimin")
    huge = who.http.post(
        "/api/evidence", b"x", content_type="multipart/form-data; boundary=x",
        headers=who.headers, CONTENT_LENGTH=str(10**9),
    )  # fmt: skip
    problem(huge, 413, "too_large")
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    problem(who.open({"matter": "x", "form": {"a": "b" * 2000}}), 413, "too_large")
    problem(Program().post("tokens", {"username": "u", "password": "x" * 2000}), 413)


@pytest.mark.parametrize("body", [
    "", "{", "[]", "1", '"x"', '{"matter": NaN}', '{"matter": "a\\u0000b"}', '{"matter": "\\ud800"}',
    "[" * 5000, b"\xff\xfe", '{"matter": ' + "9" * 5000 + "}",
])  # fmt: skip
def test_what_is_no_json_object_is_told_so(crowd, body):
    response = program(crowd, "shimin").open(body)
    assert response.status_code in (400, 422)
    problem(response, response.status_code)


# --- moving ------------------------------------------------------------------------------------------------


def test_a_case_goes_from_the_window_to_the_licence_by_program(crowd):
    owner = program(crowd, "qiye")
    number = owner.open(application(crowd, owner, "qiye")).json()["number"]

    def move(username: str, name: str, **data: Any) -> dict[str, Any]:
        who = program(crowd, username)
        file = who.get(f"cases/{number}").json()
        assert name in [each["id"] for each in file["moves"]]
        response = who.post(f"cases/{number}/moves", {"move": name, "expecting": file["seq"], "data": data})
        assert response.status_code == 200, response.content
        return response.json()

    assert number in all_listed(program(crowd, "chuangkou"), "inbox")
    window = program(crowd, "chuangkou")
    seq = window.get(f"cases/{number}").json()["seq"]
    claimed = window.post(f"cases/{number}/assign", {"expecting": seq, "to": "chuangkou"})
    assert claimed.status_code == 200 and claimed.json()["assignee"]
    assert move("chuangkou", "accept")["step"] == "review"
    assert number not in all_listed(program(crowd, "chuangkou"), "inbox")
    assert move("shencha", "pass", opinion="建议准予")["step"] == "decide"
    granted = move("shenpi", "grant")
    assert granted["outcome"] == "granted" and granted["kept"] and granted["records"][0]["state"] == "current"
    assert move("chuangkou", "deliver")["closed_at"]
    file = owner.get(f"cases/{number}").json()
    rated = owner.post(f"cases/{number}/rate", {"expecting": file["seq"], "level": 5, "words": "快"})
    assert rated.status_code == 200
    problem(owner.post(f"cases/{number}/rate", {"expecting": rated.json()["seq"], "level": 4}), 422, "rated")
    code = granted["records"][0]["code"]
    assert "有效" in owner.http.get(f"/public/v/{code}/").content.decode()


def test_who_comes_second_hears_where_the_case_stands_now_and_nothing_is_done(made):
    number, who = made.made["open"].number, program(made, "chuangkou")
    seq = who.get(f"cases/{number}").json()["seq"]
    first = who.post(f"cases/{number}/moves", {"move": "accept", "expecting": seq})
    assert first.status_code == 200
    second = problem(
        who.post(f"cases/{number}/moves", {"move": "ask", "expecting": seq, "data": {"reason": "缺"}}),
        409,
        "conflict",
    )
    assert second["seq"] == first.json()["seq"] and second["errors"][0]["field"] == "expecting"
    for path, body in (
        ("assign", {"expecting": seq, "to": None}),
        ("withdraw", {"expecting": 10**6}),
        ("rate", {"expecting": 0, "level": 5}),
    ):
        problem(program(made, "qiye").post(f"cases/{number}/{path}", body), 409, "conflict")
    assert Entry.objects.filter(case__number=number).count() == first.json()["seq"]


def test_a_refusal_names_its_code_its_field_and_what_to_do(made):
    number, window = made.made["open"].number, program(made, "chuangkou")
    seq = window.get(f"cases/{number}").json()["seq"]

    def refused(who: Program, code: str, move: str, **data: Any) -> list[dict[str, Any]]:
        body = {"move": move, "expecting": seq, "data": data}
        return problem(who.post(f"cases/{number}/moves", body), 422, code)["errors"]

    assert refused(window, "reason_missing", "ask")[0]["field"] == "reason"
    assert refused(window, "wrong_step", "grant")[0]["field"] == "move"
    assert refused(window, "unknown_move", "fly")[0]["field"] == "move"
    assert refused(program(made, "shencha"), "not_yours", "accept")
    assert refused(window, "invalid", "accept", form=dict(SIGN))[0]["field"] == "data.form"
    assert refused(window, "form", "accept", given={"x": 1})[0]["field"] == "data.given.x"
    assert refused(window, "invalid", "accept", strange=1)[0]["field"].endswith("strange")
    for timer in ("deem_accepted", "lapse"):
        problem(window.post(f"cases/{number}/moves", {"move": timer, "expecting": seq}), 422)
    found = problem(
        window.post(f"cases/{number}/assign", {"expecting": seq, "to": "shimin"}), 422, "assignee"
    )
    none = problem(
        window.post(f"cases/{number}/assign", {"expecting": seq, "to": "nobody-here"}), 422, "assignee"
    )
    assert found == none and "李某" not in json.dumps(found, ensure_ascii=False)
    assert Entry.objects.filter(case__number=number).count() == seq


def test_the_applicant_supplies_what_was_asked_with_the_form_mended(made):
    number, window, owner = made.made["open"].number, program(made, "chuangkou"), program(made, "qiye")
    asked = window.post(
        f"cases/{number}/moves", {"move": "ask", "expecting": 1, "data": {"reason": "宽度与照片不符"}}
    ).json()
    sent = owner.send(picture("black")).json()
    form = {**made.made["open"].form, "width": "2.50"}
    body = {
        "move": "resubmit",
        "expecting": asked["seq"],
        "data": {"form": {**form, "width": "x"}},
        "evidence": [{"id": sent["id"], "material": "site_photo"}],
    }
    found = problem(owner.post(f"cases/{number}/moves", body), 422, "form")
    assert found["errors"][0]["field"] == "data.form.width"
    body["data"]["form"] = form
    answer = owner.post(f"cases/{number}/moves", body).json()
    assert answer["form"]["width"] == "2.50" and answer["step"] == "intake"
    assert sent["sha256"] in {each["sha256"] for each in answer["files"]}


def test_the_applicant_withdraws_and_nobody_else_can(made):
    number = made.made["open"].number
    problem(program(made, "chuangkou").post(f"cases/{number}/withdraw", {"expecting": 1}), 422, "not_yours")
    body = {"expecting": 1, "reason": "不办了"}
    assert program(made, "qiye").post(f"cases/{number}/withdraw", body).json()["outcome"] == "withdrawn"


def test_lists_are_paged_by_key_and_narrowed_by_what_is_asked(made):
    auditor = program(made, "shenji")
    every = all_listed(auditor, "cases")
    assert len(every) == len(set(every)) == len(made.made)
    opened = [Case.objects.get(number=number).opened_at for number in every]
    assert opened == sorted(opened, reverse=True)
    assert set(all_listed(auditor, "cases", state="open")) | set(
        all_listed(auditor, "cases", state="closed")
    ) == set(every)
    assert all_listed(auditor, "cases", light="red") == [made.made["late"].number]
    assert made.made["allowance"].number in all_listed(auditor, "cases", matter="benefits/elderly_allowance")
    assert all_listed(auditor, "cases", since="2026-03-03", until="2026-03-31") == [made.made["fresh"].number]
    for query in (
        {"cursor": "x"}, {"cursor": "W251bGwsIDFd"}, {"cursor": "bnVsbA"}, {"limit": 0}, {"limit": 1000},
        {"light": "blue"}, {"since": "x"}, {"until": "9999-12-31"},
    ):  # fmt: skip
        problem(auditor.get("cases", **query), 422)
    assert auditor.get("cases", q="\0", matter="\0").status_code == 200
    counts = program(made, "chuangkou").get("inbox").json()["counts"]
    assert counts[""] == len(all_listed(program(made, "chuangkou"), "inbox")) > 0


def test_texts_follow_the_reader_s_language(made):
    who, number = program(made, "qiye"), made.made["open"].number
    for language, step in (("zh-hans", "收件核对"), ("en", "Checking the papers")):
        who.headers["accept-language"] = language
        assert who.get(f"cases/{number}").json()["step_title"] == step


# --- what it says of itself --------------------------------------------------------------------------------


def openapi(client: Client) -> dict[str, Any]:
    response = client.get("/api/openapi.json")
    assert response.status_code == 200
    return response.json()


def test_the_description_is_whole_and_every_reference_in_it_leads_somewhere(client):
    found = openapi(client)
    assert found["openapi"].startswith("3.1") and found["info"]["title"]
    text = json.dumps(found)
    names = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    schemas = found["components"]["schemas"]
    assert names <= set(schemas)
    for name, schema in schemas.items():
        Draft202012Validator.check_schema(schema), name
    seen = set()
    for path, operations in found["paths"].items():
        for verb, operation in operations.items():
            assert (
                operation["operationId"] not in seen and operation["summary"] and operation["description"]
            ), path
            seen.add(operation["operationId"])
            asked = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
            assert asked == set(re.findall(r"\{(\w+)\}", path)), path
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    schema = response["content"]["application/json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/Problem"}, (path, verb, status)
            open_ = path in ("/api/matters", "/api/matters/{id}", "/api/seals") or (path, verb) == (
                "/api/tokens",
                "post",
            )
            assert bool(operation.get("security")) is not open_, (path, verb)


def test_every_path_of_the_description_answers_as_it_says(made, client):
    found = openapi(client)
    schemas = found["components"]["schemas"]
    who, number = program(made, "qiye"), made.made["open"].number
    closed = made.made["broken"].number
    seq = {each: Case.objects.get(number=each).seq for each in (number, closed)}
    spare = tokens.issue(made.people["qiye"], name="spare", at=timezone.now())[1]
    calls: dict[tuple[str, str], Any] = {
        ("/api/matters", "get"): lambda: who.get("matters"),
        ("/api/matters/{id}", "get"): lambda: who.get("matters/approvals/shop_sign"),
        ("/api/seals", "get"): lambda: who.get("seals"),
        ("/api/tokens", "post"): lambda: who.post("tokens", {"username": "qiye", "password": "yinuo-demo"}),
        ("/api/tokens", "get"): lambda: who.get("tokens"),
        ("/api/tokens/{id}", "delete"): lambda: who.delete(f"tokens/{spare.pk}"),
        ("/api/me", "get"): lambda: who.get("me"),
        ("/api/evidence", "post"): lambda: who.send(picture()),
        ("/api/cases", "get"): lambda: who.get("cases"),
        ("/api/cases", "post"): lambda: who.open(application(made, who, "qiye")),
        ("/api/inbox", "get"): lambda: who.get("inbox"),
        ("/api/cases/{number}", "get"): lambda: who.get(f"cases/{number}"),
        ("/api/cases/{number}/receipt", "get"): lambda: who.get(f"cases/{number}/receipt"),
        ("/api/cases/{number}/assign", "post"): lambda: program(made, "chuangkou").post(
            f"cases/{number}/assign", {"expecting": seq[number], "to": "chuangkou"}
        ),
        ("/api/cases/{number}/moves", "post"): lambda: program(made, "chuangkou").post(
            f"cases/{number}/moves", {"move": "accept", "expecting": seq[number] + 1}
        ),
        ("/api/cases/{number}/withdraw", "post"): lambda: who.post(
            f"cases/{number}/withdraw", {"expecting": seq[number] + 2}
        ),
        ("/api/cases/{number}/rate", "post"): lambda: who.post(
            f"cases/{closed}/rate", {"expecting": seq[closed], "level": 3, "tags": ["慢"]}
        ),
    }
    described = {(path, verb) for path, operations in found["paths"].items() for verb in operations}
    assert described == set(calls)
    for (path, verb), call in calls.items():
        response = call()
        told = found["paths"][path][verb]["responses"]
        assert response.status_code < 300 and str(response.status_code) in told, (
            path,
            verb,
            response.content[:300],
        )
        if response.status_code != 204:
            schema = told[str(response.status_code)]["content"]["application/json"]["schema"]
            Draft202012Validator({**schema, "components": {"schemas": schemas}}).validate(response.json())


def test_matters_and_seals_are_open_to_anybody(made):
    nobody = Program()
    ids = [each["id"] for each in nobody.get("matters").json()]
    assert "approvals/shop_sign" in ids
    sign = nobody.get("matters/approvals/shop_sign").json()
    assert sign["limits"]["promised"]["value"] == 5 and sign["form"]["properties"]["shop_name"]
    assert len(sign["materials"]) == 4 and sign["offered"]
    assert nobody.get("seals").json()["seals"][0]["number"] == 1
    problem(nobody.get("matters/no/such"), 404)


def test_whatever_else_is_asked_under_api_is_answered_in_the_same_words(db):
    for path in ("", "nothing", "cases/", "cases/x/y/z", "openapi", "../admin"):
        problem(Program().get(path), 404, "not_found")
    problem(Program().post("nothing", {}), 404, "not_found")


def test_the_page_to_try_it_on_loads_nothing_from_elsewhere(client):
    text = client.get("/api/docs").content.decode()
    assert "swagger-ui-bundle.js" in text
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", text)
    assert not re.findall(r"<script(?![^>]*(?:src=|application/json))", text)


def test_when_the_database_is_away_the_answer_says_try_again(made, monkeypatch):
    from django.db import OperationalError

    who = program(made, "qiye")

    def away(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(api_cases.access, "case_for", away)
    answer = who.get(f"cases/{made.made['open'].number}")
    problem(answer, 503, "unavailable")
    assert answer["Retry-After"] and api is not None
