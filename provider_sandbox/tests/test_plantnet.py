import datetime as dt
import io
from email.utils import parsedate_to_datetime

import pytest
import requests
from PIL import Image

from provider_sandbox.tests.clients import PlantNetCaller
from provider_sandbox.tests.conftest import make_jpeg


def assert_refused(response, status, message):
    assert response.status_code == status
    body = response.json()
    assert set(body) == {"statusCode", "error", "message"}
    assert body["statusCode"] == status
    assert message in body["message"]


def test_an_identification_answers_as_the_service_does(sandbox, plantnet, photo):
    sandbox.fault("plantnet", "outcome", {"outcome": "agree", "species": "Monstera deliciosa"})
    response = plantnet.post(photo, organs=["leaf"])

    reply = response.json()
    assert response.status_code == 200
    assert "sandbox" in reply["version"]
    assert reply["bestMatch"] == "Monstera deliciosa Liebm."
    best = reply["results"][0]
    assert best["species"]["scientificNameWithoutAuthor"] == "Monstera deliciosa"
    assert best["species"]["genus"]["scientificName"] == "Monstera"
    assert best["gbif"] == {"id": "2868241"}
    assert "images" not in best
    assert reply["query"]["organs"] == ["leaf"]
    assert reply["predictedOrgans"][0]["organ"] == "leaf"
    assert reply["remainingIdentificationRequests"] == 499
    scores = [result["score"] for result in reply["results"]]
    assert scores == sorted(scores, reverse=True)


def test_options_are_read_from_the_query(sandbox, plantnet, photo):
    sandbox.fault("plantnet", "outcome", {"outcome": "agree", "species": "Helianthus annuus"})
    query = {"nb-results": 2, "include-related-images": "true", "lang": "fr", "no-reject": "true"}
    reply = plantnet.post(photo, query=query).json()

    assert reply["language"] == "fr"
    assert len(reply["results"]) == 2
    assert reply["results"][0]["species"]["commonNames"] == ["Tournesol"]
    assert reply["query"]["noReject"] is True
    address = reply["results"][0]["images"][0]["url"]["m"]
    assert requests.get(address, timeout=5).headers["Content-Type"] == "image/png"


def test_an_option_sent_as_a_form_field_is_not_allowed(plantnet, photo):
    response = plantnet.post(photo, form={"include-related-images": "true"})

    assert_refused(response, 400, '"include-related-images" is not allowed')


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"organs": "leaf"}, '"organs" is not allowed'),
        ({"lang": "xx"}, '"lang" must be one of'),
        ({"nb-results": "0"}, "greater than or equal to 1"),
        ({"nb-results": "many"}, "must be a number"),
        ({"no-reject": "perhaps"}, "must be a boolean"),
        ({"type": "best"}, '"type" must be one of'),
    ],
)
def test_a_bad_option_is_refused(plantnet, photo, query, message):
    assert_refused(plantnet.post(photo, query=query), 400, message)


def test_organs_must_be_as_many_as_photos_or_none(plantnet, photo):
    assert plantnet.post(photo, photo, organs=["leaf", "flower"]).status_code == 200
    assert plantnet.post(photo, photo).json()["query"]["organs"] == ["auto", "auto"]
    assert_refused(plantnet.post(photo, photo, organs=["leaf"]), 400, "length must be equal")
    assert_refused(plantnet.post(photo, organs=["root"]), 400, '"organs[0]" must be one of')


def test_only_jpeg_and_png_are_accepted_whatever_they_are_called(plantnet, photo):
    def encode(kind):
        buffer = io.BytesIO()
        Image.new("RGB", (8, 8)).save(buffer, kind)
        return buffer.getvalue()

    assert plantnet.post(encode("PNG")).status_code in (200, 404)
    assert_refused(plantnet.post(encode("WEBP")), 415, "Unsupported file type for image[0]")
    assert_refused(plantnet.post(photo, b"text"), 415, "Unsupported file type for image[1]")


def test_no_photo_and_six_photos_are_refused(plantnet, photo):
    assert plantnet.post().status_code == 400
    assert_refused(plantnet.post(*[photo] * 6), 400, "less than or equal to 5")


