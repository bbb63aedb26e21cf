import datetime as dt
import time

import pytest
import requests

from provider_sandbox.tests.clients import PlantIdCaller, encode
from provider_sandbox.tests.conftest import make_jpeg

NO_CREDITS = "The specified api key does not have sufficient number of available credits."


def test_an_identification_is_created_with_201_and_names_the_sandbox(plant_id, photo):
    response = plant_id.post(photo)

    assert response.status_code == 201
    reply = response.json()
    assert "sandbox" in reply["model_version"]
    assert len(reply["access_token"]) == 15
    assert reply["status"] == "COMPLETED"
    assert reply["completed"] > reply["created"]
    assert reply["result"]["is_plant"]["binary"] is True


def test_options_are_echoed_only_when_they_were_sent(plant_id, photo):
    bare = plant_id.post(photo).json()["input"]
    full = plant_id.post(photo, similar_images=False, health="all", latitude=49.2, longitude=16.6).json()[
        "input"
    ]

    assert set(bare) == {"latitude", "longitude", "images", "datetime"}
    assert bare["latitude"] is None
    assert full["similar_images"] is False
    assert full["health"] == "all"
    assert (full["latitude"], full["longitude"]) == (49.2, 16.6)


def test_a_form_with_files_under_any_name_is_read_as_the_json_is(plant_id, photo):
    response = plant_id.call(
        "POST",
        "identification",
        files={"whatever": ("a.jpg", photo, "image/jpeg")},
        data={"health": "all", "similar_images": "true", "latitude": "49.2", "custom_id": "77"},
    )

    reply = response.json()
    assert response.status_code == 201
    assert reply["custom_id"] == 77
    assert reply["input"]["latitude"] == 49.2
    best = reply["result"]["classification"]["suggestions"][0]
    assert best["name"] == plant_id.post(photo).json()["result"]["classification"]["suggestions"][0]["name"]


def test_a_data_url_is_the_same_photo_as_its_base64(plant_id, photo):
    as_url = plant_id.post_body({"images": ["data:image/jpeg;base64," + encode(photo)]}).json()

    assert as_url["input"]["images"] == plant_id.post(photo).json()["input"]["images"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"plant_details": ["url"]}, "plant_details"),
        ({"modifiers": ["crops_fast"]}, "modifiers"),
        ({"organs": ["leaf"]}, "organs"),
        ({"datetime": "2026-07-30T17:52:58Z"}, "not in ISO format"),
        ({"datetime": 1_700_000_000}, "not a string"),
        ({"images": ["%%%"]}, "Invalid image data"),
        ({"images": [encode(b"hello, this is no picture")]}, "Invalid image data"),
        ({"images": []}, "Missing image data"),
        ({"images": "abc"}, "list of base64 strings"),
        ({"health": "yes"}, "health"),
        ({"classification_level": "family"}, "classification_level"),
        ({"similar_images": 1}, "similar_images"),
        ({"custom_id": "abc"}, "custom_id"),
        ({"latitude": 91}, "latitude"),
        ({"suggestion_filter": {"classification": "houseplant"}}, "suggestion_filter"),
    ],
)
def test_a_bad_body_is_refused_in_plain_text_and_costs_nothing(sandbox, plant_id, photo, change, words):
    response = plant_id.post_body({"images": [encode(photo)], **change})

    assert response.status_code == 400
    assert response.headers["Content-Type"].startswith("text/plain")
    assert words in response.text
    assert sandbox.counters("plant_id")["charged"] == 0


@pytest.mark.parametrize(
    "query",
    [
        {"details": "common_names,plant_details"},
        {"language": "en,de,fr,it"},
        {"language": "english"},
        {"organs": "leaf"},
    ],
)
def test_a_bad_query_is_refused(plant_id, photo, query):
    assert plant_id.post(photo, query=query).status_code == 400


def test_more_than_five_photos_are_refused(plant_id, photo):
    assert plant_id.post(*[photo] * 5).status_code == 201
    assert plant_id.post(*[photo] * 6).status_code == 400


def test_a_body_that_is_no_json_is_refused(plant_id):
    assert plant_id.call("POST", "identification", data=b"{").text == "Invalid json data"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (None, "No api key provided."),
        ("invalid", "The specified api key not found."),
        ("inactive", "The specified api key is not active."),
    ],
)
def test_a_missing_or_refused_key_gets_401_in_the_service_s_words(sandbox, photo, key, words):
    response = PlantIdCaller(sandbox.plant_id_url, key).post(photo)

    assert (response.status_code, response.text) == (401, words)


