"""Finding cases and matters by what people type: full recall in Chinese by bigrams."""

from __future__ import annotations

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet

from yinuo.core.bigrams import bigrams, query
from yinuo.core.matter import Matter
from yinuo.ledger.models import Case
from yinuo.packs import matters


def matching(cases: QuerySet[Case], text: str) -> QuerySet[Case]:
    """`cases` (already scoped) narrowed to those that match `text`; all of them when it says nothing."""
    text = text.replace("\0", "").strip()
    if not text:
        return cases
    asked = query(text)
    found = Q(number__istartswith=text)
    if asked:
        found |= Q(text__search=SearchQuery(asked, search_type="raw", config="simple"))
    return cases.filter(found)


OFFERED = ("promise", "instant", "bundle", "report")
"""Kinds of matter that people ask for; an opinion is opened by another case."""

NEAR = 0.6
"""How much of what was typed must be found, where no word of the matter's own was typed."""


def offered() -> list[Matter]:
    """Every matter in force that somebody may ask for, by title."""
    return [matter for matter in matters.all_current() if matter.kind in OFFERED]


def matters_for(text: str) -> list[Matter]:
    """Matters that `text` may mean, the likeliest first.

    A piece of the title, one of the words people use for it, or most pieces of what was typed anywhere in it.
    """
    wanted = text.strip().lower()
    if not wanted:
        return []
    scored = [(_likeness(matter, wanted), matter) for matter in offered()]
    found = [(score, matter) for score, matter in scored if score]
    return [matter for _, matter in sorted(found, key=lambda pair: (-pair[0], pair[1].id))]


def _likeness(matter: Matter, wanted: str) -> float:
    """0 for no likeness at all. Whole words weigh more than pieces, the title more than the summary."""
    titles = [matter.title.zh.lower(), matter.title.en.lower()]
    words = [str(word).lower() for word in matter.body.get("words") or ()]
    score = 0.0
    if any(wanted in title for title in titles):
        score += 8
    # Long questions name a word ("我想装个招牌"), short ones are part of one ("招").
    score += 6 * any(wanted in word or word in wanted for word in words)
    score += 4 * any(title and title in wanted for title in titles)
    pieces = bigrams(wanted)
    told = [*titles, *words, matter.summary.zh.lower(), matter.summary.en.lower()]
    told += [text.lower() for each in matter.materials for text in (each.title.zh, each.title.en)]
    there = sum(any(piece in text for text in told) for piece in pieces)
    if pieces and there / len(pieces) >= NEAR:
        score += there / len(pieces)
    return score
