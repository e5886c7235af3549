"""Demo people, and cases at the step a test needs them, for the tests of the office."""

from __future__ import annotations

import io
import uuid
from datetime import date, datetime, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone
from PIL import Image

from yinuo.ledger import store
from yinuo.ledger.models import Case
from yinuo.ops import demo
from yinuo.registers import parties
from yinuo.registers.models import PartyMember, Person, Post
from yinuo.work import cases, evidence
from yinuo.work.cases import File

STREET = "140502001"
SIGN: dict[str, Any] = {
    "shop_name": "老李面馆",
    "place": STREET,
    "address": "演示街 12 号一层",
    "sign_text": "老李面馆",
    "width": "3.60",
    "height": "0.90",
    "lit": False,
    "phone": "13800000000",
}
LAMP: dict[str, Any] = {
    "place": STREET,
    "position_text": "演示路口东北角",
    "problem": "dark",
    "lights": 1,
}
PAPERS = ("effect_picture", "site_photo", "right_to_use")
OPINION = "位置和尺寸符合标准，建议准予"


def people() -> None:
    """The demo people, holding their posts since the beginning of the year before."""
    demo.ensure()
    begun = date(timezone.localdate().year - 1, 1, 1)
    Post.objects.update(valid_from=begun)
    PartyMember.objects.update(valid_from=begun)


def person(username: str) -> Person:
    return Person.objects.get(username=username)


def signed_in(username: str) -> Client:
    """A browser in which `username` is signed in."""
    client = Client()
    client.force_login(person(username))
    return client


def jpeg(colour: str = "teal") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "JPEG")
    return out.getvalue()


def opened(
    matter: str = "approvals/shop_sign",
    form: dict[str, Any] | None = None,
    *,
    by: str = "shimin",
    at: datetime | None = None,
    papers: tuple[str, ...] = PAPERS,
    party: bool = True,
) -> Case:
    """A case just opened."""
    kept = evidence.keep([jpeg()], mime="image/jpeg")
    who = person(by)
    made = cases.open_case(
        matter=matter,
        by=who,
        at=at or timezone.now() - timedelta(hours=1),
        token=uuid.uuid4(),
        form=form or SIGN,
        party=parties.for_person(who)[0].pk if party else None,
        files=[File(material=each, name=f"{each}.jpg", digest=kept.digest) for each in papers],
    )
    return Case.objects.get(pk=made.id)


def moved(case: Case, move: str, by: str, *, at: datetime | None = None, **data: Any) -> Case:
    """The case after `by` made `move`. An hour after the entry before it, so that order is what it says."""
    seq = store.read(case.pk).case.seq
    files = data.pop("files", ())
    when = at or max(Case.objects.get(pk=case.pk).at, timezone.now() - timedelta(hours=1))
    cases.move(case=case.pk, move=move, by=person(by), at=when, expecting=seq, data=data, files=files)
    return Case.objects.get(pk=case.pk)


def sign_at(step: str, **more: Any) -> Case:
    """A shop sign at "intake", "review", "decide", "deliver" or "closed"."""
    case = opened(**more)
    way = (
        ("review", "accept", "chuangkou", {}),
        ("decide", "pass", "shencha", {"opinion": OPINION}),
        ("deliver", "grant", "shenpi", {}),
        ("closed", "deliver", "chuangkou", {}),
    )
    if step == "intake":
        return case
    for there, move, by, data in way:
        case = moved(case, move, by, **data)
        if there == step:
            return case
    raise ValueError(f"step {step!r} is not one of intake, {', '.join(each[0] for each in way)}")


def url(case: Case, tail: str = "") -> str:
    """The office's address of a case, or of what may be done with it ("accept/", "act/claim/")."""
    return f"/office/cases/{case.number}/{tail}"
