"""Codes of enterprises and people: read as written, return in one spelling, or say what is wrong.

Check characters and alphabets come from python-stdnum. Two of its checks are narrower than the law,
so they are made here:

- It wants digits in the first two places of a 统一社会信用代码. GB 32100-2015 allows letters there, and
  village collectives (农村集体经济组织) are registered under N.
- It wants the county of a 居民身份证 to have existed in the year of birth. The number is given where the
  person is registered when it is issued, so somebody born in 1950 may hold a county code of 1985.
"""

from __future__ import annotations

from datetime import date

from stdnum.cn import ric
from stdnum.cn import uscc as stdnum_uscc

_LETTERS = frozenset("0123456789ABCDEFGHJKLMNPQRTUWXY")
_DIGITS = frozenset("0123456789")
# The first two digits in GB/T 2260, and 83: the residence permit (港澳台居民居住证) of people from Taiwan.
_PROVINCES = frozenset(
    region + province
    for region, provinces in zip(
        "12345678", ("12345", "123", "1234567", "123456", "01234", "12345", "1", "123")
    )
    for province in provinces
)


class Invalid(ValueError):
    """A code that cannot be right. field: which one. value: as given. remedy: what would be right.

    The text shows a personal number only in part, because error texts end up in logs.
    """

    def __init__(self, *, field: str, value: str, wrong: str, remedy: str, shown: str | None = None) -> None:
        super().__init__(f"{field}: {(value if shown is None else shown)!r} {wrong}; {remedy}")
        self.field = field
        self.value = value
        self.wrong = wrong
        self.remedy = remedy


def uscc(text: str) -> str:
    """统一社会信用代码 in its one spelling: stripped, upper case, 18 characters. Raises Invalid.

    Source: GB 32100-2015 (alphabet without I, O, S, V, Z; check character modulo 31).
    """
    code = text.strip().upper()

    def wrong(what: str, remedy: str) -> Invalid:
        return Invalid(field="uscc", value=text, wrong=what, remedy=remedy)

    if len(code) != 18:
        raise wrong(f"has {len(code)} characters", "copy all 18 characters from the business licence")
    strange = sorted(set(code) - _LETTERS)
    if strange:
        raise wrong(
            f"contains {' '.join(strange)}", "use digits and capital letters without I, O, S, V and Z"
        )
    if not set(code[2:8]) <= _DIGITS:
        raise wrong(
            "has letters in places 3 to 8", "write the six digits of the division there, such as 140500"
        )
    if code[-1] != stdnum_uscc.calc_check_digit(code):
        raise wrong("has a wrong check character", "compare each character with the business licence")
    return code


def citizen_id(text: str, on: date) -> str:
    """公民身份号码 in its one spelling: stripped, upper case, 18 characters. Raises Invalid.

    `on` is the day of checking: nobody is born after it. Source: GB 11643-1999.
    """
    code = text.strip().upper()

    def wrong(what: str, remedy: str) -> Invalid:
        shown = f"{code[:4]}…{code[-2:]}" if len(code) > 8 else "…"
        return Invalid(field="citizen_id", value=text, wrong=what, remedy=remedy, shown=shown)

    if len(code) == 15 and set(code) <= _DIGITS:
        raise wrong("is of the first generation", "write the 18 characters of the present identity card")
    if len(code) != 18:
        raise wrong(f"has {len(code)} characters", "copy all 18 characters from the identity card")
    if not set(code[:17]) <= _DIGITS or code[17] not in "0123456789X":
        raise wrong("has a character out of place", "write 17 digits, then a digit or X")
    if code[17] != ric.calc_check_digit(code):
        raise wrong("has a wrong check character", "compare each character with the identity card")
    if code[:2] not in _PROVINCES:
        raise wrong(
            f"begins with {code[:2]}, which is no province", "compare the first digits with the identity card"
        )
    try:
        born = date(int(code[6:10]), int(code[10:12]), int(code[12:14]))
    except ValueError:
        born = None
    if born is None or born > on:
        raise wrong("holds a day of birth that cannot be", f"places 7 to 14 are a day up to {on:%Y%m%d}")
    return code
