"""What is stated of a plant's poison, in public."""

from typing import Any

from rest_framework import serializers

from apps.plant_identification.models import ToxicityTarget
from apps.plant_identification.models.species_facts import SourceKind


class HazardSourceSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(choices=SourceKind.choices)
    url = serializers.CharField(allow_null=True)
    licence = serializers.CharField(allow_null=True)
    credit = serializers.CharField(allow_null=True, help_text="To be shown with what it says.")
    is_verified = serializers.BooleanField()


class ToxicityStatementSerializer(serializers.Serializer[Any]):
    """In the source's words. Null is what it does not say: never that there is no harm."""

    target = serializers.ChoiceField(
        choices=ToxicityTarget.choices, help_text="`animal`: the source does not say which animals."
    )
    level = serializers.CharField(allow_null=True)
    parts = serializers.CharField(allow_null=True, help_text="Of the plant.")
    effects = serializers.CharField(allow_null=True)
    stated_on = serializers.DateField(help_text="The day the source was read.")
    dataset_version = serializers.CharField(allow_null=True, help_text="Null for an editor's statement.")

    def get_fields(self) -> dict[str, Any]:
        # Declared here because `source` as a class attribute would shadow Field.source.
        return super().get_fields() | {"source": HazardSourceSerializer()}


class WarnedTargetSerializer(ToxicityStatementSerializer):
    about = serializers.CharField(help_text="The species it is stated of: for a genus, one of its species.")


class ServiceWordsSerializer(serializers.Serializer[Any]):
    provider = serializers.CharField()
    text = serializers.CharField()


class ToxicityWarningSerializer(serializers.Serializer[Any]):
    """A plant that it may be. For a genus: what is stated of some of its species."""

    scientific_name = serializers.CharField()
    species_id = serializers.UUIDField(allow_null=True)
    rank = serializers.ChoiceField(choices=["species", "genus"])
    confidence = serializers.FloatField(min_value=0, max_value=1)
    is_headline = serializers.BooleanField()
    targets = WarnedTargetSerializer(many=True, help_text="One for each of those harmed and each source.")
    unknown_for = serializers.ListField(
        child=serializers.ChoiceField(choices=ToxicityTarget.choices),
        help_text="People, cats, dogs and horses of whom nothing is stated: they are not known to be safe.",
    )
    services = ServiceWordsSerializer(many=True, help_text="What the identification services say.")


class TargetToxicitySerializer(serializers.Serializer[Any]):
    target = serializers.ChoiceField(choices=ToxicityTarget.choices)
    name = serializers.CharField(help_text="In the language of `Accept-Language`.")
    is_known = serializers.BooleanField(help_text="False: nothing is stated, which does not mean safe.")
    statements = ToxicityStatementSerializer(many=True)
    note = serializers.CharField(allow_null=True, help_text="What it means that nothing is stated.")


class SpeciesToxicitySerializer(serializers.Serializer[Any]):
    targets = TargetToxicitySerializer(many=True, help_text="Always all of them.")
    dataset_versions = serializers.ListField(child=serializers.CharField())
    notice = serializers.CharField()
