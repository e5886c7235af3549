"""read(), append(), open_case(), history(): the only way into and out of the ledger's tables.

Statements go through psycopg's own cursor with `prepare=True`: Django's cursor binds on the client and would
plan the statement anew on every move (measured in docs/performance.md).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg.rows import dict_row

from yinuo.core.bigrams import bigrams
from yinuo.core.case import Case, Entry, from_state
from yinuo.core.engine import Decision
from yinuo.core.instants import instant_text
from yinuo.core.matter import PROMISED, STATUTORY
from yinuo.core.numbers import case_number
from yinuo.core.rules import Child

from . import models
from .digests import ZERO, canonical, content_digest, entry_digest, new_salt, shown_digest
from .sql import statement


class Conflict(Exception):
    """Somebody moved the case first. `expecting` is the seq the caller saw."""

    def __init__(self, *, case: int, expecting: int) -> None:
        super().__init__(f"case {case} is no longer at seq {expecting}")
        self.case, self.expecting = case, expecting


class NoSuchCase(LookupError):
    """There is no case with this id."""


@dataclass(frozen=True, slots=True)
class Words:
    """Erasable content that goes with an entry. kind: form, opinion, reason, letter, note, given, rating."""

    kind: str
    body: Any


@dataclass(frozen=True, slots=True)
class File:
    """A piece of evidence handed in: material id ("" for none), its owner's name for it, SHA-256 hex."""

    material: str
    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class Tell:
    """A notice owed. to: "party:<id>", "unit:<id>" or "person:<id>". kind: a letter's id, or "alert:red"."""

    to: str
    kind: str
    title: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Header:
    """What is fixed when a case opens. lat/lon: degrees WGS 84 or None. parent_seq: the parent's seq then."""

    matter: str
    version: int
    title: str
    token: uuid.UUID
    unit: str
    party: int | None = None
    opened_by: int | None = None
    channel: str = "online"
    place: str = ""
    lat: Decimal | None = None
    lon: Decimal | None = None
    parent: int | None = None
    parent_seq: int = 0
    prefix: str = "JC"


