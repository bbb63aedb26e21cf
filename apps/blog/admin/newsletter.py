"""Sending a post to the subscribers, and seeing what became of it."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from wagtail.admin import messages
from wagtail.admin.panels import FieldPanel
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.widgets import Button
from wagtail.models import Page
from wagtail.permission_policies import ModelPermissionPolicy
from wagtail.snippets.views.snippets import SnippetViewSet

from apps.blog.exceptions import NewsletterRefused
from apps.blog.models import BlogPostPage, NewsletterIssue, NewsletterSubscriber
from apps.blog.services.newsletter import send_to_subscribers

SEND = "blog.add_newsletterissue"


class OnlyLookedAt(ModelPermissionPolicy):  # type: ignore[misc]
    """A newsletter is sent from its post, once."""

    def user_has_permission(self, user: Any, action: str) -> bool:
        return action == "view" and bool(super().user_has_permission(user, action))


class NewsletterViewSet(SnippetViewSet):  # type: ignore[misc]
    model = NewsletterIssue
    icon = "mail"
    menu_label = "Newsletters"
    url_prefix = "community/newsletters"
    copy_view_enabled = False
    inspect_view_enabled = True
    inspect_view_fields: ClassVar[list[str]] = [
        "post",
        "requested_by",
        "created_at",
        "finished_at",
        "sent_count",
        "refused_count",
    ]
    list_display: ClassVar[list[Any]] = [
        Column("post_title", label="Post", accessor="post.title"),
        Column("requested_by", label="Sent by"),
        DateColumn("created_at", label="Begun", sort_key="created_at"),
        DateColumn("finished_at", label="Finished", sort_key="finished_at"),
        Column("sent_count", label="Mails"),
        Column("refused_count", label="Refused"),
    ]
    panels: ClassVar[list[FieldPanel]] = [FieldPanel("post", read_only=True)]

    @property
    def permission_policy(self) -> OnlyLookedAt:
        return OnlyLookedAt(self.model)

    def get_queryset(self, request: HttpRequest) -> QuerySet[NewsletterIssue]:
        return NewsletterIssue.objects.select_related("post", "requested_by").order_by("-created_at")


@permission_required(SEND, login_url="wagtailadmin_login")
def send_newsletter(request: HttpRequest, post_id: int) -> HttpResponse:
    """Asks once more, because mails cannot be taken back."""
    post = get_object_or_404(BlogPostPage, pk=post_id)
    if request.method != "POST":
        count = NewsletterSubscriber.objects.filter(confirmed_at__isnull=False).count()
        return render(request, "blog/admin/send_newsletter.html", {"post": post, "count": count})
    try:
        send_to_subscribers(editor=request.user, post_id=post_id)
    except NewsletterRefused as exc:
        messages.error(request, str(exc.detail))
    else:
        messages.success(request, f"“{post.title}” is on its way to the subscribers.")
    return redirect("wagtailadmin_pages:edit", post_id)


def send_urls() -> list[URLPattern]:
    return [path("community/newsletters/send/<int:post_id>/", send_newsletter, name="blog_send_newsletter")]


def send_button(page: Page, user: Any, **_: Any) -> Iterator[Button]:
    """Among what one can do with a post that is published."""
    if isinstance(page.specific_deferred, BlogPostPage) and page.live and user.has_perm(SEND):
        address = reverse("blog_send_newsletter", args=[page.pk])
        yield Button("Send to subscribers", address, icon_name="mail", priority=90)
