import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.blog.models import BlogCategory, BlogPostPage, BlogSeries
from apps.blog.selectors import find_place_in_series, list_related_posts
from apps.blog.tests.factories import add_post, make_private
from apps.plant_identification.tests.factories import SpeciesFactory

pytestmark = pytest.mark.django_db


def keep(post, *, tags=(), **many):
    post.tags.add(*tags)
    for name, things in many.items():
        setattr(post, name, things)
    post.save()
    return post


def titles(posts):
    return [post.title for post in posts]


def test_posts_with_most_in_common_come_first(blog):
    fern, moss = SpeciesFactory(), SpeciesFactory()
    shade = BlogCategory.objects.create(name="Shade", slug="shade")
    series = BlogSeries.objects.create(title="Wet", slug="wet")
    about = {"species": [fern], "tags": ["rain", "green"], "categories": [shade]}
    post = keep(add_post(blog, title="This", series=series), **about)
    keep(add_post(blog, title="Same plant"), species=[fern, moss])
    keep(add_post(blog, title="Same series", series=series))
    keep(add_post(blog, title="Everything", series=series), **about)
    keep(add_post(blog, title="Two tags and category"), tags=["rain", "green"], categories=[shade])
    keep(add_post(blog, title="Category"), categories=[shade])
    keep(add_post(blog, title="Nothing"), species=[moss], tags=["dry"])

    assert titles(list_related_posts(post=post)) == [
        "Everything",
        "Two tags and category",
        "Same plant",
        "Same series",
        "Category",
    ]
    assert titles(list_related_posts(post=post, limit=1)) == ["Everything"]


def test_what_not_everybody_may_read_is_related_to_nothing(blog):
    post = keep(add_post(blog), tags=["rain"])
    keep(add_post(blog, live=False), tags=["rain"])
    make_private(keep(add_post(blog), tags=["rain"]))

    assert list_related_posts(post=post) == []


def test_related_posts_take_as_many_queries_for_many_as_for_one(blog):
    def ask():
        with CaptureQueriesContext(connection) as queries:
            found = list_related_posts(post=BlogPostPage.objects.get(pk=post.pk))
        return len(found), len(queries)

    post = keep(add_post(blog), tags=["rain"])
    keep(add_post(blog), tags=["rain"])
    one, few = ask()
    for _ in range(4):
        keep(add_post(blog), tags=["rain"])

    assert (one, ask()) == (1, (5, few))


def test_the_posts_of_a_series_lead_to_each_other_in_order(blog):
    series = BlogSeries.objects.create(title="Pictures", slug="pictures")
    third = add_post(blog, title="Three", series=series, series_position=3)
    first = add_post(blog, title="One", series=series, series_position=1)
    add_post(blog, title="Draft", series=series, series_position=2, live=False)
    loose = add_post(blog, title="Without a place", series=series)

    place = find_place_in_series(post=third)

    assert (place.number, place.count) == (2, 3)
    assert (place.previous, place.next) == (first, loose)
    assert find_place_in_series(post=first).previous is None
    assert find_place_in_series(post=loose).next is None
    assert find_place_in_series(post=add_post(blog)) is None
