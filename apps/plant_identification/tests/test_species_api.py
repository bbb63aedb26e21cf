"""The encyclopedia, as everybody reads it."""

import pytest
from django.urls import reverse

from apps.core.testing.queries import query_budget
from apps.plant_identification.models import PlantSpecies
from apps.plant_identification.services.encyclopedia.index import index_species
from apps.plant_identification.tests.conftest import make_photo
from apps.plant_identification.tests.factories import SpeciesFactory
from apps.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/api/v1/plant-identification/species/"
SEARCH = "/api/v1/plant-identification/search/species/"
# The sandbox knows French names of it.
AGREE = {"outcome": "agree", "species": "Acer platanoides", "confidence": 0.97}


@pytest.fixture
def monstera(settings):
    settings.PROVIDER_SANDBOX = False
    species = SpeciesFactory(
        canonical_name="Monstera deliciosa",
        family="Araceae",
        genus="Monstera",
        gbif_id=2868241,
        common_names={"en": ["Swiss cheese plant"], "de": ["Fensterblatt"], "fr": ["Faux philodendron"]},
        synonyms=["Philodendron pertusum"],
        taxonomy={"kingdom": "Plantae"},
        sources={"family": {"source": "plant_id", "date": "2026-11-21"}},
        identification_count=3,
    )
    index_species([species])
    return species


def names(response):
    assert response.status_code == 200, response.content
    return [entry["scientific_name"] for entry in response.json()["results"]]


def test_everybody_reads_the_encyclopedia(monstera, api_client):
    paths = [LIST, f"{LIST}{monstera.pk}/", f"{SEARCH}?q=monstera"]
    for user in (None, UserFactory()):
        api_client.force_authenticate(user)
        assert [api_client.get(path).status_code for path in paths] == [200, 200, 200]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nobody_writes_it_here(monstera, api_client, method):
    for path in (LIST, f"{LIST}{monstera.pk}/", SEARCH):
        api_client.force_authenticate(None)
        assert getattr(api_client, method)(path, {}).status_code == 401
        api_client.force_authenticate(UserFactory(is_staff=True))
        assert getattr(api_client, method)(path, {}).status_code == 405


def test_a_species_tells_what_is_known_in_the_readers_language_first(monstera, api_client):
    body = api_client.get(f"{LIST}{monstera.pk}/?language=de").json()

    assert body["scientific_name"] == "Monstera deliciosa"
    assert body["common_name"] == "Fensterblatt"
    assert [entry["language"] for entry in body["common_names"]] == ["de", "en", "fr"]
    assert body["synonyms"] == ["Philodendron pertusum"]
    assert body["taxonomy"] == {"kingdom": "Plantae"}
    assert body["identification_count"] == 3
    assert body["sources"] == [{"fact": "family", "source": "plant_id", "date": "2026-11-21"}]
    assert body["links"] == {
        "self": f"{LIST}{monstera.pk}/",
        "gbif": "https://www.gbif.org/species/2868241",
        "powo": None,
        "posts": f"/api/v1/blog/posts/?species={monstera.pk}",
        "content": f"/api/v2/blog-posts/?species={monstera.pk}",
    }
    assert body["from_sandbox"] is False


def test_the_reader_s_language_is_the_header_s_unless_one_is_asked_for(monstera, api_client):
    french = {"Accept-Language": "fr-CA, de;q=0.5"}

    assert api_client.get(LIST, headers=french).json()["results"][0]["common_name"] == "Faux philodendron"
    assert api_client.get(f"{LIST}?language=de", headers=french).json()["results"][0]["common_name"] == (
        "Fensterblatt"
    )
    assert api_client.get(f"{LIST}?language=sw").json()["results"][0]["common_name"] == "Swiss cheese plant"


def test_what_nobody_said_is_null(api_client, settings):
    settings.PROVIDER_SANDBOX = False
    species = SpeciesFactory(genus="")

    body = api_client.get(f"{LIST}{species.pk}/").json()

    unknown = ("common_name", "authorship", "family", "genus", "gbif_id", "taxonomy")
    assert [body[name] for name in unknown] == [None] * 6
    assert (body["common_names"], body["synonyms"], body["links"]["gbif"]) == ([], [], None)


def test_the_list_can_be_narrowed(monstera, api_client):
    other = SpeciesFactory(canonical_name="Ficus lyrata", family="Moraceae", gbif_id=5361909)

    assert names(api_client.get(f"{LIST}?family=araceae")) == ["Monstera deliciosa"]
    assert names(api_client.get(f"{LIST}?genus=ficus")) == [other.canonical_name]
    assert names(api_client.get(f"{LIST}?gbif_id=5361909")) == [other.canonical_name]
    assert names(api_client.get(f"{LIST}?family=Araceae&genus=Ficus")) == []


