"""The starter catalogue: what lies in the files, and how it gets into the database and stays up to date."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from django.core.management import call_command
from django.db import connection, transaction
from wagtail.models import Collection

from apps.core.testing.queries import query_budget
from apps.core.tests.fakes_resilience import wait_until
from apps.plant_identification.models import (
    FactSource,
    PlantSpecies,
    SpeciesFact,
    SpeciesPicture,
    ToxicityStatement,
    ToxicityTarget,
)
from apps.plant_identification.services.encyclopedia.catalogue import (
    DATA,
    Catalogue,
    Entry,
    Hazard,
    Picture,
    Source,
    read_catalogue,
)
from apps.plant_identification.services.encyclopedia.editing import edit_species, editors_source
from apps.plant_identification.services.encyclopedia.facts import note_source
from apps.plant_identification.services.encyclopedia.index import index_species
from apps.plant_identification.services.encyclopedia.search import search_species
from apps.plant_identification.services.encyclopedia.species import (
    count_identification,
    find_species,
    link_species,
)
from apps.plant_identification.services.encyclopedia.starter import load_catalogue
from apps.plant_identification.services.names import canonical_name
from apps.plant_identification.tests.conftest import somebody_waits_for_a_lock
from apps.plant_identification.tests.factories import SpeciesFactory

pytestmark = pytest.mark.django_db

KEW = Source(key="kew", title="Kew", url="", licence="CC BY", licence_class="A", read_on="2023-02-17")
GARDEN = msgspec.structs.replace(KEW, key="garden", title="Garden", is_verified=False)
ENTRY = Entry(
    name="Dracaena trifasciata",
    family="Asparagaceae",
    genus="Dracaena",
    gbif_id=2770610,
    common_names={"en": ["Snake Plant", "Mother-in-law Tongue"]},
    synonyms=["Sansevieria trifasciata"],
    sources=["kew"],
    facts={"garden": {"light": ["shade"], "height_max": [48, "in"]}},
    toxicity=[Hazard(source="kew", target=ToxicityTarget.CAT, level="toxic")],
)
PICTURE = Picture(
    species="Dracaena trifasciata",
    file="olea-europaea-branch.jpg",
    caption="A snake plant",
    author="Somebody",
    licence="CC-BY-3.0",
    source="kew",
    source_url="https://example.org/photo",
)


def catalogue_of(*entries, pictures=(), version="1"):
    return Catalogue(version=version, sources=[KEW, GARDEN], pictures=list(pictures), entries=list(entries))


def changed(entry=ENTRY, **values):
    return msgspec.structs.replace(entry, **values)


def load(*entries, **rest):
    load_catalogue(catalogue=catalogue_of(*entries, **rest))
    return PlantSpecies.objects.visible().filter(canonical_name=ENTRY.name).first()


def document(*names):
    return {"suggestions": [{"scientific_name": name, "rank": "species", "genus": ""} for name in names]}


# --- What lies in the files ---


def test_each_entry_is_spelled_as_the_product_spells_it_and_names_sources_that_are_listed():
    catalogue = read_catalogue()
    listed = {source.key for source in catalogue.sources}
    names = [entry.name for entry in catalogue.entries]

    assert len(set(names)) == len(names) >= 300
    assert [name for name in names if canonical_name(name) != name] == []
    for entry in catalogue.entries:
        assert entry.family, entry.name
        assert entry.sources, entry.name
        assert {*entry.sources, *entry.facts, *(hazard.source for hazard in entry.toxicity)} <= listed
        assert not {*entry.synonyms} & {*names}, entry.name


def test_sources_without_an_open_licence_give_hazards_alone_and_the_unverified_one_is_marked():
    catalogue = read_catalogue()
    closed = {source.key for source in catalogue.sources if source.licence_class == "B"}

    assert closed & {key for entry in catalogue.entries for key in entry.facts} == set()
    assert [source.key for source in catalogue.sources if not source.is_verified] == ["openplantdb"]


def test_pictures_show_a_species_of_the_catalogue_by_its_name_and_every_file_is_told_of():
    catalogue = read_catalogue()
    names = {entry.name for entry in catalogue.entries}

    for picture in catalogue.pictures:
        assert picture.species in names
        assert f"({picture.species})" in picture.caption
        assert all([picture.author, picture.licence, picture.source_url])
    files = {picture.file for picture in catalogue.pictures}
    assert {path.name for path in (DATA / "pictures").iterdir()} == files


def test_the_sources_are_described_beside_the_data():
    described = set(re.findall(r"^\| `(\w+)` \|", (DATA / "SOURCES.md").read_text(), re.MULTILINE))

    assert described == {source.key for source in read_catalogue().sources}


# --- Into the database ---


def test_the_whole_catalogue_is_loaded_found_by_any_name_and_a_second_time_left_as_it_is(capsys):
    call_command("load_catalogue")
    first = capsys.readouterr().out
    with query_budget(140):
        call_command("load_catalogue")
    second = capsys.readouterr().out

    assert "species: 654 added" in first
    assert re.findall(r"(\d+) added, (\d+) changed, (\d+) removed", second) == [("0", "0", "0")] * 4
    assert SpeciesFact.objects.count() == 5837
    assert ToxicityStatement.objects.count() == 548
    assert SpeciesPicture.objects.count() == 7
    for text in ("Mother-in-law's tongue", "Sansevieria trifasciata", "sanseveria trifasciata"):
        assert search_species(text=text, limit=5)[0].species.canonical_name == "Dracaena trifasciata", text
    for text, name in (
        ("Sapin de Nordmann", "Abies nordmanniana"),
        ("kaukázusi jegenyefenyő", "Abies nordmanniana"),
    ):
        assert search_species(text=text, limit=5)[0].species.canonical_name == name
    unverified = SpeciesFact.objects.filter(source__is_verified=False).values_list("source__key", flat=True)
    assert set(unverified) == {"openplantdb"}


def test_a_new_version_changes_its_own_rows_and_takes_away_what_it_says_no_more():
    load(ENTRY, pictures=[PICTURE])
    newer = changed(
        authorship="(Prain) Mabb.",
        gbif_id=None,
        common_names={"en": ["Snake Plant"], "de": ["Bogenhanf"]},
        synonyms=["Sansevieria laurentii"],
        facts={"garden": {"height_max": [50, "in"]}},
        toxicity=[],
    )

    species = load(newer, version="2")

    assert (species.authorship, species.gbif_id) == ("(Prain) Mabb.", None)
    assert "gbif_id" not in species.sources
    assert species.common_names == {"en": ["Snake Plant"], "de": ["Bogenhanf"]}
    assert species.synonyms == species.vouched_synonyms == ["Sansevieria laurentii"]
    assert [(fact.field, fact.value, fact.unit) for fact in species.facts.all()] == [("height_max", 50, "in")]
    assert not species.toxicity_statements.exists()
    assert not species.pictures.exists()
    assert find_species("Sansevieria trifasciata") is None
    assert search_species(text="Sansevieria trifasciata", limit=5) == []


def test_what_the_catalogue_drops_stays_with_what_others_say():
    species = load(ENTRY)
    species.common_names = species.common_names | {"fr": ["Langue de belle-mère"]}
    species.save()

    species = load()

    assert (species.family, species.catalogue, species.synonyms) == ("", {}, [])
    assert species.common_names == {"fr": ["Langue de belle-mère"]}
    assert not species.facts.exists()


def test_what_editors_changed_is_not_overwritten():
    species = load(ENTRY, pictures=[PICTURE])
    edit_species(
        species_id=species.pk,
        changes={
            "family": "Ruscaceae",
            "authorship": "",
            "synonyms": [],
            "common_names": {"en": ["Viper's bowstring"]},
        },
    )
    told = {"species": species, "field": "light", "stated_on": "2026-11-21"}
    SpeciesFact.objects.create(value="half shade", source=editors_source(), **told)
    SpeciesFact.objects.filter(field="height_max").update(is_preferred=True)
    species.pictures.all().delete()

    species = load(
        changed(authorship="Someone", facts={"garden": {"light": ["full"], "height_max": [99, "in"]}}),
        pictures=[PICTURE],
        version="2",
    )

    assert (species.family, species.authorship, species.synonyms) == ("Ruscaceae", "", [])
    assert species.common_names == {"en": ["Viper's bowstring"]}
    light = species.facts.filter(field="light")
    assert {fact.source.key: fact.value for fact in light} == {"editors": "half shade", "garden": "full"}
    assert species.facts.get(field="height_max").is_preferred
    assert not species.pictures.exists()
    assert find_species("Sansevieria trifasciata") is None


def test_a_species_that_an_identification_taught_is_joined_and_the_catalogue_s_word_comes_first():
    taught = SpeciesFactory(
        canonical_name=ENTRY.name,
        family="Agavaceae",
        common_names={"en": ["Mother's tongue"]},
        synonyms=["Aletris hyacinthoides"],
        sources={"family": {"source": "plant_id", "date": "2026-11-01"}},
        identification_count=7,
    )

    species = load(ENTRY)

    assert (species.pk, species.identification_count) == (taught.pk, 7)
    assert species.family == "Asparagaceae"
    assert species.sources["family"]["source"] == "catalogue"
    assert species.common_names == {"en": ["Snake Plant", "Mother-in-law Tongue", "Mother's tongue"]}
    assert species.synonyms == ["Sansevieria trifasciata", "Aletris hyacinthoides"]
    assert species.vouched_synonyms == ["Sansevieria trifasciata"]


def test_what_was_taught_by_a_synonym_is_merged_unless_editors_had_their_hands_on_it(capsys):
    taught = SpeciesFactory(canonical_name="Sansevieria trifasciata", identification_count=3)
    edited = SpeciesFactory(canonical_name="Sansevieria laurentii")
    note_source(edited, ["family"], "editors")
    edited.save()

    species = load(changed(synonyms=["Sansevieria trifasciata", "Sansevieria laurentii"]))

    taught.refresh_from_db()
    edited.refresh_from_db()
    assert taught.merged_into == species
    assert species.identification_count == 3
    assert edited.merged_into is None


def test_the_catalogue_of_the_sandbox_s_world_is_not_the_real_one(settings):
    settings.PROVIDER_SANDBOX = True
    load(ENTRY)
    settings.PROVIDER_SANDBOX = False

    assert find_species(ENTRY.name) is None
    assert load(ENTRY) is not None
    assert PlantSpecies.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_loaders_at_once_load_everything_once():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite writes one after the other")
    entries = [
        changed(name=f"Dracaena {chr(97 + number // 26)}{chr(97 + number % 26)}a", synonyms=[], gbif_id=None)
        for number in range(60)
    ]
    catalogue = catalogue_of(ENTRY, *entries, pictures=[PICTURE])
    if not Collection.objects.exists():  # after another test that committed
        Collection.add_root(name="Root")
    barrier = threading.Barrier(3)

    def run(_):
        try:
            barrier.wait()
            load_catalogue(catalogue=catalogue)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(run, range(3)))

    assert PlantSpecies.objects.count() == 61
    assert SpeciesFact.objects.count() == 122
    assert ToxicityStatement.objects.count() == 61
    assert SpeciesPicture.objects.count() == 1
    assert FactSource.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_loader_waits_for_another_one_that_writes_the_same_rows():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite writes one after the other")
    load(changed(facts={}))
    told = {"field": "light", "value": "shade", "stated_on": "2023-02-17"}

    def run():
        try:
            load(ENTRY)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            species = PlantSpecies.objects.select_for_update().get()
            SpeciesFact.objects.create(species=species, source=FactSource.objects.get(key="garden"), **told)
            loading = pool.submit(run)
            wait_until(somebody_waits_for_a_lock, within_s=10)
        loading.result(timeout=30)

    assert {fact.field: fact.value for fact in SpeciesFact.objects.all()} == {
        "light": "shade",
        "height_max": 48,
    }


# --- Identifications lead to it ---


def test_an_identification_by_a_vouched_synonym_is_one_of_the_species_and_adds_none():
    species = load(ENTRY)
    answer = document("Sansevieria trifasciata", "Dracaena trifasciata")

    linked = link_species(answer)

    assert set(linked.values()) == {species.pk}
    assert [one["species_id"] for one in answer["suggestions"]] == [str(species.pk)] * 2
    assert PlantSpecies.objects.count() == 1
    count_identification(answer | {"rank": "species", "scientific_name": "Sansevieria trifasciata"})
    species.refresh_from_db()
    assert species.identification_count == 1
    assert find_species("sansevieria  Trifasciata Prain") == species


def test_a_synonym_of_two_species_leads_to_neither():
    load(ENTRY, changed(name="Dracaena hyacinthoides"))

    assert link_species(document("Sansevieria trifasciata")) == {}
    assert find_species("Sansevieria trifasciata") is None
    assert PlantSpecies.objects.count() == 2


def test_what_only_a_service_calls_a_synonym_is_a_species_of_its_own():
    listed = SpeciesFactory(canonical_name="Dracaena fragrans", synonyms=["Dracaena deremensis"])
    index_species([listed])
    assert search_species(text="Dracaena deremensis", limit=5)[0].species == listed

    linked = link_species(document("Dracaena deremensis"))

    assert listed.pk not in linked.values()
    assert find_species("Dracaena deremensis") is not None


def test_linking_costs_one_query_where_all_is_known_and_one_more_where_a_name_is_a_synonym(
    django_assert_num_queries,
):
    load(ENTRY)

    with django_assert_num_queries(1):
        link_species(document(ENTRY.name))
    with django_assert_num_queries(2):
        link_species(document("Sansevieria trifasciata"))
