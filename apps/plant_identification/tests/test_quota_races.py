"""Two bookings at the same moment, in the one order that could go wrong."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection

from apps.core.resilience.clock import Deadline
from apps.plant_identification.exceptions import ProviderShareReached
from apps.plant_identification.services.quota import PLANT_ID_RULE, QuotaLedger

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

    ledger.note_remaining(mine, 40)
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
