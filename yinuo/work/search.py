"""Finding cases by what people type: a number, a piece of a title. Full recall in Chinese by bigrams."""

from __future__ import annotations

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet

from yinuo.core.bigrams import query
from yinuo.ledger.models import Case


def matching(cases: QuerySet[Case], text: str) -> QuerySet[Case]:
    """`cases` (already scoped) narrowed to those that match `text`; all of them when it says nothing."""
    text = text.strip()
    if not text:
        return cases
    asked = query(text)
    found = Q(number__istartswith=text)
    if asked:
        found |= Q(text__search=SearchQuery(asked, search_type="raw", config="simple"))
    return cases.filter(found)
