"""What goes over the wire. Times are UTC with Z; texts that a reader chooses are in the Accept-Language."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from yinuo.faces.api.errors import Text

BIGINT, INT = 2**63 - 1, 2**31 - 1
Light = Literal["red", "yellow", "green", "grey"]


class Asked(Schema):
    """A body: unknown fields are refused, so that a slip is heard of."""

    model_config = ConfigDict(extra="forbid")


# -- signing in -------------------------------------------------------------------------------------


class SignIn(Asked):
    """Name and password for a key. `name`: what the key is for. `days`: how long it holds."""

    username: str = Field(max_length=150)
    password: str = Field(max_length=1000)
    name: str = Field(default="", max_length=100)
    days: int = Field(default=30, ge=1, le=365)


class Key(Schema):
    """A key of one's own, without its secret."""

    id: int
    name: str
    made_at: datetime
    ends_at: datetime
    used_at: datetime | None


class NewKey(Key):
    """A key just made. `token` is shown this once and not kept."""

    token: str


class PartyOut(Schema):
    """Somebody one may act for; `id` is what POST /api/cases takes as `party`."""

    id: int
    kind: str
    name: str


class PostOut(Schema):
    """A role held in a unit; `matters` empty: for all matters."""

    unit: str
    unit_name: str
    role: str
    matters: list[str]


class Me(Schema):
    """Who the key speaks for."""

    username: str
    name: str
    parties: list[PartyOut]
    posts: list[PostOut]


# -- matters ----------------------------------------------------------------------------------------


class MatterLine(Schema):
    """A matter in a list. limits: see `dictionary` in /public/matters.json."""

    id: str
    version: int
    title: Text
    summary: Text
    kind: str
    audience: list[str]
    offered: bool = Field(
        description="Whether a case may be opened by asking; others open from within a case"
    )
    limits: dict[str, Any]


class MatterFull(MatterLine):
    """A matter with everything one needs to apply. form: JSON Schema, draft 2020-12."""

    type: str
    theme: str
    valid_from: date | None
    conditions: list[dict[str, str]]
    fees: dict[str, str]
    materials: list[dict[str, Any]]
    steps: list[dict[str, Any]]
    source: str
    form: dict[str, Any]


# -- cases ------------------------------------------------------------------------------------------


class Holder(Schema):
    """Whose clock runs. kind: "unit", "party" (the applicant, whom the case file names) or "" when closed."""

    kind: str
    unit: str
    name: str


class CaseLine(Schema):
    """A case in a list. due_at: the next promise to keep, null while paused and when closed."""

    number: str
    matter: str
    version: int
    title: str
    unit: str
    place: str
    step: str
    step_title: str
    holder: Holder
    light: str
    paused: bool
    provisional: bool
    outcome: str
    kept: bool | None
    seq: int
    opened_at: datetime
    closed_at: datetime | None
    due_at: datetime | None
    promised_at: datetime | None
    statutory_at: datetime | None


class CasePage(Schema):
    """One page of a list. `next`: the cursor of the page after, null at the end."""

    cases: list[CaseLine]
    next: str | None


class Inbox(CasePage):
    """What one's units owe, the most urgent first. counts: light -> how many in all ("" is the sum)."""

    counts: dict[str, int]


class DateOut(Schema):
    """One running limit and the sentence that explains its date. level: "green", "yellow", "red", "grey"."""

    name: str
    title: str
    due_at: datetime | None
    day: date | None
    provisional: bool
    level: str
    sentence: str
    basis: str


class FileOut(Schema):
    """Evidence handed in. `sha256` of its bytes."""

    id: int
    seq: int
    material: str
    name: str
    mime: str
    size: int
    sha256: str


class LineOut(Schema):
    """One entry of the ledger. words: kind -> text; hidden: "masked" or "erased" where none may be read."""

    seq: int
    kind: str
    move: str
    title: str
    at: datetime
    who: str
    step: str
    words: dict[str, Any]
    hidden: str
    digest: str


