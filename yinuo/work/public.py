"""What anybody may learn without signing in: enough to hold the city to its word, and nothing personal.

A case number is no secret. It is a day, a serial and a check character, so anybody can write down one
that exists. A number alone therefore shows only what the promise board publishes of every case anyway: the
matter, the responsible unit, when it was opened, promised and closed, where it stands, whose clock runs,
whether the promise was kept, how many entries there are, and digests. It does not show the applicant, the
place, the form, the title (which may name a shop), the outcome (a refusal says something about a person)
or any officer.

The receipt itself, with the time and author of every entry, goes to those who may see the case, and to
whoever holds the key that is printed on the applicant's own paper (`receipt_key`).
"""

from __future__ import annotations

import hmac
import inspect
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.crypto import salted_hmac

from yinuo.core.clock import Limit
from yinuo.core.instants import instant, instant_text
from yinuo.core.matter import PROMISED, Label, Matter
from yinuo.ledger import receipt_check, receipts
from yinuo.ledger.models import Case, Entry, Seal, SealLeaf
from yinuo.ledger.verify import verify
from yinuo.packs import matters
from yinuo.registers import records

from . import casefile, names
from .access import NotFound
from .seal import next_seal_after

NUMBER = re.compile(r"[A-Z]{1,4}[0-9]{6}-[0-9]{6,12}-[0-9A-Z]")
RECEIPT_BYTES = 5 * 2**20
"""A receipt of a thousand entries has about two million bytes."""


# -- one case -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Promised:
    """The promised date as it was last said: `at` the instant when it is past, UTC."""

    at: datetime
    provisional: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """One promise as anybody may see it.

    word: "kept", "broken", "open", "late", "paused" as on the board, or "" when it is not counted (withdrawn,
    part of another case, or nothing was promised yet when it ended).
    """

    number: str
    matter: Label
    unit: str
    opened_at: datetime
    promised: Promised | None
    closed_at: datetime | None
    word: str


@dataclass(frozen=True, slots=True)
class Proof:
    """How well a case is proved now. holds: its chain, head and words are as they were written. seal: the
    newest seal that covers any of its entries, up to entry `sealed`; sealing: when the rest is sealed."""

    entries: int
    head: str
    holds: bool
    seal: Seal | None
    sealed: int
    sealing: datetime | None


@dataclass(frozen=True, slots=True)
class PublicCase:
    """A case as its number alone shows it. clock: whose clock runs ("" once closed). limit: the promise."""

    standing: Standing
    step: str
    says: str
    clock: str
    limit: Limit | None
    proof: Proof


def tidy(number: str) -> str:
    """A number in the one spelling that links use, or "" when it cannot be one."""
    wanted = number.strip().upper()
    return wanted if NUMBER.fullmatch(wanted) else ""


def look_up(number: str, *, now: datetime, lang: str | None = None) -> PublicCase:
    """The case of that number, for anybody. Raises NotFound."""
    row = _case(number)
    tongue = names.lang(lang)
    matter = matters.version(row.matter, row.version)
    step = matter.steps.get(row.step)
    return PublicCase(
        standing=standings([row])[0],
        step=casefile.step_title(matter, row.step, lang=tongue),
        says=step.says.in_(tongue) if step else "",
        clock=names.holder(row.holder, lang_=tongue),
        limit=matter.limits.get(PROMISED),
        proof=proof(row, now=now),
    )


def proof(row: Case, *, now: datetime) -> Proof:
    """Verify the case now and say which seal covers it."""
    leaf = SealLeaf.objects.filter(case_id=row.pk).order_by("-seq", "-seal_id").select_related("seal").first()
    sealed = leaf.seq if leaf else 0
    return Proof(
        entries=row.seq,
        head=bytes(row.head).hex(),
        holds=not verify(case=row.pk).faults,
        seal=leaf.seal if leaf else None,
        sealed=sealed,
        sealing=next_seal_after(now) if sealed < row.seq else None,
    )


def standings(rows: Iterable[Case]) -> list[Standing]:
    """Each case as anybody may see it, in the order given."""
    cases = list(rows)
    promised = _promised(cases)
    return [
        Standing(
            number=row.number,
            matter=_matter_of(row).title,
            unit=row.unit,
            opened_at=row.opened_at,
            promised=promised.get(row.pk),
            closed_at=row.closed_at,
            word=_word(row),
        )
        for row in cases
    ]


