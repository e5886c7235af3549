"""Case numbers: readable over the telephone, with a check character against slips."""

from __future__ import annotations

from datetime import datetime

from .workdays import SHANGHAI

_CHECK = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""31 characters (a prime, so that every slip of one digit and every swap of neighbours shows)."""


def case_number(id_: int, *, on: datetime, prefix: str) -> str:
    """The number of case `id_` opened at `on`: "JC261123-000017-6" (city, local day, serial, check)."""
    day = on.astimezone(SHANGHAI).strftime("%y%m%d")
    return f"{prefix}{day}-{id_:06d}-{_check(day + f'{id_:06d}')}"


def valid(number: str) -> bool:
    """Whether `number` is shaped like a case number and its check character is right."""
    parts = number.strip().upper().split("-")
    if len(parts) != 3 or len(parts[0]) < 6:
        return False
    digits = parts[0][-6:] + parts[1]
    return digits.isdigit() and digits.isascii() and _check(digits) == parts[2]


def _check(digits: str) -> str:
    total = 0
    for digit in digits:
        total = (total * 10 + int(digit)) % 31
    return _CHECK[total]
