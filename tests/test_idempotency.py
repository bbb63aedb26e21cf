"""`Idempotency-Key`: sent twice, done once, and told the same both times."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.urls import resolve
from django.utils import timezone
from redis import Redis
from rest_framework.test import APIClient

from apps.core import idempotency
from apps.core.api.idempotency import OncePerKey
from apps.core.idempotency import KEPT, KEPT_PER_PRINCIPAL, forget_old_requests
from apps.core.models import KeyedRequest
from apps.core.testing.contract import current_contract
from apps.core.testing.queries import query_budget
from apps.core.tests.fakes_resilience import wait_until
from apps.plant_identification.models import Plant, PlantCollection, PlantIdentificationRequest
from apps.plant_identification.tests.conftest import identify, make_photo, owner, providers
from apps.users.models import User
from apps.users.services.api_keys import create_api_key
from apps.users.tests.factories import PASSWORD, UserFactory

__all__ = ["identify", "owner", "providers"]

pytestmark = pytest.mark.django_db(transaction=True)

PLANTS = "/api/v1/plant-identification/plants/"
COLLECTIONS = "/api/v1/users/collections/"
REGISTER = "/api/v1/auth/register/"
TEN = 10


def client_of(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def client(owner, api_client):
    return api_client


def send(client, address=PLANTS, body=None, key="a-key", **headers):
    body = {"nickname": "Fern"} if body is None else body
    return client.post(address, body, format="json", headers={"Idempotency-Key": key, **headers})


def at_once(action, count=TEN):
    """`action(number)` of all callers, none of which begins before everybody is there."""
    barrier = threading.Barrier(count)

    def one(number):
        barrier.wait(10)
        try:
            return action(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as callers:
        return list(callers.map(one, range(count)))


def is_replayed(response):
    return response.headers.get("Idempotent-Replayed") == "true"


def test_a_key_takes_nothing_back_of_what_was_counted(api_client, settings):
    """A refused registration is undone, and a guess at names stays one of three an hour."""
    settings.ACCOUNT_EMAIL_VERIFICATION, settings.REGISTER_RATE = "mandatory", 2
    UserFactory(username="rose")

    told = [
        send(
            api_client,
            REGISTER,
            {"email": f"guess{number}@example.org", "password": PASSWORD, "username": "rose"},
            key=f"key-{number}",
        ).status_code
        for number in range(3)
    ]

    assert told == [400, 400, 429]


# --- Who takes a key ----------------------------------------------------------------------------------------
def operations_with_post():
    document = current_contract().document
    for path, operations in document["paths"].items():
        if "post" in operations:
            address = re.sub(r"\{[^}]+\}", str(UUID(int=0)), path.replace("{post_id}", "0"))
            view = resolve(address).func.view_class
            yield pytest.param(view, operations["post"], id=operations["post"]["operationId"])


POSTS = list(operations_with_post())
SECRET_FIELDS = re.compile(
    r"^(access|refresh|(.+_)?(token|key|secret|ticket|password)|(recovery_)?codes?|qr_code|otpauth_url)$"
)
NAMED_BY_A_KEY = ("HazardSource",)  # components whose `key` is a public name


def names_in(schema, components, seen=()):
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return set() if name in seen else names_in(components[name], components, (*seen, name))
    found = set(schema.get("properties", {}))
    parts = [*schema.get("properties", {}).values(), *schema.get("oneOf", []), *schema.get("allOf", [])]
    for part in [*parts, *([schema["items"]] if "items" in schema else [])]:
        found |= names_in(part, components, seen)
    return found


@pytest.mark.parametrize(("view", "operation"), POSTS)
def test_every_post_takes_a_key_or_says_why_not(view, operation):
    takes_key = {"$ref": "#/components/parameters/Idempotency-Key"} in operation["parameters"]
    reason = getattr(view, "repeatable", "") or getattr(view, "takes_no_key", "")

    assert takes_key == issubclass(view, OncePerKey)
    assert takes_key != bool(reason), "it takes a key, or has `repeatable` or `takes_no_key`"


@pytest.mark.parametrize(("view", "operation"), POSTS)
def test_a_view_whose_answers_hold_a_secret_says_so(view, operation):
    if not issubclass(view, OncePerKey) or view.tells_secrets:
        return
    components = current_contract().document["components"]["schemas"]
    good = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
    names = {
        name
        for answer in good
        for content in answer.get("content", {}).values()
        for name in names_in(content["schema"], components, NAMED_BY_A_KEY)
    }
    assert not [name for name in names if SECRET_FIELDS.match(name)]


# --- Once ---------------------------------------------------------------------------------------------------
def test_a_repeat_gets_the_first_answer_and_makes_nothing(client, owner):
    first, again = send(client), send(client)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert first["Location"] == again["Location"]
    assert first["Content-Type"] == again["Content-Type"] == "application/json"
    assert (is_replayed(first), is_replayed(again)) == (False, True)
    assert Plant.objects.count() == 1


def test_without_a_key_everything_is_done_again(client):
    for _ in range(2):
        assert client.post(PLANTS, {"nickname": "Fern"}, format="json").status_code == 201

    assert Plant.objects.count() == 2
    assert not KeyedRequest.objects.exists()


def test_another_body_address_or_query_with_the_same_key_is_refused(client):
    send(client)

    for answer in (
        send(client, body={"nickname": "Moss"}),
        send(client, COLLECTIONS, {"name": "Fern"}),
        send(client, f"{PLANTS}?page=2"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert (Plant.objects.count(), PlantCollection.objects.count()) == (1, 0)


def test_the_order_of_fields_and_quotes_around_the_key_say_nothing(client):
    send(client, body={"nickname": "Fern", "notes": "South"})

    assert is_replayed(send(client, body={"notes": "South", "nickname": "Fern"}, key='"a-key"'))


@pytest.mark.parametrize("key", ["", " ", '"', '""', "two words", "a,b", "ä", "x" * 256, 'half"'])
def test_what_is_no_key_is_refused(client, key):
    answer = send(client, key=key.encode().decode("latin1"))

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"
    assert not Plant.objects.exists()


def test_the_same_key_of_another_person_is_another_key(client):
    send(client)

    theirs = send(client_of(UserFactory()))

    assert theirs.status_code == 201
    assert not is_replayed(theirs)
    assert Plant.objects.count() == 2


def test_each_of_a_person_s_keys_for_scripts_has_idempotency_keys_of_its_own():
    person = UserFactory()
    texts = [create_api_key(user=person, name="Script", scopes=["write"], days=1).text for _ in range(2)]

    first, other, again = (send(APIClient(), Authorization=f"Api-Key {text}") for text in (*texts, texts[0]))

    assert [answer.status_code for answer in (first, other, again)] == [201] * 3
    assert [is_replayed(answer) for answer in (first, other, again)] == [False, False, True]
    assert Plant.objects.count() == 2


def test_who_may_not_do_it_is_told_nothing_of_it(client):
    send(client)

    assert send(APIClient()).status_code == 401


def test_a_refusal_is_an_answer_too_and_changes_nothing(client):
    first = send(client, body={"notes": "no name"})
    again = send(client, body={"notes": "no name"})

    assert (first.status_code, again.status_code) == (400, 400)
    assert first.content == again.content
    assert is_replayed(again)
    assert again["Content-Type"] == "application/problem+json"
    assert not Plant.objects.exists()


def test_ten_at_once_make_one_plant_and_are_all_told_of_it(owner):
    answers = at_once(lambda _: send(client_of(owner)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert [is_replayed(answer) for answer in answers].count(False) == 1
    assert Plant.objects.count() == 1


def test_ten_different_bodies_at_once_make_one_plant(owner):
    answers = at_once(lambda number: send(client_of(owner), body={"nickname": f"Fern {number}"}))

    assert sorted(answer.status_code for answer in answers) == [201, *[422] * (TEN - 1)]
    assert Plant.objects.count() == 1


def test_work_and_answer_are_kept_together_or_not_at_all(client):
    """As when the process dies after the work: what is not answered was not done."""
    client.raise_request_exception = False
    with patch("apps.core.api.idempotency.keep_answer", side_effect=RuntimeError("died")):
        assert send(client).status_code == 500
    assert not Plant.objects.exists()
    assert not KeyedRequest.objects.exists()

    assert send(client).status_code == 201
    assert Plant.objects.count() == 1


def test_somebody_who_waits_too_long_is_told_to_come_again(owner, monkeypatch):
    monkeypatch.setattr(idempotency, "LOCK_WAIT_S", 0.2)
    begun, go_on = threading.Event(), threading.Event()
    original = idempotency.keep_answer

    def held(*args):
        begun.set()
        assert go_on.wait(20)
        original(*args)

    with (
        patch("apps.core.api.idempotency.keep_answer", held),
        ThreadPoolExecutor(1) as callers,
    ):
        first = callers.submit(at_once, lambda _: send(client_of(owner)), 1)
        assert begun.wait(20)
        second = send(client_of(owner))
        go_on.set()
        [done] = first.result()

    assert (second.status_code, second.json()["code"]) == (409, "request_in_progress")
    assert int(second["Retry-After"]) >= 1
    assert done.status_code == 201
    assert is_replayed(send(client_of(owner)))


# --- What is not told again ---------------------------------------------------------------------------------
def registration(number=1):
    return {"email": f"rose{number}@example.org", "password": PASSWORD}


def register(browser, body=None, key="a-key"):
    csrf = browser.get("/api/v1/auth/csrf/").json()["csrf_token"]
    headers = {"X-CSRFToken": csrf, "Idempotency-Key": key}
    return browser.post(REGISTER, body or registration(), content_type="application/json", headers=headers)


def test_an_answer_with_cookies_is_never_told_again(settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "optional"
    first, again = register(Client()), register(Client())

    assert first.status_code == 201
    assert first.cookies
    assert (again.status_code, again.json()["code"]) == (409, "already_done")
    assert not again.cookies.get("access_token")
    assert again.has_header("RateLimit")
    [row] = KeyedRequest.objects.all()
    assert (row.body, row.headers) == (None, {})
    assert User.objects.count() == 1


def test_an_application_for_an_account_sent_again_sends_no_second_mail(settings, mailoutbox):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.REGISTER_RATE = 1
    first, again = register(Client()), register(Client())

    assert (first.status_code, again.status_code) == (202, 202)
    assert is_replayed(again)
    assert '"register-address";r=0;' in again["RateLimit"]
    wait_until(lambda: len(mailoutbox) == 1)
    assert register(Client(), key="another-key").status_code == 429
    assert KeyedRequest.objects.count() == 1


def test_nothing_that_was_sent_can_be_read_from_what_is_kept(settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    register(Client())

    text = str(KeyedRequest.objects.values_list().get())

    assert not [word for word in (PASSWORD, "a-key", "127.0.0.1", "rose1") if word in text]


def test_what_was_deleted_since_is_not_told_again_nor_done_again(client):
    mine = send(client).json()["links"]["self"]
    assert client.delete(mine).status_code == 204

    again = send(client)

    assert (again.status_code, again.json()["code"]) == (409, "already_done")
    assert Plant.objects.count() == 1


def test_what_is_kept_goes_with_the_account(client, owner):
    send(client)

    owner.delete()

    assert not KeyedRequest.objects.exists()


def test_after_a_day_a_key_is_free_again(client):
    send(client)
    KeyedRequest.objects.update(created_at=KeyedRequest.objects.get().created_at - KEPT)

    again = send(client, body={"nickname": "Moss"})

    assert again.status_code == 201
    assert not is_replayed(again)


def test_old_answers_are_removed_and_young_ones_stay(client):
    send(client, key="old")
    KeyedRequest.objects.update(created_at=KeyedRequest.objects.get().created_at - KEPT)
    send(client, key="young")

    assert forget_old_requests() == 1
    assert is_replayed(send(client, key="young"))


def test_nobody_has_more_than_a_bounded_number_of_answers_kept(client, monkeypatch):
    monkeypatch.setattr(idempotency, "KEPT_PER_PRINCIPAL", 3)
    send(client_of(UserFactory()), key="of somebody else".replace(" ", "-"))
    for number in range(5):
        send(client, key=f"key-{number}")

    assert KEPT_PER_PRINCIPAL > 100
    assert KeyedRequest.objects.count() == 3 + 1
    assert is_replayed(send(client, key="key-4"))


# --- Identification -----------------------------------------------------------------------------------------
def posts(sandbox):
    counters = sandbox.counters()
    return {name: counters[name]["identify_posts"] for name in ("plant_id", "plantnet")}


KEY = {"Idempotency-Key": "of-this-photo"}


def test_a_photo_sent_again_is_one_record_and_counts_once(providers, identify, owner):
    first, again = (identify(make_photo(1), headers=KEY) for _ in range(2))

    assert first.status_code == 200, first.content
    assert first.content == again.content
    assert is_replayed(again)
    assert first.headers["Content-Language"] == again.headers["Content-Language"]
    assert '"identify";r=99;' in again["RateLimit"]
    assert PlantIdentificationRequest.objects.count() == 1


def test_another_photo_with_the_same_key_is_refused_whatever_its_name(providers, identify, owner):
    identify(make_photo(1), headers=KEY)

    answer = identify(make_photo(2), headers=KEY)

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert posts(providers) == {"plant_id": 1, "plantnet": 1}


def test_who_has_nothing_left_still_gets_the_answer_to_the_last_one(providers, identify, owner, settings):
    settings.IDENTIFY_RATE_FREE = 1
    first, again = (identify(make_photo(1), headers=KEY) for _ in range(2))

    assert (first.status_code, again.status_code) == (200, 200)
    assert is_replayed(again)
    assert identify(make_photo(1), headers={"Idempotency-Key": "another"}).status_code == 429
    assert identify(make_photo(1)).status_code == 429
    assert KeyedRequest.objects.count() == 1


def test_who_has_nothing_left_gets_nothing_new_by_a_key_that_has_no_answer(
    providers, identify, owner, settings
):
    identify(make_photo(1), headers=KEY)
    KeyedRequest.objects.update(status=None, body=None, claim=uuid4(), claimed_until=timezone.now())
    settings.REFUSED_UPLOAD_RATE = 1
    identify(b"no photo")

    assert identify(make_photo(1), headers=KEY).status_code == 429
    assert PlantIdentificationRequest.objects.count() == 1
    assert not KeyedRequest.objects.exists()


def test_ten_of_the_same_photo_at_once_are_one_record(providers, identify, owner):
    providers.hold()
    photo = make_photo(1)
    with ThreadPoolExecutor(1) as starter:
        answers = starter.submit(
            at_once, lambda _: identify(photo, client=client_of(owner), headers=KEY), TEN
        )
        providers.wait_for("plant_id", "in_flight", at_least=1)
        providers.release()
        answers = answers.result()

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert PlantIdentificationRequest.objects.count() == 1
    assert posts(providers) == {"plant_id": 1, "plantnet": 1}


def test_a_failure_of_the_services_is_not_kept(providers, identify, owner):
    providers.fault("both", "status", 500)
    assert identify(make_photo(1), headers=KEY).status_code == 503
    assert not KeyedRequest.objects.exists()
    providers.clear_faults()

    queued = identify(make_photo(2), headers={**KEY, "Prefer": "respond-async"})

    assert queued.status_code in {200, 202}
    assert identify(make_photo(2), headers=KEY).content == queued.content


def test_a_refused_photo_is_counted_once_and_told_again(providers, identify, owner):
    first, again = (identify(b"%PDF-1.7 no photo", headers=KEY) for _ in range(2))

    assert (first.status_code, again.status_code) == (415, 415)
    assert is_replayed(again)
    assert '"refused-uploads";r=9999;' in again["RateLimit"]


def test_a_body_over_the_limit_counts_as_a_refused_upload_with_a_key_too(providers, identify, owner):
    answer = identify(*[make_photo(1) + bytes(9_000_000)] * 4, headers=KEY)

    assert answer.status_code == 413
    assert '"refused-uploads";r=9999;' in answer["RateLimit"]
    assert not KeyedRequest.objects.exists()


def test_work_whose_process_died_is_done_by_the_next_one_to_ask(providers, identify, owner, monkeypatch):
    """As after SIGKILL: the claim stands there, and nobody works on it any more."""
    monkeypatch.setattr(idempotency, "WAIT_S", 0.2)
    identify(make_photo(1), headers=KEY)
    row = KeyedRequest.objects.get()
    KeyedRequest.objects.update(status=None, body=None, claim=uuid4())

    early = identify(make_photo(1), headers=KEY)
    KeyedRequest.objects.update(claimed_until=row.created_at)
    late = identify(make_photo(1), headers=KEY)

    assert (early.status_code, early.json()["code"]) == (409, "request_in_progress")
    assert late.status_code == 200
    assert posts(providers) == {"plant_id": 1, "plantnet": 1}


def test_who_lost_its_claim_meanwhile_leaves_no_second_record(providers, identify, owner):
    """As a process that stood still for a minute: somebody else has done its work."""
    providers.hold()
    with ThreadPoolExecutor(1) as callers:
        slow = callers.submit(
            at_once, lambda _: identify(make_photo(1), client=client_of(owner), headers=KEY), 1
        )
        providers.wait_for("plant_id", "in_flight", at_least=1)
        KeyedRequest.objects.update(claim=uuid4())
        providers.release()
        [answer] = slow.result()

    assert (answer.status_code, answer.json()["code"]) == (409, "request_in_progress")
    assert not PlantIdentificationRequest.objects.exists()


def test_without_a_key_a_known_photo_costs_what_it_always_did(providers, identify, owner, monkeypatch):
    identify(make_photo(1))
    identify(make_photo(1))  # everything looked up once
    commands = []
    execute = Redis.execute_command
    monkeypatch.setattr(
        Redis,
        "execute_command",
        lambda self, *command, **options: commands.append(command[0]) or execute(self, *command, **options),
    )

    with query_budget(1) as queries:
        identify(make_photo(1))

    assert queries.captured_queries[0]["sql"].startswith("INSERT")
    assert sorted(commands) == ["EVAL", "MGET", "MGET"]  # counted; limits; the answer


def test_the_longest_work_is_shorter_than_its_claim(settings):
    deadline = timedelta(seconds=settings.API_LIMITS["photos"]["deadline_s"])

    assert deadline < idempotency.CLAIM
