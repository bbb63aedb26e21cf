"""What readers say below posts: thin over selectors and services. Moderators decide in the editors' rooms."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.permissions import IsAuthenticated, IsAuthenticatedOrReadOnly
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.blog.api.v1.comment_serializers import (
    CommentChangesSerializer,
    CommentReportSerializer,
    CommentRequestSerializer,
    CommentSerializer,
)
from apps.blog.api.v1.limits import COMMENTS, REPORTS, BlogThrottle
from apps.blog.exceptions import NothingThere
from apps.blog.models import BlogPostPage, PostComment
from apps.blog.selectors import get_comment, is_moderator, list_comments
from apps.blog.services.comments import (
    change_comment,
    delete_comment,
    report_comment,
    restore_comment,
    write_comment,
)
from apps.core.api.idempotency import OncePerKey
from apps.core.api.pagination import NewestFirstPagination
from apps.core.api.problems import PROBLEM_CONTENT_TYPE
from apps.core.api.schema import ProblemSerializer
from apps.core.api.sparse import SparseReads
from apps.core.api.undo import RESTORABLE_UNTIL, deleted_until
from apps.users.public import KeyAccess

CONFLICT: dict[Any, Any] = {(409, PROBLEM_CONTENT_TYPE): ProblemSerializer}


class ConversationPagination(NewestFirstPagination):
    """As one reads it: oldest first, each reply below what it answers."""

    page_size = 50
    ordering = "path"


class CommentListView(OncePerKey, SparseReads, ListAPIView[PostComment]):
    """The comments below a post, as one reads them: each reply stands below what it answers."""

    api_key_access = KeyAccess()
    permission_classes = [IsAuthenticatedOrReadOnly]
    throttle_classes = [BlogThrottle]
    serializer_class = CommentSerializer
    pagination_class = ConversationPagination
    filter_backends = []

    def get_queryset(self) -> QuerySet[PostComment]:
        if not BlogPostPage.objects.live().public().filter(pk=self.kwargs["post_id"]).exists():
            raise NothingThere
        return list_comments(self.request.user, self.kwargs["post_id"])

    def get_serializer_context(self) -> dict[str, Any]:
        return _context(self.request)

    def look_at_limits(self, request: Request) -> None:
        COMMENTS.look(request)

    @extend_schema(operation_id="list_comments", responses=CommentSerializer(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="write_comment",
        request=CommentRequestSerializer,
        responses={201: CommentSerializer, **CONFLICT},
    )
    def post(self, request: Request, post_id: int) -> Response:
        """Published at once, or `pending` until a moderator has read it."""
        COMMENTS.count(request)
        form = CommentRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        comment = write_comment(
            user=request.user,
            post_id=post_id,
            text=form.validated_data["text"],
            parent_id=form.validated_data.get("parent"),
        )
        body = CommentSerializer(comment, context=_context(request)).data
        return Response(body, status=201, headers={"Location": body["links"]["self"]})


class CommentDetailView(SparseReads):
    """One comment. Its author may change it for a few minutes, and delete it whenever they like."""

    api_key_access = KeyAccess()
    permission_classes = [IsAuthenticatedOrReadOnly]
    throttle_classes = [BlogThrottle]
    shown_by = CommentSerializer

    @extend_schema(operation_id="get_comment", responses=CommentSerializer)
    def get(self, request: Request, comment_id: UUID) -> Response:
        comment = get_comment(request.user, comment_id)
        if comment is None:
            raise NothingThere
        return _tell(request, comment)

    @extend_schema(
        operation_id="change_comment",
        request=CommentChangesSerializer,
        responses={200: CommentSerializer, **CONFLICT},
    )
    def patch(self, request: Request, comment_id: UUID) -> Response:
        """Judged anew: it may wait for a moderator afterwards."""
        form = CommentChangesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        comment = change_comment(user=request.user, comment_id=comment_id, **form.validated_data)
        return _tell(request, comment)

    @extend_schema(operation_id="delete_comment", responses={204: None}, parameters=[RESTORABLE_UNTIL])
    def delete(self, request: Request, comment_id: UUID) -> Response:
        """Gone at once for everybody; where it was answered, a place without words stays."""
        return deleted_until(delete_comment(user=request.user, comment_id=comment_id))


class CommentRestoreView(APIView):
    """Takes a deletion back, for a few minutes. Safe to repeat."""

    api_key_access = KeyAccess()
    permission_classes = [IsAuthenticated]
    throttle_classes = [BlogThrottle]
    repeatable = "what is restored stays restored"

    @extend_schema(operation_id="restore_comment", request=None, responses=CommentSerializer)
    def post(self, request: Request, comment_id: UUID) -> Response:
        return _tell(request, restore_comment(user=request.user, comment_id=comment_id))


class CommentReportView(APIView):
    """Asks moderators to look at a comment. Nothing is hidden by it."""

    permission_classes = [IsAuthenticated]
    throttle_classes = [BlogThrottle]
    repeatable = "each person reports a comment once, and saying it again changes nothing"

    @extend_schema(
        operation_id="report_comment",
        request=CommentReportSerializer,
        responses={204: None, **CONFLICT},
    )
    def post(self, request: Request, comment_id: UUID) -> Response:
        REPORTS.count(request)
        form = CommentReportSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        report_comment(user=request.user, comment_id=comment_id, **form.validated_data)
        return Response(status=204)


def _context(request: Request) -> dict[str, Any]:
    return {"user": request.user, "moderates": is_moderator(request.user)}


def _tell(request: Request, comment: PostComment) -> Response:
    return Response(CommentSerializer(comment, context=_context(request)).data)
