"""Nested validation messages as one flat list: what was wrong with which field."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.core.exceptions import ValidationError as ModelValidationError
from django.utils.translation import gettext as _
from rest_framework.settings import api_settings

from apps.core.exceptions import FieldError

MAX_FIELD_ERRORS = 50  # a list of ten thousand wrong items needs no ten thousand messages


def field_errors(details: Any) -> tuple[FieldError, ...]:
    """From DRF's `get_full_details()`. Fields of nested objects are joined by dots: `photos.0.organ`.

    `field` is empty where the message is about the request as a whole.
    """
    found: list[FieldError] = []
    for error in _walk(details, ()):
        found.append(error)
        if len(found) == MAX_FIELD_ERRORS:
            break
    return tuple(found)


def model_field_errors(exc: ModelValidationError) -> tuple[FieldError, ...]:
    """From a model's or a validator's own `ValidationError`."""
    by_field = exc.error_dict if hasattr(exc, "error_dict") else {NON_FIELD_ERRORS: exc.error_list}
    return tuple(
        FieldError(
            field="" if field == NON_FIELD_ERRORS else field,
            code=str(error.code or "invalid"),
            message=" ".join(str(message) for message in error.messages),
        )
        for field, errors in by_field.items()
        for error in errors
    )[:MAX_FIELD_ERRORS]


def describe_fields(errors: Sequence[FieldError]) -> str:
    """One sentence for a person who sees nothing but `detail`."""
    fields = list(dict.fromkeys(error.field for error in errors))
    if len(errors) == 1 or fields == [""]:
        first = errors[0]
        if not first.field:
            return str(first.message)
        return _("%(field)s: %(message)s") % {"field": _label(first.field), "message": first.message}
    named = ", ".join(_label(field) if field else _("the request as a whole") for field in fields)
    return (
        _("Please correct these: %(fields)s.") % {"fields": named}
        if named
        else _("The request is not valid.")
    )


def _walk(node: Any, path: tuple[str, ...]) -> Iterator[FieldError]:
    if isinstance(node, Mapping) and set(node) == {"message", "code"} and isinstance(node["code"], str):
        yield FieldError(field=".".join(path), code=node["code"], message=str(node["message"]))
    elif isinstance(node, Mapping):
        for key, value in node.items():
            is_whole = str(key) in {api_settings.NON_FIELD_ERRORS_KEY, NON_FIELD_ERRORS}
            yield from _walk(value, path if is_whole else (*path, str(key)))
    elif isinstance(node, list | tuple):
        for index, value in enumerate(node):
            # A list of messages belongs to its field; a list of objects has a place for each.
            is_message = isinstance(value, Mapping) and set(value) == {"message", "code"}
            yield from _walk(value, path if is_message else (*path, str(index)))


def _label(field: str) -> str:
    name = field.replace("_", " ").strip()
    return name[:1].upper() + name[1:]
