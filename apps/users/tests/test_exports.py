"""Asking for one's data, having it made, fetching it, and its end. What is in it: tests/test_privacy.py."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.storage import storages
from django.db import connection, connections

from apps.core.tests.fakes_resilience import in_threads
from apps.users.models import AccountExport, SecurityEvent
from apps.users.services import archives, exports
from apps.users.services.exports import ask_for_export, make_due_exports, remove_expired_exports
from apps.users.services.security_events import note_security_event
from apps.users.tests.factories import UserFactory
from apps.users.tests.problems import assert_problem
from apps.users.types import Client

CLIENT = Client(address="198.51.100.7", user_agent="Firefox")
EXPORT = "/api/v1/auth/me/export/"


@pytest.fixture
def me(api_client, person):
    api_client.force_authenticate(person)
    return api_client


@pytest.fixture
def unsigned(db):
    from rest_framework.test import APIClient

    return APIClient()


def files():
    return set(storages["exports"].listdir("")[1]) if storages["exports"].exists("") else set()


def make_due():
    AccountExport.objects.filter(state="waiting").update(next_attempt_at=datetime.now(UTC))
    return make_due_exports()


def ready(me):
    assert me.post(EXPORT).status_code == 202
    assert make_due() == 1
    return me.get(EXPORT).json()


def content_of(response):
    return zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))


def works(client, url):
    """Whether something is fetched there."""
    response = client.get(url)
    assert response.status_code in {200, 404}
    return response.status_code == 200 and content_of(response).testzip() is None


def test_an_export_is_asked_for_made_and_fetched(me, person, unsigned, mails_from):
    assert_problem(me.get(EXPORT), 404, "not_found")
    asked = me.post(EXPORT).json()
    assert (asked["state"], asked["link"]) == ("waiting", None)

    _, mails = mails_from(make_due)
    told = me.get(EXPORT).json()
    response = unsigned.get(told["link"]["url"])

    assert (told["state"], told["id"]) == ("ready", asked["id"])
    assert response["Content-Disposition"] == 'attachment; filename="plant-community-data.zip"'
    assert "no-store" in response["Cache-Control"]
    assert int(response["Content-Length"]) == told["size_bytes"]
    archive = content_of(response)
    assert archive.testzip() is None
    assert person.username in archive.read("account.json").decode()
    assert "Plant Community" in archive.read("README.txt").decode()
    assert [mail.to for mail in mails] == [[person.email]]
    assert "http" not in mails[0].body
    kinds = set(SecurityEvent.objects.filter(user=person).values_list("kind", flat=True))
    assert {"export_asked", "export_fetched"} <= kinds


def test_the_explanation_is_in_the_language_of_whoever_asked(me, unsigned):
    me.post(EXPORT, headers={"Accept-Language": "de"})
    make_due()

    archive = content_of(unsigned.get(me.get(EXPORT).json()["link"]["url"]))

    assert "Das ist alles" in archive.read("README.txt").decode()


def test_the_address_names_nobody_and_cannot_be_made_up(me, person, unsigned):
    url = ready(me)["link"]["url"]

    for personal in (person.username, person.email, str(person.pk)):
        assert personal not in url
    forged = [
        url[:-1] + ("a" if url[-1] != "a" else "b"),
        url.replace("expires=1", "expires=2"),
        url.partition("?")[0],
        url.partition("?")[0] + "?expires=x&signature=y",
    ]
    for address in forged:
        assert_problem(unsigned.get(address), 404, "not_found")
    assert works(unsigned, url)


def test_the_address_ends_soon_and_earlier_with_the_account(me, person, unsigned, monkeypatch):
    url = ready(me)["link"]["url"]
    person.deletion_due_at = datetime.now(UTC) + timedelta(days=3)
    person.save()
    assert not works(unsigned, url)
    person.deletion_due_at = None
    person.save()
    assert works(unsigned, url)

    now = datetime.now(UTC).timestamp()
    monkeypatch.setattr(exports.time, "time", lambda: now + exports.EXPORT_LINK_S + 1)

    assert not works(unsigned, url)


def test_asking_again_while_one_is_made_tells_of_that_one(me):
    first, again = (me.post(EXPORT).json() for _ in range(2))

    assert first["id"] == again["id"]
    assert AccountExport.objects.count() == 1


def test_a_new_one_takes_the_place_of_the_old_file(me, unsigned):
    before = files()
    old = ready(me)["link"]["url"]
    new = ready(me)["link"]["url"]

    assert not works(unsigned, old)
    assert works(unsigned, new)
    remove_expired_exports()
    assert len(files() - before) == 1


def test_how_many_one_may_ask_for_in_a_day_is_limited(me, settings):
    settings.ACCOUNT_EXPORT_RATE = 2
    for _ in range(2):
        ready(me)

    assert_problem(me.post(EXPORT), 429, "throttled")


def test_the_file_goes_when_its_time_is_over(me, unsigned):
    before = files()
    url = ready(me)["link"]["url"]
    AccountExport.objects.update(expires_at=datetime.now(UTC))

    assert not works(unsigned, url)
    assert_problem(me.get(EXPORT), 404, "not_found")
    assert remove_expired_exports() == 1
    assert files() == before


def test_the_file_goes_with_its_account_however_that_goes(me, person):
    before = files()
    ready(me)

    person.delete()

    assert files() == before


def test_one_that_breaks_off_leaves_no_file_and_is_made_again(me, monkeypatch, caplog):
    before = files()
    me.post(EXPORT)
    with monkeypatch.context() as broken:
        broken.setattr(archives, "_listed", lambda table, user: iter(broken_piece()))
        assert make_due() == 0

    assert files() == before
    assert "export_failed" in caplog.text
    assert make_due() == 1
    assert me.get(EXPORT).json()["state"] == "ready"


def broken_piece():
    yield b"["
    raise OSError("disk")


def test_what_a_dead_worker_left_half_done_is_removed_and_made_anew(me, monkeypatch):
    before = files()
    me.post(EXPORT)

    def die(export):
        storages["exports"].save(export.path, io.BytesIO(b"half"))
        raise SystemExit  # nothing after it runs, as with a kill

    with monkeypatch.context() as dying:
        dying.setattr(exports, "_make", die)
        with pytest.raises(SystemExit):
            make_due()
    assert len(files() - before) == 1
    assert make_due_exports() == 0  # it is still believed to be at work
    assert make_due() == 1

    assert len(files() - before) == 1
    assert me.get(EXPORT).json()["link"]


def test_one_that_fails_time_and_again_is_given_up_and_may_be_asked_for_anew(me, monkeypatch, caplog):
    first = me.post(EXPORT).json()
    with monkeypatch.context() as broken:
        broken.setattr(exports, "stream_archive", lambda user, language: iter(broken_piece()))
        for _ in range(exports.ATTEMPTS_MAX + 1):
            make_due()

    assert me.get(EXPORT).json()["state"] == "failed"
    assert "export_given_up" in caplog.text
    assert me.post(EXPORT).json()["id"] != first["id"]


def test_an_account_that_goes_while_its_export_is_made_gets_none(me, person, monkeypatch):
    before = files()
    me.post(EXPORT)
    monkeypatch.setattr(exports, "RENEW_EVERY_S", 0)
    stream = exports.stream_archive

    def deleted_meanwhile(user, language):
        for piece in stream(user, language=language):
            AccountExport.objects.all().delete()
            yield piece

    monkeypatch.setattr(exports, "stream_archive", deleted_meanwhile)

    assert make_due() == 0
    assert files() == before


def test_what_is_in_memory_is_a_piece_however_much_there_is(person, monkeypatch):
    monkeypatch.setattr(archives, "PIECE_BYTES", 2_000)
    for number in range(700):
        SecurityEvent.objects.create(user=person, kind="signed_in", about=f"{number:x}" * 30)

    pieces = list(archives.stream_archive(person, language="en"))

    assert max(len(piece) for piece in pieces[:-1]) < 40_000
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert len(json.loads(archive.read("security-events.json"))) == 700


def test_a_file_that_is_not_there_any_more_is_named_and_stops_nothing(person, monkeypatch):
    from apps.users.services.personal_data import PersonalFile, PersonalRows

    table = PersonalRows(
        model=type(person),
        ties=("pk",),
        file="account",
        files=lambda row: (PersonalFile("photos/lost.jpg", storages["exports"], "gone.jpg"),),
    )
    monkeypatch.setattr(archives, "personal_data", lambda: (table,))

    archive = zipfile.ZipFile(io.BytesIO(b"".join(archives.stream_archive(person, language="en"))))

    assert json.loads(archive.read("missing-files.json")) == ["photos/lost.jpg"]
    assert "photos/lost.jpg" not in archive.namelist()


def test_without_any_broker_this_process_makes_it(
    me, settings, monkeypatch, django_capture_on_commit_callbacks
):
    settings.CELERY_BROKER_URL = ""
    begun = []
    monkeypatch.setattr(exports, "_make_in_thread", lambda: begun.append(True))

    with django_capture_on_commit_callbacks(execute=True):
        me.post(EXPORT)
    exports._maker.submit(lambda: None).result(timeout=10)

    assert begun == [True]


def closing(work):
    try:
        return work()
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs row locks")
def test_of_several_requests_and_workers_at_once_one_export_comes():
    person = UserFactory()
    asked = in_threads(4, lambda _: closing(lambda: ask_for_export(user=person, client=CLIENT).pk))
    made = in_threads(4, lambda _: closing(make_due_exports))

    assert len(set(asked)) == 1
    assert sum(made) == 1
    assert AccountExport.objects.get().state == "ready"


def test_ones_own_events_are_listed_newest_first_by_pages(me, person):
    for kind in ("signed_in", "password_changed", "signed_out"):
        note_security_event(user=person, kind=kind, client=CLIENT)
    note_security_event(user=UserFactory(), kind="api_key_made", client=CLIENT)

    page = me.get("/api/v1/auth/me/security-events/?page_size=2").json()
    rest = me.get(page["next"]).json()

    assert [event["kind"] for event in page["results"] + rest["results"]] == [
        "signed_out",
        "password_changed",
        "signed_in",
    ]
    assert page["results"][0]["network"] == "198.51.100.0/24"
