"""A neighbour reports a dark street light from the phone, in under a minute. Then another comes by."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

pytestmark = pytest.mark.journey

HERE = {"latitude": 35.4912, "longitude": 112.8520}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "geolocation": HERE,
    "permissions": ["geolocation"],
}


def photo(folder: Path) -> str:
    path = folder / "路灯.jpg"
    Image.new("RGB", (1600, 1200), (12, 14, 22)).save(path, "JPEG")
    return str(path)


def enter(page: Any, server: Any, who: str) -> None:
    page.goto("/")
    page.get_by_role("link", name="路灯不亮").click()
    page.get_by_label("账号").fill(who)
    page.get_by_label("密码").fill(server.passwords[who])
    page.locator("main").get_by_role("button", name="登录", exact=True).click()


def fill(page: Any, picture: str) -> None:
    page.get_by_label("现场照片").set_input_files(picture)
    page.get_by_role("button", name="用我的位置").click()
    page.get_by_text("已填入您的位置").wait_for()
    page.get_by_label("在哪个街道、乡镇").select_option(label="城区 · 南街街道")
    page.get_by_label("具体位置").fill("某某路与某某街路口东北角")
    page.get_by_text("整盏不亮", exact=True).click()
    page.get_by_label("大概几盏").fill("1")


def test_a_neighbour_reports_a_dark_street_light(
    server: Any, new_page: Any, axe: Any, tmp_path: Path
) -> None:
    page = new_page(**PHONE)
    enter(page, server, "shimin")
    axe(page)
    begun = time.monotonic()
    fill(page, photo(tmp_path))
    axe(page)
    page.get_by_role("button", name="提交").click()
    page.wait_for_url("**/done/")
    assert time.monotonic() - begun < 60
    axe(page)
    number = page.locator(".donebox .code").inner_text()
    assert page.get_by_text(re.compile("我们承诺 .*24时前办完")).is_visible()
    page.get_by_role("link", name="看办理进度").click()
    axe(page)
    assert page.get_by_text("现在由城区城市管理监督中心办理").is_visible()
    width = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width[0] <= width[1]

    # The next passer-by, twenty metres on, learns that it is in hand, and not from whom.
    other = new_page(**{**PHONE, "geolocation": {"latitude": 35.49135, "longitude": 112.85210}})
    enter(other, server, "laoren")
    fill(other, photo(tmp_path))
    other.get_by_text("已有 1 件在办").wait_for()
    other.get_by_role("button", name="提交").click()
    assert other.get_by_role("alert").get_by_text("相同位置已有 1 件在办").is_visible()
    assert other.get_by_text(number).count() == 0
    axe(other)
    other.get_by_role("button", name="是同一处，不报了").click()
    assert other.get_by_text("草稿已删除").is_visible()
    axe(other)
    other.goto(f"/my/{number}/")
    assert other.get_by_text("找不到这一页").is_visible()
    axe(other)


def test_a_report_works_without_javascript_by_typing_and_choosing(
    server: Any, new_page: Any, tmp_path: Path
) -> None:
    page = new_page(viewport=PHONE["viewport"], java_script_enabled=False)
    enter(page, server, "shimin")
    assert page.get_by_role("button", name="用我的位置").count() == 0
    page.get_by_label("现场照片").set_input_files(photo(tmp_path))
    page.get_by_label("在哪个街道、乡镇").select_option(label="泽州县 · 大阳镇")
    page.get_by_label("具体位置").fill("某某村口")
    page.get_by_text("一闪一闪", exact=True).click()
    page.get_by_label("大概几盏").fill("两盏")
    page.get_by_role("button", name="提交").click()
    assert page.locator(".field-error").get_by_text("应是整数").is_visible()
    assert page.get_by_text("路灯.jpg").is_visible(), "the photo need not be chosen again"
    page.get_by_label("大概几盏").fill("2")
    page.get_by_role("button", name="提交").click()
    assert page.locator(".donebox .code").is_visible()
