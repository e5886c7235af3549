"""The one switch that the shared parts own: large text for elders."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from yinuo.faces.parts.context import SIZE_COOKIE

YEAR = 365 * 24 * 3600


@require_POST
def size(request: HttpRequest) -> HttpResponse:
    """Toggle large text (or set it to the posted `size`), then go back to `next` if it is on this host."""
    wanted = request.POST.get("size", "")
    if wanted not in ("large", "normal"):
        wanted = "normal" if request.COOKIES.get(SIZE_COOKIE) == "large" else "large"
    back = request.POST.get("next") or request.headers.get("referer", "")
    here, safe = {request.get_host()}, request.is_secure()
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=here, require_https=safe):
        back = "/"
    response = HttpResponseRedirect(back)
    response.set_cookie(SIZE_COOKIE, wanted, max_age=YEAR, secure=safe, httponly=True, samesite="Lax")
    return response
