"""Addresses of single things."""

from functools import cache
from uuid import UUID

from django.urls import reverse

_ANY = UUID(int=0)


def link_to(view_name: str, pk: UUID | str) -> str:
    """`reverse` for a view that takes one UUID, without asking the URL configuration for each thing anew.

    A page of a history has fifty such addresses, and looking them up took as long as the page's queries.
    """
    return _pattern(view_name).replace(str(_ANY), str(pk))


@cache
def _pattern(view_name: str) -> str:
    return reverse(view_name, args=[_ANY])
