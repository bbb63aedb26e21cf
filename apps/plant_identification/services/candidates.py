"""The services' suggestions, sorted into plants: which of them are one species, and who said so.

One species are suggestions of the same name (authors, hybrid signs, ranks below the species and spelling
aside), else of the same GBIF id, else where one service lists the other's name as a synonym. Different ids
prove nothing. Two names that one service gives side by side are two plants, whatever a list of synonyms
says: such lists hold homonyms, names that now belong to another plant.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations
from operator import attrgetter

from apps.plant_identification.services.fusion import CONTROL, FusionRule, fuse
from apps.plant_identification.services.names import comparison_key, full_key, genus_of
from apps.plant_identification.types import ProviderReply, ProviderSuggestion

COMBINED = "combined"


def source_name(providers: Iterable[str]) -> str | None:
    """The one provider, or what stands for several."""
    names = set(providers)
    return None if not names else names.pop() if len(names) == 1 else COMBINED


@dataclass(frozen=True, kw_only=True)
class Member:
    provider: str
    suggestion: ProviderSuggestion

    @cached_property
    def order(self) -> tuple[float, str, str, str]:
        suggestion = self.suggestion
        return (-suggestion.score, self.provider, suggestion.scientific_name, repr(suggestion))

    @cached_property
    def synonyms(self) -> frozenset[str]:
        return frozenset(map(full_key, self.suggestion.synonyms))


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One plant and everything said about it. `members` are best first and may be of one service only."""

    key: str
    is_genus: bool
    members: tuple[Member, ...]
    genus_scores: Mapping[str, float] = field(default_factory=dict)  # from services that named the bare genus
    species_scores: Mapping[str, float] = field(default_factory=dict)  # of a genus: the best species in it
    same_by_name: bool = True  # False: only a list of synonyms joins the members
    rule: FusionRule = CONTROL

    @cached_property
    def named(self) -> dict[str, float]:
        """What each service said about this very plant; its best word if it said several."""
        scores: dict[str, float] = {}
        for member in self.members:
            scores[member.provider] = max(scores.get(member.provider, 0.0), member.suggestion.score)
        return scores

    @cached_property
    def scores(self) -> dict[str, float]:
        """`named`, and for a genus that several services stand behind, what they said about its species."""
        behind = self.named.keys() | self.species_scores.keys()
        if not self.is_genus or (self.named and len(behind) < 2):
            return self.named
        return {
            provider: max(self.named.get(provider, 0.0), self.species_scores.get(provider, 0.0))
            for provider in sorted(behind)
        }

    @cached_property
    def supporters(self) -> frozenset[str]:
        """Everyone whose word the confidence rests on."""
        return frozenset(self.scores) | frozenset(self.genus_scores)

    @cached_property
    def confidence(self) -> float:
        return fuse(self.scores, self.genus_scores, self.rule)

    @cached_property
    def documented_confidence(self) -> float:
        """By the rule that holds without an experiment."""
        return fuse(self.scores, self.genus_scores)

    @cached_property
    def genera(self) -> frozenset[str]:
        """Lower case; more than one where a synonym stands in another genus."""
        if self.is_genus:
            return frozenset({self.key})
        return frozenset(genus for member in self.members if (genus := _genus_key(member.suggestion)))

    def givers(self, read: Callable[[ProviderSuggestion], object]) -> frozenset[str]:
        """Who gave what `read` takes from a suggestion."""
        return frozenset(member.provider for member in self.members if read(member.suggestion))

    @property
    def order(self) -> tuple[float, int, bool, str]:
        """Best first. Of equals, the one more services named; then species before genus; then by name."""
        return (-self.confidence, -len(self.named), self.is_genus, self.key)


