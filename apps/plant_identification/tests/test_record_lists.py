"""Narrowing and turning round the lists of one's own identifications."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from apps.core.testing.queries import query_budget
from apps.plant_identification.models import PlantIdentificationRequest
from apps.plant_identification.tests.conftest import make_photo
from apps.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
LISTS = ["/api/v1/plant-identification/requests/", "/api/v1/plant-identification/history/"]


@pytest.fixture
def ids(providers, identify, api_client):
    """Three records, an hour apart, the oldest first; the second one is partial."""
    api_client.force_authenticate(UserFactory())
    ids = [identify(make_photo(1)).json()["id"] for _ in range(3)]
    for number, pk in enumerate(ids):
        PlantIdentificationRequest.objects.filter(pk=pk).update(created_at=NOON + timedelta(hours=number))
    PlantIdentificationRequest.objects.filter(pk=ids[1]).update(status="partial")
    return ids


@pytest.fixture
def listed(api_client):
    def ask(path, **query):
        response = api_client.get(f"{path}?{urlencode(query)}")
        assert response.status_code == 200
        return [entry["id"] for entry in response.json()["results"]]

    return ask


@pytest.mark.parametrize("path", LISTS)
def test_oldest_first_is_the_same_list_turned_round(ids, listed, path):
    assert listed(path) == ids[::-1]
    assert listed(path, ordering="-created_at") == ids[::-1]
    assert listed(path, ordering="created_at") == ids


@pytest.mark.parametrize("path", LISTS)
def test_a_list_can_be_narrowed(ids, listed, path):
    assert listed(path, status="partial") == [ids[1]]
    assert listed(path, created_after="2026-05-01T13:00:00Z") == [ids[2], ids[1]]
    assert listed(path, created_before="2026-05-01T13:00:00Z") == [ids[0]]
    assert listed(path, created_after="2026-05-01", created_before="2026-05-02") == ids[::-1]
    assert listed(path, created_after="2026-05-01T15:00:00+02:00") == [ids[2], ids[1]]
    both = {"created_after": "2026-05-01T12:30:00Z", "created_before": "2026-05-01T13:30:00Z"}
    assert listed(path, **both, status="complete") == []


@pytest.mark.parametrize("path", LISTS)
def test_oldest_first_pages_without_losing_or_repeating_anything(ids, api_client, path):
    seen, page = [], f"{path}?page_size=1&ordering=created_at"
    while page:
        body = api_client.get(page).json()
        seen += [entry["id"] for entry in body["results"]]
        page = body["next"]

    assert seen == ids


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=lost", "status"),
        ("created_after=yesterday", "created_after"),
        ("created_before=2026-13-01T00:00:00Z", "created_before"),
        ("created_after=%00", "created_after"),
        ("ordering=owner__password", "ordering"),
        ("ordering=created_at,id", "ordering"),
    ],
)
@pytest.mark.parametrize("path", LISTS)
def test_what_cannot_be_asked_is_refused_at_its_field(ids, api_client, path, query, field):
    response = api_client.get(f"{path}?{query}")

    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]


@pytest.mark.parametrize("path", LISTS)
def test_a_narrowed_list_costs_one_query(ids, api_client, path):
    with query_budget(at_most=1):
        api_client.get(f"{path}?status=complete&ordering=created_at&created_after=2026-01-01T00:00:00Z")


def test_an_entry_leads_to_its_photos_and_feedback(ids, api_client):
    links = api_client.get(LISTS[0]).json()["results"][0]["links"]

    assert links["self"].endswith(f"/requests/{ids[2]}/")
    assert links["feedback"] == f"{links['self']}feedback/"
    assert links["photo"] == f"{links['self']}photo/"
