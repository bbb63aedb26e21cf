import pytest

from apps.blog.constants import RENDITIONS
from apps.blog.services import pictures
from apps.blog.services.pictures import draw_picture
from apps.blog.tests.factories import create_image

pytestmark = pytest.mark.django_db


def test_a_picture_is_drawn_in_all_sizes_before_somebody_looks(
    monkeypatch, django_capture_on_commit_callbacks
):
    handed = []
    monkeypatch.setattr(pictures, "enqueue", lambda task, *args: handed.append((task, *args)))
    with django_capture_on_commit_callbacks(execute=True):
        image = create_image(size=(64, 48))
    assert handed == [("blog.draw_picture", image.pk)]

    draw_picture(image_id=image.pk)

    assert set(image.renditions.values_list("filter_spec", flat=True)) == set(RENDITIONS.values())


def test_a_picture_whose_file_is_gone_and_one_that_is_deleted_hold_nothing_up():
    image = create_image(size=(64, 48))
    image.file.storage.delete(image.file.name)
    draw_picture(image_id=image.pk)
    image.delete()
    draw_picture(image_id=image.pk)