def collect_candidates(replies: Iterable[ProviderReply], rule: FusionRule = CONTROL) -> list[Candidate]:
    """Best first; the order of the replies does not matter."""
    members = sorted(
        (
            Member(provider=reply.provider, suggestion=suggestion)
            for reply in replies
            for suggestion in reply.suggestions
        ),
        key=attrgetter("order"),
    )
    species = [member for member in members if member.suggestion.rank != "genus"]
    genera = _by_key(member for member in members if member.suggestion.rank == "genus")
    joined = [replace(candidate, rule=rule) for candidate in _join_synonyms(_by_key(species))]
    candidates = [_with_genus_scores(candidate, genera) for candidate in joined]
    candidates += [genus_candidate(key, candidates, rule, named) for key, named in genera.items()]
    return sorted(candidates, key=attrgetter("order"))


def genus_candidate(
    key: str, candidates: Sequence[Candidate], rule: FusionRule, named: Sequence[Member] = ()
) -> Candidate:
    """The genus, with what each service said about its species at most."""
    best: dict[str, float] = {}
    for candidate in candidates:
        if candidate.is_genus or key not in candidate.genera:
            continue
        for provider, score in candidate.named.items():
            best[provider] = max(best.get(provider, 0.0), score)
    return Candidate(key=key, is_genus=True, members=tuple(named), species_scores=best, rule=rule)


def _by_key(members: Iterable[Member]) -> dict[str, list[Member]]:
    groups: dict[str, list[Member]] = defaultdict(list)
    for member in members:
        groups[comparison_key(member.suggestion.scientific_name)].append(member)
    return groups


def _genus_key(suggestion: ProviderSuggestion) -> str | None:
    genus = genus_of(suggestion.scientific_name) or suggestion.genus
    return genus.casefold() if genus else None


def _with_genus_scores(candidate: Candidate, genera: Mapping[str, Sequence[Member]]) -> Candidate:
    scores: dict[str, float] = {}
    for genus in candidate.genera:
        for member in genera.get(genus, ()):
            scores[member.provider] = max(scores.get(member.provider, 0.0), member.suggestion.score)
    return replace(candidate, genus_scores=scores)


@dataclass(frozen=True, kw_only=True)
class _Link:
    by_name: bool  # as good as one: a shared GBIF id
    one: str
    other: str

    @property
    def order(self) -> tuple[bool, str, str]:
        return (not self.by_name, self.one, self.other)


def _join_synonyms(groups: Mapping[str, list[Member]]) -> Iterator[Candidate]:
    """Strongest links first, in an order that depends on names alone."""
    home = {key: key for key in groups}
    joined = {key: list(members) for key, members in groups.items()}
    by_name = dict.fromkeys(groups, True)
    for link in sorted(_links(groups), key=attrgetter("order")):
        one, other = sorted((home[link.one], home[link.other]))
        if one == other or _providers(joined[one]) & _providers(joined[other]):
            continue
        joined[one] += joined.pop(other)
        by_name[one] = by_name[one] and by_name[other] and link.by_name
        home = {key: one if place == other else place for key, place in home.items()}
    for key, members in joined.items():
        ordered = tuple(sorted(members, key=attrgetter("order")))
        yield Candidate(key=key, is_genus=False, members=ordered, same_by_name=by_name[key])


def _links(groups: Mapping[str, list[Member]]) -> Iterator[_Link]:
    for (one, first), (other, second) in combinations(groups.items(), 2):
        if _gbif_ids(first) & _gbif_ids(second):
            yield _Link(by_name=True, one=min(one, other), other=max(one, other))
        elif _are_synonyms(one, first, second) or _are_synonyms(other, second, first):
            yield _Link(by_name=False, one=min(one, other), other=max(one, other))


def _providers(members: Iterable[Member]) -> set[str]:
    return {member.provider for member in members}


def _gbif_ids(members: Iterable[Member]) -> set[int]:
    return {member.suggestion.gbif_id for member in members if member.suggestion.gbif_id}


def _are_synonyms(key: str, named: Iterable[Member], others: Iterable[Member]) -> bool:
    """Whether the others list a name of `named`. Synonyms below the species are compared in full."""
    spellings = {key, *(full_key(member.suggestion.scientific_name) for member in named)}
    return any(spellings & member.synonyms for member in others)
