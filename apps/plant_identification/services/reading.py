"""Reading what an outside service wrote without trusting it.

`require_*` are for what an answer cannot do without; the others give `None`, or nothing, for anything odd.
Everything is bounded, and fit to be stored: no NUL, no half characters, nothing that turns text around.
"""

import math
import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from apps.plant_identification.exceptions import ProviderReplyUnreadable

NAME_CHARS = 200
TEXT_CHARS = 5_000
URL_CHARS = 2_000
MAX_COMMON_NAMES = 10
MAX_SYNONYMS = 100
MAX_SUGGESTIONS = 20
MAX_SIMILAR_IMAGES = 5
MAX_TEXTS = 20

# Control characters, lone surrogates, and the marks that reverse the direction of what follows.
_UNWANTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff]")
# What nearly every address looks like; parsing them all took a tenth of an identification's processor time.
_PLAIN_ADDRESS = re.compile(r"https?://[a-z0-9][a-z0-9.-]*(?:[/?#].*)?")
_NOT_IN_ADDRESSES = re.compile(r"[\s<>\"\\]")
# Rounding on the other side may leave a score this much outside 0..1.
_SCORE_SLACK = 1e-6


def require_object(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ProviderReplyUnreadable(f"{what} is not an object.")
    return value


def require_list(value: object, what: str) -> Sequence[object]:
    if not isinstance(value, list):
        raise ProviderReplyUnreadable(f"{what} is not a list.")
    return value


def require_name(value: object, what: str) -> str:
    name = text(value, NAME_CHARS)
    if name is None:
        raise ProviderReplyUnreadable(f"{what} is not a name.")
    return name


def require_score(value: object, what: str) -> float:
    score = number(value)
    if score is None or not -_SCORE_SLACK <= score <= 1 + _SCORE_SLACK:
        raise ProviderReplyUnreadable(f"{what} is not a number from 0 to 1.")
    return min(max(score, 0.0), 1.0)


def require_bool(value: object, what: str) -> bool:
    if not isinstance(value, bool):
        raise ProviderReplyUnreadable(f"{what} is neither true nor false.")
    return value


def as_object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        result = float(value)
    except OverflowError:
        return None
    return result if math.isfinite(result) else None


def probability(value: object) -> float | None:
    result = number(value)
    return result if result is not None and 0 <= result <= 1 else None


def positive_int(value: object) -> int | None:
    """Of a number or of its digits in a string; at most what a 64-bit column holds."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 < value < 2**63 else None


def text(value: object, limit: int = TEXT_CHARS) -> str | None:
    """Trimmed and cut to `limit`; `None` if nothing is left."""
    if not isinstance(value, str):
        return None
    # Cut before cleaning as well: the pattern should not walk through megabytes.
    return _UNWANTED.sub("", value[: 2 * limit]).strip()[:limit].strip() or None


def texts(value: object, *, at_most: int = MAX_TEXTS, limit: int = TEXT_CHARS) -> tuple[str, ...]:
    """The texts of a list, each once whatever its case, in their order."""
    found: dict[str, str] = {}
    for item in as_list(value):
        cleaned = text(item, limit)
        if cleaned is not None:
            found.setdefault(cleaned.casefold(), cleaned)
        if len(found) == at_most:
            break
    return tuple(found.values())


def in_one_language(
    details: Mapping[str, object], wanted: Sequence[str]
) -> tuple[dict[str, object], dict[str, str]]:
    """Details that are told once per language, each in the first wanted one that has it.

    And which one that was. What is not told per language is left as it is.
    """
    chosen: dict[str, object] = {}
    languages: dict[str, str] = {}
    for name, value in details.items():
        if not isinstance(value, dict) or not value or not value.keys() <= set(wanted):
            chosen[name] = value
            continue
        language = next((code for code in wanted if value.get(code)), None)
        chosen[name] = value[language] if language else None
        if language:
            languages[name] = language
    return chosen, languages


def web_address(value: object) -> str | None:
    """An absolute http(s) address without blanks, or nothing: other schemes run code in a browser."""
    address = text(value, URL_CHARS + 1)
    if address is None or len(address) > URL_CHARS or _NOT_IN_ADDRESSES.search(address):
        return None
    if _PLAIN_ADDRESS.fullmatch(address):
        return address
    if address.startswith("//"):
        address = f"https:{address}"
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return None
    return address if parts.scheme in {"http", "https"} and host else None
