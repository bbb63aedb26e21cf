"""The periodic tasks: the services are asked what is left, and people hear of it before it is gone."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from apps.core.resilience.pool import BoundedPool
from apps.core.resilience.shared_cache import SharedCache
from apps.core.resilience.single_flight import SingleFlight
from apps.plant_identification.exceptions import ProviderRefusedKey
from apps.plant_identification.models import QuotaWindow
from apps.plant_identification.services.provider import ProviderUsage
from apps.plant_identification.services.reconciliation import check_quotas, correct_quotas
from apps.plant_identification.services.registry import (
    FLIGHT_POLICY,
    PLANT_ID,
    PLANTNET,
    ConfiguredProvider,
    Registry,
    registry,
)
from apps.plant_identification.tasks import check_quotas_task, correct_quotas_task
from apps.plant_identification.tests.fakes import FakeProvider, make_call

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _quotas_of_a_hundred(settings):
    settings.QUOTA_USER_SHARE = 1.0
    settings.PLANT_ID_MONTHLY_QUOTA = 100
    settings.PLANTNET_DAILY_QUOTA = 100
    settings.MANAGERS = [("Manager", "manager@example.org")]


def configure(*, spec=PLANT_ID, usage=None):
    """A provider whose `usage()` returns this, or calls it, or raises it."""
    provider = FakeProvider(name=spec.name)

    def tell(*, deadline):
        if isinstance(usage, Exception):
            raise usage
        return usage() if callable(usage) else usage

    provider.usage = tell
    return ConfiguredProvider(
        spec=spec,
        call=make_call(provider, rule=spec.quota),
        pool=BoundedPool(spec.name, max_workers=1, max_queue=1),
        stats=None,
    )


def make_registry(*providers):
    cache = SharedCache()
    return Registry(
        specs=(PLANT_ID, PLANTNET),
        providers=providers,
        cache=cache,
        flight=SingleFlight(cache, FLIGHT_POLICY),
    )


def take(provider, count):
    provider.call.ledger.correct(remaining=provider.call.ledger.limit - count, asked_at=datetime.now(UTC))


def test_the_ledger_takes_over_what_the_service_says():
    provider = configure(usage=ProviderUsage(used=70, limit=100, remaining=30))

    correct_quotas(make_registry(provider))

    assert provider.call.ledger.use().used == 70


def test_a_call_that_ends_while_the_service_answers_is_not_lost():
    def slow_usage():
        ledger = provider.call.ledger
        call = ledger.reserve(question_key="k", principal="user-1", with_health=False)
        ledger.settle_answered(call, access_token="t")
        return ProviderUsage(remaining=30)

    provider = configure(usage=slow_usage)

    correct_quotas(make_registry(provider))

    assert provider.call.ledger.use().used == 71


@pytest.mark.parametrize("usage", [ProviderRefusedKey(status_code=401), None, ProviderUsage()])
def test_a_service_that_says_nothing_leaves_its_ledger_alone_and_the_others_are_asked(usage):
    silent = configure(usage=usage)
    talkative = configure(spec=PLANTNET, usage=ProviderUsage(remaining=40))
    take(silent, 5)

    correct_quotas(make_registry(silent, talkative))

    assert silent.call.ledger.use().used == 5
    assert talkative.call.ledger.use().used == 60


def test_a_service_that_refuses_to_tell_is_logged(caplog):
    correct_quotas(make_registry(configure(usage=ProviderRefusedKey(status_code=401))))

    [record] = [entry for entry in caplog.records if entry.name.endswith("reconciliation")]
    assert (record.event, record.provider, record.state) == (
        "quota_not_corrected", "plant_id", "key_refused",
    )  # fmt: skip


@pytest.mark.parametrize(("spec", "warns_from"), [(PLANT_ID, 80), (PLANTNET, 90)])
def test_the_managers_are_told_once_when_most_of_a_quota_is_used(spec, warns_from, mailoutbox, caplog):
    provider = configure(spec=spec)
    take(provider, warns_from - 1)
    check_quotas(make_registry(provider))
    assert not mailoutbox

    take(provider, warns_from)
    check_quotas(make_registry(provider))
    take(provider, 100)
    check_quotas(make_registry(provider))

    [mail] = mailoutbox
    assert mail.to == ["manager@example.org"]
    assert f"{warns_from} of 100 calls" in mail.body
    assert f"{provider.call.ledger.use().resets_at:%Y-%m-%d}" in mail.body
    [record] = [entry for entry in caplog.records if entry.name.endswith("reconciliation")]
    assert (record.event, record.levelno) == ("quota_nearly_used", logging.WARNING)
    assert (record.provider, record.used, record.limit) == (spec.name, warns_from, 100)


def test_a_new_window_warns_anew(mailoutbox):
    provider = configure(spec=PLANTNET)
    take(provider, 95)
    check_quotas(make_registry(provider))
    QuotaWindow.objects.update(starts_on=datetime.now(UTC).date() - timedelta(days=1))

    take(provider, 95)
    check_quotas(make_registry(provider))

    assert len(mailoutbox) == 2


def test_the_tasks_ask_the_configured_services_and_warn(providers, settings, mailoutbox):
    settings.PLANT_ID_MONTHLY_QUOTA = settings.PLANTNET_DAILY_QUOTA = 100
    providers.set_quota(plant_id_credits=15, plantnet_remaining=50)

    correct_quotas_task()
    check_quotas_task()

    used = {provider.name: provider.call.ledger.use().used for provider in registry().providers}
    assert used == {"plant_id": 85, "plantnet": 50}
    assert [mail.subject for mail in mailoutbox] == [f"{settings.EMAIL_SUBJECT_PREFIX}Plant.id quota"]
