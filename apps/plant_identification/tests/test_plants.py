"""Somebody's own plants."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.core.testing.queries import query_budget
from apps.plant_identification import constants
from apps.plant_identification.models import Plant, PlantCollection, PlantIdentificationRequest
from apps.plant_identification.services.plants import purge_deleted_plants
from apps.plant_identification.services.purging import purge_deleted_records
from apps.plant_identification.tests.conftest import make_photo
from apps.plant_identification.tests.factories import CollectionFactory, PlantFactory, SpeciesFactory
from apps.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

PLANTS = "/api/v1/plant-identification/plants/"
NOBODY = "00000000-0000-4000-8000-000000000000"
AGREE = {"outcome": "agree", "species": "Monstera deliciosa", "confidence": 0.97}


@pytest.fixture
def identified(providers, identify, owner):
    providers.fault("both", "outcome", AGREE)
    return identify(make_photo(1)).json()


def create(api_client, **facts):
    return api_client.post(PLANTS, facts, format="json")


def errors_of(response):
    assert response.status_code == 400, response.content
    return [(error["field"], error["code"]) for error in response.json()["errors"]]


def test_the_list_is_ones_own(api_client):
    plant = PlantFactory()
    assert api_client.get(PLANTS).status_code == 401
    assert create(api_client, nickname="Ivy").status_code == 401

    api_client.force_authenticate(UserFactory())
    assert api_client.get(PLANTS).json() == {"count": 0, "next": None, "previous": None, "results": []}

    api_client.force_authenticate(plant.owner)
    assert [entry["id"] for entry in api_client.get(PLANTS).json()["results"]] == [str(plant.pk)]


def test_a_plant_can_be_made_from_scratch(api_client, owner):
    collection = CollectionFactory(owner=owner)
    species = SpeciesFactory(canonical_name="Ficus lyrata")

    response = create(
        api_client, nickname="Fred", scientific_name="ficus LYRATA Warb.", location="Kitchen",
        acquired_on="2024-02-29", notes="Drops leaves", collection=str(collection.pk),
    )  # fmt: skip

    body = response.json()
    assert response.status_code == 201
    assert response["Location"] == body["links"]["self"] == f"{PLANTS}{body['id']}/"
    assert body["species"] == str(species.pk)
    told = {name: body[name] for name in ("name", "nickname", "scientific_name", "location", "acquired_on")}
    assert told == {
        "name": "Fred", "nickname": "Fred", "scientific_name": "Ficus lyrata", "location": "Kitchen",
        "acquired_on": "2024-02-29",
    }  # fmt: skip
    assert (body["collection"], body["identification"]) == (str(collection.pk), None)
    assert body["links"]["species"].endswith(f"/species/{species.pk}/")
    assert (body["links"]["identification"], body["links"]["photo"]) == (None, None)
    assert api_client.get(body["links"]["self"]).json() == body


def test_an_identification_alone_makes_a_plant(api_client, identified):
    response = create(api_client, identification=identified["id"])

    body = response.json()
    assert response.status_code == 201
    assert (body["name"], body["nickname"]) == ("Monstera deliciosa", None)
    assert body["species"] == identified["suggestions"][0]["species_id"]
    assert body["identification"] == identified["id"]
    assert body["links"]["identification"] == identified["links"]["self"]
    assert body["links"]["photo"] == identified["links"]["photo"]
    assert api_client.get(body["links"]["photo"]).status_code == 200


def test_what_its_owner_says_wins_over_the_identification(api_client, identified):
    body = create(api_client, identification=identified["id"], scientific_name="Rosa × invented").json()

    assert (body["scientific_name"], body["species"]) == ("Rosa × invented", None)
    assert body["identification"] == identified["id"]


@pytest.mark.parametrize("whose", ["a stranger's", "nobody's", "a deleted one"])
def test_no_plant_is_made_from_what_is_not_ones_own(api_client, identified, whose):
    pk = identified["id"]
    if whose == "a stranger's":
        api_client.force_authenticate(UserFactory())
    elif whose == "a deleted one":
        api_client.delete(identified["links"]["self"])
    else:
        pk = NOBODY

    response = create(api_client, identification=pk)

    assert errors_of(response) == [("identification", "does_not_exist")]
    assert response.json()["detail"] == "You have no such identification."
    assert not Plant.objects.exists()


def test_a_photo_that_waits_in_the_queue_needs_a_nickname(api_client, providers, identify, owner):
    providers.fault("both", "status", 503)
    queued = identify(make_photo(1), headers={"Prefer": "respond-async"}).json()

    assert errors_of(create(api_client, identification=queued["id"])) == [("identification", "not_answered")]

    body = create(api_client, identification=queued["id"], nickname="Mystery").json()
    assert (body["name"], body["scientific_name"]) == ("Mystery", None)


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        ({}, ("nickname", "required")),
        ({"nickname": "  "}, ("nickname", "required")),
        ({"nickname": None, "notes": "tall"}, ("nickname", "required")),
        ({"nickname": "a" * 101}, ("nickname", "max_length")),
        ({"nickname": "Ivy\x00"}, ("nickname", "null_characters_not_allowed")),
        ({"species": NOBODY}, ("species", "does_not_exist")),
        ({"species": "ivy"}, ("species", "invalid")),
        ({"identification": "ivy"}, ("identification", "invalid")),
        ({"nickname": "Ivy", "collection": NOBODY}, ("collection", "does_not_exist")),
        ({"nickname": "Ivy", "acquired_on": "9999-12-31"}, ("acquired_on", "invalid")),
        ({"nickname": "Ivy", "acquired_on": "yesterday"}, ("acquired_on", "invalid")),
        ({"nickname": "Ivy", "notes": "a" * 4_001}, ("notes", "max_length")),
        ({"nickname": {"a": 1}}, ("nickname", "invalid")),
    ],
)
def test_a_field_without_a_good_value_is_named(api_client, owner, facts, error):
    assert errors_of(create(api_client, **facts)) == [error]


def test_a_stranger_s_collection_is_no_collection(api_client, owner):
    theirs = CollectionFactory()
    plant = PlantFactory(owner=owner)
    expected = [("collection", "does_not_exist")]

    assert errors_of(create(api_client, nickname="Ivy", collection=str(theirs.pk))) == expected
    assert errors_of(api_client.patch(f"{PLANTS}{plant.pk}/", {"collection": str(theirs.pk)})) == expected
    assert api_client.get(f"{PLANTS}?collection={theirs.pk}").json()["count"] == 0


def test_only_what_is_named_is_changed(api_client, owner):
    species = SpeciesFactory(canonical_name="Ficus lyrata")
    plant = PlantFactory(owner=owner, nickname="Fred", notes="tall")
    path = f"{PLANTS}{plant.pk}/"

    body = api_client.patch(path, {"species": str(species.pk), "location": "Hall"}).json()
    assert [body[name] for name in ("nickname", "notes", "location")] == ["Fred", "tall", "Hall"]
    assert (body["scientific_name"], body["species"]) == ("Ficus lyrata", str(species.pk))

    body = api_client.patch(path, {"nickname": None}).json()
    assert (body["name"], body["nickname"]) == ("Ficus lyrata", None)
    assert errors_of(api_client.patch(path, {"scientific_name": ""})) == [("nickname", "required")]

    body = api_client.patch(path, {"nickname": "Fred", "scientific_name": ""}).json()
    assert (body["scientific_name"], body["species"]) == (None, None)


def test_a_deleted_plant_is_gone_and_can_be_taken_back(api_client, owner):
    plant = PlantFactory(owner=owner)
    path = f"{PLANTS}{plant.pk}/"

    deleted = api_client.delete(path)

    assert deleted.status_code == 204
    assert deleted["Restorable-Until"]
    assert [getattr(api_client, method)(path).status_code for method in ("get", "patch", "delete")] == [
        404
    ] * 3
    assert api_client.get(PLANTS).json()["count"] == 0
    assert api_client.post(f"{path}restore/").json()["id"] == str(plant.pk)
    assert api_client.post(f"{path}restore/").status_code == 200
    assert api_client.get(PLANTS).json()["count"] == 1


def test_after_a_while_it_is_gone_for_good(api_client, owner):
    kept, late, restored = (PlantFactory(owner=owner) for _ in range(3))
    for plant in (late, restored):
        api_client.delete(f"{PLANTS}{plant.pk}/")
    api_client.post(f"{PLANTS}{restored.pk}/restore/")
    assert purge_deleted_plants() == 0
    long_ago = datetime.now(UTC) - timedelta(seconds=constants.UNDO_DELETION_S + 1)
    Plant.objects.filter(pk=late.pk).update(deleted_at=long_ago)

    assert api_client.post(f"{PLANTS}{late.pk}/restore/").status_code == 404
    assert purge_deleted_plants() == 1
    assert set(Plant.objects.all()) == {kept, restored}


def test_a_plant_outlives_its_identification_without_the_photo(api_client, identified):
    plant = create(api_client, identification=identified["id"]).json()
    path = plant["links"]["self"]
    api_client.delete(identified["links"]["self"])

    hidden = api_client.get(path).json()
    assert hidden["scientific_name"] == "Monstera deliciosa"
    assert hidden["identification"] is None
    assert (hidden["links"]["identification"], hidden["links"]["photo"]) == (None, None)
    assert api_client.get(plant["links"]["photo"]).status_code == 404

    api_client.post(f"{identified['links']['self']}restore/")
    assert api_client.get(path).json()["links"] == plant["links"]

    api_client.delete(identified["links"]["self"])
    long_ago = datetime.now(UTC) - timedelta(seconds=constants.UNDO_DELETION_S + 1)
    PlantIdentificationRequest.objects.update(deleted_at=long_ago)
    purge_deleted_records()
    assert api_client.get(path).json() == hidden | {"updated_at": plant["updated_at"]}


def test_there_is_room_for_so_many_plants_and_no_more(api_client, owner, monkeypatch):
    monkeypatch.setattr(constants, "PLANTS_MAX", 2)
    first = create(api_client, nickname="One").json()
    assert create(api_client, nickname="Two").status_code == 201

    refused = create(api_client, nickname="Three")
    assert (refused.status_code, refused.json()["code"]) == (409, "limit_reached")

    api_client.delete(first["links"]["self"])
    assert create(api_client, nickname="Three").status_code == 201
    assert api_client.post(f"{first['links']['self']}restore/").status_code == 409
    assert api_client.get(first["links"]["self"]).status_code == 404


def test_pages_are_numbered_newest_first_and_cost_the_same(api_client, identified, owner):
    collection = CollectionFactory(owner=owner)
    for number in range(5):
        create(
            api_client, identification=identified["id"], nickname=str(number), collection=str(collection.pk)
        )

    with query_budget(2):
        page = api_client.get(f"{PLANTS}?page=2&page_size=2").json()

    assert (page["count"], [entry["nickname"] for entry in page["results"]]) == (5, ["2", "1"])
    assert page["next"]
    assert page["previous"]
    for number in ("9", "0", "two", 10**30):
        assert errors_of(api_client.get(f"{PLANTS}?page={number}")) == [("page", "invalid")]
    assert errors_of(api_client.get(f"{PLANTS}?page_size=101")) == [("page_size", "invalid")]


def test_the_list_can_be_narrowed_to_a_collection_or_a_species(api_client, owner):
    collection = CollectionFactory(owner=owner)
    species = SpeciesFactory()
    inside = PlantFactory(owner=owner, collection=collection)
    ficus = PlantFactory(owner=owner, species=species)

    for query, expected in ((f"collection={collection.pk}", inside), (f"species={species.pk}", ficus)):
        results = api_client.get(f"{PLANTS}?{query}").json()["results"]
        assert [entry["id"] for entry in results] == [str(expected.pk)]
    assert errors_of(api_client.get(f"{PLANTS}?collection=shelf")) == [("collection", "invalid")]


def test_the_list_can_be_ordered_by_the_name_that_is_shown(api_client, owner):
    for names in ({"nickname": "beech"}, {"scientific_name": "Acer"}, {"nickname": "Cedar"}):
        PlantFactory(owner=owner, **{"nickname": "", **names})

    def names(ordering):
        answer = api_client.get(PLANTS, {"ordering": ordering})
        return [entry["name"] for entry in answer.json()["results"]]

    assert names("name") == names("-name")[::-1] == ["Acer", "beech", "Cedar"]
    assert names("created_at") == names("-created_at")[::-1] == ["beech", "Acer", "Cedar"]
    assert errors_of(api_client.get(PLANTS, {"ordering": "owner"})) == [("ordering", "invalid_choice")]


def test_plants_of_the_sandbox_are_not_shown_beside_others(api_client, owner, settings):
    settings.PROVIDER_SANDBOX = False
    PlantFactory(owner=owner, collection=CollectionFactory(owner=owner), from_sandbox=True)
    plant = PlantFactory(owner=owner)

    assert [entry["id"] for entry in api_client.get(PLANTS).json()["results"]] == [str(plant.pk)]
    assert api_client.get("/api/v1/users/collections/").json()["results"][0]["plant_count"] == 0


def test_a_person_s_plants_go_with_the_account(owner):
    PlantFactory(owner=owner, collection=CollectionFactory(owner=owner))

    owner.delete()

    assert not Plant.objects.exists()
    assert not PlantCollection.objects.exists()
