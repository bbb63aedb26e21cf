"""Reading records. Every list costs the same number of queries, whatever its length."""

from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Exists, F, Model, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import NullIf

from apps.plant_identification.models import (
    Experiment,
    FactSource,
    IdentificationFeedback,
    Plant,
    PlantCollection,
    PlantIdentificationRequest,
    PlantIdentificationResult,
    PlantSpecies,
    SpeciesPicture,
)
from apps.plant_identification.models.requests import RequestQuerySet


def list_requests(user: Any) -> QuerySet[PlantIdentificationRequest]:
    """A signed-in person's own records with the answer's headline, newest first; documents stay unread."""
    return _list(_requests_with_headlines(), user)


def list_history(user: Any) -> QuerySet[PlantIdentificationRequest]:
    """The same without what their links need."""
    return _list(_requests_with_answers(), user)


def _list(records: RequestQuerySet, user: Any) -> QuerySet[PlantIdentificationRequest]:
    if not user.is_authenticated:
        return PlantIdentificationRequest.objects.none()
    return records.visible_to(user).order_by("-created_at", "-id")


@cache
def _requests_with_headlines() -> RequestQuerySet:
    species = Subquery(_headlines().values("species_id")[:1])
    return _requests_with_answers().annotate(headline_species_id=species)


@cache
def _requests_with_answers() -> RequestQuerySet:
    """Everybody's, to be narrowed: what is said here of every list takes Django a fifth of its time."""
    return PlantIdentificationRequest.objects.only("created_at", "status", "cache", "photos").annotate(
        plant_name=NullIf("answer__plant_name", Value("")),
        confidence=F("answer__confidence"),
        image_url=NullIf("answer__image_url", Value("", output_field=TextField())),
        answer_source=NullIf("answer__source", Value("")),
    )


def _headlines() -> QuerySet[PlantIdentificationResult]:
    """The candidate that is the headline: `services/encyclopedia/species.py` finds it in the document."""
    return PlantIdentificationResult.objects.filter(
        answer=OuterRef("answer"), scientific_name=OuterRef("answer__plant_name")
    ).order_by("rank_position")


def get_request(user: Any, request_id: UUID) -> PlantIdentificationRequest | None:
    return (
        PlantIdentificationRequest.objects.visible_to(user)
        .select_related("answer")
        .filter(pk=request_id)
        .first()
    )


def get_feedback(user: Any, request_id: UUID) -> IdentificationFeedback | None:
    visible = PlantIdentificationRequest.objects.visible_to(user).filter(pk=request_id)
    return IdentificationFeedback.objects.filter(request__in=visible).first()


def list_species() -> QuerySet[PlantSpecies]:
    return PlantSpecies.objects.visible().for_lists()


def get_species(species_id: UUID) -> PlantSpecies | None:
    """With its facts and pictures. One that was merged is found as well, and says into which."""
    species = PlantSpecies.objects.of_this_world().filter(pk=species_id)
    return species.prefetch_related("facts__source", "pictures__image__renditions").first()


def pictured() -> Exists:
    """Of species: whether there is a picture."""
    return Exists(SpeciesPicture.objects.filter(species=OuterRef("pk")))


def list_rows_of_this_world(model: type[Model]) -> QuerySet[Any]:
    """Facts, hazards or pictures of the species one sees."""
    rows = model._default_manager.filter(species__in=PlantSpecies.objects.visible())  # noqa: SLF001
    return rows.select_related("species", "source")


def list_sources_of(species: PlantSpecies) -> QuerySet[FactSource]:
    """Whose words its page shows: of facts, names and pictures."""
    keys = {fact.source.key for fact in species.facts.all()} | set(species.catalogue.get("sources", []))
    pictured = {picture.source_id for picture in species.pictures.all() if picture.source_id}
    return FactSource.objects.filter(Q(key__in=keys) | Q(pk__in=pictured)).order_by("key")


def list_plants(user: Any) -> QuerySet[Plant]:
    """A person's own plants, newest first, with as much of their identifications as their links need."""
    plants = Plant.objects.visible_to(user).select_related("identification")
    unread = ("options", "perceptual_hashes", "timings", "digest", "photo_digest")
    return plants.defer(*(f"identification__{field}" for field in unread)).order_by("-created_at", "-id")


def get_plant(user: Any, plant_id: UUID) -> Plant | None:
    return list_plants(user).filter(pk=plant_id).first()


def list_collections(user: Any) -> QuerySet[PlantCollection]:
    """A person's own collections by name, each with the number of its plants one can see."""
    shown = Q(plants__deleted_at=None, plants__from_sandbox=settings.PROVIDER_SANDBOX)
    collections = PlantCollection.objects.visible_to(user)
    return collections.annotate(plant_count=Count("plants", filter=shown)).order_by("folded_name")


def get_collection(user: Any, collection_id: UUID) -> PlantCollection | None:
    return list_collections(user).filter(pk=collection_id).first()


def list_experiments() -> QuerySet[Experiment]:
    return Experiment.objects.all()


def get_experiment(experiment_id: UUID) -> Experiment | None:
    return Experiment.objects.filter(pk=experiment_id).first()
