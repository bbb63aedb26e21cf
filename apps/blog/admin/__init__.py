"""The editors' screens for what readers do, at /cms/: comments to decide about, newsletters to send."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from wagtail import hooks
from wagtail.admin import messages
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import SnippetViewSetGroup

from apps.blog.admin.comments import CommentViewSet, MarkAsSpam, PublishComments, RejectComments
from apps.blog.admin.newsletter import NewsletterViewSet, send_button, send_urls
from apps.blog.models import NewsletterIssue, PostComment


class CommunityMenu(SnippetViewSetGroup):  # type: ignore[misc]
    menu_label = "Community"
    menu_icon = "group"
    menu_order = 160
    items = (CommentViewSet, NewsletterViewSet)


def keep_what_is_decided_about(request: HttpRequest, instances: list[object]) -> HttpResponse | None:
    """A deleted comment would take its replies along, and a deleted newsletter could be sent twice."""
    if not any(isinstance(instance, PostComment | NewsletterIssue) for instance in instances):
        return None
    messages.error(request, "These are never deleted by hand. Reject a comment, and nobody sees it.")
    return redirect("wagtailadmin_home")


register_snippet(CommunityMenu)
for action in (PublishComments, RejectComments, MarkAsSpam):
    hooks.register("register_bulk_action", action)
hooks.register("register_admin_urls", send_urls)
hooks.register("register_page_header_buttons", send_button)
hooks.register("before_delete_snippet", keep_what_is_decided_about)
