"""What makes a comment wait for a moderator. No rule rejects anything: a person decides.

Each is a fact that can be said in a sentence, and none is told to the author: who is told which word it was
writes it differently the next time. That the comment waits is told.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from apps.blog.constants import (
    COMMENT_LINKS_MAX,
    COMMENTS_UNTIL_TRUSTED,
    REPEATED_TEXT_MIN_CHARS,
    TOO_FAST_S,
)
from apps.core.alphabets import mixes_lookalikes


class Doubt(StrEnum):
    FIRST = "one of the author's first comments"
    SPAMMER = "the author has sent spam"
    LINKS = "many links"
    REPEATED = "said before, by this author or another"
    DISGUISED = "letters that look like others, or invisible ones"
    TOO_FAST = "seconds after the author's last comment"
    BLOCKED_WORD = "a blocked word"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known about the author, and about the same text."""

    published: int
    has_sent_spam: bool
    was_said_before: bool
    last_s_ago: float | None


_LINK = re.compile(r"https?://|\bwww\.|\b[\w-]{1,63}\.[a-z]{2,24}/", re.IGNORECASE)
_NO_LETTERS = re.compile(r"[\W_]+")
# Joiners make emoji and some scripts; marks of direction belong to texts in two directions.
_HONEST_INVISIBLE = frozenset("\u200c\u200d\u200e\u200f")
# Cyrillic and Greek small letters, and the Latin ones they are taken for.
_LATIN_FOR = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u043a\u043c\u0442\u0432\u043d"
    "\u03b1\u03b5\u03bf\u03c1\u03bd\u03b9\u03ba\u03c4\u03c5\u03c7",
    "aeopcyxijshdkmtbhaeopviktux",
)


def find_doubts(text: str, circumstances: Circumstances, *, blocked_words: Iterable[str]) -> list[Doubt]:
    plain = f" {undisguise(text)} "
    found = {
        Doubt.FIRST: circumstances.published < COMMENTS_UNTIL_TRUSTED,
        Doubt.SPAMMER: circumstances.has_sent_spam,
        Doubt.LINKS: len(_LINK.findall(text)) > COMMENT_LINKS_MAX,
        Doubt.REPEATED: circumstances.was_said_before,
        Doubt.DISGUISED: _is_disguised(text),
        Doubt.TOO_FAST: circumstances.last_s_ago is not None and circumstances.last_s_ago < TOO_FAST_S,
        Doubt.BLOCKED_WORD: any(f" {undisguise(word)} " in plain for word in blocked_words),
    }
    return [doubt for doubt, is_so in found.items() if is_so]


def undisguise(text: str) -> str:
    """The same for all ways of writing one text that look, or are read, alike."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    visible = "".join(letter for letter in folded if unicodedata.category(letter) != "Cf")
    return _NO_LETTERS.sub(" ", visible.translate(_LATIN_FOR)).strip()


def digest_of(text: str) -> str:
    """Empty for what many people say in the same words."""
    plain = undisguise(text)
    return hashlib.sha256(plain.encode()).hexdigest() if len(plain) >= REPEATED_TEXT_MIN_CHARS else ""


def has_something_to_see(text: str) -> bool:
    return any(unicodedata.category(letter)[0] not in "ZCM" for letter in text)


def _is_disguised(text: str) -> bool:
    if any(unicodedata.category(letter) == "Cf" and letter not in _HONEST_INVISIBLE for letter in text):
        return True
    return any(mixes_lookalikes(word) for word in re.findall(r"\w+", text))
