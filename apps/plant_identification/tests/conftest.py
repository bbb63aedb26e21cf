"""A whole identification against the sandbox, over real HTTP, PostgreSQL and Redis."""

import io
import random
from contextlib import suppress

import pytest
from django.db import connection
from PIL import Image

from apps.core.tests.fakes_resilience import wait_until
from apps.plant_identification import constants
from apps.plant_identification.services.encyclopedia import teaching
from apps.plant_identification.services.registry import registry
from apps.plant_identification.types import Upload
from apps.users.tests.factories import UserFactory

IDENTIFY = "/api/v1/plant-identification/identify/"


def pytest_configure(config):
    # Wagtail leaves the temporary file it drew a rendition into to the garbage collector, which closes it.
    for opened in ("<tempfile.SpooledTemporaryFile", "<_io.BufferedRandom"):
        config.addinivalue_line("filterwarnings", f"ignore:Unclosed file {opened}:ResourceWarning")


def somebody_waits_for_a_lock():
    """Asked on the test's own connection, also in the middle of its transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


hand_over = teaching._hand_over


def hand_over_and_wait(*lesson):
    """An answer that comes when what it teaches is learned: what a test looks at next is settled."""
    hand_over(*lesson)
    wait_for_lessons()


def wait_for_lessons():
    """Until what was answered so far has taught the encyclopedia."""
    wait_until(lambda: not teaching._teacher.in_flight)


def make_photo(seed, size=(320, 240), **options):
    """A JPEG that no other seed gives."""
    rng = random.Random(seed)
    image = Image.new("RGB", size, tuple(rng.randrange(256) for _ in range(3)))
    for _ in range(12):
        x, y = rng.randrange(size[0]), rng.randrange(size[1])
        image.paste(tuple(rng.randrange(256) for _ in range(3)), (x, y, x + 40, y + 40))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=88, **options)
    return file.getvalue()


@pytest.fixture
def providers(sandbox, settings, monkeypatch):
    """Both services played by the sandbox, with room for everything; a fresh registry around them."""
    sandbox.set_quota(plant_id_credits=100_000, plantnet_remaining=100_000)
    settings.PLANT_ID_BASE_URL = sandbox.plant_id_url
    settings.PLANTNET_BASE_URL = sandbox.plantnet_url
    settings.PLANT_ID_API_KEY = "sandbox-key-of-plant-id"
    settings.PLANTNET_API_KEY = "sandbox-key-of-plantnet"
    settings.PROVIDER_SANDBOX = True
    settings.PLANT_ID_MONTHLY_QUOTA = 100_000
    settings.PLANTNET_DAILY_QUOTA = 100_000
    settings.QUOTA_USER_SHARE = 1.0
    monkeypatch.setattr(constants, "LESSON_AFTER_S", 0.0)
    monkeypatch.setattr(teaching, "_hand_over", hand_over_and_wait)
    yield sandbox
    sandbox.reset()
    # A call that comes late would write into the next test's cache, and a lesson into its tables.
    pools = [*(provider.pool for provider in registry().providers), teaching._teacher]
    with suppress(AssertionError):
        wait_until(lambda: not any(pool.in_flight for pool in pools), within_s=5)


@pytest.fixture
def owner(api_client):
    """Somebody whom `api_client` speaks for from now on."""
    user = UserFactory()
    api_client.force_authenticate(user)
    return user


@pytest.fixture
def identify(api_client, settings):
    """POST photos as a client does; anonymous, in development mode, unless `client` says otherwise."""
    settings.DEBUG = True
    settings.IDENTIFY_RATE_ANONYMOUS = 10_000
    settings.REFUSED_UPLOAD_RATE = 10_000

    def post(*photos, client=api_client, headers=None, field=None, **fields):
        files = [io.BytesIO(photo) for photo in photos]
        for number, file in enumerate(files):
            file.name = f"photo{number}.jpg"
        name = field or ("image" if len(files) == 1 else "images")
        body = {**fields, **({name: files[0] if len(files) == 1 else files} if files else {})}
        return client.post(IDENTIFY, body, format="multipart", headers=headers or {})

    return post


@pytest.fixture
def upload():
    return lambda seed, **options: Upload(content=make_photo(seed, **options))


@pytest.fixture
def circuits(providers):
    return {provider.name: provider.call.circuit for provider in registry().providers}


@pytest.fixture
def keeps_the_connection(monkeypatch):
    """Channels closes old connections around each look, and this test's transaction would go with its own."""
    monkeypatch.setattr("channels.db.close_old_connections", lambda: None)


def states_of(response):
    return {report["name"]: report["state"] for report in response.json()["providers"]}
