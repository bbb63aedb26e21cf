"""What editors upload is shown or downloaded, and never run: whatever it is, and whatever it is called."""

import io

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image as Picture
from wagtail.documents.models import Document
from wagtail.images.models import Image

from apps.users.tests.factories import UserFactory

SCRIPT = b"<script>document.title = 'taken'</script>"
PAGE = b"<!doctype html><html>" + SCRIPT
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>"

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


def picture_with_a_script():
    """A real GIF with a page in its comment."""
    file = io.BytesIO()
    Picture.new("P", (40, 40)).save(file, "GIF", comment=PAGE)
    return file.getvalue()


@pytest.mark.parametrize(
    "name",
    ["page.html", "page.xhtml", "page.svg", "page.pdf.html", "page.js", "page.xml", "page.swf", "page"],
)
def test_no_document_has_a_name_that_a_browser_would_run(editor, name):
    said = editor.post("/cms/documents/add/", {"title": "x", "file": SimpleUploadedFile(name, PAGE)})
    assert said.status_code == 200
    assert "is not allowed" in said.content.decode()
    assert not Document.objects.exists()


@pytest.mark.parametrize("name", ["page.txt", "page.pdf", "page.html.pdf", "sheet.csv", "archive.zip"])
@pytest.mark.parametrize("content", [PAGE, DRAWING], ids=["page", "drawing"])
def test_a_document_that_pretends_is_downloaded_and_not_shown(editor, client, name, content):
    editor.post("/cms/documents/add/", {"title": "x", "file": SimpleUploadedFile(name, content, "text/html")})
    document = Document.objects.get()
    client.logout()

    answer = client.get(document.url)
    answer.close()

    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("default-src 'none'")
    assert not answer["Content-Type"].startswith(("text/html", "image/svg", "application/xhtml", "text/xml"))


def test_a_document_s_name_breaks_no_header(client):
    document = Document(title="x")
    document.file.save('evil"\r\nSet-Cookie: a=b; ü.pdf', ContentFile(PAGE))
    document.save()
    answer = client.get(document.url)
    answer.close()
    assert "\r" not in answer["Content-Disposition"]
    assert "\n" not in answer["Content-Disposition"]
    assert not answer.cookies


@pytest.mark.parametrize("name", ["page.jpg", "page.png", "page.svg", "page.html", "page.gif", "page.webp"])
@pytest.mark.parametrize("content", [PAGE, DRAWING], ids=["page", "drawing"])
def test_what_is_no_picture_is_none_of_the_images(editor, name, content):
    said = editor.post(
        "/cms/images/add/", {"title": "x", "file": SimpleUploadedFile(name, content, "image/png")}
    )
    assert said.status_code == 200
    assert not Image.objects.exists()


def test_a_picture_with_a_script_in_it_stays_a_picture_by_name(editor):
    file = SimpleUploadedFile("page.gif", picture_with_a_script(), "text/html")
    editor.post("/cms/images/add/", {"title": "x", "file": file})
    assert Image.objects.get().file.name.endswith(".gif")
