"""What several citizen pages say of a matter, a case or a limit, in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from yinuo.core import clock
from yinuo.core.clock import Due, Limit, Mode
from yinuo.core.matter import CHOSEN, PARTY, PROMISED, RECEIPT, STATUTORY, STEP_LIMIT, Matter
from yinuo.faces.parts.context import language
from yinuo.faces.parts.forms import Page, SchemaForm
from yinuo.faces.parts.reading import kind_of
from yinuo.faces.parts.templatetags.parts import due
from yinuo.packs import matters
from yinuo.registers import places, units
from yinuo.work import casefile, names
from yinuo.work.casefile import CaseFile, Line

MATERIALS = "materials"
"""The page of a form on which the matter's materials are handed in, where the form names none itself."""

SHOWN_KINDS = ("opened", "moved", "corrected", "rated", "noted", "redated", "erased")
"""Entries an applicant reads; who inside a unit took the case in hand is the unit's own business."""


# -- limits ----------------------------------------------------------------------------------


def counted(value: int, mode: Mode | str) -> str:
    """A length as people say it: 5 个工作日, 15 天, 4 个工作小时, 24 小时."""
    said = {
        "workdays": ngettext("%(n)d 个工作日", "%(n)d 个工作日", value),
        "days": ngettext("%(n)d 天", "%(n)d 天", value),
        "workhours": ngettext("%(n)d 个工作小时", "%(n)d 个工作小时", value),
        "hours": ngettext("%(n)d 小时", "%(n)d 小时", value),
    }
    return said[str(mode)] % {"n": value}


def event_title(name: str) -> str:
    """What starts a limit, as people say it."""
    known = {
        "received": _("收到申请"),
        "accepted": _("受理"),
        "decided": _("作出决定"),
        "delivered": _("送达"),
        "asked": _("告知补正"),
        "reported": _("上报"),
        "filed": _("立案"),
        "dispatched": _("派遣"),
        "handled": _("处置完毕"),
        "repaired": _("修好"),
        "verified": _("核查通过"),
    }
    return known.get(name, name)


@dataclass(frozen=True, slots=True)
class Expected:
    """One thing that will happen. due None: the date cannot be said yet, `text` says on what it depends."""

    title: str
    text: str
    due: Due | None
    sentence: str = ""


def what_next(matter: Matter, core: Any, *, now: datetime) -> list[Expected]:
    """What the applicant may expect: dates that run already, and later ones as a length.

    A date that depends on somebody's next move is told as one: accepted today, it would be due then.
    """
    found = []
    for name in (RECEIPT, PROMISED, *matter.limits):
        limit = matter.limits.get(name)
        title = "" if limit is None else limit_title(limit, name, matter=matter)
        if limit is None or name == STATUTORY or any(each.title == title for each in found):
            continue
        if any(event in core.clock.marks for event in limit.until):
            continue
        running = core.dates.get(name)
        if running is not None:
            text = _("最迟 %(day)s前") % {"day": due(running)}
            found.append(Expected(title, text, running, _sentence(limit, name, core)))
            continue
        length = {"event": event_title(limit.start), "length": counted(limit.value, limit.mode)}
        text = _("%(event)s后 %(length)s内") % length
        if limit.start == "accepted" and RECEIPT in core.dates:
            likely = clock.due(limit, start=now, calendar=matters.calendar())
            if likely is not None:
                text += _("；如果今天受理，最迟 %(day)s前") % {"day": due(likely)}
        found.append(Expected(title, text, None))
    return found


def limit_title(limit: Limit, name: str, *, matter: Matter) -> str:
    """What is done by a date, in the applicant's words: the matter's title for it, else by the limit's name,
    else by what ends it."""
    if name in matter.limit_titles:
        return matter.limit_titles[name].in_(language())
    known = {
        RECEIPT: _("告诉您是否受理"),
        STATUTORY: _("法律规定的最后期限"),
        "delivery": _("把结果送到您手里"),
        STEP_LIMIT: _("本环节"),
    }
    if name == PROMISED:
        return _("办完并作出决定") if "decided" in limit.until else _("我们承诺办好")
    return known.get(name) or str(capfirst(event_title(limit.until[0])))


def _sentence(limit: Limit, name: str, core: Any) -> str:
    start = core.clock.entered if name == STEP_LIMIT else core.clock.marks[limit.start]
    return clock.explain(
        limit,
        start=start,
        calendar=matters.calendar(),
        pauses=core.clock.pauses,
        extensions=[each for each in core.clock.extensions if each.limit == name],
        lang=language(),
    )


# -- matters ---------------------------------------------------------------------------------

