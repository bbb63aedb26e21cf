"""Draws pictures in the sizes they are shown in, before anybody waits for them."""

from django.db import transaction
from wagtail.images import get_image_model
from wagtail.images.models import AbstractImage, SourceImageIOError

from apps.blog.constants import RENDITIONS
from apps.core.background import enqueue

DRAW_PICTURE = "blog.draw_picture"


def have_picture_drawn(image: AbstractImage) -> None:
    """Where no worker hears of it, whoever looks at the picture first has it drawn."""
    transaction.on_commit(lambda: enqueue(DRAW_PICTURE, image.pk))


def draw_picture(*, image_id: int) -> None:
    image = get_image_model().objects.filter(pk=image_id).first()
    if image is None:
        return  # deleted meanwhile
    try:
        image.get_renditions(*RENDITIONS.values())
    except SourceImageIOError:
        return  # its file is gone, and pages say so
