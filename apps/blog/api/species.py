"""Species that have a page: the editors' words, and what the encyclopedia knows."""

from typing import Any

from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import serializers
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from apps.blog.api.parts import LINKED_SPECIES, ContentPictureSerializer
from apps.blog.api.serializers import BodyField, PublicPageSerializer, WholeRowField
from apps.blog.api.views import PublicPagesViewSet
from apps.blog.models import PlantSpeciesPage
from apps.blog.models.reading import species_on_pages
from apps.core.languages import ENGLISH
from apps.core.links import link_to
from apps.plant_identification.public import PlantSpecies, SpeciesPortrait, portray_species

DESCRIBED = {
    "family": OpenApiParameter("family", description="Such as `Rosaceae`."),
    "genus": OpenApiParameter("genus", description="Such as `Rosa`."),
}


class PagedSpeciesSerializer(serializers.Serializer[PlantSpecies]):
    id = serializers.UUIDField(help_text="As in the encyclopedia of `/api/v1/`.")
    scientific_name = serializers.CharField(source="canonical_name")
    authorship = serializers.CharField()
    common_name = serializers.SerializerMethodField()
    family = serializers.CharField()
    genus = serializers.CharField()
    gbif_id = serializers.IntegerField(allow_null=True)
    identification_count = serializers.IntegerField(help_text="How often the community has identified it.")
    encyclopedia_url = serializers.SerializerMethodField()

    def get_common_name(self, species: PlantSpecies) -> str | None:
        return species.common_name(ENGLISH)

    def get_encyclopedia_url(self, species: PlantSpecies) -> str:
        return link_to(LINKED_SPECIES, species.pk)


class PortraitSourceSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.CharField(help_text="`dataset`, `service`, `editors` or `model`: a language model.")
    url = serializers.CharField()
    licence = serializers.CharField(help_text="Empty where none is stated.")
    credit = serializers.CharField(help_text="To be shown with what it says.")
    is_verified = serializers.BooleanField(help_text="False has to be shown with what it says.")


class _SaidSerializer(serializers.Serializer[Any]):
    stated_on = serializers.DateField(help_text="The day the source was read.")

    def get_fields(self) -> dict[str, Any]:
        # Declared here because `source` as a class attribute would shadow Field.source.
        return super().get_fields() | {"source": PortraitSourceSerializer()}


class PortraitFactSerializer(_SaidSerializer):
    field = serializers.CharField(help_text="Such as `light`.")
    value = serializers.JSONField(help_text="A text, a number, or a list of texts: as the source says it.")
    unit = serializers.CharField()
    is_preferred = serializers.BooleanField(help_text="Chosen by editors where sources differ.")


class PortraitHazardSerializer(_SaidSerializer):
    target = serializers.CharField(help_text="`human`, `cat`, `dog`, `horse`, `livestock` or `animal`.")
    level = serializers.CharField()
    parts = serializers.CharField()
    effects = serializers.CharField()


class PortraitToxicitySerializer(serializers.Serializer[Any]):
    statements = PortraitHazardSerializer(many=True)
    notice = serializers.CharField(help_text="To be shown, whether there are statements or not.")


class PortraitPictureSerializer(serializers.Serializer[Any]):
    image = ContentPictureSerializer()
    caption = serializers.CharField(help_text="Also for people who cannot see it.")
    credit = serializers.CharField()
    licence = serializers.CharField()
    licence_url = serializers.CharField()
    source_url = serializers.CharField()


class PortraitSerializer(serializers.Serializer[SpeciesPortrait]):
    """Everything the encyclopedia knows, each with its source. What is not there, nobody has said."""

    common_names = serializers.DictField(
        source="species.common_names", child=serializers.ListField(child=serializers.CharField())
    )
    synonyms = serializers.ListField(source="species.synonyms", child=serializers.CharField())
    taxonomy = serializers.DictField(source="species.taxonomy", child=serializers.CharField())
    facts = PortraitFactSerializer(many=True)
    toxicity = serializers.SerializerMethodField()
    pictures = PortraitPictureSerializer(many=True)

    @extend_schema_field(PortraitToxicitySerializer)
    def get_toxicity(self, portrait: SpeciesPortrait) -> dict[str, Any]:
        statements = PortraitHazardSerializer(portrait.hazards, many=True).data
        return {"statements": statements, "notice": absence_notice()}


def absence_notice() -> str:
    return gettext(
        "No list of poisonous plants is complete. A plant or an animal that is not named here is not known "
        "to be safe."
    )


@extend_schema_field(PortraitSerializer(allow_null=True))
class PortraitField(WholeRowField):
    def to_representation(self, value: PlantSpeciesPage) -> Any | None:
        portrait = portray_species([value.species_id]).get(value.species_id)
        return PortraitSerializer(portrait, context=self.context).data if portrait else None


class SpeciesPageSerializer(PublicPageSerializer):
    species = PagedSpeciesSerializer(read_only=True)
    body = BodyField(read_only=True)
    portrait = PortraitField(help_text="null where the encyclopedia does not show the species at present.")


class SpeciesFilter(BaseFilterBackend):
    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        for name in DESCRIBED.keys() & request.query_params.keys():
            pages = PlantSpeciesPage.objects.filter(
                **{f"species__{name}__iexact": request.query_params[name]}
            )
            queryset = queryset.filter(pk__in=pages.values("pk"))
        return queryset


class SpeciesPagesViewSet(PublicPagesViewSet):
    """By title. What a page shows of the encyclopedia is told for a single one only."""

    name = "species"
    model = PlantSpeciesPage
    base_serializer_class = SpeciesPageSerializer
    filter_backends = [SpeciesFilter, *PublicPagesViewSet.filter_backends]
    known_query_parameters = PublicPagesViewSet.known_query_parameters - {"type"} | DESCRIBED.keys()
    body_fields = [*PublicPagesViewSet.body_fields, "intro", "species", "body", "portrait"]
    listing_default_fields = [*PublicPagesViewSet.listing_default_fields, "intro", "species"]
    detail_only_fields = [*PublicPagesViewSet.detail_only_fields, "body", "portrait"]
    told_as = "SpeciesPage"
    tells_more = False
    tells_when = False  # the community identifies plants without changing their pages
    described_parameters = DESCRIBED

    def get_queryset(self) -> Any:
        visible = self.get_base_queryset().values("pk")
        pages = species_on_pages().filter(pk__in=visible).order_by("title", "pk")
        return pages.select_related("species", "locale", "alias_of")
