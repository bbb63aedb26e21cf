"""What a web process loads before its first request."""

from django.conf import settings
from django.urls import get_resolver
from django.utils.translation import override


def load_addresses() -> None:
    """Import all views, and learn the addresses of all things in each language.

    Django does both when first asked, and in every thread that asks before one of them is done: the first
    thirty visitors of a process would wait half a second for each other.
    """
    for language, _ in settings.LANGUAGES:
        with override(language):
            get_resolver().reverse_dict  # noqa: B018 - makes it
