"""Pages that tell of one thing and list the posts about it."""

from typing import Any

from django.db import models
from django.http import HttpRequest
from wagtail.admin.panels import FieldPanel
from wagtail.fields import StreamField
from wagtail.models import Page

from apps.blog.blocks import BodyBlock
from apps.blog.constants import INTRO_MAX_CHARS
from apps.blog.models.previews import HeadlessPreviewMixin


class BlogCategoryPage(HeadlessPreviewMixin):
    category = models.OneToOneField("blog.BlogCategory", on_delete=models.PROTECT, related_name="page")
    intro = models.CharField(max_length=INTRO_MAX_CHARS, blank=True)

    parent_page_types = ["blog.BlogIndexPage"]
    subpage_types: list[str] = []
    content_panels = [*Page.content_panels, FieldPanel("category"), FieldPanel("intro")]

    template = "blog/category.html"

    class Meta:
        verbose_name = "category page"

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from apps.blog.models.contexts import category_context

        return super().get_context(request, *args, **kwargs) | category_context(self, request)  # type: ignore[no-any-return]


class BlogAuthorPage(HeadlessPreviewMixin):
    author = models.OneToOneField("blog.BlogAuthor", on_delete=models.PROTECT, related_name="page")

    parent_page_types = ["blog.BlogIndexPage"]
    subpage_types: list[str] = []
    content_panels = [*Page.content_panels, FieldPanel("author")]

    template = "blog/author.html"

    class Meta:
        verbose_name = "author page"

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from apps.blog.models.contexts import author_context

        return super().get_context(request, *args, **kwargs) | author_context(self, request)  # type: ignore[no-any-return]


class PlantSpeciesPage(HeadlessPreviewMixin):
    """The editors' own words about a species; what is known about it stands in the encyclopedia."""

    species = models.OneToOneField(
        "plant_identification.PlantSpecies", on_delete=models.PROTECT, related_name="page"
    )
    intro = models.CharField(max_length=INTRO_MAX_CHARS, blank=True)
    body = StreamField(BodyBlock(), blank=True)

    parent_page_types = ["blog.BlogIndexPage"]
    subpage_types: list[str] = []
    content_panels = [
        *Page.content_panels,
        FieldPanel("species"),
        FieldPanel("intro"),
        FieldPanel("body"),
    ]

    template = "blog/species.html"

    class Meta:
        verbose_name = "species page"

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from apps.blog.models.contexts import species_context

        return super().get_context(request, *args, **kwargs) | species_context(self)  # type: ignore[no-any-return]
