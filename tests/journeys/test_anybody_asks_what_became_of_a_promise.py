"""A journalist opens the promise board, clicks a number, reads the cases behind it, and checks a receipt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from by_program import Api, granted_sign, run

pytestmark = pytest.mark.journey


def test_anybody_asks_what_became_of_a_promise(server: Any, new_page: Any, axe: Any, tmp_path: Path) -> None:
    number, _ = granted_sign(server, "shimin", shop_name="榜上面馆", sign_text="榜上面馆")
    waiting = Api(server, "qiye").apply(shop_name="在办面馆")

    page = new_page()
    page.goto("/public/")
    axe(page)
    page.get_by_role("link", name="承诺榜", exact=True).first.click()
    assert page.get_by_text("演示数据").is_visible()
    axe(page)

    # Each number opens the list behind it, and the list is as long as the number says.
    row = page.get_by_role("row", name="城区行政审批服务管理局")
    for word, case in (("守诺", number), ("在办未到期", waiting)):
        cell = row.get_by_role("link", name=word)
        count = int(cell.inner_text().split()[0])
        cell.click()
        assert (
            page.get_by_role("heading", level=1)
            .inner_text()
            .startswith(f"城区行政审批服务管理局：{word} {count} 件")
        )
        assert page.locator("tbody tr").count() == count
        assert page.get_by_role("link", name=case).is_visible()
        assert "面馆" not in page.content() and "李某" not in page.content()
        axe(page)
        page.get_by_role("link", name="承诺榜").last.click()

    # Sorted otherwise, another month, and a month that cannot be.
    page.get_by_label("排序").select_option("unit")
    page.get_by_role("button", name="查看").click()
    assert "sort=unit" in page.url
    page.get_by_role("link", name="上月").click()
    axe(page)
    page.get_by_label("从", exact=True).fill("2026-05-02")
    page.get_by_label("到", exact=True).fill("2026-05-01")
    page.get_by_role("button", name="查看").click()
    assert page.get_by_role("alert").get_by_text("晚于结束日期").is_visible()
    axe(page)

    # The case behind the number: whose clock, kept or broken, and the proof.
    page.goto(f"/public/receipts/{number}/")
    assert page.get_by_role("heading", name="记录属实").is_visible()
    assert page.get_by_text("尚未封存，今晚 00:05").is_visible()
    axe(page)
    run(
        server,
        "from yinuo.work import seal\nfrom django.utils import timezone\nseal.seal_now(now=timezone.now())\n",
    )
    page.reload()
    page.get_by_role("link", name="第 1 号").click()
    axe(page)
    page.get_by_role("link", name="封存", exact=True).click()
    axe(page)
    page.get_by_role("link", name="怎么算", exact=True).click()
    assert page.get_by_role("heading", name="用的是哪一版日历").is_visible()
    axe(page)

    # The applicant's own receipt, as it is and with one character changed.
    receipt = Api(server, "shimin").call(f"cases/{number}/receipt")
    true, forged = tmp_path / "receipt.json", tmp_path / "forged.json"
    true.write_text(json.dumps(receipt))
    forged.write_text(json.dumps(receipt).replace("granted", "refused"))
    page.goto("/public/receipts/check/")
    page.get_by_role("button", name="核对").click()
    assert page.get_by_role("alert").get_by_text("请选择回执文件").is_visible()
    axe(page)
    for file, word in ((true, "全部属实"), (forged, "有不符之处")):
        page.goto("/public/receipts/check/")
        page.get_by_label("回执文件").set_input_files(file)
        page.get_by_role("button", name="核对").click()
        assert page.get_by_role("heading", name=word).is_visible()
        axe(page)


def test_the_board_reads_as_cards_on_a_phone_and_the_api_can_be_tried(
    server: Any, new_page: Any, axe: Any
) -> None:
    granted_sign(server, "shimin", shop_name="手机面馆")
    phone = new_page(viewport={"width": 390, "height": 844}, has_touch=True, java_script_enabled=True)
    for path in (
        "/public/",
        "/public/promises/",
        "/public/promises/chengqu-approval/kept/",
        "/public/seals/",
    ):
        phone.goto(path)
        wide = phone.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert wide[0] <= wide[1], (path, wide)
        axe(phone)
    phone.goto("/public/promises/")
    assert not phone.locator("thead").is_visible()
    phone.get_by_role("link", name="城区行政审批服务管理局 守诺").tap()
    phone.wait_for_url("**/public/promises/chengqu-approval/kept/**")
    phone.get_by_role("heading", level=1).wait_for()

    # The page to try the API on: nothing from elsewhere, nothing that the policy forbids.
    docs = new_page()
    asked: list[str] = []
    docs.on("request", lambda request: asked.append(request.url))
    docs.goto("/api/docs")
    docs.get_by_text("Open a case", exact=True).wait_for()
    assert asked and all(url.startswith((server.url, "data:")) for url in asked)
