"""Words for limits, themes and kinds in citizen templates: `{% load citizen %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from yinuo.faces.citizen import showing
from yinuo.faces.parts.context import language

register = template.Library()


@register.filter
def counted(limit: Any) -> str:
    """5 个工作日, of a limit."""
    return showing.counted(limit.value, limit.mode)


@register.filter
def event(name: str) -> str:
    """受理, of a limit's start event."""
    return showing.event_title(name)


@register.filter
def theme(name: str) -> str:
    """A theme's name for people."""
    return showing.theme_title(name)


@register.filter
def theme_icon(name: str) -> str:
    """The icon of a theme."""
    return showing.theme_icon(name)


@register.filter
def kind(name: str) -> str:
    """承诺件, of a kind of matter."""
    return showing.kind_title(name)


@register.filter
def letter(body: dict[str, Any]) -> SafeString:
    """A letter's HTML in the reader's language: made from the pack's template, with every value escaped."""
    return mark_safe(body.get(language()) or body.get("zh", ""))