def _case(number: str) -> Case:
    wanted = tidy(number)
    row = Case.objects.filter(number=wanted).first() if wanted else None
    if row is None:
        raise NotFound(number)
    return row


def _matter_of(row: Case) -> Matter:
    return matters.version(row.matter, row.version)


def _word(row: Case) -> str:
    if row.parent_id is not None or row.outcome == "withdrawn":
        return ""
    if row.kept is not None:
        return "kept" if row.kept else "broken"
    if row.closed_at is not None:
        return ""
    if row.paused:
        return "paused"
    return "late" if "promised" in row.state["breached"] else "open"


def _promised(cases: list[Case]) -> dict[int, Promised]:
    """case id -> its promised date: the running one, else the last that an entry of its ledger wrote down.

    Read from what was written, not computed anew: a later calendar does not change what was promised.
    """
    found = {row.pk: _said(row.state["dates"]) for row in cases if PROMISED in row.state["dates"]}
    ended = [row.pk for row in cases if row.pk not in found]
    entries = Entry.objects.filter(case_id__in=ended, body__contains=f'"{PROMISED}"')
    for row in entries.order_by("case_id", "seq").values("case_id", "body"):
        try:
            dates = json.loads(row["body"]).get("state", {}).get("dates", {})
        except ValueError:
            continue  # a body that was touched: proof() says so
        if PROMISED in dates:
            found[row["case_id"]] = _said(dates)
    return found


def _said(dates: dict[str, Any]) -> Promised:
    return Promised(at=instant(dates[PROMISED]["at"]), provisional=bool(dates[PROMISED]["provisional"]))


# -- receipts -------------------------------------------------------------------------------------


def receipt_key(number: str) -> str:
    """The key that opens one case's receipt without signing in: 24 characters on the applicant's paper."""
    return salted_hmac("yinuo.receipt", number, algorithm="sha256").hexdigest()[:24]


def receipt_with_key(number: str, key: str) -> dict[str, Any]:
    """The receipt of `number` for whoever holds its key. Raises NotFound for a wrong key as for no case."""
    row = _case(number)
    if not hmac.compare_digest(key.encode(), receipt_key(row.number).encode()):
        raise NotFound(number)
    return receipts.receipt(row)


def checker() -> bytes:
    """The script that checks a receipt offline, as anybody may download, read and keep it."""
    return inspect.getsource(receipt_check).encode()


class NotAReceipt(ValueError):
    """What was handed in is no receipt. `code`: "large", "text", "format" or "shape"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Checked:
    """What holds of a receipt that somebody handed in.

    broken: the first entry that does not fit, 0 when all do. seal: the number of its seal, 0 for none.
    under: its entries lie under that seal and the seal's own digest is right. published: "same", "other" or
    "none": what we have published under that number. ours: "same", "other" or "none": what our ledger holds
    for the case now, entry by entry. matter: of the case in our ledger. faults: the checker's own sentences.
    """

    number: str
    matter: Label | None
    entries: int
    broken: int
    seal: int
    sealed_at: datetime | None
    sealed: int
    under: bool
    published: str
    ours: str
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.faults and self.ours == "same" and self.published != "other"


def check_receipt(data: bytes) -> Checked:
    """Check a receipt with the published checker, against our published seals and our ledger as it is now.

    Raises NotAReceipt for what is too large, no JSON, of another format, or not shaped like a receipt.
    """
    if len(data) > RECEIPT_BYTES:
        raise NotAReceipt("large")
    try:
        receipt = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise NotAReceipt("text") from error
    if not isinstance(receipt, dict) or receipt.get("format") != "yinuo-receipt/1":
        raise NotAReceipt("format")
    try:
        return _checked(receipt)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, OverflowError) as error:
        raise NotAReceipt("shape") from error


def _checked(receipt: dict[str, Any]) -> Checked:
    number, entries = tidy(receipt["number"]), receipt["entries"]
    seal: dict[str, Any] = receipt.get("seal") or {}
    if number != receipt["number"] or not isinstance(entries, list) or len(entries) > 100_000:
        raise ValueError(f"number or entries of {number!r} are not a receipt's")
    _, faults = receipt_check.check(receipt)
    row = Case.objects.filter(number=number).first()
    kept = Seal.objects.filter(number=seal["number"]).first() if seal else None
    published = "none"
    if kept is not None:
        published = "same" if bytes(kept.digest).hex() == seal["digest"] else "other"
    if seal and published != "same":
        faults.append(f"seal {seal['number']} is not among the published ones")
    return Checked(
        number=number,
        matter=_matter_of(row).title if row else None,
        entries=len(entries),
        broken=_first_broken(number, entries),
        seal=int(seal["number"]) if seal else 0,
        sealed_at=instant(seal["at"]) if seal else None,
        sealed=int(seal["seq"]) if seal else 0,
        under=bool(seal) and not receipt_check.check_seal(receipt, seal),
        published=published,
        ours=_ours(row, entries),
        faults=tuple(faults),
    )


def _first_broken(number: str, entries: list[Any]) -> int:
    """The first entry whose chain does not hold, counted from 1; 0 when all hold."""

    def holds(upto: int) -> bool:
        return not receipt_check.check_entries(number, entries[:upto])

    if not entries or holds(len(entries)):
        return 0
    low, high = 1, len(entries)  # faults of the first entries stay when more follow: halve until found
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if holds(middle) else (low, middle)
    return low


def _ours(row: Case | None, entries: list[Any]) -> str:
    if row is None:
        return "none"
    own = Entry.objects.filter(case_id=row.pk).order_by("seq").values_list("seq", "digest")
    held = {seq: bytes(digest).hex() for seq, digest in own}
    return "same" if all(held.get(each["seq"]) == each["digest"] for each in entries) else "other"


# -- seals ----------------------------------------------------------------------------------------


def seals() -> QuerySet[Seal]:
    """Every seal, the newest first."""
    return Seal.objects.order_by("-number")


def published_seals() -> dict[str, Any]:
    """Every seal as a file to keep; the checker takes it as its second argument."""
    return {"format": "yinuo-seals/1", "alg": "sha256", "seals": receipts.published_seals()}


def seal_lines(seal: Seal) -> list[str]:
    """The lines whose SHA-256 is the seal's digest, as the checker writes them."""
    return [
        "yinuo-seal/1",
        str(seal.number),
        instant_text(seal.at),
        bytes(seal.root).hex(),
        str(seal.leaves),
        bytes(seal.prev).hex(),
    ]


