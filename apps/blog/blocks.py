"""What the body of a post is made of."""

from typing import Any

from wagtail import blocks
from wagtail.images.blocks import ImageChooserBlock
from wagtail.images.models import AbstractImage, SourceImageIOError
from wagtail.rich_text import expand_db_html

from apps.blog.constants import PARAGRAPH_FEATURES, PICTURE_RENDITION


class HeadingBlock(blocks.StructBlock):  # type: ignore[misc]
    text = blocks.CharBlock(max_length=120)
    level = blocks.ChoiceBlock(choices=[("h2", "Section"), ("h3", "Part of a section")], default="h2")

    class Meta:
        icon = "title"
        template = "blog/blocks/heading.html"


class ParagraphBlock(blocks.RichTextBlock):  # type: ignore[misc]
    class Meta:
        icon = "pilcrow"

    def get_api_representation(self, value: Any, context: dict[str, Any] | None = None) -> str:
        """HTML with real addresses: a client cannot resolve Wagtail's internal links."""
        return str(expand_db_html(value.source))


class PictureBlock(blocks.StructBlock):  # type: ignore[misc]
    image = ImageChooserBlock()
    alt_text = blocks.CharBlock(
        max_length=250, help_text="What the picture shows, for people who cannot see it."
    )
    credit = blocks.CharBlock(max_length=250, help_text="Who made the picture, and under which licence.")

    class Meta:
        icon = "image"
        template = "blog/blocks/picture.html"

    def get_api_representation(self, value: Any, context: dict[str, Any] | None = None) -> dict[str, Any]:
        return {
            "alt_text": value["alt_text"],
            "credit": value["credit"],
            "image": _describe_image(value["image"]),
        }


class QuoteBlock(blocks.StructBlock):  # type: ignore[misc]
    text = blocks.TextBlock(max_length=1_000)
    attribution = blocks.CharBlock(max_length=250, required=False)

    class Meta:
        icon = "openquote"
        template = "blog/blocks/quote.html"


class BodyBlock(blocks.StreamBlock):  # type: ignore[misc]
    heading = HeadingBlock()
    paragraph = ParagraphBlock(features=PARAGRAPH_FEATURES)
    image = PictureBlock()
    quote = QuoteBlock()


def _describe_image(image: AbstractImage | None) -> dict[str, Any] | None:
    """None when the picture was deleted, or its file cannot be read: the text stays readable without it."""
    if image is None:
        return None
    try:
        rendition = image.get_rendition(PICTURE_RENDITION)
    except SourceImageIOError:
        return None
    return {"id": image.pk, "url": rendition.url, "width": rendition.width, "height": rendition.height}
