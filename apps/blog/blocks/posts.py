"""Ways on from a post."""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from wagtail import blocks
from wagtail.blocks.struct_block import StructBlockValidationError

from apps.blog.constants import CARD_RENDITION, RELATED_MAX_POSTS

# Of this site, or of another by http. `//host` would be another site that looks like a path of this one.
_ADDRESS = re.compile(r"/(?!/)[^\s\\]*|https?://[^\s/\\]+[^\s\\]*", re.IGNORECASE)


def require_address(text: str) -> None:
    if not _ADDRESS.fullmatch(text):
        raise ValidationError("Begin with https://, or with / for an address of this site.")


class CallValue(blocks.StructValue):  # type: ignore[misc]
    @property
    def address(self) -> str:
        """Empty when the page is not published (any more)."""
        page = self["page"]
        if page is None:
            return str(self["url"])
        return str(page.get_url() or "") if page.live else ""


class CallToActionBlock(blocks.StructBlock):  # type: ignore[misc]
    text = blocks.CharBlock(max_length=250, required=False, help_text="Why one should.")
    label = blocks.CharBlock(max_length=60, help_text="What happens, such as: Identify a plant.")
    page = blocks.PageChooserBlock(required=False)
    url = blocks.CharBlock(
        label="or address", max_length=500, required=False, validators=[require_address], search_index=False
    )

    class Meta:
        icon = "pick"
        template = "blog/blocks/call_to_action.html"
        value_class = CallValue

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if bool(cleaned["page"]) == bool(cleaned["url"]):
            fault = ValidationError("Choose a page or write an address: one of the two.")
            raise StructBlockValidationError(block_errors={"url": fault})
        return cleaned

    def get_api_representation(self, value: Any, context: dict[str, Any] | None = None) -> dict[str, Any]:
        page = value["page"] if value.address else None
        return {
            "text": value["text"],
            "label": value["label"],
            "url": value.address or None,
            "page_id": page.pk if page else None,
        }


class PublishedPosts:
    """Those of some posts that everybody may read, looked up together when the first is needed."""

    def __init__(self, model: Any, ids: Iterable[int]) -> None:
        self._model = model
        self._ids = frozenset(ids)

    @cached_property
    def _found(self) -> dict[int, Any]:
        posts = self._model.objects.filter(pk__in=self._ids).published().with_card_pictures().defer("body")
        return {post.pk: post for post in posts}

    def among(self, ids: Iterable[int]) -> list[Any]:
        return [self._found[each] for each in ids if each in self._found]


class RelatedPostsValue(blocks.StructValue):  # type: ignore[misc]
    published: PublishedPosts | None = None

    @property
    def posts_to_show(self) -> list[Any]:
        ids = self.ids
        if self.published is None:  # just written, and not yet read from the database
            self.published = PublishedPosts(self.block.post_model, ids)
        return self.published.among(ids)

    @property
    def ids(self) -> list[int]:
        return [post.pk for post in self["posts"] if post is not None]


class RelatedPostsBlock(blocks.StructBlock):  # type: ignore[misc]
    title = blocks.CharBlock(max_length=120, default="Read on")
    posts = blocks.ListBlock(
        blocks.PageChooserBlock(page_type="blog.BlogPostPage"), min_num=1, max_num=RELATED_MAX_POSTS
    )

    class Meta:
        icon = "doc-full"
        template = "blog/blocks/related_posts.html"
        value_class = RelatedPostsValue

    @property
    def post_model(self) -> Any:
        return self.child_blocks["posts"].child_block.model_class

    def bulk_to_python(self, values: list[Any]) -> list[Any]:
        found: list[Any] = super().bulk_to_python(values)
        together = PublishedPosts(self.post_model, (each for value in found for each in value.ids))
        for value in found:
            value.published = together
        return found

    def get_api_representation(self, value: Any, context: dict[str, Any] | None = None) -> dict[str, Any]:
        return {"title": value["title"], "posts": [_tell_post(post) for post in value.posts_to_show]}


def _tell_post(post: Any) -> dict[str, Any]:
    picture = post.featured_image
    card = picture.get_rendition(CARD_RENDITION) if picture else None
    return {
        "id": post.pk,
        "title": post.title,
        "intro": post.intro,
        "date": post.date.isoformat(),
        "url": post.get_url(),
        "card_picture": card and {"url": card.url, "width": card.width, "height": card.height},
    }
