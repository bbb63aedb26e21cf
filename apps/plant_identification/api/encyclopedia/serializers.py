"""The encyclopedia's public shape."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.languages import ENGLISH
from apps.core.links import link_to
from apps.plant_identification.api.encyclopedia.fact_serializers import (
    CitedSourceSerializer,
    DistributionSerializer,
    FactSerializer,
    SpeciesPictureSerializer,
)
from apps.plant_identification.api.encyclopedia.toxicity import SpeciesToxicitySerializer
from apps.plant_identification.api.languages import LanguageField
from apps.plant_identification.models import NameKind, PlantSpecies, SpeciesFact
from apps.plant_identification.selectors import list_sources_of
from apps.plant_identification.services.encyclopedia.search import How, SpeciesHit
from apps.plant_identification.services.toxicity import describe_toxicity

QUERY_CHARS = 100
RESULTS = 20
RESULTS_MAX = 50
POWO_PAGE = "https://powo.science.kew.org/taxon/urn:lsid:ipni.org:names:{}"
# The blog stands above this app: its addresses are part of the public contract, and spelled here.
POSTS = "/api/v1/blog/posts/?species={}"
CONTENT = "/api/v2/blog-posts/?species={}"


class LanguageQuerySerializer(serializers.Serializer[Any]):
    language = LanguageField(
        required=False,
        help_text="ISO 639-1, for common names. Left out: the best of `Accept-Language`.",
    )


class SearchQuerySerializer(LanguageQuerySerializer):
    q = serializers.CharField(
        max_length=QUERY_CHARS,
        help_text="A scientific name, a common name or a synonym: whole, begun or misspelt.",
    )
    page_size = serializers.IntegerField(
        min_value=1, max_value=RESULTS_MAX, default=RESULTS, help_text="How many species are wanted at most."
    )


class SpeciesLinksSerializer(serializers.Serializer[Any]):
    self = serializers.CharField()
    gbif = serializers.CharField(allow_null=True, help_text="Its page at the GBIF.")


class SpeciesPageLinksSerializer(SpeciesLinksSerializer):
    powo = serializers.CharField(allow_null=True, help_text="Its page at Plants of the World Online.")
    posts = serializers.CharField(help_text="What the blog writes about it.")
    content = serializers.CharField(help_text="The same as whole pages, in the content API.")


class SpeciesEntrySerializer(serializers.Serializer[PlantSpecies]):
    id = serializers.UUIDField()
    scientific_name = serializers.CharField(source="canonical_name")
    common_name = serializers.SerializerMethodField(help_text="In the language asked for, else in English.")
    authorship = serializers.SerializerMethodField()
    family = serializers.SerializerMethodField()
    genus = serializers.SerializerMethodField()
    gbif_id = serializers.IntegerField(allow_null=True)
    identification_count = serializers.IntegerField(help_text="How often the community has identified it.")
    from_sandbox = serializers.BooleanField(help_text="True where a local sandbox made all of this up.")
    links = serializers.SerializerMethodField()

    def get_common_name(self, species: PlantSpecies) -> str | None:
        return species.common_name(self.context["language"], ENGLISH)

    def get_authorship(self, species: PlantSpecies) -> str | None:
        return species.authorship or None

    def get_family(self, species: PlantSpecies) -> str | None:
        return species.family or None

    def get_genus(self, species: PlantSpecies) -> str | None:
        return species.genus or None

    @extend_schema_field(SpeciesLinksSerializer)
    def get_links(self, species: PlantSpecies) -> dict[str, str | None]:
        return {
            "self": link_to("v1:plant-identification:species-detail", species.pk),
            "gbif": species.gbif_url,
        }


class CommonNamesSerializer(serializers.Serializer[Any]):
    language = serializers.CharField(help_text="ISO 639-1")
    names = serializers.ListField(child=serializers.CharField())


class FactSourceSerializer(serializers.Serializer[Any]):
    fact = serializers.CharField(help_text="A field; `common_names.de` for the names of one language.")
    date = serializers.DateField()

    def get_fields(self) -> dict[str, Any]:
        # Declared here because `source` as a class attribute would shadow Field.source.
        return super().get_fields() | {"source": serializers.CharField(help_text="Who said it.")}


class SpeciesSerializer(SpeciesEntrySerializer):
    """One species. What nobody said is null, or an empty list."""

    common_names = serializers.SerializerMethodField(
        help_text="The language asked for comes first, then English, then the others."
    )
    synonyms = serializers.ListField(child=serializers.CharField())
    taxonomy = serializers.SerializerMethodField(help_text="Rank and name.")
    sources = serializers.SerializerMethodField(
        help_text="Of names and place. `catalogue`: the sources that `catalogue_sources` names."
    )
    catalogue_sources = serializers.SerializerMethodField(help_text="Keys of `fact_sources`.")
    powo_id = serializers.SerializerMethodField(help_text="The number of its name at IPNI.")
    facts = serializers.SerializerMethodField(
        help_text="By field, the preferred first. Sources that differ stand beside each other."
    )
    distribution = serializers.SerializerMethodField(help_text="Null: nobody told us.")
    pictures = serializers.SerializerMethodField()
    fact_sources = serializers.SerializerMethodField(help_text="All that are named in this answer.")
    toxicity = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    @extend_schema_field(CommonNamesSerializer(many=True))
    def get_common_names(self, species: PlantSpecies) -> list[dict[str, Any]]:
        first = [self.context["language"], ENGLISH]
        languages = dict.fromkeys([*first, *sorted(species.common_names)])
        return [
            {"language": language, "names": species.common_names[language]}
            for language in languages
            if species.common_names.get(language)
        ]

    @extend_schema_field(serializers.DictField(child=serializers.CharField(), allow_null=True))
    def get_taxonomy(self, species: PlantSpecies) -> dict[str, str] | None:
        return species.taxonomy or None

    @extend_schema_field(FactSourceSerializer(many=True))
    def get_sources(self, species: PlantSpecies) -> list[dict[str, Any]]:
        return [{"fact": fact, **said} for fact, said in sorted(species.sources.items())]

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_catalogue_sources(self, species: PlantSpecies) -> list[str]:
        return list(species.catalogue.get("sources", []))

    def get_powo_id(self, species: PlantSpecies) -> str | None:
        return species.powo_id or None

    @extend_schema_field(FactSerializer(many=True))
    def get_facts(self, species: PlantSpecies) -> list[dict[str, Any]]:
        return [FactSerializer(fact).data for fact in _by_field(species)]

    @extend_schema_field(DistributionSerializer(allow_null=True))
    def get_distribution(self, species: PlantSpecies) -> dict[str, Any] | None:
        told = next((fact for fact in _by_field(species) if fact.field == "distribution"), None)
        return DistributionSerializer(told).data if told else None

    @extend_schema_field(SpeciesPictureSerializer(many=True))
    def get_pictures(self, species: PlantSpecies) -> list[dict[str, Any]]:
        return [SpeciesPictureSerializer(picture).data for picture in species.pictures.all()]

    @extend_schema_field(CitedSourceSerializer(many=True))
    def get_fact_sources(self, species: PlantSpecies) -> list[dict[str, Any]]:
        return [CitedSourceSerializer(source).data for source in list_sources_of(species)]

    @extend_schema_field(SpeciesToxicitySerializer)
    def get_toxicity(self, species: PlantSpecies) -> dict[str, Any]:
        return describe_toxicity(species.toxicity_statements.select_related("source"))

    @extend_schema_field(SpeciesPageLinksSerializer)
    def get_links(self, species: PlantSpecies) -> dict[str, str | None]:
        return {
            **super().get_links(species),
            "powo": POWO_PAGE.format(species.powo_id) if species.powo_id else None,
            "posts": POSTS.format(species.pk),
            "content": CONTENT.format(species.pk),
        }


def _by_field(species: PlantSpecies) -> list[SpeciesFact]:
    """What nobody checked comes after what somebody has."""
    return sorted(
        species.facts.all(),
        key=lambda fact: (fact.field, not fact.is_preferred, not fact.source.is_verified, fact.source.key),
    )


class MatchSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="The name that was found.")
    kind = serializers.ChoiceField(choices=NameKind.values)
    how = serializers.SerializerMethodField(
        help_text="`exact`, the name; `prefix`, its beginning; `words`, words of it; `similar`, misspelt."
    )

    @extend_schema_field(serializers.ChoiceField(choices=[how.name.lower() for how in How]))
    def get_how(self, match: Any) -> str:
        return str(match.how.name.lower())


class SpeciesHitSerializer(SpeciesEntrySerializer):
    match = MatchSerializer()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        hit: SpeciesHit = instance  # a species does not know how it was found
        entry = SpeciesEntrySerializer(hit.species, context=self.context).data
        return {**entry, "match": MatchSerializer(hit.match).data}


class SpeciesHitsSerializer(serializers.Serializer[Any]):
    results = SpeciesHitSerializer(many=True, help_text="The best first: exact, then begun, then similar.")
