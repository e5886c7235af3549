"""Everything a use case asks of the registers about one person and one party, in one prepared statement.

Asked one by one through the ORM, the same three questions cost more than the move itself (bench/moves.py).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections

from . import edition
from .people import PostValue
from .sql import statement


@dataclass(frozen=True, slots=True)
class Towards:
    """posts: held on the day asked. acts: whether the person may act for the party asked about.
    now: the units and places as this connection sees them."""

    posts: tuple[PostValue, ...]
    acts: bool
    now: edition.Edition


def towards(person: int, *, party: int | None, on: date) -> Towards:
    """Who `person` is on the day `on`; somebody unknown or locked out holds nothing and acts for nobody."""
    wrapper = connections[DEFAULT_DB_ALIAS]
    wrapper.ensure_connection()
    with wrapper.wrap_database_errors, psycopg.Cursor(wrapper.connection) as cursor:
        cursor.execute(
            statement("towards").encode(), {"person": person, "party": party, "day": on}, prepare=True
        )
        row = cursor.fetchone()
    if row is None:
        return Towards(posts=(), acts=False, now=edition.current())
    return said(*row)


def said(token: UUID | None, posts: Any, acts: bool) -> Towards:
    """A Towards from the three columns that towards.sql selects."""
    rows = json.loads(posts) if isinstance(posts, str) else posts
    return Towards(
        posts=tuple(PostValue(unit, path, role, tuple(matters)) for unit, path, role, matters in rows or ()),
        acts=acts,
        now=edition.at_token(token) if token else edition.current(),
    )
