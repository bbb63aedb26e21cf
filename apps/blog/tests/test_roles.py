"""What an author, an editor and a moderator may do at /cms/, and what they may not."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone
from wagtail.models import (
    GroupPagePermission,
    Page,
    PageViewRestriction,
    TaskState,
    Workflow,
    WorkflowPage,
    WorkflowState,
)
from wagtail.test.utils.form_data import nested_form_data, rich_text, streamfield

from apps.blog.models import BlogPostPage
from apps.blog.tests.factories import add_post
from apps.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
ROLES = ["Author", "Editor", "Moderator"]
roles_migration = import_module("apps.blog.migrations.0006_roles")


@pytest.fixture
def sign_in(client):
    def sign_in_as(role):
        user = UserFactory()
        if role:
            user.groups.add(Group.objects.get(name=role))
        client.force_login(user)
        return user

    return sign_in_as


def form(**changes):
    fields = {
        "title": "Ferns in the rain",
        "slug": "ferns",
        "date": "2026-10-02",
        "intro": "Wet leaves shine.",
        "body": streamfield([("paragraph", rich_text("<p>Dry them first.</p>"))]),
        "comments": {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0, "MIN_NUM_FORMS": 0, "MAX_NUM_FORMS": 1000},
    }
    return nested_form_data(fields | changes)


def may_open(client, name, *args):
    return client.get(reverse(name, args=args)).status_code == 200


def post_of(owner, blog, **fields):
    page = add_post(blog, owner=owner, **fields)
    page.save_revision(user=owner)
    return page


@pytest.mark.parametrize("role", [*ROLES, None])
def test_only_who_has_a_role_comes_in(client, sign_in, role):
    sign_in(role)

    assert may_open(client, "wagtailadmin_home") == (role is not None)


SCREENS = {
    ("wagtailadmin_explore_root", ()): ROLES,
    ("wagtailimages:add", ()): ROLES,
    ("wagtaildocs:add", ()): ROLES,
    ("wagtailadmin_reports:aging_pages", ()): ROLES,
    ("wagtailadmin_reports:workflow_tasks", ()): ROLES,
    ("wagtailsnippets_blog_blogcategory:add", ()): ["Editor"],
    ("wagtailsnippets_blog_blogseries:list", ()): ["Editor"],
    ("wagtailsnippets_blog_blogauthor:add", ()): ["Editor"],
    ("wagtailredirects:add", ()): ["Editor", "Moderator"],
    ("wagtailusers_users:index", ()): [],
    ("wagtailusers_groups:index", ()): [],
    ("wagtailsites:index", ()): [],
    ("wagtailadmin_workflows:index", ()): [],
}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_sees_the_screens_of_its_work_and_no_others(client, sign_in, role):
    sign_in(role)

    open_to = {screen for screen in SCREENS if may_open(client, screen[0], *screen[1])}

    assert open_to == {screen for screen, roles in SCREENS.items() if role in roles}


@pytest.mark.parametrize("role", ROLES)
def test_everybody_writes_drafts_and_only_a_moderator_publishes(client, sign_in, blog, role):
    sign_in(role)

    response = client.post(
        reverse("wagtailadmin_pages:add", args=["blog", "blogpostpage", blog.pk]),
        form(**{"action-publish": "1"}),
    )

    assert response.status_code == 302
    assert BlogPostPage.objects.get().live == (role == "Moderator")


@pytest.mark.parametrize(("role", "may"), [("Author", False), ("Editor", True), ("Moderator", True)])
def test_an_author_changes_only_what_is_their_own(client, sign_in, blog, role, may):
    user = sign_in(role)
    own, others = post_of(user, blog, live=False), post_of(UserFactory(), blog, live=False)

    for page in (own, others):
        client.post(reverse("wagtailadmin_pages:edit", args=[page.pk]), form(slug=page.slug, title="Changed"))

    assert latest_title(own) == "Changed"
    assert (latest_title(others) == "Changed") == may


def latest_title(page):
    return Page.objects.get(pk=page.pk).get_latest_revision_as_object().title


@pytest.mark.parametrize(("role", "may"), [("Author", False), ("Editor", False), ("Moderator", True)])
def test_only_a_moderator_takes_back_hides_and_unlocks(client, sign_in, blog, role, may):
    user = sign_in(role)
    live, private = post_of(user, blog), post_of(user, blog)
    locked = post_of(user, blog, locked=True, locked_by=UserFactory())

    client.post(reverse("wagtailadmin_pages:unpublish", args=[live.pk]))
    client.post(
        reverse("wagtailadmin_pages:set_privacy", args=[private.pk]),
        {"restriction_type": "login"},
    )
    client.post(reverse("wagtailadmin_pages:unlock", args=[locked.pk]))

    assert BlogPostPage.objects.get(pk=live.pk).live != may
    assert PageViewRestriction.objects.filter(page=private).exists() == may
    assert BlogPostPage.objects.get(pk=locked.pk).locked != may


@pytest.mark.parametrize(("role", "may"), [("Author", False), ("Editor", True), ("Moderator", True)])
def test_a_page_is_locked_by_who_may_change_everybodys(client, sign_in, blog, role, may):
    page = post_of(sign_in(role), blog)

    client.post(reverse("wagtailadmin_pages:lock", args=[page.pk]))

    assert BlogPostPage.objects.get(pk=page.pk).locked == may


def submit(client, page):
    client.post(
        reverse("wagtailadmin_pages:edit", args=[page.pk]), form(slug=page.slug, **{"action-submit": "1"})
    )
    return TaskState.objects.get(workflow_state__object_id=str(page.pk))


def decide(client, page, state, action, **fields):
    address = reverse("wagtailadmin_pages:workflow_action", args=[page.pk, action, state.pk])
    return client.post(address, fields)


def test_a_post_goes_from_its_author_through_moderation_to_its_readers(client, sign_in, blog):
    author = sign_in("Author")
    page = post_of(author, blog, live=False)
    state = submit(client, page)
    assert state.workflow_state.workflow.name == "Moderation"

    decide(client, page, state, "approve")  # not by its author,
    sign_in("Editor")
    decide(client, page, state, "approve")  # nor by an editor
    assert not BlogPostPage.objects.get(pk=page.pk).live

    sign_in("Moderator")
    decide(client, page, state, "approve", comment="Thank you")
    assert BlogPostPage.objects.get(pk=page.pk).live
    assert "Dry them first." in client.get(page.get_url()).content.decode()


def test_what_a_moderator_sends_back_stays_a_draft_with_the_reason(client, sign_in, blog):
    page = post_of(sign_in("Author"), blog, live=False)
    state = submit(client, page)

    sign_in("Moderator")
    decide(client, page, state, "reject", comment="Which fern?")

    state.refresh_from_db()
    assert (state.status, state.comment) == ("rejected", "Which fern?")
    assert state.workflow_state.status == WorkflowState.STATUS_NEEDS_CHANGES
    assert not BlogPostPage.objects.get(pk=page.pk).live


def test_what_waits_for_moderation_is_locked_for_its_author(client, sign_in, blog):
    page = post_of(sign_in("Author"), blog, live=False)
    submit(client, page)

    client.post(reverse("wagtailadmin_pages:edit", args=[page.pk]), form(title="Changed on the quiet"))

    assert latest_title(page) == "Ferns in the rain"


def test_a_moderator_gives_a_post_its_time(client, sign_in, blog):
    page = post_of(sign_in("Moderator"), blog, live=False)
    when = timezone.now() + timedelta(days=2)

    client.post(
        reverse("wagtailadmin_pages:edit", args=[page.pk]),
        form(slug=page.slug, go_live_at=f"{when:%Y-%m-%d %H:%M}", **{"action-publish": "1"}),
    )

    page = BlogPostPage.objects.get(pk=page.pk)
    assert not page.live
    assert page.scheduled_revision.approved_go_live_at.date() == when.date()


# --- The migration ------------------------------------------------------------------------------------------
def grants():
    everywhere = Group.objects.values_list("name", "permissions__codename")
    pages = GroupPagePermission.objects.values_list("group__name", "permission__codename")
    return {*everywhere}, {*pages}


def test_roles_are_given_once_however_often_and_what_was_added_by_hand_stays():
    group = Group.objects.get(name="Author")
    group.permissions.add(Group.objects.get(name="Editor").permissions.get(codename="add_blogcategory"))
    before = grants()

    roles_migration.give_roles(apps, None)

    assert grants() == before


def test_roles_can_be_taken_back_to_what_wagtail_comes_with():
    before, member = grants(), UserFactory()
    member.groups.add(Group.objects.get(name="Editor"))

    roles_migration.take_roles(apps, None)
    assert {*Group.objects.values_list("name", flat=True)} == {"Editors", "Moderators"}
    assert Workflow.objects.get().name == "Moderators approval"
    assert not Group.objects.get(name="Editors").permissions.filter(codename="add_redirect").exists()

    roles_migration.give_roles(apps, None)
    assert grants() == before
    assert member.groups.get().name == "Editor"


def test_without_wagtails_own_groups_and_workflow_they_are_made():
    Workflow.objects.all().delete()
    Group.objects.all().delete()

    roles_migration.give_roles(apps, None)

    assert {*Group.objects.values_list("name", flat=True)} == set(ROLES)
    placed = WorkflowPage.objects.get()
    assert (placed.page.depth, placed.workflow.name) == (1, "Moderation")
    task = placed.workflow.tasks.get().specific
    assert [group.name for group in task.groups.all()] == ["Moderator"]
