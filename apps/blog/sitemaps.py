"""Every page that everybody may read, for search engines."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from wagtail.contrib.sitemaps import Sitemap
from wagtail.contrib.sitemaps.views import sitemap
from wagtail.models import Page

from apps.blog.constants import SITEMAP_PAGES


class PagesSitemap(Sitemap):  # type: ignore[misc]
    """More than one file of it holds are in the files `?p=2` and so on, as the protocol wants."""

    limit = SITEMAP_PAGES

    def items(self) -> Any:
        """Plain pages: their addresses and days need no other table. The root itself shows the front page."""
        pages = Page.objects.descendant_of(self.get_wagtail_site().root_page, inclusive=True)
        return pages.live().public().order_by("path")


@require_safe
def show_sitemap(request: HttpRequest) -> HttpResponse:
    answer: HttpResponse = sitemap(request, sitemaps={"pages": PagesSitemap(request)})
    return answer
