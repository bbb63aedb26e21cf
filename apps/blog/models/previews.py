"""Drafts as the web app shows them to the editor who writes them: see decision 0039."""

from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.core import signing
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from wagtail.models import COMMENTS_RELATION_NAME, Page

from apps.blog.constants import PREVIEW_S, PREVIEW_SALT
from apps.core.models import TimestampedModel

APP_MODE = "app"
# Who writes and what colleagues remark is nothing that the web app shows.
_LEFT_OUT = ("owner", "locked_by", COMMENTS_RELATION_NAME)


class PreviewDraftQuerySet(models.QuerySet["PreviewDraft"]):
    def usable(self) -> Self:
        return self.filter(expires_at__gt=timezone.now(), editor__is_active=True)


class PreviewDraft(TimestampedModel):
    """What one editor looked at last, of one page. Replaced by the next look, and gone after some minutes."""

    editor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    page = models.ForeignKey(
        "wagtailcore.Page",
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="none: it has never been saved",
    )
    model = models.CharField(max_length=100)
    content = models.JSONField(encoder=DjangoJSONEncoder)
    expires_at = models.DateTimeField(db_index=True)

    objects = PreviewDraftQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["editor", "page"], name="preview_draft_of_page"),
            models.UniqueConstraint(
                fields=["editor"], condition=models.Q(page=None), name="preview_draft_of_new_page"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.page_id or 'new'}"

    def sign(self) -> str:
        """What the web app shows to be told this draft, for so long as the draft is kept."""
        return signing.dumps({"draft": str(self.pk), "page": self.page_id}, salt=PREVIEW_SALT, compress=True)


def keep_draft(*, page: Page, editor: Any) -> PreviewDraft:
    """Replaces what this editor looked at before. Those nobody looks at any more go on the way."""
    PreviewDraft.objects.filter(expires_at__lte=timezone.now()).delete()
    content = {name: value for name, value in page.serializable_data().items() if name not in _LEFT_OUT}
    draft, _ = PreviewDraft.objects.update_or_create(
        editor=editor,
        page_id=page.pk,
        defaults={
            "model": page._meta.label,  # noqa: SLF001
            "content": content,
            "expires_at": timezone.now() + timedelta(seconds=PREVIEW_S),
        },
    )
    return draft


class HeadlessPreviewMixin(Page):  # type: ignore[misc]
    """Beside the preview of this site one in the web app, where there is one."""

    class Meta:
        abstract = True

    @property
    def preview_modes(self) -> list[tuple[str, Any]]:
        modes: list[tuple[str, Any]] = super().preview_modes
        return [*modes, (APP_MODE, "Web app")] if settings.HEADLESS_PREVIEW_URL else modes

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        if mode_name != APP_MODE:
            return super().serve_preview(request, mode_name)  # type: ignore[no-any-return]
        if not settings.HEADLESS_PREVIEW_URL:
            raise Http404
        token = keep_draft(page=self, editor=request.user).sign()
        # What stands behind a # is sent to no server: neither to its logs nor to the next one as a referrer.
        response = HttpResponseRedirect(f"{settings.HEADLESS_PREVIEW_URL}#token={token}")
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        return response
