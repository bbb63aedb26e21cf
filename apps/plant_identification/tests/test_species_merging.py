"""Two entries of one plant are made one, and nothing that pointed at either is lost."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from wagtail.models import Site

from apps.blog.models import BlogIndexPage, PlantSpeciesPage
from apps.blog.tests.factories import add_post
from apps.core.tests.fakes_resilience import wait_until
from apps.plant_identification.exceptions import MergeRefused
from apps.plant_identification.models import (
    FactSource,
    IdentificationAnswer,
    PlantIdentificationResult,
    PlantSpecies,
    SourceKind,
    SpeciesFact,
    ToxicityStatement,
)
from apps.plant_identification.services.encyclopedia.index import index_species
from apps.plant_identification.services.encyclopedia.merging import (
    look_at_merging,
    merge_species,
    settle_merged_species,
)
from apps.plant_identification.services.encyclopedia.portrait import portray_species
from apps.plant_identification.services.encyclopedia.search import search_species
from apps.plant_identification.services.encyclopedia.species import (
    count_identification,
    find_current,
    link_species,
)
from apps.plant_identification.services.encyclopedia.teaching import learn_species
from apps.plant_identification.tests.conftest import somebody_waits_for_a_lock
from apps.plant_identification.tests.factories import PlantFactory, SpeciesFactory
from apps.plant_identification.types import ProviderReply, ProviderSuggestion

pytestmark = pytest.mark.django_db

OLD, NEW = "Sansevieria trifasciata", "Dracaena trifasciata"


@pytest.fixture
def old():
    return _indexed(
        canonical_name=OLD,
        family="Asparagaceae",
        synonyms=["Sansevieria laurentii"],
        common_names={"en": ["Snake plant"], "de": ["Bogenhanf"]},
        sources={"family": {"source": "plant_id", "date": "2026-11-01"}},
        identification_count=3,
    )


@pytest.fixture
def new():
    return _indexed(canonical_name=NEW, common_names={"en": ["Viper's bowstring"]}, identification_count=4)


def _indexed(**values):
    species = SpeciesFactory(**values)
    index_species([species])
    return species


def source(key):
    return FactSource.objects.get_or_create(key=key, defaults={"title": key, "kind": SourceKind.DATASET})[0]


def fact(species, field, value, **rest):
    key = rest.pop("key", "usda")
    return SpeciesFact.objects.create(
        species=species, field=field, value=value, source=source(key), stated_on="2026-11-21", **rest
    )


def hazard(species, target, level):
    return ToxicityStatement.objects.create(
        species=species, target=target, level=level, source=source("tppt"), stated_on="2026-11-21"
    )


def _blog():
    home = Site.objects.get(is_default_site=True).root_page
    return home.add_child(instance=BlogIndexPage(title="Blog", slug="blog"))


def result(species):
    answer = IdentificationAnswer.objects.create(
        question_key="q", digest="d", photo_digest="p", options={}, status="complete", document={},
        answered_at="2026-11-21T00:00Z",
    )  # fmt: skip
    return PlantIdentificationResult.objects.create(
        answer=answer, species=species, rank_position=1, scientific_name=OLD, confidence_score=0.9,
        provider_scores={}, model_version="", model_confidence=0.9,
    )  # fmt: skip


def document(name=OLD):
    candidate = {"scientific_name": name, "rank": "species", "genus": ""}
    return {"rank": "species", "scientific_name": name, "suggestions": [candidate]}


def test_everything_that_points_at_the_one_points_at_the_other(old, new):
    plant, seen = PlantFactory(species=old), result(old)
    post = add_post(_blog())
    post.species.add(old, new)
    post.save()
    moved = fact(old, "light", "shade", is_preferred=True)
    fact(old, "height_max", 48)
    fact(new, "height_max", 50, is_preferred=True)
    hazard(old, "cat", "toxic")
    hazard(new, "cat", "toxic")
    hazard(old, "dog", "toxic")

    look = look_at_merging(source=old, target=new)
    merged = merge_species(source=old, target=new)

    for row in (plant, seen, moved):
        row.refresh_from_db()
        assert row.species == new
    assert moved.is_preferred
    post = type(post).objects.get(pk=post.pk)
    assert list(post.species.all()) == [new]
    assert merged.facts.get(field="height_max").value == 50
    assert {each.target for each in merged.toxicity_statements.all()} == {"cat", "dog"}
    assert look.in_the_way == ()
    assert look.moving["plants"] == 1
    assert look.moving["plant identification results"] == 1
    assert (look.moving["species facts"], look.giving_way["species facts"]) == (1, 1)
    assert (look.moving["toxicity statements"], look.giving_way["toxicity statements"]) == (1, 1)


def test_names_are_joined_counts_added_and_the_merged_name_is_a_synonym_that_links(old, new):
    merged = merge_species(source=old, target=new)

    assert merged.identification_count == 7
    assert (merged.family, merged.sources["family"]["source"]) == ("Asparagaceae", "plant_id")
    assert merged.common_names == {"en": ["Viper's bowstring", "Snake plant"], "de": ["Bogenhanf"]}
    assert merged.synonyms == [OLD, "Sansevieria laurentii"]
    assert merged.vouched_synonyms == [OLD]
    for text in (OLD, "Bogenhanf", "snake plant"):
        assert [hit.species for hit in search_species(text=text, limit=5)] == [new], text
    assert link_species(document()) == {OLD: new.pk}
    assert find_current(old.pk) == new
    assert portray_species([old.pk])[old.pk].species == new


def test_what_was_merged_goes_along_when_the_other_is_merged_as_well(old, new):
    third = SpeciesFactory(canonical_name="Dracaena hyacinthoides")
    merge_species(source=old, target=new)

    merge_species(source=new, target=third)

    assert find_current(old.pk) == third
    assert link_species(document()) == {OLD: third.pk}


def test_the_old_address_leads_to_the_new_one(old, new, api_client):
    merge_species(source=old, target=new)
    address = "/api/v1/plant-identification/species/"

    response = api_client.get(f"{address}{old.pk}/?language=de")

    assert (response.status_code, response["Location"]) == (301, f"{address}{new.pk}/?language=de")
    listed = api_client.get(address).json()["results"]
    assert [entry["id"] for entry in listed] == [str(new.pk)]
    assert api_client.get(response["Location"]).json()["common_name"] == "Bogenhanf"


@pytest.mark.parametrize(
    "trouble", ["the same", "another world", "merged already", "two pages", "two warnings"]
)
def test_merging_is_refused_where_something_would_be_lost_or_makes_no_sense(old, new, trouble):
    if trouble == "the same":
        new = old
    elif trouble == "another world":
        new = SpeciesFactory(canonical_name=NEW, from_sandbox=not old.from_sandbox)
    elif trouble == "merged already":
        merge_species(source=old, target=SpeciesFactory())
    elif trouble == "two pages":
        parent = _blog()
        for species in (old, new):
            parent.add_child(instance=PlantSpeciesPage(title=species.canonical_name, species=species))
    else:
        hazard(old, "cat", "deadly")
        hazard(new, "cat", "toxic")
    count = PlantSpecies.objects.get(pk=new.pk).identification_count

    assert look_at_merging(source=PlantSpecies.objects.get(pk=old.pk), target=new).in_the_way
    with pytest.raises(MergeRefused):
        merge_species(source=old, target=new)

    assert PlantSpecies.objects.get(pk=new.pk).identification_count == count
    assert ToxicityStatement.objects.count() == (2 if trouble == "two warnings" else 0)


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_is_being_saved_meanwhile_waits_for_nobody_and_loses_nothing(old, new):
    """It was linked before, and writes and teaches while the merging is under way and after it."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite writes one after the other")
    linked, merged = threading.Event(), threading.Event()
    said = ProviderSuggestion(
        scientific_name=OLD,
        rank="species",
        score=0.9,
        common_names=("Langue de belle-mère",),
        languages={"common_names": "fr"},
    )
    reply = ProviderReply(provider="plant_id", model_version=None, suggestions=(said,))

    def answer():
        try:
            with transaction.atomic():
                told = document()
                ids = link_species(told)
                result(PlantSpecies(pk=ids[OLD]))
                linked.set()
                assert merged.wait(30)  # the merging does not wait for this transaction
                count_identification(told)
                learn_species(ids, [reply])
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        answering = pool.submit(answer)
        try:
            assert linked.wait(30)
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '5s'")
            merge_species(source=old, target=new)
        finally:
            merged.set()
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")
        answering.result()

    assert settle_merged_species() == 1
    assert settle_merged_species() == 0
    new.refresh_from_db()
    assert new.identification_count == 3 + 4 + 1
    assert PlantIdentificationResult.objects.get().species == new
    assert search_species(text=OLD, limit=5)[0].species == new
    assert not old.names.exists()


