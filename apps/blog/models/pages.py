from typing import Any, Self

from django.core.paginator import Page as PostsOnOnePage
from django.core.paginator import Paginator
from django.db import models
from django.db.models import Prefetch
from django.http import HttpRequest
from django.utils import timezone
from modelcluster.contrib.taggit import ClusterTaggableManager
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from taggit.models import TaggedItemBase
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.api import APIField
from wagtail.blocks import StreamValue
from wagtail.fields import StreamField
from wagtail.images import get_image_model
from wagtail.images.api.fields import ImageRenditionField
from wagtail.models import Page, PageManager
from wagtail.query import PageQuerySet
from wagtail.search import index

from apps.blog.blocks import BodyBlock
from apps.blog.constants import CARD_RENDITION, INTRO_MAX_CHARS, POSTS_PER_PAGE, WORDS_PER_MINUTE


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


class BlogIndexPage(Page):  # type: ignore[misc]
    """The list of posts, in full at its own address and below it one page per post."""

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
        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        context["posts"] = self._posts_on(request.GET.get("page"))
        return context

    def _posts_on(self, number: str | None) -> PostsOnOnePage[Any]:
        """A number that makes no sense shows the nearest page there is: readers follow old links."""
        posts = BlogPostPage.objects.child_of(self).published().with_card_pictures().defer("body")
        return Paginator(posts, POSTS_PER_PAGE).get_page(number)


class BlogPostTag(TaggedItemBase):  # type: ignore[misc]
    content_object = ParentalKey("blog.BlogPostPage", on_delete=models.CASCADE, related_name="tagged_items")


class BlogPostPage(Page):  # type: ignore[misc]
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
    species = ParentalManyToManyField(
        "plant_identification.PlantSpecies",
        blank=True,
        related_name="posts",
        help_text="The plants this post is about; their pages link to it.",
    )
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

    objects = PageManager.from_queryset(BlogPostQuerySet)()

    parent_page_types = ["blog.BlogIndexPage"]
    subpage_types: list[str] = []
    template = "blog/post.html"

    content_panels = [
        *Page.content_panels,
        FieldPanel("date"),
        FieldPanel("intro"),
        FieldPanel("featured_image"),
        FieldPanel("body"),
        FieldPanel("authors"),
        MultiFieldPanel(
            [FieldPanel("categories"), FieldPanel("tags"), FieldPanel("species")], heading="What it is about"
        ),
        MultiFieldPanel([FieldPanel("series"), FieldPanel("series_position")], heading="Series"),
    ]
    promote_panels = [*Page.promote_panels, FieldPanel("social_image")]
    search_fields = [
        *Page.search_fields,
        index.SearchField("intro"),
        index.SearchField("body"),
        index.FilterField("date"),
    ]
    api_fields = [
        APIField("date"),
        APIField("intro"),
        APIField("featured_image"),
        APIField("card_picture", serializer=ImageRenditionField(CARD_RENDITION, source="featured_image")),
        APIField("body"),
    ]

    class Meta:
        verbose_name = "blog post"
        indexes = [models.Index(fields=["-date"], name="blog_post_newest_first")]

    def full_clean(self, *args: Any, **kwargs: Any) -> None:
        """Also before a draft is kept, so that a preview tells the time of what it shows."""
        self.reading_minutes = minutes_to_read(self.body)
        super().full_clean(*args, **kwargs)


def minutes_to_read(body: StreamValue) -> int:
    """At least one; of the words that the body's blocks would have a search engine find."""
    words = sum(len(text.split()) for text in body.stream_block.get_searchable_content(body))
    return max(1, round(words / WORDS_PER_MINUTE))
