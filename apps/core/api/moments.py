"""Moments that clients name: ISO 8601 allows offsets and years that a database refuses with an error."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django_filters import IsoDateTimeFilter
from django_filters.fields import IsoDateTimeField


def in_utc(moment: datetime) -> datetime:
    """The same moment in UTC, which a moment without an offset is taken to be in.

    Raises:
        ValueError: it lies before the first year or after the last.
    """
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as exc:
        raise ValueError("out of range") from exc


class MomentField(IsoDateTimeField):  # type: ignore[misc]  # without types
    def to_python(self, value: Any) -> datetime | None:
        try:
            moment: datetime | None = super().to_python(value)
            return moment and in_utc(moment)
        except (ValueError, OverflowError) as exc:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from exc


class MomentFilter(IsoDateTimeFilter):  # type: ignore[misc]  # without types
    field_class = MomentField
