"""The promise board: what each unit promised in a period, and what became of it."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_safe

from yinuo.core.workdays import shanghai_day
from yinuo.faces.public.nav import shown
from yinuo.registers import units
from yinuo.work import figures, names, public

FIRST, LAST = date(2000, 1, 1), date(2100, 12, 31)
CASES_A_PAGE = 50

WORDS: dict[str, str | Promise] = {
    "kept": _l("守诺"),
    "broken": _l("失诺"),
    "late": _l("逾期未办结"),
    "open": _l("在办未到期"),
    "paused": _l("暂停计时"),
}
SORTS: dict[str, str | Promise] = {
    "-judged": _l("到期件数，多的在前"),
    "rate": _l("守诺率，低的在前"),
    "-rate": _l("守诺率，高的在前"),
    "-kept": _l("守诺件数，多的在前"),
    "-broken": _l("失诺件数，多的在前"),
    "-late": _l("逾期未办结，多的在前"),
    "-open": _l("在办未到期，多的在前"),
    "-paused": _l("暂停计时，多的在前"),
    "unit": _l("单位名称"),
}


@dataclass(frozen=True, slots=True)
class Period:
    """Local days, both included."""

    since: date
    until: date

    @property
    def query(self) -> str:
        return urlencode({"since": self.since.isoformat(), "until": self.until.isoformat()})


@dataclass(frozen=True, slots=True)
class Row:
    """One unit's line. cells: (standing, its word, number, address of the cases behind it)."""

    promises: figures.Promises
    name: str
    rate: str
    percent: float | None
    cells: tuple[tuple[str, str, int, str], ...]


def this_month(today: date) -> Period:
    """From the first of the month to today."""
    return Period(today.replace(day=1), today)


def usual(today: date) -> list[tuple[str, Period]]:
    """The periods people ask for most."""
    month = this_month(today)
    last = month.since - timedelta(days=1)
    quarter = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    return [
        (_("本月"), month),
        (_("上月"), Period(last.replace(day=1), last)),
        (_("本季度"), Period(quarter, today)),
        (_("今年"), Period(date(today.year, 1, 1), today)),
    ]


def asked(query: Mapping[str, str], *, today: date) -> tuple[Period, list[dict[str, str]]]:
    """The period of the address, this month by default; and what is wrong with it."""
    found, errors = {}, []
    default = this_month(today)
    for name, label, usual_ in (
        ("since", _("开始日期"), default.since),
        ("until", _("结束日期"), default.until),
    ):
        text = query.get(name, "").strip()
        found[name] = usual_
        try:
            found[name] = date.fromisoformat(text) if text else usual_
        except ValueError:
            errors.append(_bad(name, label, text))
        else:
            if not FIRST <= found[name] <= LAST:
                errors.append(_bad(name, label, text))
    period = Period(found["since"], found["until"])
    if not errors and period.since > period.until:
        message = _("开始日期 {since} 晚于结束日期 {until}，请改成不晚于它的日期").format(
            since=period.since, until=period.until
        )
        errors.append({"message": message, "href": "#since"})
    return (default if errors else period), errors


def _bad(name: str, label: str, text: str) -> dict[str, str]:
    message = _("{label}填的是“{text}”，应是 2000 年到 2100 年之间的日期，例如 2026-11-01").format(
        label=label, text=text[:20]
    )
    return {"message": message, "href": f"#{name}"}


def rows_of(period: Period, *, sort: str) -> list[Row]:
    """The board's lines. A rate that nothing stands behind sorts last, whichever way."""
    rows = [_row(each, period) for each in figures.promise_board(since=period.since, until=period.until)]
    key = sort.lstrip("-")
    if key == "unit":
        return sorted(rows, key=lambda row: row.name)
    if key == "rate":
        known = [row for row in rows if row.percent is not None]
        known.sort(key=lambda row: (row.percent, -row.promises.judged), reverse=sort.startswith("-"))
        return known + [row for row in rows if row.percent is None]
    return sorted(rows, key=lambda row: getattr(row.promises, key), reverse=True)


def _row(promises: figures.Promises, period: Period) -> Row:
    cells = tuple(
        (
            standing,
            str(word),
            getattr(promises, standing),
            f"{reverse('public:behind', args=[promises.unit, standing])}?{period.query}",
        )
        for standing, word in WORDS.items()
    )
    percent = None if promises.rate is None else 100 * promises.rate
    return Row(promises, names.unit(promises.unit), percent_text(percent), percent, cells)


