"""What this desk owes: the list on the left, the chosen case on the right."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from yinuo.core.engine import Refused
from yinuo.packs import matters
from yinuo.work import access, casefile, cases, inbox, listing, names
from yinuo.work.cases import Conflict

from . import rows
from .desk import back_of, officer, page
from .record import case_context

Mark = tuple[datetime | None, int]
LIGHTS = ("red", "yellow", "green", "grey")


@require_GET
@officer()
def show(request: HttpRequest) -> HttpResponse:
    """The inbox. `case` names the case on the right; without it, the first of the list."""
    desk = request.desk  # type: ignore[attr-defined]
    now = timezone.now()
    if not desk.works and not request.GET and not inbox.owed_by(desk.person).exists():
        return HttpResponseRedirect(reverse("office:figures" if desk.sees_cases else "office:matters"))
    narrowed = wanted(request.GET)
    found, more = inbox.page(desk.person, narrowed=narrowed, after=mark_of(request.GET.get("after", "")))
    listed = rows.lines(found, now=now)
    owed = inbox.owed_by(desk.person)
    counts = inbox.counts(inbox.narrow(owed, desk.person, replace(narrowed, light="")))
    chosen = request.GET.get("case", "")
    part = request.GET.get("part") == "list"
    back = address(request.GET)
    opened = None
    if not part:
        first = chosen or (found[0].number if found else "")
        row = access.cases_for(desk.person).filter(number=first).first() if first else None
        opened = case_context(request, row, now=now, back=back) if row is not None else None
    context = {
        "lines": listed,
        "units_differ": len({line.holder for line in listed}) > 1,
        "counts": [(light, counts[light]) for light in LIGHTS],
        "total": counts[""],
        "narrowed": narrowed,
        "matters": _matters(owed),
        "more": f"?{query(request.GET, after=mark_text(more))}" if more else "",
        "begun": bool(request.GET.get("after")),
        "here": back,
        "refresh": f"?{query(request.GET, part='list')}",
        "chosen": chosen,
        "current": "" if part else (opened["case"].number if opened else ""),
        "opened": opened,
        "keys": keys(),
        "now": now,
    }
    return page(request, "office/inbox.html", context)


def keys() -> list[dict[str, str]]:
    """The office's own shortcuts, for the help table."""
    return [
        {"key": "O", "label": _("在整页打开选中的一件")},
        {"key": "X", "label": _("勾选或取消勾选，供批量认领")},
        {"key": "C", "label": _("认领勾选的，或者正在看的这一件")},
        {"key": "A–Z", "label": _("办理按钮旁边标着的键：按下那个按钮")},
    ]


def wanted(query: QueryDict | dict[str, str]) -> inbox.Filter:
    """What the address asks for; anything unknown narrows nothing."""
    light, mine = query.get("light", ""), query.get("mine", "")
    return inbox.Filter(
        light=light if light in LIGHTS else "",
        matter=query.get("matter", ""),
        mine=mine if mine in ("0", "1") else "",
        words=query.get("q", "")[:80],
    )


def query(given: QueryDict, **changes: str) -> str:
    """The inbox's address without what belongs to one visit only (`case`, `part`), changed as asked."""
    kept = {name: given.get(name, "") for name in ("light", "matter", "mine", "q", "after")}
    return urlencode({name: value for name, value in {**kept, **changes}.items() if value})


def address(given: QueryDict) -> str:
    """The inbox under these filters, as an address to come back to."""
    said = query(given)
    return reverse("office:inbox") + (f"?{said}" if said else "")


def mark_text(mark: Mark | None) -> str:
    """A page mark as it stands in an address."""
    if mark is None:
        return ""
    due, id_ = mark
    return f"{due.isoformat() if due else ''}~{id_}"


def mark_of(text: str) -> Mark | None:
    """The page mark of an address; None when it is none."""
    due, _tilde, id_ = text.partition("~")
    if not id_.isdecimal():
        return None
    try:
        when = datetime.fromisoformat(due) if due else None
    except ValueError:
        return None
    return None if when is not None and when.tzinfo is None else (when, int(id_))


def next_after(person: Any, *, back: str, mark: Mark) -> str:
    """The address of the inbox `back` with the case that followed `mark` opened, or the first one left."""
    parts = urlsplit(back)
    given = {name: values[0] for name, values in parse_qs(parts.query).items()}
    narrowed = wanted(given)
    found, _more = inbox.page(person, narrowed=narrowed, after=mark, size=1)
    if not found:
        found, _more = inbox.page(person, narrowed=narrowed, size=1)
    given.pop("case", None)
    if found:
        given["case"] = found[0].number
    return parts.path + (f"?{urlencode(given)}" if given else "")


def _matters(owed: Any) -> list[tuple[str, str, int]]:
    lang = names.lang()
    known = {matter.id: matter.title.in_(lang) for matter in matters.all_current()}
    return [(id_, known.get(id_, id_), count) for id_, count in listing.matters_of(owed)]


@require_POST
@officer()
def claim(request: HttpRequest) -> HttpResponse:
    """Claim every ticked case; each is claimed or not by itself, and the page says which and why."""
    desk = request.desk  # type: ignore[attr-defined]
    now = timezone.now()
    results = []
    for each in request.POST.getlist("case")[:100]:
        number, _colon, seq = each.partition(":")
        row = access.cases_for(desk.person).filter(number=number).first()
        if row is None or not seq.isdecimal():
            results.append({"number": number, "done": False, "said": _("没有这一件，或者您无权查看")})
            continue
        said, done = _("已认领"), True
        try:
            if row.assignee_id == desk.person.pk:
                said = _("早已由您认领")
            else:
                cases.claim(case=row.pk, by=desk.person, at=now, expecting=int(seq))
        except Conflict:
            said, done = _("别人刚刚办理过，没有认领"), False
        except Refused as refused:
            said, done = refused.say.in_(names.lang()), False
        title = casefile.case_title(row, matters.version(row.matter, row.version), lang=names.lang())
        results.append({"number": number, "title": title, "done": done, "said": said})
    context = {
        "results": results,
        "done": sum(1 for each in results if each["done"]),
        "back": back_of(request, reverse("office:inbox")),
    }
    return page(request, "office/claimed.html", context)
