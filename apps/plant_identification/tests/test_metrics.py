"""What identifications are counted under, and that dashboard, alerts and runbook speak of what is counted."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from rest_framework_simplejwt.tokens import AccessToken

from apps.core.redis import get_redis
from apps.plant_identification.metrics import FlightMetrics
from apps.plant_identification.services.registry import registry
from apps.plant_identification.tests.conftest import make_photo
from apps.users.tests.factories import UserFactory

in_database = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[3]
RULES = ROOT / "deploy" / "prometheus" / "alerts.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "dashboards" / "plant-community.json"
RUNBOOK = ROOT / "docs" / "operations" / "runbook.md"
# Every name that operations promise, with the labels it is promised with.
PROMISED = {
    "plant_id_circuit_state": {"provider"},
    "plant_id_circuit_open_duration_seconds_total": {"provider"},
    "plant_id_circuit_fast_fails_total": {"provider"},
    "plant_id_circuit_transitions_total": {"provider"},
    "plant_id_requests_total": set(),
    "plant_id_auth_success_total": set(),
    "plant_id_auth_total": set(),
    "plant_id_rate_limit_exceeded_total": set(),
    "plant_id_api_calls_total": {"provider", "outcome"},
    "plant_id_api_errors_total": {"provider"},
    "plant_id_api_duration_seconds_bucket": {"provider"},
    "cache_hits_total": {"cache"},
    "cache_misses_total": {"cache"},
    "plant_id_lock_wait_seconds_bucket": set(),
    "plant_id_lock_timeouts_total": set(),
    "plant_id_stampede_prevented_total": set(),
    "plant_id_quota_used_ratio": {"provider", "window"},
    "identifications_total": {"status", "cache", "principal"},
    "identifications_success_total": set(),
    "plant_id_calls_in_flight": {"provider"},
    "active_users": set(),
    "celery_queue_depth": {"queue"},
    "legacy_api_requests_total": {"client"},
    "http_requests_total": {"method", "route", "status"},
    "http_request_duration_seconds_bucket": {"method", "route", "status_class"},
    "database_query_duration_seconds_bucket": {"operation"},
}
_OF_PROMETHEUS = {"up": {"job", "instance"}}


def read_page():
    text = Client().get("/metrics").content.decode()
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


class Counting:
    """What the block added to the page."""

    def __enter__(self):
        self._before = read_page()
        return self

    def __exit__(self, *_):
        self._after = read_page()

    def __getitem__(self, wanted):
        name, labels = wanted if isinstance(wanted, tuple) else (wanted, {})

        def total(page):
            return sum(s.value for s in page if s.name == name and labels.items() <= s.labels.items())

        return total(self._after) - total(self._before)


@in_database
def test_an_answer_is_counted_once_under_how_it_came_about(providers, identify):
    photo = make_photo("counted")
    with Counting() as counted:
        identify(photo)
        identify(photo)

    assert counted["identifications_total", {"status": "complete", "cache": "miss"}] == 1
    assert counted["identifications_total", {"status": "complete", "cache": "hit"}] == 1
    assert counted["identifications_total", {"principal": "anonymous"}] == 2
    assert counted["plant_id_requests_total"] == counted["identifications_success_total"] == 2


@in_database
@pytest.mark.parametrize(
    ("end", "hits", "spared", "in_vain"),
    [
        ("cached", 1, 0, 0),
        ("told", 0, 1, 0),
        ("followed", 0, 1, 0),
        ("loaded", 0, 0, 0),
        ("timed_out", 0, 0, 1),
    ],
)
def test_every_end_of_a_flight_is_counted(end, hits, spared, in_vain):
    with Counting() as counted:
        FlightMetrics("answer").ended(end, waited_s=0.1)

    assert counted["cache_hits_total"] == hits
    assert counted["cache_misses_total"] == counted["plant_id_lock_wait_seconds_count"] == 1 - hits
    assert counted["plant_id_stampede_prevented_total"] == spared
    assert counted["plant_id_lock_timeouts_total"] == in_vain


@in_database
def test_a_refused_photo_is_a_request_and_no_identification(providers, identify):
    with Counting() as counted:
        assert identify(b"no photo").status_code == 415

    assert counted["plant_id_requests_total"] == 1
    assert counted["identifications_total"] == 0


@in_database
def test_no_answer_is_counted_as_what_it_is(providers, identify, circuits):
    providers.fault("both", "status", 500)
    with Counting() as counted:
        assert identify(make_photo("nobody answers")).status_code == 503
    assert counted["identifications_total", {"status": "unavailable"}] == 1
    assert counted["identifications_success_total"] == 0
    assert counted["plant_id_api_calls_total", {"outcome": "failed"}] == 2
    assert counted["plant_id_api_errors_total", {"provider": "plantnet"}] == 1

    with Counting() as counted:
        queued = identify(make_photo("nobody answers yet"), headers={"Prefer": "respond-async"})
    assert queued.status_code == 202
    assert counted["identifications_total", {"status": "queued"}] == 1


@in_database
def test_a_photo_the_service_refuses_is_no_error_of_the_service(providers, identify):
    providers.fault("plant_id", "plain_text", {"status": 400, "body": "Invalid image data"})
    with Counting() as counted:
        identify(make_photo("blamed"))

    assert counted["plant_id_api_calls_total", {"provider": "plant_id", "outcome": "refused_photo"}] == 1
    assert counted["plant_id_api_errors_total", {"provider": "plant_id"}] == 0


@in_database
def test_a_circuit_tells_its_state_its_changes_and_what_it_kept_back(providers, identify, circuits):
    circuits["plant_id"].force_open()
    with Counting() as counted:
        identify(make_photo("kept back"))
        circuits["plant_id"].force_closed()
    by_service = {"provider": "plant_id"}

    assert counted["plant_id_circuit_fast_fails_total", by_service] == 1
    assert counted["plant_id_circuit_transitions_total", by_service | {"to": "closed"}] == 1
    assert counted["plant_id_circuit_state", by_service] == -2
    assert counted["plant_id_circuit_open_duration_seconds_total", by_service] > 0


@in_database
def test_the_time_of_all_outages_is_added_up_in_redis(providers, circuits):
    circuit = circuits["plantnet"]

    def seconds():
        return circuit.snapshot().open_total_s

    for outage in (1, 2):
        circuit.force_open(for_s=3_600)
        get_redis().hincrby("cb:{plantnet_api}", "opened_at", -100_000)  # ms: it happened earlier
        assert 100 * outage <= seconds() < 100 * outage + 5
        circuit.force_closed()
        after = seconds()
        assert 100 * outage <= after < 100 * outage + 5
        assert seconds() == after, "closed, it stands still"


@in_database
def test_credentials_are_counted_by_whether_they_were_good(api_client):
    user = UserFactory()
    token = AccessToken.for_user(user)
    with Counting() as counted:
        api_client.post("/api/v1/auth/token/", {"login": user.email, "password": "wrong"})
        api_client.get("/api/v1/auth/user/", headers={"Authorization": "Bearer nonsense"})
        api_client.get("/api/v1/auth/user/")  # shows none
        api_client.get("/api/v1/auth/user/", headers={"Authorization": f"Bearer {token}"})

    assert (counted["plant_id_auth_total"], counted["plant_id_auth_success_total"]) == (3, 1)


@in_database
def test_a_refusal_by_limit_is_counted(providers, identify, settings):
    settings.IDENTIFY_RATE_ANONYMOUS = 0
    with Counting() as counted:
        assert identify(make_photo("too many")).status_code == 429
    assert counted["plant_id_rate_limit_exceeded_total"] == 1


# --- What is promised, judged and shown ---------------------------------------------------------------------
def rules():
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def panels():
    return json.loads(DASHBOARD.read_text())["panels"]


def expressions():
    yield from ((rule["alert"], rule["expr"]) for rule in rules())
    yield from ((panel["title"], target["expr"]) for panel in panels() for target in panel.get("targets", ()))


_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_GROUPING = re.compile(r"\b(?:by|without)\s*\(([^)]*)\)")
_SELECTOR = re.compile(r"(?<![\w$])([a-z_:][\w:]*)\b(?!\s*\()(?:\{([^}]*)\})?(?:\[[\w$]+\])?")
_WORDS = {"and", "or", "unless", "by", "without", "offset", "bool"}


def series_used(expression):
    """Each series with the labels it is picked by, and the labels results are grouped by."""
    bare = _STRING.sub('""', expression)
    grouped = {label.strip() for found in _GROUPING.findall(bare) for label in found.split(",")} - {"le"}
    used = [
        (name, set(re.findall(r"(\w+)\s*[=!]", matchers)))
        for name, matchers in _SELECTOR.findall(_GROUPING.sub("", bare))
        if name not in _WORDS
    ]
    return used, grouped


@pytest.fixture
def counted_labels(providers, identify, api_client):
    """The labels of everything on the page after a little of each kind of traffic."""
    identify(make_photo("a page"))
    api_client.get("/api/meta/")
    labels = dict(_OF_PROMETHEUS)
    for sample in read_page():
        labels[sample.name] = set(sample.labels)
    return labels


@in_database
def test_every_promised_name_is_there_with_its_labels(counted_labels):
    missing = {
        name: labels for name, labels in PROMISED.items() if not labels <= counted_labels.get(name, {None})
    }
    assert not missing


@in_database
def test_dashboard_and_alerts_use_names_and_labels_that_exist(counted_labels):
    wrong = []
    for where, expression in expressions():
        used, grouped = series_used(expression)
        assert used, where
        assert expression.count("(") == expression.count(")"), where
        wrong += [
            (where, name, labels) for name, labels in used if not labels <= counted_labels.get(name, {None})
        ]
        wrong += [(where, grouped) for name, _ in used if not grouped <= counted_labels.get(name, set())]
    assert not wrong


def test_every_promised_name_is_judged_or_shown():
    used = {name for _, expression in expressions() for name, _ in series_used(expression)[0]}

    assert {name for name in PROMISED if name not in used} <= {"database_query_duration_seconds_bucket"}


def test_every_condition_that_is_promised_has_its_alert():
    limits = {rule["alert"]: rule["expr"] for rule in rules()}

    for alert, limit in {
        "CircuitFlapping": "[1h])) > 10",
        "CircuitFastFails": "> 0.05",
        "QuotaNearlyUsed": "> 0.8",
        "LockTimeouts": "> 0.05",
        "LockWaitLong": "> 1",
        "ServiceUnavailable": "> 0.05",
        "AuthenticationFailures": "> 0.1",
        "ManyRateLimited": "[1h])) > 50",
        "AnonymousIdentifications": "> 0",
        "ProviderSlow": "> 10",
        "ManyCallsInFlight": "> 20",
        "QueueDeep": "> 100",
        "CacheHitsLow": "< 0.3",
    }.items():
        assert limit in limits[alert], alert
    assert next(rule["for"] for rule in rules() if rule["alert"] == "CircuitOpen") == "5m"


def test_each_alert_has_a_section_of_the_runbook_and_each_section_an_alert():
    sections = re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", RUNBOOK.read_text(), re.MULTILINE | re.DOTALL)

    assert {rule["alert"] for rule in rules()} == {name for name, _ in sections}
    for rule in rules():
        assert rule["annotations"]["runbook"] == f"docs/operations/runbook.md#{rule['alert'].lower()}"
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    for name, text in sections:
        for part in ("**Means**", "**See**", "**Do**"):
            assert part in text, (name, part)


def test_panels_the_runbook_names_exist():
    named = set(re.findall(r"“([^”]+)”", RUNBOOK.read_text())) - {"Plant Community", "Targets"}
    titles = {panel["title"] for panel in panels()}

    assert {name for name in named if not any(title.startswith(name) for title in titles)} == set()


def test_the_dashboard_is_one_grafana_can_load():
    dashboard = json.loads(DASHBOARD.read_text())
    numbers = [panel["id"] for panel in panels()]
    source = yaml.safe_load((ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text())
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    provider = yaml.safe_load((ROOT / "deploy/grafana/provisioning/dashboards/files.yml").read_text())

    assert {"uid", "title", "schemaVersion", "panels", "time", "templating"} <= set(dashboard)
    assert len(numbers) == len(set(numbers))
    covered = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & covered, f"{panel['title']} lies on another"
        covered |= cells
        for target in panel.get("targets", ()):
            assert target["datasource"]["uid"] == source["datasources"][0]["uid"]
    mounts = dict(volume.split(":")[:2] for volume in compose["grafana"]["volumes"])
    assert mounts["./deploy/grafana/dashboards"] == provider["providers"][0]["options"]["path"]


def test_prometheus_scrapes_what_serves_the_metrics():
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    mounted = dict(volume.split(":")[:2] for volume in compose["prometheus"]["volumes"])
    (job,) = config["scrape_configs"]

    assert job["job_name"] == "plant-community"
    assert job["static_configs"] == [{"targets": ["web:8000"]}]
    assert job["authorization"]["credentials_file"] == f"/run/secrets/{compose['prometheus']['secrets'][0]}"
    assert mounted["./deploy/prometheus/alerts.yml"] in config["rule_files"]


def test_prometheus_own_checker_finds_nothing():
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not on the PATH; the tests above read the expressions themselves")
    done = subprocess.run(
        [promtool, "check", "rules", str(RULES)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@in_database
def test_a_service_that_is_not_configured_is_not_on_the_page(providers, settings):
    settings.PLANTNET_API_KEY = ""
    assert [provider.name for provider in registry().providers] == ["plant_id"]

    states = {s.labels["provider"] for s in read_page() if s.name == "plant_id_circuit_state"}
    assert states == {"plant_id"}
