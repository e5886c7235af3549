"""Template tags and filters that every face uses: `{% load parts %}`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import segno
from django import template
from django.http import QueryDict
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from yinuo.faces.parts.context import language

register = template.Library()
SHANGHAI = ZoneInfo("Asia/Shanghai")

WEEKDAYS = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# Every light differs in shape as well as in colour: circle, square, triangle, two bars.
SHAPES = {
    "green": '<circle cx="6" cy="6" r="5.5"/>',
    "yellow": '<rect x=".75" y=".75" width="10.5" height="10.5" rx="1.5"/>',
    "red": '<path d="M6 .5 11.75 11H.25z" stroke-linejoin="round"/>',
    "grey": '<path d="M1.5 1h3v10h-3zM7.5 1h3v10h-3z"/>',
}
WORDS = {
    "green": {"zh": "绿灯，时限内", "en": "green, on time"},
    "yellow": {"zh": "黄灯，快到期", "en": "yellow, due soon"},
    "red": {"zh": "红灯，已超期", "en": "red, overdue"},
    "grey": {"zh": "灰灯，暂停计时", "en": "grey, clock paused"},
}
SHORT = {
    "green": {"zh": "时限内", "en": "On time"},
    "yellow": {"zh": "快到期", "en": "Due soon"},
    "red": {"zh": "已超期", "en": "Overdue"},
    "grey": {"zh": "暂停计时", "en": "Paused"},
}
COLON = {"zh": "：", "en": ": "}
PROVISIONAL = {
    "zh": ("暂定", "日期暂定：次年放假通知公布后可能调整"),
    "en": ("provisional", "provisional date: it may move when next year's holiday notice is published"),
}


@register.simple_tag
def icon(name: str, label: str = "", cls: str = "") -> SafeString:
    """Draw an icon of the sprite; with a label it speaks, without one it is decoration.

    `{% icon "search" %}`, `{% icon "printer" label="打印" %}`.
    """
    hidden = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon{}" {} focusable="false"><use href="{}#{}"></use></svg>',
        f" {cls}" if cls else "",
        hidden,
        static("yinuo/icons.svg"),
        name,
    )


@register.filter
def t(value: Any, lang: str = "") -> Any:
    """Pick the reader's language out of {"zh", "en"} or a Label, else Chinese; plain text passes through."""
    lang = lang or language()
    if isinstance(value, Mapping):
        return value.get(lang) or value.get("zh") or next(iter(value.values()), "")
    if hasattr(value, "in_"):  # core's Label
        return value.in_(lang)
    return "" if value is None else value


@register.simple_tag
def light(value: Any, text: str = "", provisional: bool = False, big: bool = False) -> SafeString:
    """Draw a light: shape, colour, hidden words, and the visible text (by default a short word)."""
    colour = str(getattr(value, "value", value) or "grey").lower()
    if colour not in SHAPES:
        raise ValueError(f"light: {value!r} is not a light; give one of {', '.join(SHAPES)}")
    lang = language()
    mark: SafeString | str = ""
    if provisional:
        mark = format_html(
            '<span class="provisional" title="{1}">{0}<span class="hidden">{2}{1}</span></span>',
            *PROVISIONAL[lang],
            COLON[lang],
        )
    said: SafeString | str = SHORT[colour][lang]
    if text:
        said = format_html('<span class="hidden">{}{}</span>{}', WORDS[colour][lang], COLON[lang], text)
    return format_html(
        '<span class="light light-{}{}">'
        '<svg class="light-shape" viewBox="0 0 12 12" aria-hidden="true">{}</svg>{}{}</span>',
        colour,
        " light-big" if big else "",
        mark_safe(SHAPES[colour]),
        said,
        mark,
    )


def _local(value: datetime) -> datetime:
    if timezone.is_naive(value):
        raise ValueError(f"{value!r} has no time zone; times are UTC aware")
    return value.astimezone(SHANGHAI)


def _day(value: date, lang: str, *, weekday: bool = True) -> str:
    this_year = timezone.now().astimezone(SHANGHAI).year
    if lang == "en":
        said = f"{value.day} {MONTHS[value.month - 1]}"
        if value.year != this_year:
            said = f"{said} {value.year}"
        return f"{WEEKDAYS[lang][value.weekday()]} {said}" if weekday else said
    said = f"{value.month}月{value.day}日"
    if value.year != this_year:
        said = f"{value.year}年{said}"
    return f"{said} {WEEKDAYS[lang][value.weekday()]}" if weekday else said


