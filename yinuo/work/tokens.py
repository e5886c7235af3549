"""Keys that programs sign in with, and the one door for passwords, which closes after five wrong ones.

A key is shown once and kept as its SHA-256 only, so whoever reads the database cannot use it.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.contrib.auth import authenticate
from django.db import connection
from django.http import HttpRequest

from yinuo.registers.models import Person

from .models import SignInTry, Token
from .sql import statement

DAYS, DAYS_AT_MOST = 30, 365
"""How long a key lasts when nobody says, and at most."""

TRIES = 5
LOCKED_FOR = timedelta(minutes=15)

_USED_EVERY = timedelta(minutes=1)
"""`used_at` is written at most so often: a busy program must not cost a write a call."""


class Locked(Exception):
    """Too many wrong passwords for this name from this address. `until`: when the next try is heard."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"locked until {until.isoformat()}")
        self.until = until


def sign_in(
    username: str, password: str, *, address: str, at: datetime, request: HttpRequest | None = None
) -> Person | None:
    """The person with that name and password, None when there is none. Raises Locked after five wrong tries.

    A try is counted before the password is looked at, so many at once are not heard either. `address` is
    where the call came from.
    """
    key = hashlib.sha256(f"{username.strip().lower()}\n{address}".encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute(
            statement("sign_in_try"), {"key": key, "at": at, "since": at - LOCKED_FOR, "tries": TRIES}
        )
        count, last = cursor.fetchone()
    if count > TRIES:
        raise Locked(last + LOCKED_FOR)
    person = None
    if "\0" not in username + password:
        person = authenticate(request, username=username, password=password)
    if not isinstance(person, Person):
        return None
    SignInTry.objects.filter(key=key).delete()
    SignInTry.objects.filter(at__lt=at - timedelta(days=1)).delete()
    return person


def issue(person: Person, *, name: str, at: datetime, days: int = DAYS) -> tuple[str, Token]:
    """A new key for `person`, as text to show once, and its row. Raises ValueError for a bad term."""
    if not 1 <= days <= DAYS_AT_MOST:
        raise ValueError(f"days: {days} is out of range; give 1 to {DAYS_AT_MOST}")
    raw = f"yn_{secrets.token_urlsafe(32)}"
    token = Token.objects.create(
        person=person,
        name=name.strip()[:100],
        digest=_digest(raw),
        made_at=at,
        ends_at=at + timedelta(days=days),
    )
    return raw, token


def find(raw: str, *, at: datetime) -> Token | None:
    """The key that `raw` is, with its person; None when it was never issued, has ended or was withdrawn, or
    when the account is closed."""
    found = (
        Token.objects.select_related("person")
        .filter(digest=_digest(raw), ends_at__gt=at, person__is_active=True)
        .first()
    )
    if found is not None and (found.used_at is None or at - found.used_at >= _USED_EVERY):
        found.used_at = at
        found.save(update_fields=["used_at"])
    return found


def held(person: Person, *, at: datetime) -> list[Token]:
    """The person's keys that still hold, the newest first."""
    return list(Token.objects.filter(person=person, ends_at__gt=at).order_by("-made_at", "-id"))


def withdraw(id_: int, *, by: Person, at: datetime) -> bool:
    """End one of `by`'s own keys now; False when there is none of that id that still holds."""
    return bool(Token.objects.filter(pk=id_, person=by, ends_at__gt=at).update(ends_at=at))


def _digest(raw: str) -> bytes:
    return hashlib.sha256(raw.encode("utf-8", "surrogatepass")).digest()
