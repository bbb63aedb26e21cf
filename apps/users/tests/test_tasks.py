"""What the workers do for accounts is scheduled, there, and sent to the queue for what takes long."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session

from apps.users.models import AccountExport
from apps.users.tasks import erase_accounts_task, make_exports_task, remove_what_has_expired_task
from apps.users.tests.factories import UserFactory
from plant_community_backend.celery import app


def test_every_scheduled_task_is_there_and_those_that_take_long_have_a_queue_of_their_own():
    app.loader.import_default_modules()

    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert scheduled <= set(app.tasks)
    assert set(settings.CELERY_TASK_ROUTES) <= set(app.tasks)
    for name in settings.CELERY_TASK_ROUTES:
        assert app.amqp.router.route({}, name)["queue"].name == "slow"


@pytest.mark.django_db
def test_each_may_run_at_any_time():
    now = datetime.now(UTC)
    person = UserFactory()
    AccountExport.objects.create(
        user=person, language="en", expires_at=now + timedelta(days=7), next_attempt_at=now
    )
    for age in (-1, 1):
        Session.objects.create(
            session_key=f"key{age}", session_data="", expire_date=now + timedelta(days=age)
        )

    for _ in range(2):
        make_exports_task()
        erase_accounts_task()
        remove_what_has_expired_task()

    assert AccountExport.objects.get().state == "ready"
    assert [session.pk for session in Session.objects.all()] == ["key1"]
