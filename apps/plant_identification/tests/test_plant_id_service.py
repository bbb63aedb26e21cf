"""What goes to Plant.id, and what each way of answering is called. The table of failures is shared."""

import base64
import json
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.http import errors
from apps.core.resilience.clock import Deadline
from apps.plant_identification import exceptions
from apps.plant_identification.services.plant_id_service import PlantIDAPIService
from apps.plant_identification.services.provider_http import RETRY_AFTER_MAX_S, retry_after_s
from apps.plant_identification.tests.fake_http import KEY, PHOTO, FakeHttp, answered, question, soon
from apps.plant_identification.types import Options

BASE_URL = "https://plant.id/api/v3"
TOKEN = "token/with a slash"


def identification(**changes):
    reply = {
        "access_token": "x",
        "model_version": "plant_id:5.1.1",
        "status": "COMPLETED",
        "result": {"classification": {"suggestions": [{"name": "Aloe vera", "probability": 0.9}]}},
    }
    return json.dumps(reply | changes)


def service(http, base_url=BASE_URL):
    return PlantIDAPIService(http=http, base_url=base_url, api_key=KEY)


def identify(http, *, with_health=False, about=None):
    return service(http).identify(about or question(), custom_id=17, with_health=with_health, deadline=soon())


def failure_of(*script, call=identify):
    with pytest.raises(exceptions.ProviderError) as caught:
        call(FakeHttp(*script))
    return caught.value


def test_the_photos_go_as_base64_with_our_handle_and_nothing_of_version_2():
    http = FakeHttp(answered(201, identification()))

    identify(http, about=question("leaf", "flower"))

    assert http.sent.method == "POST"
    assert http.sent.url.startswith(f"{BASE_URL}/identification?")
    assert http.sent.headers["Api-Key"] == KEY
    encoded = base64.b64encode(PHOTO).decode()
    assert json.loads(http.sent.body) == {
        "images": [encoded, encoded],
        "similar_images": True,
        "custom_id": 17,
    }


def test_details_and_languages_are_query_parameters_and_english_is_one_of_them():
    http = FakeHttp(answered(201, identification()))

    identify(http, about=question(language="de"))

    assert set(http.query) == {"details", "language"}
    assert http.query["language"] == "de,en"
    assert {"common_names", "gbif_id", "toxicity", "synonyms"} <= set(http.query["details"].split(","))
    assert "treatment" not in http.query["details"]


def test_health_is_asked_for_in_the_same_call_and_only_when_wanted():
    http = FakeHttp(answered(201, identification()))

    identify(http, with_health=True)

    assert json.loads(http.sent.body)["health"] == "all"
    assert "treatment" in http.query["details"].split(",")


def test_the_place_goes_along_only_if_it_is_known():
    http = FakeHttp(answered(201, identification()))

    identify(http, about=question(latitude=49.21, longitude=0.0))

    body = json.loads(http.sent.body)
    assert (body["latitude"], body["longitude"]) == (49.21, 0.0)
    assert "datetime" not in body


@pytest.mark.parametrize("status", [200, 201])
def test_created_is_as_good_as_ok(status):
    reply = identify(FakeHttp(answered(status, identification())))

    assert reply.suggestions[0].scientific_name == "Aloe vera"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, "Invalid image data", exceptions.ProviderRefusedPhoto),
        (400, "", exceptions.ProviderRefusedPhoto),
        (400, "Image format must be JPEG or PNG", exceptions.ProviderRefusedPhoto),
        (413, "<html>too large</html>", exceptions.ProviderRefusedPhoto),
        (415, "", exceptions.ProviderRefusedPhoto),
        (400, '"modifiers" is not allowed', exceptions.ProviderMisconfigured),
        (400, "Unknown detail: colour", exceptions.ProviderMisconfigured),
        (400, "datetime 2026-07-30T17:52:58Z is not in ISO format", exceptions.ProviderMisconfigured),
        (400, "Missing image data", exceptions.ProviderMisconfigured),
        (400, "Custom id is too large", exceptions.ProviderMisconfigured),
        (401, "The specified api key not found.", exceptions.ProviderRefusedKey),
        (403, "", exceptions.ProviderRefusedKey),
        (429, "The specified api key does not have sufficient number of available credits.",
         exceptions.ProviderQuotaReached),
        (301, "", exceptions.ProviderMisconfigured),
        (402, "", exceptions.ProviderMisconfigured),
        (404, "API endpoint not found.", exceptions.ProviderMisconfigured),
        (405, "", exceptions.ProviderMisconfigured),
        (422, "", exceptions.ProviderMisconfigured),
        (408, "", exceptions.ProviderFailed),
        (500, "oops", exceptions.ProviderFailed),
        (503, "<html>", exceptions.ProviderFailed),
        (204, "", exceptions.ProviderReplyUnreadable),
        (202, identification(), exceptions.ProviderReplyUnreadable),
        (200, "<html>Welcome</html>", exceptions.ProviderReplyUnreadable),
        (201, "", exceptions.ProviderReplyUnreadable),
        (201, "[" * 100_000, exceptions.ProviderReplyUnreadable),
        (201, b"\xff\xfe\x00", exceptions.ProviderReplyUnreadable),
        (201, '{"status": "COMPLETED", "result": NaN}', exceptions.ProviderReplyUnreadable),
        (201, identification(status="CREATED"), exceptions.ProviderReplyUnreadable),
    ],
)  # fmt: skip
def test_each_way_of_answering_has_its_name(status, body, kind):
    failure = failure_of(answered(status, body))

    assert type(failure) is kind
    assert failure.request_sent


