"""Names as the search compares them, and how near two words are. Pure functions; nothing here raises.

Monstera deliciosa Liebm.  → monstera deliciosa liebm
Mentha ×piperita, Mentha x piperita → mentha piperita
Lion’s Ear, lions ear      → lions ear
"""

import unicodedata
from collections.abc import Iterable, Sequence

FOLDED_CHARS = 200
_KEPT = frozenset("LMN")  # letters, the vowel signs of Indian scripts, digits
# As people, keyboards and word processors write them; lion’s ear is lions ear.
_NO_APOSTROPHES = str.maketrans(dict.fromkeys("'`\u2018\u2019\u02bc\u00b4\u2032", ""))
KEY_MIN_CHARS = 4  # a shorter word with a letter left out could be anything
KEY_MAX_CHARS = 40


def fold(text: str) -> str:
    """Words in lower case without accents, signs and the mark of hybrids, one space between them."""
    written = text[:FOLDED_CHARS].translate(_NO_APOSTROPHES)
    decomposed = unicodedata.normalize("NFKD", written).casefold()
    letters = "".join(map(_letter, unicodedata.normalize("NFKD", decomposed)))
    words = [word for word in unicodedata.normalize("NFC", letters).split() if word != "x"]
    return " ".join(words)[:FOLDED_CHARS].rstrip()


def _letter(letter: str) -> str:
    if unicodedata.combining(letter):
        return ""
    return letter if unicodedata.category(letter)[0] in _KEPT else " "


def spelling_keys(word: str) -> set[str]:
    """The word itself, and it with any one letter left out."""
    if not KEY_MIN_CHARS <= len(word) <= KEY_MAX_CHARS:
        return set()
    return {word} | {word[:place] + word[place + 1 :] for place in range(len(word))}


def similarity(one: str, other: str) -> float:
    """The share of three-letter pieces the words have in common, 0 to 1: what `pg_trgm` counts."""
    first, second = _pieces(one), _pieces(other)
    return len(first & second) / len(first | second)


def closeness(wanted: Sequence[str], name: Iterable[str]) -> float:
    """How well each wanted word is met by some word of the name, on average."""
    words = list(name)
    return sum(max(similarity(word, met) for met in words) for word in wanted) / len(wanted)


def _pieces(word: str) -> set[str]:
    padded = f"  {word} "
    return {padded[place : place + 3] for place in range(len(padded) - 2)}
