"""Whatever somebody types finds its plant. These tests run on PostgreSQL and, by the last one, on SQLite."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from apps.core.testing.queries import query_budget
from apps.plant_identification.models import SpeciesName
from apps.plant_identification.services.encyclopedia import search as species_search
from apps.plant_identification.services.encyclopedia.index import index_species, rebuild_index
from apps.plant_identification.services.encyclopedia.search import How, search_species
from apps.plant_identification.services.encyclopedia.spelling import (
    closeness,
    fold,
    similarity,
    spelling_keys,
)
from apps.plant_identification.tests.factories import SpeciesFactory

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[3]
INSIDE = "SPECIES_SEARCH_ON_SQLITE"


@pytest.fixture
def flora(settings):
    settings.PROVIDER_SANDBOX = False
    flora = [
        SpeciesFactory(
            canonical_name="Monstera deliciosa",
            common_names={"en": ["Swiss cheese plant", "Ceriman"], "de": ["Köstliches Fensterblatt"]},
            synonyms=["Philodendron pertusum"],
            identification_count=5,
        ),
        SpeciesFactory(canonical_name="Monstera adansonii", identification_count=9),
        SpeciesFactory(canonical_name="Rosa canina", common_names={"en": ["Dog rose", "Rose"]}),
        SpeciesFactory(canonical_name="Rosa × damascena", common_names={"ja": ["ダマスクローズ"]}),
        SpeciesFactory(canonical_name="Leonotis leonurus", common_names={"en": ["Lion’s ear"]}),
    ]
    index_species(flora)
    return flora


def found(text, limit=10):
    return [(hit.species.canonical_name, hit.match.how) for hit in search_species(text=text, limit=limit)]


@pytest.mark.parametrize(
    ("text", "name", "how"),
    [
        ("Monstera deliciosa", "Monstera deliciosa", How.EXACT),
        ("  MONSTERA   deliciosa ", "Monstera deliciosa", How.EXACT),
        ("Ceriman", "Monstera deliciosa", How.EXACT),
        ("Philodendron pertusum", "Monstera deliciosa", How.EXACT),
        ("kostliches fenster", "Monstera deliciosa", How.PREFIX),
        ("rosa x damascena", "Rosa × damascena", How.EXACT),
        ("ダマスク", "Rosa × damascena", How.PREFIX),
        ("lion's ear", "Leonotis leonurus", How.EXACT),
        ("cheese plant", "Monstera deliciosa", How.WORDS),
        ("plant chee", "Monstera deliciosa", How.WORDS),
        ("deliciosa", "Monstera deliciosa", How.WORDS),
        ("Monstera delicosa", "Monstera deliciosa", How.SIMILAR),
        ("Mnostera deliciosa", "Monstera deliciosa", How.SIMILAR),
        ("monstra delicioso", "Monstera deliciosa", How.SIMILAR),
        ("swiss chese", "Monstera deliciosa", How.SIMILAR),
        ("leonorus", "Leonotis leonurus", How.SIMILAR),
    ],
)
def test_what_people_type_finds_the_plant(flora, text, name, how):
    assert found(text)[0] == (name, how)


def test_exact_comes_before_beginnings_and_these_before_words(flora):
    assert found("rose") == [("Rosa canina", How.EXACT)]
    assert found("monstera") == [
        ("Monstera adansonii", How.PREFIX),  # identified more often
        ("Monstera deliciosa", How.PREFIX),
    ]
    index_species([SpeciesFactory(canonical_name="Rosea prima"), SpeciesFactory(canonical_name="Aster rose")])
    assert [how for _, how in found("rose")] == [How.EXACT, How.PREFIX, How.WORDS]


def test_of_several_similar_names_the_most_similar_comes_first(flora):
    index_species([SpeciesFactory(canonical_name="Monstera deliciana", identification_count=99)])

    assert next(name for name, _ in found("monstera delicosa")) == "Monstera deliciosa"


def test_a_hit_says_which_name_it_was_found_by(flora):
    hit = search_species(text="swis cheese plant", limit=5)[0]

    assert (hit.match.name, hit.match.kind) == ("Swiss cheese plant", "common")


def test_a_species_is_found_once_however_many_names_match(flora):
    index_species([SpeciesFactory(canonical_name="Acer rubrum", synonyms=["Acer rubra", "Acer ruber"])])

    assert found("acer") == [("Acer rubrum", How.PREFIX)]


@pytest.mark.parametrize(
    "text",
    ["", "  ", "×", "x", "!!!", "'", "\\", "'':*", "a & b | !c", "%", "_", "zzzz qqqq", "\x00", "🌱" * 50],
)
def test_what_makes_no_sense_finds_nothing_and_breaks_nothing(flora, text):
    assert found(text) == []


def test_a_search_stays_within_its_limit(flora):
    assert len(found("rosa", limit=1)) == 1
    assert found("a " * 100) == []


@pytest.mark.parametrize("text", ["monst", "Monstera delicosa", "cheese plant", "zzzz"])
def test_a_search_costs_a_handful_of_queries_however_much_there_is(flora, text):
    index_species([SpeciesFactory() for _ in range(30)])

    with query_budget(7):
        search_species(text=text, limit=10)


def test_the_sandbox_and_the_real_services_do_not_find_each_others_species(flora, settings):
    index_species([SpeciesFactory(canonical_name="Monstera sandboxii", from_sandbox=True)])
    assert ("Monstera sandboxii", How.PREFIX) not in found("monstera")

    settings.PROVIDER_SANDBOX = True

    assert found("monstera") == [("Monstera sandboxii", How.PREFIX)]
    assert found("monstera delicosa") == []


def test_the_index_can_be_made_anew(flora):
    flora[0].names.all().delete()
    stranger = SpeciesFactory(canonical_name="Ficus lyrata")
    assert found("ficus") == []

    assert rebuild_index() == 6

    assert found("cheese plant")[0][0] == "Monstera deliciosa"
    assert found("ficus") == [(stranger.canonical_name, How.PREFIX)]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="an index of PostgreSQL's")
def test_words_are_found_by_their_index():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    wanted = species_search._has_words([species_search._typed("cheese")])

    assert "species_name_words" in SpeciesName.objects.filter(wanted).explain()


def test_trigrams_forgive_two_slips_in_a_word_where_the_server_has_them(flora):
    if not species_search.has_trigrams():
        pytest.skip("this server has no pg_trgm")
    assert found("monstera delicousa") == [("Monstera deliciosa", How.SIMILAR)]
    assert found("filodendrom pertusum") == [("Monstera deliciosa", How.SIMILAR)]


def test_folding_is_done_once_and_for_all():
    for text in ("Aloë  vera", "Mentha ×piperita", "Lion’s Ear", "हल्दी", "Straße", "Ⅷ ﷺ"):
        assert fold(fold(text)) == fold(text)
    assert fold("Mentha × piperita L.") == fold("mentha X PIPERITA l")
    assert fold("हल्दी") == "हलदी"  # the vowel signs stay


def test_one_slip_leaves_a_form_in_common():
    for typo in ("delicosa", "deliciossa", "deliciasa", "deilciosa", "eliciosa"):
        assert spelling_keys(typo) & spelling_keys("deliciosa")
    assert not spelling_keys("rosa") & spelling_keys("ficus")
    assert spelling_keys("abc") == set()


def test_similarity_is_between_nothing_and_all():
    assert similarity("rosa", "rosa") == 1
    assert similarity("rosa", "fig") == 0
    assert closeness(["monstera", "delicosa"], ["monstera", "deliciosa"]) > 0.7


@pytest.mark.django_db(transaction=True)
def test_all_this_holds_on_sqlite_too(tmp_path):
    if INSIDE in os.environ:
        pytest.skip("this is SQLite")
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
        "REDIS_URL": "",
        INSIDE: "1",
    }
    environment.pop("PYTEST_XDIST_WORKER", None)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", __file__],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3_000:]
