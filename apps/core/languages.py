"""Which language somebody reads, and in which one we write."""

from collections.abc import Container
from contextlib import AbstractContextManager

from django.conf import settings
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

ENGLISH = "en"


def best_language(accept_language: str, known: Container[str]) -> str | None:
    """The first of the known languages in a reader's order of preference (RFC 4647, lookup).

    `de-AT` is served with `de`. Nothing is chosen for `*`, which is no preference.
    """
    for wanted, weight in parse_accept_lang_header(accept_language):  # bounded, and remembers
        code = wanted
        while weight > 0:
            if code in known:
                return code
            code, hyphen, _ = code.rpartition("-")
            if not hyphen:
                break
    return None


def written_language(code: str) -> str:
    """The language of our sentences for somebody who reads `code`: that one, or English."""
    return code if code in dict(settings.LANGUAGES) else ENGLISH


def writing_in(code: str) -> AbstractContextManager[None]:
    """Sentences said inside are in the language for readers of `code`."""
    return translation.override(written_language(code))
