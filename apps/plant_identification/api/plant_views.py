"""Somebody's own plants and collections: thin over selectors and services."""

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet, Value
from django.db.models.functions import Coalesce, Lower, NullIf
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.idempotency import OncePerKey
from apps.core.api.pagination import NumberedPagination
from apps.core.api.problems import PROBLEM_CONTENT_TYPE
from apps.core.api.schema import ProblemSerializer
from apps.core.api.sparse import SparseReads
from apps.core.api.undo import RESTORABLE_UNTIL, deleted_until
from apps.plant_identification.api.plant_serializers import (
    CollectionRequestSerializer,
    CollectionSerializer,
    PlantChangesSerializer,
    PlantRequestSerializer,
    PlantSerializer,
)
from apps.plant_identification.exceptions import RecordNotFound
from apps.plant_identification.models import Plant, PlantCollection
from apps.plant_identification.selectors import get_collection, get_plant, list_collections, list_plants
from apps.plant_identification.services.collections import (
    create_collection,
    delete_collection,
    rename_collection,
)
from apps.plant_identification.services.plants import (
    create_plant,
    delete_plant,
    restore_plant,
    update_plant,
)
from apps.users.public import KeyAccess

NO_ROOM: dict[Any, Any] = {(409, PROBLEM_CONTENT_TYPE): ProblemSerializer}


_SHOWN_NAME = Lower(Coalesce(NullIf("nickname", Value("")), "scientific_name"))
_ORDERS: dict[str, list[Any]] = {
    "-created_at": ["-created_at", "-id"],
    "created_at": ["created_at", "id"],
    "name": [_SHOWN_NAME.asc(), "id"],
    "-name": [_SHOWN_NAME.desc(), "-id"],
}


class PlantOrdering(django_filters.ChoiceFilter):  # type: ignore[misc]  # without types
    def filter(self, queryset: QuerySet[Plant], value: str) -> QuerySet[Plant]:
        return queryset.order_by(*_ORDERS[value]) if value else queryset


class PlantFilter(django_filters.FilterSet):  # type: ignore[misc]  # without types
    collection = django_filters.UUIDFilter(field_name="collection_id", label="Those in this collection.")
    species = django_filters.UUIDFilter(field_name="species_id", label="Those of this species.")
    ordering = PlantOrdering(
        choices=[(order, order) for order in _ORDERS], label="By name, or newest first, which is usual."
    )

    class Meta:
        model = Plant
        fields: list[str] = []


class PlantListView(OncePerKey, SparseReads, ListAPIView[Plant]):
    """One's own plants, newest first."""

    api_key_access = KeyAccess()
    permission_classes = [IsAuthenticated]
    serializer_class = PlantSerializer
    pagination_class = NumberedPagination
    filterset_class = PlantFilter

    def get_queryset(self) -> QuerySet[Plant]:
        return list_plants(self.request.user)

    @extend_schema(
        operation_id="create_plant",
        request=PlantRequestSerializer,
        responses={201: PlantSerializer, **NO_ROOM},
        filters=False,
    )
    def post(self, request: Request) -> Response:
        """Add a plant: with a nickname, a name, a species, or from an identification."""
        form = PlantRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        plant = create_plant(user=request.user, facts=form.validated_data)
        body = PlantSerializer(plant).data
        return Response(body, status=201, headers={"Location": body["links"]["self"]})


class PlantDetailView(SparseReads):
    """One of one's own plants."""

    api_key_access = KeyAccess()
    permission_classes = [IsAuthenticated]
    shown_by = PlantSerializer

    @extend_schema(operation_id="get_plant", responses=PlantSerializer)
    def get(self, request: Request, plant_id: UUID) -> Response:
        return _plant(request, plant_id)

    @extend_schema(operation_id="update_plant", request=PlantChangesSerializer, responses=PlantSerializer)
    def patch(self, request: Request, plant_id: UUID) -> Response:
        form = PlantChangesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        update_plant(user=request.user, plant_id=plant_id, facts=form.validated_data)
        return _plant(request, plant_id)

    @extend_schema(
        operation_id="delete_plant",
        responses={204: None},
        parameters=[RESTORABLE_UNTIL],
    )
    def delete(self, request: Request, plant_id: UUID) -> Response:
        """Gone at once; for good when the time for undoing is over."""
        until = delete_plant(user=request.user, plant_id=plant_id)
        return deleted_until(until)


class PlantRestoreView(APIView):
    """Takes a deletion back, for a few minutes. Safe to repeat."""

    api_key_access = KeyAccess()
    permission_classes = [IsAuthenticated]
    repeatable = "what is restored stays restored"

    @extend_schema(operation_id="restore_plant", request=None, responses={200: PlantSerializer, **NO_ROOM})
    def post(self, request: Request, plant_id: UUID) -> Response:
        restore_plant(user=request.user, plant_id=plant_id)
        return _plant(request, plant_id)


def _plant(request: Request, plant_id: UUID) -> Response:
    plant = get_plant(request.user, plant_id)
    if plant is None:
        raise RecordNotFound
    return Response(PlantSerializer(plant).data)


class CollectionListView(OncePerKey, SparseReads, ListAPIView[PlantCollection]):
    """One's own collections by name, each with the number of plants in it."""

    api_key_access = KeyAccess()
    permission_classes = [IsAuthenticated]
    serializer_class = CollectionSerializer
    pagination_class = NumberedPagination
    filter_backends = []

    def get_queryset(self) -> QuerySet[PlantCollection]:
        return list_collections(self.request.user)

    @extend_schema(
        operation_id="create_collection",
        request=CollectionRequestSerializer,
        responses={201: CollectionSerializer, **NO_ROOM},
    )
    def post(self, request: Request) -> Response:
        form = CollectionRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        collection = create_collection(user=request.user, **form.validated_data)
        response = _collection(request, collection.pk)
        response.status_code = 201
        response["Location"] = response.data["links"]["self"]
        return response


class CollectionDetailView(SparseReads):
    """One of one's own collections."""

    api_key_access = KeyAccess()
    permission_classes = [IsAuthenticated]
    shown_by = CollectionSerializer

    @extend_schema(operation_id="get_collection", responses=CollectionSerializer)
    def get(self, request: Request, collection_id: UUID) -> Response:
        return _collection(request, collection_id)

    @extend_schema(
        operation_id="rename_collection", request=CollectionRequestSerializer, responses=CollectionSerializer
    )
    def patch(self, request: Request, collection_id: UUID) -> Response:
        form = CollectionRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        rename_collection(user=request.user, collection_id=collection_id, **form.validated_data)
        return _collection(request, collection_id)

    @extend_schema(operation_id="delete_collection", responses={204: None})
    def delete(self, request: Request, collection_id: UUID) -> Response:
        """Its plants stay, in no collection."""
        delete_collection(user=request.user, collection_id=collection_id)
        return Response(status=204)


def _collection(request: Request, collection_id: UUID) -> Response:
    collection = get_collection(request.user, collection_id)
    if collection is None:
        raise RecordNotFound
    return Response(CollectionSerializer(collection).data)
