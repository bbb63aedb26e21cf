"""What a deleted identification leaves behind, and how it goes."""

from datetime import timedelta

import pytest
from django.core.files.storage import storages

from apps.core.redis import get_redis
from apps.core.testing.queries import query_budget
from apps.plant_identification.models import (
    IdentificationAnswer,
    IdentificationFeedback,
    PhotoErasure,
    PhotoSet,
    PlantIdentificationRequest,
    PlantIdentificationResult,
    QuotaReservation,
    UnwantedCopy,
)
from apps.plant_identification.services.cleaning import remove_what_nobody_needs
from apps.plant_identification.services.paid_copies import GIVE_UP_AFTER
from apps.plant_identification.services.photos import delete_photos
from apps.plant_identification.services.registry import registry
from apps.plant_identification.tasks import purge_deleted_task
from apps.plant_identification.tests.aging import A_WHILE, let_a_while_pass
from apps.plant_identification.tests.conftest import make_photo, states_of
from apps.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def purge(monkeypatch):
    """Some time passes, and the periodic task runs."""

    def run(after=A_WHILE):
        let_a_while_pass(after)
        purge_deleted_task()

    return run


@pytest.fixture
def files():
    """How many photos the storage holds, of those any row has ever named."""
    seen = set()

    def count():
        for photo_set in PhotoSet.objects.all():
            seen.update(photo_set.paths)
        return sum(storages["photos"].exists(path) for path in seen)

    return count


def delete(client, *records):
    for record in records:
        assert client.delete(record["links"]["self"]).status_code == 204


def test_nothing_is_left_of_the_last_record_of_a_photo(providers, identify, owner, api_client, purge, files):
    record = identify(make_photo(1)).json()
    digest = PlantIdentificationRequest.objects.get().photo_digest
    api_client.put(record["links"]["feedback"], {"verdict": "right"})
    assert files() == 1
    delete(api_client, record)

    purge()

    for model in (
        PlantIdentificationRequest,
        IdentificationAnswer,
        PlantIdentificationResult,
        IdentificationFeedback,
        PhotoSet,
        PhotoErasure,
        UnwantedCopy,
    ):
        assert not model.objects.exists(), model
    assert files() == 0
    kept = [key for key in get_redis().scan_iter("*") if digest.encode() in key]
    assert all(key.startswith(b"lock-signal:") for key in kept)  # of a lock: empty, and gone in a second
    assert not QuotaReservation.objects.exclude(access_token="").exists()
    assert providers.counters("plant_id")["deletes"] == 1


def test_the_photo_sent_again_afterwards_is_a_new_one(providers, identify, owner, api_client, purge):
    first = identify(make_photo(1)).json()
    delete(api_client, first)
    purge()

    again = identify(make_photo(1))

    assert states_of(again) == {"plant_id": "answered", "plantnet": "answered"}
    assert (again.json()["cache"], again.json()["plant_name"]) == ("miss", first["plant_name"])
    assert providers.counters("plant_id")["identify_posts"] == 2
    assert api_client.get(again.json()["links"]["photo"]).json()["photos"]


def test_the_photo_sent_again_before_that_keeps_everything_it_needs(
    providers, identify, owner, api_client, purge, files
):
    first = identify(make_photo(1)).json()
    delete(api_client, first)
    second = identify(make_photo(1)).json()
    assert second["cache"] == "hit"

    purge()

    assert PlantIdentificationRequest.objects.get().pk.hex == second["id"].replace("-", "")
    assert files() == 1
    assert identify(make_photo(1)).json()["cache"] == "hit"
    german = identify(make_photo(1), language="de")
    assert states_of(german)["plant_id"] == "answered"
    counters = providers.counters("plant_id")
    assert (counters["identify_posts"], counters["deletes"]) == (1, 0)


def test_somebody_elses_record_keeps_the_photo_and_its_copy(
    providers, identify, owner, api_client, purge, files
):
    record = identify(make_photo(1)).json()
    api_client.force_authenticate(UserFactory())
    theirs = identify(make_photo(1)).json()
    api_client.force_authenticate(owner)
    delete(api_client, record)

    purge()

    assert files() == 1
    assert providers.counters("plant_id")["deletes"] == 0
    owner_of_other = PlantIdentificationRequest.objects.get(pk=theirs["id"]).owner
    api_client.force_authenticate(owner_of_other)
    delete(api_client, theirs)
    purge()
    assert files() == 0
    assert providers.counters("plant_id")["deletes"] == 1


