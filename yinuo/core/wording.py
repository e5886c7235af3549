"""Days, moments and the names of events, as a Chinese and an English sentence write them."""

from __future__ import annotations

from datetime import date, datetime

from .workdays import SHANGHAI

WEEKDAYS_ZH = "一二三四五六日"
WEEKDAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS_EN = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

EVENTS = {
    "accepted": ("受理", "accepted"),
    "received": ("收件", "received"),
    "opened": ("登记", "registered"),
    "entered": ("进入本环节", "entered this step"),
    "asked": ("告知补正", "asked for corrections"),
    "supplied": ("补正齐全", "corrected in full"),
    "reported": ("上报", "reported"),
    "filed": ("立案", "put on file"),
    "dispatched": ("派遣", "dispatched"),
    "handled": ("处置完毕", "dealt with"),
    "decided": ("作出决定", "decided"),
    "delivered": ("送达", "delivered"),
    "signed": ("签订", "signed"),
    "assigned": ("交办", "assigned"),
    "published": ("公示", "published"),
    "due": ("到期", "due"),
}
"""Start events in both languages. An event that is not here is shown by its own name."""

PAUSES = {
    "hearing": ("听证", "a hearing"),
    "tender": ("招标", "a tender"),
    "auction": ("拍卖", "an auction"),
    "inspection": ("检验", "an inspection"),
    "testing": ("检测", "testing"),
    "quarantine": ("检疫", "quarantine"),
    "appraisal": ("鉴定", "an appraisal"),
    "expert_review": ("专家评审", "an expert review"),
    "supplement": ("等待申请人补正", "waiting for what the applicant was asked to supply"),
}
"""The special procedures of 行政许可法 §45 in both languages, and 补正 for limits that run from receipt.

Another kind is shown as it is."""


def day_zh(day: date, *, year: int | None = None) -> str:
    """2026年5月9日, or 5月9日 in a sentence that already speaks of `year`."""
    return f"{day.month}月{day.day}日" if day.year == year else f"{day.year}年{day.month}月{day.day}日"


def day_en(day: date, *, year: int | None = None) -> str:
    """9 May 2026, or 9 May in a sentence that already speaks of `year`."""
    text = f"{day.day} {MONTHS_EN[day.month - 1]}"
    return text if day.year == year else f"{text} {day.year}"


def weekday_zh(day: date) -> str:
    """星期六."""
    return f"星期{WEEKDAYS_ZH[day.weekday()]}"


def weekday_en(day: date) -> str:
    """Saturday."""
    return WEEKDAYS_EN[day.weekday()]


def span_zh(first: date, last: date, *, year: int | None = None) -> str:
    """5月1日至5日, 9月30日至10月2日, or one day alone."""
    text = day_zh(first, year=year)
    if first == last:
        return text
    if (first.year, first.month) == (last.year, last.month):
        return f"{text}至{last.day}日"
    return f"{text}至{day_zh(last, year=first.year)}"


def span_en(first: date, last: date, *, year: int | None = None) -> str:
    """1 to 5 May, 30 September to 2 October, or one day alone."""
    if first == last:
        return day_en(first, year=year)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {day_en(last, year=year)}"
    return f"{day_en(first, year=last.year if last.year == year else None)} to {day_en(last, year=year)}"


def clock_zh(moment: datetime) -> str:
    """17时50分 in Shanghai, 9时 on the hour. Seconds are left out, so a limit is never told too late."""
    local = moment.astimezone(SHANGHAI)
    return f"{local.hour}时{local.minute}分" if local.minute else f"{local.hour}时"


def moment_zh(moment: datetime, *, year: int | None = None) -> str:
    """2026年9月17日17时50分."""
    return day_zh(moment.astimezone(SHANGHAI).date(), year=year) + clock_zh(moment)


def time_en(moment: datetime) -> str:
    """17:50 in Shanghai."""
    return f"{moment.astimezone(SHANGHAI):%H:%M}"


def moment_en(moment: datetime, *, year: int | None = None) -> str:
    """17:50 on 17 September 2026."""
    return f"{time_en(moment)} on {day_en(moment.astimezone(SHANGHAI).date(), year=year)}"


def named(table: dict[str, tuple[str, str]], id_: str) -> tuple[str, str]:
    """The Chinese and English name of `id_`, itself where `table` has none."""
    return table.get(id_, (id_, id_.replace("_", " ")))


def listed_en(parts: list[str]) -> str:
    """a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
