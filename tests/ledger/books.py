"""A few people, a few cases, and ways to touch a ledger that the platform itself does not have."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection, connections, transaction
from psycopg.conninfo import conninfo_to_dict

from yinuo.core.workdays import SHANGHAI
from yinuo.ledger import evidence, models, seals, store
from yinuo.ledger.digests import ZERO, entry_digest, leaf_digest, merkle_root, seal_digest
from yinuo.ledger.store import File, Head
from yinuo.ledger.verify import Report, verify
from yinuo.registers import parties
from yinuo.registers.models import Party, PartyMember, Person, Post
from yinuo.work import cases

SHOP, LAMP = "approvals/shop_sign", "reports/street_light"
NANJIE = "140502003"
SIGN = {
    "shop_name": "举例饭店",
    "place": NANJIE,
    "address": "举例街 12 号",
    "sign_text": "举例",
    "width": "3.60",
    "height": "0.90",
    "lit": False,
    "phone": "13800000000",
}
PAPERS = ("effect_picture", "site_photo", "right_to_use")


def moment(text: str) -> datetime:
    """ "2026-03-02T09:00" in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


@dataclass(frozen=True)
class Office:
    """Who is there: an applicant with a party, a window, an examiner, an approver, a dispatcher."""

    applicant: Person
    party: int
    clerk: Person
    reviewer: Person
    approver: Person
    dispatcher: Person


def move_in() -> Office:
    """The people of an office that works since 2024."""

    def person(name: str, unit: str, role: str) -> Person:
        made = Person.objects.create(username=f"book_{role}", name=name, password="!", is_active=True)
        Post.objects.create(person=made, unit_id=unit, role_id=role, valid_from=date(2024, 1, 1))
        return made

    applicant = Person.objects.create(username="book_applicant", name="李某", password="!", is_active=True)
    party = parties.create(Party.Kind.PERSON, "李某", "140502199001010019")
    parties.join(party, applicant, PartyMember.Role.SELF, on=date(2024, 1, 1))
    return Office(
        applicant=applicant,
        party=party.pk,
        clerk=person("王某", "chengqu-window", "clerk"),
        reviewer=person("张某", "chengqu-approval", "reviewer"),
        approver=person("周某", "chengqu-approval", "approver"),
        dispatcher=person("赵某", "chengqu-supervision", "dispatcher"),
    )


def papers() -> list[File]:
    return [
        File(material=name, name=f"{name}.png", digest=keep(f"picture of {name}".encode()).digest)
        for name in PAPERS
    ]


def keep(data: bytes) -> models.Evidence:
    return evidence.keep([data], mime="image/png")


def open_sign(
    office: Office,
    *,
    at: str = "2026-03-02T09:00",
    token: uuid.UUID | None = None,
    form: Mapping[str, Any] = SIGN,
) -> cases.Opened:
    return cases.open_case(
        matter=SHOP,
        by=office.applicant,
        at=moment(at),
        token=token or uuid.uuid4(),
        form=dict(form),
        party=office.party,
        files=papers(),
    )


def move(case: int, name: str, by: Person, at: str, **data: Any) -> Head:
    """`name` on the case as it stands."""
    seq = store.read(case).case.seq
    return cases.move(case=case, move=name, by=by, at=moment(at), expecting=seq, data=data)


def examined(office: Office, *, at: str = "2026-03-02") -> int:
    """A shop sign at the step `review`; its id."""
    case = open_sign(office, at=f"{at}T09:00").id
    move(case, "accept", office.clerk, f"{at}T10:00")
    return case


def rowcounts() -> dict[str, int]:
    """How many rows each of the ledger's growing tables has."""
    tables = (models.Case, models.Entry, models.Content, models.Attachment, models.Notice)
    return {table.__name__: table.objects.count() for table in tables}


# -- a book of cases to touch ----------------------------------------------------------------


@dataclass(frozen=True)
class Book:
    """closed: granted, delivered, rated, seven entries, sealed. erased: refused, then its words erased.
    lamp: a report with a point and no party. running: sealed at two entries, moved on since."""

    office: Office
    numbers: Mapping[str, str]
    ids: Mapping[str, int]