@pytest.mark.parametrize(
    ("lost", "kind", "sent"),
    [
        (errors.ConnectFailed("refused"), exceptions.ProviderNotReached, False),
        (errors.TimedOut("deadline"), exceptions.ProviderTimedOut, True),
        (errors.ConnectionLost("reset"), exceptions.ProviderFailed, True),
        (errors.ReplyTooLarge("more"), exceptions.ProviderReplyUnreadable, True),
        (errors.ReplyUnreadable("gzip"), exceptions.ProviderReplyUnreadable, True),
        (errors.RequestInvalid("url"), exceptions.ProviderMisconfigured, False),
    ],
)
def test_each_way_of_not_answering_has_its_name_and_says_whether_it_may_have_cost(lost, kind, sent):
    failure = failure_of(lost)

    assert type(failure) is kind
    assert failure.request_sent is sent


def test_without_time_nothing_is_asked():
    http = FakeHttp()

    with pytest.raises(exceptions.ProviderNotAsked):
        service(http).identify(question(), custom_id=1, with_health=False, deadline=Deadline.after(-1))

    assert http.requests == []


@pytest.mark.parametrize("status", [301, 400, 401, 404, 429, 500, 200])
def test_no_trace_of_a_failure_repeats_the_service_s_words_or_the_address(status):
    failure = failure_of(answered(status, f"your key {KEY} was not found at {BASE_URL}"))

    trace = "".join(traceback.format_exception(failure))
    assert KEY not in trace
    assert BASE_URL not in trace


@pytest.mark.parametrize(
    ("value", "seconds"), [("120", 120), (" 7 ", 7), ("0", 0), ("99999999999", RETRY_AFTER_MAX_S)]
)
def test_retry_after_in_seconds(value, seconds):
    assert failure_of(answered(429, "", {"retry-after": value})).retry_after_s == seconds


def test_retry_after_as_a_date_is_read_by_the_service_s_own_clock():
    headers = {"Retry-After": "Sat, 01 Jan 2000 00:00:00 GMT", "Date": "Fri, 31 Dec 1999 23:00:00 GMT"}

    assert failure_of(answered(429, "", headers)).retry_after_s == 3600


def test_retry_after_as_a_date_without_a_clock_beside_it_is_read_by_ours():
    in_an_hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)

    assert 3500 < failure_of(answered(429, "", {"Retry-After": in_an_hour})).retry_after_s <= 3600


def test_a_date_in_the_past_means_now():
    assert retry_after_s({"Retry-After": "Sat, 01 Jan 2000 00:00:00 GMT"}) == 0


@settings(deadline=None)
@given(st.text())
def test_no_retry_after_raises(value):
    seconds = retry_after_s({"Retry-After": value, "Date": value})

    assert seconds is None or 0 <= seconds <= RETRY_AFTER_MAX_S


def fetch_again(http, token=TOKEN):
    return service(http).fetch_again(
        custom_id=17, access_token=token, options=Options(language="fr"), deadline=soon()
    )


def test_a_reply_is_fetched_by_its_token_in_another_language():
    http = FakeHttp(answered(200, identification()))

    assert fetch_again(http).suggestions
    assert http.sent.method == "GET"
    assert http.sent.url.startswith(f"{BASE_URL}/identification/token%2Fwith%20a%20slash?")
    assert http.query["language"] == "fr,en"
    assert http.query["details"]
    assert http.sent.body is None


def test_a_reply_that_nobody_saw_is_fetched_by_our_own_handle():
    http = FakeHttp(answered(200, identification()))

    assert fetch_again(http, token=None).suggestions
    assert http.sent.url.startswith(f"{BASE_URL}/identification/17?")


@pytest.mark.parametrize(
    "reply",
    [
        answered(404, "The requested identification does not exist."),
        answered(200, identification(status="FAILED", result=None)),
    ],
)
def test_what_the_service_does_not_have_is_none(reply):
    assert fetch_again(FakeHttp(reply)) is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, exceptions.ProviderMisconfigured),
        (401, exceptions.ProviderRefusedKey),
        (500, exceptions.ProviderFailed),
    ],
)
def test_fetching_fails_by_the_same_table_but_never_for_a_photo(status, kind):
    assert type(failure_of(answered(status, ""), call=fetch_again)) is kind


def test_a_reply_still_being_worked_on_is_not_taken_for_missing():
    failure = failure_of(answered(200, identification(status="CREATED", result=None)), call=fetch_again)

    assert type(failure) is exceptions.ProviderNotAsked
    assert not failure.is_outage


@pytest.mark.parametrize("status", [200, 204, 404])
def test_deleting_what_is_there_or_gone_is_done(status):
    http = FakeHttp(answered(status))

    service(http).delete(access_token=TOKEN, deadline=soon())

    assert (http.sent.method, http.sent.url) == (
        "DELETE",
        f"{BASE_URL}/identification/token%2Fwith%20a%20slash",
    )


def test_deleting_that_fails_says_so():
    with pytest.raises(exceptions.ProviderFailed):
        service(FakeHttp(answered(503))).delete(access_token=TOKEN, deadline=soon())


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("https://plant.id/api/v3", "plant.id"),
        ("http://127.0.0.1:8123/plant_id/api/v3/", "127.0.0.1:8123"),
        ("https://name:word@Plant.ID/api/v3", "plant.id"),
    ],
)
def test_the_host_keeps_answers_apart_and_holds_no_password(base_url, host):
    assert service(FakeHttp(), base_url).host == host


def test_the_cache_key_has_what_changes_the_reply_and_nothing_else():
    spell = service(FakeHttp()).spell_options

    plain = spell(Options(), with_health=False)
    assert spell(Options(project="weeds"), with_health=False) == plain
    assert spell(Options(language="de"), with_health=False) != plain
    assert spell(Options(), with_health=True) != plain
    assert spell(Options(latitude=49.2, longitude=16.6), with_health=False) != plain
