"""What identifications teach the encyclopedia."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from apps.plant_identification.models import PlantSpecies
from apps.plant_identification.services.encyclopedia.facts import MAX_NAMES_OF_LANGUAGE, MAX_SYNONYMS
from apps.plant_identification.services.encyclopedia.news import Taught
from apps.plant_identification.services.encyclopedia.search import search_species
from apps.plant_identification.services.encyclopedia.species import link_species
from apps.plant_identification.services.encyclopedia.teaching import learn_species
from apps.plant_identification.tests.factories import SpeciesFactory
from apps.plant_identification.types import ProviderReply, ProviderSuggestion

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "Ficus lyrata"


def reply(provider="plant_id", **said):
    suggestion = {"scientific_name": NAME, "rank": "species", "score": 0.9} | said
    return ProviderReply(
        provider=provider, model_version=None, suggestions=(ProviderSuggestion(**suggestion),)
    )


def document(*names, rank="species"):
    return {"suggestions": [{"scientific_name": name, "rank": rank, "genus": "Ficus"} for name in names]}


def learn(*replies):
    species = link_species(document(NAME))
    learn_species(species, replies)
    return PlantSpecies.objects.get(canonical_name=NAME)


def in_language(language, *names):
    return {"common_names": names, "languages": {"common_names": language}}


def test_the_first_word_about_a_fact_stays_and_its_source_is_kept():
    species = learn(
        reply(family="Moraceae", gbif_id=1), reply("plantnet", family="Rosaceae", authorship="Warb.")
    )

    assert (species.family, species.gbif_id, species.authorship) == ("Moraceae", 1, "Warb.")
    assert {fact: said["source"] for fact, said in species.sources.items()} == {
        "family": "plant_id",
        "gbif_id": "plant_id",
        "authorship": "plantnet",
    }


def test_names_grow_by_language_and_to_a_bound():
    many = [f"Ficus {chr(97 + number // 26)}{chr(97 + number % 26)}a" for number in range(99)]
    learn(reply(**in_language("en", "Fiddle-leaf fig")))
    species = learn(
        reply(**in_language("en", "FIDDLE-LEAF FIG", *(f"Fig {number}" for number in range(99)))),
        reply(**in_language("de", "Geigenfeige")),
        reply(synonyms=("ficus LYRATA", *many)),
    )

    assert species.common_names["en"][:2] == ["Fiddle-leaf fig", "Fig 0"]
    assert len(species.common_names["en"]) == MAX_NAMES_OF_LANGUAGE
    assert species.common_names["de"] == ["Geigenfeige"]
    assert NAME not in species.synonyms
    assert len(species.synonyms) == MAX_SYNONYMS
    assert search_species(text="geigenfeige", limit=5)[0].species == species


def test_names_in_nobody_knows_which_language_are_not_kept():
    assert learn(reply(common_names=("Something",))).common_names == {}


def test_what_is_said_of_a_variety_or_a_namesake_is_not_said_of_the_species():
    species = learn(reply(scientific_name="Ficus lyrata var. minor", family="Moraceae"))

    assert species.family == ""
    assert search_species(text=NAME, limit=5)  # though nothing else is known


@pytest.mark.parametrize("name", ["plant 12", "Ficus", "多肉植物", ""])
def test_what_is_no_binomial_is_no_species(name):
    assert link_species(document(name)) == {}
    assert not PlantSpecies.objects.exists()


def test_many_answers_at_once_add_a_species_once():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite writes one after the other")
    barrier = threading.Barrier(6)

    def answer(number):
        try:
            barrier.wait()
            with transaction.atomic():
                species = link_species(document(NAME, "Ficus elastica", "Ficus benjamina"))
                learn_species(species, [reply(**in_language("en", f"Fig {number}", "Rubber plant"))])
            return dict(species)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        linked = list(pool.map(answer, range(6)))

    assert all(one == linked[0] for one in linked)
    assert PlantSpecies.objects.count() == 3
    assert search_species(text="ficus elastic", limit=5)  # though nobody said anything about it
    assert search_species(text="rubber plant", limit=5)


def test_learning_waits_for_nobody():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite locks no rows")
    species = SpeciesFactory(canonical_name=NAME)
    locked, done = threading.Event(), threading.Event()

    def hold():
        try:
            with transaction.atomic():
                PlantSpecies.objects.select_for_update().get(pk=species.pk)
                locked.set()
                done.wait(30)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        holder = pool.submit(hold)
        assert locked.wait(30)
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '5s'")
                learn_species({NAME: species.pk}, [reply(family="Moraceae")])
        finally:
            done.set()
        holder.result()
    species.refresh_from_db()
    assert species.family == ""

    assert learn(reply(family="Moraceae")).family == "Moraceae"  # the next answer teaches it


def test_what_was_written_past_the_product_can_be_made_findable(capsys):
    SpeciesFactory(canonical_name=NAME)
    assert search_species(text=NAME, limit=5) == []

    call_command("rebuild_species_search")

    assert "1 species" in capsys.readouterr().out
    assert search_species(text=NAME, limit=5)


def test_what_was_learned_already_costs_no_look_at_the_database(django_assert_num_queries):
    said = reply(family="Moraceae", **in_language("en", "Fig"))
    learn(said)
    linked = link_species(document(NAME))

    with django_assert_num_queries(0):
        learn_species(linked, [said])

    learn(reply(**in_language("de", "Feige")))
    assert PlantSpecies.objects.get().common_names == {"en": ["Fig"], "de": ["Feige"]}


def test_what_was_not_committed_is_learned_again():
    linked = link_species(document(NAME))
    with suppress(ZeroDivisionError), transaction.atomic():
        learn_species(linked, [reply(family="Moraceae")])
        raise ZeroDivisionError

    assert learn(reply(family="Moraceae")).family == "Moraceae"


def test_only_the_newest_facts_are_remembered():
    taught = Taught(max_keys=2)

    taught.add([b"1", b"2", b"3"])

    assert [key in taught for key in (b"1", b"2", b"3")] == [False, True, True]
