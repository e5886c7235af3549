"""Sealing: once a night (and whenever asked) the heads that changed go under one Merkle root.

A seal covers what changed since the seal before it and is chained to that one, so all seals together cover
every case; a night costs what the day moved, not what the city has ever done (docs/decisions/0003).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from . import models
from .digests import ZERO, leaf_digest, merkle_path, merkle_root, seal_digest
from .sql import statement

_LOCK = 7_203_001
"""Advisory lock, so that two workers never seal at once."""


@dataclass(frozen=True, slots=True)
class Proof:
    """That a case's entry `seq` lies under a seal: the way from its leaf to the root."""

    seal: models.Seal
    seq: int
    head: bytes
    path: tuple[tuple[str, bytes], ...]


def seal(*, at: datetime) -> models.Seal | None:
    """Seal every head that changed since the last seal; None when none did."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        changed = _changed()
        if not changed:
            return None
        last = models.Seal.objects.order_by("-number").first()
        number = last.number + 1 if last else 1
        prev = bytes(last.digest) if last else ZERO
        moment = max(at, last.at) if last else at
        root = merkle_root([leaf_digest(number=case, seq=seq, head=head) for _, case, seq, head in changed])
        made = models.Seal.objects.create(
            number=number,
            at=moment,
            leaves=len(changed),
            root=root,
            prev=prev,
            digest=seal_digest(number=number, at=moment, root=root, leaves=len(changed), prev=prev),
        )
        models.SealLeaf.objects.bulk_create(
            (
                models.SealLeaf(seal=made, position=position, case_id=id_, seq=seq, digest=head)
                for position, (id_, _, seq, head) in enumerate(changed)
            ),
            batch_size=5000,
        )
        return made


def _changed() -> list[tuple[int, str, int, bytes]]:
    """(id, number, seq, head) of every case no seal has seen at its present seq."""
    with connection.cursor() as cursor:
        cursor.execute(statement("changed"))
        return [(id_, number, seq, bytes(head)) for id_, number, seq, head in cursor.fetchall()]


def proof(case: int, *, seq: int) -> Proof | None:
    """The earliest seal that covers entry `seq` of the case; None when none does yet.

    The seal's leaf holds the head at some later-or-equal seq; the chain from `seq` to there is the rest of
    the proof (receipts.py adds it).
    """
    leaf = (
        models.SealLeaf.objects.filter(case_id=case, seq__gte=seq)
        .order_by("seal_id")
        .select_related("seal")
        .first()
    )
    if leaf is None:
        return None
    leaves = [
        leaf_digest(number=number, seq=at, head=bytes(head))
        for number, at, head in models.SealLeaf.objects.filter(seal=leaf.seal)
        .order_by("position")
        .values_list("case__number", "seq", "digest")
    ]
    return Proof(
        seal=leaf.seal,
        seq=leaf.seq,
        head=bytes(leaf.digest),
        path=tuple(merkle_path(leaves, leaf.position)),
    )
