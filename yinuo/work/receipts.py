"""The receipt of a case: what its owner keeps, and anybody can check."""

from __future__ import annotations

from typing import Any

from yinuo.ledger import receipts
from yinuo.registers.models import Person

from . import access


def receipt_for(person: Person, number: str) -> dict[str, Any]:
    """The receipt of case `number` as JSON values (see ledger.receipts). Raises NotFound for a stranger."""
    return receipts.receipt(access.case_for(person, number))
