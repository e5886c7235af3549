"""Puts a pack's matters and calendar into the database: `put(pack)`. The only writer of these tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from . import matters
from .load import Pack, as_text, digest
from .models import CalendarYear, MatterVersion, PackLoad

_ONE_AT_A_TIME = 0x59494E_5041434B  # an arbitrary key of our own for pg_advisory_xact_lock


@dataclass(frozen=True, slots=True)
class Changes:
    """What `put` wrote. new, changed: matter ids; withdrawn: no longer offered; years: calendars written."""

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    load: int | None = None
    """The PackLoad written; None when the database had this very pack already."""

    def __bool__(self) -> bool:
        return self.load is not None


def put(pack: Pack) -> Changes:
    """Writes what `pack` changed; the caller has checked it. Run it inside transaction.atomic().

    Idempotent: a pack that is in force already writes nothing. A changed matter becomes its next version;
    versions that stand are never touched.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("packs.store.put() belongs inside transaction.atomic()")
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s::bigint)", [_ONE_AT_A_TIME])
    before = PackLoad.objects.order_by("-id").first()
    if before is not None and before.digest == pack.digest and before.pack == pack.id:
        return Changes()
    matters.doubt()
    in_force, new, changed = _matters(pack)
    years = tuple(year["year"] for year in pack.years if _year(year))
    load = PackLoad.objects.create(
        pack=pack.id, version=pack.version, digest=pack.digest, city=dict(pack.city), matters=in_force
    )
    gone = set(before.matters if before else {}) - set(in_force)
    return Changes(new=new, changed=changed, withdrawn=tuple(sorted(gone)), years=years, load=load.pk)


def _matters(pack: Pack) -> tuple[dict[str, int], tuple[str, ...], tuple[str, ...]]:
    """{matter id: version in force}, the ids that are new, the ids that changed."""
    newest = dict(MatterVersion.objects.values_list("matter").annotate(Max("version")))
    digests = {
        row.matter: row.digest
        for row in MatterVersion.objects.only("matter", "version", "digest")
        if row.version == newest[row.matter]
    }
    rows = []
    in_force: dict[str, int] = {}
    for matter in pack.matters:
        text = digest(matter.body)
        version = newest.get(matter.id, 0)
        if digests.get(matter.id) != text:
            version += 1
            rows.append(
                MatterVersion(
                    matter=matter.id,
                    version=version,
                    title_zh=matter.title.zh,
                    title_en=matter.title.en,
                    body=as_text(matter.body),
                    digest=text,
                    valid_from=matter.valid_from,
                )
            )
        in_force[matter.id] = version
    MatterVersion.objects.bulk_create(rows)
    new = tuple(row.matter for row in rows if row.version == 1)
    return in_force, new, tuple(row.matter for row in rows if row.version > 1)


def _year(body: Mapping[str, Any]) -> bool:
    """Writes one year's calendar unless the newest row of that year is the same; True when it wrote."""
    year, text = body["year"], as_text(body)
    newest = CalendarYear.objects.filter(year=year).order_by("-id").first()
    if newest is not None and newest.digest == digest(body):
        return False
    CalendarYear.objects.create(year=year, body=text, digest=digest(body))
    return True
