import io
from collections.abc import Iterator

import pytest
from PIL import Image

from provider_sandbox.testing import Sandbox, running_sandbox
from provider_sandbox.tests.clients import PlantIdCaller, PlantNetCaller


@pytest.fixture(scope="session")
def _running() -> Iterator[Sandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_running) -> Iterator[Sandbox]:
    _running.reset()
    yield _running
    _running.reset()


@pytest.fixture
def plant_id(sandbox) -> PlantIdCaller:
    return PlantIdCaller(sandbox.plant_id_url)


@pytest.fixture
def plantnet(sandbox) -> PlantNetCaller:
    return PlantNetCaller(sandbox.plantnet_url)


@pytest.fixture
def photo() -> bytes:
    return make_jpeg((20, 120, 30))


def make_jpeg(colour) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(buffer, "JPEG")
    return buffer.getvalue()
