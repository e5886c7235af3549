"""What another process does while a test looks on: `python hands.py <act> <JSON>`.

Each act says "ready" when it has read what it needs, waits for the file `go` where one is given, and appends
to `acks` only what the platform has answered: that is what must be in the ledger afterwards.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def main() -> None:
    sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent / "work")]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yinuo.settings")
    import django

    django.setup()
    act, given = sys.argv[1], json.loads(sys.argv[2])
    ACTS[act](**given)


def ready(go: str) -> None:
    print("ready", flush=True)
    while go and not Path(go).exists():
        time.sleep(0.001)


def die(*_: Any, **__: Any) -> None:
    """As kill -9 does, at this very line."""
    os.kill(os.getpid(), signal.SIGKILL)


def who(username: str) -> Any:
    from yinuo.registers.models import Person

    return Person.objects.get(username=username)


def one_tick(*, now: str, go: str) -> None:
    from yinuo.packs import matters
    from yinuo.work.tick import tick

    matters.all_current()  # so that all start at the same line
    ready(go)
    print(tick(now=datetime.fromisoformat(now)))


def load(*, ids: list[int], acks: str) -> None:
    """Moves shop signs to and fro, as fast as it goes, until it is killed. After an error the same move is
    sent again, as a person does: a Conflict then says that it had been made."""
    from django.db import close_old_connections, connection

    from yinuo.ledger import store
    from yinuo.work import cases
    from yinuo.work.cases import Conflict

    people = {"pass": who("shencha"), "send_back": who("shenpi")}
    words = {"pass": {"opinion": "建议准予"}, "send_back": {"reason": "请补充"}}
    at = {id_: store.read(id_).case for id_ in ids}
    seqs = {id_: case.seq for id_, case in at.items()}
    steps = {id_: case.step for id_, case in at.items()}
    ready("")
    with open(acks, "a") as answered:
        while True:
            for id_ in ids:
                move = {"review": "pass", "decide": "send_back"}[steps[id_]]
                try:
                    head = cases.move(
                        case=id_,
                        move=move,
                        by=people[move],
                        at=datetime.now(UTC),
                        expecting=seqs[id_],
                        data=words[move],
                    )
                    answered.write(f"{id_} {head.case.seq} {move}\n")
                    answered.flush()
                    seqs[id_], steps[id_] = head.case.seq, head.case.step
                except Conflict:
                    case = store.read(id_).case
                    seqs[id_], steps[id_] = case.seq, case.step
                except Exception:
                    connection.close()
                    close_old_connections()
                    time.sleep(0.05)


def die_before_join(*, case: int, by: str, at: str) -> None:
    """Closes a child and dies before its parent is looked at."""
    from yinuo.ledger import store
    from yinuo.work import cases

    cases._settle_now = die  # type: ignore[assignment]
    cases.move(
        case=case,
        move="agree",
        by=who(by),
        at=datetime.fromisoformat(at),
        expecting=store.read(case).case.seq,
        data={"opinion": "同意"},
    )


def die_in_fork(*, case: int, at: str) -> None:
    """Dies in the middle of opening children: one is written, the other is not, nothing is committed."""
    from yinuo.ledger import store
    from yinuo.work import cases

    opened = []
    open_case = store.open_case

    def once(*args: Any, **kwargs: Any) -> Any:
        opened.append(1)
        return die() if len(opened) > 1 else open_case(*args, **kwargs)

    store.open_case = once  # type: ignore[assignment]
    cases.move(
        case=case,
        move="fork",
        by=who("shencha"),
        at=datetime.fromisoformat(at),
        expecting=store.read(case).case.seq,
        data={"opinion": "具备"},
    )


def decide(*, ids: list[int], move: str, by: str, expecting: int, at: str, go: str) -> None:
    """One officer's decision on each of several cases; says what came of each."""
    from yinuo.ledger import store
    from yinuo.work import cases
    from yinuo.work.cases import Conflict

    person, said = who(by), []
    store.read(ids[0])
    ready(go)
    for id_ in ids:
        try:
            head = cases.move(
                case=id_,
                move=move,
                by=person,
                at=datetime.fromisoformat(at),
                expecting=expecting,
                data={"reason": "理由", "opinion": "意见"},
            )
            said.append(f"done:{head.case.seq}")
        except Conflict:
            said.append("conflict")
    print(*said)


def apply(*, token: str, go: str) -> None:
    """The same form, sent with the same token."""
    import lives

    from yinuo.registers import parties
    from yinuo.work import cases

    person = who("shimin")
    given = {
        "matter": lives.SHOP,
        "by": person,
        "at": lives.moment("2026-03-02 09:00"),
        "token": uuid.UUID(token),
        "form": lives.answers(lives.SHOP),
        "party": parties.for_person(person)[0].pk,
        "files": lives.files(*lives.papers(lives.SHOP)),
    }
    ready(go)
    opened = cases.open_case(**given)
    print(f"{opened.number} {opened.fresh}")


def tell_all(*, now: str, host: str, port: int, go: str) -> None:
    """Sends what is owed, as the worker does."""
    from django.conf import settings

    from yinuo.work.tell import tell

    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = host, port
    ready(go)
    print(tell(now=datetime.fromisoformat(now)))


ACTS = {
    each.__name__: each for each in (one_tick, load, die_before_join, die_in_fork, decide, apply, tell_all)
}

if __name__ == "__main__":
    main()
