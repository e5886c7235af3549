"""The look: everybody can read it, on the browsers people have, without scripts or styles inside the page."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import timezone, translation

from yinuo.faces.parts import views
from yinuo.faces.parts.context import look
from yinuo.faces.parts.templatetags import parts

FACES = Path(__file__).resolve().parents[2] / "yinuo" / "faces"
STATIC = FACES / "parts" / "static"
CSS = (STATIC / "yinuo" / "yinuo.css").read_text()
TEMPLATES = sorted(FACES.rglob("templates/**/*.html"))


def tokens(*selectors: str) -> dict[str, str]:
    """Custom properties of the rules with these selectors, later over earlier, with var() followed."""
    found: dict[str, str] = {}
    for selector in selectors:
        body = re.search(re.escape(selector) + r" \{(.*?)\n\}", CSS, re.S)
        assert body, f"{selector} is not in the stylesheet"
        found |= {name: value.strip() for name, value in re.findall(r"(--[\w-]+):\s*([^;]+);", body[1])}

    def follow(value: str) -> str:
        inner = re.fullmatch(r"var\((--[\w-]+)\)", value)
        return follow(found[inner[1]]) if inner else value

    return {name: follow(value) for name, value in found.items()}


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio of two #rgb or #rrggbb colours."""

    def luminance(colour: str) -> float:
        digits = colour.lstrip("#")
        digits = "".join(c * 2 for c in digits) if len(digits) == 3 else digits
        channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def draw(source: str, **context: object) -> str:
    return Template("{% load parts %}" + source).render(Context(context))


# --- everybody can read it ----------------------------------------------------------------------------------

THEMES = {
    "paper": (":root",),
    "wall": (":root", 'html[data-theme="wall"]'),
    "large": (":root", 'html[data-size="large"]'),
}
TEXT_ON = {
    "--bg": ["--text", "--muted", "--link"],
    "--surface": ["--text", "--text-2", "--muted", "--link", "--error"],
    "--surface-2": ["--muted"],
    "--sunken": ["--text-2"],
    "--chosen": ["--text", "--muted", "--link"],
    "--soft": ["--link"],
    "--action": ["--on-action"],
    "--action-hover": ["--on-action"],
    "--error-bg": ["--error"],
    "--warn-bg": ["--warn"],
    "--good-bg": ["--good"],
    "--info-bg": ["--info"],
    "--bar-bg": ["--on-dark", "--on-dark-2"],
    "--side-bg": ["--on-dark", "--on-dark-2"],
}
SHAPES_ON = {
    "--surface": [
        *("--green-edge", "--yellow-edge", "--red-edge", "--grey-edge"),
        *("--line-strong", "--chosen-line", "--focus"),
    ],
    "--bg": ["--focus"],
    "--bar-bg": ["--focus-on-dark"],
}


def pairs(grounds: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(mark, ground) for ground, marks in grounds.items() for mark in marks]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("text", "ground"), pairs(TEXT_ON))
def test_text_stands_out_from_its_ground(theme: str, text: str, ground: str) -> None:
    found = tokens(*THEMES[theme])
    assert contrast(found[text], found[ground]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("shape", "ground"), pairs(SHAPES_ON))
def test_lights_borders_and_focus_stand_out_from_their_ground(theme: str, shape: str, ground: str) -> None:
    found = tokens(*THEMES[theme])
    assert contrast(found[shape], found[ground]) >= 3


def test_every_light_differs_in_shape_and_says_its_colour_in_words() -> None:
    drawn = {colour: parts.light(colour, "剩 3 个工作日") for colour in ("green", "yellow", "red", "grey")}
    assert len({re.search(r"<svg.*?</svg>", html)[0] for html in drawn.values()}) == 4  # type: ignore[index]
    assert "红灯，已超期" in drawn["red"] and "灰灯，暂停计时" in drawn["grey"]
    assert "剩 3 个工作日" in drawn["green"]


