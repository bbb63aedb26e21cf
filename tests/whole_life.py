"""Somebody who did everything one can do here, in each table that is about people."""

from datetime import UTC, datetime
from hashlib import sha256

import pyotp
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.test import Client as Browser
from django.utils.text import slugify
from rest_framework.test import APIClient
from wagtail.admin.models import EditingSession, FormState
from wagtail.documents import get_document_model
from wagtail.models import (
    Collection,
    Comment,
    CommentReply,
    GroupApprovalTask,
    Locale,
    ModelLogEntry,
    Page,
    PageLogEntry,
    PageSubscription,
    Revision,
    TaskState,
    UploadedFile,
    Workflow,
    WorkflowState,
)
from wagtail.users.models import UserProfile

from apps.blog.models import (
    BlogAuthor,
    BlogPostPage,
    CommentReport,
    CommentState,
    NewsletterDelivery,
    NewsletterIssue,
    NewsletterSubscriber,
    PostComment,
)
from apps.blog.models.previews import keep_draft
from apps.blog.tests.factories import create_image
from apps.core.audit import auditing
from apps.plant_identification.tests.conftest import make_photo
from apps.users.models import ExternalIdentity, User
from apps.users.services.api_keys import create_api_key
from apps.users.services.devices import remember_device
from apps.users.services.exports import ask_for_export
from apps.users.services.second_factor import confirm_app, offer_app
from apps.users.services.sessions import end_session, open_session
from apps.users.services.tickets import issue_ticket
from apps.users.tests.factories import UserFactory
from apps.users.types import ApiKeyScope, Client

V1 = "/api/v1"


def new_person(name: str) -> User:
    """Whose name is in everything that holds a name."""
    return UserFactory(
        username=f"{name}-login",
        email=f"{name}@{name}-mail.example.org",
        first_name=f"{name}first",
        last_name=f"{name}last",
    )


def live(person: User, identify, seed: int) -> None:
    name = person.username.removesuffix("-login")
    _identify_and_keep_plants(person, identify, name, seed)
    _sign_in_everywhere(person)
    _edit_pages(person, name)
    _take_part(person, name)
    _be_administered(person)


def _identify_and_keep_plants(person, identify, name, seed):
    client = APIClient()
    client.force_authenticate(person)
    record = identify(make_photo(seed), client=client).json()
    client.put(record["links"]["feedback"], {"verdict": "right", "comment": f"{name} is sure"})
    identify(make_photo(seed + 1), client=client)
    deleted = identify(make_photo(seed + 2), client=client).json()
    client.delete(deleted["links"]["self"])
    shelf = client.post(
        f"{V1}/users/collections/", {"name": f"{name}shelf"}, headers={"Idempotency-Key": f"{name}key"}
    ).json()
    plant = {"identification": record["id"], "nickname": f"{name}fern", "notes": f"{name}notes"}
    client.post(f"{V1}/plant-identification/plants/", {**plant, "collection": shelf["id"]})


def _sign_in_everywhere(person):
    here = Client(address="198.51.100.7", user_agent="Firefox")
    gone = open_session(user=person, client=here).tokens
    end_session(refresh=gone.refresh, access=gone.access, client=here)
    open_session(user=person, client=here)
    Browser().force_login(person)
    remember_device(user=person, token="")
    create_api_key(user=person, name=f"{person.first_name}script", scopes={ApiKeyScope.READ}, days=1)
    confirm_app(user=person, code=pyotp.TOTP(offer_app(user=person).secret).now())
    ExternalIdentity.objects.create(user=person, provider="google", subject=f"{person.first_name}subject")
    issue_ticket(user=person, claims=None)
    ask_for_export(user=person, client=here)