# -- licences -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Licence:
    """A record by its code. changed, reason: when it became what it is, and why ("" where none is owed)."""

    view: records.PublicView
    unit: str
    changed: datetime | None
    reason: str


def licence(code: str, *, on: date) -> Licence:
    """The register's record whose random code this is, as anybody may see it. Raises NotFound."""
    record = records.by_code(code)
    if record is None:
        raise NotFound(code)
    last = record.changes.order_by("-id").first()
    ended = last is not None and last.after == record.state and last.before != ""
    return Licence(
        view=records.public_view(record, on=on),
        unit=str(record.body.get("issued_by", "")),
        changed=last.at if last is not None and ended else None,
        reason=record.reason,
    )


# -- open data ------------------------------------------------------------------------------------

_LIMIT: dict[str, Callable[[Limit], Any]] = {
    "value": lambda limit: limit.value,
    "mode": lambda limit: str(limit.mode),
    "from": lambda limit: limit.start,
    "until": lambda limit: list(limit.until),
    "pausable": lambda limit: limit.pausable,
    "extension": lambda limit: limit.extension,
    "basis": lambda limit: limit.basis,
}


def matter_json(matter: Matter) -> dict[str, Any]:
    """A matter as open data: what is promised, how soon, and what to bring."""
    body = matter.body
    return {
        "id": matter.id,
        "version": matter.version,
        "title": matter.title.as_json(),
        "summary": matter.summary.as_json(),
        "kind": matter.kind,
        "type": str(body.get("type", "")),
        "theme": str(body.get("theme", "")),
        "audience": list(matter.audience),
        "valid_from": matter.valid_from.isoformat() if matter.valid_from else None,
        "limits": {
            name: {key: get(limit) for key, get in _LIMIT.items()} for name, limit in matter.limits.items()
        },
        "conditions": [dict(each) for each in body.get("conditions") or ()],
        "fees": dict(body.get("fees") or {}),
        "materials": [
            {
                "id": material.id,
                "title": material.title.as_json(),
                "required": material.required,
                "kinds": list(material.kinds),
                "note": material.note.as_json(),
                "asked_when": dict(material.show),
            }
            for material in matter.materials
        ],
        "steps": [
            {"id": step.id, "title": step.title.as_json(), "unit": step.unit}
            for step in matter.steps.values()
        ],
        "source": matter.source,
    }
