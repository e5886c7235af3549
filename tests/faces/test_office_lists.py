"""The list of all cases and its export obey the same scope and the same filters."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from office_city import SIGN, moved, opened, people, sign_at, signed_in

from yinuo.faces.office import cases as listing

pytestmark = pytest.mark.django_db


@pytest.fixture
def city(db: None) -> None:
    people()


def exported(client: Client, query: str = "") -> list[list[str]]:
    answer = client.get(f"/office/cases/export.csv{query}")
    assert answer.status_code == 200
    raw = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert raw.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))


def test_a_shop_named_like_a_formula_is_exported_as_text(city: None) -> None:
    opened(form={**SIGN, "shop_name": '=HYPERLINK("http://x.example","点我")'})
    opened(form={**SIGN, "shop_name": "@SUM(1+1)*cmd|' /C calc'!A0"})
    lines = exported(signed_in("chuangkou"))
    assert len(lines) == 3
    for line in lines[1:]:
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in line)


@given(st.text(max_size=20))
def test_no_cell_ever_begins_like_a_formula_and_nothing_is_lost(cell: str) -> None:
    safe = listing.safe(cell)
    assert not safe.startswith(listing.FORMULA)
    assert safe in (cell, "'" + cell)


def test_the_export_holds_what_the_list_shows_and_nothing_of_other_units(city: None) -> None:
    mine = sign_at("review", form={**SIGN, "shop_name": "本局店"})
    other = opened(form={**SIGN, "place": "140525001", "shop_name": "泽州店"})
    examiner = signed_in("shencha")
    page = examiner.get("/office/cases/").content.decode()
    numbers = [line[0] for line in exported(examiner)[1:]]
    assert numbers == [mine.number]
    assert mine.number in page and other.number not in page
    assert {mine.number, other.number} <= {line[0] for line in exported(signed_in("ducha"))[1:]}
    assert [line[0] for line in exported(signed_in("ducha_chengqu"))[1:]] == [mine.number]


def test_filters_narrow_list_and_export_alike(city: None) -> None:
    closed = sign_at("closed", form={**SIGN, "shop_name": "办结店"})
    open_ = opened(form={**SIGN, "shop_name": "在办店", "place": "140502002"})
    old = opened(form={**SIGN, "shop_name": "旧店"}, at=timezone.now() - timedelta(days=60))
    today = timezone.localdate().isoformat()
    boss = signed_in("ducha")
    cases = {
        "?state=closed": {closed.number},
        "?state=open&light=green": {open_.number, old.number},
        "?place=140502002": {open_.number},
        "?place=140502": {closed.number, open_.number, old.number},
        "?place=140581": set(),
        "?q=在办店": {open_.number},
        f"?since={today}": {closed.number, open_.number},
        f"?until={(timezone.localdate() - timedelta(days=30)).isoformat()}": {old.number},
        "?unit=chengqu-window": {open_.number, old.number},
        "?owner=chengqu-approval&state=closed": {closed.number},
        "?matter=benefits/elderly_allowance": set(),
        "?since=rubbish&state=x&light=pink&place=%27": {closed.number, open_.number, old.number},
    }
    for query, numbers in cases.items():
        assert {line[0] for line in exported(boss, query)[1:]} == numbers, query
        page = boss.get(f"/office/cases/{query}").content.decode()
        assert all(number in page for number in numbers), query


def test_an_export_says_dates_and_outcomes_in_words_people_read(city: None) -> None:
    case = sign_at("closed")
    head, line = exported(signed_in("ducha"))
    row = dict(zip(head, line, strict=True))
    assert row["编号"] == case.number
    assert row["结果"] == "准予" and row["按时"] == "是" and row["环节"] == "已办结"
    assert row["收到时间"].startswith(timezone.localdate(case.opened_at).isoformat())


def test_nothing_personal_stands_in_the_list_or_the_export(city: None) -> None:
    moved(sign_at("review"), "pass", "shencha", opinion="隐语")
    boss = signed_in("ducha")
    text = boss.get("/office/cases/").content.decode() + str(exported(boss))
    for word in ("隐语", "李某（演示）", SIGN["phone"], SIGN["address"]):
        assert word not in text


@pytest.mark.parametrize("path", ["/office/?part=list", "/office/cases/", "/office/cases/export.csv"])
def test_a_longer_list_asks_the_database_no_more_often(city: None, path: str) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    clerk = signed_in("chuangkou")

    def asked() -> int:
        with CaptureQueriesContext(connection) as seen:
            answer = clerk.get(path)
            _ = b"".join(answer) if answer.streaming else answer.content
        return len(seen)

    opened(papers=())
    few = asked()
    for n in range(20):
        opened(form={**SIGN, "shop_name": f"第{n}店"}, papers=())
    assert asked() == few
