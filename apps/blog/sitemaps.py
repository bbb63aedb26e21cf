"""Every page that everybody may read, for search engines."""

from datetime import datetime
from typing import Any

from django.contrib.sitemaps import Sitemap as DjangoSitemap
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from wagtail.contrib.sitemaps import Sitemap
from wagtail.contrib.sitemaps.views import sitemap
from wagtail.models import Page

from apps.blog.constants import SITEMAP_PAGES
from apps.blog.models import BlogIndexPage, PlantSpeciesPage
from apps.blog.models.plant_contexts import address_of
from apps.plant_identification.public import PlantSpecies, list_species


class PagesSitemap(Sitemap):  # type: ignore[misc]
    """More than one file of it holds are in the files `?p=2` and so on, as the protocol wants."""

    limit = SITEMAP_PAGES

    def items(self) -> Any:
        """Plain pages: their addresses and days need no other table. The root itself shows the front page."""
        pages = Page.objects.descendant_of(self.get_wagtail_site().root_page, inclusive=True)
        return pages.live().public().order_by("path")


class PlantsSitemap(DjangoSitemap[PlantSpecies]):
    """The blog's pages about plants that no editor has written a page of."""

    limit = SITEMAP_PAGES

    def __init__(self, index: BlogIndexPage, request: HttpRequest) -> None:
        self._index, self._request = index, request

    def items(self) -> Any:
        pages = PlantSpeciesPage.objects.live().public().values("species_id")
        return list_species().exclude(pk__in=pages).only("canonical_name", "updated_at").order_by("pk")

    def location(self, item: PlantSpecies) -> str:
        return address_of(item, self._index, self._request)

    def lastmod(self, item: PlantSpecies) -> datetime:
        return item.updated_at


@require_safe
def show_sitemap(request: HttpRequest) -> HttpResponse:
    sitemaps: dict[str, Any] = {"pages": PagesSitemap(request)}
    blog = BlogIndexPage.objects.live().public().first()
    if blog is not None:
        sitemaps["plants"] = PlantsSitemap(blog, request)
    answer: HttpResponse = sitemap(request, sitemaps=sitemaps)
    return answer