@pytest.mark.parametrize("ordering", ["name", "-name", "identification_count", "-identification_count"])
def test_each_order_pages_without_losing_or_repeating_anything(api_client, settings, ordering):
    settings.PROVIDER_SANDBOX = False
    made = [SpeciesFactory(identification_count=number // 3) for number in range(8)]

    seen, page = [], f"{LIST}?page_size=3&ordering={ordering}"
    while page:
        response = api_client.get(page)
        seen += response.json()["results"]
        page = response.json()["next"]

    key = "scientific_name" if ordering.endswith("name") else "identification_count"
    values = [entry[key] for entry in seen]
    assert values == sorted(values, reverse=ordering.startswith("-"))
    assert {entry["id"] for entry in seen} == {str(species.pk) for species in made}
    assert len(seen) == 8


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (f"{LIST}?gbif_id=many", "gbif_id"),
        (f"{LIST}?gbif_id=0", "gbif_id"),
        (f"{LIST}?gbif_id={10**30}", "gbif_id"),
        (f"{LIST}?family=%00", "family"),
        (f"{LIST}?genus={'a' * 201}", "genus"),
        (f"{LIST}?ordering=id", "ordering"),
        (f"{LIST}?ordering=name&cursor=bogus", "cursor"),
        (f"{LIST}?language=xx", "language"),
        (SEARCH, "q"),
        (f"{SEARCH}?q=", "q"),
        (f"{SEARCH}?q=%00", "q"),
        (f"{SEARCH}?q={'a' * 101}", "q"),
        (f"{SEARCH}?q=a&page_size=0", "page_size"),
        (f"{SEARCH}?q=a&page_size=51", "page_size"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named(monstera, api_client, path, field):
    response = api_client.get(path)

    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert [error["field"] for error in response.json()["errors"]] == [field]


def test_a_search_tells_the_name_that_was_found(monstera, api_client):
    body = api_client.get(f"{SEARCH}?q=Monstera delicosa").json()

    assert body["results"][0]["scientific_name"] == "Monstera deliciosa"
    assert body["results"][0]["match"] == {
        "name": "Monstera deliciosa",
        "kind": "scientific",
        "how": "similar",
    }
    assert api_client.get(f"{SEARCH}?q=fensterb").json()["results"][0]["match"]["how"] == "prefix"


@pytest.mark.parametrize("path", [LIST, f"{SEARCH}?q=ficus"])
def test_a_list_costs_the_same_whatever_its_length(api_client, settings, path):
    settings.PROVIDER_SANDBOX = False
    index_species([SpeciesFactory() for _ in range(15)])

    with query_budget(3):
        assert len(api_client.get(path).json()["results"]) == 15


def test_readers_are_limited_by_address_and_members_by_account(monstera, api_client, settings):
    settings.CONTENT_RATE = 1
    assert api_client.get(LIST).status_code == 200
    refused = api_client.get(f"{SEARCH}?q=monstera")
    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert refused["Retry-After"]

    api_client.force_authenticate(UserFactory())

    assert api_client.get(LIST).status_code == 200
    assert api_client.get(LIST).status_code == 429


def test_the_sandbox_and_the_real_services_are_never_met_together(monstera, api_client, settings):
    made_up = SpeciesFactory(canonical_name="Monstera deliciosa", from_sandbox=True)
    assert api_client.get(f"{LIST}{made_up.pk}/").status_code == 404
    assert [entry["id"] for entry in api_client.get(LIST).json()["results"]] == [str(monstera.pk)]

    settings.PROVIDER_SANDBOX = True

    assert api_client.get(f"{LIST}{monstera.pk}/").status_code == 404
    entries = api_client.get(LIST).json()["results"]
    assert [(entry["id"], entry["from_sandbox"]) for entry in entries] == [(str(made_up.pk), True)]


def test_what_is_identified_is_in_the_encyclopedia_and_linked(providers, identify, api_client):
    providers.fault("both", "outcome", AGREE)
    api_client.force_authenticate(UserFactory())
    answer = identify(make_photo(1), language="fr").json()

    link = answer["links"]["species"]
    species = api_client.get(f"{link}?language=fr").json()

    assert species["id"] == answer["suggestions"][0]["species_id"]
    assert (species["scientific_name"], species["from_sandbox"]) == ("Acer platanoides", True)
    assert (species["family"], species["identification_count"]) == ("Sapindaceae", 1)
    assert species["common_names"][0]["language"] == "fr"
    assert {"family", "common_names.fr"} <= {source["fact"] for source in species["sources"]}
    assert names(api_client.get(f"{SEARCH}?q=acer platanoidse"))[0] == "Acer platanoides"
    entry = api_client.get("/api/v1/plant-identification/requests/").json()["results"][0]
    assert entry["links"]["species"] == link
    assert api_client.get(answer["links"]["self"]).json()["links"]["species"] == link


def test_another_language_adds_its_names_and_a_repeat_nothing(providers, identify):
    providers.fault("both", "outcome", AGREE)
    identify(make_photo(1), language="fr")
    before = PlantSpecies.objects.get(canonical_name="Acer platanoides")
    identify(make_photo(2), language="fr")
    identify(make_photo(3), language="en")

    after = PlantSpecies.objects.get(canonical_name="Acer platanoides")

    assert set(after.common_names) == {"fr", "en"}
    assert after.common_names["fr"] == before.common_names["fr"]
    assert after.identification_count == 3


def test_what_the_sandbox_says_never_teaches_a_real_species(providers, identify):
    real = SpeciesFactory(canonical_name="Acer platanoides", from_sandbox=False)
    providers.fault("both", "outcome", AGREE)

    answer = identify(make_photo(1)).json()

    assert answer["suggestions"][0]["species_id"] != str(real.pk)
    real.refresh_from_db()
    assert (real.identification_count, real.common_names, real.sources) == (0, {}, {})


def test_nothing_is_linked_where_the_headline_is_no_species(providers, identify):
    providers.fault("both", "not_a_plant")

    assert identify(make_photo(1)).json()["links"]["species"] is None


def test_the_old_addresses_lead_to_the_same(monstera, api_client):
    assert reverse("plant-identification:species-list") == "/api/plant-identification/species/"
    assert names(api_client.get("/api/plant-identification/species/")) == ["Monstera deliciosa"]