THEMES = {
    "business": "building-store",
    "elderly": "heart-handshake",
    "construction": "building-community",
    "food": "certificate",
    "city": "bulb",
}


def theme_icon(theme: str) -> str:
    """The icon of a theme; a sheet of paper for one that has none."""
    return THEMES.get(theme, "file-text")


def theme_title(theme: str) -> str:
    """A theme's name for people; the id itself where nobody gave it one."""
    known = {
        "business": _("开店办企业"),
        "elderly": _("老年人"),
        "construction": _("工程建设"),
        "food": _("食品经营"),
        "city": _("城市管理"),
    }
    return known.get(theme, theme)


def kind_title(kind: str) -> str:
    """A kind of matter for people; the id itself where nobody gave it one."""
    known = {
        "promise": _("承诺件"),
        "instant": _("即办件"),
        "bundle": _("一件事"),
        "report": _("反映问题"),
    }
    return known.get(kind, kind)


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of a matter for its guide. sometimes: only where it is needed."""

    title: str
    says: str
    who: str
    length: str
    sometimes: bool


def steps(matter: Matter, *, place: str) -> list[StepLine]:
    """Who does what, by when. place: "" names the city's own units, which the nearest one stands in for."""
    found = units.resolve(matter.units_named, place)
    lang, usual = language(), matter.usual_steps
    lines = []
    for step in matter.steps.values():
        if step.unit == PARTY:
            who = _("您")
        elif step.unit == CHOSEN:
            named = [names.holder(found[each], lang_=lang) for each in step.among if each in found]
            who = _("、").join(dict.fromkeys(named)) or _("由调度指定的单位")
        else:
            who = names.holder(found.get(step.unit, ""), lang_=lang) or _("您所在街道（乡镇）的单位")
        lines.append(
            StepLine(
                title=step.title.in_(lang),
                says=step.says.in_(lang),
                who=who,
                length=counted(step.limit.value, step.limit.mode) if step.limit else "",
                sometimes=step.id not in usual,
            )
        )
    return lines


def children_of(matter: Matter) -> list[Matter]:
    """The matters a bundle opens, in the order it opens them."""
    ids = dict.fromkeys(
        effect.open
        for move in matter.moves.values()
        for effect in move.effects
        if effect.open and effect.child
    )
    return [matters.current(id_) for id_ in ids]


def licences_of(matter: Matter) -> list[int]:
    """For how many years the records hold that this matter's moves put (0: no end)."""
    return [effect.valid_years for move in matter.moves.values() for effect in move.effects if effect.put]


def place_choices(matter: Matter) -> list[tuple[str, str]]:
    """The places the matter's form lets one choose, each with its county before it."""
    pattern = matter.form.get("properties", {}).get("place", {}).get("pattern", "")
    return [
        (code, name if name == county else f"{county} · {name}")
        for county, group in places.choices(whole=True)
        for code, name in group
        if re.search(pattern, code)
    ]


def form_of(
    matter: Matter,
    *,
    initial: Mapping[str, Any],
    uploads: Mapping[str, list[Any]] | None = None,
    request: HttpRequest | None = None,
    data: Any = None,
    one_page: bool = False,
    page_url: str = "",
) -> SchemaForm:
    """The matter's form with its materials on a page of their own; with `one_page` everything on one page.

    request: a POST to read, if it is one. data: instead of request.POST.
    """
    schema = dict(matter.form)
    asked = [name for page in schema.get("x-pages") or () for name in page.get("materials") or ()]
    left = [material.id for material in matter.materials if material.id not in asked]
    pages = list(schema.get("x-pages") or [{"fields": list(schema.get("properties", {}))}])
    if one_page:
        # Where it is comes first: a position tells which street to choose below it.
        fields = [name for page in pages for name in page.get("fields", ())]
        fields.sort(key=lambda name: kind_of(schema["properties"][name]) != "point")
        pages = [{"id": "all", "fields": fields, "materials": [each.id for each in matter.materials]}]
    elif left:
        title = {"zh": "材料", "en": "Documents"}
        hint = {
            "zh": "手机拍照或选择文件都可以，一项可以传多个文件。",
            "en": "Photos or files; several for one item are fine.",
        }
        pages.append({"id": MATERIALS, "title": title, "hint": hint, "materials": left})
    schema["x-pages"] = pages
    posted = request is not None and request.method == "POST"
    if posted and data is None:
        data = request.POST
    return SchemaForm(
        schema,
        {
            "materials": matter.materials,
            "places": place_choices(matter),
            "uploads": uploads or {},
            "max_bytes": settings.EVIDENCE_MAX_BYTES,
            "page_url": page_url or "?page={page}",
        },
        data=data if posted else None,
        files=request.FILES if posted else None,
        initial=initial,
        lang=language(),
    )


