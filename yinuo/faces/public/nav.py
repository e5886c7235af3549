"""The bar over every public page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _


def shown(
    request: HttpRequest, template: str, context: dict[str, Any], *, here: str, status: int = 200
) -> HttpResponse:
    """Render a public page with its bar; `here` is the url name of the part it belongs to."""
    parts = [
        ("receipts", _("核验")),
        ("board", _("承诺榜")),
        ("seals", _("封存")),
        ("help", _("怎么算")),
    ]
    nav = [
        {"url": reverse(f"public:{name}"), "label": label, "current": name == here} for name, label in parts
    ]
    return render(request, f"public/{template}.html", {"nav": nav, **context}, status=status)
