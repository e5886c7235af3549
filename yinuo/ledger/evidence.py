"""Files by digest: kept once, in a folder tree, never overwritten.

A file is written beside its place and renamed into it, so a half-written file never has a digest's name.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from io import BufferedReader
from pathlib import Path

from django.conf import settings

from . import models


def keep(chunks: Iterable[bytes], *, mime: str) -> models.Evidence:
    """Store the bytes and return their Evidence row. The same bytes twice are one file and one row."""
    root = Path(settings.EVIDENCE_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    handle, name = tempfile.mkstemp(dir=root, prefix=".incoming-")
    try:
        with os.fdopen(handle, "wb") as file:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        place = path(digest.hexdigest())
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            os.unlink(name)
        else:
            os.replace(name, place)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    evidence, _ = models.Evidence.objects.get_or_create(
        digest=digest.hexdigest(), defaults={"size": size, "mime": mime}
    )
    return evidence


def path(digest: str) -> Path:
    """Where the file with this SHA-256 (64 hex digits) lies."""
    if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        raise ValueError(f"{digest!r} is not a SHA-256 in hex")
    return Path(settings.EVIDENCE_ROOT) / digest[:2] / digest[2:4] / digest


def open_file(digest: str) -> BufferedReader:
    """The file, open for reading. Raises FileNotFoundError."""
    return path(digest).open("rb")


def intact(digest: str) -> bool:
    """Whether the file is there and still has its digest."""
    try:
        with open_file(digest) as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == digest
    except FileNotFoundError:
        return False
