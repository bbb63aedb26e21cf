"""The whole way of a photo, as a client sees it."""

import base64
import io

import pytest
from PIL import Image

from apps.plant_identification.models import (
    IdentificationAnswer,
    PhotoSet,
    PlantIdentificationRequest,
    PlantIdentificationResult,
    QuotaReservation,
)
from apps.plant_identification.tests.conftest import IDENTIFY, make_photo, states_of

pytestmark = pytest.mark.django_db(transaction=True)

ALL_FIELDS = {
    "age_s",
    "agreement",
    "answered_at",
    "cache",
    "care_instructions",
    "common_name",
    "common_names",
    "confidence",
    "created_at",
    "description",
    "description_attribution",
    "disease_detection",
    "disease_suggestions",
    "edible_parts",
    "edible_warning",
    "id",
    "image_attribution",
    "image_url",
    "is_plant",
    "is_plant_probability",
    "languages",
    "links",
    "name",
    "plant_name",
    "probability",
    "propagation_methods",
    "providers",
    "rank",
    "scientific_name",
    "similar_images",
    "source",
    "sources",
    "status",
    "success",
    "suggestions",
    "summary",
    "toxicity",
    "toxicity_notice",
    "toxicity_warnings",
    "watering",
    "watering_text",
}


def posts(sandbox):
    return {name: counters["identify_posts"] for name, counters in sandbox.counters().items()}


def test_a_photo_gets_one_merged_answer_from_both_services(providers, identify):
    providers.fault("both", "outcome", "agree")

    response = identify(make_photo(1))

    answer = response.json()
    assert response.status_code == 200, answer
    assert set(answer) == ALL_FIELDS
    assert states_of(response) == {"plant_id": "answered", "plantnet": "answered"}
    assert (answer["status"], answer["agreement"], answer["source"]) == ("complete", "both", "combined")
    assert answer["confidence"] == answer["probability"] == answer["suggestions"][0]["confidence"]
    assert all("sandbox" in report["model_version"] for report in answer["providers"])
    assert answer["disease_detection"] is not None
    assert response["API-Version"] == "v1"


def test_the_same_photo_again_comes_from_the_cache_into_a_record_of_its_own(providers, identify):
    first = identify(make_photo(1)).json()
    before = posts(providers)

    second = identify(make_photo(1)).json()

    assert posts(providers) == before == {"plant_id": 1, "plantnet": 1}
    assert (first["cache"], second["cache"]) == ("miss", "hit")
    assert first["id"] != second["id"]
    assert PlantIdentificationRequest.objects.count() == 2
    assert IdentificationAnswer.objects.count() == PhotoSet.objects.count() == 1
    own = {"id", "cache", "age_s", "created_at", "links"}
    assert {name: value for name, value in first.items() if name not in own} == {
        name: value for name, value in second.items() if name not in own
    }


def test_what_was_suggested_is_kept_as_results(providers, identify):
    answer = identify(make_photo(1)).json()

    results = PlantIdentificationResult.objects.order_by("rank_position")

    assert [result.scientific_name for result in results] == [
        suggestion["scientific_name"] for suggestion in answer["suggestions"]
    ]
    assert "sandbox" in results[0].model_version


def test_a_cached_answer_costs_one_insert_and_no_other_write(
    providers, identify, django_assert_max_num_queries, settings
):
    identify(make_photo(1))

    with django_assert_max_num_queries(2) as queries:  # the quota ratio may be looked up as well
        identify(make_photo(1))

    writes = [query["sql"] for query in queries if not query["sql"].startswith("SELECT")]
    assert len(writes) == 1
    assert writes[0].startswith("INSERT")


def test_a_photo_without_health_after_one_with_it_is_bought_from_nobody(providers, identify):
    identify(make_photo(1), include_diseases="true")

    response = identify(make_photo(1), include_diseases="false")

    assert response.json()["disease_detection"] is None
    assert posts(providers) == {"plant_id": 1, "plantnet": 1}


def test_another_language_is_fetched_again_not_bought_again(providers, identify):
    identify(make_photo(1))

    response = identify(make_photo(1), language="de")

    assert response.status_code == 200
    counters = providers.counters("plant_id")
    assert (counters["identify_posts"], counters["identify_gets"]) == (1, 1)


def test_several_photos_of_one_plant_go_out_together_with_their_organs(providers, identify):
    response = identify(make_photo(1), make_photo(2), organs=["leaf", "flower"])

    assert response.status_code == 200, response.json()
    sent = providers.last("plantnet")
    assert len(sent["images"]) == 2
    assert sorted(value for name, value in sent["fields"] if name == "organs") == ["flower", "leaf"]


