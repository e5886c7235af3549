"""The window asks once for what is missing; the citizen mends it on the phone, and the window sees it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

pytestmark = pytest.mark.journey


def picture(folder: Path, name: str, colour: tuple[int, int, int]) -> str:
    path = folder / name
    Image.new("RGB", (800, 600), colour).save(path, "JPEG")
    return str(path)


def sign_in(page: Any, server: Any, who: str, then: str) -> None:
    page.goto(f"/signin/?next={then}")
    page.get_by_label("账号").fill(who)
    page.get_by_label("密码").fill(server.passwords[who])
    page.locator("main").get_by_role("button", name="登录", exact=True).click()


def apply(page: Any, folder: Path) -> str:
    """A food shop's sign, for the enterprise; the case's number."""
    forward = page.get_by_role("button", name="保存并继续")
    page.get_by_role("button", name="开始填写").click()
    page.get_by_role("link", name="开始填写").click()
    page.get_by_label("店铺名称").fill("演示小馆")
    page.get_by_label("所在区划").select_option(label="城区 · 南街街道")
    page.get_by_label("设置地点").fill("某某街 20 号一层")
    forward.click()
    page.get_by_label("招牌上的文字").fill("演示小馆")
    page.get_by_label("宽（米）").fill("2.40")
    page.get_by_label("高（米）").fill("0.80")
    page.get_by_text("不亮灯", exact=True).click()
    forward.click()
    page.get_by_label("联系电话").fill("0356-2025555")
    forward.click()
    for label, shade in (("招牌效果图", 10), ("门面现状照片", 20), ("墙面使用权的证明", 30)):
        page.get_by_label(label).set_input_files(picture(folder, f"{label}.jpg", (shade, 90, 90)))
    forward.click()
    page.get_by_label("以上内容真实").check()
    page.get_by_role("button", name="提交", exact=True).click()
    return str(page.locator(".donebox .code").inner_text())


def test_a_citizen_supplies_what_was_asked_for(server: Any, new_page: Any, axe: Any, tmp_path: Path) -> None:
    citizen = new_page(viewport={"width": 390, "height": 844}, has_touch=True)
    sign_in(citizen, server, "qiye", "/matters/approvals/shop_sign/start/")
    number = apply(citizen, tmp_path)

    window = new_page()
    sign_in(window, server, "chuangkou", f"/office/cases/{number}/ask/")
    window.locator("[name=reason]").fill("效果图上没有标尺寸，请重新上传；高度请核对")
    window.locator("main form").get_by_role("button", name=re.compile("一次性告知补正")).click()

    citizen.goto("/")
    assert citizen.get_by_text("等您办理").first.is_visible()
    axe(citizen)
    citizen.goto(f"/my/{number}/")
    assert citizen.get_by_text("效果图上没有标尺寸").first.is_visible()
    axe(citizen)
    citizen.get_by_role("link", name="补正材料一次性告知书").first.click()
    assert citizen.get_by_text("效果图上没有标尺寸").is_visible()
    axe(citizen)
    citizen.go_back()
    citizen.get_by_role("link", name="提交补正").click()
    axe(citizen)
    citizen.get_by_label("高（米）").fill("八十")
    citizen.get_by_label("招牌效果图").set_input_files(picture(tmp_path, "带尺寸.jpg", (200, 10, 10)))
    citizen.get_by_role("button", name="提交补正").click()
    assert citizen.locator(".field-error").first.is_visible()
    assert citizen.get_by_text("带尺寸.jpg").is_visible(), "the file need not be chosen again"
    axe(citizen)
    citizen.get_by_label("高（米）").fill("0.90")
    citizen.get_by_role("button", name="提交补正").click()
    assert citizen.get_by_text("现在由城区政务服务中心办理").is_visible()
    axe(citizen)
    citizen.get_by_role("link", name="给办理单位留言").click()
    axe(citizen)
    citizen.get_by_label("留言").fill("尺寸已经标在图上")
    citizen.get_by_role("button", name="提交", exact=True).click()
    assert citizen.get_by_text("尺寸已经标在图上").is_visible()

    window.goto(f"/office/cases/{number}/")
    assert window.get_by_text("带尺寸.jpg").first.is_visible()
    assert window.get_by_text("尺寸已经标在图上").first.is_visible()
