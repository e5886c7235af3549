"""Money that grows with time: the late fee, and its cap."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def late_fee(principal: Decimal, rate: Decimal, days: int) -> Decimal:
    """加处罚款 or 滞纳金: `principal` x `rate` x `days` yuan, to the cent, at most `principal`.

    principal: yuan, 0 or more. rate: share of the principal a day (3 % is Decimal("0.03")). days: days
    late, 0 or more; days on which the fee does not run (during litigation) must be left out by the caller.
    Not compounded. Raises TypeError for anything but Decimal, ValueError for negative values.
    Source: 行政处罚法 §72 (3 % a day, capped), 行政强制法 §45 (never above the principal).
    """
    for name, value in (("principal", principal), ("rate", rate)):
        if not isinstance(value, Decimal):
            raise TypeError(
                f'{name}: {value!r} is no Decimal; money is never a float, write Decimal("{value}")'
            )
        if not value.is_finite() or value < 0:
            raise ValueError(f"{name}: {value} is no amount; give 0 or more")
    if days < 0:
        raise ValueError(f"days: {days} is negative; give the days late, 0 or more")
    return min(principal * rate * days, principal).quantize(CENT, rounding=ROUND_HALF_UP)
