"""What people are told: the letter a move sends and the notices it owes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.template import Context, Engine, Template
from django.utils import translation

from yinuo.core.case import Entry
from yinuo.core.clock import Due
from yinuo.core.effects import licence_number
from yinuo.core.engine import Decision
from yinuo.core.matter import PROMISED, STATUTORY, STEP_LIMIT, Matter
from yinuo.core.workdays import SHANGHAI
from yinuo.ledger.store import Head, Tell, Words

from . import effects, names

LANGUAGES = {"zh": "zh-hans", "en": "en"}
_engine = Engine(autoescape=True)
"""Letters are a pack's text: plain template tags, no loaders, so a letter cannot include files."""


def of_move(
    head: Head, decision: Decision, matter: Matter, *, data: Mapping[str, Any]
) -> tuple[Words | None, list[Tell]]:
    """The letter `decision` sends (erasable content, in both languages) and the notice pointing to it."""
    letter = decision.letter
    if not letter:
        return None, []
    title = matter.letters[letter]
    body = {
        "letter": letter,
        "title": title.as_json(),
        **{lang: render(letter, head, decision, matter, data=data, lang=lang) for lang in LANGUAGES},
    }
    return Words("letter", body), [Tell(to=addressee(head), kind=letter, title=title.as_json())]


def render(
    letter: str, head: Head, decision: Decision, matter: Matter, *, data: Mapping[str, Any], lang: str
) -> str:
    """The letter's HTML in `lang` ("zh" or "en").

    The Chinese text is the decision and reads the same in both; English adds its own part, the
    {% if lang == "en" %} blocks, with dates and names as English writes them.
    """
    template = Template(matter.body.get("letter_texts", {}).get(letter, ""), engine=_engine)
    said = {
        each: Context(context(head, decision, matter, data=data, lang=each))
        for each in dict.fromkeys(("zh", lang))
    }
    parts = []
    for node in template.nodelist:
        own_part = node.token is not None and node.token.contents.startswith("if lang ==")
        tongue = lang if own_part else "zh"
        with translation.override(LANGUAGES[tongue]), said[tongue].bind_template(template):
            parts.append(str(node.render_annotated(said[tongue])))
    return "".join(parts)


def context(
    head: Head, decision: Decision, matter: Matter, *, data: Mapping[str, Any], lang: str
) -> dict[str, Any]:
    """What a letter may speak of; the names are those of docs/write-a-matter.md."""
    case = decision.case
    party = names.party(head.header.party)
    put = next((effect for effect in decision.effects if effect.put), None)
    today = decision.entry.at.astimezone(SHANGHAI).date()
    end = effects.ends(put, today) if put else None
    return {
        "lang": lang,
        "number": head.number,
        "title": matter.title.in_(lang),
        "party_name": party.name if party else "",
        "unit": names.unit(head.header.unit, lang_=lang),
        "city": names.city(lang_=lang),
        "form": {**head.form, **(data.get("form") or {})},
        "opinion": data.get("opinion", ""),
        "reason": data.get("reason", ""),
        "days": data.get("days", ""),
        "today": day_text(today, lang=lang),
        "received_on": _marked(case.clock.marks.get("received"), lang=lang),
        "accepted_on": _marked(case.clock.marks.get("accepted"), lang=lang),
        "promised_on": _due_text(case.dates.get(PROMISED), lang=lang),
        "statutory_on": _due_text(case.dates.get(STATUTORY), lang=lang),
        "step_on": _due_text(case.dates.get(STEP_LIMIT), lang=lang),
        "record_number": licence_number(put.prefix, head.number) if put else "",
        "valid_until": day_text(end, lang=lang) if end else "",
        "remedies": REMEDIES[lang],
    }


REMEDIES = {
    "zh": "如不服本决定，可以自收到之日起60日内申请行政复议，或者在6个月内依法提起行政诉讼。",
    "en": "If you disagree, you may apply for administrative reconsideration within 60 days of receipt, "
    "or bring an administrative suit within 6 months.",
}
"""行政复议法 §20, 行政诉讼法 §46."""


def opening(matter: Matter, decision: Decision, *, party: int | None, opened_by: int | None) -> list[Tell]:
    """The notice that something arrived: the number is on it, the receipt behind it."""
    to = f"party:{party}" if party else f"person:{opened_by}"
    title = {"zh": f"已收到：{matter.title.zh}", "en": f"Received: {matter.title.en}"}
    return [Tell(to=to, kind="opened", title=title)]


def alerts(head: Head, decision: Decision, matter: Matter) -> list[Tell]:
    """Tell whoever holds the case that a date is near or missed; a missed promise also the applicant."""
    turned = decision.entry.body.get("turned", {})
    owed = []
    for name, level in turned.items():
        if decision.case.holder:
            title = _alert_title(head, matter, name, level)
            owed.append(Tell(to=decision.case.holder, kind=f"alert:{level}", title=title))
        if name == PROMISED and level == "red":
            title = {
                "zh": f"{matter.title.zh}未能按承诺时间办结，我们正在催办",
                "en": f"{matter.title.en}: we have missed the promised date and are pressing for it",
            }
            owed.append(Tell(to=addressee(head), kind="late", title=title))
    return owed


_NAMES = {
    "step": {"zh": "本环节时限", "en": "the step's limit"},
    "promised": {"zh": "承诺时限", "en": "the promised date"},
    "statutory": {"zh": "法定时限", "en": "the statutory date"},
    "receipt": {"zh": "受理时限", "en": "the date for acceptance"},
    "delivery": {"zh": "送达时限", "en": "the date for delivery"},
}


def limit_name(name: str, *, matter: Matter, lang: str) -> str:
    """A limit's name for people: the matter's own title for it, else the usual one, else its id."""
    title = matter.limit_titles.get(name)
    return title.in_(lang) if title else _NAMES.get(name, {}).get(lang, name)


def _alert_title(head: Head, matter: Matter, name: str, level: str) -> dict[str, str]:
    zh = "将到期" if level == "yellow" else "已超期"
    en = "is near" if level == "yellow" else "has been missed"
    return {
        "zh": f"{head.number} {limit_name(name, matter=matter, lang='zh')}{zh}",
        "en": f"{head.number}: {limit_name(name, matter=matter, lang='en')} {en}",
    }


def corrected(head: Head, matter: Matter, *, undone: Entry) -> list[Tell]:
    """The applicant learns that a step was taken back."""
    step = matter.moves[undone.move].title if undone.move in matter.moves else matter.title
    title = {"zh": f"更正：“{step.zh}”已撤回", "en": f"Correction: “{step.en}” was taken back"}
    return [Tell(to=addressee(head), kind="corrected", title=title)]


def addressee(head: Head) -> str:
    """Whom a letter goes to: the applicant, or whoever reported."""
    if head.header.party:
        return f"party:{head.header.party}"
    return f"person:{head.header.opened_by or 0}"


def day_text(day: date, *, lang: str) -> str:
    """A day as a letter writes it: 2026年5月9日, or 9 May 2026."""
    if lang == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {day:%B} {day.year}"


def _marked(at: datetime | None, *, lang: str) -> str:
    return day_text(at.astimezone(SHANGHAI).date(), lang=lang) if at else ""


def _due_text(due: Due | None, *, lang: str) -> str:
    if due is None:
        return ""
    said = day_text(due.day, lang=lang)
    if due.provisional:
        said += "（暂定）" if lang == "zh" else " (provisional)"
    return said
