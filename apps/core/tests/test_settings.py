import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as active
from django.test import Client

from plant_community_backend.settings import stores
from plant_community_backend.settings.requirements import production_faults

ROOT = Path(__file__).resolve().parents[3]
RANDOM = "fJ8sK2mQ9xWz4vB7nT1cY6hR3pL5gD0aEoUiXkNwZqMtVbHy-_8Q7r"
OTHER = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF-hI_kL.nO~qR+tU=wX/zA"
GOOD: dict[str, Any] = {
    "SECRET_KEY": RANDOM,
    "JWT_SECRET_KEY": OTHER,
    "ALLOWED_HOSTS": ["plants.example.org"],
    "DATABASE_URL": "postgres://plants:x@db/plants",
    "REDIS_URL": "redis://redis:6379/0",
    "SITE_URL": "https://plants.example.org",
    "EMAIL_URL": "smtp://mail.example.org:25",
    "ACCOUNT_EMAIL_VERIFICATION": "mandatory",
}


def manage(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """A process of its own, which knows nothing but these variables."""
    return subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "manage.py", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def production(**changed: str) -> dict[str, str]:
    good = {name: value if isinstance(value, str) else ",".join(value) for name, value in GOOD.items()}
    return {**good, "DJANGO_SETTINGS_MODULE": "plant_community_backend.settings.production", **changed}


def test_production_names_everything_that_is_missing_at_once() -> None:
    empty = dict.fromkeys(production(), "")
    empty["DJANGO_SETTINGS_MODULE"] = "plant_community_backend.settings.production"
    done = manage("check", **empty)
    assert done.returncode != 0
    for name in (
        "SECRET_KEY",
        "JWT_SECRET_KEY",
        "ALLOWED_HOSTS",
        "DATABASE_URL",
        "REDIS_URL",
        "SITE_URL",
        "EMAIL_URL",
    ):
        assert f"- {name} " in done.stderr


def test_production_passes_the_deployment_check_without_a_warning() -> None:
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        pytest.skip("some checks ask the database, and there is none")
    servers = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}
    done = manage("check", "--deploy", "--fail-level", "WARNING", **production(**servers))
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout + done.stderr


def test_a_first_look_needs_no_environment(tmp_path: Path) -> None:
    done = manage("check", DATABASE_URL=f"sqlite:///{tmp_path}/db.sqlite3")
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout + done.stderr


def test_what_is_as_it_should_be_has_no_faults() -> None:
    assert production_faults(GOOD) == []
    assert production_faults({**GOOD, "EMAIL_URL": "", "ACCOUNT_EMAIL_VERIFICATION": "optional"}) == []


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SECRET_KEY", "", "SECRET_KEY is missing"),
        ("SECRET_KEY", "short", "SECRET_KEY is too weak"),
        ("SECRET_KEY", "a" * 80, "SECRET_KEY is too weak"),
        ("METRICS_TOKEN", "short", "METRICS_TOKEN is too weak"),
        ("SECRET_KEY", f"django-insecure-{RANDOM}", "SECRET_KEY is an example"),
        ("JWT_SECRET_KEY", "", "JWT_SECRET_KEY is missing"),
        ("JWT_SECRET_KEY", RANDOM, "must not be SECRET_KEY"),
        ("JWT_SECRET_KEY", f"development-only-{OTHER}", "JWT_SECRET_KEY is an example"),
        ("JWT_SECRET_KEY", f"jwt-{RANDOM}", "must not be SECRET_KEY"),
        ("METRICS_TOKEN", RANDOM, "METRICS_TOKEN must not be SECRET_KEY"),
        ("METRICS_TOKEN", OTHER[:40], "METRICS_TOKEN must not be JWT_SECRET_KEY"),
        ("METRICS_TOKEN", "t0ken-4-metrics!" * 3, "METRICS_TOKEN is too weak"),
        ("SECRET_KEY", "correct-horse!" * 6, "SECRET_KEY is too weak"),
        ("SECRET_KEY", RANDOM[:40] + "0123456789", "SECRET_KEY is too weak"),
        ("SECRET_KEY", RANDOM[:40] + "zyxwvutsrq", "SECRET_KEY is too weak"),
        ("SECRET_KEY", f"Change-Me-{RANDOM}", "SECRET_KEY is an example"),
        ("DATABASE_URL", "postgres://plants:password@db/plants", "DATABASE_URL still has"),
        ("REDIS_URL", "redis://:ch%61ngeme@redis:6379/0", "REDIS_URL still has"),
        ("EMAIL_URL", "smtp+tls://user:password@smtp.example.org:587", "EMAIL_URL still has"),
        ("CORS_ALLOWED_ORIGINS", ["https://app.example.org", "null"], "CORS_ALLOWED_ORIGINS"),
        ("CORS_ALLOWED_ORIGINS", ["http://app.example.org"], "CORS_ALLOWED_ORIGINS"),
        ("CORS_ALLOWED_ORIGINS", ["https://*.example.org"], "CORS_ALLOWED_ORIGINS"),
        ("CORS_ALLOWED_ORIGINS", ["https://app.example.org/"], "CORS_ALLOWED_ORIGINS"),
        ("ALLOWED_HOSTS", [], "ALLOWED_HOSTS is missing"),
        ("ALLOWED_HOSTS", ["*"], "must name the hosts"),
        ("DATABASE_URL", "", "DATABASE_URL"),
        ("DATABASE_URL", "sqlite:///db.sqlite3", "PostgreSQL"),
        ("REDIS_URL", "", "REDIS_URL"),
        ("SITE_URL", "", "SITE_URL"),
        ("SITE_URL", "http://plants.example.org", "SITE_URL"),
        ("EMAIL_URL", "", "EMAIL_URL is missing"),
        ("ACCOUNT_EMAIL_VERIFICATION", "maybe", "ACCOUNT_EMAIL_VERIFICATION"),
    ],
)
def test_production_refuses(name: str, value: Any, words: str) -> None:
    faults = production_faults({**GOOD, name: value})
    assert len(faults) == 1
    assert words in faults[0]


