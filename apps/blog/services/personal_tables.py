"""What Wagtail keeps about the people who write here.

Pages, their versions, pictures and documents stay when an author goes, without the name; remarks to
colleagues go with whoever made them.
"""

from typing import Any

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from wagtail.admin.models import EditingSession, FormState
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.models import (
    Comment,
    CommentReply,
    ModelLogEntry,
    Page,
    PageLogEntry,
    PageSubscription,
    ReferenceIndex,
    Revision,
    TaskState,
    UploadedFile,
    WorkflowState,
)
from wagtail.users.models import UserProfile

from apps.blog.models import BlogAuthor, BlogAuthorPage, PreviewDraft
from apps.users.public import PersonalFile, PersonalRows, User

BATCH = 100
NAMELESS: dict[str, Any] = {}
_COMMENTS = "wagtail_admin_comments"
FORMER_AUTHOR = "Former author"


def _as_text(user: User) -> str:
    return str(user.pk)


def _avatar_of(profile: Any) -> tuple[PersonalFile, ...]:
    avatar = profile.avatar
    if not avatar:
        return ()
    return (PersonalFile(name=f"editing-profile/{avatar.name}", storage=avatar.storage, path=avatar.name),)


def _upload_of(upload: Any) -> tuple[PersonalFile, ...]:
    file = upload.file
    return (PersonalFile(name=f"unfinished-uploads/{file.name}", storage=file.storage, path=file.name),)


def _versions_naming(user: User) -> QuerySet[Any]:
    """Each version of a page is a text in which its owner and the comments of the moment stand, too.

    All of them are read for that, so only for somebody who ever was here.
    """
    has_pages = Page.objects.filter(Q(owner=user) | Q(locked_by=user)).exists()
    was_here = has_pages or PageLogEntry.objects.filter(user=user).exists()
    versions: QuerySet[Any] = Revision.objects.all() if was_here else Revision.objects.none()
    with_text = versions.annotate(text=Cast("content", TextField()))
    naming: QuerySet[Any] = with_text.filter(text__contains=str(user.pk))
    return naming


def _scrub_versions(user: User) -> bool:
    key = str(user.pk)
    versions = list(_versions_naming(user).order_by("pk")[:BATCH])
    for version in versions:
        content = version.content
        for name in ("owner", "locked_by"):
            if str(content.get(name)) == key:
                content[name] = None
        content[_COMMENTS] = _without(content.get(_COMMENTS, []), key)
        Revision.objects.filter(pk=version.pk).update(content=content)
    return len(versions) < BATCH