@register.filter
def due(value: Any, lang: str = "") -> str:
    """Say a due date in Shanghai time: 「11月28日 周六 24时」, "Sat 28 Nov, 24:00".

    Takes a core Due, an aware datetime or a date. A day limit ends at 24:00 of its last day, so the instant
    00:00 is told as 24:00 of the day before. The year is told when it is not this year.
    """
    if value is None or value == "":
        return ""
    lang = lang or language()
    at = getattr(value, "at", value)
    if isinstance(at, datetime):
        here = _local(at)
        day, hour, minute = here.date(), here.hour, here.minute
        if (here.hour, here.minute, here.second) == (0, 0, 0):
            day, hour = day - timedelta(days=1), 24
    else:
        day, hour, minute = at, 24, 0
    if lang == "en":
        return f"{_day(day, lang)}, {hour:02d}:{minute:02d}"
    return f"{_day(day, lang)} {hour}时" + (f"{minute:02d}分" if minute else "")


@register.filter
def moment(value: datetime | None, lang: str = "") -> str:
    """Say when something happened, Shanghai time: 「11月23日 10:20」, "23 Nov 10:20"."""
    if value is None:
        return ""
    here = _local(value)
    return f"{_day(here.date(), lang or language(), weekday=False)} {here:%H:%M}"


@register.filter
def day(value: date | datetime | None, lang: str = "") -> str:
    """Say a day: 「11月28日 周六」, "Sat 28 Nov"."""
    if value is None:
        return ""
    return _day(_local(value).date() if isinstance(value, datetime) else value, lang or language())


@register.filter
def date_in_full(value: date, lang: str = "") -> str:
    """Say a day as a paper does, with its year in any year: 「2026年11月28日」, "28 Nov 2026"."""
    if (lang or language()) == "en":
        return f"{value.day} {MONTHS[value.month - 1]} {value.year}"
    return f"{value.year}年{value.month}月{value.day}日"


@register.filter
def ago(value: datetime | None, lang: str = "") -> str:
    """Say how long ago: 「刚刚」「5 分钟前」「3 小时前」「2 天前」, and beyond thirty days the date."""
    if value is None:
        return ""
    lang = lang or language()
    seconds = int((timezone.now() - value).total_seconds())
    if seconds < 60:
        return {"zh": "刚刚", "en": "just now"}[lang]
    scales = ((60, 3600, "分钟", "minute"), (3600, 86400, "小时", "hour"), (86400, 30 * 86400, "天", "day"))
    for size, below, zh, en in scales:
        if seconds < below:
            n = seconds // size
            return f"{n} {zh}前" if lang == "zh" else f"{n} {en}{'' if n == 1 else 's'} ago"
    return moment(value, lang)


PHONE = re.compile(r"^1\d{10}$")
CITIZEN_ID = re.compile(r"^\d{17}[\dXx]$")


@register.filter
def mask(value: Any, kind: str = "") -> str:
    """Hide most of a name (张**), phone (138****5521), identity (1405**********0019) or account (****1234).

    `kind` is "name", "tel", "id", "account" or empty: then it is told from the text itself.
    """
    text = str(value or "").strip()
    if not text:
        return ""
    kind = kind or ("tel" if PHONE.match(text) else "id" if CITIZEN_ID.match(text) else "name")
    if kind == "tel":
        return f"{text[:3]}****{text[-4:]}" if len(text) >= 9 else "****"
    if kind == "id":
        return f"{text[:4]}{'*' * (len(text) - 8)}{text[-4:]}" if len(text) > 10 else "*" * len(text)
    if kind == "account":
        return f"****{text[-4:]}" if len(text) > 6 else "****"
    return f"{text[0]}**"


@register.filter
def filesize(value: int | None) -> str:
    """Say a size of bytes: 「812 KB」「1.4 MB」."""
    n = int(value or 0)
    if n < 1024:
        return f"{n} B"
    if n < 1024 * 1024:
        return f"{n / 1024:.0f} KB"
    return f"{n / 1024 / 1024:.1f}".removesuffix(".0") + " MB"


