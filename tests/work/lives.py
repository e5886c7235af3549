"""The demo's people, the pack's own answers, and cases that live on a real database by injected times.

Used by tests/work, tests/faults and bench/soak.py. Times are written as Shanghai reads them.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from yinuo.core.engine import Refused
from yinuo.core.workdays import SHANGHAI
from yinuo.ledger import models as ledger
from yinuo.ledger import store
from yinuo.ledger.store import File, Head
from yinuo.registers import parties
from yinuo.registers.models import Party, PartyMember, Person, Post, Record
from yinuo.work import cases
from yinuo.work.tick import tick

PACK = Path(__file__).resolve().parents[2] / "packs" / "jincheng"
BEFORE_ALL = date(2024, 1, 1)

SHOP = "approvals/shop_sign"
FOOD = "approvals/food_licence"
WORKS = "approvals/construction_permit"
FIRE = "approvals/fire_opinion"
SHELTER = "approvals/civil_air_opinion"
ELDER = "benefits/elderly_allowance"
START = "bundles/new_enterprise"
REGISTRATION = "registrations/business_registration"
SEAL = "registrations/seal_making"
TAX = "registrations/tax_start"
LAMP = "reports/street_light"
MATTERS = (SHOP, FOOD, WORKS, ELDER, START, LAMP)
"""What people ask for; the others are opened by these."""

OPENERS = {
    SHOP: ("shimin", "qiye"),
    FOOD: ("qiye",),
    WORKS: ("qiye_jianshe",),
    ELDER: ("laoren", "shimin"),
    START: ("qiye", "shimin"),
    LAMP: ("shimin", "laoren"),
}
"""Who among the demo's people may ask for each."""


def moment(text: str) -> datetime:
    """ "2026-03-02 09:00" in Shanghai as a UTC instant; a day alone means its midnight."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def local(at: datetime | None) -> str:
    """The other way round: "2026-03-02 09:00", "" for none."""
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if at else ""


# --- people ------------------------------------------------------------------------------------------------


@functools.cache
def rows() -> list[dict[str, Any]]:
    """people.yaml as written."""
    return list(yaml.safe_load((PACK / "people.yaml").read_text(encoding="utf-8"))["people"])


class People(dict[str, Person]):
    """user name -> person."""

    def party(self, username: str) -> int:
        """The party that person acts for first."""
        return parties.for_person(self[username])[0].pk


def move_in(*, password: str = "!") -> People:
    """The demo's people with their posts and parties, in office since before any test's day.

    password: a hash for all of them; by default nobody can sign in, which is quick.
    """
    Person.objects.bulk_create(
        Person(username=row["username"], name=row["name"], password=password, demo=True, is_active=True)
        for row in rows()
    )
    found = People((person.username, person) for person in Person.objects.filter(demo=True))
    Post.objects.bulk_create(
        Post(person=found[row["username"]], unit_id=row["unit"], role_id=role, valid_from=BEFORE_ALL)
        for row in rows()
        if row.get("unit")
        for role in row["roles"]
    )
    for row in rows():
        if wanted := row.get("party"):
            party = parties.find(wanted["kind"], wanted["code"])
            party = party or parties.create(wanted["kind"], wanted["name"], wanted["code"])
            own = wanted["kind"] == Party.Kind.PERSON
            role = PartyMember.Role.SELF if own else PartyMember.Role.LEGAL
            parties.join(party, found[row["username"]], role, on=BEFORE_ALL)
    return found


def settled() -> People:
    """The demo's people where `demo.ensure()` has brought them in already, in office since long ago."""
    Post.objects.update(valid_from=BEFORE_ALL)
    PartyMember.objects.update(valid_from=BEFORE_ALL)
    return People((person.username, person) for person in Person.objects.filter(demo=True))


def employ(username: str, *posts: tuple[str, str], matters: tuple[str, ...] = ()) -> Person:
    """Somebody more: `employ("both", ("chengqu-window", "clerk"), ("chengqu-approval", "reviewer"))`."""
    person = Person.objects.create(username=username, name=username, password="!", is_active=True)
    for unit, role in posts:
        Post.objects.create(
            person=person, unit_id=unit, role_id=role, matters=list(matters), valid_from=BEFORE_ALL
        )
    return person


# --- what they hand in -------------------------------------------------------------------------------------


@functools.cache
def examples(matter: str) -> list[dict[str, Any]]:
    """The matter's examples.yaml."""
    path = PACK / "matters" / matter / "examples.yaml"
    found = yaml.safe_load(path.read_text(encoding="utf-8"))["examples"]
    for example in found:
        # A bare `on` is true in YAML 1.1; the pack's own reader knows that, this one does not.
        example["moves"] = [
            {("on" if key is True else key): line[key] for key in line} for line in example["moves"]
        ]
    return list(found)


def answers(matter: str, **changed: Any) -> dict[str, Any]:
    """The answers of the matter's first example, some of them changed."""
    return {**examples(matter)[0]["form"], **changed}


def papers(matter: str) -> list[str]:
    """The materials that go with them."""
    return list(examples(matter)[0]["files"])


def files(*materials: str) -> list[File]:
    """One stored file for each material, as if just uploaded."""
    kept = []
    for material in materials:
        digest = hashlib.sha256(material.encode()).hexdigest()
        ledger.Evidence.objects.get_or_create(digest=digest, defaults={"size": 1, "mime": "image/png"})
        kept.append(File(material=material, name=f"{material}.png", digest=digest))
    return kept


