"""A clerk, an examiner and an approver grant a shop sign without touching the mouse; the citizen sees it."""

from __future__ import annotations

from typing import Any

import pytest
from office_story import enter, fits, main, set_up, title

pytestmark = pytest.mark.journey

SHOP = "键盘面馆"


def find(page: Any) -> None:
    """Search by / and the shop's name; J chooses it and opens it beside the list."""
    page.keyboard.press("/")
    page.keyboard.type(SHOP)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.keyboard.press("j")
    page.wait_for_url("**case=**")
    page.locator("#case [data-case-title]", has_text=SHOP).wait_for()


def press(page: Any, key: str) -> None:
    """Press a move's key and wait for the page it leads to."""
    with page.expect_navigation():
        page.keyboard.press(key)


def test_three_officers_grant_a_shop_sign_by_keyboard_and_the_citizen_reads_it(
    server: Any, new_page: Any, axe: Any
) -> None:
    told = set_up(
        server,
        f"told['number'] = city.opened(form={{**city.SIGN, 'shop_name': {SHOP!r}}}).number\n"
        "city.opened(form={**city.SIGN, 'shop_name': '旁边的店'})",
    )
    number = told["number"]

    clerk = enter(new_page(), server, "chuangkou")
    axe(clerk)
    find(clerk)
    assert clerk.evaluate("document.activeElement.closest('[data-item]').dataset.item") == number
    axe(clerk)
    press(clerk, "e")
    assert f"{number}：受理" in main(clerk) and "撤销" in main(clerk)

    examiner = enter(new_page(), server, "shencha")
    find(examiner)
    press(examiner, "e")
    assert examiner.evaluate("document.activeElement.id") == "m-opinion"
    axe(examiner)
    examiner.keyboard.press("Tab")
    examiner.keyboard.press("Tab")
    press(examiner, "Enter")
    assert "须填写审查意见" in main(examiner)  # an opinion is needed; the page says so and keeps its place
    assert examiner.title().startswith("错误")
    axe(examiner)
    examiner.keyboard.press("Tab")
    examiner.keyboard.press("Enter")
    assert examiner.evaluate("document.activeElement.id") == "m-opinion"
    examiner.keyboard.type("位置和尺寸符合标准，建议准予")
    examiner.keyboard.press("Tab")
    examiner.keyboard.press("Tab")
    press(examiner, "Enter")
    assert f"{number}：审查完毕，报请决定" in main(examiner)

    approver = enter(new_page(), server, "shenpi")
    find(approver)
    press(approver, "e")
    assert f"{number}：准予许可" in main(approver)

    find(clerk)
    assert SHOP in title(clerk)
    press(clerk, "e")
    assert f"{number}：送达办结" in main(clerk)
    clerk.goto(f"/office/cases/{number}/")
    text = main(clerk)
    assert "准予" in text and "承诺时限内" in text and "完整性：已核对" in text and "店招设置许可台账" in text
    axe(clerk)

    citizen = enter(new_page(viewport={"width": 390, "height": 844}), server, "shimin", f"/my/{number}/")
    assert "准予" in main(citizen)
    fits(citizen)


def test_shortcuts_can_be_switched_off_and_stay_off(server: Any, new_page: Any, axe: Any) -> None:
    set_up(server, "[city.opened(form={**city.SIGN, 'shop_name': f'静静{n}店'}) for n in range(3)]")
    page = enter(new_page(), server, "chuangkou", "/office/?q=静静")
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    axe(page)
    page.get_by_label("使用快捷键").uncheck()
    page.get_by_role("button", name="关闭").click()
    page.reload()
    before = page.locator("tr[aria-current]").get_attribute("data-item")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("e")
    page.wait_for_timeout(200)
    assert page.locator("tr[aria-current]").get_attribute("data-item") == before
    assert page.locator("[data-pick]:checked").count() == 0
    assert "受理" not in page.locator(".message").all_inner_texts()


def test_ticking_with_x_and_claiming_with_c(server: Any, new_page: Any, axe: Any) -> None:
    set_up(server, "[city.opened(form={**city.SIGN, 'shop_name': f'认领{n}店'}) for n in range(3)]")
    page = enter(new_page(), server, "chuangkou", "/office/?q=认领")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator("[data-pick]:checked").count() == 2
    press(page, "c")
    assert "勾选 2 件，认领 2 件" in main(page)
    axe(page)
    press(page, "Enter")  # the way back has the focus
    page.goto("/office/?q=认领&mine=1")
    assert page.locator("tr[data-item]").count() == 2


def test_the_list_renews_itself_and_the_chosen_row_keeps_its_focus(server: Any, new_page: Any) -> None:
    set_up(server, "[city.opened(form={**city.SIGN, 'shop_name': f'刷新{n}店'}) for n in range(3)]")
    page = enter(new_page(), server, "chuangkou", "/office/?q=刷新")
    page.keyboard.press("j")
    page.keyboard.press("j")
    chosen = page.locator("tr[aria-current]").get_attribute("data-item")
    page.wait_for_timeout(300)
    set_up(server, "city.opened(form={**city.SIGN, 'shop_name': '刷新来的店'})")
    page.evaluate("htmx.ajax('GET', document.getElementById('list').getAttribute('hx-get'), "
                  "{target: '#list', select: '#list', swap: 'outerHTML'})")  # fmt: skip
    page.locator("tr[data-item]", has_text="刷新来的店").wait_for()
    assert page.locator("tr[aria-current]").get_attribute("data-item") == chosen
    assert page.evaluate("document.activeElement.closest('[data-item]')?.dataset.item") == chosen


def test_without_javascript_everything_can_still_be_done(server: Any, new_page: Any, axe: Any) -> None:
    told = set_up(server, "told['number'] = city.opened(form={**city.SIGN, 'shop_name': '无脚本店'}).number")
    page = enter(new_page(java_script_enabled=False), server, "chuangkou", "/office/?q=无脚本店")
    page.get_by_role("link", name="设置店招标牌：无脚本店").click()
    assert page.url.split("?")[0].endswith(f"/office/cases/{told['number']}/")
    page.get_by_role("button", name="受理", exact=False).first.click()
    assert f"{told['number']}：受理" in main(page)