def asked_pages(form: SchemaForm) -> list[Page]:
    """The pages that ask anything, given the answers so far."""
    return [page for page in form.pages if page.fields or page.materials]


# -- cases -----------------------------------------------------------------------------------


def rows(cases: Iterable[Any], *, now: datetime) -> list[dict[str, Any]]:
    """Cases as lines of a list: whose clock runs, until when, which light."""
    lang = language()
    holders: dict[str, str] = {}
    found = []
    for row in cases:
        if row.holder not in holders:
            holders[row.holder] = names.holder(row.holder, lang_=lang)
        mine = row.holder.startswith("party:")
        matter = matters.version(row.matter, row.version)
        step = matter.steps.get(row.step)
        found.append(
            {
                "case": row,
                "mine": mine,
                "holder": _("您") if mine else holders[row.holder],
                "step": step.title.in_(lang) if step else "",
                "light": light_now(row, now=now),
                "until": due(row.due_at) if row.due_at else "",
                "title": casefile.case_title(row, matter, lang=lang),
            }
        )
    return found


def case_title(file: CaseFile) -> str:
    """A case's title in the reader's language."""
    return casefile.case_title(file.case, file.matter, lang=language())


def light_now(row: Any, *, now: datetime) -> str:
    """The stored light, or red where the date has passed since the timer last came by; "" once closed."""
    if row.closed_at is not None:
        return ""
    if row.due_at is not None and row.due_at <= now:
        return "red"
    return str(row.light)


def timeline(file: CaseFile, *, now: datetime) -> list[dict[str, Any]]:
    """The case from today back to its opening: whose clock runs now, then what was done, by whom, when."""
    items = []
    holder = ""
    lang = language()
    for line in file.lines:
        before, holder = holder, str(line.entry.body.get("state", {}).get("holder", holder))
        if line.entry.kind not in SHOWN_KINDS and not _missed(line):
            continue
        items.append(_item(file, line, unit=names.holder(before or holder, lang_=lang)))
    items.reverse()
    if not file.case.closed_at:
        paused = file.case.paused
        items.insert(
            0,
            {
                "title": file.step,
                "unit": _("您") if is_mine(file) else file.holder,
                "clock": _("到 %(day)s") % {"day": due(file.case.due_at)} if file.case.due_at else "",
                "state": "paused" if paused else "now",
            },
        )
    return items


def is_mine(file: CaseFile) -> bool:
    """Whether the applicant's own clock runs."""
    return bool(file.case.holder.startswith("party:"))


def _missed(line: Line) -> bool:
    return line.entry.kind == "alerted" and line.entry.body.get("turned", {}).get(PROMISED) == "red"


def _item(file: CaseFile, line: Line, *, unit: str) -> dict[str, Any]:
    by_party = line.entry.by.startswith("party:")
    automatic = line.entry.by in ("timer", "system")
    words = line.words
    said = [str(words["reason"])] if words.get("reason") else []
    # An opinion is the unit's own paper; what it decided, and why, is in the reason and the letter.
    said += [str(words[kind]) for kind in ("note", "rating") if words.get(kind)]
    item: dict[str, Any] = {
        "title": _("承诺时限已过") if _missed(line) else line.title,
        "at": line.entry.at,
        "unit": _("您") if by_party else _("系统") if automatic else unit,
        "note": "\n".join(said),
        "state": "late" if _missed(line) else "done",
        "files": [
            {
                "url": reverse("evidence", args=[file.case.number, each.pk]),
                "name": each.name,
                "size": each.evidence.size,
            }
            for each in line.files
            if by_party or line.entry.kind == "moved"
        ],
    }
    letter = words.get("letter")
    if letter:
        url = reverse("citizen:letter", args=[file.case.number, line.entry.seq])
        title = letter["title"].get(language()) or letter["title"]["zh"]
        item["files"] = [{"url": url, "name": title, "size": 0}, *item["files"]]
    return item


def answers(file: CaseFile) -> list[Any]:
    """What was applied with, as lines of a list; identity numbers masked."""
    form = form_of(file.matter, initial=file.form)
    return form.check_rows()


# -- addresses -------------------------------------------------------------------------------


def public_receipt(request: HttpRequest, number: str) -> str:
    """The full address at which anybody can check the receipt of a case: what its QR code holds."""
    return request.build_absolute_uri(reverse("public:receipt", args=[number]))


def public_record(request: HttpRequest, code: str) -> str:
    """The full address at which anybody can check a licence."""
    return request.build_absolute_uri(reverse("public:record", args=[code]))
