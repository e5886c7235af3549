"""Open data with its dictionary, and how promises are counted in plain words."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yinuo.core.clock import Limit, Mode, due, explain
from yinuo.core.matter import PROMISED, STATUTORY
from yinuo.core.workdays import SHANGHAI, Calendar
from yinuo.faces.parts.context import language
from yinuo.faces.public.nav import shown
from yinuo.packs import matters
from yinuo.work import public, search

DICTIONARY = {
    "id": "事项编号，不随名称改变 / id of the matter, which stays when the title changes",
    "version": "版本，办件沿用收件时的版本 / version; a running case keeps the one it was opened under",
    "kind": "promise 承诺件, instant 即办件, bundle 一件事, report 反映",
    "type": "事项类型代码 / code of the national type of matter: "
    "01 行政许可, 05 行政给付, 07 行政确认, 20 公共服务",
    "audience": "person 自然人, enterprise 企业",
    "limits": "时限：value 数值, mode 计法 (workdays 工作日, days 自然日, workhours 工作小时, hours 小时), "
    "from 起算事件, until 满足事件, pausable 可暂停, extension 最多可延长, basis 依据",
    "materials": "材料：required 必交, kinds 文件类型, asked_when 何时才需要",
    "steps": "环节：unit 为职能，由所在地的单位承担 / unit is a function, for which the place's unit answers",
    "source": "依据；写明未核的，尚未逐条核对原文 / legal basis; 未核 marks what is not verified",
}


@require_safe
def seals_json(request: HttpRequest) -> HttpResponse:
    """Every seal: the file to keep, which the offline checker takes as its second argument."""
    response = JsonResponse(public.published_seals(), json_dumps_params={"indent": 1})
    response["Content-Disposition"] = 'inline; filename="seals.json"'
    return response


@require_safe
def matters_json(request: HttpRequest) -> HttpResponse:
    """Every matter somebody may ask for, as open data."""
    found = {
        "city": dict(matters.city()["name"]),
        "pack": matters.in_force().version,
        "dictionary": DICTIONARY,
        "matters": [public.matter_json(matter) for matter in search.offered()],
    }
    return JsonResponse(found, json_dumps_params={"ensure_ascii": False, "indent": 1})


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """How promises are counted, with the calendar in force and its sources."""
    now = timezone.now()
    calendar = matters.calendar()
    context = {
        "calendar": calendar,
        "years": [_year(calendar, number) for number in sorted(calendar.years, reverse=True)],
        "shifts": [f"{opens:%H:%M}–{closes:%H:%M}" for opens, closes in calendar.shifts],
        "example": _example(calendar, now=now),
        "limits": [
            {
                "matter": matter,
                "promised": matter.limits.get(PROMISED),
                "statutory": matter.limits.get(STATUTORY),
            }
            for matter in search.offered()
        ],
    }
    return shown(request, "help", context, here="help")


def _year(calendar: Calendar, number: int) -> dict[str, Any]:
    year = calendar.years[number]
    return {"year": year, "work": sorted(year.work), "holidays": sorted(year.holidays, key=lambda h: h.start)}


def _example(calendar: Calendar, *, now: datetime) -> dict[str, Any]:
    """Five working days from today, and the same from the last day that a published notice covers."""
    limit = Limit(value=5, mode=Mode.WORKDAYS)
    year_end = datetime.combine(calendar.horizon, time(10), SHANGHAI)
    return {
        "today": explain(limit, start=now, calendar=calendar, lang=language()),
        "due": due(limit, start=now, calendar=calendar),
        "provisional": explain(limit, start=year_end, calendar=calendar, lang=language()),
        "title": _("今天受理、承诺五个工作日办结"),
    }
