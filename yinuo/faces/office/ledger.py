"""留痕核验: is the record true, what has been sealed, and which notices did not arrive."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from yinuo.work import access, tell, verify
from yinuo.work import seal as sealing

from .desk import OVERSIGHT, Desk, officer, page


@require_GET
@officer(only=OVERSIGHT)
def show(request: HttpRequest) -> HttpResponse:
    """The page; with `verify` in the address the ledger is read and judged now."""
    desk: Desk = request.desk  # type: ignore[attr-defined]
    now = timezone.now()
    seen = access.cases_for(desk.person)
    report = verify.check_visible(desk.person) if "verify" in request.GET else None
    context = {
        "report": report,
        "checked_at": now,
        "seen": seen.count(),
        "at_most": verify.AT_MOST,
        "seals": [
            {
                "number": each.number,
                "at": each.at,
                "leaves": each.leaves,
                "root": bytes(each.root).hex(),
                "digest": bytes(each.digest).hex(),
            }
            for each in verify.seals()
        ],
        "undelivered": tell.undelivered(seen),
    }
    return page(request, "office/ledger.html", context)


@require_POST
@officer(only=frozenset({"auditor"}))
def seal(request: HttpRequest) -> HttpResponse:
    """Seal at once what has changed since the last seal."""
    made = sealing.seal_now(now=timezone.now())
    if made is None:
        messages.info(request, _("自上次封存以来没有新的留痕，不必封存"))
    else:
        said = _("已封存：第 %(number)d 号，覆盖 %(leaves)d 件")
        messages.success(request, said % {"number": made.number, "leaves": made.leaves})
    return HttpResponseRedirect(reverse("office:ledger"))