def test_no_fault_repeats_a_secret() -> None:
    faults = production_faults({**GOOD, "SECRET_KEY": "hunter2hunter2", "JWT_SECRET_KEY": "hunter2hunter2"})
    assert len(faults) == 3
    assert not [fault for fault in faults if "hunter2" in fault]


def test_the_development_secrets_are_no_production_secrets() -> None:
    keys = {"SECRET_KEY": active.SECRET_KEY, "JWT_SECRET_KEY": active.JWT_SECRET_KEY}
    if not active.SECRET_KEY.startswith("development-only"):
        pytest.skip("the environment brings secrets of its own")
    faults = production_faults({**GOOD, **keys})
    assert len([fault for fault in faults if "is an example" in fault]) == 2


# --- One address, four roles --------------------------------------------------------------------------------
SENTINELS = stores.parse_sentinels(["one:26379", "two", "[2001:db8::1]:5000"])


def test_sentinels_are_read_with_and_without_ports() -> None:
    assert SENTINELS == [("one", 26379), ("two", 26379), ("2001:db8::1", 5000)]


def test_without_redis_everything_stays_in_the_process() -> None:
    assert stores.broker_url("", sentinels=[], password="") == ""
    cache = stores.cache_settings("", sentinels=[], password="", sentinel_password="")
    channels = stores.channel_settings("", sentinels=[], password="", sentinel_password="")
    assert cache["BACKEND"].endswith("LocMemCache")
    assert channels["BACKEND"].endswith("InMemoryChannelLayer")


def test_a_password_beside_the_address_goes_into_it_quoted() -> None:
    assert stores.with_password("redis://h:6379/1", "p/w@d") == "redis://:p%2Fw%40d@h:6379/1"
    assert stores.with_password("redis://:own@h:6379/1", "other") == "redis://:own@h:6379/1"
    assert stores.with_password("redis://h:6379/1", "") == "redis://h:6379/1"


def test_with_sentinels_every_role_asks_them_for_the_master() -> None:
    url, secrets = "redis://mymaster/3", {"password": "pw", "sentinels": SENTINELS}
    broker = stores.broker_url(url, **secrets)
    assert broker.split(";")[0] == "sentinel://:pw@one:26379/3"
    assert len(broker.split(";")) == 3
    options = stores.broker_options(url, sentinels=SENTINELS, sentinel_password="spw")
    assert options["master_name"] == "mymaster"
    assert options["sentinel_kwargs"] == {"password": "spw"}
    cache = stores.cache_settings(url, sentinel_password="spw", **secrets)
    assert cache["LOCATION"] == url
    assert cache["OPTIONS"]["SENTINELS"] == SENTINELS
    host = stores.channel_settings(url, sentinel_password="spw", **secrets)["CONFIG"]["hosts"][0]
    assert (host["master_name"], host["db"], host["password"]) == ("mymaster", 3, "pw")


def test_tests_have_a_redis_database_of_their_own() -> None:
    assert active.REDIS_DATABASE_OF_TESTS > 0
    assert stores.with_database("redis://:pw@h:6379/0", 4) == "redis://:pw@h:6379/4"
    if active.REDIS_URL:
        assert active.REDIS_URL.endswith(f"/{active.REDIS_DATABASE_OF_TESTS}")
        assert active.CACHES["default"]["LOCATION"] == active.REDIS_URL == active.CELERY_BROKER_URL


