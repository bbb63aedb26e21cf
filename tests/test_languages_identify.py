"""The language of an identification: what the services are asked in, and what becomes of their names."""

import pytest
from django.contrib.auth.models import AnonymousUser

from apps.core.languages import writing_in
from apps.core.redis import get_redis
from apps.core.sentences import Sentence
from apps.plant_identification import constants
from apps.plant_identification.exceptions import IdentificationUnavailable
from apps.plant_identification.models import IdentificationAnswer, PlantIdentificationRequest
from apps.plant_identification.services.answer_failures import AnswerFailureCodec
from apps.plant_identification.services.combined_identification_service import get_service
from apps.plant_identification.services.merging import merge_replies
from apps.plant_identification.services.photos import PhotoNotAccepted
from apps.plant_identification.services.plant_id_parser import parse_identification
from apps.plant_identification.services.plantnet_service import LANGUAGES as PLANTNET_LANGUAGES
from apps.plant_identification.services.registry import registry
from apps.plant_identification.tasks import answer_queued
from apps.plant_identification.tests.conftest import identify, make_photo, providers, upload
from apps.plant_identification.types import Options, ProviderReply, ProviderSuggestion

__all__ = ["identify", "providers", "upload"]

pytestmark = pytest.mark.django_db(transaction=True)

GERMAN = {"Accept-Language": "de-CH, en;q=0.5"}
DAISY = "Bellis perennis"  # has names in English and German, none in French
MANGO = "Mangifera indica"  # has English names and no German ones


def see(sandbox, species):
    sandbox.fault("both", "outcome", {"outcome": "agree", "species": species, "confidence": 0.97})


def asked_in(sandbox):
    def language(provider, name):
        return dict(map(tuple, sandbox.last(provider)["query"])).get(name)

    return {"plant_id": language("plant_id", "language"), "plantnet": language("plantnet", "lang")}


def credits_spent(sandbox):
    return sandbox.counters("plant_id")["identify_posts"]


@pytest.mark.parametrize(
    ("fields", "headers", "plant_id", "plantnet", "written"),
    [
        ({}, {}, "en", "en", "en"),
        ({}, GERMAN, "de,en", "de", "de"),
        ({"language": "fr"}, GERMAN, "fr,en", "fr", "en"),
        ({"language": "en"}, GERMAN, "en", "en", "en"),
        ({}, {"Accept-Language": "tlh, it"}, "it,en", "it", "en"),
        ({}, {"Accept-Language": "tlh"}, "en", "en", "en"),
        ({"language": ""}, GERMAN, "de,en", "de", "de"),
        ({"language": "gu"}, {}, "gu,en", "en", "en"),  # Pl@ntNet does not know Gujarati
    ],
)
def test_each_service_is_asked_in_the_best_language_it_knows(
    providers, identify, fields, headers, plant_id, plantnet, written
):
    see(providers, DAISY)

    response = identify(make_photo(1), headers=headers, **fields)

    assert response.status_code == 200, response.json()
    assert asked_in(providers) == {"plant_id": plant_id, "plantnet": plantnet}
    assert response["Content-Language"] == response.json()["languages"]["summary"] == written
    assert "accept-language" in response["Vary"].lower()


def test_names_and_sentences_are_in_the_language_asked(providers, identify):
    see(providers, DAISY)

    answer = identify(make_photo(1), headers=GERMAN).json()

    assert answer["common_names"] == ["Gänseblümchen"]
    assert answer["summary"].startswith("Das ist sehr wahrscheinlich Bellis perennis (Gänseblümchen)")
    assert answer["languages"]["common_names"] == "de"
    assert answer["suggestions"][0]["languages"]["common_names"] == "de"


def test_english_names_stand_in_where_a_plant_has_no_others_and_say_so(providers, identify):
    see(providers, MANGO)

    answer = identify(make_photo(1), headers=GERMAN).json()

    assert answer["common_name"] == "Mango"
    assert answer["languages"]["common_names"] == "en"
    assert answer["languages"]["summary"] == "de"


def test_names_fall_back_plant_by_plant(providers, identify):
    see(providers, "Citrus × aurantium")  # the lemon, which looks alike, has no German name

    suggestions = identify(make_photo(1), headers=GERMAN).json()["suggestions"]

    told = {each["languages"].get("common_names") for each in suggestions if each["common_names"]}
    assert told == {"de", "en"}
    assert suggestions[0]["common_names"] == ["Orange"]


