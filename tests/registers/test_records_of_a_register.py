"""Records: put once, superseded, ended with a reason, never deleted, and shown without what is personal."""

from __future__ import annotations

import re
import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from yinuo.registers import load, parties, records
from yinuo.registers.models import Record, RecordChange, Register

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
DAY = date(2026, 11, 23)


def sign(number: str = "晋城店招0001", **more: Any) -> dict[str, Any]:
    return {
        "number": number,
        "holder": "演示餐饮服务有限公司",
        "holder_code": "91140500MA00000220",
        "address": "城区凤台街某号",
        "place": "140502003",
        "issued_on": "2026-11-23",
        "status": "valid",
    } | more


SIGNS = {
    "id": "test_signs",
    "title": {"zh": "店招试验台账", "en": "Test signs"},
    "key": "number",
    "schema": {
        "type": "object",
        "required": ["number", "holder", "address", "issued_on", "status"],
        "properties": {
            "number": {"type": "string", "minLength": 1, "title": "许可编号"},
            "holder": {"type": "string", "minLength": 1, "title": "设置人"},
            "holder_code": {"type": "string", "title": "证件号码", "x-personal": True},
            "shop_name": {"type": "string", "title": "店铺名称"},
            "sign_text": {"type": "string", "title": "招牌文字"},
            "address": {"type": "string", "minLength": 1, "title": "设置地点"},
            "place": {"type": "string", "pattern": "^[0-9]{6}([0-9]{3})?$", "title": "所在区划"},
            "width": {"type": "number", "exclusiveMinimum": 0, "title": "宽（米）"},
            "issued_on": {"type": "string", "format": "date", "title": "发证日期"},
            "status": {"enum": ["valid", "expired", "revoked"], "title": "状态"},
        },
        "additionalProperties": False,
    },
    "public": ["number", "holder", "sign_text", "address", "place", "width", "issued_on", "status"],
}
"""A register of the tests' own, so that the city may change its registers without asking them."""


@pytest.fixture
def signs(city: Any) -> None:
    load.put(registers=[SIGNS])


def put(body: dict[str, Any] | None = None, **more: Any) -> Record:
    usual = {"number": "晋城店招0001", "case_number": "JC261123-000017-6", "place": "140502003", "at": NOON}
    return records.put("test_signs", body=body or sign(), **{**usual, **more})


# -- putting ----------------------------------------------------------------------------------


def test_a_licence_is_kept_with_its_case_its_holder_and_its_last_day(signs: None) -> None:
    shop = parties.create("enterprise", "演示餐饮服务有限公司", "91140500MA00000220", on=DAY)
    made = put(party=shop, valid_until=date(2029, 11, 22), by="person:7")
    held = Record.objects.get(pk=made.pk)
    assert (held.key, held.state, held.party, held.place_id) == ("晋城店招0001", "current", shop, "140502003")
    assert (held.valid_from, held.valid_until, held.made_at) == (DAY, date(2029, 11, 22), NOON)
    assert held.body == sign()
    change = RecordChange.objects.get(record=held)
    assert (change.before, change.after, change.by) == ("", "current", "person:7")


def test_a_permit_granted_late_in_the_evening_utc_begins_on_the_shanghai_day(signs: None) -> None:
    assert put(at=datetime(2026, 11, 22, 17, 0, tzinfo=UTC)).valid_from == DAY


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"holder": None}, "holder", "does not fit 设置人"),
        ({"issued_on": "23/11/2026"}, "issued_on", "such as 2026-11-23"),
        ({"status": "fine"}, "status", "use one of valid, expired"),
        ({"width": -1}, "width", "more than 0"),
        ({"colour": "red"}, "colour", "is no field of this register"),
        ({"place": "nanjie"}, "place", "write it in the form"),
    ],
)
def test_a_record_that_does_not_fit_is_refused_by_field_and_with_a_remedy(
    signs: None, change: dict[str, Any], field: str, says: str
) -> None:
    with pytest.raises(records.Invalid, match=says) as refused:
        put(sign(**change))
    assert [problem.field for problem in refused.value.problems] == [field]
    assert not Record.objects.exists()


def test_every_missing_field_is_named_once(signs: None) -> None:
    body = sign()
    del body["holder"], body["address"]
    with pytest.raises(records.Invalid) as refused:
        put(body)
    assert sorted(problem.field for problem in refused.value.problems) == ["address", "holder"]


def test_an_error_never_repeats_a_personal_value(signs: None) -> None:
    with pytest.raises(records.Invalid) as refused:
        put(sign(holder_code=140502199001010019))
    assert "140502199001010019" not in str(refused.value)
    assert refused.value.problems[0].field == "holder_code"


