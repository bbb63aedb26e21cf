import hashlib
import itertools
from collections import Counter

import pytest

from provider_sandbox.catalogue import load_catalogue
from provider_sandbox.outcomes import Forced, Kind, decide_outcome
from provider_sandbox.ranking import BEST_MATCH_FROM, rank_for_plant_id, rank_for_plantnet
from provider_sandbox.tests.conftest import make_jpeg

CATALOGUE = load_catalogue()


def outcome_of(number, forced=None):
    digest = hashlib.sha256(str(number).encode()).digest()
    return decide_outcome(digest=digest, catalogue=CATALOGUE, forced=forced)


def best_names(outcome):
    return rank_for_plant_id(outcome, CATALOGUE)[0].name, rank_for_plantnet(outcome, CATALOGUE, 10)[0].name


def test_the_same_photo_gets_the_same_answer_at_both_services_every_time(sandbox, plant_id, plantnet):
    agreeing = 0
    for colour in range(12):
        photo = make_jpeg((colour * 20, 90, 10))
        first, second = plant_id.post(photo).json(), plant_id.post(photo).json()
        assert first["result"] == second["result"]
        free = [plantnet.post(photo) for _ in range(2)]
        if free[0].ok:
            assert free[0].json()["results"] == free[1].json()["results"]
            named = free[0].json()["results"][0]["species"]["scientificNameWithoutAuthor"]
            agreeing += named == first["result"]["classification"]["suggestions"][0]["name"]
    assert agreeing >= 8


def test_most_photos_get_a_good_agreeing_answer():
    kinds = Counter(outcome_of(number).kind for number in range(4_000))

    assert 0.83 < kinds[Kind.AGREE] / 4_000 < 0.87
    assert set(kinds) == set(Kind)


def test_every_plant_of_the_catalogue_turns_up():
    named = {outcome_of(number).plant.scientific_name for number in range(4_000)}

    assert named == {plant.scientific_name for plant in CATALOGUE.plants}


@pytest.mark.parametrize("number", range(50))
def test_agreeing_services_name_the_same_plant_with_confidence(number):
    outcome = outcome_of(number, Forced(kind=Kind.AGREE))
    paid, free = rank_for_plant_id(outcome, CATALOGUE), rank_for_plantnet(outcome, CATALOGUE, 10)

    assert paid[0].name == free[0].name == outcome.plant.scientific_name
    assert paid[0].score > 0.8
    assert free[0].score > 0.5


@pytest.mark.parametrize("number", range(30))
def test_congeners_differ_in_species_and_share_the_genus(number):
    paid, free = best_names(outcome_of(number, Forced(kind=Kind.CONGENER)))

    assert paid != free
    assert paid.split()[0] == free.split()[0]


def test_a_synonym_stands_at_one_service_only():
    for number in range(30):
        outcome = outcome_of(number, Forced(kind=Kind.SYNONYM))
        assert set(best_names(outcome)) == {outcome.plant.scientific_name, outcome.synonym}


@pytest.mark.parametrize("kind", [Kind.LOW_CONFIDENCE, Kind.NOT_A_PLANT])
def test_doubtful_photos_score_low_at_both(kind):
    for number in range(30):
        outcome = outcome_of(number, Forced(kind=kind))
        assert rank_for_plant_id(outcome, CATALOGUE)[0].score < 0.2
        assert rank_for_plantnet(outcome, CATALOGUE, 10)[0].score < BEST_MATCH_FROM


def test_rankings_fall_and_stay_within_bounds():
    for number, kind in itertools.product(range(40), Kind):
        outcome = outcome_of(number, Forced(kind=kind))
        for ranked in (rank_for_plant_id(outcome, CATALOGUE), rank_for_plantnet(outcome, CATALOGUE, 30)):
            scores = [candidate.score for candidate in ranked]
            assert scores == sorted(scores, reverse=True)
            assert all(0 < score <= 0.99 for score in scores)
            names = [candidate.name for candidate in ranked]
            assert len(names) == len(set(names))


def test_the_catalogue_is_large_enough_and_names_each_plant_once():
    names = [plant.scientific_name for plant in CATALOGUE.plants]

    assert 60 <= len(names) == len(set(names))
    assert all(plant.gbif_id > 0 and plant.common_names["en"] for plant in CATALOGUE.plants)
    assert {watering["min"] for plant in CATALOGUE.plants if (watering := plant.watering)} == {1, 2, 3}