@dataclass(frozen=True, slots=True)
class Head:
    """A case as read; form, files, children and acted only after gather(). `head.case.seq` guards the next
    append."""

    id: int
    number: str
    header: Header
    case: Case
    state: Mapping[str, Any]
    """The case's state as JSON values, as stored: what the next entry's state is laid over."""
    digest: bytes
    wake_at: datetime | None = None
    form: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    children: tuple[Child, ...] = ()
    acted: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A stored entry with its digests and the exact text that was hashed."""

    entry: Entry
    text: str
    prev: bytes
    digest: bytes
    alg: str


def read(case: int) -> Head:
    """The case with id `case`, without what only gather() brings. Raises NoSuchCase."""
    row = _one("read", {"case": case})
    if row is None:
        raise NoSuchCase(f"no case has id {case}")
    return head_of(row)


def head_of(row: Mapping[str, Any]) -> Head:
    """A Head from the columns that read.sql selects."""
    state = _json(row["state"])
    return Head(
        id=row["id"],
        number=row["number"],
        header=Header(
            matter=row["matter"],
            version=row["version"],
            title=row["title"],
            token=uuid.UUID(int=0),
            unit=row["unit"],
            party=row["party_id"],
            opened_by=row["opened_by"],
            channel=row["channel"],
            place=row["place"],
            lat=row["lat"],
            lon=row["lon"],
            parent=row["parent_id"],
            parent_seq=row["parent_seq"],
        ),
        case=from_state(
            state, seq=row["seq"], opened_at=row["opened_at"], at=row["at"], closed_at=row["closed_at"]
        ),
        state=state,
        digest=bytes(row["head"]),
        wake_at=row["wake_at"],
    )


def gather(head: Head) -> Head:
    """`head` with what rules, letters and effects may ask: form, files, children, who acted.

    Apart from read(), because a plain move asks none of it and it costs four times the head.
    """
    row = _one("gather", {"case": head.id})
    if row is None:
        raise NoSuchCase(f"no case has id {head.id}")
    # Django tells its connections to leave jsonb as text.
    files: dict[str, tuple[str, ...]] = {}
    for material, digest in _json(row["files"]) or ():
        files[material] = (*files.get(material, ()), digest)
    return replace(
        head,
        form=_json(row["form"]) or {},
        files=files,
        children=tuple(
            Child(matter=matter, number=number, closed=closed, outcome=outcome, since=since)
            for matter, number, closed, outcome, since in _json(row["children"]) or ()
        ),
        acted=tuple((move, by) for move, by in _json(row["acted"]) or ()),
    )


def open_case(
    header: Header,
    decision: Decision,
    *,
    wake_at: datetime | None,
    words: Sequence[Words] = (),
    files: Sequence[File] = (),
    notices: Sequence[Tell] = (),
    search: str = "",
) -> tuple[int, str, bool]:
    """Open a case: (id, number, opened). When the token was used before, the case it opened, and False."""
    case_id = _next_id()
    number = case_number(case_id, on=decision.entry.at, prefix=header.prefix)
    extra = {
        "case": {
            "number": number,
            "unit": header.unit,
            "party": header.party,
            "opened_by": header.opened_by,
            "channel": header.channel,
            "place": header.place,
            "parent": header.parent,
            "parent_seq": header.parent_seq,
            "shown": shown_digest(title=header.title, lat=header.lat, lon=header.lon),
        }
    }
    values = _values(
        decision,
        number=number,
        prev=ZERO,
        words=words,
        files=files,
        notices=notices,
        extra=extra,
        wake=wake_at,
        before={},
    )
    values |= {
        "case": case_id,
        "number": number,
        "token": header.token,
        "matter": header.matter,
        "version": header.version,
        "title": header.title,
        "channel": header.channel,
        "unit": header.unit,
        "units": list(dict.fromkeys(each for each in (header.unit, values["unit_now"]) if each)),
        "party": header.party,
        "opened_by": header.opened_by,
        "place": header.place,
        "lat": header.lat,
        "lon": header.lon,
        "parent": header.parent,
        "parent_seq": header.parent_seq,
        "grams": bigrams(f"{number} {header.title} {search}"),
    }
    if _one("open", values) is not None:
        return case_id, number, True
    before = models.Case.objects.only("id", "number").get(token=header.token)
    return before.id, before.number, False


def append(
    head: Head,
    decision: Decision,
    *,
    wake_at: datetime | None,
    words: Sequence[Words] = (),
    files: Sequence[File] = (),
    notices: Sequence[Tell] = (),
    extra: Mapping[str, Any] | None = None,
) -> Head:
    """Append `decision`'s entry to the case as `head` saw it, and return the case after it (its children,
    files and history as they were read before). Raises Conflict when it has moved since."""
    values = _values(
        decision,
        number=head.number,
        prev=head.digest,
        words=words,
        files=files,
        notices=notices,
        extra=extra or {},
        wake=wake_at,
        before=head.state,
    )
    values |= {"case": head.id, "expecting": head.case.seq}
    if _one("append", values) is None:
        raise Conflict(case=head.id, expecting=head.case.seq)
    state = {**head.state, **decision.entry.body.get("state", {})}
    return replace(head, case=decision.case, state=state, digest=values["digest"])


def rest(head: Head, *, wake_at: datetime | None) -> None:
    """Nothing is owed now: let the timer look again at `wake_at`, unless it moved or was woken since."""
    _run("rest", {"case": head.id, "expecting": head.case.seq, "seen": head.wake_at, "at": wake_at})


def files(case: int) -> list[File]:
    """Everything handed in on the case, in order."""
    rows = models.Attachment.objects.filter(case_id=case).order_by("id")
    return [File(material=row.material, name=row.name, digest=row.evidence_id) for row in rows]


def history(case: int) -> list[Line]:
    """Every entry of the case, oldest first, with the text that was hashed."""
    return [
        line_of(row)
        for row in models.Entry.objects.filter(case_id=case)
        .order_by("seq")
        .values("seq", "kind", "move", "at", "by", "body", "prev", "digest", "alg")
    ]


def line_of(row: Mapping[str, Any]) -> Line:
    """A Line from the columns of an entry row."""
    return Line(
        entry=Entry(
            seq=row["seq"],
            kind=row["kind"],
            move=row["move"],
            at=row["at"],
            by=row["by"],
            body=json.loads(row["body"]),
        ),
        text=row["body"],
        prev=bytes(row["prev"]),
        digest=bytes(row["digest"]),
        alg=row["alg"],
    )


def wake(case: int, *, at: datetime) -> None:
    """Make the timer look at an open case by `at` at the latest (its child closed, say)."""
    _run("wake", {"case": case, "at": at})


def lock(case: int, *, expecting: int | None = None) -> None:
    """Hold the case until this transaction ends. Raises Conflict when it is no longer at `expecting`.

    Whoever changes a parent and its children locks the parent first: two who meet wait, and never for ever.
    """
    row = _one("lock", {"case": case})
    if row is not None and expecting is not None and row["seq"] != expecting:
        raise Conflict(case=case, expecting=expecting)


def erase(case: int, *, kinds: Iterable[str], at: datetime) -> list[int]:
    """Erase the personal words of `kinds` on a case; the digests stay. Returns the seqs erased."""
    rows = _run("erase", {"case": case, "kinds": list(kinds), "at": at})
    return [row["seq"] for row in rows]


def columns(case: Case) -> dict[str, Any]:
    """The head's columns that follow from the case alone. `verify` compares the stored ones with these."""
    promised, statutory = case.dates.get(PROMISED), case.dates.get(STATUTORY)
    soonest = case.due
    return {
        "step": case.step,
        "outcome": case.outcome,
        "holder": case.holder,
        "assignee": case.assignee,
        "light": case.light,
        "paused": case.paused and not case.closed,
        "provisional": case.provisional,
        "kept": case.kept,
        "breached": any(name != STATUTORY for name in case.breached),
        "unlawful": STATUTORY in case.breached,
        "rating": case.facts.get("rating"),
        "due_at": soonest.at if soonest else None,
        "promised_at": promised.at if promised else None,
        "statutory_at": statutory.at if statutory else None,
        "at": case.at,
        "closed_at": case.closed_at,
    }