def photo() -> list[File]:
    """A piece of evidence that is no material."""
    digest = hashlib.sha256(b"photo").hexdigest()
    ledger.Evidence.objects.get_or_create(digest=digest, defaults={"size": 1, "mime": "image/png"})
    return [File(material="", name="照片.png", digest=digest)]


# --- lives -------------------------------------------------------------------------------------------------


@dataclass
class Life:
    """One case, moved by whom and when the test says."""

    id: int
    number: str

    @property
    def row(self) -> ledger.Case:
        return ledger.Case.objects.get(pk=self.id)

    @property
    def head(self) -> Head:
        return store.read(self.id)

    @property
    def seq(self) -> int:
        return self.row.seq

    def move(self, move: str, by: Person, at: str | datetime, **data: Any) -> Head:
        """Make a move as somebody who has just looked. `files` are Files, the rest is its data."""
        handed = data.pop("files", ())
        when = moment(at) if isinstance(at, str) else at
        return cases.move(
            case=self.id, move=move, by=by, at=when, expecting=self.seq, data=data, files=handed
        )

    def correct(self, by: Person, at: str, reason: str = "点错了") -> Head:
        return cases.correct(case=self.id, by=by, at=moment(at), expecting=self.seq, reason=reason)

    def child(self, matter: str, nth: int = 1) -> Life:
        row = ledger.Case.objects.filter(parent_id=self.id, matter=matter).order_by("id")[nth - 1]
        return Life(row.pk, row.number)

    @property
    def children(self) -> list[Life]:
        found = ledger.Case.objects.filter(parent_id=self.id).order_by("id")
        return [Life(row.pk, row.number) for row in found]

    def due(self, limit: str) -> str:
        """The last day of a running limit, "" when it does not run."""
        found = self.head.case.dates.get(limit)
        return found.day.isoformat() if found else ""

    @property
    def stands(self) -> tuple[str, str, str]:
        """(step, holder, light)."""
        row = self.row
        return row.step, row.holder, row.light

    @property
    def moves(self) -> list[str]:
        return [line.entry.move or line.entry.kind for line in store.history(self.id)]

    def letter(self, nth: int = -1) -> dict[str, Any]:
        """The latest letter (or the nth): letter, title, zh, en."""
        found = ledger.Content.objects.filter(case_id=self.id, kind="letter").order_by("seq")
        return dict(list(found)[nth].body)

    def told(self, to: str = "") -> list[str]:
        """The kinds of notices owed, oldest first; with `to` only those to that addressee."""
        found = ledger.Notice.objects.filter(case_id=self.id).order_by("id")
        return [each.kind for each in found if not to or each.to == to]

    def records(self, *states: str) -> list[str]:
        """The registers in which the case has records in force (or in those states)."""
        found = Record.objects.filter(case_number=self.number, state__in=states or ("current",))
        return sorted(found.values_list("register_id", flat=True))


def opened(
    matter: str,
    by: Person,
    at: str | datetime,
    *,
    party: int | None = None,
    handed: list[str] | None = None,
    token: uuid.UUID | None = None,
    **changed: Any,
) -> Life:
    """A case of `matter` with the first example's answers and papers, for the party that `by` acts for."""
    if party is None and matter != LAMP:
        party = parties.for_person(by)[0].pk
    done = cases.open_case(
        matter=matter,
        by=by,
        at=moment(at) if isinstance(at, str) else at,
        token=token or uuid.uuid4(),
        form=answers(matter, **changed),
        party=party,
        files=files(*(papers(matter) if handed is None else handed)),
    )
    return Life(done.id, done.number)


@contextlib.contextmanager
def refused(code: str) -> Iterator[None]:
    """The engine says no, and for this reason."""
    with pytest.raises(Refused) as said:
        yield
    assert said.value.code == code, f"refused for {said.value.code}: {said.value}"
    assert said.value.say.zh and said.value.say.en


def ticked(at: str) -> int:
    return tick(now=moment(at))


# --- whole lives, as the tests of several files need them --------------------------------------------------


def sign_to_decision(city: People, at_day: str = "2026-03-02", **changed: Any) -> Life:
    """A shop sign accepted and examined; the approver has it."""
    life = opened(SHOP, city["shimin"], f"{at_day} 09:00", place="140502003", **changed)
    life.move("accept", city["chuangkou"], f"{at_day} 09:30")
    life.move("pass", city["shencha"], f"{at_day} 10:00", opinion="建议准予")
    return life


def works_in_joint(city: People, at_day: str = "2026-03-02") -> Life:
    """A construction permit about which fire and civil air defence have been asked."""
    life = opened(WORKS, city["qiye_jianshe"], f"{at_day} 09:00")
    life.move("accept", city["chuangkou"], f"{at_day} 10:00")
    life.move("fork", city["shencha"], f"{at_day} 15:00", opinion="施工条件具备")
    return life


@dataclass
class Recount:
    """Standing of promises recounted from the ledger's entries alone, in plain Python."""

    kept: int = 0
    broken: int = 0
    open: int = 0
    late: int = 0
    paused: int = 0
    numbers: dict[str, set[str]] = field(default_factory=dict)

    def add(self, standing: str, number: str) -> None:
        setattr(self, standing, getattr(self, standing) + 1)
        self.numbers.setdefault(standing, set()).add(number)

    def as_row(self) -> Mapping[str, int]:
        return {name: getattr(self, name) for name in ("kept", "broken", "open", "late", "paused")}
