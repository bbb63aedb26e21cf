from typing import Any

from rest_framework import serializers
from wagtail.api.v2.serializers import PageSerializer
from wagtail.documents.api.v2.serializers import DocumentSerializer
from wagtail.images.api.v2.serializers import ImageSerializer
from wagtail.models import Page


class HtmlUrlField(serializers.Field[Any, Any, Any, Any]):
    """Wagtail's own field asks the cache for the sites once per page; this one, once per answer."""

    def get_attribute(self, instance: Page) -> Page:
        return instance

    def to_representation(self, value: Page) -> str | None:
        return value.get_full_url(self.context["request"])  # type: ignore[no-any-return]


class TagNamesField(serializers.Field[Any, Any, Any, Any]):
    """Sorted here and not by the database, so that prefetched tags are used instead of a query per item."""

    def to_representation(self, value: Any) -> list[str]:
        return sorted(tag.name for tag in value.all())


class PublicPageSerializer(PageSerializer):  # type: ignore[misc]
    html_url = HtmlUrlField(read_only=True)


class PublicImageSerializer(ImageSerializer):  # type: ignore[misc]
    tags = TagNamesField(read_only=True)


class PublicDocumentSerializer(DocumentSerializer):  # type: ignore[misc]
    tags = TagNamesField(read_only=True)
