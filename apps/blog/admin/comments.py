"""Where moderators read what readers wrote, and decide."""

from typing import Any, ClassVar

from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from wagtail.admin.panels import FieldPanel, Panel
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.permission_policies import ModelPermissionPolicy
from wagtail.snippets.bulk_actions.snippet_bulk_action import SnippetBulkAction
from wagtail.snippets.views.snippets import EditView, SnippetViewSet

from apps.blog.models import CommentState, PostComment
from apps.blog.models.comments import MODERATE
from apps.blog.services.moderation import decide_about_comments


class OnlyDecided(ModelPermissionPolicy):  # type: ignore[misc]
    """Readers write comments; nobody writes or deletes them here."""

    def user_has_permission(self, user: Any, action: str) -> bool:
        return action in {"view", "change"} and bool(super().user_has_permission(user, action))


class DecideView(EditView):  # type: ignore[misc]
    def save_instance(self) -> PostComment:
        """Without Wagtail's log, which would keep the words of a comment that its author deletes."""
        self.has_content_changes = self.form.has_changed()
        state = CommentState(self.form.cleaned_data["state"])
        decide_about_comments(moderator=self.request.user, ids=[self.object.pk], state=state)
        return PostComment.objects.get(pk=self.object.pk)


class DoubtsPanel(FieldPanel):  # type: ignore[misc]
    def format_value_for_display(self, value: list[str]) -> str:
        return "; ".join(value) or "No rule doubts it."


class ReportsPanel(Panel):  # type: ignore[misc]
    """What readers say about it. Who they are is nobody's business here."""

    class BoundPanel(Panel.BoundPanel):  # type: ignore[misc]
        template_name = "blog/admin/reports.html"

        def get_context_data(self, parent_context: dict[str, Any] | None = None) -> dict[str, Any]:
            context: dict[str, Any] = super().get_context_data(parent_context)
            return {**context, "reports": self.instance.reports.order_by("created_at")}


class CommentViewSet(SnippetViewSet):  # type: ignore[misc]
    model = PostComment
    icon = "comment"
    menu_label = "Comments"
    url_prefix = "community/comments"
    edit_view_class = DecideView
    copy_view_enabled = False
    list_filter: ClassVar[list[str]] = ["state"]
    list_display: ClassVar[list[Any]] = [
        "__str__",
        Column("author", label="Written by"),
        Column("post_title", label="Post", accessor="post.title"),
        Column("state", label="State", accessor="get_state_display", sort_key="state"),
        Column("why", label="Why it waits", accessor=lambda comment: "; ".join(comment.doubts)),
        Column("report_count", label="Reports", sort_key="report_count"),
        DateColumn("created_at", label="Written", sort_key="created_at"),
    ]
    panels: ClassVar[list[Panel]] = [
        FieldPanel("text", read_only=True, help_text="As the reader wrote it."),
        FieldPanel("author", read_only=True, help_text="The public name."),
        FieldPanel("post", read_only=True),
        DoubtsPanel("doubts", read_only=True, heading="Why it waits", help_text="Its author is not told."),
        ReportsPanel(heading="Reports"),
        FieldPanel("state"),
    ]

    @property
    def permission_policy(self) -> OnlyDecided:
        return OnlyDecided(self.model)

    @property
    def menu_url(self) -> str:
        """What waits, first."""
        return f"{reverse(self.get_url_name('list'))}?state={CommentState.PENDING}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[PostComment]:
        there = PostComment.objects.filter(deleted_at=None).select_related("author", "post")
        return there.annotate(report_count=Count("reports")).order_by("-created_at")


class _Decision(SnippetBulkAction):  # type: ignore[misc]
    models: ClassVar[list[type[PostComment]]] = [PostComment]
    template_name = "blog/admin/decide.html"
    state: ClassVar[CommentState]

    def check_perm(self, obj: PostComment) -> bool:
        return bool(self.request.user.has_perm(MODERATE))

    @classmethod
    def execute_action(cls, objects: list[PostComment], **options: Any) -> tuple[int, int]:
        moderator = options["self"].request.user
        ids = [comment.pk for comment in objects]
        return decide_about_comments(moderator=moderator, ids=ids, state=cls.state), 0

    def get_success_message(self, num_parent_objects: int, num_child_objects: int) -> str:
        return f"{num_parent_objects} decided: {self.state.label.lower()}."


class PublishComments(_Decision):
    display_name = "Publish"
    aria_label = "Publish selected comments"
    action_type = "publish_comments"
    action_priority = 10
    state = CommentState.PUBLISHED


class RejectComments(_Decision):
    display_name = "Reject"
    aria_label = "Reject selected comments"
    action_type = "reject_comments"
    action_priority = 20
    state = CommentState.REJECTED


class MarkAsSpam(_Decision):
    display_name = "Spam"
    aria_label = "Mark selected comments as spam"
    action_type = "mark_comments_as_spam"
    action_priority = 25
    classes: ClassVar[set[str]] = {"serious"}
    state = CommentState.SPAM
