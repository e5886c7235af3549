"""One form starts an enterprise: the licence first, then seal and tax side by side; the last closes it."""

from __future__ import annotations

from typing import Any

import pytest
from office_story import beside, enter, go, main, part, set_up

pytestmark = pytest.mark.journey

NAME = "晋城演示新店有限公司"
CODE = "91140581MA0000055N"
START = f"""
form = {{
    "enterprise_name": "{NAME}", "kind": "limited", "capital": "500000.00", "scope": "餐饮服务",
    "place": "140502001", "address": "演示街 8 号 101 室", "legal_representative": "王某",
    "legal_representative_id": "140502198808080013", "phone": "13800000000", "seal_collector": "王某",
    "seal_phone": "13800000000", "taxpayer_kind": "小规模纳税人", "invoices": True,
    "finance_contact": "李某", "finance_phone": "13800000003",
}}
papers = ("articles", "residence_proof")
told["number"] = city.opened("bundles/new_enterprise", form, papers=papers).number
"""


def test_one_form_becomes_licence_seal_and_tax_and_the_bundle_closes_by_itself(
    server: Any, new_page: Any, axe: Any
) -> None:
    whole = f"/office/cases/{set_up(server, START)['number']}/"
    window = enter(new_page(), server, "chuangkou", whole)
    go(window, window.get_by_role("button", name="受理，开始登记"))

    market = enter(new_page(), server, "shencha_shichang", "/office/?q=演示新店")
    beside(market, NAME)
    go(market, market.locator("#case .acts .btn", has_text="准予登记"))
    market.get_by_label("统一社会信用代码").fill("91140581MA0000055X")
    axe(market)
    go(market, market.locator("form.card button"))
    assert market.title().startswith("错误")  # a code with a wrong check character is not taken
    assert market.get_by_label("统一社会信用代码").input_value() == "91140581MA0000055X"
    market.get_by_label("统一社会信用代码").fill(CODE.lower())
    go(market, market.locator("form.card button"))
    assert "准予登记，签发营业执照" in main(market)

    window.goto(whole)  # the licence took the bundle on by itself, its code typed once
    assert "公章、税务同时办" in main(window).split("申请人")[0]
    assert "营业执照已办好，转办公章、税务" in main(window)
    assert part(window, "并联件").count(NAME) == 3
    axe(window)

    for who, button in (("shencha_gongan", "予以备案"), ("shencha_shuiwu", "确认完成")):
        office = enter(new_page(), server, who, "/office/?q=演示新店")
        beside(office, NAME)
        go(office, office.locator("#case .acts").get_by_role("button", name=button))
        assert button in main(office)

    window.goto(whole)
    text = main(window)
    assert "准予" in text.split("申请人")[0]
    children = part(window, "并联件")
    assert children.count("准予") >= 3
    axe(window)
