"""Reporting a street light: one page, photo first, neighbours' reports shown as a bare count."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest
from citizens import citizen, photo, signed_in
from django.test import Client

from yinuo.ledger.models import Case
from yinuo.work import nearby
from yinuo.work.models import Draft

pytestmark = pytest.mark.django_db

PAGE = "/report/reports/street_light/"
LIGHT = {
    "_page": "all",
    "place": "140502003",
    "position_text": "某某路口东北角",
    "problem": "dark",
    "lights": "1",
    "point.lat": "35.491200",
    "point.lon": "112.852000",
}


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Any) -> None:
    settings.EVIDENCE_ROOT = tmp_path / "evidence"


@pytest.fixture
def client() -> Client:
    return signed_in(citizen())


def send(client: Client, *, draft: str = "", **changed: str) -> Any:
    file = {} if "anyway" in changed else {"m-photo": photo("灯.jpg")}
    return client.post(PAGE, {**LIGHT, **changed, "draft": draft or str(uuid.uuid4()), **file})


def test_a_report_is_one_page_with_the_photo_first(client: Client) -> None:
    page = client.get(PAGE).content.decode()
    assert page.index('name="m-photo"') < page.index('name="point.lat"') < page.index('name="place"')
    assert page.index('name="place"') < page.index('name="problem"')
    assert client.get("/report/").url == PAGE, "with one kind of report there is nothing to choose"


def test_a_report_is_filed_with_its_place_its_position_and_its_photo(client: Client) -> None:
    answer = send(client)
    assert answer.status_code == 302, answer.content.decode()
    case = Case.objects.get()
    assert (case.place, case.lat, case.lon) == ("140502003", Decimal("35.491200"), Decimal("112.852000"))
    assert case.party_id is None and case.attachments.get().material == "photo"
    done = client.get(answer.url).content.decode()
    assert case.number in done and "我们承诺" in done


def test_a_report_without_a_position_is_fine(client: Client) -> None:
    assert send(client, **{"point.lat": "", "point.lon": ""}).status_code == 302


def test_a_report_sent_twice_is_one_case(client: Client) -> None:
    draft = str(uuid.uuid4())
    first, second = send(client, draft=draft), send(client, draft=draft)
    assert first.url == second.url and Case.objects.count() == 1


def test_a_report_that_lacks_its_photo_keeps_its_words(client: Client) -> None:
    draft = str(uuid.uuid4())
    answer = client.post(PAGE, {**LIGHT, "draft": draft})
    page = answer.content.decode()
    assert answer.status_code == 422 and "请上传现场照片" in page and "某某路口东北角" in page
    assert draft in client.get(PAGE).content.decode(), "coming back goes on with the same draft"
    assert client.post(PAGE, {**LIGHT, "draft": draft, "m-photo": photo()}).status_code == 302


def test_a_neighbours_report_is_told_as_a_count_and_one_may_go_on(client: Client) -> None:
    number = str(send(client).url).split("/")[2]
    other = signed_in(citizen("wangwu", name="王五"))
    draft = str(uuid.uuid4())
    close_by = {"point.lat": "35.491500", "point.lon": "112.852300"}
    answer = send(other, draft=draft, **close_by)
    page = answer.content.decode()
    assert answer.status_code == 200 and "相同位置已有 1 件在办" in page
    assert number not in page, "whose report it is stays with those who may see it"
    assert Case.objects.count() == 1
    answer = send(other, draft=draft, anyway="yes", **close_by)
    assert answer.status_code == 302 and Case.objects.count() == 2
    assert Case.objects.latest("id").attachments.count() == 1, "the photo of the first try was kept"


def test_a_hundred_metres_is_a_hundred_metres(client: Client) -> None:
    send(client)
    lat, lon = Decimal("35.4912"), Decimal("112.852")
    one = "reports/street_light"
    assert nearby.open_near(one, lat=lat + Decimal("0.00085"), lon=lon) == 1  # 94 m north
    assert nearby.open_near(one, lat=lat + Decimal("0.00095"), lon=lon) == 0  # 105 m
    assert nearby.open_near(one, lat=lat, lon=lon + Decimal("0.00105")) == 1  # 95 m east at this latitude
    assert nearby.open_near(one, lat=lat, lon=lon + Decimal("0.00115")) == 0  # 104 m
    corner = {"lat": lat + Decimal("0.0008"), "lon": lon + Decimal("0.0009")}
    assert nearby.open_near(one, **corner) == 0  # 121 m off, though within 100 m north and within 100 m east
    assert nearby.open_near("approvals/shop_sign", lat=lat, lon=lon) == 0


def test_the_line_beside_the_position_names_the_county_and_the_count(client: Client) -> None:
    send(client)
    address = "/report/near/?matter=reports/street_light"
    said = client.get(f"{address}&point.lat=35.4912&point.lon=112.8520").content.decode()
    assert "已有 1 件在办" in said and "城区" in said
    assert client.get(f"{address}&point.lat=999&point.lon=x").content.strip() == b""


def test_a_report_cannot_go_on_with_somebody_elses_draft(client: Client) -> None:
    draft = str(uuid.uuid4())
    client.post(PAGE, {**LIGHT, "draft": draft})
    other = signed_in(citizen("wangwu", name="王五"))
    assert send(other, draft=draft).status_code == 404
    assert Draft.objects.count() == 1
    assert send(client, draft="no-uuid").status_code == 404
