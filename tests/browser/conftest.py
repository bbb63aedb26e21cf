from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import running_browser
from tests.browser.driving import Visit
from tests.fleet import Fleet


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Gone with the last test of this folder: where Playwright runs, Django takes no database connection."""
    with running_browser() as chromium:
        yield chromium


@pytest.fixture
def visit(browser: Browser, product: Fleet) -> Iterator[Visit]:
    """Somebody new, not signed in; both services as new."""
    product.reset()
    someone = Visit.start(browser, product.servers[0].url)
    someone.open()
    yield someone
    someone.require_clean()
    someone.context.close()
    product.reset()
