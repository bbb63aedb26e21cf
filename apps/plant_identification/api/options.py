"""What may be sent beside the photos, and how it is read."""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from apps.core.languages import ENGLISH
from apps.plant_identification import constants
from apps.plant_identification.api.languages import LanguageField
from apps.plant_identification.types import Options, Organ


class OrgansField(serializers.ListField):
    """One organ per photo: repeated, or once with commas."""

    child = serializers.ChoiceField(choices=[organ.value for organ in Organ])

    def to_internal_value(self, data: Any) -> list[str]:
        parts = [part.strip() for value in data for part in str(value).split(",")]
        organs: list[str] = super().to_internal_value(parts)
        return organs


class CoordinateField(serializers.FloatField):
    def to_internal_value(self, data: Any) -> float:
        value = super().to_internal_value(data)
        if not math.isfinite(value):
            self.fail("invalid")
        return round(value, constants.COORDINATE_DECIMALS)


class IdentifyOptionsSerializer(serializers.Serializer[Options]):
    organs = OrgansField(required=False, max_length=constants.MAX_PHOTOS)
    latitude = CoordinateField(required=False, min_value=-90, max_value=90)
    longitude = CoordinateField(required=False, min_value=-180, max_value=180)
    language = LanguageField(
        required=False,
        help_text="ISO 639-1, for common names and texts. Left out: the best of `Accept-Language`.",
    )
    include_diseases = serializers.BooleanField(default=True, help_text="Assess the plant's health too.")
    project = serializers.ChoiceField(
        choices=constants.PLANTNET_PROJECTS, default="all", help_text="The flora Pl@ntNet looks in."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("latitude" in attrs) != ("longitude" in attrs):
            missing = "longitude" if "latitude" in attrs else "latitude"
            message = _("Send latitude and longitude together, or neither.")
            raise serializers.ValidationError({missing: message})
        return attrs

    def to_options(self) -> Options:
        given = {name: value for name, value in self.validated_data.items() if name != "organs"}
        return Options(**{"language": self.context.get("language", ENGLISH), **given})


def read_options(said: Mapping[str, Any], language: str) -> tuple[Options, tuple[Organ, ...]]:
    """The options somebody sent beside the photos, and their organs, none where none was named.

    Raises:
        ValidationError: one of them is no option.
    """
    return _read_options(said, language) if said else _unsaid_options(language)


@lru_cache(maxsize=len(constants.LANGUAGES))
def _unsaid_options(language: str) -> tuple[Options, tuple[Organ, ...]]:
    """Most people send none, and a form is a tenth of what their answer costs where it is known."""
    return _read_options({}, language)


def _read_options(said: Mapping[str, Any], language: str) -> tuple[Options, tuple[Organ, ...]]:
    form = IdentifyOptionsSerializer(data=said, context={"language": language})
    form.is_valid(raise_exception=True)
    return form.to_options(), tuple(map(Organ, form.validated_data.get("organs", ())))


class IdentifyRequestSerializer(IdentifyOptionsSerializer):
    """The multipart body: `image`, or `images` for up to five photos of one plant."""

    image = serializers.FileField(required=False, help_text="JPEG, PNG, WebP or HEIC, at most 10 MB.")
    images = serializers.ListField(
        child=serializers.FileField(), required=False, max_length=constants.MAX_PHOTOS
    )
