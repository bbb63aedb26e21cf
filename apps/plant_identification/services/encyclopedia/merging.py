"""Two entries of one plant are made one.

    look = look_at_merging(source=one, target=other)   # what will move, and what stands in the way
    merge_species(source=one, target=other)

Whatever points at the one that goes points at the other afterwards, in tables of other apps, too: Django is
asked what refers to species. The row itself stays, as a sign to the other, so that answers, pages and
addresses that hold its id in a text still lead somewhere. There is no way back by one command: which rows had
been whose is not kept.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from apps.core.kept_answers import forget_answers
from apps.plant_identification import constants
from apps.plant_identification.exceptions import MergeRefused
from apps.plant_identification.models import (
    GeneratedCare,
    PlantSpecies,
    SpeciesFact,
    SpeciesName,
    SpeciesPicture,
    ToxicityStatement,
    TrefleLookup,
)
from apps.plant_identification.services.encyclopedia.facts import (
    EDITORS,
    is_said_by,
    join_common_names,
    join_synonyms,
)
from apps.plant_identification.services.encyclopedia.index import index_anew

# Rows that may go where the other species has the like. Nothing that a person wrote as a text of its own.
_GIVE_WAY = (SpeciesFact, ToxicityStatement, SpeciesPicture, TrefleLookup, GeneratedCare)
SWEEP = 100  # merged species looked after in one go


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeLook:
    source: PlantSpecies
    target: PlantSpecies
    moving: Mapping[str, int]  # what the rows are called -> how many
    giving_way: Mapping[str, int]
    in_the_way: tuple[str, ...]  # why it cannot be done

    def rows(self) -> list[dict[str, Any]]:
        titles = sorted({**self.moving, **self.giving_way})
        return [
            {"title": title, "moving": self.moving.get(title, 0), "giving_way": self.giving_way.get(title, 0)}
            for title in titles
        ]


@dataclass(frozen=True, slots=True)
class _Reference:
    """A column of some table that holds a species."""

    model: type[models.Model]
    name: str

    def of(self, species_id: UUID) -> QuerySet[Any]:
        return self.model._base_manager.filter(**{self.name: species_id})  # noqa: SLF001 - documented

    def title(self) -> str:
        return str(self.model._meta.verbose_name_plural)  # noqa: SLF001

    def gives_way(self) -> bool:
        return issubclass(self.model, _GIVE_WAY) or bool(self.model._meta.auto_created)  # noqa: SLF001

    def rivals(self, source_id: UUID, target_id: UUID) -> QuerySet[Any]:
        """Rows of the one that could not stand beside rows of the other."""
        clash = Q(pk__in=[])
        for others, condition in self._unique_with():
            like = {name: OuterRef(name) for name in others}
            clash |= condition & Q(Exists(self.of(target_id).filter(condition, **like)))
        return self.of(source_id).filter(clash)

    def _unique_with(self) -> Iterator[tuple[list[str], Q]]:
        meta = self.model._meta  # noqa: SLF001
        if isinstance(meta.get_field(self.name), models.OneToOneField):
            yield [], Q()
        sets = [(list(names), Q()) for names in meta.unique_together]
        for constraint in meta.constraints:
            # Of two preferred facts, one is made a fact like others before they meet.
            is_settled = self.model is SpeciesFact and constraint.name == "species_fact_one_preferred"
            if isinstance(constraint, models.UniqueConstraint) and not is_settled:
                sets.append((list(constraint.fields), constraint.condition or Q()))
        for names, condition in sets:
            if self.name in names:
                yield [name for name in names if name != self.name], condition


def look_at_merging(*, source: PlantSpecies, target: PlantSpecies) -> MergeLook:
    moving: dict[str, int] = {}
    giving_way: dict[str, int] = {}
    for reference in _references():
        rivals = reference.rivals(source.pk, target.pk).count() if reference.gives_way() else 0
        count = reference.of(source.pk).count() - rivals
        if count:
            moving[reference.title()] = moving.get(reference.title(), 0) + count
        if rivals:
            giving_way[reference.title()] = rivals
    return MergeLook(
        source=source,
        target=target,
        moving=moving,
        giving_way=giving_way,
        in_the_way=tuple(_reasons_against(source, target)),
    )


def merge_species(*, source: PlantSpecies, target: PlantSpecies) -> PlantSpecies:
    """The one that remains, with what the other had besides.

    Raises:
        MergeRefused
    """
    with transaction.atomic():
        source, target = _lock_both(source.pk, target.pk)
        if reasons := list(_reasons_against(source, target)):
            raise MergeRefused(" ".join(reasons))
        _join_names(source, target)
        _move_rows(source.pk, target.pk)
        target.identification_count += source.identification_count
        source.identification_count, source.merged_into = 0, target
        source.vouched_synonyms = []
        source.save()
        target.save()  # its signal is how caches of other apps hear of it
        SpeciesName.objects.filter(species=source).delete()
        index_anew([target])
        forget_answers(constants.SPECIES_ANSWERS)
    return target


def settle_merged_species() -> int:
    """Move what was written for a species while it was being merged. How many species had something."""
    merged = (
        PlantSpecies.objects.exclude(merged_into=None).filter(_has_something()).values_list("pk", flat=True)
    )
    pks = list(merged[:SWEEP])
    for pk in pks:
        with transaction.atomic():
            source = PlantSpecies.objects.select_for_update(no_key=True).get(pk=pk)
            if source.merged_into is None:
                continue
            _move_rows(pk, source.merged_into.pk, keep_rivals=True)
            PlantSpecies.objects.filter(pk=pk).update(identification_count=0)
            PlantSpecies.objects.filter(pk=source.merged_into.pk).update(
                identification_count=F("identification_count") + source.identification_count
            )
    return len(pks)


def _has_something() -> Q:
    something = Q(identification_count__gt=0)
    for reference in _references():
        rows = reference.model._base_manager.filter(**{reference.name: OuterRef("pk")})  # noqa: SLF001
        something |= Q(Exists(rows))
    return something


def _references() -> Iterator[_Reference]:
    """Also those through which a many-to-many goes. Names are made anew and not moved."""
    for relation in PlantSpecies._meta.get_fields(include_hidden=True):  # noqa: SLF001 - documented
        if isinstance(relation, models.ManyToOneRel) and relation.related_model is not SpeciesName:
            yield _Reference(relation.related_model, relation.field.name)


def _lock_both(source_id: UUID, target_id: UUID) -> tuple[PlantSpecies, PlantSpecies]:
    """In one order, and not against rows that are being added: an answer under way would be waited for, and
    would wait for us. What it adds to the merged species is moved by `settle_merged_species`."""
    rows = PlantSpecies.objects.filter(pk__in=[source_id, target_id])
    both = {one.pk: one for one in rows.select_for_update(no_key=True).order_by("pk")}
    if len(both) != 2:
        raise MergeRefused("One of them is gone.")
    return both[source_id], both[target_id]


def _reasons_against(source: PlantSpecies, target: PlantSpecies) -> Iterator[str]:
    if source.pk == target.pk:
        yield "Choose two different species."
        return
    if source.from_sandbox != target.from_sandbox:
        yield "One of them belongs to the sandbox."
    if source.merged_into_id or target.merged_into_id:
        yield "One of them was merged already."
    for reference in _references():
        if not reference.gives_way() and reference.rivals(source.pk, target.pk).exists():
            yield f"Both have {reference.title()}: remove one first."
    if any(_differing_hazards(source, target)):
        yield "One source warns of both in different words: settle that first, so that no warning is lost."


def _differing_hazards(source: PlantSpecies, target: PlantSpecies) -> Iterator[ToxicityStatement]:
    said = {(each.target, each.source_id): each for each in target.toxicity_statements.all()}
    for hazard in source.toxicity_statements.all():
        other = said.get((hazard.target, hazard.source_id))
        if other and (other.level, other.parts, other.effects) != (
            hazard.level,
            hazard.parts,
            hazard.effects,
        ):
            yield hazard


def _join_names(source: PlantSpecies, target: PlantSpecies) -> None:
    # Author, genus and ids belong to a name, and each keeps its own.
    if not target.family and source.family and not is_said_by(target, "family", EDITORS):
        target.family = source.family
        target.sources = target.sources | {"family": source.sources.get("family", {})}
    target.synonyms = join_synonyms(target, [source.canonical_name], target.synonyms, source.synonyms)
    target.vouched_synonyms = join_synonyms(
        target, [source.canonical_name], target.vouched_synonyms, source.vouched_synonyms
    )
    for language, names in source.common_names.items():
        joined = join_common_names(target.common_names.get(language, []), names)
        target.common_names = target.common_names | {language: joined}


def _move_rows(source_id: UUID, target_id: UUID, *, keep_rivals: bool = False) -> None:
    # Of two preferred facts the one of the species that remains is preferred.
    preferred = SpeciesFact.objects.filter(species=target_id, is_preferred=True).values("field")
    SpeciesFact.objects.filter(species=source_id, field__in=preferred).update(is_preferred=False)
    for reference in _references():
        rivals = list(reference.rivals(source_id, target_id).values_list("pk", flat=True))
        if reference.gives_way() and not (keep_rivals and issubclass(reference.model, ToxicityStatement)):
            reference.model._base_manager.filter(pk__in=rivals).delete()  # noqa: SLF001
        reference.of(source_id).exclude(pk__in=rivals).update(**{reference.name: target_id})
