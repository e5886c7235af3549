"""What the office's stories share: setting the stage in the running site's own city, signing in, acting."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

FACES = Path(__file__).resolve().parent.parent / "faces"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def set_up(server: Any, script: str) -> Any:
    """Run `script` against the site's database, with `city` (tests/faces/office_city.py) at hand.

    What it puts into `told` comes back. A process of its own: this one may be looking at another database.
    """
    head = "import django, json; django.setup(); import office_city as city; city.people(); told = {}\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{head}{script}\nprint(json.dumps(told))"],
        env={
            **os.environ,
            "DATABASE_URL": server.city.dsn_run,
            "YINUO_HOME": str(server.log.parent),
            "PYTHONPATH": f"{FACES}:{FACES.parent.parent}",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


def enter(page: Any, server: Any, who: str, where: str = "/office/") -> Any:
    """Sign `who` in and go to `where`."""
    page.goto("/signin/?next=/look/nowhere")
    page.get_by_label("账号").fill(who)
    page.get_by_label("密码").fill(server.passwords[who])
    with page.expect_navigation():
        page.get_by_label("密码").press("Enter")
    page.goto(where)
    assert "/signin/" not in page.url, f"{who} could not sign in"
    return page


def go(page: Any, button: Any) -> None:
    """Press a button or follow a link, and wait for the page it leads to."""
    with page.expect_navigation():
        button.click()


def beside(page: Any, words: str) -> None:
    """Choose the case with these words in the list and wait until it stands beside it."""
    page.get_by_role("link", name=words).first.click()
    page.wait_for_url("**case=**")
    page.locator("#case [data-case-title]", has_text=words).wait_for()


def part(page: Any, heading: str) -> str:
    """The part of a case page under this heading."""
    parts = page.locator("section.case-part", has=page.get_by_role("heading", name=heading))
    return str(parts.inner_text())


def title(page: Any) -> str:
    """The title of the case that is open."""
    return str(page.locator("[data-case-title]").inner_text())


def main(page: Any) -> str:
    """What stands on the page beside its side bar."""
    return str(page.locator("main").inner_text())


def fits(page: Any) -> None:
    """Nothing makes the page scroll sideways."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} pixels too wide"
