"""Two clerks have the same case open. The second learns who was first, and loses no word."""

from __future__ import annotations

from typing import Any

import pytest
from office_story import PHONE, enter, fits, go, main, set_up

pytestmark = pytest.mark.journey

SECOND = """
from yinuo.registers.models import Person, Post
first = Post.objects.get(person__username="chuangkou")
other = Person.objects.get(username="chuangkou_zezhou")
begun = {"valid_from": "2025-01-01"}
Post.objects.get_or_create(person=other, unit_id=first.unit_id, role_id="clerk", defaults=begun)
told["number"] = city.opened(form={**city.SIGN, "shop_name": "争着办的店"}).number
"""


def test_the_second_clerk_sees_what_changed_and_keeps_the_words(server: Any, new_page: Any, axe: Any) -> None:
    whole = f"/office/cases/{set_up(server, SECOND)['number']}/"
    second = enter(new_page(**PHONE), server, "chuangkou_zezhou", whole)
    go(second, second.locator(".acts").get_by_role("link", name="一次性告知补正"))
    second.get_by_label("理由").fill("租赁合同第二页看不清，请重新拍照上传")

    first = enter(new_page(), server, "chuangkou", whole)
    go(first, first.get_by_role("button", name="受理"))

    go(second, second.locator("form.card button"))
    assert "您打开之后，有人先办理了这一件" in main(second)
    assert "演示窗口·王某" in main(second) and "租赁合同第二页看不清" in main(second)
    assert second.get_by_role("button", name="看过了，仍然").count() == 0  # it is no longer at the window
    fits(second)
    axe(second)
    go(second, second.get_by_role("link", name="看最新的办件"))
    assert "（审查）" in main(second)

    second.goto(whole + "accept/")
    assert "现在不能“受理”" in main(second)
    axe(second)


def test_an_act_is_taken_back_from_the_toast(server: Any, new_page: Any, axe: Any) -> None:
    told = set_up(server, "told['number'] = city.opened(form={**city.SIGN, 'shop_name': '点错的店'}).number")
    whole = f"/office/cases/{told['number']}/"
    clerk = enter(new_page(), server, "chuangkou", whole)
    go(clerk, clerk.get_by_role("button", name="受理"))
    go(clerk, clerk.get_by_role("link", name="撤销"))
    assert clerk.get_by_label("理由").input_value() == "误操作，撤销"
    axe(clerk)
    go(clerk, clerk.locator("form.card button"))
    assert "已更正" in main(clerk) and "（收件核对）" in main(clerk)
    axe(clerk)
