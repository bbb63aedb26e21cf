"""What a request keeps of a photo while it waits for the services."""

import tracemalloc

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from apps.plant_identification.services import combined_identification_service as service
from apps.plant_identification.tests.conftest import IDENTIFY, make_photo

pytestmark = pytest.mark.django_db(transaction=True)

MEGABYTE = 1024 * 1024


@pytest.fixture
def bytes_while_asking(monkeypatch):
    """What was allocated since tracing began, at the moment the services are asked."""
    seen = []
    ask_all = service.ask_all

    def weigh(*args, **kwargs):
        seen.append(tracemalloc.get_traced_memory()[0])
        return ask_all(*args, **kwargs)

    monkeypatch.setattr(service, "ask_all", weigh)
    yield seen
    tracemalloc.stop()


@pytest.mark.usefixtures("providers", "identify")
def test_no_copy_of_the_original_is_kept_while_the_services_are_asked(api_client, bytes_while_asking):
    photo = make_photo("large")
    photo += bytes(9 * MEGABYTE - len(photo))
    form = encode_multipart(BOUNDARY, {"image": SimpleUploadedFile("p.jpg", photo)})

    tracemalloc.start()
    response = api_client.generic("POST", IDENTIFY, form, content_type=MULTIPART_CONTENT)

    assert response.json()["status"] == "complete"
    (weight,) = bytes_while_asking
    assert weight < len(form) + 4 * MEGABYTE, "the test client's own copy of the form, and hardly more"