def test_a_record_without_its_key_or_with_another_is_refused(signs: None) -> None:
    with pytest.raises(records.Invalid, match="key"):
        put(sign(number=""))
    with pytest.raises(records.Invalid, match="is not the key"):
        put(key="晋城店招0002")


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, "a\0b"])
def test_what_is_no_json_is_refused_before_the_database_sees_it(signs: None, value: Any) -> None:
    with pytest.raises(records.Invalid):
        put(sign(shop_name=value))


def test_a_licence_does_not_end_before_it_begins(signs: None) -> None:
    with pytest.raises(records.Invalid, match="valid_until"):
        put(valid_until=date(2026, 11, 22))


def test_an_unknown_place_is_refused_and_a_village_counts_as_its_town(signs: None) -> None:
    with pytest.raises(records.Invalid, match="division tree"):
        put(place="999999")
    assert put(place="140502003001").place_id == "140502003"


def test_an_unknown_register_is_named(signs: None) -> None:
    with pytest.raises(Register.DoesNotExist):
        records.put("spaceships", body=sign())


# -- one stands -------------------------------------------------------------------------------


def test_a_new_record_takes_the_place_of_the_old_and_both_stay(signs: None) -> None:
    old = put()
    new = put(sign(sign_text="新招牌"), case_number="JC261124-000001-A", at=NOON + timedelta(days=1))
    old.refresh_from_db()
    assert (old.state, old.body) == ("superseded", sign())
    assert new.previous == old and records.current("test_signs", old.key) == new
    assert [change.after for change in old.changes.order_by("id")] == ["current", "superseded"]


def test_a_retried_effect_writes_once(signs: None) -> None:
    first = put()
    assert put() == first
    assert Record.objects.count() == 1 and RecordChange.objects.count() == 1


def test_the_database_lets_only_one_stand(signs: None) -> None:
    put()
    with pytest.raises(IntegrityError), transaction.atomic():
        Record.objects.create(register_id="test_signs", key="晋城店招0001", body={})


def test_the_same_key_in_another_register_is_another_record(signs: None) -> None:
    put()
    load.put(registers=[{**SIGNS, "id": "other_signs"}])
    records.put("other_signs", body=sign(), at=NOON)
    assert Record.objects.filter(state="current").count() == 2


def test_two_officers_at_once_leave_one_record_standing(fresh_city: Any, rows: Any) -> None:
    rows.load()
    load.put(registers=[SIGNS])
    start, failed = threading.Barrier(8), []

    def grant(number: int) -> None:
        try:
            start.wait(timeout=20)
            put(sign(sign_text=str(number)), case_number=f"C{number}")
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=grant, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not failed
    line = list(Record.objects.order_by("id"))
    assert [record.state for record in line] == ["superseded"] * 7 + ["current"]
    assert [record.previous for record in line[1:]] == line[:-1]


# -- ending -----------------------------------------------------------------------------------


def test_a_withdrawn_record_says_why_and_nothing_stands(signs: None) -> None:
    record = put()
    ended = records.withdraw(record, "当事人申请注销", by="person:7", at=NOON)
    assert (ended.state, ended.reason, record.state) == ("withdrawn", "当事人申请注销", "withdrawn")
    assert records.current("test_signs", record.key) is None
    last = record.changes.order_by("-id").first()
    assert last is not None and (last.before, last.after, last.by) == ("current", "withdrawn", "person:7")


def test_a_suspended_licence_still_holds_its_number_and_may_come_back(signs: None) -> None:
    record = records.suspend(put(), "整改期间", at=NOON)
    assert not records.holds(record, on=DAY)
    assert records.current("test_signs", record.key) == record
    back = records.resume(record, "整改完成", at=NOON)
    assert records.holds(back, on=DAY) and back.reason == ""


def test_after_a_revocation_a_new_licence_points_back_to_the_revoked_one(signs: None) -> None:
    revoked = records.revoke(put(), "以欺骗手段取得", at=NOON)
    new = put(case_number="JC261124-000001-A")
    assert new.previous == revoked
    revoked.refresh_from_db()
    assert revoked.state == "revoked"


@pytest.mark.parametrize("act", [records.suspend, records.revoke, records.withdraw])
def test_nothing_ends_without_a_reason(signs: None, act: Any) -> None:
    record = put()
    with pytest.raises(ValueError, match="reason"):
        act(record, "  ")
    record.refresh_from_db()
    assert record.state == "current"


def test_what_was_revoked_is_not_suspended_resumed_or_withdrawn_afterwards(signs: None) -> None:
    record = records.revoke(put(), "以欺骗手段取得", at=NOON)
    for act in (records.suspend, records.resume, records.revoke, records.withdraw):
        with pytest.raises(records.NotNow, match="revoked"):
            act(record, "再来一次")


def test_undoing_a_mistaken_renewal_lets_the_earlier_licence_stand_again(signs: None) -> None:
    first = put()
    second = put(sign(sign_text="误"), case_number="B", at=NOON + timedelta(hours=1))
    assert records.withdraw_of_case("B", since=second.made_at, reason="更正", by="person:7") == [second]
    first.refresh_from_db()
    assert (first.state, records.current("test_signs", first.key)) == ("current", first)


