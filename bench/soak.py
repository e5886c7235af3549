"""A long run under load and faults: random journeys through every matter, then everything is checked.

    make soak                                          five minutes
    .venv/bin/python bench/soak.py --journeys 200      so many moves of so many cases, however long it takes
    .venv/bin/python bench/soak.py --seed 12345        the same choices again

One process plays the people: they open cases of all six matters, make moves their matter offers, some of
them wrong or late, claim, note, correct, withdraw, rate. A worker process keeps the clock; it is killed
(kill -9) and started again. A second process moves cases of its own and is killed in the middle. Connections
are cut with pg_terminate_backend. Days pass by injected time. At the end the ledger must verify, every move
that was answered must be in it, and no case may have been opened twice.

The seed decides every choice of the first process. What the kills hit depends on the machine too; the seed
and what was found are printed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests" / "work"
START = "2026-03-02 08:30"


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--journeys", type=int, default=0, help="cases opened, instead of a time")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--helper", choices=("clock", "writer"), help=argparse.SUPPRESS)
    parser.add_argument("--acks", default="", help=argparse.SUPPRESS)
    args = parser.parse_args(given)
    sys.path[:0] = [str(ROOT), str(TESTS)]
    if args.helper:
        _django()
        return clock(Path(args.acks)) if args.helper == "clock" else writer(Path(args.acks), seed=args.seed)
    seed = args.seed or random.SystemRandom().randrange(1, 2**31)
    print(f"soak: seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="yinuo-soak-", dir="/tmp") as home:
        os.chmod(home, 0o755)  # the database's own system user passes through
        os.environ |= {
            "YINUO_HOME": str(Path(home) / "home"),
            "DJANGO_SETTINGS_MODULE": "yinuo.settings",
            "LOG_LEVEL": "CRITICAL",
            "DEMO": "1",
        }
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "EMAIL_HOST", "YINUO_DB_AS"):
            os.environ.pop(name, None)
        from yinuo.ops import database

        server = database.start(Path(home) / "home", say=lambda line: None)
        try:
            make_city(server)
            os.environ["DATABASE_URL"] = server.dsn_run
            _django()
            soak = Soak(seed=seed, folder=Path(home), admin=server.dsn(role="postgres", database="yinuo"))
            try:
                soak.run(minutes=0 if args.journeys else args.minutes, journeys=args.journeys)
            finally:
                soak.sweep()
            wrong = soak.check()
            print(f"soak: {soak.told()}")
        finally:
            database.stop(Path(home) / "home", say=lambda line: None)
    for line in wrong:
        print(f"soak: WRONG {line}")
    if wrong:
        print(f"soak: failed; the same choices again: .venv/bin/python bench/soak.py --seed {seed}")
        return 1
    print("soak: everything answered is in the ledger, and the ledger holds")
    return 0


def make_city(server: Any) -> None:
    environ = {**os.environ, "DATABASE_URL": server.dsn_owner, "YINUO_DB_AS": "owner"}
    script = "from yinuo.ops import prepare; prepare.as_owner()"
    subprocess.run(
        [sys.executable, "-c", script], env=environ, cwd=ROOT, check=True, stdout=subprocess.DEVNULL
    )


def _django() -> None:
    import django

    django.setup()


class Soak:
    """The first process: people who do something, and somebody who pulls plugs."""

    def __init__(self, *, seed: int, folder: Path, admin: str) -> None:
        import lives

        self.chance = random.Random(seed)
        self.seed, self.folder, self.admin = seed, folder, admin
        self.city = lives.move_in()
        self.now = lives.moment(START)
        self.acks: list[tuple[int, int, str]] = []
        self.numbers: dict[uuid.UUID, str] = {}
        self.open: list[int] = []
        self.did: Counter[str] = Counter()
        self.helpers: dict[str, subprocess.Popen[bytes]] = {}
        self.uuids = random.Random(seed + 1)
        self.now_file, self.acks_file = folder / "now", folder / "acks"

    # -- the day ---------------------------------------------------------------------------

    def run(self, *, minutes: float, journeys: int) -> None:
        until = time.monotonic() + minutes * 60
        self._say_now()
        for name in ("clock", "writer"):
            self._start(name)
        said = time.monotonic()
        while (time.monotonic() < until) if minutes else (self.did["opened"] < journeys or self._any_left()):
            self._whole_step()
            if time.monotonic() - said > 30:
                print(f"soak: {self.told()}", flush=True)
                said = time.monotonic()

    def _any_left(self) -> bool:
        """With --journeys, the cases go on for as many steps again after the last was opened."""
        self.did["after"] += 1
        return self.did["after"] < 5 * self.did["opened"]

    def _whole_step(self) -> None:
        """A step; where it lost its connection while only looking around, nothing was asked of anybody."""
        from django.db import InterfaceError, OperationalError, connection

        try:
            self.step()
        except (OperationalError, InterfaceError):
            self.did["cut off"] += 1
            connection.close()

    def step(self) -> None:
        """One thing that somebody does, or that goes wrong."""
        self.now += timedelta(seconds=self.chance.expovariate(1 / 600))
        if self.chance.random() < 0.01:
            self.now += timedelta(days=self.chance.choice((1, 1, 2, 5)))
        self._say_now()
        dice = self.chance.random()
        if dice < 0.12 or not self.open:
            self.journey()
        elif dice < 0.90:
            self.act(self.chance.choice(self.open))
        elif dice < 0.95:
            self.tick()
        elif dice < 0.965:
            self.cut()
        elif dice < 0.98:
            self.kill()
        else:
            self.tell()

    def _say_now(self) -> None:
        fresh = self.now_file.with_suffix(".new")
        fresh.write_text(self.now.isoformat())
        fresh.replace(self.now_file)

    # -- people ----------------------------------------------------------------------------

    def journey(self) -> None:
        """Somebody applies; one in four sends the form twice, one in five forgets a paper."""
        import lives

        from yinuo.registers import parties
        from yinuo.work import cases

        matter = self.chance.choice(lives.MATTERS)
        applicant = self.city[self.chance.choice(lives.OPENERS[matter])]
        token = uuid.UUID(int=self.uuids.getrandbits(128), version=4)
        handed = lives.papers(matter)
        if self.chance.random() < 0.2:
            handed = handed[1:]
        for _ in range(1 + (self.chance.random() < 0.25)):
            opened = self._asked(
                "opened",
                lambda: cases.open_case(
                    matter=matter,
                    by=applicant,
                    at=self.now,
                    token=token,
                    form=lives.answers(matter),
                    party=None if matter == lives.LAMP else parties.for_person(applicant)[0].pk,
                    files=lives.files(*handed),
                ),
            )
            if opened is not None:
                if self.numbers.setdefault(token, opened.number) != opened.number:
                    raise AssertionError(f"token {token} opened {opened.number} and {self.numbers[token]}")
                if opened.fresh or opened.id not in self.open:
                    self.open.append(opened.id)

    def act(self, id_: int) -> None:
        """One of the moves the case's matter has, made by somebody; mostly the right one."""
        from yinuo.ledger import models as ledger
        from yinuo.packs import matters

        row = self._asked("read", lambda: ledger.Case.objects.get(pk=id_))
        if row is None:
            return
        if row.closed_at is not None:
            self.after(row)
            return
        children = self._asked(
            "read",
            lambda: list(
                ledger.Case.objects.filter(parent_id=id_, closed_at__isnull=True).values_list("pk", flat=True)
            ),
        )
        if children and self.chance.random() < 0.8:
            self.act(self.chance.choice(children))
            return
        matter = matters.version(row.matter, row.version)
        moves = [each for each in matter.moves_from(row.step) if not each.automatic]
        if not moves:
            return
        move = self.chance.choice(moves)
        dice = self.chance.random()
        who = self._somebody(row, move)
        if dice < 0.06:
            who = self.city[self.chance.choice(sorted(self.city))]  # somebody whose case it may not be
        if dice > 0.96:
            self.aside(row, who)
            return
        expecting = row.seq - (self.chance.random() < 0.05)  # an old page
        self._move(row, move.id, who, expecting=expecting, data=self._words(row, move))

    def after(self, row: Any) -> None:
        """A closed case is rated now and then, or found to have been a mistake; mostly it is left alone."""
        from yinuo.work import cases

        dice = self.chance.random()
        if dice < 0.1:
            who = self.city[self.chance.choice(("shimin", "qiye", "laoren"))]
            self._asked(
                "rated",
                lambda: cases.rate(
                    case=row.pk, level=self.chance.randint(1, 5), by=who, at=self.now, expecting=row.seq
                ),
                row=row,
            )
        elif dice < 0.15:
            self.correct(row)
        elif row.pk in self.open and dice > 0.5:
            self.open.remove(row.pk)

    def aside(self, row: Any, who: Any) -> None:
        """Claim, remark, correct, withdraw."""
        from yinuo.work import cases

        given = {"case": row.pk, "by": who, "at": self.now, "expecting": row.seq}
        dice = self.chance.random()
        if dice < 0.4:
            self._asked("claimed", lambda: cases.claim(**given), row=row)
        elif dice < 0.6:
            self._asked("noted", lambda: cases.note(words="备注", **given), row=row)
        elif dice < 0.9:
            self.correct(row)
        else:
            applicant = self.city[self.chance.choice(("shimin", "qiye", "laoren", "qiye_jianshe"))]
            self._move(row, "withdraw", applicant, expecting=row.seq, data={})

    def correct(self, row: Any) -> None:
        from yinuo.work import cases

        approvers = sorted(name for name in self.city if name.startswith("shenpi"))
        who = self.city[self.chance.choice(approvers)]
        self._asked(
            "corrected",
            lambda: cases.correct(case=row.pk, by=who, at=self.now, expecting=row.seq, reason="点错了"),
            row=row,
        )

    def _move(self, row: Any, move: str, who: Any, *, expecting: int, data: dict[str, Any]) -> None:
        import lives

        from yinuo.work import cases

        files = lives.photo() if self.chance.random() < 0.8 else []
        if move == "resubmit":
            files = lives.files(*lives.papers(row.matter)) if row.matter in lives.MATTERS else files
        self._asked(
            move,
            lambda: cases.move(
                case=row.pk, move=move, by=who, at=self.now, expecting=expecting, data=data, files=files
            ),
            row=row,
            expecting=expecting,
        )

    def _somebody(self, row: Any, move: Any) -> Any:
        """A person who may make the move, where there is one among the demo's people."""
        from yinuo.registers.models import Person, Post

        if "party" in move.by:
            acting = Person.objects.filter(memberships__party_id=row.party_id)
            found = list(acting) if row.party_id else list(Person.objects.filter(pk=row.opened_by))
        else:
            unit = row.holder.partition(":")[2]
            posts = Post.objects.filter(unit_id=unit, role_id__in=move.by).select_related("person")
            found = [post.person for post in posts.order_by("id")]
        return self.chance.choice(found) if found else self.city["guanli"]

    def _words(self, row: Any, move: Any) -> dict[str, Any]:
        """What an officer writes, sometimes leaving something out."""
        data: dict[str, Any] = {}
        if self.chance.random() < 0.95:
            data |= {"opinion": "意见", "reason": "理由"}
        if move.extends or "days" in move.form.get("properties", {}):
            data["days"] = self.chance.randint(1, 6)
        if move.to == "handling" and not move.same_unit:
            data["unit"] = "chengqu-urban"
        known = {"second_inspector": "钱某", "from_month": "2026-04"}
        data |= {name: known[name] for name in move.form.get("properties", {}) if name in known}
        if "code" in move.form.get("properties", {}):
            data["code"] = self.chance.choice(("91140581MA0000055N", "91140502MA00000445"))
        return data

    # -- what goes wrong -------------------------------------------------------------------

    def _asked(self, what: str, call: Any, *, row: Any = None, expecting: int | None = None) -> Any:
        """Do it, and remember what was answered. A lost connection is asked again, as a person would."""
        from django.db import InterfaceError, OperationalError, close_old_connections, connection

        from yinuo.core.engine import Refused
        from yinuo.registers.records import Invalid, NotNow
        from yinuo.work import access
        from yinuo.work.cases import Conflict

        for _ in range(2):
            try:
                answer = call()
            except Refused as refused:
                self.did["refused"] += 1
                self.did[f"refused {refused.code}"] += 1
                return None
            except Conflict:
                self.did["conflict"] += 1
                return None
            except (access.NotFound, Invalid, NotNow):
                self.did["refused"] += 1
                return None
            except (OperationalError, InterfaceError):
                self.did["cut off"] += 1
                connection.close()
                close_old_connections()
                continue
            self.did[what] += 1
            if row is not None:
                seq = (row.seq if expecting is None else expecting) + 1
                self.acks.append((row.pk, seq, what))
            return answer
        return None

    def tick(self) -> None:
        from yinuo.work.seal import seal_when_due
        from yinuo.work.tick import tick

        self._asked("tick", lambda: tick(now=self.now))
        self._asked("seal", lambda: seal_when_due(now=self.now))

    def tell(self) -> None:
        from yinuo.work.tell import tell

        self._asked("tell", lambda: tell(now=self.now))

    def cut(self) -> None:
        """The database throws everybody out, this process's own connection among them."""
        import psycopg

        with psycopg.connect(self.admin) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where usename = 'yinuo_run' and pid <> pg_backend_pid() and random() < 0.7"
            )
        self.did["connections cut"] += 1

    def kill(self) -> None:
        """kill -9 of a helper, wherever it is."""
        name = self.chance.choice(sorted(self.helpers))
        process = self.helpers[name]
        process.kill()
        process.wait()
        self.did[f"killed {name}"] += 1
        self._start(name)

    def _start(self, name: str) -> None:
        command = [sys.executable, str(Path(__file__)), "--helper", name, "--acks", str(self.acks_file)]
        command += ["--seed", str(self.chance.randrange(2**31))]
        self.helpers[name] = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def sweep(self) -> None:
        for process in self.helpers.values():
            process.kill()
            process.wait()

    # -- was it all true -------------------------------------------------------------------

    def check(self) -> list[str]:
        """What does not hold: [] when everything does."""
        from django.db import connection

        from yinuo.ledger import models as ledger
        from yinuo.ledger.verify import verify
        from yinuo.work.tick import tick

        connection.close()
        tick(now=self.now)
        wrong = [str(fault) for fault in verify().faults]
        kept = set(ledger.Entry.objects.values_list("case_id", "seq"))
        others = [
            (each["case"], each["seq"], each["what"])
            for line in (
                self.acks_file.read_text().splitlines(keepends=True) if self.acks_file.exists() else ()
            )
            if line.endswith("\n")
            for each in [json.loads(line)]
        ]
        self.did["writer"] = len(others)
        for case, seq, what in (*self.acks, *others):
            if (case, seq) not in kept:
                wrong.append(f"case id {case}: {what} was answered as entry {seq}, which is not there")
        numbers = Counter(self.numbers.values())
        wrong += [f"{number} answers {times} tokens" for number, times in numbers.items() if times > 1]
        there = set(ledger.Case.objects.values_list("number", flat=True))
        wrong += [f"{number} was answered and is not there" for number in numbers if number not in there]
        wrong += self._promises()
        return wrong

    def _promises(self) -> list[str]:
        """What must hold of every case besides its digests."""
        from yinuo.ledger import models as ledger
        from yinuo.ledger import store

        wrong = []
        for row in ledger.Case.objects.all():
            entries = [line.entry for line in store.history(row.pk)]
            if (row.closed_at is None) == (row.holder == ""):
                wrong.append(f"{row.number} is held by {row.holder!r} and closed at {row.closed_at}")
            if row.wake_at is not None and row.wake_at <= self.now:
                wrong.append(f"{row.number} was due at {row.wake_at} and nobody has looked at it")
            open_children = ledger.Case.objects.filter(parent_id=row.pk, closed_at__isnull=True)
            if row.closed_at is not None and open_children.exists():
                wrong.append(f"{row.number} is closed and has open children")
            if any(later.at < earlier.at for earlier, later in itertools.pairwise(entries)):
                wrong.append(f"{row.number} goes back in time")
        twice = Counter(ledger.Notice.objects.values_list("case_id", "seq", "to", "kind", "title__zh"))
        wrong += [f"notice {key} is owed {times} times" for key, times in twice.items() if times > 1]
        return wrong

    def told(self) -> str:
        from yinuo.ledger.models import Case, Entry

        named = (
            "opened",
            "refused",
            "conflict",
            "cut off",
            "connections cut",
            "killed clock",
            "killed writer",
        )
        counts = ", ".join(f"{self.did[name]} {name}" for name in named if self.did[name])
        there = self._asked("read", lambda: (Case.objects.count(), Entry.objects.count())) or ("?", "?")
        return f"{there[0]} cases, {there[1]} entries; {counts}"


