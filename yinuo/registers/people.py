"""人员: which posts a person holds, and which roles they give towards a case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from .models import Person, Post, today


@dataclass(frozen=True, slots=True)
class PostValue:
    """任职: a role in a unit, for some matters or (empty) for all. unit_path: "/city/bureau/", unit last."""

    unit: str
    unit_path: str
    role: str
    matters: tuple[str, ...] = ()


def posts_of(person: Person | int, *, on: date | None = None) -> tuple[PostValue, ...]:
    """The posts the person holds on that day, today by default; none for an account that was closed."""
    day = on or today()
    rows = (
        Post.objects.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gt=day),
            person=person,
            person__is_active=True,
            valid_from__lte=day,
        )
        .order_by("id")
        .values_list("unit_id", "unit__path", "role_id", "matters")
    )
    return tuple(PostValue(unit, path, role, tuple(matters)) for unit, path, role, matters in rows)


def roles_towards(posts: Iterable[PostValue], holder_unit_path: str, matter: str) -> frozenset[str]:
    """The roles these posts give towards a case of `matter` that the unit of that path holds.

    A post counts in its own unit and everything under it. "" (no unit holds the case) gives none.
    """
    return frozenset(
        post.role
        for post in posts
        if holder_unit_path.startswith(post.unit_path) and (not post.matters or matter in post.matters)
    )
