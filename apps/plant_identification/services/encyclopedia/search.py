"""Finding species by whatever people type.

    monstera deliciosa   exactly a scientific name, a common name or a synonym
    monst                the beginning of one
    cheese plant         its words, or how they begin, in any order
    Monstera delicosa    misspelt: the words that are like it stand in for the one nobody knows

The next step is taken where those before it have found too little, and each looks at a bounded number of
names. Misspelt words are mended by their spelling keys, on every database; where the server has `pg_trgm`,
trigrams mend those with more than one slip, too.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import BooleanField, F, Func, Q, QuerySet, Value

from apps.plant_identification.models import PlantSpecies, SpeciesName, SpeciesWord, SpellingKey
from apps.plant_identification.services.encyclopedia.spelling import (
    closeness,
    fold,
    similarity,
    spelling_keys,
)

MAX_WORDS = 8
CANDIDATES = 500  # names looked at in each step
ENOUGH_FOUND = 5  # with fewer species, and none exactly, a typo is thought of
WORD_PREFIX_MIN_CHARS = 3  # shorter words have to be there as they are: too many begin so
SPELLINGS_PER_WORD = 5
SPELLING_CANDIDATES = 200
_LAST = "\U0010ffff"  # sorts behind every letter


class How(IntEnum):
    """How a name was met; the better comes first."""

    EXACT = 0
    PREFIX = 1
    WORDS = 2
    SIMILAR = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    name: str
    kind: str
    how: How


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeciesHit:
    species: PlantSpecies
    match: Match


@dataclass(frozen=True, slots=True)
class _Term:
    word: str
    begins: bool  # or is the whole word


@dataclass(frozen=True, slots=True, order=True)
class _Found:
    how: How
    distance: float
    popularity: int  # negative: the more often identified come first
    name: str
    kind: str
    species_id: UUID


def search_species(*, text: str, limit: int) -> list[SpeciesHit]:
    """The best first, each species once. A handful of queries, however much there is."""
    query = fold(text)
    words = query.split()[:MAX_WORDS]
    if not words:
        return []
    best: dict[UUID, _Found] = {}
    _note(best, _beginning_with(query))
    if len(best) < limit:
        _note(best, _with_words([_typed(word) for word in words], lambda _: (How.WORDS, 0.0)))
    if len(best) < min(limit, ENOUGH_FOUND) and not any(found.how is How.EXACT for found in best.values()):
        _note(best, _with_similar_words(words))
    return _load(sorted(best.values())[:limit])


def _note(best: dict[UUID, _Found], found: Iterable[_Found]) -> None:
    for one in found:
        if one.species_id not in best or one < best[one.species_id]:
            best[one.species_id] = one


def _load(found: Sequence[_Found]) -> list[SpeciesHit]:
    species = PlantSpecies.objects.visible().for_lists().in_bulk([one.species_id for one in found])
    return [
        SpeciesHit(species=species[one.species_id], match=Match(name=one.name, kind=one.kind, how=one.how))
        for one in found
        if one.species_id in species  # deleted meanwhile
    ]


def _beginning_with(query: str) -> list[_Found]:
    # A range and not LIKE: the same index serves PostgreSQL and SQLite. The exact name is its first.
    names = _names().filter(folded__gte=query, folded__lt=query + _LAST).order_by("folded")
    return _read(names, lambda folded: (How.EXACT if folded == query else How.PREFIX, 0.0))


def _typed(word: str) -> list[_Term]:
    """Mother-in-law's tongue is kept as Mother-in-law Tongue, too, and people look for snake plants."""
    typed = [_Term(word, begins=len(word) >= WORD_PREFIX_MIN_CHARS)]
    if word.endswith("s") and len(word) > WORD_PREFIX_MIN_CHARS:
        typed.append(_Term(word[:-1], begins=False))
    return typed


def _with_words(groups: Sequence[Sequence[_Term]], judge: Callable[[str], tuple[How, float]]) -> list[_Found]:
    """Names that meet one term of each group."""
    return _read(_names().filter(_has_words(groups)), judge)


