"""Is it true? A case by its number, a licence by its code, a receipt as a file, and the seals behind them."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from yinuo.core import numbers
from yinuo.core.workdays import shanghai_day
from yinuo.faces.parts.context import language
from yinuo.faces.parts.reading import plain, short
from yinuo.faces.parts.templatetags.parts import date_in_full, filesize
from yinuo.faces.public.nav import shown
from yinuo.registers import places
from yinuo.work import access, names, public, receipts

CODE = re.compile(r"[A-Za-z0-9_-]{16}")
SEALS_A_PAGE = 30


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """One field takes what people have in hand: a case number, a licence code, or the link of a QR code."""
    asked = plain(request.GET.get("q", ""))[:300]
    if not asked:
        return shown(request, "home", {"asked": ""}, here="receipts")
    found = where(asked)
    if found:
        return redirect(found)
    errors = [{"message": _wrong(asked), "href": "#q"}]
    return shown(request, "home", {"asked": asked, "errors": errors}, here="receipts", status=422)


def where(asked: str) -> str:
    """The page that answers for what was typed or scanned; "" when it is neither number nor code nor link."""
    words = urlsplit(asked).path.strip("/").split("/") if "/" in asked else [asked]
    last = words[-1]
    number = public.tidy(last.replace(" ", ""))
    if number and numbers.valid(number):
        return reverse("public:receipt", args=[number])
    if CODE.fullmatch(last) and not number:
        return reverse("public:record", args=[last])
    return ""


def _wrong(asked: str) -> str:
    number = public.tidy(asked.replace(" ", ""))
    if number:
        return _("编号 {number} 的校验位对不上，有一位抄错了；请对照回执逐位核对").format(number=number)
    return _(
        "“{asked}”不是办件编号，也不是证照核验码；办件编号形如 JC261123-000017-6，核验码是 16 个字母数字"
    ).format(asked=short(asked))


@never_cache
@require_safe
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """What the number alone may show (see work/public.py), verified at this moment."""
    now = timezone.now()
    try:
        case = public.look_up(number, now=now)
    except access.NotFound:
        context = {"asked": short(number), "slip": not numbers.valid(number)}
        return shown(request, "receipt_missing", context, here="receipts", status=404)
    if case.standing.number != number:
        return redirect("public:receipt", case.standing.number)
    context = {
        "case": case,
        "now": now,
        "unit": names.unit(case.standing.unit),
        "mine": _may_take(request, case.standing.number),
    }
    return shown(request, "receipt", context, here="receipts")


def _may_take(request: HttpRequest, number: str) -> bool:
    """Whether whoever is signed in may take the receipt itself."""
    if not request.user.is_authenticated:
        return False
    try:
        access.case_for(request.user, number)
    except access.NotFound:
        return False
    return True


@never_cache
@require_safe
def receipt_json(request: HttpRequest, number: str) -> HttpResponse:
    """The receipt as a file: for those who may see the case, or with the key of the applicant's own paper."""
    try:
        if "key" in request.GET:
            found = public.receipt_with_key(number, request.GET["key"])
        elif request.user.is_authenticated:
            found = receipts.receipt_for(request.user, number)
        else:
            raise access.NotFound(number)
    except access.NotFound as error:
        raise Http404 from error
    response = JsonResponse(found, json_dumps_params={"ensure_ascii": False, "indent": 1})
    response["Content-Disposition"] = f'attachment; filename="receipt-{found["number"]}.json"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """A receipt handed in as a file: what of it holds, line by line. The file is not kept."""
    if request.method != "POST":
        return shown(request, "upload", {}, here="receipts")
    sent = request.FILES.get("receipt")
    if sent is None:
        return _refused(request, _("请选择回执文件（receipt.json）"))
    if (sent.size or 0) > public.RECEIPT_BYTES:
        return _refused(request, _too_large(sent.size or 0))
    try:
        checked = public.check_receipt(sent.read())
    except public.NotAReceipt as error:
        return _refused(request, _not_a_receipt(error.code, size=sent.size or 0))
    return shown(request, "checked", {"checked": checked}, here="receipts")


