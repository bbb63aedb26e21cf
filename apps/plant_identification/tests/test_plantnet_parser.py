"""Pl@ntNet v2 replies: everything recorded is read, and nothing hostile gets through."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.plant_identification.exceptions import ProviderReplyUnreadable
from apps.plant_identification.services import reading
from apps.plant_identification.services.plantnet_parser import parse_identification, parse_usage
from apps.plant_identification.tests.hostile_json import JSON, places, read_or_refuse, replaced

SAMPLES = Path(__file__).parent / "samples"
_NO_IDENTIFICATION = ("error", "project_species", "quota", "status", "subscription")
IDENTIFICATIONS = sorted(
    path.name
    for path in SAMPLES.glob("plantnet_v2_*.json")
    if not any(part in path.name for part in _NO_IDENTIFICATION)
)
OTHERS = sorted(path.name for path in SAMPLES.glob("*.json") if path.name not in IDENTIFICATIONS)


def sample(name):
    return json.loads((SAMPLES / name).read_text())


def result_with(score=0.9, **species):
    return {"score": score, "species": {"scientificNameWithoutAuthor": "Zea mays"} | species}


def parse_one(entry):
    [suggestion] = parse_identification({"results": [entry]}).suggestions
    return suggestion


@pytest.mark.parametrize("name", IDENTIFICATIONS)
def test_every_recorded_identification_is_read(name):
    reply = parse_identification(sample(name))

    assert reply.suggestions
    assert reply.is_plant is None
    assert all(each.rank == "species" and each.gbif_id and each.genus for each in reply.suggestions)


@pytest.mark.parametrize("name", OTHERS)
def test_no_other_recording_passes_for_an_identification(name):
    with pytest.raises(ProviderReplyUnreadable):
        parse_identification(sample(name))


def test_a_reply_without_best_match_is_read_in_full():
    reply = parse_identification(sample("plantnet_v2_low_score_no_bestmatch_dialium.json"))

    assert reply.model_version == "2025-10-08 (7.4)"
    assert reply.remaining_calls == 496
    ironwood = reply.suggestions[0]
    assert ironwood.scientific_name == "Dialium guianense"
    assert ironwood.authorship == "(Aubl.) Sandwith"
    assert (ironwood.genus, ironwood.family) == ("Dialium", "Fabaceae")
    assert ironwood.gbif_id == 2971008
    assert ironwood.common_names == ("Ironwood",)
    assert ironwood.similar_images == ()


def test_related_images_keep_their_credits_and_no_licence_is_made_up():
    reply = parse_identification(sample("plantnet_v2_zea_mays_related_images_iucn_shape.json"))

    images = reply.suggestions[0].similar_images
    assert len(images) == reading.MAX_SIMILAR_IMAGES
    assert all(image.url.startswith("https://") and image.citation and image.license_name for image in images)
    assert {image.license_url for image in images} == {None}


def test_the_order_of_the_reply_and_its_best_match_are_not_relied_on():
    reply = parse_identification(
        {
            "bestMatch": "Ficus elastica Roxb. ex Hornem.",
            "results": [result_with(0.1), result_with(0.7, scientificNameWithoutAuthor="Aloe vera")],
        }
    )

    assert [each.scientific_name for each in reply.suggestions] == ["Aloe vera", "Zea mays"]


def test_no_results_are_an_answer_too():
    assert parse_identification({"results": []}).suggestions == ()


def test_a_name_that_comes_with_its_author_alone_loses_it():
    corn = parse_one(
        result_with(
            scientificNameWithoutAuthor=None, scientificName="Zea mays L.", scientificNameAuthorship="L."
        )
    )

    assert corn.scientific_name == "Zea mays"


def test_the_gbif_id_is_a_number_though_it_comes_as_text():
    assert parse_one(result_with() | {"gbif": {"id": "5290052"}}).gbif_id == 5290052
    assert parse_one(result_with() | {"gbif": {"id": "null"}}).gbif_id is None
    assert parse_one(result_with() | {"gbif": None}).gbif_id is None


def test_no_author_is_none_and_not_an_empty_text():
    assert parse_one(result_with(scientificNameAuthorship="")).authorship is None


def test_common_names_are_trimmed_once_each_and_at_most_ten():
    names = [" Corn ", "CORN", "", None, *(f"Name {number}" for number in range(20))]

    corn = parse_one(result_with(commonNames=names))

    assert corn.common_names[:2] == ("Corn", "Name 0")
    assert len(corn.common_names) == 10


@pytest.mark.parametrize("address", ["javascript:alert(1)", "//", "file:///etc/passwd", None, 3])
def test_a_picture_whose_address_is_not_of_the_web_is_dropped(address):
    images = [{"url": {"o": address, "m": address, "s": address}, "citation": "someone"}]

    assert parse_one(result_with() | {"images": images}).similar_images == ()


@pytest.mark.parametrize("score", [float("nan"), -1, 1.2, 87.5, "0.9", None, False, {}])
def test_a_score_that_is_no_probability_makes_the_reply_unreadable(score):
    with pytest.raises(ProviderReplyUnreadable):
        parse_identification({"results": [result_with(score)]})


@pytest.mark.parametrize("entry", [None, "Zea mays", {"score": 0.5}, {"score": 0.5, "species": {}}])
def test_a_result_without_a_species_makes_the_reply_unreadable(entry):
    with pytest.raises(ProviderReplyUnreadable):
        parse_identification({"results": [entry]})


def test_thousands_of_results_are_cut_to_the_best():
    reply = parse_identification({"results": [result_with(number / 10_000) for number in range(10_000)]})

    assert len(reply.suggestions) == reading.MAX_SUGGESTIONS
    assert reply.suggestions[0].score == 0.9999


def test_nothing_left_of_the_day_is_zero_and_not_unknown():
    assert parse_identification({"results": [], "remainingIdentificationRequests": 0}).remaining_calls == 0
    assert parse_identification({"results": []}).remaining_calls is None


def test_the_day_s_quota_is_read():
    usage = parse_usage(
        {"day": "2026-03-01", "quota": {"identify": {"count": 4, "total": 500, "remaining": 496}}}
    )

    assert (usage.used, usage.limit, usage.remaining) == (4, 500, 496)


@pytest.mark.parametrize("payload", [None, [], {}, {"quota": {}}, {"quota": {"identify": 4}}])
def test_a_quota_of_another_shape_is_unreadable(payload):
    with pytest.raises(ProviderReplyUnreadable):
        parse_usage(payload)


@settings(deadline=None)
@given(JSON)
def test_any_json_is_read_or_refused(payload):
    read_or_refuse(parse_identification, payload)
    read_or_refuse(parse_identification, {"results": [payload]})
    read_or_refuse(
        parse_identification, {"results": [result_with() | {"images": [payload], "gbif": payload}]}
    )


_DOCUMENTS = {name: sample(name) for name in IDENTIFICATIONS}
_PLACES = {name: [path for path in places(document) if path] for name, document in _DOCUMENTS.items()}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_recording_with_one_place_broken_is_read_or_refused(data):
    name = data.draw(st.sampled_from(IDENTIFICATIONS))
    path = data.draw(st.sampled_from(_PLACES[name]))
    value = data.draw(st.just(...) | JSON)

    read_or_refuse(parse_identification, replaced(_DOCUMENTS[name], path, value))
