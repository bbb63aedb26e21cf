"""Enrichment against the sandbox, over real HTTP, PostgreSQL and Redis."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.core.redis import get_redis
from apps.core.resilience.clock import SystemClock
from apps.core.resilience.token_bucket import TokenBucket
from apps.plant_identification.models import LookupState, SpeciesFact, TrefleLookup
from apps.plant_identification.services.encyclopedia import trefle as trefle_module
from apps.plant_identification.services.encyclopedia.enrichment import (
    Enriched,
    enrich_due_species,
    enrich_species,
)
from apps.plant_identification.services.encyclopedia.trefle_client import Found, Known, TrefleAPIService
from apps.plant_identification.tasks import enrich_due_species_task, enrich_species_task
from apps.plant_identification.tests.factories import SpeciesFactory
from apps.plant_identification.tests.fake_http import FakeHttp, answered
from apps.plant_identification.tests.test_trefle_parser import SEARCH, SPECIES

pytestmark = pytest.mark.django_db(transaction=True)

KEY = "a-key-of-trefle-that-nobody-shows"
NAME = "Acer platanoides"  # pH 4.8 to 6.8 in the sandbox's catalogue


@pytest.fixture
def trefle(sandbox, settings):
    settings.TREFLE_API_KEY = KEY
    settings.TREFLE_BASE_URL = sandbox.trefle_url
    sandbox.set_quota(trefle_per_minute=100_000)
    return sandbox


def species(name=NAME, **fields):
    return SpeciesFactory(canonical_name=name, from_sandbox=True, **fields)


def enrich(one, **options):
    return enrich_species(species_id=one.pk, **options)


def facts(one):
    return {fact.field: (fact.value, fact.unit) for fact in SpeciesFact.objects.filter(species=one)}


def service(http):
    return TrefleAPIService(
        http=http, base_url="https://trefle.example/api/v1/", api_key=KEY, take_turn=lambda: 0
    )


def requests_to(sandbox):
    return sandbox.counters("trefle")["identify_posts"]


def test_a_species_gets_facts_with_source_and_day(trefle):
    one = species()

    assert enrich(one) is Enriched.FOUND
    assert facts(one) == {"soil_ph_min": (4.8, "pH"), "soil_ph_max": (6.8, "pH")}
    fact = SpeciesFact.objects.select_related("source").filter(species=one).first()
    assert fact.stated_on == datetime.now(UTC).date()
    assert fact.source.key == "trefle_sandbox"  # it is not Trefle's word
    assert (fact.source.licence, fact.source.is_verified) == ("", False)
    assert trefle.last("trefle")["path"] == "/trefle/api/v1/species/acer-platanoides"


def test_twice_is_once_and_later_only_news_are_fetched(trefle):
    one = species()
    enrich(one)
    assert enrich(one) is Enriched.NOT_DUE
    assert requests_to(trefle) == 1

    SpeciesFact.objects.update(stated_on="2020-01-01")
    assert enrich(one, is_wanted=True) is Enriched.UNCHANGED
    assert {"If-None-Match"} <= {name for name, _ in trefle.last("trefle")["headers"]}
    assert {fact.stated_on for fact in SpeciesFact.objects.all()} == {datetime.now(UTC).date()}
    left = TrefleLookup.objects.get().next_at - timezone.now()
    assert timedelta(days=6) < left <= timedelta(days=7)


def test_workers_at_one_moment_ask_once(trefle):
    one = species()
    start = threading.Barrier(4)

    def work():
        try:
            start.wait(10)
            return enrich_species_task(str(one.pk))
        finally:
            connection.close()

    trefle.hold("trefle")
    with ThreadPoolExecutor(4) as workers:
        outcomes = [workers.submit(work) for _ in range(4)]
        trefle.wait_for("trefle", "in_flight", at_least=1)
        while sum(outcome.done() for outcome in outcomes) < 3:
            threading.Event().wait(0.01)
        trefle.release("trefle")

    assert sorted(outcome.result() for outcome in outcomes) == ["found", "not_due", "not_due", "not_due"]
    assert requests_to(trefle) == 1


def test_who_lost_the_claim_writes_nothing(trefle):
    """A worker that was given up comes back with an old answer."""
    one = species()
    trefle.hold("trefle")
    with ThreadPoolExecutor(1) as worker:

        def work():
            try:
                return enrich(one)
            finally:
                connection.close()

        outcome = worker.submit(work)
        trefle.wait_for("trefle", "in_flight", at_least=1)
        TrefleLookup.objects.update(claim=None, claimed_until=None, state=LookupState.UNKNOWN)
        trefle.release("trefle")
        outcome.result()

    assert TrefleLookup.objects.get().state == LookupState.UNKNOWN
    assert facts(one) == {}


def test_a_dead_worker_holds_nobody_up(trefle):
    one = species()
    enrich(one)
    long_ago = timezone.now() - timedelta(seconds=1)
    TrefleLookup.objects.update(claimed_until=long_ago, next_at=long_ago, etag="")

    assert enrich(one) is Enriched.FOUND


def test_another_species_that_a_search_ranks_first_is_not_taken():
    others_first = {**SEARCH, "data": SEARCH["data"][::-1]}
    nothing = {**SEARCH, "data": []}

    def find(name, *replies):
        http = FakeHttp(answered(404), *(answered(200, json.dumps(reply)) for reply in replies))
        return service(http).find(name, Known())

    assert find("Alnus vulgaris", others_first, SPECIES).species.slug == "alnus-glutinosa"
    assert find("Alnus alnobetula", others_first, nothing) is None
    assert find("Alnus cordata", others_first, SPECIES) is None  # another one lies at that address


def test_a_synonym_is_found_by_searching(trefle):
    one = species("Calathea makoyana")

    assert enrich(one) is Enriched.FOUND
    assert TrefleLookup.objects.get().slug == "goeppertia-makoyana"


def test_a_broken_search_is_no_reason_to_give_up(trefle):
    trefle.fault("trefle", "status", 500, match="/trefle/api/v1/species/search")

    assert enrich(species("Nulla planta")) is Enriched.UNKNOWN
    assert [request["path"].rpartition("/v1")[2] for request in trefle.requests("trefle")] == [
        "/species/nulla-planta",
        "/species/search",
        "/species",
    ]
    left = TrefleLookup.objects.get().next_at - timezone.now()
    assert left > timedelta(days=29)


@pytest.mark.parametrize("kind", ["status", "junk_json", "html", "drop", "truncated", "oversized"])
def test_a_failure_is_put_off_and_keeps_what_is_known(trefle, kind):
    one = species()
    enrich(one)
    before = facts(one)
    TrefleLookup.objects.update(etag="")
    trefle.fault("trefle", kind, 504 if kind == "status" else None)

    assert enrich(one, is_wanted=True) is Enriched.FAILED
    lookup = TrefleLookup.objects.get()
    assert (lookup.attempts, lookup.state, lookup.claim) == (1, LookupState.FOUND, None)
    assert lookup.next_at > timezone.now() + timedelta(minutes=50)
    assert facts(one) == before


def test_a_slow_service_is_left_within_its_time(trefle, monkeypatch):
    monkeypatch.setattr(
        "apps.plant_identification.services.encyclopedia.trefle_client.TREFLE_API_TIMEOUT_S", 0.3
    )
    trefle.fault("trefle", "slow_drip", 0.1)
    began = timezone.now()

    assert enrich(species()) is Enriched.FAILED
    assert timezone.now() - began < timedelta(seconds=3)


def test_outages_open_a_circuit_that_operators_see(trefle, admin_client):
    trefle.fault("trefle", "status", 503)
    for name in ("Acer campestre", "Acer palmatum", "Acer platanoides"):
        assert enrich(species(name)) is Enriched.FAILED
    asked = requests_to(trefle)

    assert enrich(species("Allium cepa")) is Enriched.LATER
    assert requests_to(trefle) == asked
    health = admin_client.get("/api/v1/plant-identification/health/").json()
    assert health["services"]["trefle"]["circuit_state"] == "open"
    shown = {each["name"]: each for each in admin_client.get("/ops/status/").json()["circuits"]}
    assert shown["trefle"]["state"] == "open"
    admin_client.post("/ops/circuits/trefle/close/", {"reason": "It is back."})
    trefle.clear_faults()
    assert enrich(species("Aloe vera")) is Enriched.FOUND


def test_a_429_stops_the_whole_fleet_for_as_long_as_it_says(trefle):
    told = {"status": 429, "headers": {"Retry-After": "30"}}
    trefle.fault("trefle", "status", told, calls=1)

    assert enrich(species()) is Enriched.LATER
    assert enrich(species("Aloe vera")) is Enriched.LATER
    assert requests_to(trefle) == 1
    soonest = TrefleLookup.objects.order_by("next_at").first().next_at
    assert timezone.now() + timedelta(seconds=20) < soonest
    assert trefle_module.trefle().side.stats.is_healthy()


def test_a_refused_key_is_an_alarm_and_a_pause(trefle, settings, caplog):
    settings.TREFLE_API_KEY = "invalid"

    assert enrich(species()) is Enriched.LATER
    assert enrich(species("Aloe vera")) is Enriched.LATER
    assert requests_to(trefle) == 1
    assert "provider_key_refused" in caplog.text


def test_the_fleet_has_one_bucket_which_redis_keeps(trefle):
    bucket = TokenBucket("of-a-test", capacity=3, per_minute=60)
    start = threading.Barrier(6)

    def take(_):
        start.wait(10)
        return bucket.take()

    with ThreadPoolExecutor(6) as takers:
        waits = list(takers.map(take, range(6)))
    assert waits.count(0) == 3
    assert all(0 < wait <= 1 for wait in waits if wait)
    bucket.close_for(30)
    assert 25 < bucket.take() <= 30
    assert 0 < get_redis().ttl("bucket:of-a-test") <= 3_600


def test_a_turn_that_comes_soon_is_waited_for_and_no_other():
    slept = []

    class Impatient(SystemClock):
        def sleep(self, seconds):
            slept.append(seconds)
            super().sleep(seconds)

    bucket = TokenBucket("of-a-test", capacity=1, per_minute=600, clock=Impatient())
    assert [bucket.wait_for_turn(5), bucket.wait_for_turn(5)] == [0, 0]
    assert 0 < sum(slept) < 1
    slow = TokenBucket("of-another", capacity=1, per_minute=1, clock=Impatient())
    slow.take()
    slept.clear()
    assert 50 < slow.wait_for_turn(5) <= 60
    assert slept == []


def test_without_redis_nobody_is_asked(trefle, settings):
    one = species()
    settings.REDIS_URL = ""

    assert enrich(one) is Enriched.LATER
    assert requests_to(trefle) == 0


def test_a_batch_is_bounded_and_begins_with_the_most_identified(trefle):
    rare, common = species("Acer campestre", identification_count=1), species(identification_count=9)
    SpeciesFactory(canonical_name="Acer palmatum", from_sandbox=False, identification_count=99)

    assert enrich_due_species(at_most=1) == 1
    assert TrefleLookup.objects.get().species_id == common.pk
    assert enrich_due_species_task() == 1
    assert TrefleLookup.objects.filter(species=rare).exists()
    assert enrich_due_species() == 0


def test_a_batch_ends_with_the_first_that_may_not_be_asked(trefle):
    for name in ("Acer campestre", "Acer palmatum", "Acer platanoides"):
        species(name)
    trefle.set_quota(trefle_per_minute=0)

    assert enrich_due_species() == 0
    assert TrefleLookup.objects.count() == 1


def test_without_a_key_there_is_no_trefle(sandbox, settings, admin_client):
    settings.TREFLE_BASE_URL = sandbox.trefle_url
    one = species()

    assert enrich(one) is Enriched.OFF
    assert enrich_due_species_task() == 0
    assert requests_to(sandbox) == 0
    assert "trefle" not in admin_client.get("/api/v1/plant-identification/health/").json()["services"]


def test_what_it_does_not_say_any_more_goes(trefle):
    one = species()
    enrich(one)
    TrefleLookup.objects.update(etag="")
    changed = {"status": 200, "body": json.dumps(SPECIES).replace("Alnus glutinosa", NAME)}
    trefle.fault("trefle", "status", changed)

    assert enrich(one, is_wanted=True) is Enriched.FOUND
    assert facts(one)["height_max"] == (2500, "cm")
    trefle.clear_faults()
    assert enrich(one, is_wanted=True) is Enriched.FOUND
    assert "height_max" not in facts(one)


def test_the_key_goes_in_a_header_and_nowhere_else(caplog):
    http = FakeHttp(
        answered(404), answered(200, json.dumps(SEARCH)), answered(200, json.dumps(SPECIES), {"ETag": '"1"'})
    )

    found = service(http).find("Betula glutinosa", Known())

    assert isinstance(found, Found)
    assert found.etag == '"1"'
    assert [request.url.removeprefix("https://trefle.example/api/v1") for request in http.requests] == [
        "/species/betula-glutinosa",
        "/species/search?q=Betula+glutinosa",
        "/species/alnus-glutinosa",
    ]
    assert all(request.headers["Authorization"] == f"Bearer {KEY}" for request in http.requests)
    assert KEY not in caplog.text
