"""Something is away for a while: the answer on its way, the database, the mail server, the calendar."""

from __future__ import annotations

import re
import socket
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import lives
import pytest
from aiosmtpd.controller import Controller
from cutting import Wire
from django.db import OperationalError, connection, connections
from lives import ELDER, FIRE, FOOD, LAMP, SHOP, START, WORKS, moment, opened

from yinuo.ledger import models as ledger
from yinuo.ledger import store
from yinuo.ledger.verify import verify
from yinuo.registers.models import Person
from yinuo.work import cases, drafts
from yinuo.work.cases import Conflict
from yinuo.work.tell import tell
from yinuo.work.tick import tick

# --- the answer is lost ------------------------------------------------------------------------------------


@pytest.fixture
def wire(fresh_city: Any) -> Iterator[Wire]:
    """This process reaches its database over a wire that can be cut."""
    live = connections.settings["default"]
    with tempfile.TemporaryDirectory(prefix="wire-") as folder:
        found = Wire(Path(folder), Path(live["HOST"]), int(live["PORT"]))
        connection.close()
        host = live["HOST"]
        live["HOST"] = folder
        try:
            yield found
        finally:
            connection.close()
            live["HOST"] = host
            found.close()


def test_a_move_whose_answer_was_lost_is_there_and_sending_it_again_says_so(wire: Wire) -> None:
    city = lives.move_in()
    life = lives.sign_to_decision(city)
    seq = life.seq
    again = {
        "case": life.id,
        "move": "send_back",
        "by": city["shenpi"],
        "at": moment("2026-03-03 09:00"),
        "expecting": seq,
        "data": {"reason": "请补充"},
    }
    connection.close()
    wire.cut_after = b"-- append:"
    with pytest.raises(OperationalError):
        cases.move(**again)
    assert wire.cuts == 1
    connection.close()
    with pytest.raises(Conflict):
        cases.move(**again)
    assert (life.seq, life.row.step, life.moves.count("send_back")) == (seq + 1, "review", 1)
    assert verify().faults == ()


def test_a_form_whose_receipt_was_lost_is_one_case_and_sending_it_again_gives_its_number(wire: Wire) -> None:
    city = lives.move_in()
    given = {
        "matter": SHOP,
        "by": city["shimin"],
        "at": moment("2026-03-02 09:00"),
        "token": uuid.uuid4(),
        "form": lives.answers(SHOP),
        "party": city.party("shimin"),
        "files": lives.files(*lives.papers(SHOP)),
    }
    connection.close()
    wire.cut_after = b"-- open:"
    with pytest.raises(OperationalError):
        cases.open_case(**given)
    assert wire.cuts == 1
    connection.close()
    again = cases.open_case(**given)
    assert not again.fresh
    assert ledger.Case.objects.get().number == again.number
    assert ledger.Notice.objects.count() == 1
    assert verify().faults == ()


def test_a_cut_before_the_commit_of_a_move_with_effects_leaves_nothing(wire: Wire) -> None:
    """A grant is a transaction of several statements: losing the wire inside it takes all of it back."""
    city = lives.move_in()
    life = lives.sign_to_decision(city)
    seq = life.seq
    connection.close()
    wire.cut_after = b"-- append:"
    with pytest.raises(OperationalError):
        life.move("grant", city["shenpi"], "2026-03-03 09:00")
    assert wire.cuts == 1
    connection.close()
    assert (life.seq, life.records()) == (seq, [])
    life.move("grant", city["shenpi"], "2026-03-03 09:00")
    assert life.records() == ["shop_signs"]
    assert verify().faults == ()


# --- the database is away ----------------------------------------------------------------------------------


def test_a_form_sent_while_the_database_is_stopped_is_kept_and_goes_through_afterwards(
    on_own_server: Any, make_pages: Any
) -> None:
    from django.test import Client

    city = lives.move_in()
    client = Client()
    client.force_login(city["shimin"])
    session = client.cookies["sessionid"].value
    draft = drafts.begin(
        matter=SHOP, by=city["shimin"], party=city.party("shimin"), at=moment("2026-03-02 09:00")
    )
    pages = make_pages(on_own_server.dsn_run)
    pages.start()
    path = f"/apply/{draft.pk}/1/"
    assert pages.browse(session, path)[0] == 200
    typed = {"_page": "1", "shop_name": "老李面馆", "place": "140502003", "address": "演示街 12 号"}
    connection.close()
    on_own_server.stop()
    status, text, headers = pages.browse(session, path, typed)
    assert status == 503 and int(headers["Retry-After"]) > 0
    assert "系统暂时不可用" in text
    for name, value in typed.items():
        assert re.search(rf'name="{name}"[^>]*value="{value}"|value="{value}"[^>]*name="{name}"', text), name
    assert pages.browse(session, "/my/")[0] == 503
    on_own_server.start()
    status, text, headers = pages.browse(session, path, typed)  # the same, from the button of that page
    assert status == 302, text[:500]
    draft.refresh_from_db()
    assert (draft.data["shop_name"], draft.data["address"]) == ("老李面馆", "演示街 12 号")
    assert "老李面馆" in pages.browse(session, path)[1]


