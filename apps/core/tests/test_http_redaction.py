import logging

import pytest

from apps.core.http.redaction import RedactingFilter, redact, register_secret


@pytest.mark.parametrize(
    "text",
    [
        "https://my-api.plantnet.org/v2/identify/all?lang=en&api-key=SECRET&nb-results=5",
        "GET /identify?api_key=SECRET HTTP/1.1",
        "{'Api-Key': 'SECRET', 'Accept': '*/*'}",
        "Authorization: Bearer SECRET",
        "X-Api-Key=SECRET",
        "redis://user:SECRET@10.0.0.1:6379/0",
        "rediss://:SECRET@redis.example/0",
        "/identification/9?access_token=SECRET",
    ],
)
def test_a_key_is_removed_and_the_rest_stays(text):
    clean = redact(text)

    assert "SECRET" not in clean
    assert "[redacted]" in clean
    assert clean.split("[redacted]")[0] == text.split("SECRET")[0]


def test_ordinary_text_is_left_alone():
    text = "Ficus lyrata: 3 keys to the species, token ring; lang=en&nb-results=5"

    assert redact(text) == text


def test_a_registered_secret_is_removed_wherever_it_stands_also_encoded():
    register_secret("pl&nt/secret+1")

    assert redact("a pl&nt/secret+1 b pl%26nt%2Fsecret%2B1 c") == "a [redacted] b [redacted] c"


def test_a_word_too_short_for_a_secret_is_not_registered():
    register_secret("test")

    assert redact("this is a test") == "this is a test"


def test_the_filter_cleans_the_arguments_of_a_record_and_keeps_it():
    record = logging.LogRecord("x", logging.INFO, "f", 1, "%s %d", ("/v2?api-key=SECRET", 200), None)

    assert RedactingFilter().filter(record)
    assert record.getMessage() == "/v2?api-key=[redacted] 200"