def _without(comments: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    others = [comment for comment in comments if str(comment.get("user")) != key]
    for comment in others:
        comment["replies"] = _without(comment.get("replies", []), key)
        if str(comment.get("resolved_by")) == key:
            comment["resolved_by"] = None
    return others


def _logged_comments_of(user: User) -> QuerySet[Any]:
    """The log repeats what a comment said, whoever did something with it."""
    said = Comment.objects.filter(user=user).values_list("pk", flat=True)
    replied = CommentReply.objects.filter(user=user).values_list("pk", flat=True)
    log = PageLogEntry.objects.filter(action__startswith="wagtail.comments.")
    found: QuerySet[Any] = log.filter(data__comment__id__in=list(said))
    found |= log.filter(data__reply__id__in=list(replied))
    return found


def _forget_logged_comments(user: User) -> bool:
    ids = list(_logged_comments_of(user).values_list("pk", flat=True)[:BATCH])
    PageLogEntry.objects.filter(pk__in=ids).delete()
    return len(ids) < BATCH


def _take_signature(user: User) -> bool:
    """The posts stay; the page about their author goes."""
    for author in BlogAuthor.objects.filter(user=user):
        for page in BlogAuthorPage.objects.filter(author=author):
            page.delete()
        author.name, author.slug = FORMER_AUTHOR, f"former-author-{author.pk.hex[:12]}"
        author.role, author.bio, author.picture, author.user = "", "", None, None
        author.save()
    return True


# Erased in the opposite order: what the log says of comments before the comments it is found by.
PERSONAL_TABLES = (
    PersonalRows(
        model=BlogAuthor,
        ties=("user",),
        file="signature-under-posts",
        shown=("name", "role", "bio"),
        erase=_take_signature,
    ),
    PersonalRows(
        model=ReferenceIndex,
        ties=("to_object_id",),
        value=_as_text,
        untold="says only that something among the others names the account",
    ),
    PersonalRows(
        model=Page,
        ties=("owner", "locked_by"),
        file="pages",
        shown=("id", "title", "slug", "url_path", "first_published_at", "last_published_at"),
        kept_as=NAMELESS,
    ),
    PersonalRows(
        model=Revision,
        ties=("user",),
        file="page-versions",
        shown=("id", "object_str", "created_at"),
        kept_as=NAMELESS,
    ),
    PersonalRows(
        model=get_image_model(),
        ties=("uploaded_by_user",),
        file="pictures",
        shown=("id", "title", "created_at"),
        kept_as=NAMELESS,
    ),
    PersonalRows(
        model=get_document_model(),
        ties=("uploaded_by_user",),
        file="documents",
        shown=("id", "title", "created_at"),
        kept_as=NAMELESS,
    ),
    PersonalRows(
        model=WorkflowState,
        ties=("requested_by",),
        file="workflows",
        shown=("id", "status", "created_at"),
        kept_as=NAMELESS,
    ),
    PersonalRows(
        model=TaskState,
        ties=("finished_by",),
        file="workflow-tasks",
        shown=("id", "status", "comment", "finished_at"),
        kept_as=NAMELESS,
    ),
    PersonalRows(model=Comment, ties=("user",), file="page-comments", shown=("id", "text", "created_at")),
    PersonalRows(
        model=Comment,
        ties=("resolved_by",),
        file="resolved-comments",
        shown=("id", "resolved_at"),
        kept_as=NAMELESS,
    ),
    PersonalRows(
        model=CommentReply, ties=("user",), file="page-comment-replies", shown=("id", "text", "created_at")
    ),
    PersonalRows(model=PageSubscription, ties=("user",), file="page-subscriptions"),
    PersonalRows(
        model=PageLogEntry,
        ties=("user",),
        file="page-log",
        shown=("action", "label", "timestamp"),
        kept_as=NAMELESS,
    ),
    PersonalRows(
        model=ModelLogEntry,
        ties=("user",),
        file="editing-log",
        shown=("action", "timestamp"),  # the label may be somebody's name
        kept_as=NAMELESS,
    ),
    PersonalRows(
        model=ModelLogEntry,
        ties=("object_id",),
        value=_as_text,
        file="editing-log-of-the-account",
        shown=("action", "timestamp"),
    ),
    PersonalRows(model=EditingSession, ties=("user",), file="editing-sessions", shown=("last_seen_at",)),
    PersonalRows(model=FormState, ties=("user",), file="unfinished-forms"),
    PersonalRows(
        model=UploadedFile,
        ties=("uploaded_by_user",),
        file="unfinished-uploads",
        shown=("file",),
        files=_upload_of,
        files_go_with_row=True,
    ),
    PersonalRows(model=PreviewDraft, ties=("editor",), file="preview-drafts", shown=("model", "created_at")),
    PersonalRows(
        model=UserProfile,
        ties=("user",),
        file="editing-profile",
        files=_avatar_of,
        files_go_with_row=True,
    ),
    PersonalRows(
        model=Revision,
        ties=("content",),
        find=_versions_naming,
        untold="the versions themselves are told above",
        erase=_scrub_versions,
    ),
    PersonalRows(
        model=PageLogEntry,
        ties=("data",),
        find=_logged_comments_of,
        untold="repeats the comments above",
        erase=_forget_logged_comments,
    ),
)
