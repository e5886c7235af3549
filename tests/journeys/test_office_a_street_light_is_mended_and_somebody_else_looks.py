"""A reported lamp is filed, dispatched, mended by a handler with a phone, and checked by somebody else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from office_story import PHONE, beside, enter, fits, go, main, set_up
from PIL import Image

pytestmark = pytest.mark.journey

REPORT = """
form = {**city.LAMP, "place": "140502003", "position_text": "演示路与南街路口"}
told["number"] = city.opened("reports/street_light", form, papers=("photo",), party=False).number
"""


def photo(folder: Path, name: str, colour: str) -> str:
    path = folder / name
    Image.new("RGB", (800, 600), colour).save(path, "JPEG")
    return str(path)


def test_a_lamp_is_mended_with_a_photo_and_closed_by_neither_handler_nor_grid(
    server: Any, new_page: Any, axe: Any, tmp_path: Path
) -> None:
    number = set_up(server, REPORT)["number"]
    whole = f"/office/cases/{number}/"

    desk = enter(new_page(), server, "jiandu", "/office/?q=南街路口")
    beside(desk, "演示路与南街路口")
    go(desk, desk.locator("#case .acts").get_by_role("button", name="立案").first)
    axe(desk)

    dispatcher = enter(new_page(), server, "diaodu", whole)
    go(dispatcher, dispatcher.locator(".acts").get_by_role("link", name="派遣"))
    assert "建议：城区城市管理局" in main(dispatcher) and "离那里最近" in main(dispatcher)
    axe(dispatcher)
    go(dispatcher, dispatcher.locator("form.card button"))
    assert "城区城市管理局" in main(dispatcher)

    handler = enter(new_page(**PHONE), server, "chuzhi")
    fits(handler)
    axe(handler)
    go(handler, handler.get_by_role("link", name="演示路与南街路口").first)
    assert handler.url.split("?")[0].endswith(whole)  # on a phone the case has the screen to itself
    fits(handler)
    go(handler, handler.locator(".acts").get_by_role("link", name="修好了，请核查"))
    go(handler, handler.locator("form.card button"))
    assert "须附至少一张照片" in main(handler)
    handler.get_by_label("照片或文件").set_input_files(photo(tmp_path, "修好了.jpg", "gold"))
    fits(handler)
    axe(handler)
    go(handler, handler.locator("form.card button"))
    assert f"{number}：修好了，请核查" in main(handler)

    grid = enter(new_page(**PHONE), server, "wangge", whole)
    picture = grid.get_by_alt_text("图片：修好了.jpg")
    picture.scroll_into_view_if_needed()
    assert picture.evaluate("async e => { await e.decode(); return e.naturalWidth; }") == 800
    go(grid, grid.locator(".acts").get_by_role("link", name="核查：已修好"))
    grid.get_by_label("照片或文件").set_input_files(photo(tmp_path, "灯亮了.jpg", "white"))
    go(grid, grid.locator("form.card button"))
    assert "核查：已修好" in main(grid)
    axe(grid)

    desk.goto(whole)
    go(desk, desk.get_by_role("button", name="结案"))
    desk.goto(whole)
    text = main(desk)
    assert "已办结" in text and "完整性：已核对" in text and "谁手里多久" in text
    axe(desk)


def test_every_page_of_the_office_can_be_used_by_everybody(server: Any, new_page: Any, axe: Any) -> None:
    number = set_up(server, "told['number'] = city.sign_at('review').number")["number"]
    pages = {
        "chuangkou": ("cases/?state=open", "figures/", "matters/", "matters/approvals/construction_permit/",
                      f"cases/{number}/act/note/", f"cases/{number}/accept/"),
        "shencha": (f"cases/{number}/act/assign/", f"cases/{number}/pass/", f"cases/{number}/"),
        "shenpi": (f"cases/{number}/extend/",),
        "shenji": ("ledger/?verify=1", f"cases/{number}/"),
        "ducha": ("figures/", "ledger/"),
        "guanli": ("matters/",),
        "shimin": ("",),
    }  # fmt: skip
    for who, paths in pages.items():
        wide, narrow = new_page(), new_page(**PHONE)
        for page in (wide, narrow):
            enter(page, server, who, "/office/matters/" if who != "shimin" else "/my/")
            for path in paths:
                page.goto(f"/office/{path}")
                axe(page)
                fits(page)
