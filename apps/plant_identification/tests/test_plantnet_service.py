"""What goes to Pl@ntNet, and what its answers are called. The shared table is tested with Plant.id."""

import json
import traceback

import pytest

from apps.core.http import errors
from apps.plant_identification import exceptions
from apps.plant_identification.services.plantnet_service import LANGUAGES, PlantNetAPIService
from apps.plant_identification.tests.fake_http import KEY, PHOTO, FakeHttp, answered, question, soon
from apps.plant_identification.types import Options, Organ

BASE_URL = "https://my-api.plantnet.org/v2"
RESULTS = {
    "results": [{"score": 0.9, "species": {"scientificNameWithoutAuthor": "Zea mays"}}],
    "remainingIdentificationRequests": 41,
}


def service(http):
    return PlantNetAPIService(http=http, base_url=BASE_URL, api_key=KEY)


def identify(http, about=None):
    return service(http).identify(about or question(), custom_id=17, with_health=True, deadline=soon())


def refusal(status, message, **headers):
    body = {"statusCode": status, "error": "…", "message": message}
    return answered(status, json.dumps(body), headers)


def test_options_and_key_go_in_the_query_and_only_photos_and_organs_in_the_body():
    http = FakeHttp(answered(200, json.dumps(RESULTS)))

    identify(http, question(Organ.LEAF, Organ.AUTO, language="fr"))

    assert http.sent.method == "POST"
    assert http.sent.url.startswith(f"{BASE_URL}/identify/all?")
    assert http.query == {"api-key": KEY, "lang": "fr", "nb-results": "10", "include-related-images": "true"}
    assert KEY.encode() not in http.sent.body
    assert {name for name, _, _ in http.parts} == {"images", "organs"}


def test_there_is_one_organ_for_each_photo_in_their_order():
    http = FakeHttp(answered(200, json.dumps(RESULTS)))

    identify(http, question(Organ.LEAF, Organ.AUTO, Organ.FLOWER))

    photos = [(file_name, content) for name, file_name, content in http.parts if name == "images"]
    organs = [content.decode() for name, _, content in http.parts if name == "organs"]
    assert [content for _, content in photos] == [PHOTO] * 3
    assert [file_name for file_name, _ in photos] == ["photo-1.jpg", "photo-2.jpg", "photo-3.jpg"]
    assert organs == ["leaf", "auto", "flower"]


def test_the_flora_is_a_part_of_the_path_and_cannot_leave_it():
    http = FakeHttp(answered(200, json.dumps(RESULTS)))

    identify(http, question(project="../quota?x=1"))

    assert http.sent.url.startswith(f"{BASE_URL}/identify/..%2Fquota%3Fx%3D1?")


@pytest.mark.parametrize(("language", "asked"), [("de", "de"), ("xx", "en"), ("", "en"), ("EN", "en")])
def test_a_language_the_service_may_not_know_becomes_english(language, asked):
    http = FakeHttp(answered(200, json.dumps(RESULTS)))

    identify(http, question(language=language))

    assert http.query["lang"] == asked


def test_every_language_is_a_two_letter_code():
    assert all(len(code) == 2 and code.islower() for code in LANGUAGES)


def test_species_not_found_is_an_answer_and_no_failure():
    reply = identify(FakeHttp(refusal(404, "Species not found")))

    assert reply.is_plant is False
    assert reply.suggestions == ()


def test_what_is_left_of_the_day_comes_from_the_header_where_the_body_is_silent():
    reply = identify(FakeHttp(refusal(404, "Species not found", RateLimit='"dailyQuota";r=12;t=3600')))

    assert reply.remaining_calls == 12


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (404, "Project not found", exceptions.ProviderMisconfigured),
        (404, "", exceptions.ProviderMisconfigured),
        (400, '"include-related-images" is not allowed', exceptions.ProviderMisconfigured),
        (400, "images[] length and organs[] length must be equal", exceptions.ProviderMisconfigured),
        (400, '"lang" must be one of [en, fr]', exceptions.ProviderMisconfigured),
        (400, "Unsupported file type for image[0] (jpeg or png)", exceptions.ProviderRefusedPhoto),
        (400, "Image could not be decoded", exceptions.ProviderRefusedPhoto),
        (413, "too large", exceptions.ProviderRefusedPhoto),
        (415, "Unsupported file type for image[0]", exceptions.ProviderRefusedPhoto),
        (401, "Unauthorized", exceptions.ProviderRefusedKey),
        (403, "Forbidden", exceptions.ProviderRefusedKey),
        (414, "", exceptions.ProviderMisconfigured),
        (503, "", exceptions.ProviderFailed),
    ],
)
def test_each_way_of_refusing_has_its_name(status, message, kind):
    with pytest.raises(exceptions.ProviderError) as caught:
        identify(FakeHttp(refusal(status, message)))

    assert type(caught.value) is kind


def test_a_spent_day_says_when_the_next_begins():
    headers = {"Retry-After": "Tue, 03 Mar 2026 00:00:00 GMT", "Date": "Mon, 02 Mar 2026 22:30:00 GMT"}

    with pytest.raises(exceptions.ProviderQuotaReached) as caught:
        identify(FakeHttp(refusal(429, "Too Many Requests", **headers)))

    assert caught.value.retry_after_s == 5400


@pytest.mark.parametrize(
    "happened",
    [
        errors.ConnectFailed(BASE_URL + KEY),
        errors.TimedOut(BASE_URL + KEY),
        errors.ConnectionLost(BASE_URL + KEY),
        answered(500),
        answered(200),
    ],
)
def test_no_trace_of_a_failure_holds_the_key_or_the_address(happened):
    with pytest.raises(exceptions.ProviderError) as caught:
        identify(FakeHttp(happened))

    trace = "".join(traceback.format_exception(caught.value))
    assert KEY not in trace
    assert "plantnet.org" not in trace


def test_nothing_can_be_fetched_again_or_deleted_and_nobody_is_asked():
    http = FakeHttp()

    assert (
        service(http).fetch_again(custom_id=1, access_token="t", options=Options(), deadline=soon()) is None
    )
    service(http).delete(access_token="t", deadline=soon())

    assert http.requests == []


def test_the_quota_of_the_day_is_asked_for_free():
    body = {"day": "2026-03-02", "quota": {"identify": {"count": 460, "total": 500, "remaining": 40}}}
    http = FakeHttp(answered(200, json.dumps(body)))

    assert service(http).usage(deadline=soon()).remaining == 40
    assert http.sent.url == f"{BASE_URL}/quota/daily?api-key={KEY}"


def test_the_cache_key_has_what_changes_the_reply_and_nothing_else():
    spell = service(FakeHttp()).spell_options

    plain = spell(Options(), with_health=False)
    assert spell(Options(latitude=49.2, longitude=16.6), with_health=True) == plain
    assert spell(Options(language="xx"), with_health=False) == plain
    assert spell(Options(language="de"), with_health=False) != plain
    assert spell(Options(project="weeds"), with_health=False) != plain
