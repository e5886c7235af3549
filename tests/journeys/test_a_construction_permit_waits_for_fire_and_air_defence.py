"""Fire and civil air defence are asked about a construction permit side by side; it waits for both."""

from __future__ import annotations

from typing import Any

import pytest
from office_story import beside, enter, go, main, part, set_up

pytestmark = pytest.mark.journey

WORKS = """
form = {
    "project": "演示花园一期", "project_code": "2601-140502-89-01-123456", "place": "140502007",
    "address": "演示路东侧", "area": "25600.50", "basement_area": "4200", "height": "53.8",
    "contract_price": "86000000.00", "contract_from": "2026-03-20", "contract_until": "2027-10-31",
    "builder": "演示建筑工程有限公司", "builder_code": "91140502MA00000445", "manager": "张某",
    "surveyor": "演示勘察有限公司", "designer": "演示设计有限公司", "overseer": "演示监理有限公司",
    "phone": "13800000000",
}
papers = ("land_approval", "planning_permit", "contract", "drawings", "safety_measures", "funds")
told["number"] = city.opened("approvals/construction_permit", form, by="qiye_jianshe", papers=papers).number
"""


def agree(page: Any, words: str) -> None:
    """Open the opinion asked for and agree with it in words."""
    beside(page, "演示花园一期")
    go(page, page.locator("#case .acts").get_by_role("link", name="同意").first)
    page.get_by_label("意见").fill(words)
    go(page, page.locator("form.card button"))


def test_the_permit_waits_for_both_opinions_and_then_goes_on_by_itself(
    server: Any, new_page: Any, axe: Any
) -> None:
    number = set_up(server, WORKS)["number"]
    whole = f"/office/cases/{number}/"

    clerk = enter(new_page(), server, "chuangkou", whole)
    go(clerk, clerk.get_by_role("button", name="受理"))
    examiner = enter(new_page(), server, "shencha", whole)
    axe(examiner)
    go(examiner, examiner.locator(".acts").get_by_role("link", name="并联征求消防、人防意见"))
    examiner.get_by_label("意见").fill("施工条件具备")
    axe(examiner)
    go(examiner, examiner.locator("form.card button"))
    assert "并联征求意见" in main(examiner)
    children = part(examiner, "并联件")
    assert children.count("演示花园一期") == 2 and "消防" in children and "人防" in children
    axe(examiner)

    approver = enter(new_page(), server, "shenpi", whole)
    assert approver.locator("[data-key=e]").count() == 0  # nothing to decide before both have answered
    approver.goto("/office/?q=演示花园一期")
    assert "一件也没有" in main(approver)

    fire = enter(new_page(), server, "shencha_xiaofang")
    agree(fire, "消防车道和水源符合要求")
    approver.goto(whole)
    assert "正在计时" in main(approver) and "并联征求意见" in main(approver).split("申请人")[0]

    defence = enter(new_page(), server, "shencha_renfang")
    axe(defence)
    agree(defence, "应建防空地下室已列入图纸")

    approver.goto(whole)
    head = main(approver).split("申请人")[0]
    assert "（决定）" in head
    assert "意见收齐，均同意" in main(approver)  # the system moved it, nobody pressed a button
    go(approver, approver.get_by_role("button", name="准予许可"))
    clerk.goto(whole)
    go(clerk, clerk.get_by_role("button", name="送达办结"))
    clerk.goto(whole)
    assert "准予" in main(clerk) and "施工许可" in main(clerk) and "完整性：已核对" in main(clerk)
    axe(clerk)
    stranger = enter(new_page(), server, "shencha_minzheng")
    assert stranger.goto(whole).status == 404
