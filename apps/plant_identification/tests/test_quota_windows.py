"""Days and months of the services end at midnight UTC, wherever this server stands; then all begins anew."""

import time
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connections

from apps.core.redis import get_redis
from apps.core.testing.clock import FakeClock
from apps.plant_identification.exceptions import ProviderQuotaReached
from apps.plant_identification.models import QuotaReservation, QuotaShare, QuotaWindow
from apps.plant_identification.services.quota import QuotaLedger
from apps.plant_identification.services.quota_rules import PLANT_ID_RULE, PLANTNET_RULE
from apps.plant_identification.services.registry import registry
from apps.plant_identification.tests.conftest import make_photo, states_of
from devstack.processes import free_port

pytestmark = pytest.mark.django_db
over_http = pytest.mark.django_db(transaction=True)

# moment of the call (UTC)       day              month            next month
MOMENTS = [
    ("2026-11-30 23:59:59.9", date(2026, 11, 30), date(2026, 11, 1), date(2026, 12, 1)),
    ("2026-12-01 00:00:00.0", date(2026, 12, 1), date(2026, 12, 1), date(2027, 1, 1)),
    ("2026-12-31 23:59:59.9", date(2026, 12, 31), date(2026, 12, 1), date(2027, 1, 1)),
    ("2027-01-01 00:00:00.0", date(2027, 1, 1), date(2027, 1, 1), date(2027, 2, 1)),
    ("2028-02-29 12:00:00.0", date(2028, 2, 29), date(2028, 2, 1), date(2028, 3, 1)),
]


@pytest.fixture(params=[("Pacific/Kiritimati", 14), ("Pacific/Pago_Pago", -11)], ids=["east", "west"])
def _far_away(request, settings):
    """This process's local time is that of the other side of the world."""
    settings.TIME_ZONE, hours = request.param
    assert time.localtime().tm_gmtoff == hours * 3600


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def midnight(day):
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def reserve(ledger):
    return ledger.reserve(question_key="k", principal="user-1", with_health=False)


@pytest.mark.usefixtures("_far_away")
@pytest.mark.parametrize("rule", [PLANT_ID_RULE, PLANTNET_RULE], ids=["month", "day"])
def test_a_call_is_booked_in_the_day_and_the_month_of_utc(settings, rule):
    settings.QUOTA_USER_SHARE = 1.0
    settings.PLANT_ID_MONTHLY_QUOTA = settings.PLANTNET_DAILY_QUOTA = 1
    for moment, day, month, next_month in MOMENTS:
        starts_on, ends_on = (day, day + timedelta(days=1)) if rule.window == "day" else (month, next_month)
        clock = FakeClock(at(moment).timestamp())
        ledger = QuotaLedger(account=moment, rule=rule, clock=clock)

        reservation = reserve(ledger)

        booked = QuotaReservation.objects.get(pk=reservation)
        assert (booked.window_starts_on, booked.day) == (starts_on, day)
        assert QuotaWindow.objects.get(account=moment).starts_on == starts_on
        assert QuotaShare.objects.get(account=moment).day == day
        assert ledger.use().resets_at == midnight(ends_on)
        with pytest.raises(ProviderQuotaReached) as refused:
            reserve(ledger)
        left_s = (midnight(ends_on) - at(moment)).total_seconds()
        assert refused.value.retry_after_s == pytest.approx(left_s, abs=0.001)

        clock.advance(left_s)  # exhausted, and back at its reset

        assert reserve(ledger)
        ledger.refund(reservation)  # taken before the reset, and given back there
        assert ledger.use().used == 1
        assert QuotaWindow.objects.get(account=moment, starts_on=starts_on).used == 0


@over_http
def test_a_used_up_day_is_answered_by_the_other_service_and_comes_back_at_midnight(
    providers, identify, settings
):
    settings.PLANTNET_DAILY_QUOTA = 1
    clock = FakeClock(at("2026-11-21 18:00").timestamp())
    registry().get("plantnet").call.ledger._clock = clock
    assert identify(make_photo(1)).json()["status"] == "complete"

    without = identify(make_photo(2))

    report = without.json()["providers"][1]
    assert (without.json()["status"], report["state"]) == ("partial", "quota_exhausted")
    assert report["retry_after_s"] == 6 * 3600
    assert providers.counters("plantnet")["identify_posts"] == 1

    clock.advance(6 * 3600)

    assert states_of(identify(make_photo(3)))["plantnet"] == "answered"
    assert providers.counters("plantnet")["identify_posts"] == 2


@over_http
def test_a_service_that_says_its_day_is_over_is_asked_again_when_it_said(providers, identify):
    providers.set_quota(plantnet_remaining=0)
    exhausted = identify(make_photo(1)).json()["providers"][1]
    seconds_of_day = datetime.now(UTC).timestamp() % 86_400
    assert exhausted["state"] == "quota_exhausted"
    assert exhausted["retry_after_s"] == pytest.approx(86_400 - seconds_of_day, abs=60)
    assert states_of(identify(make_photo(2)))["plantnet"] == "quota_exhausted"
    assert providers.counters("plantnet")["identify_posts"] == 1  # the second photo asked nobody

    providers.set_quota(plantnet_remaining=500)
    (pause,) = get_redis().keys("*plantnet*:pause")
    assert get_redis().ttl(pause) == pytest.approx(exhausted["retry_after_s"], abs=5)
    get_redis().delete(pause)  # as Redis does when that time is over

    assert states_of(identify(make_photo(3)))["plantnet"] == "answered"


@over_http
def test_without_a_database_nobody_is_paid(providers, identify, monkeypatch):
    identify(make_photo(1))  # the registry is there, and the services can be reached
    get_redis().flushdb()
    before = {name: told["identify_posts"] for name, told in providers.counters().items()}
    connections.close_all()
    with monkeypatch.context() as patch:
        nowhere = {"HOST": "127.0.0.1", "PORT": free_port(), "NAME": "/nowhere/at/all"}
        for name, value in nowhere.items():
            patch.setitem(connections.settings["default"], name, value)

        response = identify(make_photo(2))
        connections.close_all()

    assert (response.status_code, response.json()["code"]) == (503, "service_unavailable")
    assert int(response["Retry-After"]) >= 1
    assert {name: told["identify_posts"] for name, told in providers.counters().items()} == before
    for provider in registry().providers:
        assert provider.call.circuit.snapshot().fail_count == 0  # our database, not their fault
    assert identify(make_photo(2)).json()["status"] == "complete"
