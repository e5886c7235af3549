"""Cases as lines of a list: names for ids, time left in words. A fixed handful of queries for any number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from yinuo.packs import matters
from yinuo.registers import edition
from yinuo.work import casefile, names

HOUR, DAY = 3600, 86400


@dataclass(frozen=True, slots=True)
class Line:
    """One case in a list."""

    id: int
    seq: int
    number: str
    url: str
    title: str
    matter: str
    light: str
    left: str
    provisional: bool
    place: str
    step: str
    outcome: str
    holder: str
    unit: str
    assignee: str
    opened_at: datetime
    closed_at: datetime | None
    due_at: datetime | None
    kept: bool | None


def lines(cases: Iterable[Any], *, now: datetime) -> list[Line]:
    """`cases` (rows of the ledger's heads, already scoped) as lines."""
    rows = list(cases)
    lang = names.lang()
    here = edition.current()
    people = names.people(row.assignee_id for row in rows if row.assignee_id)
    party = str(capfirst(names.holder("party:0")))
    unit_name = {id_: unit.name.in_(lang) for id_, unit in here.units.items()}
    out = []
    for row in rows:
        matter = matters.version(row.matter, row.version)
        kind, __, unit = row.holder.partition(":")
        out.append(
            Line(
                id=row.pk,
                seq=row.seq,
                number=row.number,
                url=reverse("office:case", args=[row.number]),
                title=casefile.case_title(row, matter, lang=lang),
                matter=matter.title.in_(lang),
                light=row.light,
                left=left(row, now=now),
                provisional=row.provisional,
                place=place_name(row.place, here=here, lang=lang),
                step=casefile.step_title(matter, row.step, lang=lang),
                outcome=casefile.outcome_title(row.outcome, lang=lang) if row.outcome else "",
                holder=party if kind == "party" else unit_name.get(unit, unit),
                unit=unit_name.get(row.unit, row.unit),
                assignee=people.get(row.assignee_id, ""),
                opened_at=row.opened_at,
                closed_at=row.closed_at,
                due_at=row.due_at,
                kept=row.kept,
            )
        )
    return out


def place_name(code: str, *, here: edition.Edition, lang: str) -> str:
    """A division's own name, which in a list says enough; the code when it is not known."""
    if not code:
        return ""
    place = here.places.get(code)
    return place.name.in_(lang) if place else code


def left(row: Any, *, now: datetime) -> str:
    """How much time is left until the next promise, in the largest plain unit: 超 2 天, 5 时, 3 天."""
    if row.closed_at is not None:
        return _("已办结")
    if row.due_at is None:
        return _("暂停计时") if row.paused else _("无时限")
    seconds = int((row.due_at - now).total_seconds())
    if seconds < 0:
        return _("超 %s") % span(-seconds)
    return span(seconds)


def span(seconds: int) -> str:
    """A length of time in one unit: minutes below an hour, hours below two days, else days."""
    if seconds < HOUR:
        n = max(1, seconds // 60)
        return ngettext("%(n)d 分", "%(n)d 分", n) % {"n": n}
    if seconds < 2 * DAY:
        n = seconds // HOUR
        return ngettext("%(n)d 时", "%(n)d 时", n) % {"n": n}
    n = seconds // DAY
    return ngettext("%(n)d 天", "%(n)d 天", n) % {"n": n}


def unit_names(ids: Iterable[str]) -> Mapping[str, str]:
    """unit id -> name, the id where it is not known, in one query."""
    here, lang = edition.current(), names.lang()
    return {id_: here.units[id_].name.in_(lang) if id_ in here.units else id_ for id_ in ids}
