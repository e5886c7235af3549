"""The city's own matters, and a `Story` that walks one case through them with the pure engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from calendars_for_tests import jincheng, moment

from yinuo.core import engine
from yinuo.core.case import Case, Entry
from yinuo.core.engine import Decision
from yinuo.core.matter import Matter, build
from yinuo.core.places import holders
from yinuo.core.rules import Actor, Child, Facts
from yinuo.packs import load
from yinuo.packs.load import Pack

PLACE = "140502003"
CLERK = Actor(kind="person", id=1, roles=frozenset({"clerk"}))
REVIEWER = Actor(kind="person", id=2, roles=frozenset({"reviewer"}))
APPROVER = Actor(kind="person", id=3, roles=frozenset({"approver"}))
PARTY = Actor(kind="person", id=9, party=True)
PAPERS = ("effect_picture", "site_photo", "right_to_use", "lighting_plan")


@cache
def pack() -> Pack:
    """packs/jincheng, read once."""
    return load.read(Path(__file__).parents[2] / "packs" / "jincheng")


def shop_sign() -> Matter:
    return pack().matter("approvals/shop_sign")


def made_of(**changed: Any) -> Matter:
    """A small matter of two steps, `first` and `second`; `changed` replaces whole parts of it."""
    body: dict[str, Any] = {
        "id": "tests/small",
        "title": {"zh": "小事", "en": "A small thing"},
        "unit": "approval",
        "limits": {"promised": {"value": 5, "from": "received", "until": "decided"}},
        "steps": {"first": {"unit": "window"}, "second": {"unit": "approval"}},
        "moves": {
            "on": {"from": "first", "to": "second", "by": "clerk"},
            "back": {"from": "second", "to": "first", "by": "clerk"},
            "end": {"from": ["first", "second"], "to": "closed", "by": "clerk", "marks": "decided"},
        },
    }
    return build({**body, **changed})


@dataclass
class Story:
    """One case as it goes, with every entry it was given."""

    matter: Matter
    case: Case = field(default_factory=lambda: Case(matter="", version=0))
    entries: list[Entry] = field(default_factory=list)
    files: dict[str, tuple[str, ...]] = field(default_factory=dict)
    form: dict[str, Any] = field(default_factory=dict)
    children: tuple[Child, ...] = ()
    party: str = "party:1"

    def facts(self, **data: Any) -> Facts:
        here = pack()
        return Facts(
            matter=self.matter,
            form=self.form,
            data=data,
            files=self.files,
            children=self.children,
            acted=tuple((each.move, each.by) for each in self.entries if each.move),
            units=holders(self.matter.units_named, PLACE, units=here.answering, parents=here.parents),
            all_units=frozenset(f"unit:{unit['id']}" for unit in here.units),
            party=self.party,
        )

    def take(self, decision: Decision) -> Decision:
        self.case = decision.case
        self.entries.append(decision.entry)
        return decision

    def open(self, at: str, *, by: Actor = PARTY) -> Story:
        self.take(
            engine.open_case(self.matter, by=by, at=moment(at), calendar=jincheng(), facts=self.facts())
        )
        return self

    def move(self, name: str, by: Actor, at: str | datetime, **data: Any) -> Decision:
        when = moment(at) if isinstance(at, str) else at
        return self.take(
            engine.decide(
                self.case,
                matter=self.matter,
                move=name,
                by=by,
                at=when,
                calendar=jincheng(),
                facts=self.facts(**data),
            )
        )

    def tick(self, at: str | datetime) -> list[str]:
        """The timer comes by: the moves it owes, then the lights. Returns what it did."""
        when = moment(at) if isinstance(at, str) else at
        done = []
        while owed := engine.automatic_move(self.case, matter=self.matter, at=when, facts=self.facts()):
            self.move(owed[0], owed[1], when)
            done.append(owed[0])
            assert len(done) < 20, f"the system never comes to rest: {done}"
        alerted = engine.alert(self.case, matter=self.matter, at=when, calendar=jincheng())
        if alerted is not None:
            self.take(alerted)
            done.append("alerted")
        return done

    def correct(self, at: str | datetime, *, by: Actor = CLERK, reason: str = "点错了") -> Decision:
        when = moment(at) if isinstance(at, str) else at
        return self.take(
            engine.correct(
                self.case,
                matter=self.matter,
                entries=self.entries,
                by=by,
                at=when,
                calendar=jincheng(),
                reason=reason,
            )
        )


def sign_at(step: str) -> Story:
    """A shop sign received on Monday 2 March 2026 at nine, brought to `step` on the same morning."""
    story = Story(shop_sign(), files=dict.fromkeys(PAPERS, ("f" * 64,))).open("2026-03-02T09:00")
    for name, by, data in (
        ("accept", CLERK, {}),
        ("pass", REVIEWER, {"opinion": "同意"}),
        ("grant", APPROVER, {}),
        ("deliver", CLERK, {}),
    ):
        if story.case.step == step:
            return story
        story.move(name, by, "2026-03-02T10:00", **data)
    assert story.case.step == step, f"no way to {step}"
    return story