def test_a_deleted_record_that_may_come_back_keeps_what_it_needs(
    providers, identify, owner, api_client, purge, files
):
    first, second = (identify(make_photo(1)).json() for _ in range(2))
    delete(api_client, first)
    let_a_while_pass()
    delete(api_client, second)

    purge_deleted_task()
    restored = api_client.post(f"{second['links']['self']}restore/")

    assert restored.json()["plant_name"] == first["plant_name"]
    assert files() == 1


def test_of_two_questions_about_a_photo_only_the_deleted_ones_answers_go(
    providers, identify, owner, api_client, purge
):
    english = identify(make_photo(1)).json()
    german = identify(make_photo(1), language="de").json()
    delete(api_client, german)

    purge()

    assert IdentificationAnswer.objects.count() == 1
    assert api_client.get(english["links"]["self"]).status_code == 200
    assert identify(make_photo(1)).json()["cache"] == "hit"
    # The copy at the service is the English record's too: it tells the answer in German again, free.
    assert identify(make_photo(1), language="de").json()["cache"] == "miss"
    assert providers.counters("plant_id")["identify_posts"] == 1


def test_a_photo_elsewhere_was_bought_apart_and_is_deleted_apart(
    providers, identify, owner, api_client, purge
):
    here = identify(make_photo(1), latitude="50", longitude="8").json()
    identify(make_photo(1))
    delete(api_client, here)

    purge()

    assert providers.counters("plant_id")["identify_posts"] == 2
    assert providers.counters("plant_id")["deletes"] == 1


def test_an_account_takes_everything_along_at_once(providers, identify, owner, api_client, purge, files):
    for seed in range(3):
        identify(make_photo(seed))
    owner.delete()

    purge()

    assert files() == 0
    assert not IdentificationAnswer.objects.exists()
    assert providers.counters("plant_id")["deletes"] == 3


def test_a_photo_that_is_being_identified_right_now_is_left_until_that_is_over(
    providers, identify, owner, api_client, files
):
    identify(make_photo(1))
    owner.delete()  # a moment after the answer: for all we know somebody else's record is just being written

    purge_deleted_task()

    assert files() == 1
    assert PhotoErasure.objects.exists()
    let_a_while_pass()
    purge_deleted_task()
    assert files() == 0


def test_an_answer_that_never_became_a_record_is_swept_up_with_its_copy(
    providers, identify, owner, api_client, purge, files
):
    identify(make_photo(1))
    PlantIdentificationRequest.objects.filter(owner=owner)._raw_delete("default")  # nobody notes this
    let_a_while_pass(timedelta(hours=2))

    remove_what_nobody_needs()
    purge(timedelta(hours=2))

    assert not IdentificationAnswer.objects.exists()
    assert files() == 0
    assert providers.counters("plant_id")["deletes"] == 1


def test_photos_without_any_answer_are_swept_up_too(providers, identify, owner, api_client, purge, files):
    identify(make_photo(1), organs="leaf")
    files()
    PlantIdentificationRequest.objects.filter(owner=owner)._raw_delete("default")
    IdentificationAnswer.objects.all().delete()
    let_a_while_pass(timedelta(hours=2))

    remove_what_nobody_needs()
    purge(timedelta(hours=2))

    assert not PhotoSet.objects.exists()
    assert files() == 0


def test_a_lost_reply_of_a_killed_call_is_found_and_deleted_too(
    providers, identify, owner, api_client, purge
):
    record = identify(make_photo(1)).json()
    QuotaReservation.objects.update(state=QuotaReservation.State.UNKNOWN, access_token="")
    delete(api_client, record)

    purge()

    assert providers.counters("plant_id")["deletes"] == 1
    identify(make_photo(1))
    assert providers.counters("plant_id")["identify_posts"] == 2


@pytest.mark.parametrize(
    "fault",
    [("status", 500), ("status", 401), ("status", 403), ("status", 429), ("drop", None)],
    ids=str,
)
def test_a_failing_service_does_not_lose_the_order_to_delete(
    providers, identify, owner, api_client, purge, fault
):
    record = identify(make_photo(1)).json()
    providers.fault("plant_id", *fault, match="delete")
    delete(api_client, record)

    purge()

    assert not PlantIdentificationRequest.objects.exists()
    assert UnwantedCopy.objects.get().attempts == 1
    purge_deleted_task()  # not due again yet
    assert UnwantedCopy.objects.get().attempts == 1
    providers.clear_faults()
    purge()
    assert not UnwantedCopy.objects.exists()