def test_without_the_service_that_knows_english_too_there_is_no_name_rather_than_a_wrong_one(
    providers, identify
):
    see(providers, MANGO)
    providers.fault("plant_id", "status", 500)

    answer = identify(make_photo(1), language="de").json()

    assert answer["plant_name"] == MANGO
    assert (answer["common_name"], answer["common_names"]) == (None, [])
    assert "common_names" not in answer["languages"]


def test_names_of_a_service_that_answered_in_english_do_not_pass_for_another_language(providers, identify):
    see(providers, DAISY)
    providers.fault("plant_id", "status", 500)

    answer = identify(make_photo(1), language="gu").json()

    assert answer["common_name"] in {"Daisy", "English daisy", "True daisy", "Lawn daisy"}
    assert answer["languages"]["common_names"] == "en"


def test_texts_the_service_has_in_english_only_are_marked_as_english(providers, identify):
    see(providers, "Prunus persica")

    answer = identify(make_photo(1), headers=GERMAN).json()

    english = {
        "toxicity": answer["toxicity"],
        "watering_text": answer["watering_text"],
        "care_instructions.light": (answer["care_instructions"] or {}).get("light"),
    }
    assert any(english.values())
    for name, text in english.items():
        assert answer["languages"].get(name) == ("en" if text else None), name


def test_another_language_costs_no_second_identification_and_no_mixed_up_cache(providers, identify):
    see(providers, DAISY)
    photo = make_photo(1)

    answers = {code: identify(photo, language=code).json() for code in ("en", "de", "fr")}
    again = identify(photo, headers=GERMAN).json()

    assert credits_spent(providers) == 1
    assert again["cache"] == "hit"
    assert again["common_names"] == answers["de"]["common_names"] == ["Gänseblümchen"]
    assert answers["en"]["common_name"] == "Daisy"
    assert answers["fr"]["languages"]["common_names"] == "en"
    assert {row.options["language"] for row in IdentificationAnswer.objects.all()} == {"de", "en", "fr"}


def test_a_language_nobody_has_heard_of_is_refused_with_the_list(providers, identify):
    response = identify(make_photo(1), language="klingon", headers=GERMAN)

    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert (error["field"], error["code"]) == ("language", "invalid_choice")
    assert error["message"] == f"Bitte eine dieser Sprachen wählen: {', '.join(constants.LANGUAGES)}."
    assert credits_spent(providers) == 0


def test_the_forms_language_is_that_of_its_mistakes_too(providers, identify):
    response = identify(make_photo(1), language="de", latitude="91", longitude="0")

    [error] = response.json()["errors"]
    assert error["message"] == "Stelle sicher, dass dieser Wert kleiner oder gleich 90 ist."
    assert response["Content-Language"] == "de"


def test_a_stored_answer_stays_in_its_language_whoever_reads_it(providers, identify, api_client):
    see(providers, DAISY)
    link = identify(make_photo(1), language="de").json()["links"]["self"]

    read = api_client.get(link, headers={"Accept-Language": "en"})

    assert read.json()["common_names"] == ["Gänseblümchen"]
    assert read["Content-Language"] == "de"


def test_one_callers_failure_is_told_to_another_in_the_others_language(providers, identify, upload):
    """A worker asks what a person has just asked in vain, and speaks English."""
    providers.fault("both", "status", 413)
    told = identify(make_photo(1), headers=GERMAN).json()["detail"]

    with pytest.raises(PhotoNotAccepted) as shared:
        get_service().identify_plant([upload(1)], Options(language="de"), AnonymousUser())

    assert credits_spent(providers) == 1
    assert told.startswith("Die Bestimmungsdienste konnten dieses Foto nicht lesen.")
    assert str(shared.value.detail).startswith("The identification services could not read this photo.")
    assert str(shared.value.errors[0].message) == str(shared.value.detail)


