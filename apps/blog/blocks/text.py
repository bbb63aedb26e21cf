from typing import Any

from wagtail import blocks
from wagtail.rich_text import expand_db_html

from apps.blog.constants import CODE_LANGUAGES, NOTE_FEATURES

CALLOUTS = [("note", "Note"), ("tip", "Tip"), ("warning", "Warning")]


class HeadingBlock(blocks.StructBlock):  # type: ignore[misc]
    text = blocks.CharBlock(max_length=120)
    level = blocks.ChoiceBlock(
        choices=[("h2", "Section"), ("h3", "Part of a section")], default="h2", search_index=False
    )

    class Meta:
        icon = "title"
        template = "blog/blocks/heading.html"


class ParagraphBlock(blocks.RichTextBlock):  # type: ignore[misc]
    class Meta:
        icon = "pilcrow"

    def get_api_representation(self, value: Any, context: dict[str, Any] | None = None) -> str:
        """HTML with real addresses: a client cannot resolve Wagtail's internal links."""
        return str(expand_db_html(value.source))


class QuoteBlock(blocks.StructBlock):  # type: ignore[misc]
    text = blocks.TextBlock(max_length=1_000)
    attribution = blocks.CharBlock(max_length=250, required=False)

    class Meta:
        icon = "openquote"
        template = "blog/blocks/quote.html"


class CalloutValue(blocks.StructValue):  # type: ignore[misc]
    @property
    def heading(self) -> str:
        return str(self["title"] or dict(CALLOUTS).get(self["kind"], ""))


class CalloutBlock(blocks.StructBlock):  # type: ignore[misc]
    kind = blocks.ChoiceBlock(choices=CALLOUTS, default="note", search_index=False)
    title = blocks.CharBlock(max_length=120, required=False, help_text="Left out: what kind it is.")
    text = ParagraphBlock(features=NOTE_FEATURES)

    class Meta:
        icon = "info-circle"
        template = "blog/blocks/callout.html"
        value_class = CalloutValue


class CodeBlock(blocks.StructBlock):  # type: ignore[misc]
    language = blocks.ChoiceBlock(choices=CODE_LANGUAGES, default="text", search_index=False)
    code = blocks.TextBlock(max_length=10_000)
    caption = blocks.CharBlock(max_length=250, required=False)

    class Meta:
        icon = "code"
        template = "blog/blocks/code.html"
