"""Lights by unit and by matter for what this desk may see; each number leads to the cases it counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from yinuo.packs import matters
from yinuo.registers import places, units
from yinuo.work import inbox, listing, names

from . import rows
from .desk import CASES, Desk, officer, page

LIGHTS = ("red", "yellow", "green", "grey")
LATE_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a matrix: whose, the four counts, and the filter that shows the cases behind them."""

    name: str
    counts: tuple[tuple[str, int], ...]
    total: int
    where: str


@require_GET
@officer(only=CASES)
def show(request: HttpRequest) -> HttpResponse:
    """Open cases by light, by holder, by matter; and what is overdue, unit by unit."""
    desk: Desk = request.desk  # type: ignore[attr-defined]
    now = timezone.now()
    mine = listing.of(desk.person, listing.Wanted(state="open"))
    lang = names.lang()
    held = listing.lights_by(mine, "holder")
    named = rows.unit_names(
        holder.removeprefix("unit:") for holder, _counts in held if holder.startswith("unit:")
    )
    known = {matter.id: matter.title.in_(lang) for matter in matters.all_current()}
    by_unit = [
        _row(named[id_], counts, where=f"unit={id_}")
        for id_, counts in ((holder.removeprefix("unit:"), counts) for holder, counts in held)
        if id_ in named
    ]
    counts = inbox.counts(mine)
    late = [
        (named[id_], f"unit={id_}", counts_["red"], _overdue(desk, id_, now=now))
        for id_, counts_ in ((holder.removeprefix("unit:"), counts_) for holder, counts_ in held)
        if id_ in named and counts_["red"]
    ]
    context = {
        "counts": [(light, counts[light]) for light in LIGHTS],
        "total": counts[""],
        "waiting": sum(sum(c.values()) for holder, c in held if not holder.startswith("unit:")),
        "by_unit": by_unit,
        "by_matter": [
            _row(known.get(id_, id_), found, where=f"matter={id_}")
            for id_, found in listing.lights_by(mine, "matter")
        ],
        "late": late,
        "late_shown": LATE_SHOWN,
        "scope": _scope(desk),
        "here": request.get_full_path(),
        "now": now,
    }
    return page(request, "office/figures.html", context)


def _row(name: str, counts: Mapping[str, int], *, where: str) -> Row:
    return Row(
        name=name,
        counts=tuple((light, counts[light]) for light in LIGHTS),
        total=sum(counts.values()),
        where=where,
    )


def _overdue(desk: Desk, unit: str, *, now: Any) -> list[rows.Line]:
    """The longest overdue first."""
    wanted = listing.Wanted(state="open", light="red", unit=unit)
    return rows.lines(listing.of(desk.person, wanted).order_by("due_at", "id")[:LATE_SHOWN], now=now)


def _scope(desk: Desk) -> list[str]:
    """What this desk sees, in words: a place for those who press and check, units for those who work."""
    said = []
    for post in desk.posts:
        unit = units.get(post.unit)
        if post.role in ("supervisor", "auditor") and unit is not None:
            said.append(places.title(unit.place))
        else:
            said.append(post.unit_name)
    return list(dict.fromkeys(said))
