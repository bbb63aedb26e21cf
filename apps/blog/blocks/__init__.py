"""What the body of a post is made of."""

from wagtail import blocks

from apps.blog.blocks.pictures import GalleryBlock, PictureBlock
from apps.blog.blocks.plants import CareCardBlock, PlantSpotlightBlock, species_shown_in
from apps.blog.blocks.posts import CallToActionBlock, RelatedPostsBlock
from apps.blog.blocks.text import CalloutBlock, CodeBlock, HeadingBlock, ParagraphBlock, QuoteBlock
from apps.blog.blocks.videos import VideoBlock
from apps.blog.constants import PARAGRAPH_FEATURES

__all__ = ["BodyBlock", "ParagraphBlock", "species_shown_in"]


class BodyBlock(blocks.StreamBlock):  # type: ignore[misc]
    heading = HeadingBlock(group="Text")
    paragraph = ParagraphBlock(features=PARAGRAPH_FEATURES, group="Text")
    quote = QuoteBlock(group="Text")
    callout = CalloutBlock(group="Text")
    code = CodeBlock(group="Text")
    image = PictureBlock(group="Pictures and videos")
    gallery = GalleryBlock(group="Pictures and videos")
    embed = VideoBlock(group="Pictures and videos")
    plant_spotlight = PlantSpotlightBlock(group="Plants")
    care_card = CareCardBlock(group="Plants")
    call_to_action = CallToActionBlock(group="Where to go next")
    related_posts = RelatedPostsBlock(group="Where to go next")
