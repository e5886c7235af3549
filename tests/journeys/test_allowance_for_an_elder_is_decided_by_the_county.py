"""An elder's allowance goes from the street to the county; somebody too young is told so at the window."""

from __future__ import annotations

from typing import Any

import pytest
from office_story import PHONE, enter, fits, go, main, set_up

pytestmark = pytest.mark.journey

ELDER = """
form = {
    "by_agent": False, "elder_name": "赵某", "elder_id": ID, "elder_phone": "13800000001",
    "place": "140502003", "address": "演示巷 3 号", "bank": "演示银行", "account": "6222000000000000001",
}
papers = ("account_photo",)
told["number"] = city.opened("benefits/elderly_allowance", form, by="laoren", papers=papers).number
"""


def asked(server: Any, elder: str) -> str:
    """The address of an allowance just asked for by the elder of that identity number."""
    number = set_up(server, f"ID = {elder!r}{ELDER}")["number"]
    return f"/office/cases/{number}/"


def test_an_allowance_is_checked_by_the_street_and_awarded_by_the_county(
    server: Any, new_page: Any, axe: Any
) -> None:
    whole = asked(server, "140502194403080025")
    street = enter(new_page(**PHONE), server, "chuangkou_nanjie", whole)
    fits(street)
    assert "6222000000000000001" not in street.locator("dd", has_text="****0001").first.inner_text()
    go(street, street.get_by_role("button", name="受理"))
    assert "受理" in main(street)
    axe(street)
    checker = enter(new_page(**PHONE), server, "shencha_nanjie", whole)
    go(checker, checker.locator(".acts").get_by_role("link", name="初审通过，报县级决定"))
    checker.get_by_label("意见").fill("已电话核实，情况属实")
    fits(checker)
    axe(checker)
    go(checker, checker.locator("form.card button"))
    county = enter(new_page(), server, "shenpi_minzheng", whole)
    go(county, county.locator(".acts").get_by_role("link", name="同意发放"))
    county.get_by_label("起发年月").fill("2026-12")
    go(county, county.locator("form.card button"))
    county.goto(whole)
    assert "准予" in main(county) and "起发年月" in main(county)
    axe(county)


def test_somebody_under_eighty_is_not_accepted_and_the_page_says_why(server: Any, new_page: Any) -> None:
    whole = asked(server, "140502199001010019")
    street = enter(new_page(), server, "chuangkou_nanjie", whole)
    go(street, street.get_by_role("button", name="受理", exact=False).first)
    assert "未满80周岁" in main(street)
