"""In which language the API speaks: the reader's, where we write it, else English."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from apps.core.api.problems import throttled_for
from apps.core.codes import ErrorCode
from apps.core.images.errors import PhotoTooSmall
from apps.core.languages import best_language, writing_in, written_language
from apps.core.sentences import Sentence
from apps.users.tests.conftest import mails_from

__all__ = ["mails_from"]

META = "/api/v1/meta/"
NOTHING = "/api/v1/no-such-thing/"
TOKEN = "/api/v1/auth/token/"
REGISTER = "/api/v1/auth/register/"
pytestmark = pytest.mark.django_db

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", None),
        ("de", "de"),
        ("DE-at", "de"),
        ("zh-Hant-TW", "zh"),
        ("fr;q=0.3, de;q=0.8", "de"),
        ("xx, de;q=0.1", "de"),
        ("de;q=0, en", "en"),
        ("*", None),
        ("tlh-Latn", None),
        ("de;q=2", None),
        ("; DROP TABLE", None),
        ("de" * 5_000, None),
    ],
)
def test_the_best_known_language_of_a_header_is_chosen(header, language):
    assert best_language(header, {"de", "en", "fr", "zh"}) == language


@given(st.text())
def test_no_header_makes_choosing_fail(header):
    assert best_language(header, {"de", "en"}) in {"de", "en", None}


def test_who_reads_a_language_we_do_not_write_is_written_to_in_english():
    assert [written_language(code) for code in ("de", "en", "fr")] == ["de", "en", "en"]


def test_a_sentence_is_said_in_the_language_of_the_moment_not_of_its_making():
    with writing_in("de"):
        failure = PhotoTooSmall(width=10, height=20, min_side=64)

    assert failure.message.startswith("The photo has only 10 x 20 pixels; each side needs at least 64.")
    with writing_in("de"):
        assert failure.message.startswith("Das Foto hat nur 10 × 20 Pixel; jede Seite braucht mindestens 64.")


def test_a_sentence_survives_a_cache_with_its_numbers_and_its_plural():
    said = Sentence("%(count)d leaf", {"count": 2}, plural="%(count)d leaves")

    assert str(Sentence.read(said.spell())) == "2 leaves"
    assert str(Sentence.read(Sentence("100 % green").spell())) == "100 % green"


@pytest.mark.parametrize("path", [NOTHING, "/api/no-such-thing/", "/api/v2/pages/0/"])
def test_errors_are_told_in_the_readers_language_and_say_which_it_is(path):
    response = Client().get(path, headers=GERMAN)

    problem = response.json()
    assert (problem["title"], problem["status"]) == ("Nicht gefunden", 404)
    assert problem["detail"].endswith("gibt es nichts.") or problem["detail"].startswith("Diesen Inhalt")
    assert response["Content-Language"] == "de"
    assert "accept-language" in response["Vary"].lower()


def test_what_programs_read_is_the_same_in_every_language():
    english, german = (Client().get(NOTHING, headers={"Accept-Language": code}) for code in ("en", "de"))

    for field in ("type", "status", "code", "instance"):
        assert english.json()[field] == german.json()[field]
    assert german.json()["code"] == ErrorCode.NOT_FOUND


@pytest.mark.parametrize("header", [None, "fr", "*", "x-klingon", "de;q=0"])
def test_whoever_reads_neither_of_our_languages_gets_english(header):
    response = Client().get(NOTHING, headers={"Accept-Language": header} if header else {})

    assert response.json()["detail"] == "There is nothing at this address."
    assert response["Content-Language"] == "en"


def test_no_cookie_and_no_session_chooses_the_language():
    client = Client()
    client.cookies["django_language"] = "de"

    response = client.get(NOTHING)

    assert response["Content-Language"] == "en"
    assert "cookie" not in response["Vary"].lower()


def test_the_frameworks_own_messages_are_translated_too():
    response = Client().post(TOKEN, {}, content_type="application/json", headers=GERMAN)

    problem = response.json()
    assert problem["errors"] == [
        {"field": "password", "code": "required", "message": "Dieses Feld muss ausgefüllt werden."}
    ]
    assert problem["detail"] == "Feld „Password“: Dieses Feld muss ausgefüllt werden."


def test_who_is_not_let_in_reads_why():
    body = {"login": "nobody", "password": "wrong"}

    response = Client().post(TOKEN, body, content_type="application/json", headers=GERMAN)

    assert response.json()["detail"] == "Das Konto oder das Passwort stimmt nicht."


def test_a_number_in_a_sentence_bends_the_words_around_it():
    with writing_in("de"):
        assert str(throttled_for(1)).endswith("In 1 Sekunde voraussichtlich wieder möglich.")
        assert str(throttled_for(7)).endswith("In 7 Sekunden voraussichtlich wieder möglich.")
    assert str(throttled_for(7)) == "Request was throttled. Expected available in 7 seconds."


def test_a_client_that_is_too_old_is_told_so_in_its_readers_language(settings):
    settings.MIN_CLIENT_VERSION = "3.0.0"

    response = Client().get(META, headers={**GERMAN, "X-Client-Version": "android/2.4.1"})

    assert response.json()["detail"].startswith("Diese Version der App ist zu alt.")
    assert {"accept-language", "x-client-version"} <= {
        name.strip().lower() for name in response["Vary"].split(",")
    }


@pytest.mark.parametrize("path", ["/api/schema/", "/api/v2/pages/", "/"])
def test_what_is_the_same_for_every_reader_does_not_vary(path):
    english, german = (Client().get(path, headers={"Accept-Language": code}) for code in ("en", "de"))

    assert german.content == english.content or path == "/"
    assert not german.has_header("Content-Language")
    assert "accept-language" not in german.get("Vary", "").lower()


def test_the_language_of_one_request_is_not_the_next_ones():
    client = Client()
    client.get(NOTHING, headers=GERMAN)

    assert translation.get_language() == "en"
    assert client.get(NOTHING)["Content-Language"] == "en"


@pytest.mark.django_db(transaction=True)
def test_readers_at_the_same_time_do_not_mix_up_their_languages():
    def ask(code):
        try:
            response = Client().get(NOTHING, headers={"Accept-Language": code})
            return code, response["Content-Language"], response.json()["title"]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as readers:
        answers = set(readers.map(ask, ["de", "en"] * 20))

    assert answers == {("de", "de", "Nicht gefunden"), ("en", "en", "Not found")}


def test_meta_tells_which_languages_there_are():
    languages = Client().get(META).json()["languages"]

    assert languages["texts"] == ["en", "de"]
    assert {"de", "en", "fr", "zh"} <= set(languages["common_names"])


@pytest.mark.parametrize(
    ("header", "subject", "greeting"),
    [("de", "E-Mail-Adresse bestätigen", "Guten Tag,"), ("fr", "Confirm your e-mail address", "Hello,")],
)
def test_a_mail_is_written_in_the_language_of_the_request(mails_from, settings, header, subject, greeting):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.REGISTER_RATE = 1_000
    body = {"email": f"rose-{header}@example.org", "password": "old-oak-in-winter"}
    headers = {"Accept-Language": header}

    def register():
        return Client().post(REGISTER, body, content_type="application/json", headers=headers)

    response, mails = mails_from(register)

    assert response.status_code == 202, response.content
    [letter] = mails
    assert (letter.subject, letter.body.split("\n")[0]) == (subject, greeting)
    assert "&" not in letter.body.replace("&key", "")
    assert mail.outbox[-1] is letter


def test_the_page_a_mail_leads_to_is_in_the_readers_language():
    german = Client().get("/api/v1/auth/email/confirm/?key=x", headers=GERMAN)
    assert german.status_code == 200
    assert '<html lang="de">' in german.content.decode()
    assert "Bestätigen" in german.content.decode()


def test_a_task_speaks_english_unless_what_it_works_for_says_otherwise():
    from django.conf import settings

    assert translation.get_language() == settings.LANGUAGE_CODE == "en"
    with translation.override(None), writing_in("de"):
        assert str(Sentence("No photo was sent.")) == "Es wurde kein Foto gesendet."


def test_a_title_is_english_until_somebody_is_told():
    """The settings and the description of the API read it: it must not ask what the language is."""
    with writing_in("de"):
        assert ErrorCode.NOT_FOUND.title == "Not found"
