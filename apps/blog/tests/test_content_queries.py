"""Lists of the content API ask the database as often for thirty things as for one."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from wagtail.models import Site

from apps.blog.models import BlogIndexPage
from apps.blog.tests.factories import add_rich_post

ENDPOINTS = ["blog-posts", "species", "categories", "series", "authors", "pages", "images"]


@pytest.fixture(scope="module")
def _thirty(django_db_setup, django_db_blocker):
    """Thirty of everything, with all that each is told with. Made once: pictures take their time."""
    Site.clear_site_root_paths_cache()
    with django_db_blocker.unblock(), transaction.atomic():
        home = Site.objects.get(is_default_site=True).root_page
        blog = home.add_child(instance=BlogIndexPage(title="Blog", slug="blog"))
        for _ in range(30):
            add_rich_post(blog, picture_size=(64, 48))
        yield
        transaction.set_rollback(True)


@pytest.mark.usefixtures("_thirty", "db")
@pytest.mark.parametrize("fields", ["", "&fields=*"])
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_list_takes_as_many_queries_for_thirty_as_for_one(client, endpoint, fields):
    address = f"/api/v2/{endpoint}/?limit={{}}{fields}"
    assert len(client.get(address.format(30)).json()["items"]) == 30  # draws what was never drawn
    few = count_queries(client, address.format(1))

    assert count_queries(client, address.format(30)) == few


def count_queries(client, path):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)
