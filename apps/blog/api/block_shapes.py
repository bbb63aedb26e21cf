"""What the blocks of a body look like in an answer, for the description of the API."""

from typing import Any

from wagtail import blocks

from apps.blog.blocks import BodyBlock

Shape = dict[str, Any]

TEXT: Shape = {"type": "string"}
MAYBE: Shape = {"type": ["string", "null"]}
NUMBER: Shape = {"type": "integer"}


def _object(**properties: Shape) -> Shape:
    return {"type": "object", "required": list(properties), "properties": properties}


def _list(items: Shape) -> Shape:
    return {"type": "array", "items": items}


def _or_null(shape: Shape, why: str) -> Shape:
    return {"oneOf": [shape, {"type": "null"}], "description": f"null where {why}."}


_RENDITION = _object(url=TEXT, width=NUMBER, height=NUMBER)
_PICTURE = _or_null(
    _object(id=NUMBER, url=TEXT, width=NUMBER, height=NUMBER),
    "the picture was deleted, or its file cannot be read",
)
_SPECIES = _or_null(
    _object(
        id=TEXT,
        scientific_name=TEXT,
        authorship=TEXT,
        family=TEXT,
        common_names={"type": "object", "additionalProperties": _list(TEXT)},
    ),
    "the encyclopedia does not show it at present",
)
_SAID = {
    "source": _object(
        key=TEXT, title=TEXT, url=TEXT, licence=TEXT, credit=TEXT, is_verified={"type": "boolean"}
    ),
    "stated_on": {"type": "string", "format": "date"},
}
_SPECIES_PICTURE = _or_null(
    _object(alt_text=TEXT, credit=TEXT, licence=TEXT, licence_url=TEXT, source_url=TEXT, image=_PICTURE),
    "there is none",
)
_POST = _object(
    id=NUMBER,
    title=TEXT,
    intro=TEXT,
    date={"type": "string", "format": "date"},
    url=MAYBE,
    card_picture=_or_null(_RENDITION, "it has no picture"),
)
# Most blocks are told as they are written. These tell something else of themselves, or of a part.
_TOLD_OTHERWISE: dict[str, Shape] = {
    "ImageChooserBlock": _PICTURE,
    "CallToActionBlock": _object(text=TEXT, label=TEXT, url=MAYBE, page_id={"type": ["integer", "null"]}),
    "RelatedPostsBlock": _object(title=TEXT, posts=_list(_POST)),
    "VideoBlock": _object(title=TEXT, service=MAYBE, url=MAYBE, player_url=MAYBE),
    "PlantSpotlightBlock": _object(
        text=TEXT,
        species=_SPECIES,
        facts=_list(_object(field=TEXT, value={}, unit=TEXT, **_SAID)),
        hazards=_list(_object(target=TEXT, level=TEXT, parts=TEXT, effects=TEXT, **_SAID)),
        picture=_SPECIES_PICTURE,
    ),
    "CareCardBlock": _object(
        text=TEXT, species=_SPECIES, care=_list(_object(label=TEXT, text=TEXT, **_SAID))
    ),
}


def describe_body() -> Shape:
    return {"type": "array", "items": {"oneOf": [_entry(*each) for each in BodyBlock().child_blocks.items()]}}


def _entry(name: str, block: blocks.Block) -> Shape:
    return {
        "type": "object",
        "title": "".join(word.title() for word in name.split("_")),
        "required": ["type", "value", "id"],
        "properties": {
            "type": {"type": "string", "enum": [name]},
            "value": shape_of(block),
            "id": {"type": "string", "description": "The same in all versions of the page."},
        },
    }


def shape_of(block: blocks.Block) -> Shape:
    if type(block).__name__ in _TOLD_OTHERWISE:
        return _TOLD_OTHERWISE[type(block).__name__]
    match block:
        case blocks.StructBlock():
            return _object(**{name: shape_of(child) for name, child in block.child_blocks.items()})
        case blocks.ListBlock():
            return _list(shape_of(block.child_block))
        case blocks.BooleanBlock():
            return {"type": "boolean"}
        case blocks.IntegerBlock():
            return {"type": ["integer", "null"]}
    return TEXT if block.required else MAYBE  # null where it was never filled in
