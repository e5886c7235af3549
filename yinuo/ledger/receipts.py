"""A receipt anybody can check: the case's entries as digests, and the way from them to a published seal.

It holds no personal words: kinds, times, who (as a number) and digests only. `receipt_check.py` checks it
with nothing but Python's standard library and shares no code with the platform.
"""

from __future__ import annotations

from typing import Any

from yinuo.core.instants import instant_text

from . import models
from .seals import proof
from .store import history


def receipt(case: models.Case, *, upto: int | None = None) -> dict[str, Any]:
    """The receipt of `case` as JSON values, covering its entries up to `upto` (default: all).

    `seal` is None until a seal covers the last entry shown: the chain can be checked, its date not yet.
    """
    lines = history(case.id)
    shown = lines[: upto or len(lines)]
    found = proof(case.id, seq=shown[-1].entry.seq)
    if found is not None and found.seq > len(shown):
        shown = lines[: found.seq]
    return {
        "format": "yinuo-receipt/1",
        "alg": "sha256",
        "number": case.number,
        "matter": f"{case.matter}@{case.version}",
        "entries": [
            {
                "seq": line.entry.seq,
                "kind": line.entry.kind,
                "move": line.entry.move,
                "at": instant_text(line.entry.at),
                "by": line.entry.by,
                "body": line.text,
                "prev": line.prev.hex(),
                "digest": line.digest.hex(),
            }
            for line in shown
        ],
        "seal": None
        if found is None
        else {
            "number": found.seal.number,
            "at": instant_text(found.seal.at),
            "leaves": found.seal.leaves,
            "root": bytes(found.seal.root).hex(),
            "prev": bytes(found.seal.prev).hex(),
            "digest": bytes(found.seal.digest).hex(),
            "seq": found.seq,
            "path": [[side, digest.hex()] for side, digest in found.path],
        },
    }


def published_seals() -> list[dict[str, Any]]:
    """Every seal, oldest first, as anybody may download it and keep it."""
    return [
        {
            "number": seal.number,
            "at": instant_text(seal.at),
            "leaves": seal.leaves,
            "root": bytes(seal.root).hex(),
            "prev": bytes(seal.prev).hex(),
            "digest": bytes(seal.digest).hex(),
        }
        for seal in models.Seal.objects.order_by("number")
    ]
