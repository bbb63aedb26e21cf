"""Parts of demo posts as blocks of the blog."""

from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from typing import Any

from django.core.files.images import ImageFile
from django.utils.html import format_html, format_html_join
from wagtail.images import get_image_model

from apps.blog.models import BlogPostPage
from apps.blog.services import demo_parts as parts
from apps.blog.services.demo_drawings import CREDIT, describe_drawing, draw
from apps.plant_identification.public import PlantSpecies

Block = tuple[str, Any]


def find_species(posts: Iterable[parts.DemoPost]) -> dict[str, PlantSpecies]:
    """Those the encyclopedia knows here, by name."""
    shown = (parts.Spotlight, parts.CareCard)
    names = {part.name for post in posts for part in post.body if isinstance(part, shown)}
    found = PlantSpecies.objects.visible().filter(canonical_name__in=names)
    return {species.canonical_name: species for species in found}


def make_body(post: parts.DemoPost, species: Mapping[str, PlantSpecies]) -> list[Block]:
    return [block for part in post.body for block in _blocks(part, post, species)]


def make_image(motif: str, tint: str) -> Any:
    """One for each drawing, however many posts show it."""
    images = get_image_model().objects
    title, description = f"Drawing: {motif} on {tint}", describe_drawing(motif)
    if (known := images.filter(title=title).first()) is not None:
        return known
    file = ImageFile(BytesIO(draw(motif, tint)), name=f"{motif}-{tint}.jpg")
    return images.create(title=title, description=f"{description}. {CREDIT}.", file=file)


def _blocks(part: parts.Part, post: parts.DemoPost, species: Mapping[str, PlantSpecies]) -> Iterator[Block]:
    match part:
        case parts.Spotlight(name, text) if name in species:
            yield "plant_spotlight", {"species": species[name], "text": _paragraph(text)}
        case parts.CareCard(name, text) if name in species:
            yield "care_card", {"species": species[name], "text": _paragraph(text)}
        case parts.ReadOn(slugs):
            posts = list(BlogPostPage.objects.filter(slug__in=slugs).order_by("date"))
            if posts:
                yield "related_posts", {"title": "Read on", "posts": posts}
        case parts.Gallery(title, motifs):
            yield "gallery", {"title": title, "pictures": [_picture(each, post.motif[1]) for each in motifs]}
        case _:
            yield from _plain_blocks(part)


def _plain_blocks(part: parts.Part) -> Iterator[Block]:
    match part:
        case parts.Heading(text):
            yield "heading", {"text": text, "level": "h2"}
        case parts.Paragraph(text):
            yield "paragraph", _paragraph(text)
        case parts.Bullets(items):
            points = format_html_join("", "<li>{}</li>", ((item,) for item in items))
            yield "paragraph", str(format_html("<ul>{}</ul>", points))
        case parts.Callout(kind, title, text):
            yield "callout", {"kind": kind, "title": title, "text": _paragraph(text)}
        case parts.Code(language, code, caption):
            yield "code", {"language": language, "code": code, "caption": caption}
        case parts.Call(text, label, address):
            yield "call_to_action", {"text": text, "label": label, "page": None, "url": address}


def _paragraph(text: str) -> str:
    return str(format_html("<p>{}</p>", text)) if text else ""


def _picture(motif: str, tint: str) -> dict[str, Any]:
    return {"image": make_image(motif, tint), "alt_text": describe_drawing(motif), "credit": CREDIT}
