"""Plant.id v3 replies: everything recorded is read, and nothing hostile gets through."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.plant_identification.exceptions import ProviderReplyUnreadable
from apps.plant_identification.services import reading
from apps.plant_identification.services.plant_id_parser import parse_identification
from apps.plant_identification.tests.hostile_json import JSON, places, read_or_refuse, replaced
from apps.plant_identification.types import Watering

SAMPLES = Path(__file__).parent / "samples"
_NO_IDENTIFICATION = ("conversation", "errors", "kb_", "usage_info")
IDENTIFICATIONS = sorted(
    path.name
    for path in SAMPLES.glob("plant_id_v3_*.json")
    if not any(part in path.name for part in _NO_IDENTIFICATION)
)
OTHERS = sorted(path.name for path in SAMPLES.glob("*.json") if path.name not in IDENTIFICATIONS)


def sample(name):
    return json.loads((SAMPLES / name).read_text())


def reply_with(*suggestions, **result):
    entries = [{"name": "Aloe vera", "probability": 0.9} | entry for entry in suggestions or ({},)]
    return {
        "access_token": "xxxxxxxxxxxxxxx",
        "model_version": "plant_id:5.1.1",
        "status": "COMPLETED",
        "result": {"classification": {"suggestions": entries}} | result,
    }


def parse_details(**details):
    return parse_identification(reply_with({"details": details})).suggestions[0]


@pytest.mark.parametrize("name", IDENTIFICATIONS)
def test_every_recorded_identification_is_read(name):
    reply = parse_identification(sample(name))

    assert reply.model_version.startswith("plant_id:")
    assert reply.suggestions or reply.health
    assert reply.access_token


@pytest.mark.parametrize("name", OTHERS)
def test_no_other_recording_passes_for_an_identification(name):
    with pytest.raises(ProviderReplyUnreadable):
        parse_identification(sample(name))


def test_a_reply_with_details_is_read_to_the_last_field():
    reply = parse_identification(sample("plant_id_v3_leucojum_vernum_details.json"))

    assert (reply.is_plant, reply.is_plant_probability) == (True, 1.0)
    [snowflake] = reply.suggestions
    assert snowflake.scientific_name == "Leucojum vernum"
    assert snowflake.rank == "species"
    assert snowflake.score == 0.9998678
    assert snowflake.gbif_id == 2860409
    assert (snowflake.genus, snowflake.family) == ("Leucojum", "Amaryllidaceae")
    assert snowflake.common_names == ("Spring Snowflake",)
    assert "Leucojum vernum subsp. carpathicum" in snowflake.synonyms
    assert snowflake.description.startswith("Leucojum vernum, called the spring snowflake")
    assert snowflake.description_attribution.license_name == "CC BY-SA 3.0"
    assert snowflake.image_attribution.citation == "//commons.wikimedia.org/wiki/User:Smihael"
    assert snowflake.edible_parts is None
    assert snowflake.watering is None
    assert [image.provider for image in snowflake.similar_images] == ["plant_id", "plant_id"]


def test_health_comes_with_the_service_s_own_verdict():
    reply = parse_identification(sample("plant_id_v3_aloe_vera_health_all.json"))

    assert reply.health.is_healthy is False
    assert [disease.name for disease in reply.health.diseases] == [
        "water excess or uneven watering",
        "mechanical damage",
    ]
    assert [(each.scientific_name, each.rank) for each in reply.suggestions] == [
        ("Aloe vera", "species"),
        ("Bulbine", "genus"),
    ]


def test_the_verdict_is_not_worked_out_from_a_threshold_that_moves():
    verdict = {"probability": 0.6, "threshold": 0.63, "binary": True}

    assert parse_identification(reply_with(is_healthy=verdict)).health.is_healthy is True


def test_an_old_reply_about_health_alone_says_nothing_about_being_a_plant():
    reply = parse_identification(sample("plant_id_v3_health_assessment_healthy_details.json"))

    assert reply.is_plant is None
    assert reply.suggestions == ()
    assert reply.health.is_healthy is True
    senescence = reply.health.diseases[0]
    assert senescence.treatment.biological == ("Remove dead parts of the plant.",)
    assert senescence.treatment.chemical == ()
    assert senescence.description.startswith("Senescence is a process")


def test_the_question_between_two_diseases_keeps_what_each_answer_speaks_for():
    reply = parse_identification(sample("plant_id_v3_health_only_unhealthy_question_shape.json"))

    assert reply.health.question.text
    yes, no = reply.health.question.options
    assert yes.startswith("Yes: ")
    assert no.startswith("No: ")


def test_raw_classification_is_read_rank_by_rank():
    reply = parse_identification(sample("plant_id_v3_aloe_vera_classification_raw.json"))

    ranks = {each.scientific_name: each.rank for each in reply.suggestions}
    assert ranks["Aloe vera"] == "species"
    assert ranks["Aloe"] == "genus"
    assert ranks["Gasteria carinata var. carinata"] == "infraspecies"


def test_suggestions_come_best_first_whatever_the_order_of_the_reply():
    reply = parse_identification(
        reply_with({"name": "Ficus elastica", "probability": 0.1}, {"name": "Aloe vera", "probability": 0.8})
    )

    assert [each.score for each in reply.suggestions] == [0.8, 0.1]


@pytest.mark.parametrize("status", ["CREATED", "SUBMITTED", "FAILED", None, 3])
def test_an_identification_that_is_not_completed_is_no_answer(status):
    with pytest.raises(ProviderReplyUnreadable):
        parse_identification(reply_with() | {"status": status})


@pytest.mark.parametrize("result", [None, [], "done", {}, {"classification": None, "is_plant": None}])
def test_a_completed_identification_without_a_result_is_no_answer(result):
    with pytest.raises(ProviderReplyUnreadable):
        parse_identification(reply_with() | {"result": result})


def test_what_is_no_plant_may_still_carry_suggestions():
    reply = parse_identification(
        reply_with(is_plant={"probability": 0.02, "threshold": 0.5, "binary": False})
    )

    assert reply.is_plant is False
    assert len(reply.suggestions) == 1


@pytest.mark.parametrize(
    "probability", [float("nan"), float("inf"), -0.2, 1.5, 90, "0.9", True, None, [0.9], 10**400]
)
def test_a_score_that_is_no_probability_makes_the_reply_unreadable(probability):
    with pytest.raises(ProviderReplyUnreadable):
        parse_identification(reply_with({"probability": probability}))


@pytest.mark.parametrize("name", [None, "", "   ", 7, ["Aloe vera"], "\x00"])
def test_a_suggestion_without_a_name_makes_the_reply_unreadable(name):
    with pytest.raises(ProviderReplyUnreadable):
        parse_identification(reply_with({"name": name}))


def test_thousands_of_suggestions_are_cut_to_the_best():
    many = [{"name": "Aloe vera", "probability": number / 10_000} for number in range(10_000)]

    reply = parse_identification(reply_with(*many))

    assert len(reply.suggestions) == reading.MAX_SUGGESTIONS
    assert reply.suggestions[0].score == 0.9999


def test_texts_are_bounded_and_fit_to_be_stored():
    aloe = parse_details(
        description={"value": "x\x00\ud800" * 1_000_000},
        common_names=["  A\u202elo\x07e  ", "aloe", "", 5, None],
    )

    assert len(aloe.description) <= reading.TEXT_CHARS
    assert set(aloe.description) == {"x"}
    assert aloe.common_names == ("Aloe",)


def test_common_names_are_trimmed_once_each_and_at_most_ten():
    aloe = parse_details(common_names=[" Aloe ", "ALOE", *(f"Name {number}" for number in range(20))])

    assert aloe.common_names[:2] == ("Aloe", "Name 0")
    assert len(aloe.common_names) == 10


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://x.example/",
        "/wiki/Aloe",
        "http://",
        "https://a b/",
        "http://[",
        5,
    ],
)
def test_an_address_that_is_not_of_the_web_is_dropped(address):
    aloe = parse_details(url=address, image={"value": address, "citation": "someone"})

    assert aloe.url is None
    assert (aloe.image_url, aloe.image_attribution) == (None, None)


def test_details_may_be_null_and_of_any_wrong_type():
    names = ["common_names", "url", "description", "taxonomy", "name_authority", "rank", "gbif_id", "image"]
    names += ["synonyms", "edible_parts", "watering", "propagation_methods", "best_watering"]
    names += ["best_light_condition", "best_soil_type", "toxicity"]
    bare = parse_details()
    for wrong in (None, 5, True, [], {}, [{}], {"value": {}}):
        aloe = parse_details(**dict.fromkeys(names, wrong))
        assert aloe.scientific_name == bare.scientific_name
        assert aloe.description is None
        assert aloe.watering is None


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ({"min": 1, "max": 3}, Watering(min=1, max=3)),
        ({"min": 3, "max": 1}, None),
        ({"min": 0, "max": 2}, None),
        ({"min": 1}, None),
        ({"min": "wet", "max": 3}, None),
    ],
)
def test_watering_runs_from_dry_to_wet_or_is_not_known(said, read):
    assert parse_details(watering=said).watering == read


def test_the_gbif_id_is_a_number_even_where_it_comes_as_text():
    assert parse_details(gbif_id="2777724").gbif_id == 2777724
    assert parse_details(gbif_id=True).gbif_id is None
    assert parse_details(gbif_id=-1).gbif_id is None


def test_the_author_is_what_follows_the_very_same_name():
    assert parse_details(name_authority="Aloe vera (L.) Burm.f.").authorship == "(L.) Burm.f."
    assert parse_details(name_authority="Aloe barbadensis Mill.").authorship is None


def test_the_token_does_not_show_in_a_trace():
    reply = parse_identification(reply_with() | {"access_token": "very-secret-token"})

    assert reply.access_token == "very-secret-token"
    assert "very-secret-token" not in repr(reply)


@settings(deadline=None)
@given(JSON)
def test_any_json_is_read_or_refused(payload):
    read_or_refuse(parse_identification, payload)
    read_or_refuse(parse_identification, reply_with() | {"result": payload})
    read_or_refuse(parse_identification, reply_with(is_healthy={"binary": True}, disease=payload))


_DOCUMENTS = {name: sample(name) for name in IDENTIFICATIONS}
_PLACES = {name: [path for path in places(document) if path] for name, document in _DOCUMENTS.items()}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_recording_with_one_place_broken_is_read_or_refused(data):
    name = data.draw(st.sampled_from(IDENTIFICATIONS))
    path = data.draw(st.sampled_from(_PLACES[name]))
    value = data.draw(st.just(...) | JSON)

    read_or_refuse(parse_identification, replaced(_DOCUMENTS[name], path, value))