def _with_similar_words(words: Sequence[str]) -> list[_Found]:
    spellings = _similar_words(words)
    if not any(spellings.values()):
        return []
    groups = [[*_typed(word), *(_Term(other, begins=False) for other in spellings[word])] for word in words]
    return _with_words(groups, lambda folded: (How.SIMILAR, 1 - closeness(words, folded.split())))


def _names() -> QuerySet[SpeciesName]:
    return SpeciesName.objects.filter(from_sandbox=settings.PROVIDER_SANDBOX)


def _read(names: QuerySet[SpeciesName], judge: Callable[[str], tuple[How, float]]) -> list[_Found]:
    rows = names.values_list("species_id", "name", "folded", "kind", "species__identification_count")
    return [
        _Found(*judge(folded), popularity=-count, name=name, kind=kind, species_id=species_id)
        for species_id, name, folded, kind, count in rows[:CANDIDATES]
    ]


def _has_words(groups: Sequence[Sequence[_Term]]) -> Any:
    if connection.vendor == "postgresql":
        return _HasLexemes(F("folded"), Value(_lexemes(groups)))
    every = Q()
    for group in groups:
        any_of = Q()
        for term in group:
            any_of |= _has_word(term)
        every &= any_of
    return every


class _HasLexemes(Func):
    """Spelled as the index `species_name_words` is."""

    template = "array_to_tsvector(string_to_array(%(expressions)s)::tsquery"
    arg_joiner = ", ' ')) @@ ("
    output_field = BooleanField()


def _lexemes(groups: Sequence[Sequence[_Term]]) -> str:
    """A folded word holds nothing that means something in a tsquery, and is quoted all the same."""
    return " & ".join(
        "(" + " | ".join(f"'{term.word}'{':*' if term.begins else ''}" for term in group) + ")"
        for group in groups
    )


def _has_word(term: _Term) -> Q:
    """Without an index, for SQLite, where a first look has few species."""
    if term.begins:
        return Q(folded__startswith=term.word) | Q(folded__contains=f" {term.word}")
    return (
        Q(folded=term.word)
        | Q(folded__startswith=f"{term.word} ")
        | Q(folded__endswith=f" {term.word}")
        | Q(folded__contains=f" {term.word} ")
    )


def _similar_words(words: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Word -> the words of our names that look like it, the most similar first."""
    by_key = {word: spelling_keys(word) for word in words}
    rows = SpellingKey.objects.filter(key__in=set().union(*by_key.values())).values_list("key", "word__word")
    forms = list(rows[:SPELLING_CANDIDATES])
    alike = {word: {other for key, other in forms if key in keys} for word, keys in by_key.items()}
    # Slower than the keys, so only for the words that these know nothing about.
    unknown = [word for word, keys in by_key.items() if keys and not alike[word]]
    for word, other in _pairs_by_trigrams(unknown):
        alike[word].add(other)
    return {
        word: sorted(others - {word}, key=lambda other: (-similarity(word, other), other))[
            :SPELLINGS_PER_WORD
        ]
        for word, others in alike.items()
    }


def _pairs_by_trigrams(words: Sequence[str]) -> list[tuple[str, str]]:
    if not words or not has_trigrams():
        return []
    table = SpeciesWord._meta.db_table  # noqa: SLF001 - documented API
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT wanted.word, alike.word FROM unnest(%s::text[]) AS wanted (word) CROSS JOIN LATERAL (
                SELECT known.word FROM {table} known WHERE known.word %% wanted.word
                ORDER BY similarity(known.word, wanted.word) DESC, known.word LIMIT %s
            ) AS alike
            """,  # noqa: S608 - the table's name is ours
            [list(words), SPELLINGS_PER_WORD],
        )
        return [(word, other) for word, other in cursor.fetchall()]


def has_trigrams() -> bool:
    """Whether the migration could make the index. Asked each time: an operator may make it later."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('species_word_trigrams') IS NOT NULL")
        row = cursor.fetchone()
    return bool(row and row[0])
