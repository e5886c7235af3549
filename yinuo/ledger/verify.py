"""Is the record true? Every chain holds, every case equals the replay of its entries, every seal holds.

`verify()` reads everything through one cursor per table and keeps one case in memory at a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db import connection

from yinuo.core.case import replay

from . import models
from .digests import ZERO, content_digest, entry_digest, leaf_digest, merkle_root, seal_digest
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
    """Check the whole ledger, or one case with `case`."""
    faults: list[Fault] = []
    cases = entries = 0
    heads = models.Case.objects.order_by("id")
    lines = models.Entry.objects.order_by("case_id", "seq")
    if case is not None:
        heads, lines = heads.filter(id=case), lines.filter(case_id=case)
    rows = lines.values(
        "case_id", "seq", "kind", "move", "at", "by", "body", "prev", "digest", "alg"
    ).iterator(2000)
    grouped = groupby(rows, key=lambda row: row["case_id"])
    waiting = next(grouped, None)
    for head in heads.iterator(2000):
        cases += 1
        while waiting is not None and waiting[0] < head.id:
            faults.append(Fault(f"case id {waiting[0]}", "entries without a case"))
            waiting = next(grouped, None)
        if waiting is None or waiting[0] != head.id:
            faults.append(Fault(f"case {head.number} entry 1", "missing: the case has no entries"))
            continue
        found: list[Any] = list(waiting[1])
        entries += len(found)
        faults += _case_faults(head, found)
        waiting = next(grouped, None)
    while waiting is not None:
        faults.append(Fault(f"case id {waiting[0]}", "entries without a case"))
        waiting = next(grouped, None)
    contents = models.Content.objects.filter(**({"case_id": case} if case is not None else {}))
    faults += _content_faults(contents.order_by("case_id", "seq"), case=case)
    seals = 0
    if case is None:
        seals, sealed_faults = _seal_faults()
        faults += sealed_faults
    return Report(cases=cases, entries=entries, contents=contents.count(), seals=seals, faults=tuple(faults))


def _case_faults(head: models.Case, rows: list[dict[str, Any]]) -> Iterator[Fault]:
    """Faults of one case: its chain first, then its head against the replay."""
    lines, prev, broken = [], ZERO, False
    for expected, row in enumerate(rows, start=1):
        where = f"case {head.number} entry {row['seq']}"
        if row["seq"] != expected:
            yield Fault(f"case {head.number} entry {expected}", f"missing: entry {row['seq']} stands here")
            return
        try:
            line = line_of(row)
        except ValueError:
            yield Fault(where, "touched: its body is no longer JSON")
            return
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
    case = replay(line.entry for line in lines)
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
    for name, value in fixed.items():
        if opening.get(name) != value:
            yield Fault(where, f"column {name} is {value!s}, it was opened with {opening.get(name)!s}")
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


def _content_faults(contents: Any, *, case: int | None) -> Iterator[Fault]:
    rows = contents.select_related("case").only(
        "case__number", "seq", "kind", "salt", "body", "digest", "erased_at"
    )
    for content in rows.iterator(2000):
        where = f"case {content.case.number} entry {content.seq} content {content.kind}"
        if content.erased_at is None and content_digest(bytes(content.salt), content.body) != bytes(
            content.digest
        ):
            yield Fault(where, "touched: its words do not match their digest")
    yield from _promised_contents(contents, case=case)


def _promised_contents(contents: Any, *, case: int | None) -> Iterator[Fault]:
    """Every content digest an entry names must be there, and no other. contents: those of `case`, or all."""
    kept: dict[tuple[int, int], dict[str, str]] = {}
    for content in contents.values("case_id", "seq", "kind", "digest").iterator(2000):
        kept.setdefault((content["case_id"], content["seq"]), {})[content["kind"]] = bytes(
            content["digest"]
        ).hex()
    naming = models.Entry.objects.filter(body__contains='"content":')
    if case is not None:
        naming = models.Entry.objects.filter(case_id=case)
    elif kept:
        naming = naming | models.Entry.objects.filter(case_id__in=sorted({id_ for id_, _ in kept}))
    for row in naming.select_related("case").order_by("case_id", "seq").iterator(2000):
        try:
            named = json.loads(row.body).get("content", {})
        except ValueError:
            continue
        if named != kept.get((row.case_id, row.seq), {}):
            yield Fault(
                f"case {row.case.number} entry {row.seq} content",
                "what is stored is not what the entry names",
            )


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
        own = seal_digest(
            number=seal.number, at=seal.at, root=bytes(seal.root), leaves=seal.leaves, prev=bytes(seal.prev)
        )
        if own != bytes(seal.digest):
            faults.append(Fault(where, "touched: its content does not match its digest"))
        prev = bytes(seal.digest)
    faults += _sealed_entry_faults()
    return count, faults


def _sealed_entry_faults() -> Iterator[Fault]:
    """A sealed entry must still be there, digest for digest: this is what catches a whole rewritten case."""
    with connection.cursor() as cursor:
        cursor.execute(statement("unsealed"))
        for number, seq, seal, there in cursor.fetchall():
            what = (
                "touched: seal {} holds another digest for it"
                if there
                else "missing: seal {} holds its digest"
            )
            yield Fault(f"case {number} entry {seq}", what.format(seal))