def test_the_worker_goes_on_by_itself_when_the_database_is_back(on_own_server: Any) -> None:
    from yinuo.ops.worker import round_

    city = people_of(on_own_server)
    life = opened(SHOP, city["shimin"], "2026-03-02 09:00")
    on_own_server.stop()
    with pytest.raises(OperationalError):
        round_(now=moment("2026-03-10 00:00"))
    on_own_server.start()
    connection.close()
    round_(now=moment("2026-03-10 00:00"))
    assert life.row.step == "review"
    assert life.told() and not ledger.Notice.objects.filter(case_id=life.id, sent_at__isnull=True).exists()


def people_of(server: Any) -> lives.People:
    """The people the test before this one has brought in, or the same ones now."""
    found = lives.People((person.username, person) for person in Person.objects.filter(demo=True))
    return found or lives.move_in()


# --- the mail server is away -------------------------------------------------------------------------------


class Box:
    def __init__(self) -> None:
        self.got: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        text = envelope.content.decode()
        found = re.search(r"^Message-ID: <(.+)>\r?$", text, re.M | re.I)
        assert found is not None
        self.got.append(found[1])
        return "250 taken"


def test_after_an_hour_without_a_mail_server_everything_goes_out_as_the_receipts_say(
    fresh_city: Any, make_hands: Any, tmp_path: Path, settings: Any
) -> None:
    city = lives.move_in()
    Person.objects.filter(pk=city["shimin"].pk).update(email="li@example.test")
    Person.objects.filter(pk=city["qiye"].pk).update(email="shop@example.test")
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    nine = moment("2026-03-02 09:00")
    for minute in range(0, 60, 5):  # cases go on being opened and moved while nobody takes mail
        now = nine + timedelta(minutes=minute)
        opened(SHOP, city["shimin"], now)
        opened(FOOD, city["qiye"], now).move("accept", city["chuangkou"], now)
        assert tell(now=now) == 0
    owed = ledger.Notice.objects.filter(sent_at__isnull=True)
    assert owed.count() == 12 * 3
    assert "refused" in (owed.exclude(error="").first() or owed[0]).error.lower()
    box = Box()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    try:
        crowd, go = make_hands(fresh_city.dsn_run), tmp_path / "go"
        later = (nine + timedelta(hours=7)).isoformat()
        given = {"now": later, "host": "127.0.0.1", "port": port, "go": str(go)}
        workers = [crowd.start("tell_all", **given) for _ in range(2)]  # two workers share it
        assert sum(int(said) for said in crowd.together(workers, go)) == 12 * 3
        tell(now=nine + timedelta(hours=8))
    finally:
        server.stop()
    receipts = [each.receipt.get("email") for each in ledger.Notice.objects.all()]
    assert Counter(box.got) == Counter(receipts)
    assert set(Counter(box.got).values()) == {1}


# --- the calendar is away ----------------------------------------------------------------------------------


def test_a_clock_that_jumps_over_an_unpublished_new_year_does_everything_once(fresh_city: Any) -> None:
    city = lives.move_in()
    silent = opened(SHOP, city["shimin"], "2026-12-28 09:00")  # deemed accepted on a provisional day
    asked = opened(FOOD, city["qiye"], "2026-12-28 09:00")
    asked.move("ask", city["chuangkou"], "2026-12-30 10:00", reason="缺图")  # lapses after 15 days
    late = lives.sign_to_decision(city, "2026-12-28")
    joint = lives.works_in_joint(city, "2026-12-29")
    elder = opened(ELDER, city["laoren"], "2026-12-30 09:00")
    elder.move("accept", city["chuangkou_nanjie"], "2026-12-30 10:00")
    bundle = opened(START, city["qiye"], "2026-12-30 09:00")
    bundle.move("accept", city["chuangkou"], "2026-12-30 09:30")
    lamp = opened(LAMP, city["shimin"], "2026-12-31 17:00")
    paused = opened(WORKS, city["qiye_jianshe"], "2026-12-29 09:00")
    paused.move("accept", city["chuangkou"], "2026-12-29 10:00")
    paused.move("to_expert", city["shencha"], "2026-12-29 11:00", reason="评审", days=5)
    provisional = {life.number for life in (silent, late, joint, elder, bundle, lamp) if life.row.provisional}
    assert provisional == {life.number for life in (silent, late, joint, elder, bundle, lamp)}
    tick(now=moment("2026-12-31 23:59"))
    for _ in range(3):
        tick(now=moment("2027-01-20 00:00"))
    assert silent.moves.count("deem_accepted") == 1
    assert asked.moves.count("lapse") == 1 and asked.row.outcome == "withdrawn"
    for life in (silent, late, joint, joint.child(FIRE), elder, bundle, lamp):
        assert life.row.light == "red", life.number
    assert paused.row.step == "expert" and paused.row.promised_at is None
    for row in ledger.Case.objects.all():
        turned = Counter(
            (name, level)
            for line in store.history(row.pk)
            for name, level in line.entry.body.get("turned", {}).items()
        )
        assert set(turned.values()) <= {1}, (row.number, turned)
        # Nothing of it is looked at again before something new can fall due.
        assert row.wake_at is None or row.wake_at > moment("2027-01-20 00:00"), row.number
    late_notices = ledger.Notice.objects.filter(kind="late").values_list("case_id", flat=True)
    assert set(Counter(late_notices).values()) == {1}
    assert verify().faults == ()
