"""Is the record true? Every chain holds, every case equals the replay of its entries, every seal holds.

`verify()` reads everything through one cursor per table and keeps one case in memory at a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db import connection, transaction

from yinuo.core.case import ERASED, Case, apply

from . import models
from .digests import ZERO, content_digest, entry_digest, leaf_digest, merkle_root, seal_digest, shown_digest
from .sql import statement
from .store import Line, columns, line_of


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that does not hold. where: "case JC… entry 3", "case JC… head", "seal 4"."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True, slots=True)
class Report:
    """What was checked, and what does not hold (empty: everything holds)."""

    cases: int
    entries: int
    contents: int
    seals: int
    faults: tuple[Fault, ...]


def verify(*, case: int | None = None) -> Report:
    """Check the whole ledger, or one case with `case`, as it stands at one moment: the city works on."""
    with _one_moment():
        faults: list[Fault] = []
        cases = entries = kept = seals = 0
        heads = models.Case.objects.order_by("id")
        lines, contents, files = _Rows(_LINES, case), _Rows(_CONTENTS, case), _Rows(_FILES, case)
        if case is not None:
            heads = heads.filter(id=case)
        for head in heads.iterator(2000):
            cases += 1
            found = [each.of(head.id) for each in (lines, contents, files)]
            entries, kept = entries + len(found[0]), kept + len(found[1])
            faults += _case_faults(head, found[0])
            faults += _kept_faults(head, *found)
        for rows, name in ((lines, "entries"), (contents, "contents"), (files, "files")):
            faults += [Fault(f"case id {id_}", f"{name} without a case") for id_ in rows.strays()]
        if case is None:
            seals, sealed_faults = _seal_faults()
            faults += sealed_faults
        faults += _sealed_entry_faults(case)
    return Report(cases=cases, entries=entries, contents=kept, seals=seals, faults=tuple(faults))


@contextmanager
def _one_moment() -> Iterator[None]:
    """All queries see the database as it stands at the first, so that a move made meanwhile is no fault."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


_LINES = models.Entry.objects.order_by("case_id", "seq").values(
    "case_id", "seq", "kind", "move", "at", "by", "body", "prev", "digest", "alg"
)
_CONTENTS = models.Content.objects.order_by("case_id", "seq", "id").values(
    "case_id", "seq", "kind", "salt", "body", "digest", "erased_at"
)
_FILES = models.Attachment.objects.order_by("case_id", "seq", "id").values(
    "case_id", "seq", "material", "evidence_id"
)

Row = dict[str, Any]


class _Rows:
    """Rows ordered by case, streamed from one cursor and handed out case by case, in the same order."""

    def __init__(self, query: Any, case: int | None) -> None:
        rows = query.all() if case is None else query.filter(case_id=case)
        self._groups = groupby(rows.iterator(2000), key=lambda row: row["case_id"])
        self._waiting = next(self._groups, None)
        self._strays: list[int] = []

    def of(self, case: int) -> list[Row]:
        """The rows of `case`; what is passed over on the way belongs to no case."""
        while self._waiting is not None and self._waiting[0] < case:
            self._strays.append(self._waiting[0])
            self._waiting = next(self._groups, None)
        if self._waiting is None or self._waiting[0] != case:
            return []
        found = list(self._waiting[1])
        self._waiting = next(self._groups, None)
        return found

    def strays(self) -> list[int]:
        """The cases that have rows here and no head, once every head has taken its own."""
        while self._waiting is not None:
            self._strays.append(self._waiting[0])
            self._waiting = next(self._groups, None)
        return self._strays


def _case_faults(head: models.Case, rows: list[Row]) -> Iterator[Fault]:
    """Faults of one case: its chain first, then its head against the replay."""
    if not rows:
        yield Fault(f"case {head.number} entry 1", "missing: the case has no entries")
        return
    lines, prev, broken = [], ZERO, False
    for expected, row in enumerate(rows, start=1):
        where = f"case {head.number} entry {row['seq']}"
        if row["seq"] != expected:
            yield Fault(f"case {head.number} entry {expected}", f"missing: entry {row['seq']} stands here")
            return
        if _body(row) is None:
            yield Fault(where, "touched: its body is no longer a JSON object")
            return
        line = line_of(row)
        if line.alg != "sha256":
            yield Fault(where, f"touched: it names a digest {line.alg!r} that is not known here")
            broken = True
        if line.prev != prev:
            yield Fault(where, "touched: it does not name the digest of the entry before it")
            broken = True
        if digest_of(line, number=head.number) != line.digest:
            yield Fault(where, "touched: its content does not match its digest")
            broken = True
        lines.append(line)
        prev = line.digest
    if broken:
        return
    if head.seq != len(lines):
        yield Fault(
            f"case {head.number} entry {len(lines) + 1}",
            f"missing: the head counts {head.seq} entries, {len(lines)} are there",
        )
        return
    yield from _head_faults(head, lines)


