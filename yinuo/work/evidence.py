"""Files that people hand in and take out again: kept once by digest, given out only through access."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from yinuo.ledger import evidence as ledger
from yinuo.ledger.models import Attachment, Evidence
from yinuo.registers.models import Person

from . import access
from .models import Draft


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored file: SHA-256 in hex, size in bytes, MIME type."""

    digest: str
    size: int
    mime: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A file open for reading, its owner's name for it, its MIME type."""

    name: str
    mime: str
    file: BinaryIO


def keep(chunks: Iterable[bytes], *, mime: str) -> Kept:
    """Store the bytes; the same bytes twice are one file. Whoever took them in has checked type and size."""
    row = ledger.keep(chunks, mime=mime)
    return Kept(digest=row.digest, size=row.size, mime=row.mime)


def open_attachment(person: Person, number: str, id_: int) -> Opened:
    """File `id_` of case `number`. Raises NotFound also for those who may not read the case's words."""
    row = access.case_for(person, number)
    found = Attachment.objects.filter(pk=id_, case_id=row.pk).select_related("evidence").first()
    if found is None or not access.may_read_words(person, row):
        raise access.NotFound(f"{number}/{id_}")
    return _opened(found.name, found.evidence)


def open_of_draft(draft: Draft, digest: str) -> Opened:
    """A file of a draft, which its owner has (see drafts.get). Raises NotFound."""
    named = next((each for each in draft.files if each["digest"] == digest), None)
    row = Evidence.objects.filter(pk=digest).first() if named else None
    if named is None or row is None:
        raise access.NotFound(digest)
    return _opened(named["name"], row)


def _opened(name: str, row: Evidence) -> Opened:
    try:
        return Opened(name=name, mime=row.mime, file=ledger.open_file(row.digest))
    except FileNotFoundError as error:
        raise access.NotFound(row.digest) from error
