import threading
from datetime import timedelta

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.utils import timezone
from wagtail.models import Locale, Page, PageLogEntry, Site
from wagtail.signals import page_published

from apps.blog.models import BlogIndexPage, BlogPostPage
from apps.blog.services.scheduling import publish_what_is_due
from apps.blog.tasks import publish_scheduled_task
from apps.blog.tests.factories import add_post

NOW = timezone.now


def schedule(blog, *, after, **fields):
    post = add_post(blog, live=False, **fields)
    post.go_live_at = NOW() + after
    post.save_revision(approved_go_live_at=post.go_live_at)
    return post


def is_live(post):
    return BlogPostPage.objects.get(pk=post.pk).live


@pytest.mark.django_db
def test_a_post_appears_at_its_time_and_not_before(client, blog):
    due, later = schedule(blog, after=timedelta(minutes=-1)), schedule(blog, after=timedelta(hours=1))

    publish_scheduled_task()

    assert client.get(due.get_url()).status_code == 200
    assert not is_live(later)


@pytest.mark.django_db
def test_a_post_goes_at_its_time(client, blog):
    post = add_post(blog, expire_at=NOW() - timedelta(minutes=1))

    publish_scheduled_task()

    post.refresh_from_db()
    assert (post.live, post.expired) == (False, True)
    assert client.get("/blog/post/").status_code == 404


@pytest.mark.django_db
def test_a_post_that_cannot_be_published_holds_up_no_other(blog, monkeypatch, caplog):
    broken = schedule(blog, after=timedelta(minutes=-2), slug="broken")
    fine = schedule(blog, after=timedelta(minutes=-1))

    def refuse(sender, instance, **rest):
        if instance.slug == "broken":
            raise RuntimeError

    page_published.connect(refuse)
    try:
        assert publish_what_is_due() == 1
    finally:
        page_published.disconnect(refuse)

    assert (is_live(broken), is_live(fine)) == (False, True)
    assert "scheduled_page_broke" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_publish_a_post_once():
    blog = _new_blog()
    post = schedule(blog, after=timedelta(minutes=-1))
    together, counts = threading.Barrier(2, timeout=20), []
    other_is_done = threading.Event()

    def hold(**_):
        """The second worker looks while the first is at work."""
        other_is_done.wait(timeout=5)

    page_published.connect(hold)

    def work():
        together.wait()
        counts.append(publish_what_is_due())
        other_is_done.set()
        connection.close()

    try:
        workers = [threading.Thread(target=work) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(timeout=30)
    finally:
        page_published.disconnect(hold)

    assert sorted(counts) == [0, 1]
    assert PageLogEntry.objects.filter(page=post.pk, action="wagtail.publish.scheduled").count() == 1


def _new_blog():
    """Tests that commit come last, when what migrations wrote is gone."""
    locale, _ = Locale.objects.get_or_create(language_code="en")
    root = Page.objects.filter(depth=1).first() or Page.add_root(
        title="Root", slug="root", locale=locale, content_type=ContentType.objects.get_for_model(Page)
    )
    home = root.add_child(instance=Page(title="Home", slug="a-home", locale=locale))
    Site.objects.get_or_create(
        is_default_site=True, defaults={"hostname": "localhost", "port": 80, "root_page": home}
    )
    return home.add_child(instance=BlogIndexPage(title="Blog", slug="blog", locale=locale))
