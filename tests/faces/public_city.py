"""A small city for the tests of the public pages and of the API: demo people, and cases at every standing."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from yinuo.core.workdays import SHANGHAI
from yinuo.ops import demo
from yinuo.registers import parties
from yinuo.registers.models import PartyMember, Person, Post
from yinuo.work import cases, evidence, seal

PNG = b"\x89PNG\r\n\x1a\n" + b"public city" * 3
HOME = "140502003"
MARCH = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)

SIGN = {
    "shop_name": "隐名面馆",
    "place": HOME,
    "address": "隐址街 77 号一层",
    "sign_text": "隐名面馆正宗",
    "width": "3.60",
    "height": "0.90",
    "lit": False,
    "phone": "13855556666",
}
ALLOWANCE = {
    "by_agent": False,
    "elder_name": "隐名老人",
    "elder_id": "140502194403080025",
    "elder_phone": "13877778888",
    "place": HOME,
    "address": "隐宅巷 5 号",
    "bank": "演示银行城区支行",
    "account": "6222020202020209999",
}


@dataclass
class Made:
    """A case as the tests remember it."""

    id: int
    number: str
    owner: str
    matter: str
    form: dict[str, Any]


@dataclass
class City:
    """People by user name, cases by what became of them, words that nobody else may read."""

    people: dict[str, Person]
    made: dict[str, Made] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)

    def party(self, username: str) -> int:
        return parties.for_person(self.people[username])[0].pk

    def open(
        self,
        name: str,
        owner: str,
        matter: str,
        form: dict[str, Any],
        *,
        at: datetime,
        files: tuple[str, ...] = (),
    ) -> Made:
        kept = evidence.keep(iter([PNG]), mime="image/png")
        opened = cases.open_case(
            matter=matter,
            by=self.people[owner],
            at=at,
            token=uuid.uuid4(),
            form=form,
            party=self.party(owner),
            files=[cases.File(material=each, name="隐名照片.png", digest=kept.digest) for each in files],
        )
        self.made[name] = Made(opened.id, opened.number, owner, matter, form)
        return self.made[name]

    def move(self, name: str, by: str, move: str, *, at: datetime, **data: Any) -> None:
        from yinuo.ledger import store

        case = self.made[name].id
        seq = store.read(case).case.seq
        cases.move(case=case, move=move, by=self.people[by], at=at, expecting=seq, data=data)
        self.words |= {str(value) for value in data.values() if isinstance(value, str)}


def people() -> City:
    """Only the demo people."""
    demo.ensure()
    for dated in (Post, PartyMember):  # they begin today, and these cases are of March
        dated.objects.update(valid_from=date(2026, 1, 1))
    return City({person.username: person for person in Person.objects.filter(demo=True)})


def city() -> City:
    """Cases of three applicants, by how they stand: kept, broken, late, open, withdrawn; two allowances."""
    made = people()
    signs = ("effect_picture", "site_photo", "right_to_use")
    for name, owner in (("kept", "shimin"), ("broken", "qiye"), ("late", "shimin"), ("open", "qiye")):
        form = {**SIGN, "shop_name": f"隐名{name}店", "phone": SIGN["phone"][:-1] + str(len(name))}
        made.open(name, owner, "approvals/shop_sign", form, at=MARCH, files=signs)
    hour = timedelta(hours=1)
    for name in ("kept", "broken", "late"):
        made.move(name, "chuangkou", "accept", at=MARCH + hour)
    made.move("kept", "shencha", "pass", at=MARCH + 2 * hour, opinion="隐语：建议准予")
    made.move("kept", "shenpi", "grant", at=MARCH + 3 * hour)
    made.move("kept", "chuangkou", "deliver", at=MARCH + 4 * hour)
    late = MARCH + timedelta(days=20)
    made.move("broken", "shencha", "pass", at=late, opinion="隐语：不符合标准")
    made.move("broken", "shenpi", "refuse", at=late + hour, reason="隐语：遮挡消防标识")
    cases.settle(made.made["late"].id, at=late)
    made.open("withdrawn", "shimin", "approvals/shop_sign", SIGN, at=MARCH, files=signs)
    made.move("withdrawn", "shimin", "withdraw", at=MARCH + hour, reason="隐语：不办了")
    made.open("allowance", "laoren", "benefits/elderly_allowance", ALLOWANCE, at=MARCH)
    seal.seal_now(now=late + 2 * hour)
    made.open("fresh", "laoren", "benefits/elderly_allowance", ALLOWANCE, at=late + 3 * hour)
    return made
