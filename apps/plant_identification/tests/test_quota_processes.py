"""The ledger and the limits where it counts: two hundred at once in four processes, over real HTTP."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection

from apps.core.redis import get_redis
from apps.plant_identification.models import QuotaReservation, QuotaWindow
from apps.plant_identification.services.quota_period import QuotaPeriod
from apps.plant_identification.services.quota_rules import PLANT_ID_RULE, PLANTNET_RULE
from apps.plant_identification.services.registry import registry
from apps.plant_identification.tasks import correct_quotas_task
from apps.plant_identification.tests.crew import running_crew
from apps.users.tests.factories import UserFactory
from devstack.processes import free_port

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time"),
]

PROCESSES, THREADS = 4, 50
RULES = {"plant_id": PLANT_ID_RULE, "plantnet": PLANTNET_RULE}
PASSED_ON = (
    "PROVIDER_SANDBOX",
    "PLANT_ID_BASE_URL",
    "PLANTNET_BASE_URL",
    "PLANT_ID_API_KEY",
    "PLANTNET_API_KEY",
    "PLANT_ID_MONTHLY_QUOTA",
    "PLANTNET_DAILY_QUOTA",
    "QUOTA_USER_SHARE",
    "IDENTIFY_RATE_ANONYMOUS",
    "IDENTIFY_RATE_FREE",
    "MANAGERS",
)


@pytest.fixture(scope="module")
def _crew(django_db_setup):
    with running_crew(processes=PROCESSES) as crew:
        yield crew


@pytest.fixture
def crew(_crew, providers, settings):
    """Its members have this test's settings."""

    class CrewOfTest:
        def begin(self, duty, *, more_settings=None, **details):
            passed_on = {name: getattr(settings, name) for name in PASSED_ON}
            _crew.begin(duty, settings=passed_on | (more_settings or {}), **details)

        def do(self, duty, **order):
            self.begin(duty, **order)
            return _crew.results()

        results = staticmethod(_crew.results)

    return CrewOfTest()


def posts(sandbox):
    return {name: counters["identify_posts"] for name, counters in sandbox.counters().items()}


def used():
    return {provider.name: provider.call.ledger.use().used for provider in registry().providers}


def take(used_by_others):
    """Of both windows, by nobody in particular."""
    for provider in registry().providers:
        period = QuotaPeriod.of(datetime.now(UTC), window=RULES[provider.name].window)
        QuotaWindow.objects.create(
            account=provider.call.ledger.account, starts_on=period.starts_on, used=used_by_others
        )


def add_up(results, provider):
    return sum((Counter(result[provider]) for result in results), Counter())


def test_two_hundred_at_once_make_exactly_as_many_calls_as_the_quota_has(crew, providers, settings):
    settings.PLANT_ID_MONTHLY_QUOTA = settings.PLANTNET_DAILY_QUOTA = 50

    results = crew.do("ask_for_many_photos", threads=THREADS)

    assert posts(providers) == used() == {"plant_id": 50, "plantnet": 50}
    assert {name: told["charged"] for name, told in providers.counters().items()} == used()
    for provider in RULES:
        assert add_up(results, provider) == {"answered": 50, "quota_exhausted": 150}


def test_one_user_at_two_hundred_places_gets_exactly_a_share(crew, providers, settings):
    settings.PLANT_ID_MONTHLY_QUOTA = settings.PLANTNET_DAILY_QUOTA = 100
    settings.QUOTA_USER_SHARE = 0.10
    take(50)

    results = crew.do("ask_for_many_photos", threads=THREADS, one_principal=True)

    assert posts(providers) == {"plant_id": 5, "plantnet": 10}  # a tenth of what remains, and of the day
    assert add_up(results, "plant_id") == {"answered": 5, "share reached": 195}
    assert add_up(results, "plantnet") == {"answered": 10, "share reached": 190}


def test_correcting_the_ledger_while_they_buy_sells_neither_one_too_many_nor_too_few(
    crew, providers, settings
):
    """Somebody else has used 20 of 50: only the services know."""
    settings.PLANT_ID_MONTHLY_QUOTA = settings.PLANTNET_DAILY_QUOTA = 50
    providers.set_quota(plant_id_credits=30, plantnet_remaining=30)
    correct_quotas_task()
    sold_out = threading.Event()

    def correct_repeatedly():
        try:
            while not sold_out.is_set():
                correct_quotas_task()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        corrector = thread.submit(correct_repeatedly)
        try:
            crew.do("ask_for_many_photos", threads=THREADS // 2)
        finally:
            sold_out.set()
        corrector.result()
    assert max(posts(providers).values()) <= 30
    correct_quotas_task()
    crew.do("ask_for_many_photos", threads=10, round_="second")  # what was held back while nobody could know

    assert posts(providers) == {"plant_id": 30, "plantnet": 30}
    # A call that its service has counted and we have not settled is in the ledger twice for a moment.
    assert min(used().values()) >= 50
    correct_quotas_task()
    assert used() == {"plant_id": 50, "plantnet": 50}
    assert {told["failed"] for told in providers.counters().values()} == {0}


def test_of_four_periodic_tasks_at_once_one_warns(crew, settings):
    settings.PLANT_ID_MONTHLY_QUOTA = settings.PLANTNET_DAILY_QUOTA = 100
    settings.MANAGERS = [["Manager", "manager@example.org"]]
    take(90)

    mails = [subject for subjects in crew.do("warn_managers") for subject in subjects]

    prefix = settings.EMAIL_SUBJECT_PREFIX
    assert sorted(mails) == [f"{prefix}Plant.id quota", f"{prefix}PlantNet quota"]


def test_a_redis_that_comes_back_empty_costs_at_most_one_more_call_per_process(crew, providers):
    providers.hold()
    crew.begin("ask_for_one_photo", threads=4)
    try:
        for bought in range(1, PROCESSES + 1):
            providers.wait_for("plantnet", "identify_posts", at_least=bought, timeout_s=60)
            get_redis().flushdb()  # the locks are gone, and the next process takes them
    finally:
        providers.release()
    results = crew.results()

    assert sum(map(Counter, results), Counter()).keys() == {"answered", "cached"}
    assert posts(providers)["plantnet"] == PROCESSES
    assert posts(providers)["plant_id"] == 1  # the others have fetched what the first has bought
    assert QuotaReservation.objects.filter(account__startswith="plant_id").count() == 1


@pytest.mark.parametrize(("tier", "limit"), [("free", 100), (None, 10)])
def test_of_two_hundred_at_once_the_limit_of_an_hour_gets_through(crew, settings, tier, limit):
    settings.IDENTIFY_RATE_ANONYMOUS = 10
    user_id = str(UserFactory(subscription_tier=tier).pk) if tier else None

    results = crew.do("identify_until_the_limit", threads=THREADS, user_id=user_id)

    admitted = sum(map(Counter, results), Counter())
    assert admitted["admitted"] == limit
    assert admitted.total() == PROCESSES * THREADS


def test_without_redis_each_process_lets_its_own_limit_through(crew, settings):
    settings.IDENTIFY_RATE_ANONYMOUS = 10
    nowhere = f"redis://127.0.0.1:{free_port()}/1"
    caches = {**settings.CACHES, "default": {**settings.CACHES["default"], "LOCATION": nowhere}}

    results = crew.do(
        "identify_until_the_limit",
        threads=THREADS,
        more_settings={"REDIS_URL": nowhere, "CACHES": caches},
    )

    assert [result["admitted"] for result in results] == [10] * PROCESSES
