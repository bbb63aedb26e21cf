"""Two bookings at the same moment, in the one order that could go wrong."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.resilience.clock import Deadline
from apps.plant_identification.exceptions import ProviderQuotaReached, ProviderShareReached
from apps.plant_identification.models import QuotaReservation, QuotaShare
from apps.plant_identification.services.quota import QuotaLedger
from apps.plant_identification.services.quota_rules import PLANT_ID_RULE

pytestmark = pytest.mark.django_db(transaction=True)

SOMEBODY_WAITS = (
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' LIMIT 1"
)


@pytest.fixture
def ledger(settings):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time")
    settings.QUOTA_USER_SHARE = 1.0
    settings.PLANT_ID_MONTHLY_QUOTA = 100
    return QuotaLedger(account="plant_id@test", rule=PLANT_ID_RULE)


@pytest.fixture
def other_thread():
    with ThreadPoolExecutor(1) as thread:
        yield lambda task: thread.submit(in_own_connection, task)


def in_own_connection(task):
    try:
        return task()
    finally:
        connection.close()


def pausing_after(part_of_statement, pause):
    """While this holds, `pause` is called once: after a statement with these words, before the commit."""
    paused = threading.Event()

    def run(execute, sql, *rest):
        result = execute(sql, *rest)
        if part_of_statement in sql and not paused.is_set():
            paused.set()
            pause()
        return result

    return connection.execute_wrapper(run)


def wait_for(condition):
    """Returns when somebody waits for a row, or `condition` says that nobody will."""
    deadline = Deadline.after(10)
    with connection.cursor() as cursor:
        while deadline.require():
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # or a transaction sees the same for ever
            cursor.execute(SOMEBODY_WAITS)
            if cursor.fetchone() or condition():
                return


def reserve(ledger, *, with_health=False):
    return ledger.reserve(question_key="k", principal="user-1", with_health=with_health)


def reserve_and_commit_late(ledger, taken, done, **kwargs):
    def pause():
        taken.set()
        wait_for(done.is_set)

    with pausing_after("UPDATE plant_identification_quotawindow", pause):
        return reserve(ledger, **kwargs)


def test_what_is_reserved_while_the_ledger_is_corrected_is_not_lost(ledger, other_thread):
    reserve(ledger)
    asked_at = datetime.now(UTC)
    reserved = []

    def reserve_meanwhile():
        reserved.append(other_thread(lambda: reserve(ledger)))
        wait_for(reserved[0].done)

    with pausing_after("SUM(", reserve_meanwhile):
        ledger.correct(remaining=60, asked_at=asked_at)

    assert reserved[0].result()
    assert ledger.use().used == 42


def test_what_is_reserved_while_a_reply_is_noted_is_not_lost(ledger, other_thread):
    mine = reserve(ledger)
    taken, done = threading.Event(), threading.Event()
    other = other_thread(lambda: reserve_and_commit_late(ledger, taken, done))
    assert taken.wait(10)

    ledger.settle_answered(mine, access_token=None, remaining=40)
    done.set()

    assert other.result()
    assert ledger.use().used == 61


def test_a_principals_own_call_does_not_make_its_share_larger(ledger, other_thread, settings):
    settings.QUOTA_USER_SHARE = 0.5
    for _ in range(24):
        reserve(ledger, with_health=True)
    taken, done = threading.Event(), threading.Event()
    other = other_thread(lambda: reserve_and_commit_late(ledger, taken, done, with_health=True))
    assert taken.wait(10)

    with pytest.raises(ProviderShareReached):
        reserve(ledger)
    done.set()

    assert other.result()
    assert ledger.use().used == 50


def find_or_reserve(ledger, *, key="k", with_health=False):
    return ledger.find_or_reserve(question_key=key, principal="user-1", with_health=with_health)


def share():
    return QuotaShare.objects.values_list("used", flat=True).get(principal="user-1")


def test_looking_for_a_past_call_and_reserving_is_one_statement(ledger):
    reserve(ledger)  # opens both rows

    with CaptureQueriesContext(connection) as run:
        reservation = find_or_reserve(ledger, key="another", with_health=True)

    assert len(run) == 1
    written = QuotaReservation.objects.get(pk=reservation)
    assert (written.question_key, written.with_health, written.cost) == ("another", True, 2)
    assert written.state == QuotaReservation.State.RESERVED
    assert (ledger.use().used, share()) == (3, 3)


def test_nothing_is_reserved_where_there_is_a_past_call(ledger):
    mine = reserve(ledger)
    ledger.settle_answered(mine, access_token="token")

    found = find_or_reserve(ledger)

    assert (found.id, found.access_token) == (mine, "token")
    assert (ledger.use().used, share(), QuotaReservation.objects.count()) == (1, 1, 1)


def test_the_first_reservation_of_a_window_opens_its_rows(ledger):
    reservation = find_or_reserve(ledger)

    assert QuotaReservation.objects.get().pk == reservation
    assert (ledger.use().used, share()) == (1, 1)


def test_who_comes_a_moment_late_for_the_last_unit_keeps_nothing_of_the_share(ledger, other_thread, settings):
    settings.PLANT_ID_MONTHLY_QUOTA = 2
    reserve(ledger)
    taken, done = threading.Event(), threading.Event()
    other = other_thread(lambda: take_the_last_unit(ledger, taken, done))
    assert taken.wait(10)

    with pytest.raises(ProviderQuotaReached):
        find_or_reserve(ledger, key="late")
    done.set()

    assert other.result()
    assert (ledger.use().used, share()) == (2, 1)
    assert QuotaReservation.objects.filter(question_key="late").count() == 0


def take_the_last_unit(ledger, taken, done):
    def pause():
        taken.set()
        wait_for(done.is_set)

    with pausing_after("UPDATE plant_identification_quotawindow", pause):
        return ledger.reserve(question_key="other", principal="user-2", with_health=False)
