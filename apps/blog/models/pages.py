from typing import Any, Self
from urllib.parse import urlsplit
from uuid import UUID

from django import forms
from django.db import models
from django.db.models import Prefetch
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from modelcluster.contrib.taggit import ClusterTaggableManager
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from taggit.models import Tag, TaggedItemBase
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.api import APIField
from wagtail.blocks import StreamValue
from wagtail.contrib.routable_page.models import RoutablePageMixin, path
from wagtail.fields import StreamField
from wagtail.images import get_image_model
from wagtail.models import Page, PageManager
from wagtail.query import PageQuerySet
from wagtail.search import index

from apps.blog.blocks import BodyBlock, species_shown_in
from apps.blog.constants import CARD_RENDITION, INTRO_MAX_CHARS, WORDS_PER_MINUTE
from apps.blog.models.previews import HeadlessPreviewMixin
from apps.blog.models.snippets import BlogSeries
from apps.plant_identification.public import portray_species


class BlogPostQuerySet(PageQuerySet):  # type: ignore[misc]
    def published(self) -> Self:
        """What everybody may read, newest first. Members-only and password pages are not among it."""
        return self.live().public().newest_first()  # type: ignore[no-any-return]

    def newest_first(self) -> Self:
        return self.order_by("-date", "-first_published_at", "-pk")  # type: ignore[no-any-return]

    def with_card_pictures(self) -> Self:
        """Posts with their pictures in three queries, however many there are."""
        pictures = get_image_model().objects.prefetch_renditions(CARD_RENDITION)
        return self.prefetch_related(  # type: ignore[no-any-return]
            Prefetch("featured_image", queryset=pictures)
        )


class BlogIndexPage(RoutablePageMixin, HeadlessPreviewMixin):  # type: ignore[misc]
    """The list of posts, in full at its own address; below it one page per post, tag, series and plant."""

    intro = models.CharField(max_length=INTRO_MAX_CHARS, blank=True)

    parent_page_types = ["wagtailcore.Page"]
    subpage_types = [
        "blog.BlogPostPage",
        "blog.BlogCategoryPage",
        "blog.BlogAuthorPage",
        "blog.PlantSpeciesPage",
    ]
    max_count_per_parent = 1
    template = "blog/index.html"

    content_panels = [*Page.content_panels, FieldPanel("intro")]
    search_fields = [*Page.search_fields, index.SearchField("intro")]
    api_fields = [APIField("intro")]

    class Meta:
        verbose_name = "blog"

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from apps.blog.models.contexts import index_context  # it reads all kinds of pages, this one too

        return super().get_context(request, *args, **kwargs) | index_context(self, request)  # type: ignore[no-any-return]

    @path("tags/<str:slug>/", name="tag")  # type: ignore[untyped-decorator]
    def show_tag(self, request: HttpRequest, slug: str) -> TemplateResponse:
        from apps.blog.models.contexts import tag_context

        tag = Tag.objects.filter(slug=slug).first()
        context = tag_context(self, tag, request) if tag else {}
        if not context.get("posts"):
            raise Http404
        return self.render(request, context_overrides=context)  # type: ignore[no-any-return]

    @path("series/<str:slug>/", name="series")  # type: ignore[untyped-decorator]
    def show_series(self, request: HttpRequest, slug: str) -> TemplateResponse:
        from apps.blog.models.contexts import series_context

        series = BlogSeries.objects.filter(slug=slug).first()
        context = series_context(self, series, request) if series else {}
        if not context.get("posts"):
            raise Http404
        return self.render(request, context_overrides=context)  # type: ignore[no-any-return]

    @path("plants/", name="plants")  # type: ignore[untyped-decorator]
    def show_plants(self, request: HttpRequest) -> TemplateResponse:
        from apps.blog.models.plant_contexts import plants_context

        return self.render(  # type: ignore[no-any-return]
            request, context_overrides=plants_context(self, request), template="blog/plants.html"
        )

    @path("plants/<str:slug>/<uuid:species_id>/", name="plant")  # type: ignore[untyped-decorator]
    def show_plant(self, request: HttpRequest, slug: str, species_id: UUID) -> HttpResponseBase:
        """The id is what counts. Whoever comes with an old name, or where editors wrote more, is led on."""
        from apps.blog.models.plant_contexts import best_address_of, plant_context

        portrait = portray_species([species_id]).get(species_id)
        if portrait is None:
            raise Http404
        address = best_address_of(portrait.species, self, request)
        if urlsplit(address).path != request.path:  # it names the host where there are several sites
            return redirect(address)
        context = plant_context(self, portrait, request)
        return self.render(request, context_overrides=context, template="blog/species.html")  # type: ignore[no-any-return]


