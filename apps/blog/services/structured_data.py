"""What a page tells search engines about itself, in the words of https://schema.org."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from wagtail.models import Page

from apps.blog.blocks.pictures import rendition_of
from apps.blog.constants import SOCIAL_RENDITION
from apps.blog.models import (
    BlogAuthor,
    BlogAuthorPage,
    BlogCategoryPage,
    BlogIndexPage,
    BlogPostPage,
    PlantSpeciesPage,
)
from apps.blog.models.reading import page_of
from apps.core.languages import ENGLISH
from apps.plant_identification.public import SpeciesPortrait

CONTEXT = "https://schema.org"
Data = dict[str, Any]


def describe_page(
    page: Page, *, portrait: SpeciesPortrait | None = None, plant: tuple[str, str] | None = None
) -> list[Data]:
    """One document for the page itself, one for the way to it. `plant`: name and address of one of ours
    that has no page of its own, and is shown by the blog's."""
    about: Data
    match page:
        case BlogPostPage():
            about = _post(page)
        case PlantSpeciesPage():
            about = _species(page, portrait)
        case BlogAuthorPage():
            about = {"@type": "ProfilePage", "mainEntity": _person(page.author, page.full_url)}
        case BlogCategoryPage():
            about = {"@type": "CollectionPage", "name": page.title, "description": page.intro}
        case BlogIndexPage() if plant:
            about = _species(page, portrait)
        case BlogIndexPage():
            about = {"@type": "Blog", "name": page.title, "description": page.intro}
        case _:
            return []
    url = plant[1] if plant else page.full_url
    return [_document({**about, "url": url}), _document(_way_to(page, plant))]


def social_picture(page: Page, portrait: SpeciesPortrait | None = None) -> Any | None:
    """A rendition for where somebody shares the page; None where there is nothing to show."""
    own = getattr(page, "social_image", None) or getattr(page, "featured_image", None)
    if own is None and portrait and portrait.pictures:
        own = portrait.pictures[0].image
    return rendition_of(own, SOCIAL_RENDITION)


def _post(post: BlogPostPage) -> Data:
    picture = social_picture(post)
    modified = post.last_published_at or post.latest_revision_created_at
    return {
        "@type": "BlogPosting",
        "headline": post.title,
        "description": post.search_description or post.intro,
        "datePublished": post.date.isoformat(),
        "dateModified": modified.isoformat() if modified else None,
        "author": [_person(author, _address_of(author)) for author in post.authors.all()],
        "image": picture.full_url if picture else None,
        "keywords": sorted(tag.name for tag in post.tags.all()),
        "articleSection": [category.name for category in post.categories.all()],
        "timeRequired": f"PT{post.reading_minutes}M",
        "mainEntityOfPage": post.full_url,
        "publisher": {"@type": "Organization", "name": settings.WAGTAIL_SITE_NAME, "url": settings.SITE_URL},
    }


def _species(page: PlantSpeciesPage, portrait: SpeciesPortrait | None) -> Data:
    if portrait is None:
        return {"@type": "WebPage", "name": page.title}
    species = portrait.species
    pictures = [rendition_of(picture.image, SOCIAL_RENDITION) for picture in portrait.pictures[:3]]
    parent = species.genus or species.family
    return {
        "@type": "Taxon",
        "name": species.canonical_name,
        "alternateName": [*species.common_names.get(ENGLISH, []), *species.synonyms],
        "taxonRank": "species",
        "parentTaxon": {"@type": "Taxon", "name": parent} if parent else None,
        "sameAs": species.gbif_url,
        "image": [picture.full_url for picture in pictures if picture],
    }


def _person(author: BlogAuthor, url: str | None) -> Data:
    return {"@type": "Person", "name": author.name, "jobTitle": author.role, "url": url}


def _address_of(author: BlogAuthor) -> str | None:
    page = page_of(author)
    return str(page.full_url) if page else None


def _way_to(page: Page, plant: tuple[str, str] | None) -> Data:
    pages: Sequence[Page] = [*page.get_ancestors().filter(depth__gt=2).specific(defer=True), page]
    steps = [(step.title, step.full_url) for step in pages]
    if plant:
        steps.append(plant)
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": place, "name": name, "item": url}
            for place, (name, url) in enumerate(steps, start=1)
        ],
    }


def _document(data: Data) -> Data:
    """What is not known is left out."""
    known = {name: value for name, value in data.items() if value not in (None, "", [])}
    return {"@context": CONTEXT, **known}
