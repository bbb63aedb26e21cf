"""Scientific plant names in one spelling, so that two services' names for one plant can be told to be one.

    Malus x spectabilis, Malus ×spectabilis Sw.  → Malus × spectabilis
    Brassica oleracea L. ssp. capitata           → Brassica oleracea subsp. capitata
    Rosa “Peace”, Rosa cv. Peace                 → Rosa 'Peace'
    Salvia sp., Salvia cf. nemorosa              → Salvia

What is no Latin name is left as it is. Nothing here raises, whatever the text.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from apps.plant_identification.types import Rank

_LONGEST = 200
_HYBRID = "×"
_RANKS = {
    "subsp": "subsp.",
    "ssp": "subsp.",
    "subspecies": "subsp.",
    "var": "var.",
    "variety": "var.",
    "varietas": "var.",
    "subvar": "subvar.",
    "f": "f.",
    "fo": "f.",
    "forma": "f.",
    "form": "f.",
    "subf": "subf.",
}
# "sp." is no epithet, and after "cf." only the genus is sure.
_OPEN = {"sp", "spp", "species", "cf", "aff", "indet"}
_COMPLEX = {"agg", "aggr", "sect", "ser", "subg"}
_AUTHOR_PARTICLES = {
    *(
        "ex",
        "et",
        "al",
        "in",
        "and",
        "de",
        "del",
        "della",
        "du",
        "da",
        "dos",
        "di",
        "van",
        "von",
        "der",
        "den",
    ),
    *(
        "zu",
        "la",
        "le",
        "af",
        "auct",
        "hort",
        "non",
        "nec",
        "sensu",
        "emend",
        "nom",
        "comb",
        "fil",
        "bis",
        "pro",
    ),
}
_NO_EPITHET = _OPEN | _COMPLEX | _AUTHOR_PARTICLES | set(_RANKS) | {"cv"}

_GENUS = re.compile(r"(?=.{2,80}$)[A-Z][a-z]+(?:-[a-z]+)*")
_EPITHET = re.compile(r"(?=.{2,80}$)[a-z]{2,}(?:-[a-z]+)*")
# Single, double, primes, accents and guillemets, as people and word processors write them.
_QUOTES = str.maketrans(
    dict.fromkeys('\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2032\u2033\u00b4`"«»', "'")
)
_CULTIVAR = re.compile(r"(?:^|(?<=\s))'([^']+)'(?=[\s,;.)]|$)")
_CULTIVAR_MARK = re.compile(r"(?<=\s)cv\.?\s+([^\s'][^']*)$")
_GLUED_SIGN = re.compile(r"×(?=\S)|(?<=\S)×|(?<![^\s])x(?=[A-Z][a-z])")
_AUTHOR_SIGN = re.compile(r"[.&,()\[\]\d]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScientificName:
    genus: str
    epithet: str | None = None
    is_hybrid: bool = False  # the sign before the epithet
    is_hybrid_genus: bool = False
    infraspecific: tuple[tuple[str, str], ...] = ()  # rank ("" where it was left out) and epithet
    cultivar: str | None = None

    def __str__(self) -> str:
        parts = [self.species, *(part for pair in self.infraspecific for part in pair if part)]
        if self.cultivar:
            parts.append(f"'{self.cultivar}'")
        return " ".join(parts)

    @property
    def species(self) -> str:
        """Genus and epithet with their hybrid signs, or the genus alone."""
        genus = f"{_HYBRID} {self.genus}" if self.is_hybrid_genus else self.genus
        sign = f" {_HYBRID}" if self.is_hybrid else ""
        return f"{genus}{sign} {self.epithet}" if self.epithet else genus

    @property
    def rank(self) -> Rank:
        if self.infraspecific or self.cultivar:
            return "infraspecies"
        return "species" if self.epithet else "genus"


@lru_cache(maxsize=8_192)
def parse_name(text: str) -> ScientificName | None:
    """`None` if the text does not begin like a Latin plant name."""
    words, cultivar = _split_cultivar(_plain(text))
    tokens = words.split()
    if all(token.isupper() or token == _HYBRID for token in tokens):
        tokens = [token.lower() for token in tokens]
    is_hybrid_genus = bool(tokens) and _is_sign(tokens[0])
    tokens = tokens[is_hybrid_genus:]
    if not tokens or not _GENUS.fullmatch(genus := tokens[0].capitalize()):
        return None
    epithet, is_hybrid, rest = _take_epithet(tokens[1:])
    if any(map(_is_sign, rest)):
        return None  # a formula such as "Salix alba × fragilis" is neither of its parents
    return ScientificName(
        genus=genus,
        epithet=epithet,
        is_hybrid=is_hybrid,
        is_hybrid_genus=is_hybrid_genus,
        infraspecific=tuple(_infraspecific(rest)) if epithet else (),
        cultivar=cultivar,
    )


@lru_cache(maxsize=8_192)
def canonical_name(text: str) -> str:
    """The one spelling of this name, at most 200 characters; applying it again changes nothing."""
    name = parse_name(text)
    if name is None:
        return " ".join(text[:_LONGEST].split())
    spelled = str(name)
    return spelled if len(spelled) <= _LONGEST else name.species


def species_name(text: str) -> str:
    """The canonical name without anything below the species."""
    name = parse_name(text)
    return name.species if name else canonical_name(text)


def binomial(text: str) -> str | None:
    """Genus and epithet without hybrid signs, for comparing; `None` for a bare genus."""
    name = parse_name(text)
    return f"{name.genus} {name.epithet}" if name and name.epithet else None


def genus_of(text: str) -> str | None:
    name = parse_name(text)
    return name.genus if name else None


def rank_of(text: str) -> Rank:
    """What the name shows. A text that is no Latin name passes for a species: it is no wider than that."""
    name = parse_name(text)
    return name.rank if name else "species"


def comparison_key(text: str) -> str:
    """Equal for two spellings of one species or genus, whatever follows below the species."""
    name = parse_name(text)
    if name is None or (name.cultivar and not name.epithet):
        return canonical_name(text).casefold()
    return (binomial(text) or name.genus).casefold()


def full_key(text: str) -> str:
    """Like `comparison_key`, and telling apart what is below the species."""
    return canonical_name(text).replace(f"{_HYBRID} ", "").casefold()


def without_authorship(name: str, authorship: str | None) -> str:
    """Undo the joining of name and author. Where the author is not known, what looks like one is dropped."""
    whole = " ".join(name.split())
    author = " ".join((authorship or "").split())
    if author and whole.endswith(f" {author}"):
        return whole.removesuffix(author).rstrip()
    return canonical_name(whole)


def _plain(text: str) -> str:
    """Without accents (Isoëtes is Isoetes), with one kind of quote, and room around hybrid signs."""
    folded = unicodedata.normalize("NFKD", text[:_LONGEST].translate(_QUOTES))
    unaccented = "".join(letter for letter in folded if not unicodedata.combining(letter))
    latin = unaccented.replace("æ", "ae").replace("œ", "oe").replace("Æ", "Ae").replace("Œ", "Oe")
    return _GLUED_SIGN.sub(f" {_HYBRID} ", latin)


def _split_cultivar(text: str) -> tuple[str, str | None]:
    found = _CULTIVAR.search(text) or _CULTIVAR_MARK.search(text)
    if found is None:
        return text, None
    return text[: found.start()], " ".join(found[1].split()) or None


def _is_sign(token: str) -> bool:
    return token in {_HYBRID, "x", "X"}


def _take_epithet(tokens: list[str]) -> tuple[str | None, bool, list[str]]:
    is_hybrid = bool(tokens) and _is_sign(tokens[0])
    tokens = tokens[is_hybrid:]
    if not tokens:
        return None, False, []
    # "Aloe Vera" means the species; "Senna Mill." and "Vachellia Wight & Arn." name an author.
    is_plain = len(tokens) == 1 or not _is_author_link(tokens[1])
    first = tokens[0].lower() if is_hybrid or is_plain else tokens[0]
    if _is_epithet(first):
        return first, is_hybrid, tokens[1:]
    return None, False, []


def _is_author_link(word: str) -> bool:
    return word == "&" or word.rstrip(".").lower() in _AUTHOR_PARTICLES


def _is_epithet(token: str) -> bool:
    return bool(_EPITHET.fullmatch(token)) and token not in _NO_EPITHET


def _infraspecific(tokens: list[str]) -> Iterator[tuple[str, str]]:
    """Pairs of rank and epithet; authors in between are passed over."""
    if len(tokens) == 1 and _is_epithet(tokens[0]):
        yield "", tokens[0]
        return
    for mark, epithet in pairwise(tokens):
        rank = _RANKS.get(mark.rstrip(".").lower())
        if rank and _is_epithet(epithet) and not _AUTHOR_SIGN.search(epithet):
            yield rank, epithet