# --- the helpers that are killed ---------------------------------------------------------------------------


def clock(acks: Path) -> int:
    """The worker: moves what is due and tells what is owed, at the time the first process has named."""
    from django.db import connection

    from yinuo.work.tell import tell
    from yinuo.work.tick import tick

    while True:
        try:
            now = datetime.fromisoformat((acks.parent / "now").read_text())
            tick(now=now)
            tell(now=now)
        except Exception:
            connection.close()
        time.sleep(0.05)


def writer(acks: Path, *, seed: int) -> int:
    """Opens shop signs of its own and moves them to the end, noting what was answered."""
    import lives
    from django.db import connection

    from yinuo.core.engine import Refused
    from yinuo.registers.models import Person
    from yinuo.work.cases import Conflict

    chance = random.Random(seed)
    people = lives.People((person.username, person) for person in Person.objects.filter(demo=True))
    way = (
        ("accept", "chuangkou", {}),
        ("pass", "shencha", {"opinion": "可"}),
        ("send_back", "shenpi", {"reason": "再看"}),
        ("pass", "shencha", {"opinion": "可"}),
        ("grant", "shenpi", {}),
        ("deliver", "chuangkou", {}),
    )
    with open(acks, "a") as answered:
        while True:
            try:
                now = datetime.fromisoformat((acks.parent / "now").read_text())
                life = lives.opened(lives.SHOP, people["shimin"], now, place="140502003")
                answered.write(json.dumps({"case": life.id, "seq": 1, "what": "opened"}) + "\n")
                for move, who, data in way:
                    expecting = life.seq
                    life.move(move, people[who], now, **data)
                    line = {"case": life.id, "seq": expecting + 1, "what": move}
                    answered.write(json.dumps(line) + "\n")
                    answered.flush()
                    time.sleep(chance.random() * 0.05)
            except (Refused, Conflict):
                pass
            except Exception:
                connection.close()
                time.sleep(0.05)


if __name__ == "__main__":
    raise SystemExit(main())
