"""Every example of every matter, played through the use cases on the real database.

tests/packs plays them with the pure engine; what the two say must be the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import lives
import pytest
from lives import Life, People, moment

from yinuo.core.engine import Refused
from yinuo.core.matter import PROMISED, STATUTORY
from yinuo.ledger import models as ledger
from yinuo.ledger import store
from yinuo.ledger.verify import verify
from yinuo.registers import parties, units
from yinuo.registers.models import Person, Post, Record
from yinuo.work.tick import tick

EVERY = [
    (path.parent.relative_to(lives.PACK / "matters").as_posix(), number)
    for path in sorted((lives.PACK / "matters").glob("*/*/examples.yaml"))
    for number in range(len(lives.examples(path.parent.relative_to(lives.PACK / "matters").as_posix())))
]


@dataclass
class Play:
    city: People
    matter: str
    example: dict[str, Any]
    people: dict[str, Person] = field(default_factory=dict)

    def play(self) -> None:
        body = self.example
        self.applicant = self.city["qiye" if body.get("party") == "enterprise" else "shimin"]
        report = self.matter == lives.LAMP
        form = dict(body["form"])
        form.setdefault("place", body["place"])
        done = lives.cases.open_case(
            matter=self.matter,
            by=self.applicant,
            at=moment(body["opened"]),
            token=lives.uuid.uuid4(),
            form=form,
            party=None if report else parties.for_person(self.applicant)[0].pk,
            files=lives.files(*body.get("files", ())),
        )
        self.main = Life(done.id, done.number)
        at = body["opened"]
        for line in body["moves"]:
            at = line["at"]
            target = self.target(line)
            if line.get("tick"):
                tick(now=moment(at))
            if "move" in line:
                self.move(line, target)
            if "then" in line:
                self.expect(line["then"], target, at, f"{at} {line.get('move', 'tick')}")
        if "then" in body:
            self.expect(body["then"], self.target(body["then"]), at, "the end")
        for row in ledger.Case.objects.all():
            assert verify(case=row.pk).faults == ()

    def target(self, line: dict[str, Any]) -> Life:
        if "on" not in line:
            return self.main
        found = ledger.Case.objects.filter(matter=line["on"]).exclude(pk=self.main.id).order_by("id")
        row = found[line.get("nth", 1) - 1]
        return Life(row.pk, row.number)

    def move(self, line: dict[str, Any], target: Life) -> None:
        data = dict(line.get("data") or {})
        data |= {name: line[name] for name in ("opinion", "reason", "days", "unit") if name in line}
        handed = [*lives.files(*line.get("files", ())), *lives.photo() * line.get("evidence", 0)]
        if "form" in line:
            data["form"] = {**store.gather(target.head).form, **line["form"]}
        try:
            target.move(line["move"], self.person(line, target), line["at"], files=handed, **data)
        except Refused as refusal:
            assert refusal.code == line.get("refused", ""), f"{line}: {refusal.code} {refusal}"
        else:
            assert "refused" not in line, f"{line}: was done"

    def person(self, line: dict[str, Any], target: Life) -> Person:
        """The applicant, or somebody with that role in the unit that holds the case, one for each name."""
        if line["by"] == "party":
            return self.applicant
        name = f"example-{line.get('as') or line['by']}"
        if name not in self.people:
            self.people[name] = lives.employ(name)
        person, (kind, _, unit) = self.people[name], target.row.holder.partition(":")
        if kind == "unit":
            for role in line["by"].replace("/", ",").split(","):
                Post.objects.get_or_create(
                    person=person, unit_id=unit, role_id=role, defaults={"valid_from": lives.BEFORE_ALL}
                )
        return person

    # -- what was expected -------------------------------------------------------------------

    def expect(self, then: dict[str, Any], target: Life, at: str, where: str) -> None:
        head, row = target.head, target.row
        case = head.case
        for name, wanted in then.items():
            if name in ("at", "on", "nth"):
                continue
            got: Any
            if name in ("step", "outcome", "kept", "provisional", "paused"):
                got = getattr(row, name)
                assert got == getattr(case, name), f"{where}: column {name} is not the state's"
            elif name == "light":
                got = case.light_at(moment(then.get("at", at)))
            elif name == "letter":
                letters = ledger.Content.objects.filter(case_id=target.id, kind="letter").order_by("-seq")
                got = letters[0].body["letter"]
            elif name == "children":
                got = len(target.children)
            elif name in ("puts", "told"):
                got = sorted(self.puts(target) if name == "puts" else self.told(target))
                wanted = sorted(wanted)
            elif name == "holder":
                got, wanted = row.holder, self.holder(wanted, row)
            else:
                got, wanted = self.date(name, wanted, case)
            assert got == wanted, f"{where}: {name} is {got!r}, wanted {wanted!r}"

    def puts(self, target: Life) -> list[str]:
        return list(Record.objects.filter(case_number=target.number).values_list("register_id", flat=True))

    def told(self, target: Life) -> list[str]:
        tellers = {
            effect.letter or effect.tell
            for move in lives.cases.matters.version(self.matter, target.row.version).moves.values()
            for effect in move.effects
            if effect.tell
        }
        return [kind for kind in target.told() if kind in tellers]

    def holder(self, wanted: str, row: ledger.Case) -> str:
        if wanted == "party":
            return f"party:{row.party_id}"
        return units.resolve([wanted], row.place).get(wanted, "") if wanted else ""

    def date(self, name: str, wanted: str | None, case: Any) -> tuple[str | None, str | None]:
        if name == "due":
            soonest = [limit for limit in case.dates if limit != STATUTORY]
            name = (
                PROMISED
                if PROMISED in case.dates or not soonest
                else min(soonest, key=lambda limit: case.dates[limit].at)
            )
        name = name.removeprefix("due_")
        due = case.dates.get(name)
        if due is None:
            return None, wanted and str(wanted)
        if wanted is not None and " " in str(wanted):
            return lives.local(due.at), str(wanted)[:16]
        return due.day.isoformat(), wanted and str(wanted)


@pytest.mark.parametrize(("matter", "number"), EVERY)
def test_an_example_lives_on_the_database_as_it_does_in_the_engine(
    city: People, matter: str, number: int
) -> None:
    Play(city, matter, lives.examples(matter)[number]).play()


def test_there_are_examples_to_play() -> None:
    assert len(EVERY) > 60
