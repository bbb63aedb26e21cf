"""A copy of an answered photo is told that photo's answer, and nothing else ever is."""

import io
from datetime import UTC, datetime, timedelta
from operator import eq
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from apps.core.images.fingerprint import HASH_BITS, HASH_DISTANCE, Fingerprint
from apps.core.redis import get_redis
from apps.plant_identification import constants
from apps.plant_identification.models import (
    IdentificationAnswer,
    PhotoFingerprint,
    PhotoSet,
    PlantIdentificationRequest,
    PlantSpecies,
)
from apps.plant_identification.services import similar_photos
from apps.plant_identification.services.answers import KeptAnswer
from apps.plant_identification.services.cleaning import remove_what_nobody_needs
from apps.plant_identification.services.registry import registry
from apps.plant_identification.services.similar_photos import fingerprint_row
from apps.plant_identification.tasks import answer_queued, purge_deleted_task
from apps.plant_identification.tests.aging import let_a_while_pass
from apps.plant_identification.tests.conftest import make_photo, states_of
from apps.plant_identification.types import Options, PreparedPhoto, Question
from apps.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

BOTH_NEAR = {"plant_id": "near_duplicate", "plantnet": "near_duplicate"}
OWN = {"id", "cache", "age_s", "created_at", "links", "providers"}


def copy_of(photo, *, quality=70, size=None, file_format="JPEG"):
    """As a messenger would pass it on."""
    with Image.open(io.BytesIO(photo)) as image:
        copy = image.resize(size, Image.Resampling.LANCZOS) if size else image
        file = io.BytesIO()
        copy.save(file, file_format, quality=quality)
    return file.getvalue()


def posts(sandbox):
    return {name: counters["identify_posts"] for name, counters in sandbox.counters().items()}


@pytest.fixture
def original(providers, identify):
    """A photo that was asked about, once."""
    providers.fault("both", "outcome", {"outcome": "agree", "species": "Mangifera indica"})
    photo = make_photo(1)
    assert identify(photo).json()["cache"] == "miss"
    return photo


@pytest.mark.parametrize(
    "changes",
    [{"quality": 60}, {"size": (240, 180)}, {"file_format": "PNG"}, {"file_format": "WEBP"}],
    ids=str,
)
def test_a_copy_is_answered_without_asking_anybody(providers, identify, original, changes):
    response = identify(copy_of(original, **changes))

    assert response.json()["cache"] == "near"
    assert states_of(response) == BOTH_NEAR
    assert posts(providers) == {"plant_id": 1, "plantnet": 1}


def test_a_copy_that_was_found_is_logged(providers, identify, original, caplog):
    caplog.set_level("INFO")
    identify(copy_of(original))

    assert "near_duplicate_found" in [getattr(record, "event", None) for record in caplog.records]


def test_a_copy_gets_the_very_answer_and_a_record_and_a_picture_of_its_own(providers, identify, original):
    first = identify(original).json()

    second = identify(copy_of(original)).json()

    assert {name: value for name, value in first.items() if name not in OWN} == {
        name: value for name, value in second.items() if name not in OWN
    }
    assert first["id"] != second["id"]
    assert IdentificationAnswer.objects.count() == PhotoSet.objects.count() == 2
    old, new = IdentificationAnswer.objects.order_by("created_at")
    candidates = [
        list(each.results.order_by("rank_position").values_list("scientific_name", "species"))
        for each in (old, new)
    ]
    assert candidates[0] == candidates[1] != []


def test_what_was_asked_is_kept_of_the_copy_and_not_of_the_first(providers, identify, original):
    identify(copy_of(original))

    record = PlantIdentificationRequest.objects.latest("created_at")
    first, answer = IdentificationAnswer.objects.order_by("created_at")
    assert record.answer == answer
    assert (answer.digest, answer.photo_digest) == (record.digest, record.photo_digest)
    assert answer.options == first.options == record.options
    assert answer.question_key != first.question_key
    # When nobody answers any more, the copy is told what it was told before.
    get_redis().flushdb()
    PhotoFingerprint.objects.all().delete()
    for provider in registry().providers:
        provider.call.circuit.force_open()
    assert identify(copy_of(original)).json()["status"] == "stale"


