"""What the blocks of a body look like in an answer, for the description of the API."""

from typing import Any

from wagtail import blocks

from apps.blog.blocks import BodyBlock

Shape = dict[str, Any]

_PICTURE: Shape = {
    "type": ["object", "null"],
    "description": "null where the picture was deleted, or its file cannot be read.",
    "required": ["id", "url", "width", "height"],
    "properties": {
        "id": {"type": "integer"},
        "url": {"type": "string"},
        "width": {"type": "integer"},
        "height": {"type": "integer"},
    },
}
# Most blocks are told as they are written. These tell something else of themselves, or of a part.
_TOLD_OTHERWISE: dict[str, Shape] = {"ImageChooserBlock": _PICTURE}


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
            children = block.child_blocks.items()
            return {
                "type": "object",
                "required": [name for name, _ in children],
                "properties": {name: shape_of(child) for name, child in children},
            }
        case blocks.ListBlock():
            return {"type": "array", "items": shape_of(block.child_block)}
        case blocks.ChoiceBlock():
            return {"type": "string"}
        case blocks.BooleanBlock():
            return {"type": "boolean"}
        case blocks.IntegerBlock():
            return {"type": ["integer", "null"]}
    return {"type": "string"}
