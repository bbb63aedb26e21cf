"""Names of plants nobody has seen, with the shape and number of real ones."""

import random
from collections.abc import Iterator
from dataclasses import dataclass


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_BEGINNINGS = _words(
    "ac al an ar bel bo ca ce chry co cra cy da di dra eu fi ga ge he hy il jas ka la li lu ma mi mon na no "
    "or pa pe phi po qua ra rho sa sci se so ste sy ta the tri ul va ve vi wis xan za"
)
_MIDDLES = _words("ba ce da do fe ga go le li lo ma mi mo na ne no pa phy ra ri ro sa si ta te ti to tra ve")
_GENUS_ENDS = _words("ia um us a era ella opsis andra anthus dendron")
_SPECIES_ENDS = _words("osa ata ensis alis ifolia iflora escens oides ica ina")
_COLOURS = _words("red white blue golden purple silver green black pink yellow")
_PLACES = _words("mountain river desert forest meadow swamp island coast garden alpine")
_KINDS = _words(
    "lily fern moss palm rose ivy sage mint violet orchid daisy thistle clover sedge willow maple"
)


@dataclass(frozen=True, slots=True)
class MadeUp:
    canonical: str
    genus: str
    family: str
    english: tuple[str, ...]
    german: tuple[str, ...]
    synonyms: tuple[str, ...]


def make_species_names(count: int, seed: int) -> Iterator[MadeUp]:
    """Each canonical name once; ten species to a genus, ten genera to a family."""
    rng = random.Random(seed)
    seen: set[str] = set()
    genera = [_word(rng, _GENUS_ENDS).capitalize() for _ in range(count // 10 + 1)]
    families = [_word(rng, ("aceae",)).capitalize() for _ in range(count // 100 + 1)]
    while len(seen) < count:
        number = rng.randrange(len(genera))
        canonical = f"{genera[number]} {_word(rng, _SPECIES_ENDS)}"
        if canonical in seen:
            continue
        seen.add(canonical)
        common = f"{rng.choice(_COLOURS)} {rng.choice(_PLACES)} {rng.choice(_KINDS)}"
        yield MadeUp(
            canonical=canonical,
            genus=genera[number],
            family=families[number // 10],
            english=(common, f"{genera[number].lower()} {rng.choice(_KINDS)}"),
            german=(f"{_word(rng, ('kraut', 'wurz', 'blume', 'gras'))}".capitalize(),),
            synonyms=(f"{rng.choice(genera)} {_word(rng, _SPECIES_ENDS)}",),
        )


def _word(rng: random.Random, ends: tuple[str, ...]) -> str:
    middle = "".join(rng.choice(_MIDDLES) for _ in range(rng.randint(1, 2)))
    return rng.choice(_BEGINNINGS) + middle + rng.choice(ends)
