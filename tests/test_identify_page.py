"""How the page at `/` is served; what it does is tested in a browser."""

import re
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage
from django.test import Client

from plant_community_backend.identify_page import PICTURE_SOURCES
from plant_community_backend.static_storage import ModuleStaticFilesStorage

pytestmark = pytest.mark.django_db


def picture_sources(client: Client) -> set[str]:
    policy = client.get("/")["Content-Security-Policy"]
    directives = [directive.split() for directive in policy.split(";")]
    return next(set(values) for name, *values in directives if name == "img-src")


def test_pictures_come_from_the_services_and_nowhere_else(client, settings):
    settings.PROVIDER_SANDBOX = False
    assert picture_sources(client) == {"'self'", "data:", "blob:", *PICTURE_SOURCES}


def test_in_sandbox_mode_pictures_come_from_the_sandbox_and_the_page_says_so(client, settings):
    settings.PROVIDER_SANDBOX = True
    settings.PLANT_ID_BASE_URL = "http://127.0.0.1:9000/plant_id/api/v3"
    settings.PLANTNET_BASE_URL = "http://127.0.0.1:9000/plantnet/v2"
    assert picture_sources(client) == {"'self'", "data:", "blob:", "http://127.0.0.1:9000"}
    assert b"Sandbox." in client.get("/").content


def test_with_real_services_nothing_is_said_about_a_sandbox(client, settings):
    settings.PROVIDER_SANDBOX = False
    assert b"Sandbox." not in client.get("/").content


def test_a_page_that_has_not_changed_keeps_the_policy_it_came_with(client):
    """A policy on a 304 replaces the stored one, and what the view had allowed would be gone."""
    first = client.get("/")
    again = client.get("/", headers={"If-None-Match": first["ETag"]})

    assert again.status_code == 304
    assert "Content-Security-Policy" not in again


def test_the_page_holds_no_script_or_style_of_its_own(client):
    text = client.get("/").content.decode()
    assert text.count("<script") == text.count('<script type="module" src=') == 1
    assert "<style" not in text
    assert " style=" not in text
    assert "onclick" not in text


def test_imports_between_modules_get_hashed_names(tmp_path, settings):
    (directory,) = settings.STATICFILES_DIRS
    source = FileSystemStorage(location=directory)
    names = [str(path.relative_to(directory)) for path in Path(directory).rglob("*.*")]
    storage = ModuleStaticFilesStorage(location=tmp_path, base_url="/static/")
    for name in names:
        with source.open(name) as file:
            storage.save(name, file)
    for _ in storage.post_process({name: (source, name) for name in names}):
        pass  # the work is done while one looks
    hashed = storage.hashed_files

    imported = re.findall(r'from "\./([^"]+)"', (tmp_path / hashed["identify/page.js"]).read_text())
    assert imported
    assert {f"identify/{name}" for name in imported} <= set(hashed.values())
