"""Every case this desk may see: filters, figures that lead to their cases, an export of the same query."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from yinuo.core.workdays import SHANGHAI
from yinuo.packs import matters
from yinuo.registers import places
from yinuo.work import inbox, listing, names

from . import rows
from .desk import CASES, officer, page

LIGHTS = ("red", "yellow", "green", "grey")
NAMES = ("state", "light", "matter", "place", "unit", "owner", "q", "since", "until")
CHUNK = 500
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A spreadsheet runs a cell that begins with one of these."""


@require_GET
@officer(only=CASES)
def show(request: HttpRequest) -> HttpResponse:
    """The list, thirty a page, the newest first."""
    person, now = request.desk.person, timezone.now()  # type: ignore[attr-defined]
    wanted = wanted_of(request.GET)
    found = listing.of(person, wanted)
    listed, more = listing.page(found, after=mark_of(request.GET.get("after", "")))
    counts = inbox.counts(found)
    everything = listing.of(person, listing.Wanted())
    lang = names.lang()
    known = {matter.id: matter.title.in_(lang) for matter in matters.all_current()}
    units = rows.unit_names(listing.holders_of(everything))
    context = {
        "lines": rows.lines(listed, now=now),
        "wanted": wanted,
        "given": {name: request.GET.get(name, "") for name in NAMES},
        "total": counts[""],
        "counts": [(light, counts[light]) for light in LIGHTS],
        "matters": [(id_, known.get(id_, id_), count) for id_, count in listing.matters_of(everything)],
        "units": sorted(units.items(), key=lambda each: each[1]),
        "places": places.choices(whole=True),
        "narrowed": any(request.GET.get(name) for name in NAMES),
        "more": f"?{query(request.GET, after=mark_text(more))}" if more else "",
        "begun": bool(request.GET.get("after")),
        "first": f"?{query(request.GET)}",
        "export": query(request.GET),
        "here": request.get_full_path(),
    }
    return page(request, "office/cases.html", context)


def wanted_of(given: QueryDict) -> listing.Wanted:
    """What the address asks for; what makes no sense narrows nothing."""
    light, state = given.get("light", ""), given.get("state", "")
    return listing.Wanted(
        state=state if state in ("open", "closed") else "",
        light=light if light in LIGHTS else "",
        matter=given.get("matter", ""),
        place=given.get("place", "") if given.get("place", "").isdecimal() else "",
        unit=given.get("unit", ""),
        owner=given.get("owner", ""),
        words=given.get("q", "")[:80],
        since=_day(given.get("since", "")),
        until=_day(given.get("until", "")),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def query(given: QueryDict, **changes: str) -> str:
    """The list's address under these filters."""
    kept = {name: given.get(name, "") for name in NAMES} | changes
    return urlencode({name: value for name, value in kept.items() if value})


def mark_text(mark: tuple[datetime, int] | None) -> str:
    """A page mark as it stands in an address."""
    return f"{mark[0].isoformat()}~{mark[1]}" if mark else ""


def mark_of(text: str) -> tuple[datetime, int] | None:
    """The page mark of an address; None when it is none."""
    opened, _tilde, id_ = text.partition("~")
    try:
        when = datetime.fromisoformat(opened)
    except ValueError:
        return None
    return (when, int(id_)) if id_.isdecimal() and when.tzinfo is not None else None


# -- export ----------------------------------------------------------------------------------


@require_GET
@officer(only=CASES)
def export(request: HttpRequest) -> StreamingHttpResponse:
    """The same scoped query as CSV: UTF-8 with its mark, streamed; no cell runs as a formula."""
    person, now = request.desk.person, timezone.now()  # type: ignore[attr-defined]
    found = listing.newest_first(listing.of(person, wanted_of(request.GET)))
    response = StreamingHttpResponse(_text(found, now=now), content_type="text/csv; charset=utf-8")
    day = now.astimezone(SHANGHAI).date().isoformat()
    response["Content-Disposition"] = f'attachment; filename="cases-{day}.csv"'
    return response


class _Echo:
    """What csv.writer writes to: it hands each line straight back."""

    def write(self, text: str) -> str:
        return text


def _text(found: Iterator[Any], *, now: datetime) -> Iterator[str]:
    writer: Any = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(
        [
            _("编号"), _("事项"), _("标题"), _("灯"), _("剩余"), _("环节"), _("现由谁办"), _("经办人"),
            _("责任单位"), _("区划"), _("收到时间"), _("到期时间"), _("办结时间"), _("结果"), _("按时"),
        ]
    )  # fmt: skip
    lights = {"red": _("红"), "yellow": _("黄"), "green": _("绿"), "grey": _("灰（暂停）"), "": ""}
    kept = {True: _("是"), False: _("否"), None: ""}
    while chunk := list(islice(found, CHUNK)):
        for line in rows.lines(chunk, now=now):
            yield writer.writerow(
                safe(cell)
                for cell in (
                    line.number, line.matter, line.title, lights[line.light], line.left, line.step,
                    line.holder, line.assignee, line.unit, line.place,
                    stamp(line.opened_at), stamp(line.due_at), stamp(line.closed_at),
                    line.outcome, kept[line.kept],
                )
            )  # fmt: skip


def safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: a quote goes before what could be one."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def stamp(at: datetime | None) -> str:
    """2026-05-09 10:20 in Shanghai, or nothing."""
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if at else ""
