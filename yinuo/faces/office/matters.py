"""What the city promises, as an officer looks it up: limits, who answers, the drawing of steps and moves."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from yinuo.core.clock import Limit, Mode
from yinuo.core.matter import CLOSED, PARTY, PROMISED, STATUTORY, SYSTEM, TIMER, Matter, Move
from yinuo.packs import matters
from yinuo.packs.matters import NoSuchMatter
from yinuo.registers.models import Role
from yinuo.work import casefile, catalogue, names
from yinuo.work.letters import limit_name

from . import diagram
from .desk import officer, page
from .rows import unit_names


@require_GET
@officer()
def every(request: HttpRequest) -> HttpResponse:
    """Every matter in force."""
    lang = names.lang()
    words = request.GET.get("q", "").strip().lower()
    found = []
    for matter in matters.all_current():
        text = " ".join(
            (matter.id, matter.title.zh, matter.title.en, *map(str, matter.body.get("words") or ()))
        )
        if words and words not in text.lower():
            continue
        units = catalogue.units_of(matter).get(matter.unit, [])
        found.append(
            {
                "id": matter.id,
                "title": matter.title.in_(lang),
                "version": matter.version,
                "valid_from": matter.valid_from,
                "kind": kinds().get(matter.kind, matter.kind),
                "promised": limit_text(matter.limits.get(PROMISED)),
                "statutory": limit_text(matter.limits.get(STATUTORY)),
                "steps": len(matter.steps),
                "units": list(unit_names(units).values()),
            }
        )
    return page(request, "office/matters.html", {"found": found, "q": request.GET.get("q", "")})


def kinds() -> dict[str, str]:
    """Kinds of matters in words."""
    return {
        "promise": _("承诺件"),
        "instant": _("即办件"),
        "bundle": _("一件事"),
        "report": _("随手拍"),
        "opinion": _("征求意见"),
    }


@require_GET
@officer()
def one(request: HttpRequest, matter: str) -> HttpResponse:
    """One matter, by default in the version in force, else as `version` says."""
    asked = request.GET.get("version", "")
    try:
        found = matters.version(matter, int(asked)) if asked.isdecimal() else matters.current(matter)
    except NoSuchMatter as error:
        raise Http404(_("没有这个事项。")) from error
    lang = names.lang()
    titles = {role.id: role.title_zh if lang == "zh" else role.title_en for role in Role.objects.all()}
    answering = catalogue.units_of(found)
    named = unit_names(dict.fromkeys(id_ for ids in answering.values() for id_ in ids))
    context = {
        "matter": found,
        "title": found.title.in_(lang),
        "summary": found.summary.in_(lang),
        "kind": kinds().get(found.kind, found.kind),
        "drawing": diagram.draw(found, roles=titles | actors(), lang=lang),
        "limits": [
            {
                "name": limit_name(name, matter=found, lang=lang),
                "text": limit_text(limit),
                "basis": limit.basis,
                "extension": limit.extension,
            }
            for name, limit in found.limits.items()
        ],
        "steps": [
            {
                "title": step.title.in_(lang),
                "unit": function_text(step.unit, answering, named),
                "limit": limit_text(step.limit),
                "suspends": step.suspends,
                "says": step.says.in_(lang),
            }
            for step in found.steps.values()
        ],
        "moves": [
            move_line(found, move, titles=titles | actors(), lang=lang) for move in found.moves.values()
        ],
        "letters": [
            {
                "title": title.in_(lang),
                "by": [move.title.in_(lang) for move in found.moves.values() if move.letter == id_],
            }
            for id_, title in found.letters.items()
        ],
        "materials": found.materials,
        "examples": catalogue.examples(found.id),
        "versions": catalogue.versions(found.id),
        "answering": [
            {"does": duties(found, function, lang=lang), "units": [named[id_] for id_ in ids]}
            for function, ids in answering.items()
        ],
    }
    return page(request, "office/matter.html", context)


def actors() -> dict[str, str]:
    """Who makes a move when it is no role."""
    return {PARTY: _("申请人"), TIMER: _("到时自动"), SYSTEM: _("系统")}


def move_line(matter: Matter, move: Move, *, titles: dict[str, str], lang: str) -> dict[str, Any]:
    """One move in words."""
    return {
        "title": move.title.in_(lang),
        "origins": [casefile.step_title(matter, step, lang=lang) for step in move.origins],
        "to": casefile.step_title(matter, move.to, lang=lang),
        "closes": move.to == CLOSED,
        "outcome": casefile.outcome_title(move.outcome, lang=lang) if move.outcome else "",
        "by": [titles.get(who, who) for who in move.by],
        "reason": move.reason,
        "once": move.once,
        "letter": matter.letters[move.letter].in_(lang) if move.letter in matter.letters else "",
    }


def limit_text(limit: Limit | None) -> str:
    """5 个工作日, 15 天, 24 小时; nothing when there is none."""
    if limit is None:
        return ""
    n = limit.value
    said = {
        Mode.WORKDAYS: ngettext("%(n)d 个工作日", "%(n)d 个工作日", n),
        Mode.DAYS: ngettext("%(n)d 天", "%(n)d 天", n),
        Mode.WORKHOURS: ngettext("%(n)d 个工作小时", "%(n)d 个工作小时", n),
        Mode.HOURS: ngettext("%(n)d 小时", "%(n)d 小时", n),
    }
    return said[limit.mode] % {"n": n}


def duties(matter: Matter, function: str, *, lang: str) -> list[str]:
    """What a function does in this matter, in words: answers for it, supervises, holds these steps."""
    found = [_("责任单位")] if function == matter.unit else []
    found += [
        step.title.in_(lang)
        for step in matter.steps.values()
        if function == step.unit or function in step.among
    ]
    if function == matter.supervisor:
        found.append(_("监管单位"))
    return found or [_("接收通知")]


def function_text(function: str, answering: Any, named: Any) -> str:
    """Who holds a step: the applicant, whom the mover names, or a function and how many units answer it."""
    if function == PARTY:
        return _("申请人")
    if function == "chosen":
        return _("由派遣的人指定")
    ids = answering.get(function, [])
    if not ids:
        return function
    if len(ids) == 1:
        return str(named[ids[0]])
    return _("%(unit)s等 %(count)d 个单位，按属地") % {"unit": named[ids[0]], "count": len(ids)}
