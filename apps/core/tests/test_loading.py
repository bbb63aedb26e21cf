import pytest
from django.conf import settings
from django.urls import URLResolver, clear_url_caches, get_resolver, reverse
from django.utils.translation import override

from apps.core.loading import load_addresses


@pytest.fixture
def _as_new():
    clear_url_caches()
    yield
    clear_url_caches()


@pytest.mark.usefixtures("_as_new")
def test_no_visitor_waits_for_the_addresses_in_any_language(monkeypatch):
    load_addresses()
    everything, populate, read = get_resolver(), URLResolver._populate, []
    monkeypatch.setattr(URLResolver, "_populate", lambda part: read.append(part) or populate(part))

    for language, _ in settings.LANGUAGES:
        with override(language):
            assert reverse("v1:plant-identification:request-list")
    assert everything not in read  # only the part of it that was asked for
