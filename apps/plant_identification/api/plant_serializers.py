"""The public shape of somebody's plants and collections."""

from datetime import date, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.links import link_to
from apps.plant_identification.models import Plant, PlantCollection
from apps.plant_identification.models.plants import (
    COLLECTION_NAME_CHARS,
    LOCATION_CHARS,
    NICKNAME_CHARS,
    NOTES_CHARS,
)

NAME_CHARS = 200


def _text(max_length: int, **kwargs: Any) -> serializers.CharField:
    return serializers.CharField(
        required=False, allow_blank=True, allow_null=True, max_length=max_length, **kwargs
    )


class PlantChangesSerializer(serializers.Serializer[Any]):
    """Fields that are left out stay as they are; null empties one."""

    nickname = _text(NICKNAME_CHARS)
    species = serializers.UUIDField(
        required=False, allow_null=True, help_text="Of the encyclopedia. Wins over `scientific_name`."
    )
    scientific_name = _text(NAME_CHARS, help_text="Of any plant; it gets its species where we know it.")
    collection = serializers.UUIDField(required=False, allow_null=True, help_text="One of one's own.")
    location = _text(LOCATION_CHARS, help_text="Where it stands, in one's own words.")
    acquired_on = serializers.DateField(required=False, allow_null=True)
    notes = _text(NOTES_CHARS)

    def validate_acquired_on(self, value: date | None) -> date | None:
        # Somewhere it is tomorrow already.
        if value is not None and value > timezone.now().date() + timedelta(days=1):
            raise serializers.ValidationError(_("This day is still to come."))
        return value


class PlantRequestSerializer(PlantChangesSerializer):
    """`identification` alone is enough: the plant takes over its species, its name and its photo."""

    identification = serializers.UUIDField(
        required=False, allow_null=True, help_text="One of one's own. What is said besides wins over it."
    )


class PlantLinksSerializer(serializers.Serializer[Any]):
    self = serializers.CharField()
    species = serializers.CharField(allow_null=True)
    identification = serializers.CharField(allow_null=True)
    photo = serializers.CharField(allow_null=True, help_text="The identification's; gone where that is gone.")


class PlantSerializer(serializers.Serializer[Plant]):
    id = serializers.UUIDField()
    name = serializers.SerializerMethodField(help_text="The nickname, else the scientific name.")
    nickname = serializers.SerializerMethodField()
    scientific_name = serializers.SerializerMethodField()
    species = serializers.UUIDField(source="species_id", allow_null=True)
    identification = serializers.SerializerMethodField()
    collection = serializers.UUIDField(source="collection_id", allow_null=True)
    location = serializers.SerializerMethodField()
    acquired_on = serializers.DateField(allow_null=True)
    notes = serializers.SerializerMethodField()
    links = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def get_name(self, plant: Plant) -> str:
        return str(plant)

    def get_nickname(self, plant: Plant) -> str | None:
        return plant.nickname or None

    def get_scientific_name(self, plant: Plant) -> str | None:
        return plant.scientific_name or None

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_identification(self, plant: Plant) -> str | None:
        return str(plant.identification_id) if plant.shows_identification else None

    def get_location(self, plant: Plant) -> str | None:
        return plant.location or None

    def get_notes(self, plant: Plant) -> str | None:
        return plant.notes or None

    @extend_schema_field(PlantLinksSerializer)
    def get_links(self, plant: Plant) -> dict[str, str | None]:
        record = plant.identification if plant.shows_identification else None
        return {
            "self": _address("plant-detail", plant.pk),
            "species": _address("species-detail", plant.species_id) if plant.species_id else None,
            "identification": _address("request-detail", record.pk) if record else None,
            "photo": _address("request-photo", record.pk) if record and record.photos_id else None,
        }


def _address(viewname: str, pk: Any) -> str:
    return link_to(f"v1:plant-identification:{viewname}", pk)


class CollectionRequestSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=COLLECTION_NAME_CHARS, help_text="No other of one's own has it.")


class CollectionLinksSerializer(serializers.Serializer[Any]):
    self = serializers.CharField()
    plants = serializers.CharField()


class CollectionSerializer(serializers.Serializer[PlantCollection]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    plant_count = serializers.IntegerField()
    links = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    @extend_schema_field(CollectionLinksSerializer)
    def get_links(self, collection: PlantCollection) -> dict[str, str]:
        plants = reverse("v1:plant-identification:plant-list")
        return {
            "self": link_to("v1:users:collection-detail", collection.pk),
            "plants": f"{plants}?collection={collection.pk}",
        }