class UnitOut(Schema):
    """A unit: id and name in the reader's language."""

    id: str
    name: str


class MoveOut(Schema):
    """A move open to me. reason: one must be given. needs: what is asked before. form: its own inputs."""

    id: str
    title: Text
    reason: bool
    needs: list[str]
    extends: list[str]
    units: list[UnitOut]
    form: dict[str, Any]


class RecordOut(Schema):
    """A record that the case put into a register. code: of the page /public/v/<code>/."""

    register_id: str
    number: str
    state: str
    valid_from: date
    valid_until: date | None
    code: str


class CaseFull(CaseLine):
    """A case file. `seq` goes back as `expecting` with every change."""

    says: str
    assignee: str
    applicant: str
    is_applicant: bool
    may_read_words: bool
    form: dict[str, Any]
    files: list[FileOut]
    dates: list[DateOut]
    history: list[LineOut]
    parent: str | None
    children: list[str]
    records: list[RecordOut]
    moves: list[MoveOut]
    may_correct: bool


# -- asking -----------------------------------------------------------------------------------------


class EvidenceOut(Schema):
    """A file taken in. `id` holds for a day, for whoever sent it, and is named in `evidence` of a call."""

    id: str
    name: str
    mime: str
    size: int
    sha256: str


class Handed(Asked):
    """A file handed in under a material's id ("" for none)."""

    id: str = Field(max_length=2000)
    material: str = Field(default="", max_length=100)


class NewCase(Asked):
    """An application. party: whom it is for, an id of GET /api/me, null for a report of one's own."""

    matter: str = Field(max_length=200)
    party: int | None = Field(default=None, ge=1, le=BIGINT)
    form: dict[str, Any]
    evidence: list[Handed] = Field(default_factory=list, max_length=100)


class Opened(Schema):
    """fresh: false when this Idempotency-Key had opened the case before."""

    number: str
    fresh: bool
    case: CaseFull


class MoveData(Asked):
    """What goes with a move. form: the whole form again, with a move of the applicant's that mends it.
    given: the move's own inputs (its `form` in the case's moves)."""

    reason: str = Field(default="", max_length=5000)
    opinion: str = Field(default="", max_length=5000)
    days: int | None = Field(default=None, ge=0, le=3650)
    unit: str = Field(default="", max_length=100)
    form: dict[str, Any] | None = None
    given: dict[str, Any] = Field(default_factory=dict)


class Moving(Asked):
    """A move on the case as one saw it: `expecting` is the seq one read."""

    move: str = Field(max_length=100)
    expecting: int = Field(ge=0, le=INT)
    data: MoveData = Field(default_factory=MoveData)
    evidence: list[Handed] = Field(default_factory=list, max_length=100)


class Assigning(Asked):
    """to: the user name of a colleague in the holding unit; null gives the case back to everybody there."""

    expecting: int = Field(ge=0, le=INT)
    to: str | None = Field(default=None, max_length=150)


class Rating(Asked):
    """level: 5 very satisfied to 1 very dissatisfied."""

    expecting: int = Field(ge=0, le=INT)
    level: int = Field(ge=-INT, le=INT)
    tags: list[str] = Field(default_factory=list, max_length=10)
    words: str = Field(default="", max_length=2000)


class Withdrawing(Asked):
    """The applicant takes the application back; the reason may be left out."""

    expecting: int = Field(ge=0, le=INT)
    reason: str = Field(default="", max_length=2000)


class Seal(Schema):
    """One seal as published; digests in hex."""

    number: int
    at: str
    leaves: int
    root: str
    prev: str
    digest: str


class Seals(Schema):
    """Every published seal, oldest first: the file that the offline checker takes."""

    format: str
    alg: str
    seals: list[Seal]


class Receipt(Schema):
    """A receipt to keep, see receipt_check.py. seal: null until one covers the last entry."""

    format: str
    alg: str
    number: str
    matter: str
    entries: list[dict[str, Any]]
    seal: dict[str, Any] | None
