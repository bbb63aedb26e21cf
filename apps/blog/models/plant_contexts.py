"""What the pages of plants show: of every species there is, whether an editor wrote about it or not."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.text import slugify

from apps.blog.blocks.plants import care_lines
from apps.blog.constants import (
    CARE_FIELDS,
    PLANT_QUERY_CHARS,
    PLANTS_FOUND,
    PLANTS_PER_PAGE,
    POSTS_ON_SPECIES_PAGE,
)
from apps.blog.models.directories import PlantSpeciesPage
from apps.blog.models.pages import BlogIndexPage
from apps.blog.models.reading import cards, posts_about
from apps.core.languages import ENGLISH
from apps.plant_identification.public import PlantSpecies, SpeciesPortrait, list_species, search_species

Context = dict[str, Any]


def plants_context(index: BlogIndexPage, request: HttpRequest) -> Context:
    query = request.GET.get("q", "").replace("\0", "").strip()[:PLANT_QUERY_CHARS]
    if query:
        page, found = None, [hit.species for hit in search_species(text=query, limit=PLANTS_FOUND)]
    else:
        all_of_them = Paginator(list_species().order_by("canonical_name"), PLANTS_PER_PAGE)
        page = all_of_them.get_page(request.GET.get("page"))
        found = list(page)
    return {
        "blog": index,
        "heading": "Plants",
        "summary": "What is known about each, who says so, and when.",
        "address": index.get_full_url(request) + index.reverse_subpage("plants"),
        "query": query,
        "page_of_plants": page,
        "plants": [
            {
                "url": address_of(species, index, request),
                "name": species.canonical_name,
                "common_name": species.common_name(ENGLISH),
                "family": species.family,
            }
            for species in found
        ],
    }


def plant_context(index: BlogIndexPage, portrait: SpeciesPortrait, request: HttpRequest) -> Context:
    species = portrait.species
    name = species.common_name(ENGLISH) or species.canonical_name
    return {
        "blog": index,
        "words": None,
        "heading": name,
        "summary": f"What is known about {name}: its names, its care and whom it may harm, with sources.",
        "address": request.build_absolute_uri(address_of(species, index, request)),
        "portrait": portrait,
        **known_about(portrait),
    }


def known_about(portrait: SpeciesPortrait) -> Context:
    facts = portrait.facts
    return {
        "common_names": portrait.species.common_names.get(ENGLISH, []),
        "care": care_lines(facts),
        "other_facts": [
            fact for fact in facts if not any(fact.field in fields for fields in CARE_FIELDS.values())
        ],
        "about_it": cards(posts_about(portrait.species.pk))[:POSTS_ON_SPECIES_PAGE],
    }


def best_address_of(species: PlantSpecies, index: BlogIndexPage, request: HttpRequest) -> str:
    """Of the page that editors wrote, where there is one that everybody may read."""
    page = PlantSpeciesPage.objects.live().public().filter(species=species).first()
    return page.get_url(request) if page else address_of(species, index, request)


def address_of(species: PlantSpecies, index: BlogIndexPage, request: HttpRequest) -> str:
    """Of the page below the blog, which leads on to that of editors."""
    slug = slugify(species.canonical_name) or "plant"
    return f"{index.get_url(request)}{index.reverse_subpage('plant', args=[slug, species.pk])}"
