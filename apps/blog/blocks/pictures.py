from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from wagtail import blocks
from wagtail.images import get_image_model
from wagtail.images.blocks import ImageChooserBlock
from wagtail.images.models import AbstractImage, AbstractRendition, SourceImageIOError

from apps.blog.constants import (
    GALLERY_MAX_PICTURES,
    PICTURE_RENDITION,
    SMALL_PICTURE_RENDITION,
)

_SHOWN_AS = (SMALL_PICTURE_RENDITION, PICTURE_RENDITION)


class PictureBlock(blocks.StructBlock):  # type: ignore[misc]
    image = ImageChooserBlock()
    alt_text = blocks.CharBlock(
        max_length=250, help_text="What the picture shows, for people who cannot see it."
    )
    credit = blocks.CharBlock(max_length=250, help_text="Who made the picture, and under which licence.")

    class Meta:
        icon = "image"
        template = "blog/blocks/picture.html"

    def bulk_to_python(self, values: list[Any]) -> list[Any]:
        found: list[Any] = super().bulk_to_python(values)
        load_renditions([value["image"] for value in found if value["image"]])
        return found

    def get_api_representation(self, value: Any, context: dict[str, Any] | None = None) -> dict[str, Any]:
        return {
            "alt_text": value["alt_text"],
            "credit": value["credit"],
            "image": describe_image(value["image"]),
        }


class GalleryBlock(blocks.StructBlock):  # type: ignore[misc]
    title = blocks.CharBlock(max_length=120, help_text="What the pictures have in common.")
    pictures = blocks.ListBlock(PictureBlock(), min_num=2, max_num=GALLERY_MAX_PICTURES)

    class Meta:
        icon = "image"
        template = "blog/blocks/gallery.html"


def load_renditions(images: list[AbstractImage]) -> None:
    """Of all these pictures with one query, instead of one or two each when they are shown."""
    kept = get_image_model().get_rendition_model().objects.filter(filter_spec__in=_SHOWN_AS)
    # The name is where Wagtail looks before it asks its cache and the database.
    prefetch_related_objects(images, Prefetch("renditions", queryset=kept, to_attr="prefetched_renditions"))


def describe_image(image: AbstractImage | None) -> dict[str, Any] | None:
    """None where there is no rendition: the text stays readable without it."""
    drawn = rendition_of(image, PICTURE_RENDITION)
    if image is None or drawn is None:
        return None
    return {"id": image.pk, "url": drawn.url, "width": drawn.width, "height": drawn.height}


def rendition_of(image: AbstractImage | None, spec: str) -> AbstractRendition | None:
    """None when the picture was deleted, or its file cannot be read."""
    try:
        return image.get_rendition(spec) if image else None
    except SourceImageIOError:
        return None