def test_a_service_without_a_key_is_none_that_knew_the_photo(providers, identify, settings):
    settings.PLANTNET_API_KEY = ""
    identify(make_photo(1))

    states = states_of(identify(copy_of(make_photo(1))))

    assert states == {"plant_id": "near_duplicate", "plantnet": "not_configured"}


def test_the_copy_once_more_is_a_plain_hit(providers, identify, original, monkeypatch):
    identify(copy_of(original))
    monkeypatch.setattr(similar_photos, "look_alike", None)  # not asked any more

    again = identify(copy_of(original))

    assert again.json()["cache"] == "hit"
    assert states_of(again) == BOTH_NEAR
    assert posts(providers) == {"plant_id": 1, "plantnet": 1}


def test_the_record_tells_how_it_was_answered_and_how_the_photo_looks(providers, identify, original):
    identify(copy_of(original))
    identify(copy_of(original))

    records = PlantIdentificationRequest.objects.order_by("created_at")

    assert [record.cache for record in records] == ["miss", "near", "hit"]
    assert all(len(record.perceptual_hashes) == 1 for record in records)
    assert all(len(value) == 16 for record in records for value in record.perceptual_hashes)
    assert records[1].perceptual_hashes == records[2].perceptual_hashes


def test_a_copy_is_as_old_as_what_it_copies_and_is_cached_no_longer(providers, identify, original):
    then = datetime.now(UTC) - timedelta(hours=20)
    answer = IdentificationAnswer.objects.get()
    answer.document["answered_at"] = then.isoformat()
    answer.save()

    told = identify(copy_of(original)).json()

    assert told["age_s"] >= 20 * 3_600
    digest = PlantIdentificationRequest.objects.latest("created_at").digest
    keys = [key for key in get_redis().scan_iter("*plant_id:answer*") if digest.encode() in key]
    assert 0 < max(get_redis().ttl(key) for key in keys) <= 4 * 3_600 + 60


def test_a_copy_counts_as_no_identification_of_its_species(providers, identify, original):
    before = list(PlantSpecies.objects.order_by("pk").values_list("pk", "identification_count"))

    identify(copy_of(original))

    assert list(PlantSpecies.objects.order_by("pk").values_list("pk", "identification_count")) == before


def test_another_photo_is_asked_about(providers, identify, original):
    response = identify(make_photo(2))

    assert response.json()["cache"] == "miss"
    assert posts(providers) == {"plant_id": 2, "plantnet": 2}


@pytest.mark.parametrize(
    "options",
    [
        {"language": "de"},
        {"include_diseases": "false"},
        {"latitude": "50", "longitude": "8"},
        {"project": "useful"},
        {"organs": "flower"},
    ],
    ids=lambda options: next(iter(options)),
)
def test_a_copy_with_other_options_is_asked_about(providers, identify, original, options):
    assert identify(copy_of(original), **options).json()["cache"] == "miss"


def test_a_copy_with_the_same_other_options_is_not(providers, identify):
    identify(make_photo(1), language="de", organs="flower")

    answer = identify(copy_of(make_photo(1)), language="de", organs="flower").json()

    assert answer["cache"] == "near"


@pytest.mark.parametrize(("latitude", "longitude"), [("51", "8"), ("50", "9")])
def test_a_copy_from_another_place_is_asked_about(providers, identify, latitude, longitude):
    identify(make_photo(1), latitude="50", longitude="8")

    answer = identify(copy_of(make_photo(1)), latitude=latitude, longitude=longitude).json()

    assert answer["cache"] == "miss"


def test_several_photos_take_no_part_on_either_side(providers, identify, original):
    both = identify(copy_of(original), make_photo(2))
    assert both.json()["cache"] == "miss"
    assert PhotoFingerprint.objects.count() == 1

    assert identify(copy_of(make_photo(2))).json()["cache"] == "miss"