def test_a_provisional_date_says_so_in_words() -> None:
    assert "次年放假通知公布后可能调整" in parts.light("green", "剩 3 个工作日", provisional=True)
    assert "provisional" not in parts.light("green", "剩 3 个工作日")


def test_a_colour_that_is_no_light_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'blue' is not a light"):
        parts.light("blue")


def test_large_text_is_never_below_twenty_pixels() -> None:
    large = tokens(":root", 'html[data-size="large"]')
    assert "font-size: 125%" in CSS
    for name in ("--t-xs", "--t-s", "--t-m"):
        assert float(large[name].removesuffix("rem")) * 20 >= 20


def test_targets_for_citizens_are_at_least_44_pixels() -> None:
    assert float(tokens(":root")["--target"].removesuffix("rem")) * 16 >= 44


# --- on the browsers that people have -----------------------------------------------------------------------


def test_old_browsers_can_read_the_stylesheet() -> None:
    rules = re.sub(r"/\*.*?\*/", "", CSS, flags=re.S)
    for modern in (
        ":has(",
        "@layer",
        "color-mix",
        "oklch",
        "@container",
        ":is(",
        ":where(",
        "aspect-ratio",
        "system-ui",
    ):
        assert modern not in rules, modern
    assert rules.count("{") == rules.count("}")


def test_the_first_page_stays_below_100_kilobytes_on_the_wire() -> None:
    files = [
        "yinuo/yinuo.css",
        "yinuo/app.js",
        "yinuo/icons.svg",
        "yinuo/hills.svg",
        "vendor/htmx/htmx-2.0.11.min.js",
    ]
    assert sum(len(gzip.compress((STATIC / name).read_bytes())) for name in files) < 60_000


def test_every_colour_that_a_rule_names_is_a_token() -> None:
    defined = set(re.findall(r"(--[\w-]+):", CSS))
    assert set(re.findall(r"var\((--[\w-]+)", CSS)) <= defined


# --- nothing runs inside a page -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(FACES)))
def test_a_template_carries_no_inline_script_or_style(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|hx-on", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(FACES)))
def test_every_icon_that_a_template_draws_is_in_the_sprite(path: Path) -> None:
    there = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "yinuo" / "icons.svg").read_text()))
    assert set(re.findall(r'{% icon "([\w-]+)"', path.read_text())) <= there


def test_vendored_code_carries_its_licence() -> None:
    assert "Zero-Clause BSD" in (STATIC / "vendor" / "htmx" / "LICENSE").read_text()
    assert "MIT License" in (STATIC / "vendor" / "tabler" / "LICENSE").read_text()


# --- words --------------------------------------------------------------------------------------------------


@pytest.fixture
def autumn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 11, 23, 3, 0, tzinfo=UTC))


@pytest.mark.usefixtures("autumn")
def test_a_promise_that_ends_with_saturday_is_due_at_24_oclock_of_that_saturday() -> None:
    at = datetime(2026, 11, 28, 16, 0, tzinfo=UTC)
    assert parts.due(at) == "11月28日 周六 24时"
    assert parts.due(SimpleNamespace(at=at)) == "11月28日 周六 24时"
    assert parts.due(date(2026, 11, 28)) == "11月28日 周六 24时"
    assert parts.due(at, "en") == "Sat 28 Nov, 24:00"


@pytest.mark.usefixtures("autumn")
def test_a_promise_of_hours_is_due_at_its_minute_and_another_year_is_named() -> None:
    assert parts.due(datetime(2026, 11, 23, 7, 20, tzinfo=UTC)) == "11月23日 周一 15时20分"
    assert parts.due(date(2027, 1, 4)) == "2027年1月4日 周一 24时"
    assert parts.due(None) == ""


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        parts.due(datetime(2026, 11, 28, 16, 0))


