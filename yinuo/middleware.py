"""Short middlewares: what a page may load, one look at the register of units, one log line a request."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

Handler = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger("yinuo.request")

# No inline script, no eval, nothing from elsewhere. A style attribute may set a bar's length.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "style-src-attr 'unsafe-inline'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


def content_security_policy(get_response: Handler) -> Handler:
    """Say with every answer what the page may load and use."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "geolocation=(self), camera=(self), microphone=()")
        return response

    return handle


def request_log(get_response: Handler) -> Handler:
    """Method, path without its query (which may name people), status, milliseconds, the person's id."""

    def handle(request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        response = get_response(request)
        if not request.path.startswith("/static/"):
            # Only what a view already looked up: the log asks the database nothing.
            person = getattr(getattr(request, "_cached_user", None), "pk", None)
            milliseconds = (time.perf_counter() - begun) * 1000
            log.info(
                "%s %s %s %.1fms person=%s",
                request.method,
                request.path,
                response.status_code,
                milliseconds,
                person or "-",
            )
        return response

    return handle


def one_edition(get_response: Handler) -> Handler:
    """A page sees the units and places as of one moment, and asks for them once."""

    def handle(request: HttpRequest) -> HttpResponse:
        # Not at import: this module is read before the apps are ready.
        from yinuo.registers import edition

        with edition.hold():
            return get_response(request)

    return handle