def write() -> Book:
    """The book, in whatever database Django is connected to."""
    office = move_in()
    closed = examined(office)
    move(closed, "pass", office.reviewer, "2026-03-02T11:00", opinion="符合")
    move(closed, "grant", office.approver, "2026-03-02T12:00")
    move(closed, "deliver", office.clerk, "2026-03-02T15:00")
    cases.rate(
        case=closed,
        level=5,
        by=office.applicant,
        at=moment("2026-03-03T09:00"),
        expecting=store.read(closed).case.seq,
        tags=("热情",),
        words="很快",
    )
    erased = open_sign(office).id
    move(erased, "refuse_acceptance", office.clerk, "2026-03-02T10:00", reason="不属本机关")
    cases.erase(
        case=erased,
        by=office.approver,
        at=moment("2026-03-04T09:00"),
        expecting=store.read(erased).case.seq,
        basis="个人信息保护法 §47",
    )
    lamp = cases.open_case(
        matter=LAMP,
        by=office.applicant,
        at=moment("2026-03-02T20:00"),
        token=uuid.uuid4(),
        form={"place": NANJIE, "point": {"lat": "35.4907", "lon": "112.8512"}, "what": "不亮"},
        party=None,
        files=[File(material="photo", name="灯.png", digest=keep(b"a dark lamp").digest)],
    ).id
    running = examined(office)
    assert seals.seal(at=moment("2026-03-04T16:05")) is not None
    move(running, "extend", office.approver, "2026-03-05T09:00", reason="疑难", days=2)
    assert seals.seal(at=moment("2026-03-05T16:05")) is not None
    cases.note(
        case=running,
        by=office.reviewer,
        at=moment("2026-03-06T09:00"),
        expecting=store.read(running).case.seq,
        words="已电话联系",
    )
    ids = {"closed": closed, "erased": erased, "lamp": lamp, "running": running}
    numbers = {name: models.Case.objects.get(pk=id_).number for name, id_ in ids.items()}
    return Book(office=office, numbers=numbers, ids=ids)


# -- touching it -----------------------------------------------------------------------------


def connect(dsn: str) -> dict[str, Any]:
    """Points Django at `dsn`, in every thread; returns what stood there before."""
    live = connections.settings["default"]
    before = dict(live)
    parts = conninfo_to_dict(dsn)
    connections["default"].close()
    live.update(NAME=parts["dbname"], USER=parts["user"], HOST=parts["host"], PORT=str(parts["port"]))
    return before


@contextlib.contextmanager
def touched(sql: str, values: Any = None) -> Iterator[None]:
    """The ledger as somebody with all power over the server left it; undone at the end."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            for each in sql.split(";"):
                cursor.execute(each, values)
                assert cursor.rowcount != 0, f"nothing was touched by {each}"
        yield
        transaction.set_rollback(True)


def faults_of(sql: str, values: Any = None, *, case: int | None = None) -> list[str]:
    """What verify() says when `sql` was done to the ledger."""
    with touched(sql, values):
        return said(verify(case=case))


def said(report: Report) -> list[str]:
    return [str(fault) for fault in report.faults]


# -- by somebody who knows how the chain is made ------------------------------------------------

TOUCH = "UPDATE ledger_case SET wake_at = NULL WHERE id = %(closed)s"
"""Opens touched() for what follows."""


def rewrite(case: int, *, seq: int, change: dict[str, Any]) -> None:
    """Changes entry `seq` and writes the rest of the chain and the head anew, so that they agree."""
    number, prev = models.Case.objects.get(pk=case).number, ZERO
    with connection.cursor() as cursor:
        for line in store.history(case):
            entry, text = line.entry, line.text
            if entry.seq == seq:
                text = json.dumps(
                    {**entry.body, **change}, ensure_ascii=False, sort_keys=True, separators=(",", ":")
                )
            digest = entry_digest(
                number=number,
                seq=entry.seq,
                kind=entry.kind,
                move=entry.move,
                at=entry.at,
                by=entry.by,
                body=text,
                prev=prev,
            )
            cursor.execute(
                "UPDATE ledger_entry SET body = %s, prev = %s, digest = %s WHERE case_id = %s AND seq = %s",
                [text, prev, digest, case, entry.seq],
            )
            prev = digest
        cursor.execute("UPDATE ledger_case SET head = %s WHERE id = %s", [prev, case])


def reseal(number: int, *, case: int) -> None:
    """Makes seal `number` agree with what was rewritten under it."""
    seal = models.Seal.objects.get(pk=number)
    leaves = []
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ledger_sealleaf l SET digest = e.digest FROM ledger_entry e "
            "WHERE l.seal_id = %s AND l.case_id = %s AND e.case_id = l.case_id AND e.seq = l.seq",
            [number, case],
        )
        for leaf in seal.covered.order_by("position").select_related("case"):
            leaves.append(leaf_digest(number=leaf.case.number, seq=leaf.seq, head=bytes(leaf.digest)))
        root = merkle_root(leaves)
        digest = seal_digest(number=number, at=seal.at, root=root, leaves=seal.leaves, prev=bytes(seal.prev))
        cursor.execute(
            "UPDATE ledger_seal SET root = %s, digest = %s WHERE number = %s", [root, digest, number]
        )
