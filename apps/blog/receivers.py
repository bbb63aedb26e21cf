"""What follows a change of pages, and of accounts.

The content API's kept answers end with every change of something that they tell, or hide. What an account
wrote here goes along with it, however it goes.
"""

from typing import Any

from django.db.models.signals import post_delete, post_save, pre_delete
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.models import Collection, CollectionViewRestriction, PageViewRestriction, Site, get_page_models
from wagtail.search import index
from wagtail.signals import page_published, page_slug_changed, page_unpublished, post_page_move

from apps.blog.constants import CONTENT
from apps.blog.models import BlogPostPage
from apps.blog.services.comments import erase_comments_of
from apps.core.kept_answers import forget_answers
from apps.users.public import User


def connect() -> None:
    """A draft that is saved ends them, too: to tell drafts apart would cost more than a few answers."""
    models = [*get_page_models(), get_image_model(), get_document_model(), Site]
    for model in [*models, Collection, CollectionViewRestriction, PageViewRestriction]:
        for signal in (post_save, post_delete):
            signal.connect(_forget, sender=model, dispatch_uid=f"content-{model.__name__}")
    for signal in (page_published, page_unpublished, page_slug_changed, post_page_move):
        signal.connect(_forget, dispatch_uid="content")
    page_published.connect(_index_again, sender=BlogPostPage, dispatch_uid="index-post")
    pre_delete.connect(_erase_comments, sender=User, dispatch_uid="blog-comments")


def _index_again(instance: BlogPostPage, **_: Any) -> None:
    """Wagtail puts a page into the index with its own row, before its tags, authors and species are saved."""
    index.insert_or_update_object(instance)


def _erase_comments(instance: User, **_: Any) -> None:
    erase_comments_of(instance)


def _forget(**_: Any) -> None:
    forget_answers(CONTENT)
