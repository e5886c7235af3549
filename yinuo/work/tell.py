"""Deliver notices. A notice is written with the move that owes it; this loop sends it and keeps the receipt.

In-app notices are delivered by being there; e-mail goes through Django's mail (SMTP). A notice that fails
waits longer each time and never holds up the others. "Sent" is not "read": read_at is set when it is opened.
"""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q, QuerySet

from yinuo.core.workdays import SHANGHAI
from yinuo.ledger.models import Case, Notice
from yinuo.registers.models import Party, PartyMember, Person

log = logging.getLogger(__name__)
ENOUGH = 3
"""Failures in a row after which a round ends: a mail server that hangs must not hold up the clock's loop."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=6)


def tell(*, now: datetime) -> int:
    """Send the notices that are due; returns how many went out. Several loops at once share the work.

    Each is a transaction of its own, so that a kill in the middle sends at most one a second time (under the
    same Message-ID). After ENOUGH failures in a row the rest waits for the next round.
    """
    sent = failed = 0
    due = Notice.objects.filter(sent_at__isnull=True, next_at__lte=now).order_by("next_at", "id")
    while failed < ENOUGH:
        with transaction.atomic():
            notice = due.select_for_update(skip_locked=True).first()
            if notice is None:
                break
            delivered = deliver(notice, now=now)
        sent += delivered
        failed = 0 if delivered else failed + 1
    return sent


def deliver(notice: Notice, *, now: datetime) -> int:
    """Deliver one notice: 1 when it went out, 0 when it must be tried again later."""
    notice.attempts += 1
    try:
        receipt: dict[str, Any] = {"inapp": now.isoformat()}
        addresses = emails(notice.to, on=now.astimezone(SHANGHAI).date())
        if addresses:
            receipt["email"] = send_mail(notice, addresses)
    except Exception as error:  # whatever a mail server throws, this notice waits and the next is tried
        notice.error = f"{type(error).__name__}: {error}"[:500]
        notice.next_at = now + wait(notice.attempts)
        notice.save(update_fields=["attempts", "error", "next_at"])
        log.warning("notice %s was not delivered, attempt %s: %s", notice.pk, notice.attempts, notice.error)
        return 0
    notice.sent_at, notice.receipt, notice.error = now, receipt, ""
    notice.save(update_fields=["attempts", "sent_at", "receipt", "error"])
    return 1


def wait(attempts: int) -> timedelta:
    """How long to wait after so many failures: half a minute, doubled each time, six hours at most."""
    doubled: timedelta = FIRST_WAIT * 2 ** min(attempts - 1, 12)
    return min(doubled, LONGEST_WAIT)


def send_mail(notice: Notice, addresses: list[str]) -> str:
    """Send the notice by e-mail and return the Message-ID. The mail names the case and says no more: what was
    decided is read after signing in."""
    title = notice.title["zh"]
    message = EmailMessage(
        subject=f"[一诺] {title}",
        body="\n\n".join(
            (title, notice.title.get("en", ""), f"办件编号 {notice.case.number}", "登录“一诺”查看详情。")
        ),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=addresses,
        headers={"Message-ID": f"<notice-{notice.pk}@yinuo>"},
    )
    message.send()
    return f"notice-{notice.pk}@yinuo"


def emails(to: str, *, on: date) -> list[str]:
    """The addresses behind "party:<id>" or "person:<id>"; none for a unit, which has its inbox. Whoever acts
    for the party no longer on that day, or whose account is closed, gets nothing."""
    kind, _, id_ = to.partition(":")
    if kind == "person":
        person = Person.objects.filter(pk=id_, is_active=True)
        return [email for email in person.values_list("email", flat=True) if email]
    if kind == "party":
        party = Party.objects.filter(pk=id_).values_list("email", flat=True).first()
        people = PartyMember.objects.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gt=on),
            party_id=id_,
            valid_from__lte=on,
            person__is_active=True,
        ).order_by("id")
        addresses = [party or "", *people.values_list("person__email", flat=True)]
        return list(dict.fromkeys(address for address in addresses if address))
    return []


def addressed_to(person: Person) -> list[str]:
    """Every "to" that means this person: themselves, the parties they act for, the units of their posts."""
    from yinuo.registers import parties, people

    return [
        f"person:{person.pk}",
        *(f"party:{party.pk}" for party in parties.for_person(person)),
        *(f"unit:{post.unit}" for post in people.posts_of(person)),
    ]


def undelivered(cases: QuerySet[Case], *, newest: int = 100) -> list[Notice]:
    """Notices of `cases` that failed at least once and are still owed, the longest waiting first."""
    failed = Notice.objects.filter(case__in=cases.order_by(), sent_at__isnull=True, attempts__gt=0)
    return list(failed.select_related("case").order_by("made_at", "id")[:newest])