@pytest.mark.django_db(transaction=True)
def test_an_answer_and_a_merging_do_not_wait_for_each_other_in_a_ring():
    """The answer holds the one and, when it ends, refers to the other; merging holds the other."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite writes one after the other")
    low, high = sorted((SpeciesFactory(), SpeciesFactory(canonical_name=NEW)), key=lambda one: one.pk)

    def merge():
        try:
            merge_species(source=low, target=high)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            result(low)
            PlantSpecies.objects.filter(pk=high.pk).update(identification_count=1)
            merging = pool.submit(merge)
            wait_until(somebody_waits_for_a_lock, within_s=10)
        merging.result(timeout=30)

    settle_merged_species()
    assert PlantIdentificationResult.objects.get().species == high
    assert PlantSpecies.objects.get(pk=high.pk).identification_count == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_editors_who_merge_both_ways_one_is_refused(old, new):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite writes one after the other")
    barrier = threading.Barrier(2)

    def merge(pair):
        try:
            barrier.wait()
            merge_species(source=pair[0], target=pair[1])
        except MergeRefused:
            return "refused"
        finally:
            connection.close()
        return "merged"

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(merge, [(old, new), (new, old)]))

    assert said == ["merged", "refused"]
    assert PlantSpecies.objects.get(merged_into=None).identification_count == 7