def test_the_service_is_not_asked_while_its_circuit_is_open(
    providers, identify, owner, api_client, purge, circuits
):
    record = identify(make_photo(1)).json()
    delete(api_client, record)
    circuits["plant_id"].force_open(for_s=60)

    purge()

    assert providers.counters("plant_id")["deletes"] == 0
    circuits["plant_id"].force_closed()
    purge()
    assert providers.counters("plant_id")["deletes"] == 1


def test_failed_deletions_count_as_the_outage_they_are(
    providers, identify, owner, api_client, purge, circuits
):
    records = [identify(make_photo(seed)).json() for seed in range(5)]
    providers.fault("plant_id", "status", 503, match="delete")
    delete(api_client, *records)

    purge()

    assert circuits["plant_id"].snapshot().state == "open"
    assert providers.counters("plant_id")["deletes"] == 3  # the fourth was not asked
    assert UnwantedCopy.objects.count() == 5


def test_it_is_given_up_after_a_week_and_said_loudly(providers, identify, owner, api_client, purge, caplog):
    record = identify(make_photo(1)).json()
    providers.fault("plant_id", "status", 503, match="delete")
    delete(api_client, record)
    purge()
    token = UnwantedCopy.objects.get().access_token

    purge(after=GIVE_UP_AFTER + timedelta(hours=1))

    assert not UnwantedCopy.objects.exists()
    line = next(line for line in caplog.records if line.getMessage() == "photo_copy_not_deleted")
    assert (line.levelname, line.custom_id) == ("ERROR", QuotaReservation.objects.get(cost=2).pk)
    assert token
    assert token not in caplog.text


def test_a_service_whose_key_is_gone_keeps_its_orders_for_the_time_it_is_back(
    providers, identify, owner, api_client, purge, settings
):
    record = identify(make_photo(1)).json()
    delete(api_client, record)
    settings.PLANT_ID_API_KEY = ""

    purge()

    assert UnwantedCopy.objects.count() == 1
    settings.PLANT_ID_API_KEY = "sandbox-key-of-plant-id"
    purge()
    assert providers.counters("plant_id")["deletes"] == 1


def test_a_storage_that_is_away_loses_no_file(
    providers, identify, owner, api_client, purge, files, monkeypatch
):
    record = identify(make_photo(1)).json()
    assert files() == 1
    delete(api_client, record)

    def broken(paths):
        if paths:
            raise OSError("no route to storage")

    with monkeypatch.context() as patch:
        patch.setattr("apps.plant_identification.services.purging.delete_photos", broken)
        purge()

    assert (files(), len(PhotoErasure.objects.get().paths)) == (1, 1)
    assert api_client.get(record["links"]["self"]).status_code == 404
    purge()
    assert files() == 0
    assert not PhotoErasure.objects.exists()


def test_a_cache_that_is_away_is_told_later(providers, identify, owner, api_client, purge, monkeypatch):
    record = identify(make_photo(1)).json()
    delete(api_client, record)

    with monkeypatch.context() as patch:
        patch.setattr(type(registry().cache), "delete", lambda *_: False)
        purge()

    assert PhotoErasure.objects.exists()
    purge()
    assert not PhotoErasure.objects.exists()
    assert identify(make_photo(1)).json()["cache"] == "miss"


def test_one_erasure_that_breaks_holds_up_no_other(
    providers, identify, owner, api_client, purge, files, monkeypatch
):
    records = [identify(make_photo(seed)).json() for seed in range(2)]
    broken = PhotoSet.objects.first().paths
    files()
    delete(api_client, *records)

    def delete_but(paths):
        if paths == broken:
            raise OSError("this one is stuck")
        delete_photos(paths)

    monkeypatch.setattr("apps.plant_identification.services.purging.delete_photos", delete_but)
    purge()

    assert files() == 1
    assert PhotoErasure.objects.count() == 1


def test_a_run_with_nothing_to_do_asks_the_database_four_times_and_nobody_outside(providers):
    with query_budget(at_most=4 * 3):  # BEGIN and COMMIT count
        purge_deleted_task()

    assert providers.counters("plant_id")["deletes"] == 0


def test_late_news_for_a_purged_answer_harms_nobody(providers, identify, owner, api_client):
    from apps.plant_identification.services.completion import complete_answer

    providers.hold("plantnet")
    identify(make_photo(1))
    answer = IdentificationAnswer.objects.get()
    assert "pending" in {report["state"] for report in answer.document["providers"]}
    providers.release("plantnet")
    providers.wait_for("plantnet", "identify_posts", at_least=1)
    owner.delete()
    IdentificationAnswer.objects.all().delete()

    assert complete_answer(registry(), answer) is answer
