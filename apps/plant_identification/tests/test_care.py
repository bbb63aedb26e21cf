"""`species/{id}/care/`, what contradicts what, and what Plant.id's words become."""

from dataclasses import dataclass
from datetime import date

import pytest
from django.utils import timezone

from apps.plant_identification.models import (
    FactSource,
    GeneratedCare,
    PlantSpecies,
    SpeciesFact,
    TrefleLookup,
)
from apps.plant_identification.services.encyclopedia.conflicts import find_conflicts
from apps.plant_identification.services.encyclopedia.merging import merge_species
from apps.plant_identification.services.encyclopedia.news import TAUGHT
from apps.plant_identification.services.encyclopedia.species import link_species
from apps.plant_identification.services.encyclopedia.teaching import learn_species
from apps.plant_identification.tests.factories import SpeciesFactory
from apps.plant_identification.types import ProviderReply, ProviderSuggestion, Watering

READ_ON = date(2026, 3, 1)


@dataclass(frozen=True)
class Key:
    key: str


@dataclass(frozen=True)
class Said:
    field: str
    value: object
    unit: str = ""
    by: str = "one"
    is_preferred: bool = False

    @property
    def source(self):
        return Key(self.by)


def conflicting(*said):
    return {each.property.key: each for each in find_conflicts(said)}


@pytest.mark.parametrize(
    "said",
    [
        [Said("height_max", 48, "in"), Said("height_max", 122, "cm", "other")],
        [
            Said("height_min", 24, "in"),
            Said("height_max", 48, "in"),
            Said("height_mature", 1.2, "m", "other"),
        ],
        [Said("height_max", 100, "cm"), Said("height_average", 108, "cm", "other")],
        [Said("soil_ph_min", 5.5, "pH"), Said("soil_ph_max", 7, "pH", "other")],
        [
            Said("soil_ph_min", 4, "pH"),
            Said("soil_ph_max", 6, "pH"),
            Said("soil_ph_min", 6, "pH", "other"),
            Said("soil_ph_max", 8, "pH", "other"),
        ],
        [Said("light", 2, "0-10"), Said("light", "full", by="other")],
        [Said("light", "sun"), Said("light", "full", by="other")],
        [Said("watering", "low"), Said("watering_max", 3, "1-3", "other")],
        [Said("growth_habit", "tree; shrub"), Said("growth_habit", "Shrub, vine", by="other")],
        [Said("bloom_period", "spring"), Said("bloom_period", "late summer", by="other")],
        [Said("temperature_min", 14, "degF"), Said("temperature_min", -10, "degC", "other")],
        [Said("light", "full"), Said("light", "shade")],
        [Said("toxicity", "low"), Said("toxicity", "high", by="other")],
        [Said("light", None), Said("light", {}, by="other"), Said("height_max", True, "cm")],
    ],
)
def test_what_may_both_be_true_is_no_conflict(said):
    assert conflicting(*said) == {}


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("height", [Said("height_max", 48, "in"), Said("height_mature", 3.5, "m", "other")]),
        ("soil_ph", [Said("soil_ph_max", 5.5, "pH"), Said("soil_ph_min", 6.5, "pH", "other")]),
        ("light", [Said("light", "full"), Said("light", "shade", by="other")]),
        ("watering", [Said("watering", "low"), Said("watering", "moderate", by="other")]),
        ("temperature_min", [Said("temperature_min", 14, "degF"), Said("temperature_min", 5, "degC", "b")]),
        ("duration", [Said("duration", ["annual"]), Said("duration", "perennial", by="other")]),
        ("soil_texture", [Said("soil_texture", 2, "0-10"), Said("soil_texture", 8, "0-10", "other")]),
    ],
)
def test_what_cannot_both_be_true_is_one(key, said):
    found = conflicting(*said)

    assert set(found) == {key}
    assert set(found[key].sources) == {each.by for each in said}
    assert found[key].preferred is None


def test_an_editors_choice_is_told_and_the_conflict_stays():
    found = conflicting(Said("light", "full", is_preferred=True), Said("light", "shade", by="other"))

    assert found["light"].preferred == "one"


pytestmark = pytest.mark.django_db


@pytest.fixture
def species():
    return SpeciesFactory(canonical_name="Ficus lyrata")


def source(key, **fields):
    return FactSource.objects.create(key=key, title=key.title(), kind="dataset", **fields)


def state(species, by, **fields):
    units = {"height_max": "in", "temperature_min": "degF", "soil_ph_min": "pH"}
    for field, value in fields.items():
        SpeciesFact.objects.create(
            species=species, field=field, value=value, unit=units.get(field, ""), source=by, stated_on=READ_ON
        )


def care(client, species, query="", **headers):
    return client.get(f"/api/v1/plant-identification/species/{species.pk}/care/{query}", headers=headers)


def test_each_statement_is_metric_with_its_source_and_day(api_client, species):
    books = source("books", licence="CC BY 4.0", credit="By somebody", is_verified=False)
    state(species, books, height_max=48, temperature_min=50, watering="moderate")

    answer = care(api_client, species).json()

    sections = {each["key"]: each for each in answer["sections"]}
    assert list(sections) == ["watering", "temperature", "size"]
    [height] = sections["size"]["statements"]
    assert (height["value"], height["unit"]) == (121.9, "cm")
    assert height["as_said"] == {"value": 48, "unit": "in"}
    assert height["text"] == "Height, at most: 121.9 cm"
    assert (height["source"], height["stated_on"], height["is_verified"]) == ("books", "2026-03-01", False)
    assert height["is_generated"] is False
    assert sections["temperature"]["statements"][0]["value"] == 10
    [shown] = sections["size"]["sources"]
    assert (shown["licence"], shown["credit"], shown["date"]) == ("CC BY 4.0", "By somebody", "2026-03-01")
    assert answer["summary"] == "Known: Watering, Temperature, Size."