def test_a_photo_without_a_plant_is_404_species_not_found(sandbox, plantnet, photo):
    sandbox.fault("plantnet", "not_a_plant")

    assert_refused(plantnet.post(photo), 404, "Species not found")
    kept = plantnet.post(photo, query={"no-reject": "true"})
    assert kept.status_code == 200
    assert "bestMatch" not in kept.json()
    assert_refused(plantnet.post(photo, project="the-plant-list"), 404, "Project not found")
    counters = sandbox.counters("plantnet")
    assert (counters["answered"], counters["failed"]) == (2, 1)


@pytest.mark.parametrize(("key", "status"), [(None, 401), ("invalid", 401), ("forbidden", 403)])
def test_a_missing_or_refused_key_is_told_in_json_and_costs_nothing(sandbox, photo, key, status):
    assert_refused(PlantNetCaller(sandbox.plantnet_url, key).post(photo), status, "")
    assert sandbox.counters("plantnet")["charged"] == 0


def test_error_replies_cost_one_request(sandbox, plantnet, photo):
    sandbox.set_quota(plantnet_remaining=2)

    assert plantnet.post(photo, organs=["leaf", "leaf"]).status_code == 400
    assert plantnet.post(photo).json()["remainingIdentificationRequests"] == 0
    assert sandbox.counters("plantnet")["charged"] == 2


def test_an_empty_quota_gets_429_until_midnight_utc(sandbox, plantnet, photo):
    sandbox.set_quota(plantnet_remaining=0)
    response = plantnet.post(photo)

    assert_refused(response, 429, "")
    until = parsedate_to_datetime(response.headers["Retry-After"])
    assert until.time() == dt.time()
    assert dt.timedelta() < until - dt.datetime.now(dt.UTC) <= dt.timedelta(days=1)
    assert ";r=0;" in response.headers["RateLimit"]
    assert sandbox.counters("plantnet")["charged"] == 0


def test_each_reply_tells_the_limit_in_headers(plantnet, photo):
    headers = plantnet.post(photo).headers

    assert headers["RateLimit-Policy"].startswith('"dailyQuota";q=500;w=86400;pk=')
    assert ";r=499;t=" in headers["RateLimit"]


def test_the_quota_routes_count_and_are_free(sandbox, plantnet, photo):
    plantnet.post(photo)

    daily = plantnet.get("quota/daily").json()
    assert daily["quota"]["identify"] == {"count": 1, "total": 500, "remaining": 499}
    assert daily["day"] == dt.datetime.now(dt.UTC).date().isoformat()
    assert plantnet.get("quota/daily", day="2020-01-01").json()["quota"]["identify"]["count"] == 0
    assert_refused(plantnet.get("quota/daily", day="yesterday"), 400, "day")
    assert plantnet.get("quota").status_code == 200
    assert_refused(plantnet.get("quota/history", year=2026), 403, "")
    assert plantnet.get("subscription").json()["contract"]["plan"] == "free"
    assert sandbox.counters("plantnet")["charged"] == 1
    assert sandbox.counters("plantnet")["usage_info"] == 6


def test_the_lists_answer(plantnet):
    assert plantnet.get("_status").json() == {"status": "ok"}
    assert "en" in plantnet.get("languages").json()
    assert "k-world-flora" in [project["id"] for project in plantnet.get("projects").json()]
    species = plantnet.get("projects/k-world-flora/species", prefix="aloe", pageSize=1, page=2).json()
    assert [row["scientificNameWithoutAuthor"] for row in species] == ["Aloe vera"]
    assert isinstance(species[0]["gbifId"], int)
    assert_refused(plantnet.get("nowhere"), 404, "")


def test_a_photo_above_fifty_megabytes_is_413(sandbox, plantnet):
    assert_refused(plantnet.post(make_jpeg((1, 2, 3)) + bytes(52_428_800)), 413, "")


def test_a_low_score_has_no_best_match(sandbox, plantnet, photo):
    sandbox.fault("plantnet", "outcome", "low_confidence")
    reply = plantnet.post(photo).json()

    assert reply["results"][0]["score"] < 0.1
    assert "bestMatch" not in reply


def test_a_synonym_comes_without_author_and_gbif_id(sandbox, plantnet):
    sandbox.fault("plantnet", "outcome", {"outcome": "synonym", "species": "Goeppertia makoyana"})
    for colour in range(40):
        reply = plantnet.post(make_jpeg((colour, 0, 0))).json()
        if reply["bestMatch"] == "Calathea makoyana":
            break
    best = reply["results"][0]
    assert "gbif" not in best
    assert best["species"]["scientificNameAuthorship"] == ""
    assert best["species"]["genus"]["scientificName"] == "Calathea"