def test_details_come_only_when_asked_and_gbif_id_is_a_number(sandbox, plant_id, photo):
    sandbox.fault("plant_id", "outcome", {"outcome": "agree", "species": "Aloe vera"})
    bare = plant_id.post(photo).json()["result"]["classification"]["suggestions"][0]["details"]
    wanted = (
        "common_names,gbif_id,taxonomy,watering,edible_parts,propagation_methods,name_authority,description"
    )
    full = plant_id.post(photo, query={"details": wanted}).json()["result"]["classification"]["suggestions"][
        0
    ]

    assert set(bare) == {"language", "entity_id"}
    assert full["details"]["gbif_id"] == 2777724
    assert full["details"]["taxonomy"]["family"] == "Asphodelaceae"
    assert full["details"]["watering"] == {"min": 1, "max": 1}
    assert full["details"]["edible_parts"] == ["seeds", "leaves"]
    assert full["details"]["name_authority"] == "Aloe vera (L.) Burm.f."
    assert set(full["details"]["description"]) == {"value", "citation", "license_name", "license_url"}


def test_names_are_localised_where_the_catalogue_has_them_and_keyed_when_several_are_asked(
    sandbox, plant_id, photo
):
    sandbox.fault("plant_id", "outcome", {"outcome": "agree", "species": "Helianthus annuus"})

    def names(language):
        query = {"details": "common_names", "language": language}
        best = plant_id.post(photo, query=query).json()["result"]["classification"]["suggestions"][0]
        return best["details"]["common_names"]

    assert names("en")[0] == "Sunflower"
    assert "Gewöhnliche Sonnenblume" in names("de")
    assert names("sv") is None
    assert set(names("en,de")) == {"en", "de"}


def test_every_picture_address_in_a_reply_is_served_by_the_sandbox(sandbox, plant_id, photo):
    best = plant_id.post(photo, similar_images=True, query={"details": "image,url"}).json()["result"][
        "classification"
    ]["suggestions"][0]
    addresses = [image[size] for image in best["similar_images"] for size in ("url", "url_small")]
    addresses.append(best["details"]["image"]["value"])

    for address in addresses:
        assert address.startswith(sandbox.url)
        assert requests.get(address, timeout=5).content.startswith(b"\x89PNG")
    assert requests.get(best["details"]["url"], timeout=5).status_code == 200


def test_raw_classification_is_an_object_by_rank(plant_id, photo):
    suggestions = plant_id.post(photo, classification_raw=True, classification_level="all").json()["result"][
        "classification"
    ]["suggestions"]

    assert set(suggestions) == {"species", "genus", "infraspecies"}
    assert " " in suggestions["species"][0]["name"]


def test_the_genus_level_names_genera_only(plant_id, photo):
    suggestions = plant_id.post(photo, classification_level="genus").json()["result"]["classification"][
        "suggestions"
    ]

    assert all(" " not in suggestion["name"] for suggestion in suggestions)


def test_an_ill_plant_has_diseases_with_treatment_and_a_question(sandbox, plant_id, photo):
    sandbox.fault("plant_id", "outcome", "ill")
    result = plant_id.post(photo, health="all", query={"details": "local_name,description,treatment"}).json()[
        "result"
    ]

    assert result["is_healthy"]["binary"] is False
    worst = result["disease"]["suggestions"][0]
    assert isinstance(worst["details"]["description"], str)
    assert "prevention" in worst["details"]["treatment"]
    assert result["disease"]["question"]["options"]["yes"]["entity_id"] == worst["id"]


def test_a_healthy_plant_lists_a_disease_all_the_same(sandbox, plant_id, photo):
    sandbox.fault("plant_id", "outcome", "agree")
    result = plant_id.post(photo, health="all").json()["result"]

    assert result["is_healthy"]["binary"] is True
    assert result["disease"]["suggestions"]
    assert result["disease"]["question"] is None


@pytest.mark.parametrize(
    ("health", "outcome", "charged"),
    [
        (None, "ill", 1),
        ("all", "ill", 2),
        ("all", "agree", 2),
        ("only", "ill", 1),
        ("auto", "agree", 1),
        ("auto", "ill", 2),
    ],
)
def test_health_costs_a_credit_when_it_is_computed(sandbox, plant_id, photo, health, outcome, charged):
    sandbox.fault("plant_id", "outcome", outcome)

    plant_id.post(photo, health=health)

    assert sandbox.counters("plant_id")["charged"] == charged


def test_a_health_assessment_names_no_plant(sandbox, plant_id, photo):
    response = plant_id.call("POST", "health_assessment", json={"images": [encode(photo)]})

    assert response.status_code == 201
    assert response.json()["input"]["health"] == "only"
    assert "classification" not in response.json()["result"]
    assert sandbox.counters("plant_id")["charged"] == 1


def test_an_identification_is_fetched_again_for_free_in_another_language(sandbox, plant_id, photo):
    sandbox.fault("plant_id", "outcome", {"outcome": "agree", "species": "Helianthus annuus"})
    posted = plant_id.post(photo, custom_id=4711).json()

    for handle in (posted["access_token"], 4711):
        fetched = plant_id.get(f"identification/{handle}", details="common_names", language="it")
        best = fetched.json()["result"]["classification"]["suggestions"][0]
        assert fetched.status_code == 200
        assert best["details"]["common_names"] == ["Girasole comune"]
        assert best["probability"] == posted["result"]["classification"]["suggestions"][0]["probability"]
    assert sandbox.counters("plant_id")["charged"] == 1
    assert sandbox.counters("plant_id")["identify_gets"] == 2


