"""What sources say of a species, and pictures of it, as the API tells them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.plant_identification.models import FactSource, SpeciesFact, SpeciesPicture
from apps.plant_identification.services.encyclopedia.units import in_metric

LARGE, SMALL = "max-1280x1280", "fill-320x320"  # Wagtail's words for what becomes of a picture


class MetricSerializer(serializers.Serializer[Any]):
    value = serializers.FloatField()
    unit = serializers.ChoiceField(choices=["cm", "degC"])


class FactSerializer(serializers.Serializer[SpeciesFact]):
    field = serializers.CharField(help_text="Such as `light` or `height_max`.")
    value = serializers.JSONField(help_text="A text, a number or a list of texts, as the source says it.")
    unit = serializers.SerializerMethodField(help_text="Of the value, such as `in` or `USDA zone`.")
    metric = serializers.SerializerMethodField(
        help_text="The same in centimetres or degrees Celsius, where it is a length or a temperature."
    )
    date = serializers.DateField(source="stated_on", help_text="The day the source was read.")
    is_verified = serializers.BooleanField(
        source="source.is_verified", help_text="False: take it for a hint, and say so wherever it is shown."
    )
    is_preferred = serializers.BooleanField(help_text="An editor chose it among sources that differ.")

    def get_fields(self) -> dict[str, Any]:
        # Declared here because `source` as a class attribute would shadow Field.source.
        key = serializers.CharField(source="source.key", help_text="The key of one of `fact_sources`.")
        return super().get_fields() | {"source": key}

    def get_unit(self, fact: SpeciesFact) -> str | None:
        return fact.unit or None

    @extend_schema_field(MetricSerializer(allow_null=True))
    def get_metric(self, fact: SpeciesFact) -> dict[str, Any] | None:
        metric = in_metric(fact.value, fact.unit)
        return {"value": metric[0], "unit": metric[1]} if metric else None


class DistributionSerializer(serializers.Serializer[SpeciesFact]):
    regions = serializers.JSONField(source="value", help_text="A text or a list of texts.")
    date = serializers.DateField(source="stated_on")

    def get_fields(self) -> dict[str, Any]:
        key = serializers.CharField(source="source.key", help_text="The key of one of `fact_sources`.")
        return super().get_fields() | {"source": key}


class CitedSourceSerializer(serializers.Serializer[FactSource]):
    key = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.CharField(help_text="`dataset`, `service`, `editors` or `model`.")
    url = serializers.CharField(allow_blank=True, help_text="An address, a DOI, or where to find it.")
    licence = serializers.CharField(allow_blank=True, help_text="As the source states it; empty: none.")
    credit = serializers.CharField(allow_blank=True, help_text="To be shown with what it says.")
    is_verified = serializers.BooleanField()


class SpeciesRenditionSerializer(serializers.Serializer[Any]):
    url = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()


class SpeciesPictureSerializer(serializers.Serializer[SpeciesPicture]):
    caption = serializers.CharField(help_text="What it shows, also for who cannot see it.")
    credit = serializers.CharField(allow_blank=True, help_text="Who made it.")
    licence = serializers.CharField(help_text="Such as `CC-BY-3.0`.")
    licence_url = serializers.CharField(allow_blank=True)
    source_url = serializers.CharField(allow_blank=True, help_text="Where it was found.")
    large = serializers.SerializerMethodField(help_text="At most 1280 pixels wide and high.")
    small = serializers.SerializerMethodField(help_text="A square of 320 pixels, or what there is of it.")

    @extend_schema_field(SpeciesRenditionSerializer)
    def get_large(self, picture: SpeciesPicture) -> dict[str, Any]:
        return _rendition(picture, LARGE)

    @extend_schema_field(SpeciesRenditionSerializer)
    def get_small(self, picture: SpeciesPicture) -> dict[str, Any]:
        return _rendition(picture, SMALL)


def _rendition(picture: SpeciesPicture, wanted: str) -> dict[str, Any]:
    """Made when it is asked for first; found with the species from then on."""
    rendition = picture.image.get_rendition(wanted)
    return {"url": rendition.url, "width": rendition.width, "height": rendition.height}