def _values(
    decision: Decision,
    *,
    number: str,
    prev: bytes,
    words: Sequence[Words],
    files: Sequence[File],
    notices: Sequence[Tell],
    extra: Mapping[str, Any],
    wake: datetime | None,
    before: Mapping[str, Any],
) -> dict[str, Any]:
    entry, case = decision.entry, decision.case
    body = {**entry.body, **extra}
    contents = []
    for word in words:
        salt = new_salt()
        digest = content_digest(salt, word.body)
        contents.append({"kind": word.kind, "salt": salt.hex(), "body": word.body, "digest": digest.hex()})
    if contents:
        body["content"] = {each["kind"]: each["digest"] for each in contents}
    if files:
        body["files"] = [{"material": each.material, "digest": each.digest} for each in files]
    if notices:
        body["told"] = [{"to": each.to, "kind": each.kind} for each in notices]
    text = canonical(body)
    digest = entry_digest(
        number=number,
        seq=entry.seq,
        kind=entry.kind,
        move=entry.move,
        at=entry.at,
        by=entry.by,
        body=text,
        prev=prev,
    )
    kind, _, unit = case.holder.partition(":")
    return {
        **columns(case),
        "unit_now": unit if kind == "unit" else "",
        "wake_at": wake,
        # The fold itself: what the entry changed, laid over what stood.
        "state": canonical({**before, **entry.body.get("state", {})}),
        "kind": entry.kind,
        "move": entry.move,
        "by": entry.by,
        "body": text,
        "prev": prev,
        "digest": digest,
        "contents": json.dumps(contents, ensure_ascii=False),
        "files": json.dumps(
            [{"material": each.material, "name": each.name, "digest": each.digest} for each in files],
            ensure_ascii=False,
        ),
        "notices": json.dumps(
            [{"to": each.to, "kind": each.kind, "title": dict(each.title)} for each in notices],
            ensure_ascii=False,
        ),
    }


# -- the wire --------------------------------------------------------------------------------


def _json(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _next_id() -> int:
    row = _one("next_id", {})
    assert row is not None
    return int(row["id"])


def _one(name: str, values: Mapping[str, Any]) -> dict[str, Any] | None:
    rows = _run(name, values)
    return rows[0] if rows else None


def _run(name: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return rows_of(statement(name), values)


def rows_of(query: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a prepared statement, as mappings; jsonb comes as text, as Django wants it."""
    # The connection is looked up once: each look through Django's proxy costs as much as a digest.
    wrapper = connections[DEFAULT_DB_ALIAS]
    wrapper.ensure_connection()
    with wrapper.wrap_database_errors, psycopg.Cursor(wrapper.connection, row_factory=dict_row) as cursor:
        cursor.execute(query, values, prepare=True)
        return cursor.fetchall()


__all__ = [
    "Conflict",
    "File",
    "Head",
    "Header",
    "Line",
    "NoSuchCase",
    "Tell",
    "Words",
    "append",
    "columns",
    "erase",
    "files",
    "gather",
    "head_of",
    "history",
    "instant_text",
    "line_of",
    "lock",
    "open_case",
    "read",
    "rest",
    "rows_of",
    "wake",
]
