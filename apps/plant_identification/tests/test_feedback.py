"""Saying of an identification: right, wrong, or what it is instead."""

import pytest
from rest_framework.test import APIClient

from apps.plant_identification.models import IdentificationFeedback, PlantSpecies
from apps.plant_identification.tests.conftest import make_photo

pytestmark = pytest.mark.django_db(transaction=True)

FIELDS = {"verdict", "scientific_name", "species_id", "comment", "created_at", "updated_at"}


@pytest.fixture
def record(providers, identify, owner):
    return identify(make_photo(1)).json()


@pytest.fixture
def link(record):
    return record["links"]["feedback"]


def test_there_is_none_until_somebody_says_something(link, api_client):
    assert api_client.get(link).status_code == 404
    assert api_client.delete(link).status_code == 404


@pytest.mark.parametrize("verdict", ["right", "wrong"])
def test_a_verdict_is_kept_and_told_again(link, api_client, verdict):
    given = api_client.put(link, {"verdict": verdict, "comment": " It grows by the river. "})

    assert given.status_code == 200
    assert set(given.json()) == FIELDS
    assert api_client.get(link).json() == given.json()
    assert given.json()["verdict"] == verdict
    assert given.json()["comment"] == "It grows by the river."
    assert given.json()["scientific_name"] is None


def test_saying_it_twice_is_saying_it_once_and_the_latest_word_counts(link, api_client):
    first = api_client.put(link, {"verdict": "right", "comment": "Sure."}).json()
    again = api_client.put(link, {"verdict": "right", "comment": "Sure."}).json()
    other = api_client.put(link, {"verdict": "other", "scientific_name": "Rosa canina"}).json()

    assert again | {"updated_at": None} == first | {"updated_at": None}
    assert IdentificationFeedback.objects.count() == 1
    assert (other["verdict"], other["comment"], other["created_at"]) == ("other", "", first["created_at"])


@pytest.mark.parametrize("written", ["Rosa canina", "Rosa canina L.", "rosa canina L.", "ROSA CANINA"])
def test_a_name_we_know_is_linked_to_its_species_however_it_is_written(link, api_client, written):
    species = PlantSpecies.objects.create(canonical_name="Rosa canina", from_sandbox=True)

    given = api_client.put(link, {"verdict": "other", "scientific_name": written}).json()

    assert (given["scientific_name"], given["species_id"]) == ("Rosa canina", str(species.pk))


def test_a_name_nobody_knows_is_kept_as_it_was_written(link, api_client):
    given = api_client.put(link, {"verdict": "other", "scientific_name": "the weed behind the shed"}).json()

    assert (given["scientific_name"], given["species_id"]) == ("the weed behind the shed", None)


def test_a_withdrawn_word_is_gone_and_can_be_said_again(link, api_client):
    api_client.put(link, {"verdict": "wrong"})

    assert api_client.delete(link).status_code == 204
    assert api_client.get(link).status_code == 404
    assert api_client.put(link, {"verdict": "right"}).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "verdict"),
        ({"verdict": "maybe"}, "verdict"),
        ({"verdict": None}, "verdict"),
        ({"verdict": ["right"]}, "verdict"),
        ({"verdict": "other"}, "scientific_name"),
        ({"verdict": "other", "scientific_name": "  "}, "scientific_name"),
        ({"verdict": "other", "scientific_name": None}, "scientific_name"),
        ({"verdict": "other", "scientific_name": "x" * 201}, "scientific_name"),
        ({"verdict": "other", "scientific_name": "Rosa\x00canina"}, "scientific_name"),
        ({"verdict": "right", "scientific_name": "Rosa canina"}, "scientific_name"),
        ({"verdict": "right", "comment": "x" * 1001}, "comment"),
        ({"verdict": "right", "comment": {"a": 1}}, "comment"),
    ],
)
def test_what_says_nothing_is_refused_at_its_field(link, api_client, body, field):
    response = api_client.put(link, body)

    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert not IdentificationFeedback.objects.exists()


def test_what_is_still_queued_cannot_be_judged_yet(providers, identify, owner, api_client):
    for provider in ("plant_id", "plantnet"):
        providers.fault(provider, "status", 503)
    queued = identify(make_photo(1), headers={"Prefer": "respond-async"}).json()

    response = api_client.put(queued["links"]["feedback"], {"verdict": "right"})

    assert (response.status_code, response.json()["code"]) == (409, "conflict")


def test_an_anonymous_record_takes_the_word_of_who_knows_its_id(providers, identify):
    anonymous = APIClient()
    link = identify(make_photo(1), client=anonymous).json()["links"]["feedback"]

    assert anonymous.put(link, {"verdict": "right"}).status_code == 200