def test_both_are_told_where_sources_differ_until_an_editor_chooses(api_client, species):
    one, other = source("one"), source("other")
    state(species, one, light="full")
    state(species, other, light="shade")

    [light] = care(api_client, species).json()["sections"]
    assert {each["value"] for each in light["statements"]} == {"full", "shade"}
    [conflict] = light["conflicts"]
    assert (conflict["sources"], conflict["preferred"]) == (["one", "other"], None)

    SpeciesFact.objects.filter(source=other).update(is_preferred=True)
    [light] = care(api_client, species).json()["sections"]
    assert [each["value"] for each in light["statements"]] == ["shade", "full"]
    assert light["conflicts"][0]["preferred"] == "other"
    assert "Other" in light["conflicts"][0]["text"]


def test_where_nothing_is_known_nothing_is_made_up(api_client, species):
    answer = care(api_client, species)

    assert answer.status_code == 200
    assert answer.json()["sections"] == []
    assert answer.json()["summary"].startswith("Nothing is known")


def test_toxicity_and_unknown_fields_are_no_care(api_client, species):
    state(species, source("one"), toxicity="low", gibberish="x")

    assert care(api_client, species).json()["sections"] == []


def test_it_speaks_german_and_tells_once_what_has_not_changed(api_client, species):
    state(species, source("one"), light="shade")

    german = care(api_client, species, **{"Accept-Language": "de"})
    assert german.json()["language"] == "de"
    assert german.json()["sections"][0]["title"] == "Licht"
    assert "Schatten" in german.json()["sections"][0]["statements"][0]["text"]
    again = care(api_client, species, **{"Accept-Language": "de", "If-None-Match": german["ETag"]})
    assert again.status_code == 304
    assert set(care(api_client, species, "?fields=summary,links").json()) == {"summary", "links"}
    assert care(api_client, species, "?fields=nothing").status_code == 400


def test_a_merged_species_leads_to_the_other_and_a_text_is_in_nobodys_way(api_client, species):
    other = SpeciesFactory(canonical_name="Ficus pandurata")
    for one in (species, other):
        TrefleLookup.objects.create(species=one, next_at=timezone.now())
        GeneratedCare.objects.create(species=one, language="en", facts_digest="0", model="small")

    merge_species(source=other, target=species)

    moved = care(api_client, other, "?fields=summary")
    assert moved.status_code == 301
    assert moved["Location"].endswith(f"/species/{species.pk}/care/?fields=summary")
    assert TrefleLookup.objects.filter(species=species).count() == 1


def test_german_numbers_have_a_comma(api_client, species):
    state(species, source("one"), soil_ph_min=4.8)

    german = care(api_client, species, **{"Accept-Language": "de"}).json()
    assert german["sections"][0]["statements"][0]["text"].endswith(": 4,8")


def test_another_worlds_species_is_not_there(api_client, settings):
    assert care(api_client, SpeciesFactory(from_sandbox=not settings.PROVIDER_SANDBOX)).status_code == 404


def test_it_costs_the_same_queries_however_much_is_known(api_client, species, django_assert_max_num_queries):
    for number in range(5):
        state(species, source(f"source-{number}"), light="full", watering="low", soil="loam")

    with django_assert_max_num_queries(7):
        care(api_client, species)


def reply(provider="plant_id", **said):
    suggestion = ProviderSuggestion(scientific_name="Ficus lyrata", rank="species", score=0.9, **said)
    return ProviderReply(provider=provider, model_version=None, suggestions=(suggestion,))


def teach(*replies):
    document = {"suggestions": [{"scientific_name": "Ficus lyrata", "rank": "species", "genus": "Ficus"}]}
    linked = link_species(document)
    learn_species(linked, replies)
    return PlantSpecies.objects.get(canonical_name="Ficus lyrata")


def test_plant_id_teaches_values_and_no_sentences(settings):
    settings.PROVIDER_SANDBOX = False
    TAUGHT.clear()
    said = {"watering_text": "Water it when the soil is dry.", "light_text": "Bright", "soil_text": "Loam"}
    taught = teach(
        reply(watering=Watering(min=1, max=2), propagation_methods=("cuttings",), **said),
        reply("plantnet", watering=Watering(min=3, max=3)),
    )

    kept = {fact.field: (fact.value, fact.unit) for fact in SpeciesFact.objects.filter(species=taught)}
    assert kept == {
        "watering_min": (1, "1-3"),
        "watering_max": (2, "1-3"),
        "propagation_methods": (["cuttings"], ""),
    }
    assert {fact.source.key for fact in SpeciesFact.objects.select_related("source")} == {"plant_id"}


def test_its_first_word_stays_and_the_sandboxs_is_its_own(settings):
    settings.PROVIDER_SANDBOX = True
    TAUGHT.clear()
    teach(reply(watering=Watering(min=1, max=1)))
    teach(reply(watering=Watering(min=2, max=2)))

    assert set(SpeciesFact.objects.values_list("value", "source__key")) == {(1, "plant_id_sandbox")}


def test_what_is_known_costs_one_look_at_the_database(django_assert_num_queries):
    TAUGHT.clear()
    known = teach(reply(watering=Watering(min=1, max=1)))
    TAUGHT.clear()

    with django_assert_num_queries(4):  # two of them begin and end a savepoint of this test's transaction
        learn_species({"Ficus lyrata": known.pk}, [reply(watering=Watering(min=1, max=1))])