def test_a_deleted_or_unknown_identification_is_404_in_plain_text(plant_id, photo):
    token = plant_id.post(photo, custom_id=5).json()["access_token"]

    assert plant_id.call("DELETE", f"identification/{token}").status_code == 200
    for handle in (token, "5", "9" * 500, "nothing"):
        response = plant_id.get(f"identification/{handle}")
        assert (response.status_code, response.text) == (404, "The requested identification does not exist.")


def test_feedback_is_kept_and_an_empty_one_refused(plant_id, photo):
    token = plant_id.post(photo).json()["access_token"]

    empty = plant_id.call("POST", f"identification/{token}/feedback", json={})
    given = plant_id.call("POST", f"identification/{token}/feedback", json={"rating": 5})

    assert (empty.status_code, empty.text) == (400, "Empty feedback provided.")
    assert given.status_code == 200
    assert plant_id.get(f"identification/{token}").json()["feedback"] == {"rating": 5}


def test_an_asynchronous_identification_has_no_result_until_it_is_done(plant_id, photo):
    posted = plant_id.post(photo, query={"async": "true"}).json()

    assert posted["status"] == "CREATED"
    assert posted["completed"] is None
    assert "result" not in posted

    until = time.monotonic() + 10
    while (fetched := plant_id.get(f"identification/{posted['access_token']}").json())[
        "status"
    ] != "COMPLETED":
        assert time.monotonic() < until
    assert fetched["result"]["is_plant"]


def test_without_credits_posts_get_429_and_usage_info_still_answers(sandbox, plant_id, photo):
    sandbox.set_quota(plant_id_credits=1)

    with_health = plant_id.post(photo, health="all")
    last_one = plant_id.post(photo)
    too_many = plant_id.post(photo)
    usage = plant_id.get("usage_info")

    assert (with_health.status_code, with_health.text) == (429, NO_CREDITS)
    assert last_one.status_code == 201
    assert (too_many.status_code, too_many.text) == (429, NO_CREDITS)
    assert "Retry-After" not in too_many.headers
    assert usage.status_code == 200
    assert usage.json()["can_use_credits"] == {"value": False, "reason": NO_CREDITS}
    assert usage.json()["remaining"]["month"] == 0.0


def test_usage_info_counts_credits_as_floats_in_the_month(plant_id, photo):
    plant_id.post(photo, health="all")
    entity = plant_id.get("kb/plants/name_search", q="Aloe vera").json()["entities"][0]["access_token"]
    plant_id.get(f"kb/plants/{entity}", details="common_names")

    usage = plant_id.get("usage_info").json()

    assert usage["active"] is True
    assert usage["credit_limits"] == {"day": None, "week": None, "total": None, "month": 100}
    assert usage["used"] == {"day": 2.5, "week": 2.5, "month": 2.5, "total": 2.5}
    assert usage["remaining"]["month"] == 97.5


def test_names_are_searched_in_synonyms_and_common_names_too(plant_id):
    def search(**query):
        return plant_id.get("kb/plants/name_search", **query).json()

    assert search(q="aloe vera")["entities"][0]["matched_in_type"] == "entity_name"
    assert search(q="Calathea")["entities"][0]["matched_in_type"] == "synonym"
    assert search(q="Gurke", language="de")["entities"][0]["entity_name"] == "Cucumis sativus"
    trimmed = search(q="a", limit=2)
    assert (len(trimmed["entities"]), trimmed["entities_trimmed"], trimmed["limit"]) == (2, True, 2)
    assert plant_id.get("kb/plants/name_search", q="a", limit=21).status_code == 400


def test_the_time_of_the_photo_is_told_in_utc(plant_id, photo):
    told = plant_id.post(photo, datetime="2026-07-30T17:52:58").json()["input"]["datetime"]

    assert dt.datetime.fromisoformat(told) == dt.datetime(2026, 7, 30, 17, 52, 58, tzinfo=dt.UTC)


def test_ping_and_unknown_addresses_answer(sandbox, plant_id):
    assert requests.get(f"{sandbox.url}/plant_id/ping", timeout=5).status_code == 200
    assert plant_id.get("nowhere").status_code == 404


def test_a_synonym_has_no_gbif_id_and_lists_the_accepted_name(sandbox, plant_id):
    sandbox.fault("plant_id", "outcome", {"outcome": "synonym", "species": "Goeppertia makoyana"})
    for colour in range(40):
        query = {"details": "gbif_id,synonyms,name_authority"}
        best = plant_id.post(make_jpeg((colour, 0, 0)), query=query).json()["result"]["classification"][
            "suggestions"
        ][0]
        if best["name"] == "Calathea makoyana":
            break
    assert best["details"]["gbif_id"] is None
    assert best["details"]["name_authority"] is None
    assert best["details"]["synonyms"] == ["Goeppertia makoyana"]
