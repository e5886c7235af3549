"""What every page needs to know about how it should look."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch
from django.utils.translation import get_language

SIZE_COOKIE = "yinuo_size"


def language() -> str:
    """Return "en" for any English, else "zh": the two languages that packs carry."""
    return "en" if (get_language() or "").startswith("en") else "zh"


def look(request: HttpRequest) -> dict[str, Any]:
    """Context processor: size (normal, large), demo, languages, lang (zh, en), html_lang, sign_in_url."""
    lang = language()
    try:
        sign_in = resolve_url(settings.LOGIN_URL)
    except NoReverseMatch:
        sign_in = ""
    return {
        "size": "large" if request.COOKIES.get(SIZE_COOKIE) == "large" else "normal",
        "demo": bool(getattr(settings, "DEMO", False)),
        "languages": list(settings.LANGUAGES),
        "lang": lang,
        "html_lang": "en" if lang == "en" else "zh-Hans",
        "sign_in_url": sign_in,
    }
