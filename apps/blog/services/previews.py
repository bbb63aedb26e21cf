"""Drafts for who shows the token that an editor's browser was given."""

from typing import Any

from django.apps import apps
from django.core import signing
from django.db.models import PROTECT
from wagtail.models import Page

from apps.blog.constants import PREVIEW_S, PREVIEW_SALT
from apps.blog.models import PreviewDraft
from apps.core.codes import ErrorCode
from apps.core.exceptions import DomainError
from apps.core.sentences import Sentence

TOKEN_MAX_CHARS = 500


class PreviewRefused(DomainError):
    code = ErrorCode.LINK_INVALID
    detail = Sentence("This preview is not one of ours. Open it again in the editor.")


def read_preview(*, token: str) -> Page:
    """The page as its editor saw it last; it is saved nowhere.

    Raises:
        PreviewRefused: the token is forged or too old, or the draft it was made for is gone.
    """
    named = _read(token)
    draft = PreviewDraft.objects.usable().filter(pk=named["draft"], page=named["page"]).first()
    page = _restore(draft) if draft else None
    if page is None:
        raise PreviewRefused(
            Sentence("The draft of this preview is gone: it was published, deleted or left alone for long."),
            code=ErrorCode.GONE,
        )
    return page


def forget_drafts(page: Page) -> None:
    """What was published is a draft no longer."""
    PreviewDraft.objects.filter(page=page.pk).delete()


def _read(token: str) -> dict[str, Any]:
    if not token or len(token) > TOKEN_MAX_CHARS:
        raise PreviewRefused
    try:
        named: dict[str, Any] = signing.loads(token, salt=PREVIEW_SALT, max_age=PREVIEW_S)
    except signing.SignatureExpired as exc:
        raise PreviewRefused(
            Sentence("This preview has expired. Open it again in the editor."), code=ErrorCode.LINK_EXPIRED
        ) from exc
    except signing.BadSignature as exc:
        raise PreviewRefused from exc
    return named


def _restore(draft: PreviewDraft) -> Page | None:
    """None where something it cannot be without was deleted."""
    model = apps.get_model(draft.model)
    if any(_is_missing(field, draft.content) for field in model._meta.concrete_fields):  # noqa: SLF001
        return None
    page: Page = model.from_serializable_data(draft.content)
    page.pk = draft.page_id
    return page


def _is_missing(field: Any, content: dict[str, Any]) -> bool:
    """What it can be without, or goes with, is looked after by those who keep versions of pages."""
    if field.remote_field is None or field.remote_field.on_delete is not PROTECT:
        return False
    key = content.get(field.name)
    return key is not None and not field.related_model.objects.filter(pk=key).exists()
