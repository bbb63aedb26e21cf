"""Counting how often posts are opened: once for each visitor, nothing about the visitor, nothing lost."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.blog.models import PostViews, WrittenViews
from apps.blog.selectors import popular_posts
from apps.blog.services import views as counting
from apps.blog.tests.factories import add_post, add_root_post, make_private
from apps.core.redis import get_redis
from apps.core.testing.queries import query_budget

pytest_plugins = ["apps.core.tests.fixtures_resilience"]

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def open_post(client, post, *, address="203.0.113.7", browser=FIREFOX):
    return client.post(
        f"/api/v1/blog/posts/{post.pk}/views/", REMOTE_ADDR=address, headers={"User-Agent": browser}
    )


def stored(post):
    return {row.day: row.count for row in PostViews.objects.filter(post=post)}


@pytest.fixture
def post(blog):
    return add_post(blog)


def test_each_visitor_of_a_post_is_counted_once_in_a_while(post, blog, api_client):
    other = add_post(blog)
    for address in ("203.0.113.7", "203.0.113.8", "203.0.113.7"):
        assert open_post(api_client, post, address=address).status_code == 204
    open_post(api_client, post, browser="Another/1.0")  # a second person behind one address
    open_post(api_client, other)

    assert counting.write_views() == 4
    assert counting.write_views() == 0

    today = timezone.now().date()
    assert (stored(post), stored(other)) == ({today: 3}, {today: 1})

    for key in get_redis().scan_iter("blog:views:seen:*"):
        assert 0 < get_redis().ttl(key) <= 1_800
        get_redis().delete(key)  # as when half an hour has passed
    open_post(api_client, post)
    counting.write_views()
    assert stored(post) == {today: 4}


def test_nothing_in_redis_tells_who_it_was(post, api_client):
    open_post(api_client, post, address="203.0.113.77", browser="Rare/9.9")

    redis = get_redis()
    kept = {key: redis.get(key) if redis.type(key) == b"string" else b"" for key in redis.scan_iter("blog:*")}
    assert any(b"seen" in key for key in kept)
    assert not [key for key, value in kept.items() if b"203.0.113" in key + value or b"Rare" in key + value]
    [key_of_day] = [key for key in kept if b":key:" in key]
    assert 0 < redis.ttl(key_of_day) <= 86_400  # then no digest can be made again


@pytest.mark.parametrize("browser", ["", "Googlebot/2.1", "curl/8.9", "Slackbot-LinkExpanding 1.0"])
def test_machines_are_answered_alike_and_not_counted(post, api_client, browser):
    assert open_post(api_client, post, browser=browser).status_code == 204
    assert counting.write_views() == 0


def test_what_is_not_public_is_not_there(post, blog, api_client):
    private, draft = add_post(blog), add_post(blog, live=False)
    make_private(private)
    for page in (private, draft, blog):
        assert open_post(api_client, page).status_code == 404


def test_without_redis_nothing_is_counted_and_nobody_notices(post, api_client, own_redis):
    own_redis.kill()

    assert open_post(api_client, post).status_code == 204
    assert counting.write_views() == 0


def test_a_worker_that_dies_loses_nothing_and_counts_nothing_twice(post, api_client, monkeypatch):
    open_post(api_client, post)

    def die(*_args, **_options):
        raise RuntimeError("died")

    with monkeypatch.context() as before_writing:
        before_writing.setattr(counting, "_write_batch", die)
        with pytest.raises(RuntimeError):
            counting.write_views()
    open_post(api_client, post, address="203.0.113.8")  # counted meanwhile

    client = get_redis()
    with monkeypatch.context() as after_writing:
        after_writing.setattr(type(client), "pipeline", die)
        with pytest.raises(RuntimeError):
            counting.write_views()
    assert sum(stored(post).values()) == 1

    counting.write_views()
    assert sum(stored(post).values()) == 2
    assert not list(client.scan_iter("blog:views:batch*"))


def test_two_workers_at_once_write_each_view_once(transactional_db, api_client):
    post = add_root_post()
    for number in range(5):
        open_post(api_client, post, address=f"203.0.113.{number}")
    together = threading.Barrier(2)

    def work():
        together.wait(10)
        counting.write_views()
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(20)

    assert sum(stored(post).values()) == 5


def test_popular_are_public_posts_by_their_views_of_the_last_days(blog):
    today = timezone.now().date()
    little, much, old, private, draft, _unread = (add_post(blog) for _ in range(6))
    make_private(private)
    draft.unpublish()
    for page, days_ago, count in (
        (little, 0, 2),
        (much, 0, 3),
        (much, 6, 4),
        (little, 7, 50),
        (old, 8, 90),
        (private, 0, 9),
        (draft, 0, 9),
    ):
        PostViews.objects.create(post=page, day=today - timedelta(days=days_ago), count=count)

    with query_budget(at_most=2):
        assert popular_posts(days=7, limit=10) == [much.pk, little.pk]
    assert popular_posts(days=8, limit=1) == [little.pk]
    assert popular_posts(days=30, limit=10) == [old.pk, little.pk, much.pk]


def test_old_numbers_and_batches_are_forgotten(post):
    today = timezone.now().date()
    PostViews.objects.create(post=post, day=today - timedelta(days=401), count=1)
    PostViews.objects.create(post=post, day=today, count=2)
    WrittenViews.objects.create(batch="00000000-0000-4000-8000-000000000000")
    WrittenViews.objects.update(at=timezone.now() - timedelta(days=8))

    counting.forget_old_views()

    assert stored(post) == {today: 2}
    assert not WrittenViews.objects.exists()
