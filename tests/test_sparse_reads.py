"""`fields`: only what is asked for, of everything that can be read in the REST API."""

import pytest

from apps.core.api.sparse import SparseReads
from apps.plant_identification.tests.conftest import identify, make_photo, owner, providers
from apps.users.tests.factories import UserFactory

__all__ = ["identify", "owner", "providers"]

pytestmark = pytest.mark.django_db(transaction=True)

V1 = "/api/v1/plant-identification"
COLLECTIONS = "/api/v1/users/collections/"


@pytest.fixture
def addresses(providers, identify, owner, api_client):
    """Of each list with something in it, and of each document."""
    links = identify(make_photo(1)).json()["links"]
    plant = api_client.post(f"{V1}/plants/", {"nickname": "Fern"}).json()["links"]["self"]
    collection = api_client.post(COLLECTIONS, {"name": "Bed"}).json()["links"]["self"]
    name = api_client.get(links["species"]).json()["scientific_name"]
    return {
        "lists": [
            f"{V1}/requests/", f"{V1}/history/", f"{V1}/plants/", COLLECTIONS, f"{V1}/species/",
            f"{V1}/search/species/?q={name}",
        ],
        "documents": [links["self"], links["species"], plant, collection],
    }  # fmt: skip


def with_fields(address, fields):
    return f"{address}{'&' if '?' in address else '?'}fields={fields}"


def test_a_list_has_only_what_was_asked_for_and_its_pages(addresses, api_client):
    for address in addresses["lists"]:
        full, sparse = api_client.get(address), api_client.get(with_fields(address, "id"))

        assert set(sparse.json()) == set(full.json()), address
        assert sparse.json()["results"] == [{"id": entry["id"]} for entry in full.json()["results"]], address
        assert sparse.json()["results"]
        assert sparse["ETag"] != full["ETag"]


def test_a_document_has_only_what_was_asked_for(addresses, api_client):
    for address in addresses["documents"]:
        full, sparse = api_client.get(address), api_client.get(with_fields(address, "links,id"))

        assert sparse.json() == {name: full.json()[name] for name in ("id", "links")}, address
        assert sparse["ETag"] != full["ETag"]


def test_the_next_page_has_the_same_fields(addresses, identify, api_client):
    identify(make_photo(1))
    first = api_client.get(f"{V1}/history/?fields=id,source&page_size=1").json()

    assert set(api_client.get(first["next"]).json()["results"][0]) == {"id", "source"}


def test_names_that_are_none_are_refused_by_name(addresses, api_client):
    for address in [*addresses["lists"], *addresses["documents"]]:
        answer = api_client.get(with_fields(address, "id,owner,password"))

        assert answer.status_code == 400, address
        [error] = answer.json()["errors"]
        assert error["field"] == "fields"
        assert "`owner`, `password`" in error["message"]


@pytest.mark.parametrize("fields", ["id,", ",", "id..", "links.self", "__class__", "%00"])
def test_nothing_but_names_is_taken(owner, api_client, fields):
    assert api_client.get(f"{V1}/history/?fields={fields}").status_code == 400


def test_nothing_after_the_equals_sign_is_everything(addresses, api_client):
    address = addresses["documents"][0]

    assert set(api_client.get(f"{address}?fields=").json()) == set(api_client.get(address).json())


def test_what_is_somebody_elses_stays_hidden(addresses, api_client):
    own, _, plant, collection = addresses["documents"]
    api_client.force_authenticate(UserFactory())

    assert [api_client.get(f"{address}?fields=id").status_code for address in (own, plant, collection)] == [
        404
    ] * 3


def test_what_is_offered_is_what_is_shown(addresses, api_client):
    """Else a name would be taken and nothing come of it."""
    for address in addresses["documents"]:
        answer = api_client.get(address)
        view = answer.renderer_context["view"]
        assert isinstance(view, SparseReads)
        assert set(view.fields_to_choose()) == set(answer.json())
