"""Notices go out through a real mail server that fails and comes back; receipts say what went."""

from __future__ import annotations

import email
import email.policy
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import lives
import pytest
from aiosmtpd.controller import Controller
from lives import FIRE, FOOD, LAMP, SHOP, People, moment, opened

from yinuo.ledger import models as ledger
from yinuo.registers import parties
from yinuo.registers.models import Person, today
from yinuo.work import messages, tell
from yinuo.work.tell import FIRST_WAIT, LONGEST_WAIT, addressed_to, emails, undelivered, wait

NINE = moment("2026-03-02 09:00")


class Box:
    """What the mail server took in, and whom it turns away."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.turned_away: set[str] = set()
        self.down = False

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.down:
            return "451 4.3.0 try again later"
        if address in self.turned_away:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.got.append((list(envelope.rcpt_tos), message))
        return "250 taken"

    def to(self, address: str) -> list[Any]:
        return [message for recipients, message in self.got if address in recipients]


@pytest.fixture
def box(settings: Any) -> Iterator[Box]:
    """A mail server on this machine, and Django pointed at it."""
    found = Box()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = Controller(found, hostname="127.0.0.1", port=port)
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", port, False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_TIMEOUT = 5
    yield found
    server.stop()


def has_mail(city: People, **addresses: str) -> None:
    for username, address in addresses.items():
        Person.objects.filter(pk=city[username].pk).update(email=address)


def owed() -> list[ledger.Notice]:
    return list(ledger.Notice.objects.filter(sent_at__isnull=True).order_by("id"))


# --- delivered ---------------------------------------------------------------------------------------------


def test_a_notice_without_an_address_is_delivered_by_being_there(city: People) -> None:
    life = opened(SHOP, city["shimin"], NINE)
    assert tell.tell(now=NINE) == 1
    (notice,) = ledger.Notice.objects.filter(case_id=life.id)
    assert (notice.sent_at, notice.attempts, notice.receipt) == (NINE, 1, {"inapp": NINE.isoformat()})
    assert notice.read_at is None  # sent is not read
    assert messages.unread(city["shimin"]) == 1
    messages.read(city["shimin"], notice.pk, at=NINE)
    assert messages.unread(city["shimin"]) == 0
    with pytest.raises(LookupError):
        messages.read(city["qiye"], notice.pk, at=NINE)


def test_mail_names_the_case_and_says_nothing_that_was_decided(city: People, box: Box) -> None:
    has_mail(city, shimin="li@example.test")
    life = lives.sign_to_decision(city)
    life.move("refuse", city["shenpi"], "2026-03-03 09:00", reason="遮挡消防通道")
    tell.tell(now=moment("2026-03-03 09:00"))
    mail = box.to("li@example.test")
    assert [str(each["Subject"]) for each in mail] == [
        "[一诺] 已收到：设置店招标牌",
        "[一诺] 受理通知书",
        "[一诺] 不予行政许可决定书",
    ]
    for each in mail:
        text = each.get_content()
        assert life.number in text
        assert "消防" not in text and "老李" not in text and "138" not in text
    notice = ledger.Notice.objects.get(case_id=life.id, kind="refused")
    assert notice.receipt["email"] == f"notice-{notice.pk}@yinuo"
    assert mail[-1]["Message-ID"] == f"<notice-{notice.pk}@yinuo>"


def test_the_clock_tells_and_nothing_goes_twice(city: People, box: Box) -> None:
    has_mail(city, shimin="li@example.test")
    opened(SHOP, city["shimin"], NINE)
    for _ in range(3):
        tell.tell(now=NINE + timedelta(minutes=1))
    assert len(box.got) == 1
    assert owed() == []


# --- failing -----------------------------------------------------------------------------------------------


def test_a_server_that_is_down_gets_everything_once_when_it_is_back(city: People, box: Box) -> None:
    has_mail(city, shimin="li@example.test", qiye="shop@example.test")
    box.down = True
    first, second = opened(SHOP, city["shimin"], NINE), opened(FOOD, city["qiye"], NINE)
    assert tell.tell(now=NINE) == 0
    for notice in owed():
        assert notice.attempts == 1 and "451" in notice.error
        assert notice.next_at == NINE + FIRST_WAIT
    assert tell.tell(now=NINE + timedelta(seconds=29)) == 0
    assert {notice.attempts for notice in owed()} == {1}  # not before its time
    box.down = False
    assert tell.tell(now=NINE + timedelta(seconds=30)) == 2
    assert [len(box.to(each)) for each in ("li@example.test", "shop@example.test")] == [1, 1]
    for life in (first, second):
        (notice,) = ledger.Notice.objects.filter(case_id=life.id)
        assert (notice.attempts, notice.error) == (2, "")
        assert notice.receipt["email"] == f"notice-{notice.pk}@yinuo"


def test_a_notice_nobody_can_deliver_does_not_hold_up_the_others(city: People, box: Box) -> None:
    has_mail(city, shimin="gone@example.test", qiye="shop@example.test")
    box.turned_away.add("gone@example.test")
    poison, good = opened(SHOP, city["shimin"], NINE), opened(FOOD, city["qiye"], NINE)
    assert tell.tell(now=NINE) == 1
    assert len(box.to("shop@example.test")) == 1
    (held,) = owed()
    assert held.case_id == poison.id and "550" in held.error
    assert ledger.Notice.objects.get(case_id=good.id).sent_at == NINE
    stuck = undelivered(ledger.Case.objects.all())
    assert [each.pk for each in stuck] == [held.pk]


def test_many_that_cannot_be_delivered_end_the_round_and_the_rest_goes_in_the_next(
    city: People, box: Box
) -> None:
    has_mail(city, shimin="gone@example.test", qiye="shop@example.test")
    box.turned_away.add("gone@example.test")
    for _ in range(tell.ENOUGH):
        opened(SHOP, city["shimin"], NINE)
    opened(FOOD, city["qiye"], NINE)
    assert tell.tell(now=NINE) == 0  # a server that hangs would have cost that many time-outs
    assert tell.tell(now=NINE) == 1
    assert len(box.to("shop@example.test")) == 1


def test_a_server_that_hangs_does_not_hold_the_clock_for_every_notice(city: People, settings: Any) -> None:
    has_mail(city, shimin="li@example.test")
    with socket.socket() as deaf:  # takes connections and never says a word
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(50)
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", deaf.getsockname()[1]
        settings.EMAIL_TIMEOUT = 0.2
        for _ in range(12):
            opened(SHOP, city["shimin"], NINE)
        start = time.monotonic()
        assert tell.tell(now=NINE) == 0
        assert time.monotonic() - start < 12 * 0.2
    assert {notice.attempts for notice in owed()} == {0, 1}


def test_each_failure_waits_twice_as_long_but_never_longer_than_six_hours() -> None:
    waits = [wait(attempts) for attempts in range(1, 40)]
    assert waits[:4] == [timedelta(seconds=30 * 2**n) for n in range(4)]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT == timedelta(hours=6)


def test_a_notice_is_never_given_up(city: People, box: Box) -> None:
    has_mail(city, shimin="li@example.test")
    box.down = True
    opened(SHOP, city["shimin"], NINE)
    now = NINE
    for _ in range(60):
        tell.tell(now=now)
        now = owed()[0].next_at
    assert now - NINE > timedelta(days=10)
    box.down = False
    assert tell.tell(now=now) == 1
    (notice,) = ledger.Notice.objects.all()
    assert (notice.attempts, len(box.got)) == (61, 1)


# --- to whom -----------------------------------------------------------------------------------------------


def test_everybody_gets_mail_of_their_own_cases_and_of_no_others(city: People, box: Box) -> None:
    has_mail(
        city,
        shimin="li@example.test",
        laoren="zhao@example.test",
        qiye="shop@example.test",
        qiye_jianshe="works@example.test",
        chuangkou="clerk@example.test",
        shenpi="approver@example.test",
    )
    sign = lives.sign_to_decision(city)
    sign.move("grant", city["shenpi"], "2026-03-03 09:00")
    works = lives.works_in_joint(city)
    works.child(FIRE).move("agree", city["shencha_xiaofang"], "2026-03-03 09:00", opinion="同意")
    lamp = opened(LAMP, city["laoren"], NINE)
    tell.tell(now=moment("2026-03-10 00:00"))
    own = {"li": {sign.number}, "works": {works.number, works.child(FIRE).number}, "zhao": {lamp.number}}
    every = {row.number for row in ledger.Case.objects.all()}
    for name, numbers in own.items():
        mail = box.to(f"{name}@example.test")
        assert mail
        texts = [str(each["Subject"]) + each.get_content() for each in mail]
        assert {number for number in every for text in texts if number in text} == numbers
    for name in ("shop", "clerk", "approver"):  # a unit has its inbox; its people get no mail for it
        assert box.to(f"{name}@example.test") == []


def test_whoever_left_or_was_locked_out_gets_no_more_mail_of_the_enterprise(city: People) -> None:
    party = parties.for_person(city["qiye"])[0]
    party.email = "office@example.test"
    party.save()
    has_mail(city, qiye="boss@example.test")
    agent = lives.employ("agent")
    Person.objects.filter(pk=agent.pk).update(email="agent@example.test")
    parties.join(party, agent, "agent", on=lives.BEFORE_ALL)
    to = f"party:{party.pk}"
    assert emails(to, on=today()) == ["office@example.test", "boss@example.test", "agent@example.test"]
    Person.objects.filter(pk=agent.pk).update(is_active=False)
    assert emails(to, on=today()) == ["office@example.test", "boss@example.test"]
    parties.leave(party, city["qiye"])
    assert emails(to, on=today()) == ["office@example.test"]


def test_one_address_behind_two_names_gets_one_mail(city: People, box: Box) -> None:
    party = parties.for_person(city["qiye"])[0]
    party.email = "shop@example.test"
    party.save()
    has_mail(city, qiye="shop@example.test")
    opened(FOOD, city["qiye"], NINE)
    tell.tell(now=NINE)
    ((recipients, _),) = box.got
    assert recipients == ["shop@example.test"]


def test_messages_on_the_page_are_ones_own_and_not_the_units(city: People) -> None:
    sign = lives.sign_to_decision(city)
    lives.ticked("2026-03-10 00:00")
    assert {each.case_id for each in messages.of(city["shimin"])} == {sign.id}
    assert list(messages.of(city["shenpi"])) == []
    assert f"unit:{'chengqu-approval'}" in addressed_to(city["shenpi"])
    assert list(messages.of(city["qiye"])) == []
