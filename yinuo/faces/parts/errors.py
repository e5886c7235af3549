"""What people see when something is in the way: always which thing, why, and what to do now.

`said` (middleware) turns what work raises into pages: no such case, somebody was faster, no database.
The rest are Django's handlers, named in yinuo/urls.py. None of these pages asks the database anything.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable
from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from yinuo.faces.parts.context import look
from yinuo.faces.parts.reading import short
from yinuo.packs.matters import NoSuchMatter
from yinuo.work import access, casefile
from yinuo.work.cases import Conflict

Handler = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger("yinuo.errors")

AWAY = (OperationalError, InterfaceError)
NEVER_SHOWN = ("password", "csrfmiddlewaretoken", "token", "secret")


class said:
    """Middleware: exceptions of the use cases as pages in the platform's look."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, access.NotFound | NoSuchMatter):
            return missing(request, error)
        if isinstance(error, Conflict):
            return conflict(request, error)
        if isinstance(error, AWAY):
            return unavailable(request, error)
        return None


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: nothing here, or not for these eyes; the page does not tell which."""
    return page(
        request,
        status=404,
        title=_("找不到这一页"),
        text=_("地址可能写错了，或者这件事不是以您的身份办的。请核对地址，或者登录办事时用的账号再看。"),
        sign_in=True,
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: signed in, and not entitled."""
    reason = str(exception) if isinstance(exception, PermissionDenied) and str(exception) else ""
    return page(
        request,
        status=403,
        title=_("您没有权限打开这一页"),
        text=reason or _("这一页要用有相应岗位的账号打开。请换账号登录，或者回到首页。"),
        sign_in=True,
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the page was open for too long, or the form came from elsewhere."""
    log.info("refused form on %s: %s", request.path, reason)
    return page(
        request,
        status=403,
        title=_("这一页打开太久，没有提交"),
        text=_("为了安全，请返回上一页、刷新后再提交；已经保存的草稿还在。浏览器须允许本站的 Cookie。"),
        retry=request.path,
    )


def wrong(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: what was sent cannot be read."""
    return page(
        request,
        status=400,
        title=_("提交的内容读不出来"),
        text=_("可能是内容过大或者文件过多。请返回上一页，减少文件的个数和大小后再提交。"),
        retry=request.path,
    )


def failed(request: HttpRequest) -> HttpResponse:
    """500, or 503 when it was the database that is away."""
    error = sys.exc_info()[1]
    if isinstance(error, AWAY):
        return unavailable(request, error)
    return page(
        request,
        status=500,
        title=_("系统出错了"),
        text=_("是我们的差错，已经记入日志。您填写的内容如未提交成功，请稍后重试。"),
        kept=kept(request),
        retry=request.path,
    )


def unavailable(request: HttpRequest, error: BaseException) -> HttpResponse:
    """503: the database is away. What was typed comes back in the page, ready to be sent again."""
    log.error("database away on %s %s: %s", request.method, request.path, str(error).split("\n")[0])
    response = page(
        request,
        status=503,
        title=_("系统暂时不可用"),
        text=_("您填写的内容没有丢失，请稍后重试。"),
        kept=kept(request),
        lost=[] if request.method != "POST" else list(_files(request)),
        retry=request.get_full_path(),
    )
    response["Retry-After"] = "30"
    return response


def conflict(request: HttpRequest, error: Conflict) -> HttpResponse:
    """409: somebody moved the case first. Shows what has changed since, and what was typed."""
    lines, number = [], ""
    if request.user.is_authenticated:
        try:
            row = access.case_with_id(request.user, error.case)
            file = casefile.of(row, request.user, now=timezone.now())
        except access.NotFound:
            pass
        else:
            number = file.case.number
            lines = [line for line in file.lines if line.entry.seq > error.expecting]
    words = [(name, value) for name, value in kept(request) if name != "expecting" and len(value) > 1]
    return page(
        request,
        status=409,
        title=_("有人先办了一步，您的操作没有执行"),
        text=_("打开最新情况看过以后，如仍有需要再提交一次。"),
        lines=lines,
        number=number,
        words=words,
        retry=request.path,
    )


def page(request: HttpRequest, *, status: int, title: str, text: str, **more: Any) -> HttpResponse:
    """An error page in the platform's look, which asks the database nothing.

    more: kept (fields to send again), lost (names of files that cannot be), lines (entries since), words
    (what was typed), number, retry (an address), sign_in (offer it).
    """
    context = {**look(request), "status": status, "title": title, "text": text, **more}
    # Neither `user` nor `messages`: reading them would ask the database that may be away.
    context |= {"csrf_token": get_token(request), "path": request.get_full_path()}
    return HttpResponse(render_to_string("parts/error.html", context), status=status)


def kept(request: HttpRequest) -> list[tuple[str, str]]:
    """The posted fields in order, without secrets; [] when there are none or they cannot be read."""
    if request.method != "POST":
        return []
    try:
        return [
            (name, value)
            for name, values in request.POST.lists()
            if not any(part in name.lower() for part in NEVER_SHOWN)
            for value in values
        ]
    except (OSError, SuspiciousOperation, DatabaseError):
        return []


def _files(request: HttpRequest) -> Iterable[str]:
    try:
        return [short(file.name) for _, files in request.FILES.lists() for file in files]
    except (OSError, SuspiciousOperation, DatabaseError):
        return []
