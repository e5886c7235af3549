"""李某 opens a noodle shop and wants his sign up. On his phone; and once with JavaScript switched off."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from yinuo.ledger.receipt_check import check

pytestmark = pytest.mark.journey

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def photo(folder: Path, name: str, colour: tuple[int, int, int]) -> str:
    """As a phone takes it: large enough that it is not kept in memory."""
    path = folder / name
    drawn = Image.effect_noise((1200, 900), 60).convert("RGB")
    drawn.paste(colour, (0, 0, 200, 200))
    drawn.save(path, "JPEG", quality=92)
    assert path.stat().st_size > 256 * 1024
    return str(path)


def sign_in(page: Any, server: Any, who: str) -> None:
    page.get_by_label("账号").fill(who)
    page.get_by_label("密码").fill(server.passwords[who])
    page.locator("main").get_by_role("button", name="登录", exact=True).click()


def on(page: Any, axe: Any) -> None:
    """Every page on the way: readable to everybody, and no wider than the phone."""
    axe(page)
    wide = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide[0] <= wide[1], f"{page.url} is {wide[0]} px wide on a screen of {wide[1]}"


def answers(page: Any) -> None:
    page.get_by_label("招牌上的文字").fill("李记面馆")
    page.get_by_label("宽（米）").fill("3.60")
    page.get_by_label("高（米）").fill("0.90")
    page.get_by_text("不亮灯", exact=True).click()


def forward(page: Any) -> None:
    page.get_by_role("button", name="保存并继续").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["phone", "without JavaScript"])
def test_a_citizen_applies_for_a_shop_sign(
    scripts: bool, server: Any, new_page: Any, axe: Any, tmp_path: Path
) -> None:
    page = new_page(**PHONE, java_script_enabled=scripts)
    look = on if scripts else (lambda page, axe: None)  # axe itself is a script

    page.goto("/")
    look(page, axe)
    page.get_by_role("searchbox").fill("招牌")
    page.get_by_role("button", name="搜索").click()
    look(page, axe)
    page.get_by_role("link", name=re.compile("设置店招标牌")).click()
    look(page, axe)
    assert page.get_by_text("受理后 5 个工作日内办完").is_visible()
    page.get_by_role("link", name="开始办理").click()

    look(page, axe)
    page.get_by_label("账号").fill("shimin")
    page.get_by_label("密码").fill("not the password")
    page.locator("main").get_by_role("button", name="登录", exact=True).click()
    assert page.get_by_role("alert").get_by_text("账号或密码不对").is_visible()
    look(page, axe)
    sign_in(page, server, "shimin")

    look(page, axe)
    page.get_by_role("button", name="开始填写").click()
    look(page, axe)
    page.get_by_role("link", name=re.compile("开始填写|继续填写")).click()

    # 店铺在哪里: first sent empty, then right
    forward(page)
    assert page.title().startswith("错误：")
    if scripts:
        assert page.evaluate("document.activeElement.className") == "summary"
    look(page, axe)
    page.get_by_role("link", name="请填写店铺名称").click()
    page.get_by_label("店铺名称").fill("李记面馆")
    page.get_by_label("所在区划").select_option(label="城区 · 南街街道")
    page.get_by_label("设置地点").fill("某某街 12 号一层")
    forward(page)

    look(page, axe)
    answers(page)
    forward(page)
    page.get_by_label("联系电话").fill("1381234567")
    forward(page)
    assert page.locator(".field-error").get_by_text("应是 11 位手机号").is_visible()
    page.get_by_label("联系电话").fill("13812345678")
    forward(page)

    # 上传材料: a text file first
    look(page, axe)
    wrong = tmp_path / "效果图.jpg"
    wrong.write_text("这不是图片")
    page.get_by_label("招牌效果图").set_input_files(str(wrong))
    forward(page)
    assert page.locator(".field-error").get_by_text("是文本文件，不能上传").is_visible()
    look(page, axe)
    for label, colour in (
        ("招牌效果图", (200, 40, 40)),
        ("门面现状照片", (40, 160, 60)),
        ("墙面使用权的证明", (30, 40, 160)),
    ):
        page.get_by_label(label).set_input_files(photo(tmp_path, f"{label}.jpg", colour))
    forward(page)

    # 核对: one answer changed, then sent
    look(page, axe)
    assert page.get_by_text("140502199001010019").count() == 0
    page.get_by_role("link", name=re.compile(r"修改\s*设置地点")).click()
    page.get_by_label("设置地点").fill("某某街 14 号一层")
    forward(page)
    assert page.get_by_text("某某街 14 号一层").is_visible()
    page.get_by_role("button", name="提交", exact=True).click()
    assert page.get_by_role("alert").get_by_text("请勾选").is_visible()
    look(page, axe)
    page.get_by_label("以上内容真实").check()
    if scripts:
        page.get_by_role("button", name="提交", exact=True).dblclick()
    else:
        page.get_by_role("button", name="提交", exact=True).click()

    page.wait_for_url("**/done/")
    look(page, axe)
    number = page.locator(".donebox .code").inner_text()
    assert re.fullmatch(r"JC\d{6}-\d{6}-\w", number)
    assert page.get_by_text("如果今天受理，最迟").is_visible()
    checks = page.locator(".receipt .qr").count()
    assert checks == 1

    page.get_by_role("link", name="看办理进度").click()
    look(page, axe)
    assert page.get_by_text("现在由城区政务服务中心办理").is_visible()
    page.get_by_text("为什么是这一天").first.click()
    assert page.get_by_text("不计当日").first.is_visible() or page.locator("details[open]").count() == 1

    page.get_by_role("link", name="看回执").click()
    look(page, axe)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="下载 receipt.json").click()
    receipt = json.loads(Path(waiting.value.path()).read_text(encoding="utf-8"))
    assert receipt["number"] == number and not check(receipt)[1]
    page.get_by_role("link", name="公开核验页").click()
    assert page.get_by_text(number).first.is_visible()

    page.goto("/my/")
    look(page, axe)
    assert page.get_by_role("link", name=re.compile("设置店招标牌：李记面馆")).first.is_visible()
    page.goto(f"/my/{number}/withdraw/")
    look(page, axe)
    page.get_by_label("原因").fill("先不装了")
    page.get_by_role("button", name="撤回申请").click()
    page.get_by_text("已撤回").first.wait_for()
    page.get_by_role("link", name="评价这次办事").click()
    look(page, axe)
    page.get_by_text("非常满意", exact=True).click()
    page.get_by_role("button", name="提交评价").click()
    page.get_by_text("谢谢您的评价").wait_for()  # the page comes when the answer does
    look(page, axe)
    page.goto("/messages/")
    look(page, axe)
    page.get_by_role("link", name=re.compile("撤回申请确认书")).first.click()
    look(page, axe)
    assert page.get_by_text(number).first.is_visible()
