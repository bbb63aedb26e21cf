"""Reads for those who read: what is published for everybody, with all that is shown of it."""

from typing import Any
from uuid import UUID

from django.db.models import Count, F, Model, Prefetch, Q, QuerySet
from wagtail.images import get_image_model

from apps.blog.constants import RENDITIONS
from apps.blog.models.directories import BlogAuthorPage, BlogCategoryPage, PlantSpeciesPage
from apps.blog.models.pages import BlogPostPage
from apps.blog.models.snippets import BlogAuthor, BlogCategory
from apps.plant_identification.public import PlantSpecies


def pictures() -> QuerySet[Any]:
    """With all sizes they are shown in, so that none of them is looked for one by one."""
    images: QuerySet[Any] = get_image_model().objects.prefetch_renditions(*RENDITIONS.values())
    return images


def categories_with_pages() -> QuerySet[BlogCategory]:
    pages = BlogCategoryPage.objects.live().public()
    return BlogCategory.objects.prefetch_related(Prefetch("page", queryset=pages))


def authors_with_pages() -> QuerySet[BlogAuthor]:
    pages = BlogAuthorPage.objects.live().public()
    return BlogAuthor.objects.prefetch_related(
        Prefetch("page", queryset=pages), Prefetch("picture", queryset=pictures())
    )


def species_with_pages() -> QuerySet[PlantSpecies]:
    pages = PlantSpeciesPage.objects.live().public().defer("body")
    return PlantSpecies.objects.visible().prefetch_related(Prefetch("page", queryset=pages))


def species_on_pages() -> Any:
    """Pages of species that are shown at present: none of the sandbox beside real ones."""
    shown = PlantSpeciesPage.objects.filter(species__in=PlantSpecies.objects.visible())
    return PlantSpeciesPage.objects.filter(pk__in=shown.values("pk"))  # a search takes no other condition


def page_of(thing: Model) -> Any | None:
    """The public page of something read by one of the functions above."""
    page = getattr(thing, "page", None)  # its absence is an AttributeError, too
    return page if page is not None and page.live else None


def cards(posts: Any) -> Any:
    """Posts with what a list shows of them. As many queries for one as for a hundred."""
    return (
        posts.defer("body")
        .select_related("series")
        .prefetch_related(
            Prefetch("featured_image", queryset=pictures()),
            Prefetch("categories", queryset=categories_with_pages()),
            Prefetch("authors", queryset=authors_with_pages()),
            "tags",
        )
    )


def whole_posts(posts: Any) -> Any:
    return (
        cards(posts)
        .defer(None)
        .prefetch_related(
            Prefetch("social_image", queryset=pictures()), Prefetch("species", queryset=species_with_pages())
        )
    )


def with_post_counts(things: QuerySet[Any]) -> QuerySet[Any]:
    """How many public posts there are in a category, of an author, in a series."""
    published = BlogPostPage.objects.live().public().values("pk")
    counted: QuerySet[Any] = things.annotate(
        post_count=Count("posts", filter=Q(posts__pk__in=published), distinct=True)
    )
    return counted


def in_reading_order() -> Any:
    """Posts of a series as they are meant to be read; those without a place come last, by their date."""
    posts = BlogPostPage.objects.live().public().defer("body")
    return posts.order_by(F("series_position").asc(nulls_last=True), "date", "pk")


def posts_about(species_id: UUID) -> Any:
    return BlogPostPage.objects.filter(species=species_id).published()