def test_a_partial_answer_is_told_about_no_other_photo(providers, identify):
    providers.fault("plantnet", "status", 500)
    identify(make_photo(1))
    providers.clear_faults()
    assert not PhotoFingerprint.objects.exists()

    response = identify(copy_of(make_photo(1)))

    assert response.json()["cache"] == "miss"
    assert states_of(response)["plant_id"] == "answered"


def test_an_answer_that_was_complete_no_more_is_told_about_no_other_photo(providers, identify, original):
    IdentificationAnswer.objects.update(status="partial")

    assert identify(copy_of(original)).json()["cache"] == "miss"


def test_what_the_sandbox_said_is_not_told_beside_other_services(providers, identify, original, settings):
    settings.PLANTNET_API_KEY = ""

    response = identify(copy_of(original))

    assert response.json()["cache"] == "miss"
    assert states_of(response) == {"plant_id": "answered", "plantnet": "not_configured"}


def test_services_at_another_host_are_other_services(providers, identify, original, settings):
    for name in ("PLANT_ID_BASE_URL", "PLANTNET_BASE_URL"):
        setattr(settings, name, getattr(settings, name).replace("127.0.0.1", "localhost"))

    assert identify(copy_of(original)).json()["cache"] == "miss"


def test_an_answer_too_old_for_the_cache_is_told_about_no_other_photo(providers, identify, original):
    PhotoFingerprint.objects.update(
        answered_at=datetime.now(UTC) - timedelta(seconds=constants.CACHE_TIMEOUT_24_HOURS)
    )

    assert identify(copy_of(original)).json()["cache"] == "miss"


def kept_answer(status, *states, **more):
    reports = [{"name": str(number), "state": state} for number, state in enumerate(states)]
    document = {"status": status, "providers": reports, "answered_at": datetime.now(UTC).isoformat()}
    return KeptAnswer(answer_id=str(uuid4()), photo_set_id=None, document=document, **more)


@pytest.mark.parametrize(
    ("kept", "is_noted"),
    [
        (kept_answer("complete", "answered", "answered"), True),
        (kept_answer("partial", "answered", "pending"), True),
        (kept_answer("partial", "answered", "failed"), False),
        (kept_answer("stale", "answered", "answered"), False),
        (kept_answer("complete", "answered", "answered", is_personal=True), False),
        (kept_answer("partial", "quota_exhausted", "pending", is_personal=True), False),
    ],
    ids=["complete", "awaited", "partial", "stale", "one person's", "one person's and awaited"],
)
def test_photos_are_noted_whose_answer_is_or_may_become_complete_for_everybody(providers, kept, is_noted):
    photo = PreparedPhoto(content=b"", fingerprint=Fingerprint(hash=7, layout=bytes(768)))
    question = Question(digest="d", photo_digest="d", photos=(photo,), options=Options())

    assert (fingerprint_row(registry(), question, kept) is not None) == is_noted


@pytest.fixture
def look_alike_answered_otherwise(providers, identify, original):
    """What is known of the original, and of a later photo that looks the same and has another answer."""
    known = PhotoFingerprint.objects.get()
    providers.clear_faults()
    providers.fault("both", "outcome", {"outcome": "agree", "species": "Ficus lyrata"})
    identify(make_photo(2))
    other = PhotoFingerprint.objects.exclude(pk=known.pk).get()
    for field in PhotoFingerprint._meta.fields:
        if field.name.startswith(("hash", "layout", "piece_")):
            setattr(other, field.name, getattr(known, field.name))
    other.save()
    return known, other


def test_the_number_of_candidates_looked_at_is_bounded(
    identify, original, look_alike_answered_otherwise, monkeypatch
):
    _, other = look_alike_answered_otherwise
    other.layout = bytes(len(other.layout))
    other.save()
    monkeypatch.setattr(similar_photos, "MAX_CANDIDATES", 1)
    assert identify(copy_of(original)).json()["cache"] == "miss"

    monkeypatch.setattr(similar_photos, "MAX_CANDIDATES", 3)
    assert identify(copy_of(original, quality=50)).json()["cache"] == "near"


