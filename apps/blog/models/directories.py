"""Pages that tell of one thing and list the posts about it."""

from django.db import models
from wagtail.admin.panels import FieldPanel
from wagtail.fields import StreamField
from wagtail.models import Page

from apps.blog.blocks import BodyBlock
from apps.blog.constants import INTRO_MAX_CHARS


class BlogCategoryPage(Page):  # type: ignore[misc]
    category = models.OneToOneField("blog.BlogCategory", on_delete=models.PROTECT, related_name="page")
    intro = models.CharField(max_length=INTRO_MAX_CHARS, blank=True)

    parent_page_types = ["blog.BlogIndexPage"]
    subpage_types: list[str] = []
    content_panels = [*Page.content_panels, FieldPanel("category"), FieldPanel("intro")]

    class Meta:
        verbose_name = "category page"


class BlogAuthorPage(Page):  # type: ignore[misc]
    author = models.OneToOneField("blog.BlogAuthor", on_delete=models.PROTECT, related_name="page")

    parent_page_types = ["blog.BlogIndexPage"]
    subpage_types: list[str] = []
    content_panels = [*Page.content_panels, FieldPanel("author")]

    class Meta:
        verbose_name = "author page"


class PlantSpeciesPage(Page):  # type: ignore[misc]
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

    class Meta:
        verbose_name = "species page"