def percent_text(percent: float | None) -> str:
    """ "97.4%", "—" when there is nothing to divide by. 99.96 is not rounded up to 100."""
    if percent is None:
        return "—"
    if percent < 100:
        percent = min(percent, 99.9)
    return f"{percent:.1f}".removesuffix(".0") + "%"


def _sort(request: HttpRequest) -> str:
    wanted = request.GET.get("sort", "")
    return wanted if wanted in SORTS else "-judged"


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """The board of a period, this month by default."""
    today = shanghai_day(timezone.now())
    period, errors = asked(request.GET, today=today)
    sort = _sort(request)
    rows = rows_of(period, sort=sort)
    total = {name: sum(getattr(row.promises, name) for row in rows) for name in (*WORDS, "judged")}
    rate = 100 * total["kept"] / total["judged"] if total["judged"] else None
    context = {
        "rows": rows,
        "period": period,
        "usual": usual(today),
        "sort": sort,
        "sorts": SORTS.items(),
        "errors": errors,
        "total": [(standing, word, total[standing]) for standing, word in WORDS.items()],
        "judged": total["judged"],
        "rate": percent_text(rate),
        "percent": rate,
        "query": f"{period.query}&{urlencode({'sort': sort})}",
    }
    return shown(request, "board", context, here="board", status=422 if errors else 200)


@require_safe
def board_csv(request: HttpRequest) -> HttpResponse:
    """The board as a table for spreadsheets (UTF-8 with mark)."""
    period, errors = asked(request.GET, today=shanghai_day(timezone.now()))
    if errors:
        return HttpResponse(errors[0]["message"], status=422, content_type="text/plain; charset=utf-8")
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    demo = "-demo" if settings.DEMO else ""
    response["Content-Disposition"] = (
        f'attachment; filename="promises-{period.since}-{period.until}{demo}.csv"'
    )
    table = csv.writer(response)
    head = [_("单位编号"), _("单位"), *(str(word) for word in WORDS.values()), _("已到期"), _("守诺率")]
    table.writerow([*head, _("起"), _("止"), _("数据")])
    for row in rows_of(period, sort=_sort(request)):
        counts = [count for _standing, _word, count, _url in row.cells]
        about = [period.since, period.until, _("演示数据") if settings.DEMO else ""]
        table.writerow([row.promises.unit, row.name, *counts, row.promises.judged, row.rate, *about])
    return response


@require_safe
def board_json(request: HttpRequest) -> HttpResponse:
    """The board as data; rate is 0 to 1, null when nothing was due."""
    period, errors = asked(request.GET, today=shanghai_day(timezone.now()))
    if errors:
        return JsonResponse({"code": "period", "message": errors[0]["message"]}, status=422)
    units_ = [
        {
            "unit": row.promises.unit,
            "name": row.name,
            **{standing: count for standing, _word, count, _url in row.cells},
            "judged": row.promises.judged,
            "rate": row.promises.rate,
            "cases": {standing: request.build_absolute_uri(url) for standing, _, _, url in row.cells},
        }
        for row in rows_of(period, sort=_sort(request))
    ]
    found = {
        "demo": bool(settings.DEMO),
        "since": period.since.isoformat(),
        "until": period.until.isoformat(),
        "dictionary": {
            **{standing: str(word) for standing, word in WORDS.items()},
            "judged": _("已到期：守诺、失诺与逾期未办结之和"),
            "rate": _("守诺率：守诺除以已到期，没有到期的为空"),
        },
        "units": units_,
    }
    return JsonResponse(found, json_dumps_params={"ensure_ascii": False, "indent": 1})


@require_safe
def behind(request: HttpRequest, unit: str, standing: str) -> HttpResponse:
    """The cases behind one number of the board: numbers, matters and dates, no titles and nobody's name."""
    found = units.get(unit)
    if found is None or standing not in WORDS:
        raise Http404
    period, errors = asked(request.GET, today=shanghai_day(timezone.now()))
    cases = figures.behind(unit=unit, standing=standing, since=period.since, until=period.until)
    page = Paginator(cases, CASES_A_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "unit": names.unit(unit),
        "standing": standing,
        "word": WORDS[standing],
        "period": period,
        "page": page,
        "cases": public.standings(page),
        "errors": errors,
    }
    return shown(request, "behind", context, here="board", status=422 if errors else 200)
