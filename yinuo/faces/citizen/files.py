"""Files out: only to those who may see the case, and never as something a browser would run."""

from __future__ import annotations

import uuid

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from yinuo.work import drafts
from yinuo.work import evidence as store
from yinuo.work.evidence import Opened

INLINE = ("image/png", "image/jpeg", "image/webp")


@login_required
@require_safe
def evidence(request: HttpRequest, number: str, id_: int) -> HttpResponseBase:
    """A file handed in on a case."""
    return _sent(store.open_attachment(request.user, number, id_))


@login_required
@require_safe
def of_draft(request: HttpRequest, id_: uuid.UUID, digest: str) -> HttpResponseBase:
    """A file of one's own draft."""
    return _sent(store.open_of_draft(drafts.get(id_=id_, by=request.user), digest))


def _sent(opened: Opened) -> HttpResponseBase:
    """Pictures open in the page; everything else is saved. Whatever it is, it runs nothing."""
    inline = opened.mime in INLINE
    response = FileResponse(
        opened.file, content_type=opened.mime, filename=opened.name, as_attachment=not inline
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response
