"""Finding one's way: home, search, guides, signing in, large print, English, and when it goes wrong."""

from __future__ import annotations

import re
from typing import Any

import pytest
from citizens import apply, begin, citizen, officer, signed_in
from django.db import OperationalError
from django.test import Client

from yinuo.work import search

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Any) -> None:
    settings.EVIDENCE_ROOT = tmp_path / "evidence"


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("招牌", "approvals/shop_sign"),
        ("我想装个招牌", "approvals/shop_sign"),
        ("店招标牌", "approvals/shop_sign"),
        ("路灯坏了", "reports/street_light"),
        ("灯不亮", "reports/street_light"),
        ("高龄", "benefits/elderly_allowance"),
        ("开公司", "bundles/new_enterprise"),
        ("shop sign", "approvals/shop_sign"),
    ],
)
def test_people_find_a_matter_by_their_own_words(typed: str, first: str) -> None:
    assert search.matters_for(typed)[0].id == first


def test_words_that_mean_nothing_here_find_nothing_and_are_helped_on() -> None:
    assert search.matters_for("航天飞机") == []
    page = Client().get("/search/?q=航天飞机").content.decode()
    assert "没有找到“航天飞机”" in page and "换个说法试试" in page and "设置店招标牌" in page


def test_what_was_typed_is_shown_back_as_text_only() -> None:
    page = Client().get("/search/", {"q": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert" not in page


def test_search_finds_my_own_case_by_number_and_nobody_elses() -> None:
    person = citizen()
    client = signed_in(person)
    number = apply(client, person)
    assert f"/my/{number}/" in client.get(f"/search/?q={number}").content.decode()
    other = signed_in(citizen("wangwu", name="王五"))
    assert f"/my/{number}/" not in other.get(f"/search/?q={number}").content.decode()


def test_every_tile_of_the_home_page_leads_somewhere() -> None:
    client = signed_in(citizen())
    page = client.get("/").content.decode()
    tiles = re.findall(r'class="tile[^"]*" href="([^"]+)"', page)
    assert len(tiles) == 8
    for address in tiles:
        assert client.get(address, follow=True).status_code == 200, address


def test_home_shows_no_figure_where_nothing_was_promised() -> None:
    page = Client().get("/").content.decode()
    assert "还没有作出的承诺" in page and "100" not in page.split("身边承诺")[1].split("</section>")[0]


def test_a_guide_says_by_when_by_whom_on_what_basis_and_what_to_bring() -> None:
    page = Client().get("/matters/approvals/shop_sign/?place=140502003").content.decode()
    for said in (
        "5 个工作日", "20 个工作日", "行政许可法 §42", "不收费", "门面现状照片", "城区行政审批服务管理局",
        "有固定的经营门面", "店招标牌设置许可", "有效期 3 年", "/matters/approvals/shop_sign/start/",
    ):  # fmt: skip
        assert said in page, said


def test_a_bundle_shows_its_three_matters_and_its_materials_once() -> None:
    page = Client().get("/matters/bundles/new_enterprise/").content.decode()
    assert "一次办好 3 件事" in page and "材料（只交一次）" in page
    for title in ("企业设立登记", "公章刻制备案", "新办企业税务信息确认"):
        assert title in page


def test_an_opinion_between_offices_has_no_guide_and_cannot_be_asked_for() -> None:
    client = signed_in(citizen())
    assert client.get("/matters/approvals/fire_opinion/").status_code == 404
    assert client.get("/matters/approvals/fire_opinion/start/").status_code == 404
    assert "消防" not in [matter.title.zh for matter in search.offered()]


def test_lists_are_for_persons_or_for_enterprises() -> None:
    page = Client().get("/matters/?for=person").content.decode()
    assert "高龄津贴" in page and "建筑工程施工许可" not in page


def test_signing_in_with_a_wrong_password_says_so_and_shows_the_name_again() -> None:
    citizen()
    answer = Client().post("/signin/", {"username": "lixiang", "password": "wrong"})
    page = answer.content.decode()
    assert answer.status_code == 422 and "账号或密码不对" in page and 'value="lixiang"' in page


def test_signing_in_leads_back_to_where_one_was_and_never_elsewhere() -> None:
    citizen()
    given = {"username": "lixiang", "password": "correct horse"}
    assert Client().post("/signin/", {**given, "next": "/my/"}).url == "/my/"
    assert Client().post("/signin/", {**given, "next": "https://elsewhere.example/"}).url == "/"


def test_an_officer_goes_from_signing_in_to_the_inbox() -> None:
    officer("wang", "clerk", "chengqu-window")
    answer = Client().post("/signin/", {"username": "wang", "password": "correct horse"})
    assert answer.url == "/office/"


def test_the_door_closes_after_five_wrong_passwords() -> None:
    citizen()
    for _ in range(5):
        Client().post("/signin/", {"username": "lixiang", "password": "wrong"})
    answer = Client().post("/signin/", {"username": "lixiang", "password": "correct horse"})
    assert answer.status_code == 422 and "密码错了太多次" in answer.content.decode()


def test_one_click_signs_in_invented_people_only_and_only_in_a_demo(settings: Any) -> None:
    real = citizen()
    invented = citizen("wangwu", name="演示市民")
    invented.demo = True
    invented.save()
    assert "演示市民" in Client().get("/signin/").content.decode()
    assert Client().post("/signin/", {"demo": real.username}).status_code == 422
    assert Client().post("/signin/", {"demo": "wangwu"}).status_code == 302
    settings.DEMO = False
    assert "演示市民" not in Client().get("/signin/").content.decode()
    assert Client().post("/signin/", {"demo": "wangwu"}).status_code == 422


def test_signing_out_is_a_post() -> None:
    client = signed_in(citizen())
    assert client.get("/signout/").status_code == 405
    client.post("/signout/")
    assert client.get("/my/").status_code == 302


def test_large_print_stays_on_every_page() -> None:
    client = signed_in(citizen())
    client.post("/look/size", {"size": "large", "next": "/"})
    for address in ("/", "/matters/", "/my/", "/messages/", "/report/reports/street_light/"):
        assert 'data-size="large"' in client.get(address).content.decode(), address


def test_the_language_switch_keeps_the_page() -> None:
    client = Client()
    answer = client.post("/i18n/setlang/", {"language": "en", "next": "/matters/approvals/shop_sign/"})
    assert answer.url == "/matters/approvals/shop_sign/"
    page = client.get(answer.url).content.decode()
    assert 'lang="en"' in page and "Shop sign" in page and "设置店招标牌" not in page


def test_a_page_that_is_not_there_says_what_to_do() -> None:
    answer = Client().get("/nowhere/")
    page = answer.content.decode()
    assert answer.status_code == 404 and "找不到这一页" in page and "回到首页" in page
    assert Client().get("/matters/nobody/knows/").status_code == 404


def test_when_the_database_is_away_what_was_typed_can_be_sent_again(monkeypatch: Any) -> None:
    person = citizen()
    client = signed_in(person)
    draft = begin(client, person)

    def away(*args: Any, **kwargs: Any) -> Any:
        raise OperationalError("connection refused")

    monkeypatch.setattr("yinuo.work.drafts.get", away)
    answer = client.post(f"{draft}1/", {"_page": "1", "shop_name": '李记"面馆', "address": "某某街"})
    page = answer.content.decode()
    assert answer.status_code == 503 and answer["Retry-After"]
    assert "系统暂时不可用" in page and "没有丢失" in page
    assert '<input type="hidden" name="shop_name" value="李记&quot;面馆">' in page
    assert f'action="{draft}1/"' in page and "重试" in page


def test_a_password_never_comes_back_in_a_page(monkeypatch: Any) -> None:
    def away(*args: Any, **kwargs: Any) -> Any:
        raise OperationalError("connection refused")

    monkeypatch.setattr("yinuo.work.tokens.sign_in", away)
    answer = Client().post("/signin/", {"username": "lixiang", "password": "a-very-secret-word"})
    assert answer.status_code == 503
    assert "a-very-secret-word" not in answer.content.decode()


def test_an_error_of_ours_is_told_as_ours(monkeypatch: Any) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr("yinuo.work.search.offered", broken)
    answer = Client(raise_request_exception=False).get("/matters/")
    page = answer.content.decode()
    assert answer.status_code == 500 and "是我们的差错" in page and "ZeroDivision" not in page


def test_a_form_from_elsewhere_is_refused_in_words() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(citizen())
    answer = client.post("/messages/")
    assert answer.status_code == 403 and "这一页打开太久" in answer.content.decode()
