"""Which alphabets a text is written in, and which of them can be taken for each other."""

import unicodedata

# Their letters look alike: a word in two of them is there to be taken for another.
LOOKALIKE_ALPHABETS = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"})


def mixes_lookalikes(word: str) -> bool:
    return len(_alphabets(word) & LOOKALIKE_ALPHABETS) > 1


def _alphabets(word: str) -> frozenset[str]:
    letters = (letter for letter in unicodedata.normalize("NFKC", word) if letter.isalpha())
    return frozenset(unicodedata.name(letter, "").partition(" ")[0] for letter in letters)