@pytest.mark.parametrize("later", [True, False], ids=["later", "earlier"])
def test_of_several_that_look_the_same_the_newest_is_told(
    identify, original, look_alike_answered_otherwise, later
):
    known, other = look_alike_answered_otherwise
    other.answered_at = known.answered_at + timedelta(seconds=1 if later else -1)
    other.save()

    told = identify(copy_of(original)).json()

    assert (told["cache"], told["plant_name"]) == ("near", "Ficus lyrata" if later else "Mangifera indica")


def test_one_that_is_incomplete_does_not_hide_an_older_one(identify, original, look_alike_answered_otherwise):
    known, other = look_alike_answered_otherwise
    assert other.answered_at > known.answered_at
    IdentificationAnswer.objects.filter(pk=other.answer_id).update(status="partial")

    told = identify(copy_of(original)).json()

    assert (told["cache"], told["plant_name"]) == ("near", "Mangifera indica")


def test_what_only_one_of_two_owners_deleted_is_told(providers, identify, owner, api_client):
    mine = identify(make_photo(1)).json()["links"]["self"]
    api_client.force_authenticate(UserFactory())
    identify(make_photo(1))
    api_client.force_authenticate(owner)
    api_client.delete(mine)

    assert identify(copy_of(make_photo(1))).json()["cache"] == "near"


def test_what_its_owner_deleted_is_told_to_no_stranger(providers, identify, owner, api_client):
    """Neither at once nor when the day of undoing is over."""
    mine = identify(make_photo(1)).json()["links"]["self"]
    api_client.delete(mine)
    api_client.force_authenticate(UserFactory())

    assert identify(copy_of(make_photo(1))).json()["cache"] == "miss"
    PhotoFingerprint.objects.filter(answer__requests__deleted_at=None).delete()
    let_a_while_pass()
    purge_deleted_task()
    assert identify(copy_of(make_photo(1), quality=50)).json()["cache"] == "miss"


def test_what_its_owner_deleted_is_told_to_nobody_and_restored_is_told_again(
    providers, identify, owner, api_client
):
    mine = identify(make_photo(1)).json()["links"]["self"]
    api_client.delete(mine)

    assert identify(copy_of(make_photo(1))).json()["cache"] == "miss"

    PhotoFingerprint.objects.exclude(answer__requests__deleted_at__isnull=False).delete()
    api_client.post(f"{mine}restore/")
    assert identify(copy_of(make_photo(1), quality=50)).json()["cache"] == "near"


def test_with_the_last_record_goes_the_fingerprint(providers, identify, owner, api_client):
    mine = identify(make_photo(1)).json()["links"]["self"]
    theirs = UserFactory()
    api_client.force_authenticate(theirs)
    other = identify(make_photo(1)).json()["links"]["self"]
    api_client.delete(other)
    let_a_while_pass()
    purge_deleted_task()
    assert PhotoFingerprint.objects.count() == 1  # the owner's record needs it

    api_client.force_authenticate(owner)
    api_client.delete(mine)
    let_a_while_pass()
    purge_deleted_task()

    assert not PhotoFingerprint.objects.exists()
    assert identify(copy_of(make_photo(1))).json()["cache"] == "miss"


def test_the_copys_record_outlives_the_photo_it_was_copied_from(providers, identify, owner, api_client):
    mine = identify(make_photo(1)).json()
    stranger = UserFactory()
    api_client.force_authenticate(stranger)
    theirs = identify(copy_of(make_photo(1))).json()
    assert theirs["cache"] == "near"
    api_client.force_authenticate(owner)
    api_client.delete(mine["links"]["self"])
    let_a_while_pass()
    purge_deleted_task()

    api_client.force_authenticate(stranger)
    kept = api_client.get(theirs["links"]["self"])

    assert kept.json()["plant_name"] == mine["plant_name"]
    assert api_client.get(theirs["links"]["photo"]).status_code == 200
    # And it is no source of its own: who asks about a third copy asks the services.
    assert identify(copy_of(make_photo(1), quality=50)).json()["cache"] == "miss"


