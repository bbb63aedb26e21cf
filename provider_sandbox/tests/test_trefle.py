import json

import pytest
import requests

TIMEOUT_S = 5
LIGHT_KEYS = {
    *("id", "common_name", "slug", "scientific_name", "year", "bibliography", "author", "status", "rank"),
    *("family_common_name", "genus_id", "image_url", "synonyms", "genus", "family", "links"),
}


class Trefle:
    def __init__(self, url: str) -> None:
        self._url = url

    def get(self, path, *, token="sandbox", headers=None, **query) -> requests.Response:
        headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})}
        return requests.get(f"{self._url}/{path}", params=query, headers=headers, timeout=TIMEOUT_S)


@pytest.fixture
def trefle(sandbox) -> Trefle:
    return Trefle(sandbox.trefle_url)


def test_a_species_is_told_whole_by_its_slug_and_by_its_number(trefle):
    by_slug = trefle.get("species/monstera-deliciosa").json()["data"]

    assert by_slug == trefle.get(f"species/{by_slug['id']}").json()["data"]
    assert by_slug["scientific_name"] == "Monstera deliciosa"
    assert by_slug["growth"]["minimum_temperature"] == {"deg_f": None, "deg_c": None}
    assert all(set(synonym) == {"id", "name", "author", "sources"} for synonym in by_slug["synonyms"])
    assert by_slug["observations"].startswith("Sandbox text:")
    assert {source["name"] for source in by_slug["sources"]} >= {"sandbox", "GBIF", "POWO"}
    wrapped = trefle.get("plants/monstera-deliciosa").json()["data"]
    assert wrapped["main_species"] == by_slug
    assert wrapped["main_species_id"] == by_slug["id"] != wrapped["id"]


def test_a_list_is_light_and_its_synonyms_are_texts(trefle):
    listed = trefle.get("species", **{"filter[scientific_name]": "Goeppertia makoyana"}).json()

    [item] = listed["data"]
    assert set(item) == LIGHT_KEYS
    assert "Calathea makoyana" in item["synonyms"]
    assert listed["meta"] == {"total": 1}
    assert set(listed["links"]) == {"self", "first", "last"}


def test_a_search_is_fuzzy_and_looks_at_common_names_first(trefle):
    found = trefle.get("species/search", q="Hedera helix").json()["data"]
    names = [item["scientific_name"] for item in found]

    assert "Hedera helix" in names
    assert (
        trefle.get("plants/search", q="Monstera delicosa").json()["data"][0]["slug"] == "monstera-deliciosa"
    )
    assert trefle.get("species/search", q="xq").json()["data"] == []


def test_a_scientific_name_can_find_another_species_first(trefle):
    found = trefle.get("species/search", q="Aloe vera").json()["data"]

    assert found[0]["scientific_name"] == "Aloe arborescens"
    assert "Aloe vera" in [item["scientific_name"] for item in found]


def test_pages_have_links_and_beyond_the_last_is_404(trefle):
    first = trefle.get("species").json()

    assert len(first["data"]) == 30
    assert "prev" not in first["links"]
    assert "page=2" in first["links"]["next"]
    beyond = trefle.get("species", page=99)
    assert beyond.status_code == 404
    assert beyond.json()["error"] is True


@pytest.mark.parametrize("token", [None, "invalid"])
def test_a_refused_key_is_told_in_the_plural(trefle, token):
    reply = trefle.get("species/aloe-vera", token=token)

    assert reply.status_code == 401
    assert reply.json() == {"error": True, "messages": "Invalid access token"}
    assert trefle.get("species/aloe-vera?token=sandbox", token=None).status_code == 200


def test_what_is_missing_is_told_in_the_singular(trefle):
    for reply, status in ((trefle.get("species/search"), 422), (trefle.get("species/nulla-planta"), 404)):
        assert reply.status_code == status
        assert set(reply.json()) == {"error", "message"}


def test_a_known_species_is_not_sent_again(trefle):
    first = trefle.get("species/aloe-vera")
    again = trefle.get("species/aloe-vera", headers={"If-None-Match": first.headers["ETag"]})

    assert "max-age=604800" in first.headers["Cache-Control"]
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    changed = trefle.get("species/aloe-vera", headers={"If-None-Match": 'W/"another"'})
    assert changed.status_code == 200


def test_a_minute_has_so_many_requests(sandbox, trefle):
    sandbox.set_quota(trefle_per_minute=2)
    replies = [trefle.get("species/aloe-vera", token="of-this-test") for _ in range(5)]  # a minute may end

    refused = [reply for reply in replies if reply.status_code == 429]
    assert refused
    assert refused[0].headers["RateLimit-Limit"] == "2"
    assert refused[0].headers["RateLimit-Remaining"] == "0"
    assert 0 < int(refused[0].headers["Retry-After"]) <= 60
    assert set(refused[0].json()) == {"error", "message"}


def test_faults_strike_and_a_broken_server_shows_a_page(sandbox, trefle):
    sandbox.fault("trefle", "status", 500, calls=1)
    broken = trefle.get("species/aloe-vera")

    assert broken.status_code == 500
    assert broken.headers["Content-Type"].startswith("text/html")
    assert "something went wrong" in broken.text
    assert trefle.get("species/aloe-vera").ok
    counters = sandbox.counters("trefle")
    assert (counters["identify_posts"], counters["answered"], counters["failed"]) == (2, 1, 1)
    assert sandbox.last("trefle")["key_present"]
    assert "sandbox" not in json.dumps(sandbox.last("trefle")["headers"])
