"""The public shape of an identification. Answers are built as plain documents; these describe them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.plant_identification.api.encyclopedia.toxicity import ToxicityWarningSerializer
from apps.plant_identification.services.candidates import COMBINED
from apps.plant_identification.services.records import links_of
from apps.plant_identification.services.registry import SPECS
from apps.plant_identification.types import AnswerStatus, ProviderState


class AttributionSerializer(serializers.Serializer[Any]):
    citation = serializers.CharField(allow_null=True)
    license_name = serializers.CharField(allow_null=True)
    license_url = serializers.CharField(allow_null=True)


class SimilarImageSerializer(AttributionSerializer):
    url = serializers.CharField()
    url_small = serializers.CharField(allow_null=True)
    similarity = serializers.FloatField(allow_null=True)
    provider = serializers.CharField()


class WateringSerializer(serializers.Serializer[Any]):
    """1 dry, 2 medium, 3 wet."""

    min = serializers.IntegerField(allow_null=True, min_value=1, max_value=3)
    max = serializers.IntegerField(allow_null=True, min_value=1, max_value=3)


RANKS = ["species", "genus", "infraspecies"]
PROVIDERS = [spec.name for spec in SPECS]
SOURCES = [COMBINED, *PROVIDERS]
CACHE_OUTCOMES = ["miss", "hit", "near"]


class ProviderScoresSerializer(serializers.Serializer[Any]):
    plant_id = serializers.FloatField(allow_null=True)
    plantnet = serializers.FloatField(allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        """A further provider's score is there where that provider is configured."""
        fields = super().get_fields()
        more = [name for name in PROVIDERS if name not in fields]
        return fields | {name: serializers.FloatField(allow_null=True, required=False) for name in more}


def _languages() -> serializers.DictField:
    return serializers.DictField(
        child=serializers.CharField(),
        help_text="Which language the words of a field are in, where it is known: not always the one asked.",
    )


def _strings(*, null: bool = False, **kwargs: Any) -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(), allow_null=null, **kwargs)


class SuggestionSerializer(serializers.Serializer[Any]):
    rank_position = serializers.IntegerField(min_value=1)
    plant_name = serializers.CharField()
    scientific_name = serializers.CharField()
    authorship = serializers.CharField(allow_null=True)
    common_names = _strings()
    family = serializers.CharField(allow_null=True)
    genus = serializers.CharField(allow_null=True)
    rank = serializers.ChoiceField(choices=RANKS)
    confidence = serializers.FloatField(min_value=0, max_value=1)
    probability = serializers.FloatField(min_value=0, max_value=1, help_text="Equal to `confidence`.")
    provider_scores = ProviderScoresSerializer()
    gbif_id = serializers.IntegerField(allow_null=True)
    url = serializers.CharField(allow_null=True)
    description = serializers.CharField(allow_null=True)
    taxonomy = serializers.DictField(child=serializers.CharField(), allow_null=True)
    edible_parts = _strings(null=True)
    watering = WateringSerializer(allow_null=True)
    propagation_methods = _strings(null=True)
    similar_images = SimilarImageSerializer(many=True)
    toxicity = serializers.CharField(allow_null=True)
    species_id = serializers.UUIDField(allow_null=True)
    languages = _languages()

    def get_fields(self) -> dict[str, Any]:
        # Declared here because `source` as a class attribute would shadow Field.source.
        return super().get_fields() | {"source": serializers.ChoiceField(choices=SOURCES)}


class TreatmentSerializer(serializers.Serializer[Any]):
    biological = _strings()
    chemical = _strings()
    prevention = _strings()


class DiseaseSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    local_name = serializers.CharField(allow_null=True)
    probability = serializers.FloatField(min_value=0, max_value=1)
    description = serializers.CharField(allow_null=True)
    treatment = TreatmentSerializer(allow_null=True)
    url = serializers.CharField(allow_null=True)
    languages = _languages()


class HealthQuestionSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    options = _strings()


class DiseaseDetectionSerializer(serializers.Serializer[Any]):
    is_healthy = serializers.BooleanField()
    probability = serializers.FloatField(allow_null=True)
    question = HealthQuestionSerializer(allow_null=True)
    diseases = DiseaseSerializer(many=True)


class DiseaseSuggestionSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    probability = serializers.FloatField(min_value=0, max_value=1)
    description = serializers.CharField(allow_null=True)


class CareInstructionsSerializer(serializers.Serializer[Any]):
    watering = serializers.CharField(allow_null=True)
    light = serializers.CharField(allow_null=True)
    soil = serializers.CharField(allow_null=True)
    propagation = serializers.CharField(allow_null=True)
    temperature = serializers.CharField(allow_null=True)
    sources = _strings()


