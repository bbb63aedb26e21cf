"""The ledger: never one call too many, never a refund for what may have been charged."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
from django.db import connection

from apps.core.testing.clock import FakeClock
from apps.plant_identification.exceptions import (
    ProviderQuotaReached,
    ProviderShareReached,
)
from apps.plant_identification.models import QuotaReservation, QuotaShare, QuotaWindow
from apps.plant_identification.services.quota import QuotaLedger
from apps.plant_identification.services.quota_rules import PLANT_ID_RULE, PLANTNET_RULE

pytestmark = pytest.mark.django_db

State = QuotaReservation.State


@pytest.fixture(autouse=True)
def _whole_quota_for_one(settings):
    settings.QUOTA_USER_SHARE = 1.0
    settings.PLANT_ID_MONTHLY_QUOTA = 10
    settings.PLANTNET_DAILY_QUOTA = 10


@pytest.fixture
def plant_id():
    return QuotaLedger(account="plant_id@test", rule=PLANT_ID_RULE)


@pytest.fixture
def plantnet():
    return QuotaLedger(account="plantnet@test", rule=PLANTNET_RULE)


class ClockOverMidnight(FakeClock):
    """Half a second before midnight when it is first looked at; after midnight ever after."""

    def wall(self):
        now = super().wall()
        self.advance(1)
        return now


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def reserve(ledger, *, key="k", principal="user-1", with_health=False):
    return ledger.reserve(question_key=key, principal=principal, with_health=with_health)


def test_health_costs_one_more_at_plant_id_and_nothing_at_plantnet(plant_id, plantnet):
    reserve(plant_id, with_health=True)
    reserve(plantnet, with_health=False)

    assert plant_id.use().used == 2
    assert plantnet.use().used == 1


def test_the_last_credit_buys_no_health(plant_id, settings):
    settings.PLANT_ID_MONTHLY_QUOTA = 1

    with pytest.raises(ProviderQuotaReached):
        reserve(plant_id, with_health=True)

    assert reserve(plant_id)
    assert plant_id.use().used == 1


def test_a_refused_reservation_leaves_no_trace(plant_id, settings):
    settings.PLANT_ID_MONTHLY_QUOTA = 0

    with pytest.raises(ProviderQuotaReached):
        reserve(plant_id)

    assert not QuotaReservation.objects.exists()
    assert plant_id.use().used == 0


def test_who_is_refused_by_a_used_up_month_is_told_when_it_ends(settings):
    settings.PLANT_ID_MONTHLY_QUOTA = 0
    ledger = QuotaLedger(account="a", rule=PLANT_ID_RULE, clock=FakeClock(at("2026-12-30 12:00").timestamp()))

    with pytest.raises(ProviderQuotaReached) as refused:
        reserve(ledger)

    assert type(refused.value) is ProviderQuotaReached
    assert refused.value.retry_after_s == 36 * 3600 == ledger.seconds_to_reset()
    assert ledger.use().resets_at == at("2027-01-01")


@pytest.mark.parametrize("rule", [PLANT_ID_RULE, PLANTNET_RULE])
def test_who_has_used_a_share_is_told_to_come_back_tomorrow(settings, rule):
    settings.QUOTA_USER_SHARE = 0.2
    ledger = QuotaLedger(account="a", rule=rule, clock=FakeClock(at("2026-12-01 18:00").timestamp()))
    reserve(ledger)
    reserve(ledger)

    with pytest.raises(ProviderShareReached) as refused:
        reserve(ledger)

    assert refused.value.retry_after_s == 6 * 3600
    assert reserve(ledger, principal="user-2")


@pytest.mark.parametrize("rule", [PLANT_ID_RULE, PLANTNET_RULE])
def test_a_used_up_window_is_called_so_whatever_is_left_of_a_share(settings, rule):
    settings.PLANT_ID_MONTHLY_QUOTA = settings.PLANTNET_DAILY_QUOTA = 1
    ledger = QuotaLedger(account="a", rule=rule)
    reserve(ledger)

    for principal in ("user-1", "user-2"):
        with pytest.raises(ProviderQuotaReached) as refused:
            reserve(ledger, principal=principal)
        assert type(refused.value) is ProviderQuotaReached


def test_one_user_gets_a_tenth_of_the_day_and_the_others_the_rest(plantnet, settings):
    settings.QUOTA_USER_SHARE = 0.10
    settings.PLANTNET_DAILY_QUOTA = 20

    for _ in range(2):
        reserve(plantnet, principal="user-1")
    with pytest.raises(ProviderShareReached):
        reserve(plantnet, principal="user-1")

    assert reserve(plantnet, principal="user-2")


def test_a_share_of_the_month_is_a_tenth_of_what_the_others_left(plant_id, settings):
    settings.QUOTA_USER_SHARE = 0.10
    settings.PLANT_ID_MONTHLY_QUOTA = 100
    reserve(plant_id, principal="user-1")
    QuotaWindow.objects.update(used=51)  # 50 of them not by user-1

    for _ in range(4):
        reserve(plant_id, principal="user-1")
    with pytest.raises(ProviderShareReached):
        reserve(plant_id, principal="user-1")

    assert QuotaShare.objects.get().used == 5


def test_everybody_gets_one_identification_with_health_however_small_the_share(plant_id, settings):
    settings.QUOTA_USER_SHARE = 0.01

    reserve(plant_id, with_health=True)

    with pytest.raises(ProviderShareReached):
        reserve(plant_id)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rule", [PLANT_ID_RULE, PLANTNET_RULE])
def test_reserving_takes_five_statements(django_assert_num_queries, rule):
    ledger = QuotaLedger(account="a", rule=rule)
    reserve(ledger)

    with django_assert_num_queries(5) as captured:
        reserve(ledger)

    said = [" ".join(query["sql"].split()[:2]).replace('"', "") for query in captured]
    table = "plant_identification_quota"
    assert said[1:4] == ["INSERT INTO", f"UPDATE {table}share", f"UPDATE {table}window"]


@pytest.mark.parametrize("rule", [PLANT_ID_RULE, PLANTNET_RULE])
def test_what_is_taken_at_midnight_is_taken_from_one_day_and_one_window(rule):
    ledger = QuotaLedger(
        account="a", rule=rule, clock=ClockOverMidnight(at("2026-11-30 23:59:59.5").timestamp())
    )

    reservation = reserve(ledger)

    assert QuotaReservation.objects.get().day == QuotaShare.objects.get().day == date(2026, 11, 30)
    window = QuotaWindow.objects.get()
    assert QuotaReservation.objects.get().window_starts_on == window.starts_on < date(2026, 12, 1)
    assert ledger.use().used == 0  # the new window's

    ledger.refund(reservation)

    assert QuotaWindow.objects.get().used == QuotaShare.objects.get().used == 0


def test_the_warning_is_claimed_once_per_window(plantnet):
    assert plantnet.claim_warning()
    assert not plantnet.claim_warning()


@pytest.mark.django_db(transaction=True)
def test_many_threads_get_exactly_the_limit(plantnet, settings):
    settings.PLANTNET_DAILY_QUOTA = 7
    barrier = threading.Barrier(16)

    def take(number):
        barrier.wait()
        try:
            return reserve(plantnet, principal=f"user-{number}")
        except ProviderQuotaReached:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as threads:
        taken = list(threads.map(take, range(16)))

    assert sum(1 for reservation in taken if reservation) == 7
    assert QuotaWindow.objects.get().used == 7


@pytest.mark.django_db(transaction=True)
def test_one_users_threads_get_exactly_the_share(plant_id, settings):
    settings.QUOTA_USER_SHARE = 0.10
    settings.PLANT_ID_MONTHLY_QUOTA = 100
    barrier = threading.Barrier(20)

    def take(_):
        barrier.wait()
        try:
            return reserve(plant_id)
        except ProviderShareReached:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as threads:
        taken = list(threads.map(take, range(20)))

    assert sum(1 for reservation in taken if reservation) == 10
