"""The public shape of comments. Nothing in it leads to an account but the name its owner chose."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.blog.constants import COMMENT_MAX_CHARS, REPORT_NOTE_MAX_CHARS
from apps.blog.models import CommentState, PostComment, ReportReason
from apps.blog.services.spam import has_something_to_see
from apps.core.links import link_to


class CommentChangesSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(
        max_length=COMMENT_MAX_CHARS,
        help_text="Plain: what looks like HTML or Markdown is shown as it stands.",
    )

    def validate_text(self, value: str) -> str:
        if not has_something_to_see(value):
            raise serializers.ValidationError(_("There is nothing to read in it."), code="blank")
        return value


class CommentRequestSerializer(CommentChangesSerializer):
    parent = serializers.UUIDField(  # type: ignore[assignment]  # what serializers call what holds them
        required=False, allow_null=True, help_text="The comment it answers, where `takes_replies` is true."
    )


class CommentReportSerializer(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(choices=ReportReason.choices)
    note = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=REPORT_NOTE_MAX_CHARS
    )


class CommentAuthorSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="The public name of the account.")


class CommentLinksSerializer(serializers.Serializer[Any]):
    self = serializers.CharField()


class CommentSerializer(serializers.Serializer[PostComment]):
    """`context["user"]` reads it; `context["moderates"]` says whether this is one who decides."""

    id = serializers.UUIDField()
    post = serializers.IntegerField(source="post_id")
    parent = serializers.UUIDField(source="parent_id", allow_null=True)  # type: ignore[assignment]
    depth = serializers.IntegerField(help_text="0 for what answers the post itself.")
    author = serializers.SerializerMethodField(help_text="null where the comment is gone.")
    text = serializers.SerializerMethodField(help_text="null where the comment is gone, and replies are not.")
    state = serializers.SerializerMethodField(
        help_text="Others see what is `published` only. `pending` waits for a moderator."
    )
    is_own = serializers.SerializerMethodField()
    is_gone = serializers.SerializerMethodField(help_text="Deleted or hidden; it is here for its replies.")
    takes_replies = serializers.BooleanField(help_text="False for replies to replies, and for what is gone.")
    created_at = serializers.DateTimeField()
    edited_at = serializers.DateTimeField(allow_null=True)
    links = serializers.SerializerMethodField()

    @extend_schema_field(CommentAuthorSerializer(allow_null=True))
    def get_author(self, comment: PostComment) -> dict[str, str] | None:
        if not self._tells(comment) or comment.author is None:
            return None
        return {"name": comment.author.get_username()}

    def get_text(self, comment: PostComment) -> str | None:
        return comment.text if self._tells(comment) else None

    @extend_schema_field(serializers.ChoiceField(choices=CommentState.choices))
    def get_state(self, comment: PostComment) -> str:
        if not self._tells(comment):
            return str(CommentState.REJECTED)
        is_spam = comment.state == CommentState.SPAM and not self.context["moderates"]
        return str(CommentState.REJECTED) if is_spam else comment.state

    def get_is_own(self, comment: PostComment) -> bool:
        return comment.author_id is not None and comment.author_id == self.context["user"].pk

    def get_is_gone(self, comment: PostComment) -> bool:
        return not self._tells(comment)

    @extend_schema_field(CommentLinksSerializer)
    def get_links(self, comment: PostComment) -> dict[str, str]:
        return {"self": link_to("v1:blog:comment-detail", comment.pk)}

    def _tells(self, comment: PostComment) -> bool:
        if comment.deleted_at is not None:
            return False
        is_mine_to_see = self.get_is_own(comment) or self.context["moderates"]
        return comment.state == CommentState.PUBLISHED or bool(is_mine_to_see)
