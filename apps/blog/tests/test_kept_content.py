from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from django.utils.http import http_date
from wagtail.models import PageViewRestriction

from apps.blog.api.views import TOLD
from apps.blog.tests.factories import add_category, add_post, create_image, make_private
from apps.core import kept_answers

POSTS = "/api/v2/blog-posts/"


@pytest.fixture(autouse=True)
def _kept(settings):
    settings.PUBLIC_ANSWERS_KEPT_S = 30
    begin_anew()


def begin_anew():
    """This process remembers for a second what the test before this one has changed."""
    for tag in TOLD:
        kept_answers._begin_generation(tag)


@pytest.fixture
def post(blog, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        return add_post(blog, title="Fern", intro="Before.", featured_image=create_image())


def shown(client):
    return [(item["title"], item["intro"]) for item in client.get(POSTS).json()["items"]]


def test_what_was_told_is_told_again_without_asking_the_database(client, post, django_assert_num_queries):
    paths = [POSTS, f"{POSTS}{post.pk}/", f"{POSTS}?limit=1&fields=title", "/api/v2/pages/"]
    told = [client.get(path).json() for path in paths]

    with django_assert_num_queries(0):
        assert [client.get(path).json() for path in paths] == told
        assert client.get(f"{POSTS}?fields=title&limit=1").json() == told[2]  # the same question


def edit(post):
    post.intro = "After."
    post.save_revision().publish()


def rename(post):
    post.featured_image.title = "Frond"
    post.featured_image.save()


def let_expire(post):
    post.expire_at = timezone.now() - timedelta(minutes=1)
    post.save()
    call_command("publish_scheduled_pages", verbosity=0)


def move_away(post):
    post.move(post.get_parent().get_parent(), pos="last-child")


CHANGES = {
    "edited": (edit, [("Fern", "After.")]),
    "unpublished": (lambda post: post.unpublish(), []),
    "expired": (let_expire, []),
    "deleted": (lambda post: post.delete(), []),
    "its parent deleted": (lambda post: post.get_parent().delete(), []),
    "made private": (make_private, []),
    "its parent made private": (lambda post: make_private(post.get_parent()), []),
}


@pytest.mark.parametrize("change", CHANGES)
def test_no_answer_outlives_what_it_told(client, post, change, django_capture_on_commit_callbacks):
    do, expected = CHANGES[change]
    assert shown(client) == [("Fern", "Before.")]

    with django_capture_on_commit_callbacks(execute=True):
        do(post)

    assert shown(client) == expected


def test_what_was_private_is_told_once_it_is_not(client, post, django_capture_on_commit_callbacks):
    make_private(post)
    assert shown(client) == []

    with django_capture_on_commit_callbacks(execute=True):
        PageViewRestriction.objects.all().delete()

    assert shown(client) == [("Fern", "Before.")]


@pytest.mark.parametrize("change", [rename, move_away])
def test_a_new_title_of_a_picture_and_a_new_address_are_told(
    client, post, change, django_capture_on_commit_callbacks
):
    path = f"/api/v2/blog-posts/{post.pk}/?fields=*"
    before = client.get(path).json()

    with django_capture_on_commit_callbacks(execute=True):
        change(post)

    after = client.get(path).json()
    assert after != before
    assert after["title"] == "Fern"


class Clock:
    """Stands for the module `time`, where only the wall clock is looked at."""

    def __init__(self):
        self.now = 2_000_000_000.2

    def time(self):
        return self.now


def test_a_reader_is_told_since_when_nothing_has_changed(
    client, post, monkeypatch, django_capture_on_commit_callbacks
):
    clock = Clock()
    monkeypatch.setattr(kept_answers, "time", clock)
    begin_anew()
    with django_capture_on_commit_callbacks(execute=True):
        edit(post)
    assert "Last-Modified" not in client.get(POSTS)  # in this second it may change once more
    clock.now += 1
    known = client.get(POSTS)["Last-Modified"]
    assert known == http_date(2_000_000_000)
    assert client.get(POSTS, headers={"If-Modified-Since": known}).status_code == 304

    with django_capture_on_commit_callbacks(execute=True):
        post.delete()

    assert client.get(POSTS, headers={"If-Modified-Since": known}).json()["items"] == []


@pytest.mark.parametrize("path", ["/api/v2/species/", "/api/v2/blog-posts/popular/"])
def test_what_readers_change_by_reading_has_no_such_moment(client, post, monkeypatch, path):
    clock = Clock()
    monkeypatch.setattr(kept_answers, "time", clock)
    begin_anew()
    client.get(path)
    clock.now += 5
    assert "Last-Modified" not in client.get(path)
    assert "ETag" in client.get(path)


def test_a_category_s_new_name_is_told_with_its_posts(client, post, django_capture_on_commit_callbacks):
    category = add_category("Light")
    with django_capture_on_commit_callbacks(execute=True):
        post.categories = [category]
        post.save()
    named = lambda: client.get(POSTS).json()["items"][0]["categories"][0]["name"]  # noqa: E731
    assert named() == "Light"

    with django_capture_on_commit_callbacks(execute=True):
        category.name = "Shade"
        category.save()

    assert named() == "Shade"


def test_refusals_and_limits_are_not_kept(client, post, settings):
    assert client.get(f"{POSTS}{post.pk + 999}/").status_code == 404
    assert client.get(POSTS).status_code == 200
    settings.CONTENT_RATE = 1

    assert client.get(POSTS).status_code == 429