def _edit_pages(person, name):
    Locale.objects.get_or_create(language_code="en")
    Collection.get_first_root_node() or Collection.add_root(name="Root")
    page = Page.add_root(
        instance=Page(
            title="Ferns", slug=f"ferns-{Page.objects.count()}", owner=person, locked=True, locked_by=person
        )
    )
    page_type = ContentType.objects.get_for_model(Page)
    comment = Comment.objects.create(page=page, user=person, text=f"{name}remark", contentpath="title")
    Comment.objects.create(
        page=page, user=_colleague(), text="Done?", contentpath="title", resolved_by=person
    )
    reply = CommentReply.objects.create(comment=comment, user=person, text=f"{name}reply")
    revision = Page.objects.get(pk=page.pk).save_revision(user=person)
    revision.content["owner"] = str(person.pk)
    revision.content["wagtail_admin_comments"] = [
        {"pk": comment.pk, "user": str(person.pk), "text": comment.text, "replies": []},
        {
            "pk": 0,
            "user": str(_colleague().pk),
            "text": "Done?",
            "resolved_by": str(person.pk),
            "replies": [],
        },
    ]
    Revision.objects.filter(pk=revision.pk).update(content=revision.content)
    comment.log_create(user=person)
    reply.log_delete(user=_colleague())
    BlogAuthor.objects.create(name=f"{name}signature", slug=slugify(name), bio=f"{name}bio", user=person)
    keep_draft(page=page, editor=person)
    PageLogEntry.objects.log_action(page, "wagtail.publish", user=person)
    ModelLogEntry.objects.log_action(create_image(), "wagtail.edit", user=person)
    ModelLogEntry.objects.log_action(person, "wagtail.edit", user=_colleague())
    PageSubscription.objects.create(user=person, page=page, comment_notifications=True)
    _have_pages_approved(person, name, revision, page_type)
    _upload(person, name, page_type)


def _take_part(person, name):
    post = Page.add_root(
        instance=BlogPostPage(title="Moss", slug=f"moss-{Page.objects.count()}", intro="Soft.")
    )
    client = APIClient()
    client.force_authenticate(person)
    said = client.post(f"{V1}/blog/posts/{post.pk}/comments/", {"text": f"{name}says"}).json()
    PostComment.objects.update(state=CommentState.PUBLISHED)
    answer = APIClient()
    answer.force_authenticate(_colleague())
    reply = answer.post(f"{V1}/blog/posts/{post.pk}/comments/", {"text": "Indeed.", "parent": said["id"]})
    CommentReport.objects.create(
        comment_id=reply.json()["id"], reporter=person, reason="other", note=f"{name}note"
    )
    subscriber = NewsletterSubscriber.objects.create(
        email=person.email,
        language="en",
        token_digest=sha256(person.pk.bytes).hexdigest(),
        link_sent_at=datetime.now(UTC),
        confirmed_at=datetime.now(UTC),
        consent_version="2026-11",
    )
    issue = NewsletterIssue.objects.create(post=post, requested_by=person)
    NewsletterDelivery.objects.create(issue=issue, subscriber=subscriber)


def _have_pages_approved(person, name, revision, page_type):
    workflow = Workflow.objects.create(name="Approval")
    task = GroupApprovalTask.objects.create(name="Look")
    state = WorkflowState.objects.create(
        content_type=page_type,
        base_content_type=page_type,
        object_id=revision.object_id,
        workflow=workflow,
        requested_by=person,
    )
    TaskState.objects.create(
        workflow_state=state, task=task, revision=revision, finished_by=person, comment="Fine."
    )


def _upload(person, name, page_type):
    type(image := create_image()).objects.filter(pk=image.pk).update(uploaded_by_user=person)
    get_document_model().objects.create(
        title="Plan", file=ContentFile(b"plan", name="plan.txt"), uploaded_by_user=person
    )
    UploadedFile.objects.create(
        for_content_type=page_type, file=ContentFile(b"half", name="half.jpg"), uploaded_by_user=person
    )
    EditingSession.objects.create(
        user=person, content_type=page_type, object_id="1", last_seen_at=datetime.now(UTC)
    )
    FormState.objects.create(
        user=person,
        content_type=page_type,
        object_id="1",
        parent_object_id="",
        data=f"title={name}draft",
        last_updated_at=datetime.now(UTC),
    )
    UserProfile.objects.create(user=person, avatar=ContentFile(b"face", name=f"{name}face.png"))


def _be_administered(person):
    group, _ = Group.objects.get_or_create(name="Editors of ferns")
    person.groups.add(group)
    person.user_permissions.add(Permission.objects.order_by("pk").first())
    user_type = ContentType.objects.get_for_model(User)
    LogEntry.objects.create(
        user=_colleague(),
        content_type=user_type,
        object_id=str(person.pk),
        object_repr=str(person),
        action_flag=CHANGE,
    )
    LogEntry.objects.create(user=person, object_id="1", object_repr="a group", action_flag=CHANGE)
    with auditing(actor=person, action="circuit.force_open", target="plant_id_api"):
        pass


def _colleague() -> User:
    return User.objects.filter(username="colleague").first() or UserFactory(username="colleague")
