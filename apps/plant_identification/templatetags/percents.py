"""Shares as people read them."""

from django import template

register = template.Library()


@register.filter
def percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.1f} %"


@register.filter
def points(difference: float) -> str:
    return f"{difference * 100:+.1f}"
