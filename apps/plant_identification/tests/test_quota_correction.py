"""The ledger agrees with what the services say is left, and errs on the careful side."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
from django.db import connection

from apps.core.testing.clock import FakeClock
from apps.plant_identification.exceptions import ProviderQuotaReached, ProviderTimedOut
from apps.plant_identification.models import QuotaReservation, QuotaWindow
from apps.plant_identification.services.quota import QuotaLedger
from apps.plant_identification.services.quota_rules import PLANT_ID_RULE, PLANTNET_RULE

pytestmark = pytest.mark.django_db

State = QuotaReservation.State
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _whole_quota_for_one(settings):
    settings.QUOTA_USER_SHARE = 1.0
    settings.PLANT_ID_MONTHLY_QUOTA = 100
    settings.PLANTNET_DAILY_QUOTA = 100


@pytest.fixture
def clock():
    return FakeClock(NOON.timestamp())


@pytest.fixture
def plant_id(clock):
    return QuotaLedger(account="plant_id@test", rule=PLANT_ID_RULE, clock=clock)


@pytest.fixture
def plantnet(clock):
    return QuotaLedger(account="plantnet@test", rule=PLANTNET_RULE, clock=clock)


def reserve(ledger, *, key="k", with_health=False):
    return ledger.reserve(question_key=key, principal="user-1", with_health=with_health)


def later(clock, seconds=1):
    clock.advance(seconds)
    return datetime.fromtimestamp(clock.wall(), UTC)


def test_reconciling_gives_back_what_the_service_never_counted(plant_id, clock):
    for _ in range(3):
        plant_id.settle_failed(reserve(plant_id), ProviderTimedOut())
    plant_id.settle_answered(reserve(plant_id), access_token="t")
    assert plant_id.use().used == 4

    plant_id.correct(remaining=99, asked_at=later(clock))  # it counted the answered one only

    assert plant_id.use().used == 1


def test_reconciling_never_gives_back_what_was_answered(plant_id, clock):
    plant_id.settle_answered(reserve(plant_id, with_health=True), access_token="t")

    plant_id.correct(remaining=1_000, asked_at=later(clock))  # the account has more than we want to spend

    assert plant_id.use().used == 2


def test_reconciling_keeps_calls_that_are_under_way(plant_id, clock):
    reserve(plant_id, with_health=True)

    plant_id.correct(remaining=60, asked_at=later(clock))

    assert plant_id.use().used == 42


@pytest.mark.parametrize("failure", [None, ProviderTimedOut()])
def test_what_ended_while_the_service_was_being_asked_is_added_to_its_figure(plant_id, clock, failure):
    before = reserve(plant_id)
    asked_at = later(clock)
    during = reserve(plant_id)
    for reservation in (before, during):
        if failure is None:
            plant_id.settle_answered(reservation, access_token="t")
        else:
            plant_id.settle_failed(reservation, failure)
    later(clock)

    plant_id.correct(remaining=60, asked_at=asked_at)

    assert plant_id.use().used == 42


def test_what_was_given_back_is_not_added(plant_id, clock):
    asked_at = later(clock)
    plant_id.refund(reserve(plant_id))

    plant_id.correct(remaining=60, asked_at=asked_at)

    assert plant_id.use().used == 40


def test_a_call_whose_process_was_killed_is_not_added_for_ever_but_may_be_fetched(plant_id, clock):
    orphan = reserve(plant_id)
    later(clock, 121)
    under_way = reserve(plant_id, key="other")

    plant_id.correct(remaining=99, asked_at=later(clock))  # the orphan's is the one it counted

    assert plant_id.use().used == 2
    assert plant_id.find_past_call(question_key="k", with_health=False).id == orphan
    assert QuotaReservation.objects.get(pk=orphan).state == State.UNKNOWN
    assert QuotaReservation.objects.get(pk=under_way).state == State.RESERVED


def test_the_window_that_was_asked_for_is_corrected_even_after_midnight(plantnet, clock):
    asked_at = later(clock, 12 * 3600 - 1)
    later(clock, 2)

    plantnet.correct(remaining=0, asked_at=asked_at)

    assert plantnet.use().used == 0
    assert QuotaWindow.objects.get(starts_on=date(2026, 11, 21)).used == 100


def test_what_a_reply_says_is_left_raises_what_is_used_and_never_lowers_it(plantnet):
    reservation = reserve(plantnet)
    plantnet.settle_answered(reservation, access_token=None, remaining=40)
    assert plantnet.use().used == 60

    # An older reply, overtaken on its way.
    plantnet.settle_answered(reservation, access_token=None, remaining=90)

    assert plantnet.use().used == 60


def test_a_reply_does_not_know_of_the_others_under_way(plantnet, clock):
    reserve(plantnet, key="killed")
    later(clock, 121)  # its reply will not come any more, and the service has counted it or never will
    mine, _other, _another = (reserve(plantnet) for _ in range(3))

    plantnet.settle_answered(mine, access_token=None, remaining=40)

    assert plantnet.use().used == 62


def test_a_reply_that_comes_after_midnight_is_about_the_day_of_its_call(plantnet, clock):
    reservation = reserve(plantnet)
    later(clock, 12 * 3600)
    reserve(plantnet)

    plantnet.settle_answered(reservation, access_token=None, remaining=0)

    assert plantnet.use().used == 1
    assert QuotaWindow.objects.get(starts_on=date(2026, 11, 21)).used == 100


def test_a_reply_that_agrees_with_the_ledger_costs_one_statement(plantnet, django_assert_num_queries):
    reservation = reserve(plantnet)

    with django_assert_num_queries(1):
        plantnet.settle_answered(reservation, access_token=None, remaining=99)


class Service:
    """Counts what it is asked, and a few calls that did not come from us."""

    def __init__(self, *, limit, used):
        self.limit, self.used = limit, used
        self._lock = threading.Lock()

    def ask(self):
        with self._lock:
            self.used += 1
            return self.limit - self.used


def buy_until_refused(ledger, service, start, settle):
    start.wait()
    try:
        for number in itertools.count():
            reservation = ledger.reserve(question_key=f"{number}", principal="user-1", with_health=False)
            settle(ledger, reservation, service.ask())
    except ProviderQuotaReached:
        return
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_correcting_while_others_buy_never_sells_one_too_many():
    ledger, service = QuotaLedger(account="a", rule=PLANTNET_RULE), Service(limit=100, used=0)
    start, sold_out = threading.Barrier(5), threading.Event()

    def settle(ledger, reservation, _left):
        ledger.settle_answered(reservation, access_token=None)

    def correct_repeatedly():
        start.wait()
        try:
            while not sold_out.is_set():
                asked_at = datetime.now(UTC)
                ledger.correct(remaining=service.limit - service.used, asked_at=asked_at)
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as threads:
        corrector = threads.submit(correct_repeatedly)
        buyers = [threads.submit(buy_until_refused, ledger, service, start, settle) for _ in range(4)]
        for buyer in buyers:
            buyer.exception()
        sold_out.set()
    for thread in (corrector, *buyers):
        thread.result()
    ledger.correct(remaining=service.limit - service.used, asked_at=datetime.now(UTC))

    assert service.used <= 100
    assert ledger.use().used == service.used


@pytest.mark.django_db(transaction=True)
def test_replies_that_say_what_is_left_never_let_one_too_many_through():
    ledger, service = QuotaLedger(account="a", rule=PLANTNET_RULE), Service(limit=100, used=50)
    start = threading.Barrier(6)

    def settle(ledger, reservation, left):
        ledger.settle_answered(reservation, access_token=None, remaining=left)

    with ThreadPoolExecutor(6) as threads:
        for buyer in [threads.submit(buy_until_refused, ledger, service, start, settle) for _ in range(6)]:
            buyer.result()

    assert service.used <= 100
    ledger.correct(remaining=100 - service.used, asked_at=datetime.now(UTC))
    assert ledger.use().used == service.used
