"""The encyclopedia: public, and the same for everybody."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from apps.core.api.filtering import FilterBackend
from apps.core.api.kept_answers import told_for_a_while
from apps.core.api.sparse import SparseReads
from apps.core.api.throttling import ReaderThrottle
from apps.core.languages import ENGLISH, best_language
from apps.core.links import link_to
from apps.plant_identification import constants
from apps.plant_identification.api.encyclopedia.filters import SpeciesFilter, SpeciesOrdering
from apps.plant_identification.api.encyclopedia.serializers import (
    LanguageQuerySerializer,
    SearchQuerySerializer,
    SpeciesEntrySerializer,
    SpeciesHitSerializer,
    SpeciesHitsSerializer,
    SpeciesSerializer,
)
from apps.plant_identification.exceptions import RecordNotFound
from apps.plant_identification.models import PlantSpecies
from apps.plant_identification.permissions import IsAuthenticatedOrReadOnlyWithRateLimit
from apps.plant_identification.selectors import get_species, list_species
from apps.plant_identification.services.encyclopedia.search import search_species
from apps.users.public import KeyAccess


class SpeciesThrottle(ReaderThrottle):
    group = "species"


def _language_accepted(request: Request) -> str:
    """For names: the encyclopedia speaks more languages than its sentences do."""
    return best_language(request.headers.get("Accept-Language", ""), constants.LANGUAGES) or ENGLISH


kept_answers = told_for_a_while(
    constants.SPECIES_ANSWERS,
    varies_by=lambda request: f"{_language_accepted(request)} {settings.PROVIDER_SANDBOX}",
)


class SpeciesView(SparseReads):
    permission_classes = [IsAuthenticatedOrReadOnlyWithRateLimit]
    throttle_classes = [SpeciesThrottle]

    def read(self, form_class: type[LanguageQuerySerializer]) -> dict[str, Any]:
        form = form_class(data=self.request.query_params)
        form.is_valid(raise_exception=True)
        return {"language": _language_accepted(self.request), **form.validated_data}


class SpeciesListView(SpeciesView, ListAPIView[PlantSpecies]):
    """All species anybody has identified, page by page."""

    api_key_access = KeyAccess()
    serializer_class = SpeciesEntrySerializer
    filter_backends = [FilterBackend, SpeciesOrdering]
    filterset_class = SpeciesFilter

    def get_queryset(self) -> QuerySet[PlantSpecies]:
        return list_species()

    def get_serializer(self, *args: Any, **kwargs: Any) -> BaseSerializer[PlantSpecies]:
        context = {**self.get_serializer_context(), **self.read(LanguageQuerySerializer)}
        return SpeciesEntrySerializer(*args, context=context, **kwargs)

    @extend_schema(
        operation_id="list_species",
        parameters=[LanguageQuerySerializer],
        responses=SpeciesEntrySerializer(many=True),
    )
    @kept_answers
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class SpeciesDetailView(SpeciesView):
    """One species: its names, where it belongs, how often it is identified, and who says so."""

    api_key_access = KeyAccess()
    shown_by = SpeciesSerializer

    @extend_schema(
        operation_id="get_species",
        parameters=[LanguageQuerySerializer],
        responses={
            200: SpeciesSerializer,
            301: OpenApiResponse(description="It was found to be another species; `Location` is that one's."),
        },
    )
    @kept_answers
    def get(self, request: Request, species_id: UUID) -> Response:
        asked = self.read(LanguageQuerySerializer)
        species = get_species(species_id)
        if species is None:
            raise RecordNotFound
        if species.merged_into_id is not None:
            return moved_to(request, "v1:plant-identification:species-detail", species.merged_into_id)
        return Response(SpeciesSerializer(species, context=asked).data)


def moved_to(request: Request, view_name: str, species_id: UUID) -> Response:
    asked = request.META.get("QUERY_STRING", "")
    address = link_to(view_name, species_id)
    return Response(status=301, headers={"Location": f"{address}?{asked}" if asked else address})


class SpeciesSearchView(SpeciesView):
    """Species by what somebody types: any of their names, its beginning, or something like it."""

    api_key_access = KeyAccess()
    shown_by = SpeciesHitSerializer

    @extend_schema(
        operation_id="search_species", parameters=[SearchQuerySerializer], responses=SpeciesHitsSerializer
    )
    @kept_answers
    def get(self, request: Request) -> Response:
        asked = self.read(SearchQuerySerializer)
        hits = search_species(text=asked["q"], limit=asked["page_size"])
        return Response(SpeciesHitsSerializer({"results": hits}, context=asked).data)
