"""The test suite: real PostgreSQL and Redis, production's strictness unless a test says otherwise."""

import atexit
import re
import tempfile
from pathlib import Path

from plant_community_backend.settings import base, stores
from plant_community_backend.settings.development import *
from plant_community_backend.settings.env import env

DEBUG = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # Argon2 is slow on purpose
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
_files = tempfile.TemporaryDirectory(prefix="plant-community-test-", ignore_cleanup_errors=True)
atexit.register(_files.cleanup)
MEDIA_ROOT = f"{_files.name}/media"
STORAGES = {
    **STORAGES,
    "photos": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": f"{_files.name}/photos", "base_url": None},
    },
    "exports": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": f"{_files.name}/exports", "base_url": None},
    },
}
STATIC_ROOT = f"{_files.name}/static"  # each test client looks through all of it
Path(STATIC_ROOT).mkdir()
if DATABASES["default"]["ENGINE"] == "apps.core.postgresql":
    DATABASES["default"]["OPTIONS"] = {}  # each test process keeps plain connections
    if template := env.str("TEST_DATABASE_TEMPLATE", default=""):
        DATABASES["default"]["TEST"] = {"TEMPLATE": template}
PUBLIC_ANSWERS_KEPT_S = 0  # most tests write and read within a moment, and never commit
SILENCED_SYSTEM_CHECKS = ["django_ratelimit.E003", "django_ratelimit.W001"]

# Each process of pytest-xdist has a Redis database of its own, for caches, locks, limits and tasks alike.
# Number 0 is left alone: it may be somebody's. Channels know no databases, so they get a prefix.
_worker = env.str("PYTEST_XDIST_WORKER", default="gw0")
REDIS_DATABASE_OF_TESTS = 1 + int(re.sub(r"\D", "", _worker) or 0) % 15
if base.REDIS_URL:
    REDIS_URL = stores.with_database(base.REDIS_URL, REDIS_DATABASE_OF_TESTS)
    _redis = {"sentinels": [], "password": REDIS_PASSWORD}
    CACHES = {**base.CACHES, "default": stores.cache_settings(REDIS_URL, sentinel_password="", **_redis)}
    CELERY_BROKER_URL = stores.broker_url(REDIS_URL, **_redis)
    CHANNEL_LAYERS = {
        "default": stores.channel_settings(REDIS_URL, sentinel_password="", prefix=_worker, **_redis)
    }
