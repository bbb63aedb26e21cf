"""The editors' screens for comments and newsletters, as those who use them."""

import re

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from apps.blog.models import CommentState, NewsletterIssue, PostComment
from apps.blog.models.comments import PATH_STEP_CHARS
from apps.blog.tests.factories import add_post
from apps.core.models import AuditEntry
from apps.users.tests.factories import UserFactory

COMMENTS = "/cms/community/comments/"
NEWSLETTERS = "/cms/community/newsletters/"


@pytest.fixture
def post(blog):
    return add_post(blog, title="Ferns")


@pytest.fixture
def comments(post):
    return [
        PostComment.objects.create(
            post=post,
            author=UserFactory(username=f"writer{number}"),
            path=f"{number:0{PATH_STEP_CHARS}}",
            text=f"Words {number} <script>",
            doubts=["many links"],
        )
        for number in range(2)
    ]


@pytest.fixture
def moderator(db):
    """As the migrations leave the group."""
    person = UserFactory()
    person.groups.add(Group.objects.get(name__in=["Moderators", "Moderator"]))
    browser = Client()
    browser.force_login(person)
    return browser


def decide(browser, action, chosen):
    address = reverse("wagtail_bulk_action", args=["blog", "postcomment", action])
    ids = "&".join(f"id={comment.pk}" for comment in chosen)
    asked = browser.get(f"{address}?{ids}&next={COMMENTS}")
    return asked, browser.post(f"{address}?{ids}&next={COMMENTS}")


def test_moderators_find_what_waits_and_why(moderator, comments):
    listed = moderator.get(f"{COMMENTS}?state=pending").content.decode()

    for text in ("Words 0", "writer1", "many links", "Ferns"):
        assert text in listed
    assert "<script>Words" not in listed
    assert COMMENTS in moderator.get("/cms/").content.decode()


@pytest.mark.parametrize(
    ("action", "state"),
    [
        ("publish_comments", CommentState.PUBLISHED),
        ("reject_comments", CommentState.REJECTED),
        ("mark_comments_as_spam", CommentState.SPAM),
    ],
)
def test_several_are_decided_about_at_once_and_audited(moderator, comments, action, state):
    asked, done = decide(moderator, action, comments)

    assert "Words 1 &lt;script&gt;" in asked.content.decode()
    assert done.status_code == 302
    assert set(PostComment.objects.values_list("state", flat=True)) == {state}
    assert AuditEntry.objects.filter(action=f"comment.{state}").count() == 2


def test_one_is_read_in_full_and_decided_about(moderator, comments):
    reporter = UserFactory(username="quiet-reporter")
    comments[0].reports.create(reporter=reporter, reason="abuse", note="<i>Look</i>")
    address = f"{COMMENTS}edit/{comments[0].pk}/"
    page = moderator.get(address).content.decode()
    for text in ("Words 0 &lt;script&gt;", "many links", "dangerous: &lt;i&gt;Look"):
        assert text in page
    assert "quiet-reporter" not in page

    form = {"state": "published", "text": "Put into their mouth", "doubts": "[]"}
    assert moderator.post(address, form).status_code == 302
    comments[0].refresh_from_db()
    assert (comments[0].state, comments[0].text) == ("published", "Words 0 <script>")
    assert AuditEntry.objects.get().target == str(comments[0].pk)


def test_who_is_no_moderator_decides_nothing(comments):
    editor = UserFactory()
    editor.groups.add(Group.objects.get(name__in=["Editors", "Editor"]))
    browser = Client()
    browser.force_login(editor)

    decide(browser, "publish_comments", comments)
    assert browser.get(COMMENTS).status_code == 302
    browser.post(f"{COMMENTS}edit/{comments[0].pk}/", {"state": "published"})

    assert set(PostComment.objects.values_list("state", flat=True)) == {"pending"}


def test_not_even_an_administrator_deletes_a_comment_or_writes_one(comments):
    browser = Client()
    browser.force_login(UserFactory(is_staff=True, is_superuser=True))

    decide(browser, "delete", comments)
    browser.post(f"{COMMENTS}delete/{comments[0].pk}/")
    assert browser.get(f"{COMMENTS}add/").status_code == 302

    assert PostComment.objects.count() == 2


def test_a_post_is_sent_from_its_page_after_a_question(moderator, post):
    edit = moderator.get(reverse("wagtailadmin_pages:edit", args=[post.pk])).content.decode()
    address = re.search(r"/cms/community/newsletters/send/\d+/", edit)[0]

    assert "0 addresses get" in moderator.get(address).content.decode()
    assert not NewsletterIssue.objects.exists()
    for _ in range(2):  # the second is told that it was sent
        assert moderator.post(address).status_code == 302
    assert NewsletterIssue.objects.count() == 1
    assert "Ferns" in moderator.get(NEWSLETTERS).content.decode()


def test_who_may_not_send_sends_nothing(post):
    browser = Client()
    browser.force_login(UserFactory())
    assert browser.post(reverse("blog_send_newsletter", args=[post.pk])).status_code == 302
    assert not NewsletterIssue.objects.exists()
