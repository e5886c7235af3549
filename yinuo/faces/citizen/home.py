"""Home, search, the list of matters and the guide to one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yinuo.core.matter import PROMISED, RECEIPT, STATUTORY, Matter
from yinuo.core.workdays import SHANGHAI
from yinuo.faces.citizen import showing
from yinuo.packs import matters
from yinuo.registers import places
from yinuo.work import access, drafts, figures, messages, names
from yinuo.work import search as finder

PERIOD_DAYS = 30
KEPT_SECONDS = 60
"""How old the figures on the home page may be; the page says as of when they are."""

FIRST = 5


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Search, what works now, my own open cases, and how the city keeps its promises."""
    now = timezone.now()
    context: dict[str, Any] = {
        "tab": "home",
        "tiles": _tiles(),
        "promises": _promises(),
        "city": names.city(),
    }
    if request.user.is_authenticated:
        open_ = access.own_cases(request.user).filter(closed_at__isnull=True, parent__isnull=True)
        context |= {
            "open_count": open_.count(),
            "rows": showing.rows(open_.order_by("-opened_at")[:FIRST], now=now),
            "drafts": named_drafts(request),
            "unread": messages.unread(request.user),
        }
    return render(request, "citizen/home.html", context)


def named_drafts(request: HttpRequest) -> list[dict[str, Any]]:
    """My drafts with their matters, the newest first; one whose matter is gone cannot be gone on with."""
    found = []
    for draft in drafts.mine(request.user):
        try:
            found.append({"draft": draft, "matter": drafts.matter_of(draft)})
        except matters.NoSuchMatter:
            continue
    return found


def _tiles() -> list[dict[str, str]]:
    """Eight ways in, each of which works: what the pack offers, and what the platform does itself."""
    offered = finder.offered()
    report = next((each for each in offered if each.kind == "report"), None)
    elder = next((each for each in offered if each.body.get("theme") == "elderly"), None)
    bundle = next((each for each in offered if each.kind == "bundle"), None)
    tiles = []
    if report is not None:
        tiles.append(_tile(report, "camera", "zhu", reverse("citizen:report_matter", args=[report.id])))
    tiles.append({"title": _("个人办事"), "icon": "user", "colour": "", "url": _list(audience="person")})
    tiles.append(
        {"title": _("企业办事"), "icon": "building-store", "colour": "", "url": _list(audience="enterprise")}
    )
    if bundle is not None:
        tiles.append(_tile(bundle, "briefcase", "", reverse("citizen:guide", args=[bundle.id])))
    if elder is not None:
        tiles.append(_tile(elder, "heart-handshake", "", reverse("citizen:guide", args=[elder.id])))
    tiles += [
        {"title": _("查办件"), "icon": "clipboard-check", "colour": "", "url": reverse("citizen:mine")},
        {
            "title": _("验回执"),
            "icon": "shield-check",
            "colour": "jin",
            "url": reverse("public:receipts"),
        },
        {
            "title": _("承诺榜"),
            "icon": "chart-bar",
            "colour": "jin",
            "url": reverse("public:board"),
        },
    ]
    return tiles


def _tile(matter: Matter, icon: str, colour: str, url: str) -> dict[str, str]:
    return {"title": matter.title.in_(showing.language()), "icon": icon, "colour": colour, "url": url}


def _list(*, audience: str) -> str:
    return f"{reverse('citizen:matters')}?for={audience}"


def _promises() -> dict[str, Any]:
    """The city's promises of the last thirty days, added up; at most a minute old."""
    today = timezone.now().astimezone(SHANGHAI).date()
    key = f"promises:{connection.settings_dict['NAME']}:{today}"
    found: dict[str, Any] | None = cache.get(key)
    if found is None:
        board = figures.promise_board(since=today - timedelta(days=PERIOD_DAYS - 1), until=today)
        found = {name: sum(getattr(row, name) for row in board) for name in figures.STANDINGS}
        judged = found["kept"] + found["broken"] + found["late"]
        found |= {"judged": judged, "rate": 100 * found["kept"] / judged if judged else None}
        found |= {"days": PERIOD_DAYS, "at": timezone.now()}
        cache.set(key, found, KEPT_SECONDS)
    return {**found, "url": reverse("public:board")}


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Matters by what people call them; when signed in, also my own cases."""
    words = request.GET.get("q", "").strip()[:100]
    found = finder.matters_for(words)
    rows: list[dict[str, Any]] = []
    if words and request.user.is_authenticated:
        mine = finder.matching(access.own_cases(request.user), words)
        rows = showing.rows(mine.order_by("-opened_at")[:20], now=timezone.now())
    often = [] if found else finder.offered()[:6]
    context = {"q": words, "matters": found, "rows": rows, "often": often, "tab": "home"}
    return render(request, "citizen/search.html", context)


@require_safe
def matter_list(request: HttpRequest) -> HttpResponse:
    """Every matter on offer, by theme, for a person or an enterprise."""
    audience = request.GET.get("for", "")
    theme = request.GET.get("theme", "")
    offered = [each for each in finder.offered() if audience in ("", *each.audience)]
    themes = list(dict.fromkeys(_theme(each) for each in offered))
    groups = [
        {"theme": name, "matters": [each for each in offered if _theme(each) == name]}
        for name in themes
        if theme in ("", name)
    ]
    context = {"groups": groups, "themes": themes, "theme": theme, "audience": audience, "tab": "matters"}
    return render(request, "citizen/matters.html", context)


def _theme(matter: Matter) -> str:
    return str(matter.body.get("theme", ""))


@require_safe
def guide(request: HttpRequest, matter: str) -> HttpResponse:
    """What a matter is, by when it is done, what it takes, and who does what."""
    found = matters.current(matter)
    if found.kind not in finder.OFFERED:
        raise access.NotFound(matter)
    place = places.present(request.GET.get("place", "").strip()[:20]) if request.GET.get("place") else ""
    children = [
        {"matter": each, "lines": showing.steps(each, place=place)} for each in showing.children_of(found)
    ]
    lines = showing.steps(found, place=place)
    context = {
        "matter": found,
        "national": found.body.get("national") or {},
        "conditions": found.body.get("conditions") or [],
        "promised": found.limits.get(PROMISED),
        "statutory": found.limits.get(STATUTORY),
        "receipt": found.limits.get(RECEIPT),
        "later": [
            (showing.limit_title(limit, name, matter=found), limit)
            for name, limit in found.limits.items()
            if name not in (PROMISED, STATUTORY, RECEIPT)
        ],
        "steps": [line for line in lines if not line.sometimes],
        "sometimes": [line for line in lines if line.sometimes],
        "children": children,
        "years": [years for years in showing.licences_of(found) if years],
        "place": place,
        "place_title": places.title(place) if place else "",
        "places": places.choices(),
        "start_url": start_url(found),
        "tab": "report" if found.kind == "report" else "matters",
    }
    return render(request, "citizen/guide.html", context)


def start_url(matter: Matter) -> str:
    """Where asking for it begins."""
    name = "citizen:report_matter" if matter.kind == "report" else "citizen:start"
    return reverse(name, args=[matter.id])