def _head_faults(head: models.Case, lines: list[Line]) -> Iterator[Fault]:
    where = f"case {head.number} head"
    if bytes(head.head) != lines[-1].digest:
        yield Fault(where, "its digest is not that of the last entry")
    case, units = Case(matter="", version=0), [head.unit]
    try:
        for line in lines:
            case = apply(case, line.entry)
            kind, _, unit = case.holder.partition(":")
            units += [unit] if kind == "unit" and unit not in units else []
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        yield Fault(where, f"its entries do not add up to a case ({type(error).__name__}: {error})")
        return
    if case.state() != head.state:
        differing = sorted(key for key, value in case.state().items() if head.state.get(key) != value)
        yield Fault(where, f"differs from the replay of its entries in {', '.join(differing) or 'its keys'}")
    for name, value in columns(case).items():
        stored = getattr(head, "assignee_id" if name == "assignee" else name)
        if stored != value:
            yield Fault(where, f"column {name} is {stored!s}, the replay of its entries gives {value!s}")
    opening = lines[0].entry.body.get("case", {})
    fixed = {
        "number": head.number,
        "unit": head.unit,
        "party": head.party_id,
        "opened_by": head.opened_by,
        "channel": head.channel,
        "place": head.place,
        "parent": head.parent_id,
        "parent_seq": head.parent_seq,
    }
    if "shown" in opening:
        fixed["shown"] = shown_digest(title=head.title, lat=head.lat, lon=head.lon)
    for name, value in fixed.items():
        if opening.get(name) != value and name == "shown":
            yield Fault(where, "its title or point is not the one it was opened with")
        elif opening.get(name) != value:
            yield Fault(where, f"column {name} is {value!s}, it was opened with {opening.get(name)!s}")
    if head.units != [unit for unit in units if unit]:
        yield Fault(where, f"column units is {head.units}, the replay of its entries gives {units}")
    if (head.matter, head.version, head.opened_at) != (case.matter, case.version, case.opened_at):
        yield Fault(where, "its matter, version or opening time is not the one it was opened with")


def digest_of(line: Line, *, number: str) -> bytes:
    """What the digest of `line` must be."""
    entry = line.entry
    return entry_digest(
        number=number,
        seq=entry.seq,
        kind=entry.kind,
        move=entry.move,
        at=entry.at,
        by=entry.by,
        body=line.text,
        prev=line.prev,
    )


def _kept_faults(
    head: models.Case, lines: list[Row], contents: list[Row], files: list[Row]
) -> Iterator[Fault]:
    """Words and files of one case: what its entries name is there, unchanged, and nothing else is."""
    stored: dict[int, dict[str, str]] = {}
    brought: dict[int, list[dict[str, str]]] = {}
    erased: set[int] = set()
    for content in contents:
        stored.setdefault(content["seq"], {})[content["kind"]] = bytes(content["digest"]).hex()
    for file in files:
        named = {"material": file["material"], "digest": file["evidence_id"]}
        brought.setdefault(file["seq"], []).append(named)
    for line in lines:
        body = _body(line) or {}
        where = f"case {head.number} entry {line['seq']}"
        if body.get("content", {}) != stored.pop(line["seq"], {}):
            yield Fault(f"{where} content", "what is stored is not what the entry names")
        if body.get("files", []) != brought.pop(line["seq"], []):
            yield Fault(f"{where} files", "what is stored is not what the entry names")
        if line["kind"] == ERASED:
            erased.update(body.get("erased", ()))
    for seq in sorted(stored.keys() | brought.keys()):
        yield Fault(f"case {head.number} entry {seq} content", "stored for an entry that is not there")
    for content in contents:
        where = f"case {head.number} entry {content['seq']} content {content['kind']}"
        if content["erased_at"] is not None:
            if content["seq"] not in erased:
                yield Fault(where, "erased, and no entry says so")
        elif content_digest(bytes(content["salt"]), content["body"]) != bytes(content["digest"]):
            yield Fault(where, "touched: its words do not match their digest")


def _body(row: Row) -> dict[str, Any] | None:
    """The body of an entry row; None when somebody made it anything but a JSON object."""
    try:
        body = json.loads(row["body"])
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _seal_faults() -> tuple[int, list[Fault]]:
    """Seals chain, their roots follow from their leaves, and no sealed entry is gone or changed."""
    faults: list[Fault] = []
    prev, count = ZERO, 0
    for expected, seal in enumerate(models.Seal.objects.order_by("number").iterator(), start=1):
        count += 1
        where = f"seal {seal.number}"
        if seal.number != expected:
            faults.append(Fault(f"seal {expected}", "missing"))
            break
        if bytes(seal.prev) != prev:
            faults.append(Fault(where, "does not name the digest of the seal before it"))
        leaves = models.SealLeaf.objects.filter(seal=seal).order_by("position").select_related("case")
        digests = []
        for position, leaf in enumerate(leaves.iterator(2000)):
            if leaf.position != position:
                faults.append(Fault(where, f"leaf {position} is missing"))
                break
            digests.append(leaf_digest(number=leaf.case.number, seq=leaf.seq, head=bytes(leaf.digest)))
        if merkle_root(digests) != bytes(seal.root):
            faults.append(Fault(where, "its root does not follow from its leaves"))
        if seal.alg != "sha256":
            faults.append(Fault(where, f"touched: it names a digest {seal.alg!r} that is not known here"))
        own = seal_digest(
            number=seal.number, at=seal.at, root=bytes(seal.root), leaves=seal.leaves, prev=bytes(seal.prev)
        )
        if own != bytes(seal.digest):
            faults.append(Fault(where, "touched: its content does not match its digest"))
        prev = bytes(seal.digest)
    return count, faults


def _sealed_entry_faults(case: int | None) -> Iterator[Fault]:
    """A sealed entry must still be there, digest for digest: this is what catches a whole rewritten case."""
    with connection.cursor() as cursor:
        cursor.execute(statement("unsealed"), {"case": case})
        for number, seq, seal, there in cursor.fetchall():
            what = (
                "touched: seal {} holds another digest for it"
                if there
                else "missing: seal {} holds its digest"
            )
            yield Fault(f"case {number} entry {seq}", what.format(seal))
