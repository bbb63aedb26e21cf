"""The Celery application. Workers: `celery -A plant_community_backend worker -Q priority,default`."""

import os

from celery import Celery
from celery.signals import celeryd_after_setup, heartbeat_sent, setup_logging

from apps.core.garbage import spare_what_is_loaded
from apps.core.health.workers import note_worker_alive

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plant_community_backend.settings.development")

app = Celery("plant_community")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_logging(**_kwargs: object) -> None:
    """Celery would replace the log configuration; the one of the settings is already in force."""


@celeryd_after_setup.connect
def begin_to_work(**_kwargs: object) -> None:
    spare_what_is_loaded()


# Health says whether background work is being done.
heartbeat_sent.connect(note_worker_alive)
