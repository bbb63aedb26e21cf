import pytest
from wagtail.models import Site

from apps.blog.models import BlogIndexPage


def pytest_configure(config):
    # Wagtail leaves the temporary file it drew a rendition into to the garbage collector, which closes it.
    config.addinivalue_line(
        "filterwarnings", "ignore:Unclosed file <tempfile.SpooledTemporaryFile:ResourceWarning"
    )


@pytest.fixture(autouse=True)
def _fresh_site_addresses():
    """Wagtail keeps the sites' addresses in the cache, where a test's rollback does not reach."""
    Site.clear_site_root_paths_cache()
    yield
    Site.clear_site_root_paths_cache()


@pytest.fixture
def home(db):
    return Site.objects.get(is_default_site=True).root_page


@pytest.fixture
def blog(home):
    return home.add_child(instance=BlogIndexPage(title="Blog", slug="blog", intro="About photographs."))
