"""How to care for a species: public, with sources, and the same for everybody."""

from typing import Any
from uuid import UUID

from django.utils.translation import get_language
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.languages import ENGLISH
from apps.core.links import link_to
from apps.plant_identification.api.encyclopedia.views import SpeciesView, kept_answers, moved_to
from apps.plant_identification.exceptions import RecordNotFound
from apps.plant_identification.models import SourceKind
from apps.plant_identification.services.encyclopedia.care import describe_care, write_care
from apps.plant_identification.services.encyclopedia.care_texts import add_approved_text
from apps.plant_identification.services.encyclopedia.portrait import portray_species
from apps.plant_identification.services.encyclopedia.properties import SECTIONS
from apps.users.public import KeyAccess


class CareSaidSerializer(serializers.Serializer[Any]):
    value = serializers.SerializerMethodField(help_text="A number, a text, or a list of texts.")
    unit = serializers.CharField(source="said_unit", help_text="Such as `in` or `degF`; empty for words.")

    @extend_schema_field(OpenApiTypes.ANY)
    def get_value(self, statement: Any) -> Any:
        return statement.said_value


class CareStatementSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(help_text="For people, in the language of the answer.")
    value = serializers.SerializerMethodField(help_text="Metric: a number, a text, or a list of texts.")
    unit = serializers.CharField(help_text="`cm`, `degC`, `mm`, `d`, `pH`, or a scale such as `0-10`.")
    as_said = CareSaidSerializer(source="*", help_text="What the source wrote, in its own unit.")
    stated_on = serializers.DateField(help_text="The day the source was read.")
    is_verified = serializers.BooleanField(help_text="False: nobody vouches for this source.")
    is_preferred = serializers.BooleanField(help_text="True: our editors go by this one.")
    is_generated = serializers.BooleanField(help_text="True: a language model wrote it, an editor approved.")

    def get_fields(self) -> dict[str, Any]:
        # Declared here because `field` and `source` as class attributes would shadow DRF's own.
        return {
            "field": serializers.CharField(),
            "source": serializers.CharField(help_text="The `key` of one of `sources`."),
        } | super().get_fields()

    @extend_schema_field(OpenApiTypes.ANY)
    def get_value(self, statement: Any) -> Any:
        return statement.value


class CareSourceSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(source="source.key")
    title = serializers.CharField(source="source.title")
    kind = serializers.ChoiceField(source="source.kind", choices=SourceKind.values)
    url = serializers.CharField(source="source.url", help_text="An address or a DOI; may be empty.")
    licence = serializers.CharField(source="source.licence", help_text="Empty: none is stated.")
    credit = serializers.CharField(source="source.credit", help_text="To be shown with what it says.")
    is_verified = serializers.BooleanField(source="source.is_verified")
    date = serializers.DateField(help_text="When it was read last.")


class CareConflictSerializer(serializers.Serializer[Any]):
    property = serializers.CharField()
    text = serializers.CharField(help_text="For people, in the language of the answer.")
    sources = serializers.ListField(child=serializers.CharField(), help_text="Keys of those that differ.")
    preferred = serializers.CharField(allow_null=True, help_text="Whom our editors go by, if they chose.")


class CareSectionSerializer(serializers.Serializer[Any]):
    key = serializers.ChoiceField(choices=list(SECTIONS))
    title = serializers.CharField()
    statements = CareStatementSerializer(many=True)
    sources = CareSourceSerializer(many=True)
    conflicts = CareConflictSerializer(many=True)


class CareLinksSerializer(serializers.Serializer[Any]):
    self = serializers.CharField()
    species = serializers.CharField()


class CareSerializer(serializers.Serializer[Any]):
    """Sections nobody said anything about are not there."""

    species_id = serializers.UUIDField()
    scientific_name = serializers.CharField()
    language = serializers.CharField(help_text="What the texts are written in.")
    summary = serializers.CharField(help_text="One sentence: what is known, and whether sources differ.")
    sections = CareSectionSerializer(many=True)
    from_sandbox = serializers.BooleanField(help_text="True: a sandbox plays services on this machine.")
    links = CareLinksSerializer()


class SpeciesCareView(SpeciesView):
    """How to care for a species: what sources say, each with its date, and where they differ."""

    api_key_access = KeyAccess()
    shown_by = CareSerializer

    @extend_schema(
        operation_id="get_species_care",
        responses={
            200: CareSerializer,
            301: OpenApiResponse(description="It was found to be another species; `Location` is that one's."),
        },
    )
    @kept_answers
    def get(self, request: Request, species_id: UUID) -> Response:
        portrait = portray_species([species_id]).get(species_id)
        if portrait is None:
            raise RecordNotFound
        if portrait.species.pk != species_id:  # merged into that one
            return moved_to(request, "v1:plant-identification:species-care", portrait.species.pk)
        language = get_language() or ENGLISH
        sections = add_approved_text(write_care(portrait.facts), species_id=species_id, language=language)
        document = {
            "species_id": species_id,
            "scientific_name": portrait.species.canonical_name,
            "language": language,
            "summary": describe_care(sections),
            "sections": sections,
            "from_sandbox": portrait.species.from_sandbox,
            "links": {
                "self": link_to("v1:plant-identification:species-care", species_id),
                "species": link_to("v1:plant-identification:species-detail", species_id),
            },
        }
        return Response(CareSerializer(document).data)
