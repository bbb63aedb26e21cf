"""What public reads answered a moment ago, and when that is no longer true.

    key = answer_key("species", question=…)  # before the database is asked; several tags, if it tells of both
    find_answer(key)                        # None: ask it
    keep_answer(key, answer)

    forget_answers("species")               # after a change of what they tell

A key holds the generation of its tag. A change begins a new one, and leaves behind all answers of the old,
those included that are being made from the old state right now.
"""

import hashlib
import time
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction

from apps.core.redis.serializer import encode_json
from apps.core.resilience.shared_cache import SharedCache

GENERATION_KEPT_S = 24 * 3_600  # longer than any answer, or old ones would come back
GENERATION_AGE_S = 1.0  # for so long another process may go on telling what was true before
MAX_BYTES = 64_000

_cache = SharedCache(max_local_entries=256, max_local_bytes=4_000_000)


def answer_key(*tags: str, question: str) -> str | None:
    """None where answers are not kept: `PUBLIC_ANSWERS_KEPT_S` is 0."""
    if settings.PUBLIC_ANSWERS_KEPT_S <= 0:
        return None
    generations = ":".join(f"{tag}:{_generation(tag)}" for tag in tags)
    return f"public:{generations}:{hashlib.sha256(question.encode()).hexdigest()}"


def unchanged_since(*tags: str) -> int | None:
    """Unix seconds: what these tags tell of has not changed in a later second, as far as is known here.

    None while that second is not over, for another change in it could not be told from the first.
    """
    if settings.PUBLIC_ANSWERS_KEPT_S <= 0:
        return None
    began_at = max(int(_generation(tag).partition("-")[0]) for tag in tags)
    return began_at if began_at < int(time.time()) else None


def find_answer(key: str) -> Any | None:
    return _cache.get(key)


def keep_answer(key: str, answer: Any) -> None:
    """Unless it is large, or holds what JSON cannot."""
    try:
        size = len(encode_json(answer))
    except (TypeError, ValueError):
        return
    if size <= MAX_BYTES:
        _cache.set(key, answer, settings.PUBLIC_ANSWERS_KEPT_S)


def forget_answers(tag: str) -> None:
    """When this transaction has been committed; other processes follow within `GENERATION_AGE_S`."""
    if settings.PUBLIC_ANSWERS_KEPT_S > 0:
        transaction.on_commit(lambda: _begin_generation(tag))


def _generation(tag: str) -> str:
    known = _cache.get_lately(_generation_key(tag), within_s=GENERATION_AGE_S)
    return str(known) if known else _begin_generation(tag)


def _begin_generation(tag: str) -> str:
    generation = f"{int(time.time())}-{uuid4().hex}"
    _cache.set(_generation_key(tag), generation, GENERATION_KEPT_S)
    return generation


def _generation_key(tag: str) -> str:
    return f"public:{tag}:generation"
