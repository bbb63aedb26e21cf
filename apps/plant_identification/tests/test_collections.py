"""Names under which people group their plants."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from rest_framework.test import APIClient

from apps.core.testing.queries import query_budget
from apps.plant_identification import constants
from apps.plant_identification.models import Plant, PlantCollection
from apps.plant_identification.tests.factories import CollectionFactory, PlantFactory
from apps.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

COLLECTIONS = "/api/v1/users/collections/"


def test_the_list_is_ones_own(api_client):
    collection = CollectionFactory()
    assert api_client.get(COLLECTIONS).status_code == 401
    assert api_client.post(COLLECTIONS, {"name": "Shelf"}).status_code == 401

    api_client.force_authenticate(UserFactory())
    assert api_client.get(COLLECTIONS).json()["count"] == 0

    api_client.force_authenticate(collection.owner)
    assert [entry["id"] for entry in api_client.get(COLLECTIONS).json()["results"]] == [str(collection.pk)]


def test_a_collection_is_made_filled_renamed_and_deleted(api_client, owner):
    made = api_client.post(COLLECTIONS, {"name": "  Window   sill "})
    collection = made.json()
    assert made.status_code == 201
    assert made["Location"] == collection["links"]["self"] == f"{COLLECTIONS}{collection['id']}/"
    assert (collection["name"], collection["plant_count"]) == ("Window sill", 0)
    plant = PlantFactory(owner=owner, collection_id=collection["id"])
    PlantFactory(owner=owner, collection_id=collection["id"], deleted_at=plant.created_at)

    renamed = api_client.patch(made["Location"], {"name": "WINDOW SILL"}).json()
    assert (renamed["name"], renamed["plant_count"]) == ("WINDOW SILL", 1)
    assert api_client.get(renamed["links"]["plants"]).json()["results"][0]["id"] == str(plant.pk)

    assert api_client.delete(made["Location"]).status_code == 204
    assert Plant.objects.get(pk=plant.pk).collection is None


@pytest.mark.parametrize("name", ["Succulents", "succulents", " SUCCULENTS ", "\uff33ucculents"])
def test_a_name_is_taken_once_however_it_is_written(api_client, owner, name):
    CollectionFactory(owner=owner, name="Succulents")
    other = CollectionFactory(owner=owner, name="Ferns")
    CollectionFactory(name="Orchids")

    for response in (
        api_client.post(COLLECTIONS, {"name": name}),
        api_client.patch(f"{COLLECTIONS}{other.pk}/", {"name": name}),
    ):
        assert response.status_code == 400
        assert response.json()["errors"] == [
            {
                "field": "name",
                "code": "taken",
                "message": "You have a collection of this name. Choose another one.",
            }
        ]
    assert (
        api_client.post(COLLECTIONS, {"name": "Orchids"}).status_code == 201
    )  # a stranger's is no hindrance


def test_letters_of_every_alphabet_have_two_cases(api_client, owner):
    assert api_client.post(COLLECTIONS, {"name": "ÉCORCES"}).status_code == 201
    assert api_client.post(COLLECTIONS, {"name": "écorces"}).status_code == 400
    assert api_client.post(COLLECTIONS, {"name": "ﷺ" * 80}).status_code == 201


@pytest.mark.parametrize("name", ["", "   ", None, "a" * 81, "a\x00b", {"a": 1}])
def test_a_name_that_is_none_is_refused(api_client, owner, name):
    response = api_client.post(COLLECTIONS, {"name": name}, format="json")

    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == ["name"]


def test_there_is_room_for_so_many_and_no_more(api_client, owner, monkeypatch):
    monkeypatch.setattr(constants, "COLLECTIONS_MAX", 1)
    assert api_client.post(COLLECTIONS, {"name": "One"}).status_code == 201

    refused = api_client.post(COLLECTIONS, {"name": "Two"})

    assert (refused.status_code, refused.json()["code"]) == (409, "limit_reached")


def test_many_at_once_get_no_more_than_there_is_room_for(owner, monkeypatch):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite writes one after the other")
    monkeypatch.setattr(constants, "COLLECTIONS_MAX", 3)

    def make(number):
        client = APIClient()
        client.force_authenticate(owner)
        try:
            return client.post(COLLECTIONS, {"name": f"Shelf {number}"}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(make, range(8)))

    assert statuses == [201] * 3 + [409] * 5
    assert PlantCollection.objects.count() == 3


def test_counting_plants_costs_the_same_however_many_collections_there_are(api_client, owner):
    for number in range(6):
        collection = CollectionFactory(owner=owner)
        for _ in range(number):
            PlantFactory(owner=owner, collection=collection)

    with query_budget(2):
        page = api_client.get(COLLECTIONS).json()

    assert page["count"] == 6
    assert sorted(entry["plant_count"] for entry in page["results"]) == [0, 1, 2, 3, 4, 5]