def test_nothing_of_the_first_owner_reaches_the_second(providers, identify, owner, api_client):
    mine = identify(make_photo(1)).json()
    api_client.force_authenticate(UserFactory())

    theirs = identify(copy_of(make_photo(1))).json()

    assert theirs["cache"] == "near"
    assert mine["id"] not in str(theirs)
    assert api_client.get(mine["links"]["self"]).status_code == 404
    mine_set, their_set = PhotoSet.objects.order_by("created_at")
    assert not set(mine_set.paths) & set(their_set.paths)


def test_a_chain_of_copies_does_not_wander_off(providers, identify, original):
    """Only what was asked about is a source: a copy of a copy is compared with the first."""
    identify(copy_of(original))

    assert PhotoFingerprint.objects.count() == 1


def test_a_plain_photo_is_always_asked_about(providers, identify):
    file = io.BytesIO()
    Image.new("RGB", (640, 480), "white").save(file, "PNG")
    identify(file.getvalue())

    assert identify(copy_of(file.getvalue())).json()["cache"] == "miss"
    assert PlantIdentificationRequest.objects.first().perceptual_hashes == [""]
    assert not PhotoFingerprint.objects.exists()


def test_a_known_photo_is_told_even_while_both_services_are_away(providers, identify, original):
    get_redis().flushdb()
    for provider in registry().providers:
        provider.call.circuit.force_open()

    assert identify(copy_of(original)).json()["cache"] == "near"


def test_what_waited_in_the_queue_may_be_answered_by_a_copy(providers, identify, settings):
    settings.CELERY_BROKER_URL = "memory://"
    providers.fault("both", "status", 503)
    identify(make_photo(1), headers={"Prefer": "respond-async"})
    providers.clear_faults()
    for provider in registry().providers:
        provider.call.circuit.close()
    get_redis().flushdb()
    identify(copy_of(make_photo(1)))
    before = posts(providers)
    PlantIdentificationRequest.objects.filter(status="queued").update(next_attempt_at=datetime.now(UTC))

    assert answer_queued() == 1

    record = PlantIdentificationRequest.objects.order_by("created_at").first()
    assert (record.status, record.cache) == ("complete", "near")
    assert posts(providers) == before


def test_fingerprints_are_forgotten_when_their_answers_are_too_old(providers, identify, original):
    identify(make_photo(2))
    oldest = PhotoFingerprint.objects.order_by("created_at").first()
    oldest.answered_at -= timedelta(seconds=constants.CACHE_TIMEOUT_24_HOURS + 1)
    oldest.save()

    remove_what_nobody_needs()

    assert PhotoFingerprint.objects.count() == 1
    assert not PhotoFingerprint.objects.filter(pk=oldest.pk).exists()
    assert IdentificationAnswer.objects.count() == 2


def test_a_bounded_number_of_fingerprints_is_forgotten_at_once(providers, identify, original, monkeypatch):
    monkeypatch.setattr(similar_photos, "FORGOTTEN_AT_ONCE", 1)
    identify(make_photo(2))
    PhotoFingerprint.objects.update(answered_at=datetime.now(UTC) - timedelta(days=2))

    left = []
    for _ in range(2):
        similar_photos.forget_old_fingerprints()
        left.append(PhotoFingerprint.objects.count())

    assert left == [1, 0]


@given(st.integers(0, 2**HASH_BITS - 1), st.sets(st.integers(0, HASH_BITS - 1), max_size=HASH_DISTANCE))
def test_of_near_hashes_one_piece_is_the_same(value, flipped):
    """So the index finds every one of them."""
    other = value
    for bit in flipped:
        other ^= 1 << bit

    assert any(map(eq, similar_photos.split(value), similar_photos.split(other)))