@pytest.mark.usefixtures("autumn")
@pytest.mark.parametrize(
    ("minutes", "zh", "en"),
    [
        (0, "刚刚", "just now"),
        (1, "1 分钟前", "1 minute ago"),
        (125, "2 小时前", "2 hours ago"),
        (2900, "2 天前", "2 days ago"),
    ],
)
def test_how_long_ago_is_said_in_the_largest_whole_unit(minutes: int, zh: str, en: str) -> None:
    then = datetime.fromtimestamp(datetime(2026, 11, 23, 3, 0, tzinfo=UTC).timestamp() - minutes * 60, tz=UTC)
    assert (parts.ago(then), parts.ago(then, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("张三丰", "张**"),
        ("13812345521", "138****5521"),
        ("140502193803120001", "1405**********0001"),
        ("", ""),
    ],
)
def test_personal_details_are_masked(given: str, shown: str) -> None:
    assert parts.mask(given) == shown


@pytest.mark.parametrize("kind", ["name", "tel", "id", "account"])
@pytest.mark.parametrize("given", ["1", "12", "12345", "0356-2025555", "140502193803120001"])
def test_masking_always_hides_something(given: str, kind: str) -> None:
    shown = parts.mask(given, kind)
    assert shown != given and "*" in shown


def test_a_text_in_two_languages_falls_back_to_chinese() -> None:
    assert draw("{{ x|t }}", x={"zh": "受理", "en": "Accept"}) == "受理"
    with translation.override("en"):
        assert draw("{{ x|t }}", x={"zh": "受理", "en": "Accept"}) == "Accept"
        assert draw("{{ x|t }}", x={"zh": "受理"}) == "受理"
    assert draw("{{ x|t }}", x=None) == ""


def test_sizes_and_money_are_said_as_people_say_them() -> None:
    assert [parts.filesize(n) for n in (0, 900, 831_000, 1_468_006, 10 * 1024**2)] == [
        "0 B", "900 B", "812 KB", "1.4 MB", "10 MB",
    ]  # fmt: skip
    assert parts.yuan("12000.5") == "12,000.50 元"


def test_what_tags_are_given_is_escaped() -> None:
    evil = '"><script>alert(1)</script>'
    for html in (
        parts.light("red", evil), parts.icon(evil, label=evil), parts.qr("x", label=evil),
        parts.stackbar([{"label": evil, "value": 1}]),
    ):  # fmt: skip
        assert "<script" not in html


def test_a_qr_code_has_no_style_and_says_what_it_is() -> None:
    html = parts.qr("https://example.cn/verify/JC261123-000017-6", label="核验二维码")
    assert " style=" not in html and 'aria-label="核验二维码"' in html and "<path" in html


def test_a_bar_never_leaves_its_frame() -> None:
    assert 'width="100.00"' in parts.bar(150, 100) and 'width="0.00"' in parts.bar(-1, 100)
    assert 'width="0.00"' in parts.bar(3, 0)


# --- layouts and the switch ---------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["citizen", "office", "public"])
def test_a_layout_names_its_language_and_leads_past_its_menus(layout: str) -> None:
    request = RequestFactory().get("/x")
    html = render_to_string(f"parts/{layout}.html", look(request), request=request)
    assert '<html lang="zh-Hans"' in html and 'href="#main"' in html and 'id="main"' in html
    assert 'name="viewport"' in html and "user-scalable" not in html
    assert html.count("<main") == 1


@pytest.mark.parametrize(
    ("cookie", "asked", "set_to"), [("", "", "large"), ("large", "", "normal"), ("", "normal", "normal")]
)
def test_large_text_is_switched_on_and_off(cookie: str, asked: str, set_to: str) -> None:
    request = RequestFactory().post("/look/size", {"size": asked, "next": "/mine?page=2"})
    request.COOKIES["yinuo_size"] = cookie
    response = views.size(request)
    assert response["Location"] == "/mine?page=2"
    assert response.cookies["yinuo_size"].value == set_to


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_the_switch_never_leads_to_another_site(back: str) -> None:
    response = views.size(RequestFactory().post("/look/size", {"next": back}))
    assert response["Location"] == "/"


def test_the_switch_is_not_thrown_by_a_link() -> None:
    assert views.size(RequestFactory().get("/look/size")).status_code == 405
