"""How the ledger hashes. The standalone checker (receipt_check.py) repeats these few lines on purpose."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from yinuo.core.instants import instant_text

ALG = "sha256"
ZERO = bytes(32)


def canonical(value: Any) -> str:
    """JSON in one spelling: sorted keys, no blanks, UTF-8. Raises ValueError on a float, which has no single
    spelling (money and measures are text)."""
    _no_floats(value)
    return _ENCODER.encode(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _no_floats(value: Any) -> None:
    kind = type(value)
    if kind is dict:
        for each in value.values():
            if type(each) is not str:
                _no_floats(each)
    elif kind is list or kind is tuple:
        for each in value:
            if type(each) is not str:
                _no_floats(each)
    elif isinstance(value, float):
        raise ValueError(f"{value!r} is a float; write measures and money as text")


def entry_digest(
    *, number: str, seq: int, kind: str, move: str, at: datetime, by: str, body: str, prev: bytes
) -> bytes:
    """The digest of one entry. `body` is the canonical JSON text as stored."""
    lines = ("yinuo-entry/1", number, str(seq), kind, move, instant_text(at), by, prev.hex(), body)
    return hashlib.sha256("\n".join(lines).encode()).digest()


def content_digest(salt: bytes, body: Any) -> bytes:
    """The digest an entry keeps of its erasable content. The salt goes when the content goes, so that a short
    secret (a phone number) cannot be guessed back from what stays."""
    return hashlib.sha256(b"yinuo-content/1\n" + salt + canonical(body).encode()).digest()


def shown_digest(*, title: str, lat: Decimal | None, lon: Decimal | None) -> str:
    """Of what lists and maps show of a case and no entry holds (hex). lat, lon: degrees, rounded as the
    database rounds them, to six places."""
    point = [
        "" if each is None else str(each.quantize(Decimal("0.000001"), ROUND_HALF_UP)) for each in (lat, lon)
    ]
    return hashlib.sha256("\n".join(("yinuo-shown/1", title, *point)).encode()).hexdigest()


def new_salt() -> bytes:
    """16 random bytes, new for every content."""
    return os.urandom(16)


def leaf_digest(*, number: str, seq: int, head: bytes) -> bytes:
    """A Merkle leaf: case number, how many entries it had, digest of the last."""
    return hashlib.sha256(b"\x00" + f"{number}\n{seq}\n{head.hex()}".encode()).digest()


def node_digest(left: bytes, right: bytes) -> bytes:
    """A Merkle node over its two children; its first byte tells it from a leaf."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def seal_digest(*, number: int, at: datetime, root: bytes, leaves: int, prev: bytes) -> bytes:
    """The digest of a seal, which the next seal names."""
    lines = ("yinuo-seal/1", str(number), instant_text(at), root.hex(), str(leaves), prev.hex())
    return hashlib.sha256("\n".join(lines).encode()).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Root over `leaves`; an odd one out is carried up unchanged. ZERO for none."""
    level = list(leaves)
    if not level:
        return ZERO
    while len(level) > 1:
        level = _up(level)
    return level[0]


def merkle_path(leaves: Sequence[bytes], position: int) -> list[tuple[str, bytes]]:
    """What to combine leaf `position` with on the way to the root: ("left" | "right", digest) pairs."""
    path, level, here = [], list(leaves), position
    while len(level) > 1:
        sibling = here ^ 1
        if sibling < len(level):
            path.append(("left" if sibling < here else "right", level[sibling]))
        level, here = _up(level), here // 2
    return path


def _up(level: list[bytes]) -> list[bytes]:
    pairs = [node_digest(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return pairs + level[-1:] if len(level) % 2 else pairs