class ProviderReportSerializer(serializers.Serializer[Any]):
    name = serializers.ChoiceField(choices=PROVIDERS)
    state = serializers.ChoiceField(choices=[state.value for state in ProviderState])
    model_version = serializers.CharField(allow_null=True)
    latency_ms = serializers.IntegerField(allow_null=True)
    retry_after_s = serializers.IntegerField(allow_null=True)


class RecordLinksSerializer(serializers.Serializer[Any]):
    self = serializers.CharField()
    feedback = serializers.CharField()
    photo = serializers.CharField(allow_null=True, help_text="Null where the photos could not be kept.")
    species = serializers.CharField(allow_null=True)


class IdentificationSerializer(serializers.Serializer[Any]):
    """One answer. All fields are always present; null means that nobody said."""

    id = serializers.UUIDField()
    success = serializers.BooleanField()
    status = serializers.ChoiceField(choices=[status.value for status in AnswerStatus])
    is_plant = serializers.BooleanField(allow_null=True)
    is_plant_probability = serializers.FloatField(allow_null=True)
    plant_name = serializers.CharField(allow_null=True, help_text="Equal to `scientific_name`.")
    name = serializers.CharField(allow_null=True, help_text="The common name, else the scientific one.")
    common_name = serializers.CharField(allow_null=True)
    common_names = _strings()
    scientific_name = serializers.CharField(allow_null=True)
    rank = serializers.ChoiceField(choices=RANKS, allow_null=True)
    confidence = serializers.FloatField(allow_null=True, min_value=0, max_value=1)
    probability = serializers.FloatField(allow_null=True, min_value=0, max_value=1)
    agreement = serializers.ChoiceField(choices=["both", "single", "genus", "none"])
    description = serializers.CharField(allow_null=True)
    description_attribution = AttributionSerializer(allow_null=True)
    image_url = serializers.CharField(allow_null=True)
    image_attribution = AttributionSerializer(allow_null=True)
    similar_images = SimilarImageSerializer(many=True)
    watering = WateringSerializer(allow_null=True)
    watering_text = serializers.CharField(allow_null=True)
    propagation_methods = _strings(null=True)
    edible_parts = _strings(null=True)
    edible_warning = serializers.CharField(allow_null=True)
    toxicity = serializers.CharField(
        allow_null=True,
        help_text="What is said of poison, as one text. The two fields below tell it in parts.",
    )
    toxicity_warnings = ToxicityWarningSerializer(
        many=True, help_text="Every plant that it may be, from 0.05 on, and that somebody says is harmful."
    )
    toxicity_notice = serializers.CharField(
        allow_null=True,
        help_text="What is known of the headline's poison. What is unknown is said to be; it is never safe.",
    )
    care_instructions = CareInstructionsSerializer(allow_null=True)
    suggestions = SuggestionSerializer(many=True)
    disease_detection = DiseaseDetectionSerializer(allow_null=True)
    disease_suggestions = DiseaseSuggestionSerializer(many=True)
    providers = ProviderReportSerializer(many=True)
    languages = _languages()
    sources = serializers.DictField(
        child=serializers.CharField(),
        help_text="Which provider, or `encyclopedia`, a field of the headline comes from.",
    )
    cache = serializers.ChoiceField(choices=CACHE_OUTCOMES)
    answered_at = serializers.DateTimeField(allow_null=True)
    age_s = serializers.IntegerField(allow_null=True)
    summary = serializers.CharField()
    links = RecordLinksSerializer()
    created_at = serializers.DateTimeField()

    def get_fields(self) -> dict[str, Any]:
        source = serializers.ChoiceField(choices=SOURCES, allow_null=True)
        return super().get_fields() | {"source": source}


class QueuedIdentificationSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=["queued"])
    links = RecordLinksSerializer()


class HistoryEntrySerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    plant_name = serializers.CharField(allow_null=True)
    confidence = serializers.FloatField(allow_null=True)
    image_url = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()

    def get_fields(self) -> dict[str, Any]:
        source = serializers.ChoiceField(choices=SOURCES, allow_null=True, source="answer_source")
        return super().get_fields() | {"source": source}


class RequestEntrySerializer(HistoryEntrySerializer):
    status = serializers.ChoiceField(choices=[status.value for status in AnswerStatus])
    cache = serializers.ChoiceField(choices=CACHE_OUTCOMES)
    links = serializers.SerializerMethodField()

    @extend_schema_field(RecordLinksSerializer)
    def get_links(self, record: Any) -> dict[str, str | None]:
        return links_of(record, species_id=record.headline_species_id)