def test_a_suspended_licence_comes_back_suspended(signs: None) -> None:
    first = records.suspend(put(), "整改期间", at=NOON)
    second = put(sign(sign_text="误"), case_number="B")
    records.withdraw(second, "更正", restore=True)
    first.refresh_from_db()
    assert first.state == "suspended" and first.reason


def test_only_what_the_corrected_move_put_is_withdrawn(signs: None) -> None:
    kept = put()
    later = put(sign("晋城店招0002"), number="晋城店招0002", at=NOON + timedelta(hours=1))
    found = records.withdraw_of_case(kept.case_number, since=later.made_at, reason="更正")
    assert found == [later]
    kept.refresh_from_db()
    assert kept.state == "current"


def test_what_a_later_case_built_on_a_mistake_stays_and_the_mistake_does_not_come_back(signs: None) -> None:
    first = put()
    mistake = put(sign(sign_text="误"), case_number="B")
    later = put(sign(sign_text="再"), case_number="C")
    records.withdraw_of_case("B", since=mistake.made_at, reason="更正")
    assert records.current("test_signs", first.key) == later
    records.withdraw_of_case("C", since=later.made_at, reason="更正")
    states = list(Record.objects.order_by("id").values_list("state", flat=True))
    assert states == ["current", "withdrawn", "withdrawn"]


def test_a_licence_given_up_before_does_not_come_back_when_the_next_is_undone(signs: None) -> None:
    put()
    second = put(sign(sign_text="二"), case_number="B")
    records.withdraw(second, "当事人申请注销")
    third = put(sign(sign_text="三"), case_number="C")
    records.withdraw(third, "更正", restore=True)
    assert records.current("test_signs", third.key) is None


def test_no_record_and_no_line_of_its_history_can_be_deleted(signs: None) -> None:
    record = put()
    for statement in (
        "delete from registers_recordchange",
        "update registers_recordchange set reason = 'x'",
        "delete from registers_record",
        "truncate registers_record cascade",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert Record.objects.filter(pk=record.pk).exists()


# -- showing ----------------------------------------------------------------------------------


def test_the_code_on_a_licence_cannot_be_guessed(signs: None) -> None:
    codes = {put(sign(f"N{n}"), number=f"N{n}").code for n in range(50)}
    assert len(codes) == 50 and all(re.fullmatch(r"[A-Za-z0-9_-]{16}", code) for code in codes)


def test_whoever_scans_the_code_finds_the_record(signs: None) -> None:
    record = put()
    assert records.by_code(record.code) == record
    for wrong in ("", record.code[:-1], record.code.swapcase() + "x", "一" * 16, "\0" * 16):
        assert records.by_code(wrong) is None


def test_a_stranger_sees_the_licence_but_not_the_persons_number(signs: None) -> None:
    view = records.public_view(put(), on=DAY)
    shown = {field.name: field.value for field in view.fields}
    assert shown["holder"] == "演示餐饮服务有限公司" and shown["holder_code"] == records.HIDDEN
    assert "91140500MA00000220" not in repr(view)
    assert (view.standing, view.number, view.title.zh) == ("holds", "晋城店招0001", "店招试验台账")
    assert [field.title for field in view.fields][:2] == ["许可编号", "设置人"]


def test_no_register_of_the_city_shows_a_personal_field_even_if_its_list_is_wrong(signs: None) -> None:
    Register.objects.filter(pk="test_signs").update(public=["number", "holder_code"])
    view = records.public_view(records.by_code(put().code), on=DAY)
    assert "91140500MA00000220" not in repr(view)


def test_a_number_that_is_not_public_is_not_shown_beside_the_fields_either(signs: None) -> None:
    Register.objects.filter(pk="test_signs").update(public=["holder"])
    assert records.public_view(put(), on=DAY).number == ""


@pytest.mark.parametrize(
    ("day", "standing"),
    [
        ("2026-11-22", "not_begun"),
        ("2026-11-23", "holds"),
        ("2026-12-31", "holds"),
        ("2027-01-01", "expired"),
    ],
)
def test_a_licence_holds_from_its_first_day_through_its_last(signs: None, day: str, standing: str) -> None:
    record = put(valid_until=date(2026, 12, 31))
    assert records.public_view(record, on=date.fromisoformat(day)).standing == standing
    assert records.holds(record, on=date.fromisoformat(day)) is (standing == "holds")


def test_a_revoked_licence_does_not_say_valid_anywhere(signs: None) -> None:
    view = records.public_view(records.revoke(put(), "以欺骗手段取得"), on=DAY)
    assert view.standing == "revoked" and view.says
    assert "valid" not in [field.value for field in view.fields]