@pytest.mark.parametrize(
    ("failure", "german"),
    [
        (IdentificationUnavailable(retry_after_s=5), "Die Dienste zur Pflanzenbestimmung sind"),
        (
            PhotoNotAccepted(Sentence("Send at most %(most)d photos of one plant.", {"most": 5})),
            "Bitte höchstens 5 Fotos einer Pflanze senden.",
        ),
    ],
)
def test_a_kept_failure_knows_no_language(failure, german):
    codec = AnswerFailureCodec()
    with writing_in("de"):
        kept = codec.encode(failure)

    assert german not in str(kept)
    told = codec.decode(kept)
    assert str(told.detail) == str(failure.detail)
    with writing_in("de"):
        assert str(told.detail).startswith(german)


def test_a_photo_in_the_queue_is_answered_in_the_language_it_came_in(providers, identify, api_client):
    see(providers, DAISY)
    providers.fault("both", "status", 503)
    queued = identify(make_photo(1), headers={**GERMAN, "Prefer": "respond-async"})
    link = queued.json()["links"]["self"]

    waiting = api_client.get(link)
    assert waiting.json()["summary"].startswith("Das Foto ist in der Warteschlange.")
    assert waiting["Content-Language"] == "de"

    providers.clear_faults()
    see(providers, DAISY)
    get_redis().flushdb()
    for provider in registry().providers:
        provider.call.circuit.force_closed()
    assert answer_queued() == 1
    assert api_client.get(link).json()["summary"].startswith("Das ist sehr wahrscheinlich")


def test_a_queued_photo_that_is_gone_is_told_of_in_its_language(providers, identify, api_client):
    providers.fault("both", "status", 503)
    link = identify(make_photo(1), headers={**GERMAN, "Prefer": "respond-async"}).json()["links"]["self"]
    PlantIdentificationRequest.objects.update(photos=None)

    assert answer_queued() == 1

    assert api_client.get(link).json()["summary"].startswith("Das Foto ist nicht mehr vorhanden.")


def names(said, language=None):
    return ProviderSuggestion(
        scientific_name=DAISY,
        rank="species",
        score=0.9,
        common_names=said,
        languages={"common_names": language} if language else {},
    )


def merged(first, second, language="de"):
    replies = [
        ProviderReply(provider="plant_id", model_version=None, suggestions=(first,)),
        ProviderReply(provider="plantnet", model_version=None, suggestions=(second,)),
    ]
    answer = merge_replies(replies, language=language)
    return answer.common_names, answer.languages.get("common_names"), answer.sources.get("common_names")


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (names(("Daisy",), "en"), names(("Tausendschön",), "de"), (("Tausendschön",), "de", "plantnet")),
        (names(("Gänseblümchen",), "de"), names(("Daisy",), "en"), (("Gänseblümchen",), "de", "plant_id")),
        (names(("Daisy",), "en"), names((), "de"), (("Daisy",), "en", "plant_id")),
        (names(("Pâquerette",), "fr"), names((), "de"), ((), None, None)),
        (
            names(("Gänseblümchen",)),
            names(("Maßliebchen",), "de"),
            (("Gänseblümchen", "Maßliebchen"), "de", "combined"),
        ),
    ],
)
def test_names_are_merged_in_one_language(first, second, told):
    assert merged(first, second) == told


@pytest.mark.parametrize(
    ("details", "told"),
    [
        ({"common_names": {"de": ["Maßliebchen"], "en": ["Daisy"]}}, (("Maßliebchen",), "de")),
        ({"common_names": {"de": None, "en": ["Daisy"]}}, (("Daisy",), "en")),
        ({"common_names": {"de": None, "en": None}}, ((), None)),
        ({"common_names": ["Maßliebchen"], "language": "de"}, (("Maßliebchen",), "de")),
        ({"common_names": ["Daisy"], "language": ["de", "en"]}, (("Daisy",), None)),
        ({"common_names": {"de": 7, "en": {}}}, ((), "de")),
    ],
)
def test_plant_ids_names_are_read_whether_told_per_language_or_not(details, told):
    payload = {
        "status": "COMPLETED",
        "result": {
            "classification": {"suggestions": [{"name": DAISY, "probability": 0.9, "details": details}]}
        },
    }

    [suggestion] = parse_identification(payload, ("de", "en")).suggestions

    assert (suggestion.common_names, suggestion.languages.get("common_names")) == told


def test_plantnets_languages_are_among_those_an_identification_takes():
    assert set(constants.LANGUAGES) >= PLANTNET_LANGUAGES