def _refused(request: HttpRequest, message: str) -> HttpResponse:
    errors = [{"message": message, "href": "#receipt"}]
    return shown(request, "upload", {"errors": errors}, here="receipts", status=422)


def _too_large(size: int) -> str:
    return _("文件有 {size}，回执不超过 {limit}；请选择下载时得到的 receipt.json").format(
        size=filesize(size), limit=filesize(public.RECEIPT_BYTES)
    )


def _not_a_receipt(code: str, *, size: int) -> str:
    if code == "large":
        return _too_large(size)
    return {
        "text": _("文件读不出来：不是 JSON 文本，可能下载不完整，或者选成了图片、PDF"),
        "format": _("文件是 JSON，但不是本平台的回执：其中 format 一栏应为 yinuo-receipt/1"),
        "shape": _("文件像回执，但缺少栏目或者栏目的写法不对，无法核对；请重新下载 receipt.json"),
    }[code]


@require_safe
def checker(request: HttpRequest) -> HttpResponse:
    """The offline checker: one file, nothing but Python's standard library."""
    response = HttpResponse(public.checker(), content_type="text/x-python; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="receipt_check.py"'
    return response


# -- licences ---------------------------------------------------------------------------------------


VERDICTS = {
    "holds": ("good", "circle-check"),
    "not_begun": ("warn", "clock"),
    "expired": ("bad", "calendar-due"),
    "suspended": ("warn", "player-pause"),
    "superseded": ("warn", "refresh"),
    "revoked": ("bad", "circle-x"),
    "withdrawn": ("bad", "circle-x"),
}


@never_cache
@require_safe
def record(request: HttpRequest, code: str) -> HttpResponse:
    """The page behind a licence's QR code, for somebody standing in a shop with a phone."""
    now = timezone.now()
    try:
        found = public.licence(code, on=shanghai_day(now))
    except access.NotFound:
        return shown(request, "record_missing", {}, here="receipts", status=404)
    colour, icon = VERDICTS[found.view.standing]
    fields = [
        (field.title, _said(field.name, field.value))
        for field in found.view.fields
        if field.shown and field.name != "status" and field.value not in (None, "", [])
    ]
    context = {
        "found": found,
        "view": found.view,
        "colour": colour,
        "icon": icon,
        "fields": fields,
        "hidden": sum(not field.shown for field in found.view.fields),
        "now": now,
    }
    return shown(request, "record", context, here="receipts")


def _said(name: str, value: Any) -> str:
    """A register's value for people."""
    lang = language()
    if isinstance(value, bool):
        return (_("是") if value else _("否")) if name else ""
    if isinstance(value, list):
        return ("、" if lang == "zh" else ", ").join(str(one) for one in value)
    text = str(value)
    if name == "place":
        return places.title(text)
    try:
        return date_in_full(date.fromisoformat(text), lang) if len(text) == 10 else text
    except ValueError:
        return text


# -- seals ------------------------------------------------------------------------------------------


@require_safe
def seals(request: HttpRequest) -> HttpResponse:
    """Every seal, the newest first."""
    page = Paginator(public.seals(), SEALS_A_PAGE).get_page(request.GET.get("page"))
    rows = [{"seal": seal, "digest": bytes(seal.digest).hex()} for seal in page]
    return shown(request, "seals", {"page": page, "rows": rows}, here="seals")


@require_safe
def seal(request: HttpRequest, number: int) -> HttpResponse:
    """One seal in full, so that anybody can compute its digest."""
    found = public.seals().filter(number=number).first() if number < 2**31 else None
    if found is None:
        raise Http404
    context = {
        "seal": found,
        "digest": bytes(found.digest).hex(),
        "root": bytes(found.root).hex(),
        "prev": bytes(found.prev).hex(),
        "lines": "\n".join(public.seal_lines(found)),
    }
    return shown(request, "seal", context, here="seals")