# --- What browsers are told ---------------------------------------------------------------------------------
def policy_of(answer: Any) -> dict[str, str]:
    directives = [part.strip() for part in answer["Content-Security-Policy"].split(";")]
    return {name: rest for name, _, rest in (part.partition(" ") for part in directives)}


def test_an_answer_that_is_no_page_may_do_nothing_in_a_browser(client: Client) -> None:
    assert policy_of(client.get("/api/v1/meta/")) == {"default-src": "'none'", "frame-ancestors": "'none'"}


def test_a_page_runs_no_inline_script_and_loads_nothing_from_elsewhere(client: Client) -> None:
    policy = policy_of(client.get("/"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"


@pytest.mark.parametrize(("path", "styles"), [("/api/docs/", "'self'"), ("/api/redoc/", "'self' 'nonce-")])
def test_the_documentation_s_viewers_bring_their_scripts_with_them(
    client: Client, path: str, styles: str
) -> None:
    answer = client.get(path)
    policy = policy_of(answer)
    assert policy["script-src"] == "'self'"
    assert policy["style-src"].startswith(styles)
    assert "unsafe" not in answer["Content-Security-Policy"]
    text = answer.content.decode()
    assert "<script>" not in text
    assert "<style" not in text
    assert "//cdn." not in text
    assert "googleapis" not in text


def test_a_nonce_is_good_for_one_answer(client: Client) -> None:
    policies = {policy_of(client.get("/api/redoc/"))["style-src"] for _ in range(3)}
    assert len(policies) == 3


def test_swagger_s_own_script_is_a_script(client: Client) -> None:
    answer = client.get("/api/docs/?script=")
    assert answer["Content-Type"].startswith("application/javascript")
    assert "SwaggerUIBundle" in answer.content.decode()


@pytest.mark.django_db
def test_only_the_editors_rooms_allow_inline_scripts_and_none_in_attributes(client: Client) -> None:
    policy = policy_of(client.get("/cms/login/"))
    assert policy["script-src"] == "'self' 'unsafe-inline'"
    assert policy["script-src-attr"] == "'none'"
    assert policy["frame-ancestors"] == "'self'"
    assert "unsafe-eval" not in str(policy)
    assert "unsafe" not in str(policy_of(client.get("/admin/login/")))


def test_a_page_carries_the_other_headers_too(client: Client) -> None:
    answer = client.get("/")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=(self)" in answer["Permissions-Policy"]
    assert "microphone=()" in answer["Permissions-Policy"]


def test_scripts_of_an_allowed_origin_may_read_what_they_need(client: Client, settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.org"]
    answer = client.get("/api/v1/meta/", headers={"Origin": "https://app.example.org"})
    assert answer["Access-Control-Allow-Origin"] == "https://app.example.org"
    assert answer["Access-Control-Allow-Credentials"] == "true"
    exposed = answer["Access-Control-Expose-Headers"]
    for name in ("api-version", "ratelimit", "retry-after", "x-request-id", "deprecation"):
        assert name in exposed
    stranger = client.get("/api/v1/meta/", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in stranger


def test_a_repeated_read_that_changed_nothing_costs_no_body(client: Client) -> None:
    first = client.get("/api/v1/meta/")
    again = client.get("/api/v1/meta/", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert again["API-Version"] == "v1"


def test_answers_are_compressed_for_who_asks(client: Client) -> None:
    assert client.get("/api/v1/meta/", headers={"Accept-Encoding": "gzip"})["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in client.get("/api/v1/meta/")


# --- The first page and the meta document -------------------------------------------------------------------
def test_the_first_page_leads_everywhere_and_warns_of_the_sandbox(client: Client, settings: Any) -> None:
    settings.PROVIDER_SANDBOX = False
    text = client.get("/").content.decode()
    for link in ("/blog/", "/api/docs/", "/api/redoc/", "/cms/"):
        assert f'href="{link}"' in text
    assert "sandbox" not in text
    settings.PROVIDER_SANDBOX = True
    assert "<strong>Sandbox" in client.get("/").content.decode()


def test_the_meta_document_tells_versions_clients_and_limits(client: Client, settings: Any) -> None:
    meta = client.get("/api/v1/meta/").json()
    assert meta["version"] == "v1"
    states = {version["path"]: version["state"] for version in meta["versions"]}
    assert states == {"/api/v1/": "current", "/api/v2/": "current", "/api/": "deprecated"}
    assert meta["limits"]["photos"] == settings.API_LIMITS["photos"]
    assert meta["limits"]["identifications_per_hour"]["anonymous"] == 0
    settings.DEBUG = True
    settings.IDENTIFY_RATE_ANONYMOUS = 7
    limits = client.get("/api/v1/meta/").json()["limits"]
    assert limits["identifications_per_hour"]["anonymous"] == 7
