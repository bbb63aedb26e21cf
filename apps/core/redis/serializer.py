"""JSON for the Django cache, without writing or reading anything twice."""

import json
from typing import Any

import msgspec
from django_redis.serializers.json import JSONSerializer


def encode_json(value: Any) -> bytes:
    """
    Raises:
        TypeError, ValueError: JSON cannot hold the value.
    """
    try:
        text = msgspec.json.encode(value)
        if msgspec.json.decode(text) == value:
            return text
    except (TypeError, ValueError, RecursionError):
        pass
    # The fast writer knows more types than JSON has: it would let bytes, dates and sets in, and others
    # out. Whatever does not come back as it was is left to the strict one.
    return json.dumps(value).encode()


def decode_json(text: bytes) -> Any:
    """
    Raises:
        ValueError: it is not JSON.
    """
    try:
        return msgspec.json.decode(text)
    except ValueError:
        # Not necessarily broken: NaN and half a surrogate pair can be written by the standard library.
        return json.loads(text.decode())


class JsonSerializer(JSONSerializer):  # type: ignore[misc]
    """django-redis' own, except that a `msgspec.Raw` is JSON text already, and that it reads faster."""

    def dumps(self, value: Any) -> bytes:
        text: bytes = bytes(value) if isinstance(value, msgspec.Raw) else super().dumps(value)
        return text

    def loads(self, value: bytes) -> Any:
        return decode_json(value)
