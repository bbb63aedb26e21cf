"""What browsers report about our content security policy, and what strangers send in their place."""

import json
import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.core.csp import recording
from apps.core.models import CspViolation
from apps.core.redis import OUTAGE
from apps.core.tasks import send_csp_digest_task
from apps.users.tests.factories import UserFactory

PERMANENT, VERSIONED = "/api/security/csp-report/", "/api/v1/security/csp-report/"
OLD, NEW = "application/csp-report", "application/reports+json"
SITE = "http://testserver"
SECRET = "iris-7Qx"


def old(document: str = f"{SITE}/", blocked: str = "inline", directive: str = "script-src-elem") -> Any:
    body = {
        "document-uri": document,
        "referrer": f"{SITE}/?from={SECRET}",
        "violated-directive": directive,
        "effective-directive": directive,
        "original-policy": "default-src 'none'",
        "blocked-uri": blocked,
        "script-sample": SECRET,
        "source-file": f"{SITE}/?{SECRET}",
    }
    return {"csp-report": body}


def new(document: str = f"{SITE}/", blocked: str = "inline", directive: str = "script-src-elem") -> Any:
    body = {
        "documentURL": document,
        "referrer": f"{SITE}/?from={SECRET}",
        "effectiveDirective": directive,
        "blockedURL": blocked,
        "disposition": "enforce",
        "sample": SECRET,
    }
    return {"type": "csp-violation", "age": 12, "url": document, "user_agent": "Firefox", "body": body}


def send(content: Any, kind: str = OLD, path: str = PERMANENT, **extra: Any) -> int:
    text = content if isinstance(content, str | bytes) else json.dumps(content)
    return Client(enforce_csrf_checks=True).post(path, text, content_type=kind, **extra).status_code


def kinds() -> list[tuple[str, str, str, int]]:
    rows = CspViolation.objects.order_by("pk")
    return list(rows.values_list("directive", "blocked", "page", "count"))


@pytest.mark.django_db
@pytest.mark.parametrize("path", [PERMANENT, VERSIONED])
@pytest.mark.parametrize(("kind", "content"), [(OLD, old()), (NEW, [new(), new()])])
def test_both_forms_are_taken_at_both_addresses(path: str, kind: str, content: Any) -> None:
    assert send(content, kind, path) == 204
    assert kinds() == [("script-src-elem", "inline", "/", len(content))]


@pytest.mark.django_db
def test_the_same_again_is_counted_and_not_kept_again() -> None:
    for blocked in ("https://evil.example/a.js?x=1", "https://evil.example/b.js", "https://other.example/"):
        assert send(old(blocked=blocked)) == 204
    assert kinds() == [
        ("script-src-elem", "https://evil.example", "/", 2),
        ("script-src-elem", "https://other.example", "/", 1),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("document", "page"),
    [
        (f"{SITE}/?q={SECRET}#{SECRET}", "/"),
        (f"http://{SECRET}:{SECRET}@testserver/api/docs/", "/api/docs/"),
        (f"{SITE}/api/v1/auth/email/confirm/?key={SECRET}", "/api/v1/auth/email/confirm/"),
        (f"{SITE}/admin/users/user/{UUID(int=7)}/change/", "/admin/users/user/<path:object_id>/change/"),
        (f"{SITE}/blog/roses-in-june/?{SECRET}", "/blog/roses-in-june/"),
        (f"{SITE}/blog/{SECRET}@example.org", "(nowhere)"),
    ],
)
def test_a_page_is_kept_without_what_is_personal(document: str, page: str) -> None:
    assert send(old(document)) == send([new(document)], NEW) == 204
    assert [row[2] for row in kinds()] == [page]
    assert SECRET not in str(CspViolation.objects.values())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("blocked", "kept"),
    [
        (f"https://{SECRET}:pw@EVIL.example:8443/{SECRET}?{SECRET}#{SECRET}", "https://evil.example:8443"),
        (f"{SITE}/media/{SECRET}.js", "self"),
        (f"chrome-extension://{SECRET}/x.js", "chrome-extension:"),
        (f"data:text/html,{SECRET}", "data:"),
        ("eval", "eval"),
        ("data", "data"),
        ("", "other"),
        (f"https://[{SECRET}", "other"),
        (f"https://e\u0456vil.example\n{SECRET}/", "other"),
        ("https://" + "e" * 5_000, "other"),
        (SECRET, "other"),
    ],
)
def test_of_what_was_stopped_only_the_origin_is_kept(blocked: str, kept: str) -> None:
    assert send(old(blocked=blocked)) == 204
    assert [row[1] for row in kinds()] == [kept]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content",
    [
        old("https://elsewhere.example/"),
        old("http://testserver.evil.example/"),
        old("http://testserver@evil.example/"),
        old("about:blank"),
        old(document=""),
        {"csp-report": "words"},
        {"csp-report": {"document-uri": ["http://testserver/"]}},
        [[{}], 7, None, "words", {"type": "deprecation", "body": new()["body"]}],
        [],
        {},
        7,
        None,
    ],
    ids=str,
)
def test_what_is_not_about_our_pages_is_not_kept(content: Any) -> None:
    assert send(content) == send(content, NEW) == 204
    assert kinds() == []