class BlogPostTag(TaggedItemBase):  # type: ignore[misc]
    content_object = ParentalKey("blog.BlogPostPage", on_delete=models.CASCADE, related_name="tagged_items")


class BlogPostForm(WagtailAdminPageForm):  # type: ignore[misc]
    """An editor names a plant once, where the text shows it, and the post is about it from then on."""

    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        self.instance.species = species_shown_in(self.instance.body)
        return super().save(commit)


class BlogPostPage(HeadlessPreviewMixin):
    intro = models.CharField(
        max_length=INTRO_MAX_CHARS, help_text="One or two sentences, shown in lists and by search engines."
    )
    date = models.DateField("post date", default=timezone.localdate)
    featured_image = models.ForeignKey(
        "wagtailimages.Image",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Its description is what people hear who cannot see it.",
    )
    body = StreamField(BodyBlock(), blank=True)
    authors = ParentalManyToManyField("blog.BlogAuthor", blank=True, related_name="posts")
    categories = ParentalManyToManyField("blog.BlogCategory", blank=True, related_name="posts")
    tags = ClusterTaggableManager(through=BlogPostTag, blank=True)
    # What the blocks of the text show, once it has been saved in the editor: see `BlogPostForm`.
    species = ParentalManyToManyField("plant_identification.PlantSpecies", blank=True, related_name="posts")
    series = models.ForeignKey(
        "blog.BlogSeries", null=True, blank=True, on_delete=models.SET_NULL, related_name="posts"
    )
    series_position = models.PositiveSmallIntegerField(
        "place in the series", null=True, blank=True, help_text="The lowest is read first."
    )
    social_image = models.ForeignKey(
        "wagtailimages.Image",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Shown where the post is shared. Left out: the featured image.",
    )
    reading_minutes = models.PositiveSmallIntegerField(default=1, editable=False)
    takes_comments = models.BooleanField(
        "readers may comment", default=True, help_text="What was said already stays readable."
    )

    objects = PageManager.from_queryset(BlogPostQuerySet)()

    parent_page_types = ["blog.BlogIndexPage"]
    subpage_types: list[str] = []
    template = "blog/post.html"

    content_panels = [
        *Page.content_panels,
        FieldPanel("intro"),
        FieldPanel("featured_image"),
        FieldPanel("body"),
        FieldPanel("date"),
        FieldPanel("authors", widget=forms.CheckboxSelectMultiple),
        MultiFieldPanel(
            [FieldPanel("categories", widget=forms.CheckboxSelectMultiple), FieldPanel("tags")],
            heading="What it is about",
            help_text="The plants of the text are added by themselves.",
        ),
        MultiFieldPanel([FieldPanel("series"), FieldPanel("series_position")], heading="Series"),
        FieldPanel("reading_minutes", read_only=True),
    ]
    promote_panels = [*Page.promote_panels, FieldPanel("social_image")]
    base_form_class = BlogPostForm
    settings_panels = [*Page.settings_panels, FieldPanel("takes_comments")]
    search_fields = [
        *Page.search_fields,
        index.SearchField("intro"),
        index.AutocompleteField("intro"),  # what the editors' own search looks in, beside the title
        index.SearchField("body"),
        index.RelatedFields("authors", [index.SearchField("name")]),
        index.RelatedFields("tags", [index.SearchField("name")]),
        index.RelatedFields("species", [index.SearchField("canonical_name")]),
        index.FilterField("date"),
    ]

    class Meta:
        verbose_name = "blog post"
        indexes = [models.Index(fields=["-date"], name="blog_post_newest_first")]

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from apps.blog.models.contexts import post_context

        return super().get_context(request, *args, **kwargs) | post_context(self, request)  # type: ignore[no-any-return]

    def full_clean(self, *args: Any, **kwargs: Any) -> None:
        """Also before a draft is kept, so that a preview tells the time of what it shows."""
        self.reading_minutes = minutes_to_read(self.body)
        super().full_clean(*args, **kwargs)


def minutes_to_read(body: StreamValue) -> int:
    """At least one; of the words that the body's blocks would have a search engine find."""
    words = sum(len(text.split()) for text in body.stream_block.get_searchable_content(body))
    return max(1, round(words / WORDS_PER_MINUTE))
