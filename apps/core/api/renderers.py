"""Writing answers as JSON."""

from collections.abc import Mapping
from typing import Any

import msgspec
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder


class FastJSONRenderer(JSONRenderer):
    """REST framework's own JSON, written by msgspec; indented, where somebody asks for that, by its own."""

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if data is not None and not self.get_indent(accepted_media_type or "", renderer_context or {}):
            try:
                return _ENCODER.encode(data)
            except TypeError:
                pass  # it knows no kinds of text but text itself
        text: bytes = super().render(data, accepted_media_type, renderer_context)
        return text


# For what JSON does not know, such as sentences that are translated late.
_ENCODER = msgspec.json.Encoder(enc_hook=JSONEncoder().default)
