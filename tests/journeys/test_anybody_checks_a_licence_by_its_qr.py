"""A guest before a noodle shop scans the code on its sign permit and sees on the phone whether it holds."""

from __future__ import annotations

import re
from typing import Any

import pytest
import segno
from by_program import SIGN, granted_sign, revoke

pytestmark = pytest.mark.journey

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def looked_at(page: Any, axe: Any) -> None:
    """Every page on the way: readable to everybody, and no wider than the phone."""
    axe(page)
    wide = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide[0] <= wide[1], f"{page.url} is {wide[0]} px wide on a screen of {wide[1]}"


def drawn(address: str) -> str:
    """The dark squares of an address as a QR code, the way every page draws one."""
    svg = segno.make(address, error="m", micro=False).svg_inline(
        omitsize=True, border=2, svgclass=None, lineclass=None
    )
    return re.search(r' d="([^"]+)"', svg)[1]


def test_anybody_checks_a_licence_by_its_qr(server: Any, new_page: Any, axe: Any) -> None:
    number, code = granted_sign(server, "qiye")
    address = f"{server.url}/public/v/{code}/"

    # The owner's page draws the code, and what it says is the address of the public page.
    owner = new_page(**PHONE)
    owner.goto(f"/signin/?next=/my/{number}/")
    owner.get_by_label("账号").fill("qiye")
    owner.get_by_label("密码").fill(server.passwords["qiye"])
    owner.locator("main").get_by_role("button", name="登录", exact=True).click()
    owner.wait_for_url(f"**/my/{number}/")
    squares = owner.locator(".qr path").evaluate_all("paths => paths.map(path => path.getAttribute('d'))")
    assert drawn(address) in squares

    # A stranger scans it.
    guest = new_page(**PHONE)
    guest.goto(address)
    verdict = guest.locator(".verdict")
    assert verdict.get_by_role("heading", name="有效", exact=True).is_visible()
    assert "有效期至" in verdict.inner_text() and "店招设置许可" in verdict.inner_text()
    assert guest.get_by_text(SIGN["shop_name"]).first.is_visible()
    top = verdict.bounding_box()
    assert top and top["y"] + top["height"] < 844, "the verdict is seen without scrolling"
    text = guest.content()
    assert SIGN["phone"] not in text and "91140500MA00000220" not in text
    looked_at(guest, axe)

    # Large text for old eyes.
    guest.get_by_role("button", name="长辈版").click()
    assert guest.locator("html[data-size=large] .verdict").is_visible()
    looked_at(guest, axe)

    # The bureau takes it away; the same code says so, with the reason.
    revoke(server, code, "擅自改变招牌位置")
    guest.goto(address)
    assert guest.locator(".verdict-bad").get_by_role("heading", name="已撤销").is_visible()
    assert guest.get_by_text("擅自改变招牌位置").is_visible()
    looked_at(guest, axe)

    # A code that was never given, and how one goes on from there.
    answer = guest.goto("/public/v/AAAAAAAAAAAAAAAA/")
    assert answer.status == 404
    assert guest.get_by_role("heading", name="查无此证").is_visible()
    looked_at(guest, axe)
    guest.get_by_label("办件编号或证照核验码").fill(address)
    guest.get_by_role("button", name="核验", exact=True).click()
    guest.wait_for_url(address)
    assert guest.get_by_role("heading", name="已撤销").is_visible()