@pytest.mark.django_db
def test_an_app_on_an_allowed_origin_is_told_apart_by_its_origin_alone(settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.org"]
    send(old(f"https://app.example.org/plants/{SECRET}"))
    assert [row[2] for row in kinds()] == ["https://app.example.org"]


@pytest.mark.django_db
def test_a_directive_nobody_knows_is_no_word_of_ours() -> None:
    send(old(directive=f"{SECRET}-src"))
    send(old(directive="script-src 'self' https://x.example"))
    assert [row[0] for row in kinds()] == ["other", "script-src"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        ("{", OLD, 400),
        (b"\xff\xfe", OLD, 400),
        ("[" * 60_000, NEW, 400),
        (" " * 65_537, OLD, 413),
        (json.dumps(old()), "application/json", 415),
        (json.dumps(old()), "text/plain", 415),
        (json.dumps(old()), "application/x-www-form-urlencoded", 415),
    ],
)
def test_what_is_no_report_is_refused(content: str | bytes, kind: str, status: int) -> None:
    assert send(content, kind, VERSIONED) == status
    assert kinds() == []


@pytest.mark.django_db
def test_of_one_body_no_more_than_twenty_reports_are_read() -> None:
    send([new(blocked=f"https://e{number}.example/") for number in range(50)], NEW)
    assert len(kinds()) == 20


@pytest.mark.django_db
@pytest.mark.parametrize("is_redis_there", [True, False])
def test_whoever_sends_too_many_is_answered_alike_and_not_listened_to(
    settings: Any, is_redis_there: bool
) -> None:
    settings.CSP_REPORT_RATE = 3
    if not is_redis_there:
        OUTAGE.note_failure(ConnectionError("gone"))
    assert [send(old(blocked=f"https://e{number}.example/")) for number in range(6)] == [204] * 6
    assert len(kinds()) == 3
    assert send(old(), REMOTE_ADDR="10.1.2.3") == 204
    assert len(kinds()) == 4


@pytest.mark.django_db
def test_a_flood_of_kinds_fills_no_table_and_drives_out_nothing_that_really_happens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recording, "KINDS_MAX", 5)
    for _ in range(2):
        send(old(blocked="https://real.example/"))
    for number in range(30):
        send(old(blocked=f"https://flood{number}.example/"))
    assert len(kinds()) == 5
    assert kinds()[0][1:] == ("https://real.example", "/", 2)
    assert kinds()[-1][1] == "https://flood29.example"


@pytest.mark.django_db(transaction=True)
def test_reports_that_come_at_once_are_all_counted_in_one_row() -> None:
    together = threading.Barrier(8, timeout=20)

    def report() -> None:
        together.wait()
        assert send(old()) == 204
        connection.close()

    threads = [threading.Thread(target=report) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert kinds() == [("script-src-elem", "inline", "/", 8)]


# --- The daily digest ---------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_what_is_new_is_told_once_a_day_in_one_mail(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.MANAGERS = [("", "keeper@example.org")]
    for _ in range(3):
        send(old(blocked="https://evil.example/"))
    for number in range(30):
        send([new(blocked=f"https://e{number}.example/")], NEW)

    assert send_csp_digest_task() == 31
    assert send_csp_digest_task() == 0

    (told,) = mail.outbox
    lines = told.body.splitlines()
    assert lines[0] == "3 × script-src-elem stopped https://evil.example on /"
    assert len(lines) == 21
    assert "11 more" in lines[-1]
    logged = [record for record in caplog.records if getattr(record, "event", "") == "csp_violations_new"]
    assert [(vars(record)["kinds"], vars(record)["reports"]) for record in logged] == [(31, 33)]
    send(old(blocked="https://evil.example/"))
    assert send_csp_digest_task() == 0, "nothing new has happened"


@pytest.mark.django_db
def test_what_nobody_has_seen_for_a_month_is_forgotten() -> None:
    send(old())
    CspViolation.objects.update(last_seen_at=timezone.now() - timedelta(days=31), told_at=timezone.now())
    assert send_csp_digest_task() == 0
    assert kinds() == []


@pytest.mark.django_db
def test_staff_reads_them_and_nobody_writes_them(client: Client) -> None:
    send(old(blocked="https://evil.example/"))
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    page = client.get("/admin/core/cspviolation/")
    assert "https://evil.example" in page.content.decode()
    assert client.get("/admin/core/cspviolation/add/").status_code == 403
    row = CspViolation.objects.get()
    client.post(f"/admin/core/cspviolation/{row.pk}/change/", {"count": 7})
    assert CspViolation.objects.get().count == 1


# --- Where browsers are sent --------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/", "/api/docs/", "/api/redoc/", "/cms/login/", "/admin/login/", "/nowhere/"]
)
def test_every_page_says_where_its_violations_are_reported(client: Client, path: str) -> None:
    plain, safe = client.get(path), client.get(path, secure=True)
    assert f"report-uri {PERMANENT}" in plain["Content-Security-Policy"]
    assert not plain.has_header("Reporting-Endpoints")
    assert "report-to csp" in safe["Content-Security-Policy"]
    assert f"report-uri {PERMANENT}" in safe["Content-Security-Policy"]
    assert safe["Reporting-Endpoints"] == f'csp="{PERMANENT}"'