def test_coordinates_are_coarse_before_they_leave(providers, identify):
    identify(make_photo(1), latitude="52.520008", longitude="13.404954")

    record = PlantIdentificationRequest.objects.get()
    assert (record.options["latitude"], record.options["longitude"]) == (52.52, 13.4)
    assert "52.520008" not in str(providers.last("plant_id"))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_the_services_get_is_upright_and_without_metadata(providers, identify, orientation):
    image = Image.new("RGB", (200, 100), "white")
    image.paste("red", (0, 0, 100, 50))  # upright: red is top left
    turned = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }.get(orientation)  # fmt: skip
    stored = image.transpose(turned) if turned is not None else image
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "CAMERA-MAKER"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    file = io.BytesIO()
    stored.save(file, "JPEG", quality=95, exif=exif, comment=b"SECRET-COMMENT")

    assert identify(file.getvalue()).status_code == 200

    for provider in ("plant_id", "plantnet"):
        sent = base64.b64decode(providers.last(provider)["images"][0]["base64"])
        for trace in (b"Exif", b"CAMERA-MAKER", b"SECRET-COMMENT", b"GPS", b"ICC_PROFILE", b"ns.adobe.com"):
            assert trace not in sent
        with Image.open(io.BytesIO(sent)) as arrived:
            assert arrived.size == (200, 100)
            assert not arrived.getexif()
            red, green, _ = arrived.convert("RGB").getpixel((20, 20))
            assert red > 200
            assert green < 80


def photo_bytes(*, size, mode="RGB", fmt="PNG"):
    file = io.BytesIO()
    Image.new(mode, size).save(file, fmt)
    return file.getvalue()


REFUSED = {
    "text": (b"just some words", 415, "image_type_unsupported"),
    "pdf": (b"%PDF-1.7\n" + b"0" * 500, 415, "image_type_unsupported"),
    "truncated jpeg": (make_photo(1)[:2_000], 422, "image_unreadable"),
    "100 megapixels": (photo_bytes(size=(10_000, 10_000), mode="1"), 422, "image_too_many_pixels"),
    "11 MB": (make_photo(1) + b"\0" * 11_000_000, 413, "image_too_large"),
    "0 bytes": (b"", 400, "image_empty"),
    "tiny": (photo_bytes(size=(20, 20)), 422, "image_too_small"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_photo_is_refused_at_no_cost_and_leaves_nothing(
    providers, identify, name, settings, tmp_path
):
    settings.STORAGES["photos"]["OPTIONS"]["location"] = str(tmp_path)
    content, status, code = REFUSED[name]

    response = identify(content)

    problem = response.json()
    assert (response.status_code, problem["code"]) == (status, code)
    assert response["Content-Type"] == "application/problem+json"
    assert problem["errors"][0]["field"] == "image"
    assert_nothing_happened(providers)
    assert not list(tmp_path.rglob("*.jpg"))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"organs": "root"}, "organs.0"),
        ({"organs": ["leaf", "flower"]}, "organs"),
        ({"latitude": "91", "longitude": "0"}, "latitude"),
        ({"latitude": "nan", "longitude": "0"}, "latitude"),
        ({"latitude": "inf", "longitude": "0"}, "latitude"),
        ({"latitude": "1"}, "longitude"),
        ({"longitude": "181", "latitude": "1"}, "longitude"),
        ({"language": "klingon"}, "language"),
        ({"project": "../admin"}, "project"),
    ],
)
def test_impossible_options_are_refused_by_name(providers, identify, fields, field):
    response = identify(make_photo(1), **fields)

    problem = response.json()
    assert (response.status_code, problem["code"]) == (400, "invalid")
    assert field.split(".")[0] in problem["errors"][0]["field"]
    assert_nothing_happened(providers)


def test_no_photo_at_all_is_said_so(providers, identify):
    response = identify(language="en")

    assert (response.status_code, response.json()["code"]) == (400, "image_missing")
    assert_nothing_happened(providers)


def test_six_photos_are_too_many(providers, identify):
    response = identify(*[make_photo(seed) for seed in range(6)])

    assert (response.status_code, response.json()["code"]) == (400, "too_many_images")
    assert_nothing_happened(providers)


def test_a_body_that_is_no_form_is_refused(providers, identify, api_client):
    response = api_client.post(IDENTIFY, {"image": "x"}, format="json")

    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


def test_a_photo_without_a_plant_is_an_answer(providers, identify):
    providers.fault("both", "not_a_plant")

    answer = identify(make_photo(1)).json()

    assert answer["is_plant"] is False
    assert answer["status"] == "complete"
    assert answer["summary"]


def assert_nothing_happened(sandbox):
    assert posts(sandbox) == {"plant_id": 0, "plantnet": 0}
    assert not QuotaReservation.objects.exists()
    assert not PlantIdentificationRequest.objects.exists()
