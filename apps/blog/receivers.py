"""What follows a change of pages, and of accounts.

The content API's kept answers end with every change of something that they tell, or hide. What an account
wrote here goes along with it, however it goes.
"""

from copy import copy
from typing import Any
from uuid import UUID

from django.db.models.signals import post_delete, post_save, pre_delete
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.models import (
    Collection,
    CollectionViewRestriction,
    Page,
    PageViewRestriction,
    Site,
    get_page_models,
)
from wagtail.search import index
from wagtail.signals import page_published, page_slug_changed, page_unpublished, post_page_move

from apps.blog.constants import CONTENT
from apps.blog.models import BlogAuthor, BlogCategory, BlogPostPage, BlogSeries
from apps.blog.services.comments import erase_comments_of
from apps.blog.services.pictures import have_picture_drawn
from apps.blog.services.previews import forget_drafts
from apps.blog.services.webhooks import announce_change
from apps.core.kept_answers import forget_answers
from apps.users.public import User


def connect() -> None:
    """A draft that is saved ends them, too: to tell drafts apart would cost more than a few answers."""
    parts_of_pages = [get_image_model(), get_document_model(), BlogAuthor, BlogCategory, BlogSeries]
    models = [*get_page_models(), *parts_of_pages, Site, Collection, CollectionViewRestriction]
    for model in [*models, PageViewRestriction]:
        for signal in (post_save, post_delete):
            signal.connect(_forget, sender=model, dispatch_uid=f"content-{model.__name__}")
    for model in parts_of_pages:
        for signal in (post_save, post_delete):
            signal.connect(_tell_of_part, sender=model, dispatch_uid=f"webhook-{model.__name__}")
    for signal in (page_published, page_unpublished, page_slug_changed, post_page_move):
        signal.connect(_forget, dispatch_uid="content")
    page_published.connect(_index_again, sender=BlogPostPage, dispatch_uid="index-post")
    post_save.connect(_have_drawn, sender=get_image_model(), dispatch_uid="pictures")
    page_published.connect(_forget_drafts, dispatch_uid="previews")
    page_published.connect(_tell_published, dispatch_uid="webhook")
    page_unpublished.connect(_tell_unpublished, dispatch_uid="webhook")
    page_slug_changed.connect(_tell_new_slug, dispatch_uid="webhook")
    post_page_move.connect(_tell_moved, dispatch_uid="webhook")
    pre_delete.connect(_erase_comments, sender=User, dispatch_uid="blog-comments")


def _index_again(instance: BlogPostPage, **_: Any) -> None:
    """Wagtail puts a page into the index with its own row, before its tags, authors and species are saved."""
    index.insert_or_update_object(instance)


def _erase_comments(instance: User, **_: Any) -> None:
    erase_comments_of(instance)


def _forget(**_: Any) -> None:
    forget_answers(CONTENT)


def _forget_drafts(instance: Page, **_: Any) -> None:
    forget_drafts(instance)


def _have_drawn(instance: Any, **_: Any) -> None:
    have_picture_drawn(instance)


def _tell_published(instance: Page, **_: Any) -> None:
    announce_change(event="content.published", data=_page(instance))


def _tell_unpublished(instance: Page, **_: Any) -> None:
    """Also said of each page that is deleted, before it is."""
    announce_change(event="content.unpublished", data=_page(instance))


def _tell_new_slug(instance: Page, instance_before: Page, **_: Any) -> None:
    _tell_address(instance, instance_before.url_path)


def _tell_moved(instance: Page, url_path_before: str, url_path_after: str, **_: Any) -> None:
    if url_path_before != url_path_after:  # else it has only another place among its siblings
        _tell_address(instance, url_path_before)


def _tell_address(page: Page, url_path_before: str) -> None:
    if page.live:
        before = copy(page)
        before.url_path = url_path_before
        moved = {"previous_url": before.get_full_url(), "has_pages_below": not page.is_leaf()}
        announce_change(event="content.moved", data=_page(page) | moved)


def _tell_of_part(instance: Any, *, created: bool = False, **_: Any) -> None:
    """Whatever shows it may have kept it; what is new nobody can have kept."""
    if not created:
        announce_change(event="content.changed", data=_row(instance))


def _page(page: Page) -> dict[str, Any]:
    return {**_row(page.specific_deferred), "url": page.get_full_url()}


def _row(instance: Any) -> dict[str, Any]:
    key = instance.pk
    return {"id": str(key) if isinstance(key, UUID) else key, "model": instance._meta.label}  # noqa: SLF001
