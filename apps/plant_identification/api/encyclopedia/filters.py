"""What the list of species can be narrowed to, and in which order it comes."""

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from apps.core.api.filtering import ListOrdering
from apps.plant_identification.models import PlantSpecies
from apps.plant_identification.selectors import pictured

NAME_CHARS = 200
GBIF_ID_MAX = 2**63 - 1


class TaxonFilter(django_filters.CharFilter):  # type: ignore[misc]  # without types
    """However it is capitalised: families and genera are kept with a capital letter, as they are written."""

    def filter(self, queryset: QuerySet[PlantSpecies], value: str) -> QuerySet[PlantSpecies]:
        filtered: QuerySet[PlantSpecies] = super().filter(queryset, value.strip().capitalize())
        return filtered


@extend_schema_field(OpenApiTypes.INT64)
class IdFilter(django_filters.Filter):  # type: ignore[misc]  # without types
    field_class = forms.IntegerField


@extend_schema_field(OpenApiTypes.BOOL)
class YesOrNoFilter(django_filters.TypedChoiceFilter):  # type: ignore[misc]  # without types
    """`true` or `false`. The library's own takes every other word for neither, and says nothing."""

    def __init__(self, **options: Any) -> None:
        choices = [("true", "true"), ("false", "false")]
        super().__init__(choices=choices, coerce=lambda word: word == "true", empty_value=None, **options)


class SpeciesFilter(django_filters.FilterSet):  # type: ignore[misc]  # without types
    family = TaxonFilter(max_length=NAME_CHARS, label="Such as `Araceae`.")
    genus = TaxonFilter(max_length=NAME_CHARS, label="Such as `Monstera`.")
    gbif_id = IdFilter(min_value=1, max_value=GBIF_ID_MAX, label="The id at gbif.org.")
    has_pictures = YesOrNoFilter(
        method="filter_pictured", help_text="Only those with pictures, or those without."
    )

    class Meta:
        model = PlantSpecies
        fields: list[str] = []

    def filter_pictured(
        self,
        queryset: QuerySet[PlantSpecies],
        _name: str,
        wanted: bool,  # noqa: FBT001 - django-filter's signature
    ) -> QuerySet[PlantSpecies]:
        return queryset.filter(pictured() if wanted else ~pictured())


class SpeciesOrdering(ListOrdering):
    """By name or by how often they are identified."""

    ordering_description = "The most often identified first, unless another order is asked for."
    columns = {
        "-identification_count": "-identification_count",
        "identification_count": "identification_count",
        "name": "canonical_name",
        "-name": "-canonical_name",
    }
