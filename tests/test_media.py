"""Pictures in development; in production nginx gives them out, and this server nothing."""

import pytest


@pytest.fixture
def media(settings, tmp_path):
    settings.DEBUG = True
    settings.MEDIA_ROOT = tmp_path
    settings.PHOTO_ROOT = tmp_path / "private"
    for name in ("images/leaf.jpg", "documents/list.pdf", "private/somebody.jpg"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"content")
    return settings


def test_a_picture_has_an_address(client, db, media):
    response = client.get("/media/images/leaf.jpg")

    assert response.status_code == 200
    assert response["Content-Type"] == "image/jpeg"
    assert b"".join(response.streaming_content) == b"content"


@pytest.mark.parametrize(
    "path",
    [
        "private/somebody.jpg",
        "images/../private/somebody.jpg",
        "./private//somebody.jpg",
        "documents/list.pdf",
        "images/none.jpg",
        "../outside.jpg",
    ],
)
def test_nothing_else_has_one(client, db, media, path):
    assert client.get(f"/media/{path}").status_code in {400, 404}


def test_in_production_the_server_leaves_pictures_to_nginx(client, db, media):
    media.DEBUG = False

    assert client.get("/media/images/leaf.jpg").status_code == 404