@register.filter
def yuan(value: Any, lang: str = "") -> str:
    """Say money: Decimal or its text, in yuan, grouped: 「12,000.50 元」 or "CNY 12,000.50"."""
    if value is None or value == "":
        return ""
    said = f"{Decimal(str(value)):,.2f}"
    return f"{said} 元" if (lang or language()) == "zh" else f"CNY {said}"


@register.simple_tag
def qr(text: str, label: str = "") -> SafeString:
    """Draw a QR code as inline SVG without style attributes; `label` is what a screen reader says."""
    drawn = segno.make(str(text), error="m", micro=False).svg_inline(
        omitsize=True, border=2, svgclass=None, lineclass=None, dark="#10201e"
    )
    said = label or {"zh": "二维码", "en": "QR code"}[language()]
    head = format_html('<svg role="img" aria-label="{}" shape-rendering="crispEdges" ', said)
    return format_html('<span class="qr">{}</span>', mark_safe(drawn.replace("<svg ", head, 1)))


@register.simple_tag
def bar(value: Any, total: Any = 100, colour: str = "", aim: Any = None) -> SafeString:
    """Draw a bar of value out of total, with an optional mark at `aim`. Say the number beside it in text."""
    whole = float(total or 0)
    width = max(0.0, min(100.0, 100 * float(value or 0) / whole)) if whole else 0.0
    mark: SafeString | str = ""
    if aim is not None and whole:
        x = min(99.2, 100 * float(aim) / whole)
        mark = format_html('<rect class="bar-aim" x="{}" width=".8" height="10"/>', f"{x:.2f}")
    return format_html(
        '<svg class="bar{}" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="{}" height="10"/>{}</svg>',
        f" bar-{colour}" if colour else "",
        f"{width:.2f}",
        mark,
    )


@register.simple_tag
def stackbar(parts: Iterable[Mapping[str, Any]]) -> SafeString:
    """Draw who held a case for how long, with a key in words.

    parts: {"label", "value": number, "text": value in words (optional), "kind": 0..4 colour (optional)}.
    """
    rows = list(parts)
    whole = sum(float(row["value"]) for row in rows)
    if not whole:
        return mark_safe("")
    bars, keys, x = [], [], 0.0
    kinds: dict[str, int] = {}
    for row in rows:
        kind = row.get("kind")
        if kind is None:
            kind = kinds.setdefault(str(row["label"]), len(kinds) % 5)
        width = 100 * float(row["value"]) / whole
        bars.append((kind, f"{x:.2f}", f"{width:.2f}"))
        keys.append((kind, row["label"], row.get("text") or row["value"]))
        x += width
    return format_html(
        '<svg class="stackbar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">{}</svg>'
        '<ul class="key">{}</ul>',
        format_html_join("", '<rect class="k{}" x="{}" width="{}" height="10"/>', bars),
        format_html_join(
            "",
            '<li><svg viewBox="0 0 12 12" aria-hidden="true">'
            '<rect class="k{}" width="12" height="12" rx="2"/></svg>{} {}</li>',
            keys,
        ),
    )


@register.simple_tag(takes_context=True)
def page_query(context: template.Context, **changes: Any) -> str:
    """Return "?..." of this page with some parameters changed; None or "" takes one away."""
    request = context.get("request")
    query = request.GET.copy() if request is not None else QueryDict(mutable=True)
    for name, value in changes.items():
        if value in (None, ""):
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.inclusion_tag("parts/form_page.html", takes_context=True)
def form_page(context: template.Context, page: Any, button: str = "", back_url: str = "") -> dict[str, Any]:
    """Draw one page of a SchemaForm with its form element: `{% form_page page %}`."""
    return {**context.flatten(), "page": page, "form": page.form, "button": button, "back_url": back_url}


@register.inclusion_tag("parts/form_fields.html", takes_context=True)
def form_fields(context: template.Context, page: Any) -> dict[str, Any]:
    """Draw only the questions of a page, for a form element of your own: `{% form_fields page %}`."""
    return {**context.flatten(), "page": page, "form": page.form}


@register.inclusion_tag("parts/check.html", takes_context=True)
def check_answers(context: template.Context, form: Any, change: bool = True) -> dict[str, Any]:
    """Draw the check-your-answers list of a SchemaForm: `{% check_answers form %}`."""
    return {**context.flatten(), "rows": form.check_rows(), "change": change}
