"""The city as its pack writes it, loaded into the test's own transaction, and free to be changed there."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from yinuo.packs.load import read
from yinuo.registers import load

PACK = read(Path(__file__).resolve().parents[2] / "packs" / "jincheng")
LOADED = date(2026, 1, 1)


@dataclass
class Rows:
    """The pack's rows; `load()` puts them in as they are by then."""

    units: list[dict[str, Any]] = field(default_factory=list)
    roles: list[dict[str, Any]] = field(default_factory=list)
    places: list[dict[str, Any]] = field(default_factory=list)
    registers: list[dict[str, Any]] = field(default_factory=list)
    geometries: dict[str, Any] = field(default_factory=dict)

    def load(self, *, on: date = LOADED) -> dict[str, int]:
        return load.put(
            units=self.units,
            roles=self.roles,
            places=self.places,
            registers=self.registers,
            geometries=self.geometries,
            datum="GCJ-02?",
            on=on,
        )

    def unit(self, id_: str) -> dict[str, Any]:
        return next(row for row in self.units if row["id"] == id_)

    def place(self, code: str) -> dict[str, Any]:
        return next(row for row in self.places if row["code"] == code)

    def register(self, id_: str) -> dict[str, Any]:
        return next(row for row in self.registers if row["id"] == id_)


@pytest.fixture
def rows() -> Rows:
    return Rows(
        units=copy.deepcopy(list(PACK.units)),
        roles=copy.deepcopy(list(PACK.roles)),
        places=copy.deepcopy(list(PACK.places)),
        registers=copy.deepcopy(list(PACK.registers)),
        geometries=copy.deepcopy(PACK.geometries or {}),
    )


@pytest.fixture
def city(db: None, rows: Rows) -> Rows:
    """The rows, loaded on 1 January 2026."""
    rows.load()
    return rows
