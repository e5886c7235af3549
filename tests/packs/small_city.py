"""A city small enough to break on purpose: one county, two streets, five units, one matter."""

from __future__ import annotations

import shutil
from pathlib import Path

HERE = Path(__file__).parent
SIGN_FOLDER = "matters/approvals/sign"


def small_city(folder: Path) -> Path:
    """Copies the small city to `folder` and returns it. Its calendar is Jincheng's."""
    shutil.copytree(HERE / "small", folder)
    shutil.copytree(HERE.parents[1] / "packs" / "jincheng" / "calendar", folder / "calendar")
    return folder


def text_of(name: str) -> str:
    """A file of the sound matter, such as "matter.yaml"."""
    return (HERE / "small" / SIGN_FOLDER / name).read_text(encoding="utf-8")


def change(folder: Path, name: str, old: str, new: str) -> int:
    """Replaces `old` (which stands there once) by `new`; returns the line on which `new` begins."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
    at = text.index(old)
    path.write_text(text.replace(old, new), encoding="utf-8")
    return text.count("\n", 0, at) + 1
