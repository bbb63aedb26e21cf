"""`/ops/`: who may look, who may switch, and what is written down."""

import re
from uuid import uuid4

import pytest
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse

from apps.core.fleet import events
from apps.core.fleet.events import recent_events
from apps.core.models import AuditEntry
from apps.core.resilience.breaker import CircuitOpen
from apps.plant_identification.exceptions import ProviderRefusedKey
from apps.plant_identification.services.operators import is_operator
from apps.plant_identification.services.registry import registry
from apps.users.tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sandbox")]

pytest_plugins = ["apps.core.tests.fixtures_resilience"]

ACTIONS = ("force-open", "close", "reset")


@pytest.fixture
def staff():
    return UserFactory(username="keeper", is_staff=True)


@pytest.fixture
def browser(staff):
    """Signed in as staff, and with CSRF as real as in a browser."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff)
    page = client.get("/ops/").content.decode()
    client.token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    return client


def address(action, provider="plant_id"):
    return reverse("ops-circuit", kwargs={"provider": provider, "action": action})


def press(client, action, **fields):
    return client.post(address(action), fields, headers={"X-CSRFToken": client.token})


def circuit_of(document, name="plant_id"):
    return next(circuit for circuit in document["circuits"] if circuit["name"] == name)


def signed_in(user):
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


WHO = {"anonymous": None, "somebody": False, "staff": True}


def somebody(who):
    return None if WHO[who] is None else UserFactory(is_staff=WHO[who])


@pytest.mark.parametrize(("who", "status"), [("anonymous", 302), ("somebody", 403), ("staff", 200)])
def test_the_page_is_for_staff(who, status):
    response = signed_in(somebody(who)).get("/ops/")

    assert response.status_code == status
    if status == 302:
        assert response["Location"] == "/admin/login/?next=/ops/"


@pytest.mark.parametrize(("who", "status"), [("anonymous", 401), ("somebody", 403), ("staff", 200)])
def test_what_the_page_shows_is_for_staff(who, status):
    assert signed_in(somebody(who)).get("/ops/status/").status_code == status


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(("who", "status"), [("anonymous", 401), ("somebody", 403), ("staff", 200)])
def test_the_switches_are_for_staff(who, status, action):
    response = signed_in(somebody(who)).post(address(action))

    assert response.status_code == status
    assert AuditEntry.objects.count() == (status == 200)
    assert registry().get("plant_id").stats.snapshot().is_held == (status == 200 and action == "force-open")


def test_an_account_that_was_switched_off_sees_nothing(staff):
    client = signed_in(staff)
    type(staff).objects.filter(pk=staff.pk).update(is_active=False)

    assert client.get("/ops/status/").status_code == 401


def test_whoever_finds_the_account_one_that_was_switched_off_operates_nothing():
    assert is_operator(UserFactory.build(is_staff=True))
    assert not is_operator(UserFactory.build(is_staff=True, is_active=False))


def test_tokens_of_the_apps_do_not_open_it(api_client, staff):
    from rest_framework_simplejwt.tokens import RefreshToken

    token = RefreshToken.for_user(staff).access_token
    assert api_client.get("/ops/status/", headers={"Authorization": f"Bearer {token}"}).status_code == 401


@pytest.mark.parametrize("action", ACTIONS)
def test_a_switch_wants_a_post_with_the_csrf_token(browser, action):
    assert browser.get(address(action)).status_code == 405
    assert browser.post(address(action)).status_code == 403
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("path", ["/ops/", "/ops/status/"])
def test_what_only_shows_takes_no_post(browser, path):
    assert browser.post(path, headers={"X-CSRFToken": browser.token}).status_code == 405


@pytest.mark.parametrize("where", [("explode", "plant_id"), ("close", "flora")])
def test_what_does_not_exist_cannot_be_switched(browser, where):
    response = browser.post(address(*where), headers={"X-CSRFToken": browser.token})
    assert response.status_code == 404


def test_nothing_of_it_is_kept_by_caches_or_described_as_public(browser):
    from pathlib import Path

    for path in ("/ops/", "/ops/status/"):
        assert "no-store" in browser.get(path)["Cache-Control"]
    assert "/ops/" not in Path("docs/api/openapi.yaml").read_text()


@pytest.mark.parametrize(
    ("port", "host", "secure", "expected"),
    [
        (0, "testserver", False, "ws://testserver"),
        (0, "plants.example", True, "wss://plants.example"),
        (8001, "127.0.0.1:8000", False, "ws://127.0.0.1:8001"),
        (8001, "[::1]:8000", False, "ws://[::1]:8001"),
    ],
    ids=["one origin", "https", "a port of its own", "IPv6"],
)
def test_the_page_may_talk_to_its_socket_and_to_nothing_else(staff, settings, port, host, secure, expected):
    settings.WEBSOCKET_PORT = port
    settings.ALLOWED_HOSTS = ["*"]
    client = signed_in(staff)
    page = client.get("/ops/", headers={"Host": host}, secure=secure)
    policy = dict(part.strip().partition(" ")[::2] for part in page["Content-Security-Policy"].split(";"))

    assert policy["connect-src"].split() == ["'self'", expected]
    assert f'data-socket="{expected}/ws/circuit-status/"' in page.content.decode()
    text = page.content.decode()
    assert "<style" not in text
    assert " style=" not in text
    assert text.count("<script") == text.count('<script type="module" src=') == 1


def test_everything_is_told_of_both_services(browser):
    document = browser.get("/ops/status/").json()

    assert [circuit["label"] for circuit in document["circuits"]] == ["Plant.id", "PlantNet"]
    circuit = circuit_of(document)
    assert (circuit["state"], circuit["is_forced"], circuit["fail_max"]) == ("closed", False, 3)
    assert circuit["quota"]["limit"] > 0
    assert circuit["quota"]["window"] == "month"
    assert [queue["name"] for queue in document["queues"]] == ["fast", "default", "slow", "priority"]
    assert document["waiting"] == 0


def test_force_open_close_and_reset_are_seen_and_written_down(browser, staff):
    forced = press(browser, "force-open", reason=" too many wrong answers ").json()
    assert circuit_of(forced)["is_forced"]
    assert circuit_of(forced)["retry_in_s"] is None
    assert not circuit_of(forced)["available"]
    with pytest.raises(CircuitOpen):
        registry().get("plant_id").call.circuit.call(int)
    health = registry().get("plant_id").stats.get_status()
    assert (health["state"], health["is_unavailable"], health["retry_in_seconds"]) == ("open", True, None)

    closed = press(browser, "close").json()
    assert circuit_of(closed)["state"] == "closed"
    press(browser, "reset")

    rows = AuditEntry.objects.order_by("id")
    assert [row.action for row in rows] == ["circuit.force_open", "circuit.close", "circuit.reset"]
    first = rows[0]
    assert (first.actor_id, first.actor_name, first.target) == (staff.pk, "keeper", "plant_id_api")
    assert first.reason == "too many wrong answers"
    assert first.before == {"state": "closed", "is_forced": False, "fail_count": 0, "paused": False}
    assert first.after == {"state": "open", "is_forced": True, "fail_count": 0, "paused": False}
    assert first.request_id
    assert [row["id"] for row in browser.get("/ops/status/").json()["audit"]] == [
        row.pk for row in rows.reverse()
    ]


def test_a_reset_ends_a_pause_which_closing_does_not(browser):
    pause = registry().get("plant_id").call.pause
    pause.note(ProviderRefusedKey(status_code=401))
    shown = circuit_of(browser.get("/ops/status/").json())["pause"]
    assert shown["state"] == "key_refused"
    assert 0 < shown["left_s"] <= 300

    assert circuit_of(press(browser, "close").json())["pause"]
    assert circuit_of(press(browser, "reset").json())["pause"] is None
    assert [row.after["paused"] for row in AuditEntry.objects.order_by("id")] == [True, False]


def test_a_press_is_one_event_with_a_name_and_not_an_outage_as_well(browser, monkeypatch):
    monkeypatch.setattr(events, "_own", [])
    press(browser, "force-open")

    [event] = recent_events(5)
    assert (event.kind, event.about, event.facts) == ("circuit.force_open", "plant_id_api", {"by": "keeper"})


def test_a_reason_that_is_too_long_is_refused(browser):
    assert press(browser, "close", reason="x" * 200).status_code == 200
    response = press(browser, "close", reason="x" * 201)

    assert (response.status_code, AuditEntry.objects.count()) == (422, 1)


def test_without_redis_a_switch_is_refused_and_nothing_is_written_down(own_redis, browser):
    own_redis.stop()
    response = press(browser, "force-open")

    assert response.status_code == 503
    assert "Redis is gone" in response.json()["detail"]
    assert not AuditEntry.objects.exists()
    document = browser.get("/ops/status/").json()
    assert (document["redis"], document["queues"], document["cache"]) == (False, None, None)
    assert not circuit_of(document)["is_shared"]


def test_what_cannot_be_written_down_is_not_switched(browser, monkeypatch):
    def gone(**_):
        raise DatabaseError

    monkeypatch.setattr(AuditEntry.objects, "create", gone)
    with pytest.raises(DatabaseError):
        press(browser, "force-open")

    assert not registry().get("plant_id").stats.snapshot().is_held


def test_the_audit_log_can_be_read_in_the_admin_and_nothing_else():
    chief = Client()
    chief.force_login(UserFactory(is_staff=True, is_superuser=True))
    row = AuditEntry.objects.create(
        actor_id=uuid4(), actor_name="gone", action="circuit.close", target="plant_id_api"
    )

    assert b"circuit.close" in chief.get("/admin/core/auditentry/").content
    change = f"/admin/core/auditentry/{row.pk}/change/"
    assert chief.get(change).status_code == 200
    for refused in (change, f"/admin/core/auditentry/{row.pk}/delete/", "/admin/core/auditentry/add/"):
        assert chief.post(refused, {"reason": "never happened"}).status_code == 403
    row.refresh_from_db()
    assert row.reason == ""


def test_who_switched_stays_known_when_the_account_is_gone(browser, staff):
    press(browser, "force-open")
    who = staff.pk
    staff.delete()

    assert AuditEntry.objects.values_list("actor_id", "actor_name").get() == (who, "keeper")
