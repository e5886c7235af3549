"""What a page says of a matter besides the matter itself: its versions, its examples, who answers for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

import yaml
from django.conf import settings

from yinuo.core.matter import Matter
from yinuo.packs import matters
from yinuo.packs.models import MatterVersion
from yinuo.registers import edition


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a matter. running: new cases open under it. loaded_at: from when it could be."""

    number: int
    valid_from: date | None
    loaded_at: datetime
    digest: str
    running: bool


def versions(matter: str) -> list[Version]:
    """Every version of `matter`, the newest first; [] when there never was one."""
    current = matters.in_force().matters.get(matter)
    return [
        Version(
            number=row.version,
            valid_from=row.valid_from,
            loaded_at=row.loaded_at,
            digest=row.digest,
            running=row.version == current,
        )
        for row in MatterVersion.objects.filter(matter=matter).defer("body").order_by("-version")
    ]


def examples(matter: str) -> list[str]:
    """The names of the examples that prove this matter, as its folder in the pack tells them."""
    path = Path(settings.PACK) / "matters" / matter / "examples.yaml"
    if not path.is_file():
        return []
    return list(_examples(path, path.stat().st_mtime_ns))


@lru_cache(maxsize=256)
def _examples(path: Path, changed: int) -> tuple[str, ...]:
    read = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return tuple(str(each.get("name", "")) for each in read.get("examples") or ())


def units_of(matter: Matter) -> dict[str, list[str]]:
    """function -> the ids of the units that answer for it somewhere in the city."""
    now = edition.current()
    return {
        function: [
            unit.id for unit in now.units.values() if function in unit.functions or unit.id == function
        ]
        for function in sorted(matter.units_named)
    }
