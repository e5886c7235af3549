"""Moves per second: the ledger call against pgbench's rate for the same statement, and the whole use case
against a plain Django ORM state machine. Ratios of one run; absolute figures drift with the machine.

    .venv/bin/python bench/moves.py [--rounds 5] [--seconds 3] [--json]

Everything runs against an embedded server of its own with durable commits (fsync and synchronous_commit on),
on one connection. Rounds are interleaved, each figure is the median of its rounds.

- pgbench: `append.sql` with the values of a real move, prepared (-M prepared), no Python.
- ledger: store.append() with decisions made beforehand: canonical JSON, digests, one prepared statement.
- use case: cases.move() by two officers in turn: access, gather, decide, append.
- orm: the same move as most people would write it: select_for_update, checks, save() and create(), in tables
  with the same columns and indexes, with the same digests, as many due dates, the same person's posts looked
  up. Django's default connection.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CASES = 1000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="yinuo-bench-") as home:
        os.environ |= {
            "YINUO_HOME": home,
            "DJANGO_SETTINGS_MODULE": "yinuo.settings",
            "LOG_LEVEL": "ERROR",
            "DEMO": "1",
        }
        os.environ.pop("DATABASE_URL", None)
        os.chmod(home, 0o755)  # so that the server's own user can enter, and nothing is left elsewhere
        sys.path.insert(0, str(ROOT))
        from yinuo.ops import database

        server = database.start(Path(home), say=lambda line: None)
        try:
            figures = measure(server, rounds=args.rounds, seconds=args.seconds)
        finally:
            database.stop(Path(home), say=lambda line: None)
    if args.json:
        print(json.dumps(figures))
    else:
        show(figures)
    return 0


def show(figures: dict[str, float]) -> None:
    pgbench, ledger, case, orm = (figures[name] for name in ("pgbench", "ledger", "use_case", "orm"))
    print(f"pgbench, the same statement {pgbench:7.0f} moves/s")
    print(f"ledger call                 {ledger:7.0f} moves/s  {ledger / pgbench:5.2f} of pgbench (goal 0.6)")
    print(f"use case, work.cases        {case:7.0f} moves/s  {case / orm:5.1f} times the ORM (goal 4)")
    print(f"plain Django ORM            {orm:7.0f} moves/s")


def measure(server: Any, *, rounds: int, seconds: float) -> dict[str, float]:
    subprocess.run(
        [sys.executable, "-m", "yinuo", "migrate"], check=True, cwd=ROOT, stdout=subprocess.DEVNULL
    )
    subprocess.run(
        [sys.executable, "-m", "yinuo", "pack", "load"], check=True, cwd=ROOT, stdout=subprocess.DEVNULL
    )
    import django

    django.setup()
    from yinuo.ops import demo

    demo.ensure()
    contestants: dict[str, Callable[[float], float]] = {
        "pgbench": Pgbench(server),
        "ledger": Ledger(),
        "use_case": UseCase(),
        "orm": Orm(server),
    }
    found: dict[str, list[float]] = {name: [] for name in contestants}
    for contestant in contestants.values():
        contestant(min(seconds, 0.5))  # warm
    for _ in range(rounds):
        for name, contestant in contestants.items():
            found[name].append(contestant(seconds))
    return {name: statistics.median(values) for name, values in found.items()}


def timed(step: Callable[[], None], seconds: float) -> float:
    """How often `step` runs in a second."""
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        step()
        done += 1
    return done / (time.perf_counter() - start)


FORM = {
    "shop_name": "老李面馆",
    "place": "140502001",
    "address": "演示街 12 号一层",
    "sign_text": "老李面馆",
    "width": "3.60",
    "height": "0.90",
    "lit": False,
    "phone": "13800000000",
}


def open_cases(count: int) -> list[int]:
    """`count` shop signs at the step where the reviewer and the approver pass them to and fro."""
    from yinuo.ledger import evidence
    from yinuo.ledger.store import File
    from yinuo.registers import parties
    from yinuo.registers.models import Person
    from yinuo.work import cases

    citizen = Person.objects.get(username="shimin")
    clerk = Person.objects.get(username="chuangkou")
    party = parties.for_person(citizen)[0].pk
    kept = evidence.keep([b"bench"], mime="text/plain")
    files = [File(each, "a.txt", kept.digest) for each in ("effect_picture", "site_photo", "right_to_use")]
    now, ids = datetime.now(UTC), []
    for _ in range(count):
        opened = cases.open_case(
            matter="approvals/shop_sign",
            by=citizen,
            at=now,
            token=uuid.uuid4(),
            form=FORM,
            party=party,
            files=files,
        )
        cases.move(case=opened.id, move="accept", by=clerk, at=now, expecting=1)
        ids.append(opened.id)
    return ids


class UseCase:
    """cases.move(): review -> decide by the reviewer, decide -> review by the approver, case after case."""

    def __init__(self) -> None:
        from yinuo.registers.models import Person

        self.people = {
            "pass": Person.objects.get(username="shencha"),
            "send_back": Person.objects.get(username="shenpi"),
        }
        self.ids = open_cases(CASES)
        self.turn = self._turns()

    def _turns(self) -> Iterator[tuple[int, int, str]]:
        for seq in itertools.count(2):
            for id_ in self.ids:
                yield id_, seq, ("pass", "send_back")[seq % 2]

    def __call__(self, seconds: float) -> float:
        from yinuo.work import cases

        words = {"pass": {"opinion": "建议准予"}, "send_back": {"reason": "请补充说明"}}

        def step() -> None:
            id_, seq, move = next(self.turn)
            cases.move(
                case=id_,
                move=move,
                by=self.people[move],
                at=datetime.now(UTC),
                expecting=seq,
                data=words[move],
            )

        return timed(step, seconds)


class Ledger:
    """store.append() alone, with decisions made by the engine beforehand."""

    def __init__(self) -> None:
        from yinuo.ledger import store

        self.heads = [store.read(id_) for id_ in open_cases(CASES)]
        self.at = 0

    def _decisions(self, count: int) -> list[tuple[int, Any, Any]]:
        from yinuo.core import engine
        from yinuo.core.rules import Actor, Facts
        from yinuo.packs import matters

        matter, calendar = matters.current("approvals/shop_sign"), matters.calendar()
        actor = Actor(kind="person", id=1, roles=frozenset(("reviewer", "approver")))
        facts = Facts(
            matter=matter,
            data={"reason": "请补充说明", "opinion": "建议准予"},
            units=dict.fromkeys(matter.units_named, "unit:chengqu-approval"),
        )
        ahead = {place: head.case for place, head in enumerate(self.heads)}
        made = []
        for _ in range(count):
            place = self.at % CASES
            self.at += 1
            case = ahead[place]
            move = "pass" if case.step == "review" else "send_back"
            decision = engine.decide(
                case, matter=matter, move=move, by=actor, at=datetime.now(UTC), calendar=calendar, facts=facts
            )
            ahead[place] = decision.case
            made.append((place, decision, engine.wake_at(decision.case, matter=matter)))
        return made

    def __call__(self, seconds: float) -> float:
        from yinuo.ledger import store

        done, spent = 0, 0.0
        while spent < seconds:
            decisions = self._decisions(2 * CASES)
            start = time.perf_counter()
            for place, decision, wake in decisions:
                self.heads[place] = store.append(
                    self.heads[place],
                    decision,
                    wake_at=wake,
                    words=[store.Words("reason", "请补充说明")],
                )
            spent += time.perf_counter() - start
            done += len(decisions)
        return done / spent


class Pgbench:
    """append.sql with a real move's values, run by PostgreSQL's own benchmark."""

    def __init__(self, server: Any) -> None:
        from yinuo.ledger import store
        from yinuo.ledger.sql import statement
        from yinuo.ops import database

        self.ids = open_cases(CASES)
        head = store.read(self.ids[0])
        values = self._values(head)
        text, first = statement("append"), min(self.ids)
        text = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
        self.variables: list[str] = []
        for name, value in values.items():
            text = text.replace(f"%({name})s", self._word(name, value))
        text = text.replace("%(case)s", ":case").replace("%(expecting)s", ":expecting")
        assert "%(" not in text, text
        script = (
            "\\set i :i + 1\n"
            f"\\set case {first} + :i % {CASES}\n"
            f"\\set expecting 2 + :i / {CASES}\n{text.strip()};\n"
        )
        self.path = Path(os.environ["YINUO_HOME"]) / "append.pgbench"
        self.path.write_text(script, encoding="utf-8")
        self.server, self.program = server, database.program("pgbench", Path(os.environ["YINUO_HOME"]))
        self.next = -1

    def _word(self, name: str, value: Any) -> str:
        """How pgbench writes one value: text and times as its variables (so that they are parameters of the
        prepared statement, as they are from Python), the rest in the statement."""
        if value is None:
            return "NULL"
        if value == "":  # pgbench has no empty variable
            return "''"
        if isinstance(value, bool | int):
            return str(value)
        if isinstance(value, bytes):
            value, cast = "\\x" + value.hex(), "::bytea"
        elif isinstance(value, datetime):
            value, cast = value.isoformat(), "::timestamptz"
        else:
            cast = ""
        self.variables += ["-D", f"v_{name}={value}"]
        return f":v_{name}{cast}"

    def _values(self, head: Any) -> dict[str, Any]:
        from yinuo.ledger import store

        maker = Ledger.__new__(Ledger)
        maker.heads, maker.at = [head] * CASES, 0
        _, decision, wake = maker._decisions(1)[0]
        return store._values(
            decision,
            number=head.number,
            prev=head.digest,
            words=[store.Words("reason", "请补充说明")],
            files=(),
            notices=(),
            extra={},
            wake=wake,
            before=head.state,
        )

    def __call__(self, seconds: float) -> float:
        ran = subprocess.run(
            [
                str(self.program), "-n", "-M", "prepared", "-c", "1", "-j", "1",
                "-T", str(max(1, round(seconds))), "-D", f"i={self.next}", *self.variables,
                "-f", str(self.path),
                "-h", str(self.server.socket), "-p", "5432", "-U", "yinuo_run", "yinuo",
            ],
            check=False, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"},
        )  # fmt: skip
        if ran.returncode:
            raise SystemExit(f"pgbench failed: {ran.stderr}")
        done = int(_after(ran.stdout, "number of transactions actually processed:"))
        self.next += done
        self._really_moved()
        return float(_after(ran.stdout, "tps ="))

    def _really_moved(self) -> None:
        """A statement that finds no row is fast and worthless: count what it wrote."""
        from yinuo.ledger.models import Entry

        written = Entry.objects.filter(case_id__in=self.ids, seq__gt=2).count()
        assert written == self.next + 1, f"pgbench says {self.next + 1} moves, the ledger has {written}"


def _after(text: str, label: str) -> str:
    return text.split(label)[1].split()[0].split("/")[0]


class Orm:
    """A case kept the usual way, in tables with the same columns and indexes: a row locked, checked, saved,
    an entry and its words created, in one transaction."""

    def __init__(self, server: Any) -> None:
        from django.db import connections

        settings = dict(connections.databases["default"])
        # As Django connects when nobody thinks about it: no prepared statements, values bound on the client.
        settings["OPTIONS"] = {}
        connections.databases["plain"] = settings
        connections.databases["plain_owner"] = dict(settings, USER="yinuo_owner")
        self.case, self.entry, self.words = models = _orm_models()
        with connections["plain_owner"].schema_editor() as editor:
            for model in models:
                editor.create_model(model)
        self.ids = [each.pk for each in self.case.objects.using("plain").bulk_create(_copies(self.case))]
        from yinuo.registers.models import Person

        self.people = {
            "pass": Person.objects.get(username="shencha").pk,
            "send_back": Person.objects.get(username="shenpi").pk,
        }
        self.turn = self._turns()

    def _turns(self) -> Iterator[tuple[int, int, str]]:
        for seq in itertools.count(2):
            for id_ in self.ids:
                yield id_, seq, ("pass", "send_back")[seq % 2]

    def __call__(self, seconds: float) -> float:
        return timed(self.step, seconds)

    def step(self) -> None:
        """One move, the usual way."""
        from django.db import transaction

        from yinuo.core.clock import Limit, Mode, due
        from yinuo.ledger.digests import canonical, content_digest, entry_digest, new_salt
        from yinuo.packs import matters
        from yinuo.registers.models import Post

        id_, seq, move = next(self.turn)
        now, calendar = datetime.now(UTC), matters.calendar()
        with transaction.atomic(using="plain"):
            case = self.case.objects.using("plain").select_for_update().get(pk=id_)
            if case.seq != seq:
                raise RuntimeError("somebody was faster")
            role = "reviewer" if move == "pass" else "approver"
            posts = Post.objects.using("plain").filter(person_id=self.people[move], valid_to__isnull=True)
            if not any(
                post.role_id == role and case.holder == f"unit:{post.unit_id}"
                for post in posts.select_related("unit")
            ):
                raise RuntimeError("not theirs")
            case.seq += 1
            case.step = "decide" if move == "pass" else "review"
            dates = {}
            for name, days in (("step", 3), ("promised", 5), ("statutory", 20)):
                dates[name] = due(Limit(value=days, mode=Mode.WORKDAYS), start=now, calendar=calendar)
            case.promised_at, case.statutory_at = dates["promised"].at, dates["statutory"].at
            case.due_at = min(dates["step"].at, dates["promised"].at)
            case.wake_at, case.at, case.light = dates["step"].warn, now, "green"
            case.state = {**case.state, "step": case.step, "at": now.isoformat()}
            words, salt = "请补充说明", new_salt()
            digest = content_digest(salt, words)
            body = canonical({"state": {"step": case.step}, "content": {"reason": digest.hex()}})
            previous = bytes(case.head)
            case.head = entry_digest(
                number=case.number,
                seq=case.seq,
                kind="moved",
                move=move,
                at=now,
                by="person:1",
                body=body,
                prev=previous,
            )
            case.save(using="plain")
            self.entry.objects.using("plain").create(
                case=case,
                seq=case.seq,
                kind="moved",
                move=move,
                at=now,
                by="person:1",
                body=body,
                prev=previous,
                digest=case.head,
            )
            self.words.objects.using("plain").create(
                case=case, seq=case.seq, kind="reason", salt=salt, body=words, digest=digest
            )


def _copies(model: Any) -> list[Any]:
    """The ledger's own cases at the step review, as rows of the plain table."""
    from yinuo.ledger.models import Case

    rows = Case.objects.filter(step="review", seq=2).order_by("id").values()[:CASES]
    made = []
    for row in rows:
        row.pop("id")
        row |= {"head": bytes(row["head"]), "token": uuid.uuid4(), "parent_id": None}
        made.append(model(**row))
    return made


def _orm_models() -> tuple[Any, Any, Any]:
    """Plain models with the columns and indexes of the ledger's, in tables of their own."""
    from django.db import models

    from yinuo.ledger.models import Case, Content, Entry

    def plain(name: str, source: Any, parent: Any = None) -> Any:
        attributes: dict[str, Any] = {"__module__": __name__}
        for field in source._meta.local_fields:
            if field.name in ("id", "pk"):
                continue
            if field.is_relation:
                to = parent or "self"
                attributes[field.name] = models.ForeignKey(
                    to, models.PROTECT, null=field.null, related_name="+"
                )
            else:
                attributes[field.name] = field.clone()
        indexes = [index.clone() for index in source._meta.indexes]
        for index in indexes:
            index.name = f"b_{index.name}"
        meta = {"app_label": "ledger", "db_table": f"bench_{name.lower()}", "indexes": indexes}
        attributes["Meta"] = type("Meta", (), meta)
        return type(f"Plain{name}", (models.Model,), attributes)

    case = plain("Case", Case)
    return case, plain("Entry", Entry, case), plain("Content", Content, case)


if __name__ == "__main__":
    sys.exit(main())
