"""What the content API tells of each kind of thing: Wagtail's serializers, with parts of our own."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from wagtail.api.v2.serializers import (
    BaseSerializer,
    DetailUrlField,
    PageLocaleField,
    PageSerializer,
    PageTypeField,
    TypeField,
)
from wagtail.documents.api.v2.serializers import DocumentDownloadUrlField, DocumentSerializer
from wagtail.images.api.v2.serializers import ImageDownloadUrlField, ImageSerializer
from wagtail.models import Page

from apps.blog.api.block_shapes import describe_body
from apps.blog.api.parts import (
    ContentPictureSerializer,
    ContentRenditionsSerializer,
    FocalPointSerializer,
    PostAuthorSerializer,
    PostCategorySerializer,
    PostSeriesSerializer,
    PostSpeciesSerializer,
    describe_focal_point,
    describe_renditions,
    html_url_of,
)

for _field in (TypeField, PageTypeField, PageLocaleField, ImageDownloadUrlField, DocumentDownloadUrlField):
    extend_schema_field(OpenApiTypes.STR)(_field)
extend_schema_field(OpenApiTypes.URI)(DetailUrlField)


class WholeRowField(serializers.Field[Any, Any, Any, Any]):
    """Told from all of a row; also where Wagtail would leave an empty column out of it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, **options)

    def get_attribute(self, instance: Any) -> Any:
        return instance


@extend_schema_field({"type": ["string", "null"], "format": "uri"})
class HtmlUrlField(WholeRowField):
    """Wagtail's own field asks the cache for the sites once per page; this one, once per answer."""

    def to_representation(self, value: Page) -> str | None:
        return value.get_full_url(self.context["request"])  # type: ignore[no-any-return]


@extend_schema_field({"type": ["string", "null"], "format": "uri"})
class SubjectHtmlUrlField(WholeRowField):
    def to_representation(self, value: Any) -> str | None:
        return html_url_of(self.context, value)


@extend_schema_field(serializers.ListField(child=serializers.CharField()))
class TagNamesField(serializers.Field[Any, Any, Any, Any]):
    """Sorted here and not by the database, so that prefetched tags are used instead of a query per item."""

    def to_representation(self, value: Any) -> list[str]:
        return sorted(tag.name for tag in value.all())


class PublicDetailUrlField(DetailUrlField):  # type: ignore[misc]
    def get_attribute(self, instance: Page) -> Any:
        if instance.pk is None:  # a draft that was never saved is at no address
            raise serializers.SkipField
        return super().get_attribute(instance)


class LinkedPageMetaSerializer(serializers.Serializer[Any]):
    type = serializers.CharField()
    detail_url = serializers.CharField()
    html_url = serializers.CharField(allow_null=True)


class LinkedPageSerializer(serializers.Serializer[Page]):
    id = serializers.IntegerField()
    meta = serializers.SerializerMethodField()
    title = serializers.CharField()

    @extend_schema_field(LinkedPageMetaSerializer)
    def get_meta(self, page: Page) -> dict[str, Any]:
        model = page.specific_class
        return {
            "type": model._meta.label,  # noqa: SLF001
            "detail_url": self.context["view"].address_of(model, page.pk),
            "html_url": page.get_full_url(self.context["request"]),
        }


@extend_schema_field(LinkedPageSerializer(allow_null=True))
class LinkedPageField(WholeRowField):
    """A page this one points to, where everybody may read it."""

    def __init__(self, *, of: str) -> None:
        super().__init__()
        self._of = of

    def get_attribute(self, instance: Page) -> Page | None:
        page = instance.get_parent() if self._of == "parent" else instance.alias_of
        may_be_told = page is not None and self.context["base_queryset"].filter(pk=page.pk).exists()
        return page if may_be_told else None

    def to_representation(self, value: Page) -> Any:
        return LinkedPageSerializer(value, context=self.context).data


class PublicPageSerializer(PageSerializer):  # type: ignore[misc]
    detail_url = PublicDetailUrlField(read_only=True)
    html_url = HtmlUrlField()
    parent = LinkedPageField(of="parent")
    alias_of = LinkedPageField(of="alias")


@extend_schema_field(describe_body(), component_name="BlogBody")
class BodyField(serializers.Field[Any, Any, Any, Any]):
    def to_representation(self, value: Any) -> Any:
        return value.stream_block.get_api_representation(value, self.context)


class BlogPostSerializer(PublicPageSerializer):
    # Spelled out, for the model's own bounds are those of the database that is asked.
    series_position = serializers.IntegerField(min_value=0, allow_null=True, read_only=True)
    tags = TagNamesField(read_only=True)
    featured_image = ContentPictureSerializer(read_only=True, allow_null=True)
    social_image = ContentPictureSerializer(
        read_only=True, allow_null=True, help_text="null where it is the featured image."
    )
    categories = PostCategorySerializer(many=True, read_only=True)
    authors = PostAuthorSerializer(many=True, read_only=True)
    series = PostSeriesSerializer(read_only=True, allow_null=True)
    species = PostSpeciesSerializer(many=True, read_only=True)
    body = BodyField(read_only=True)


class SubjectRowSerializer(BaseSerializer):  # type: ignore[misc]
    html_url = SubjectHtmlUrlField()
    post_count = serializers.IntegerField(read_only=True)


class AuthorSerializer(SubjectRowSerializer):
    picture = ContentPictureSerializer(read_only=True, allow_null=True)


class SeriesSerializer(SubjectRowSerializer):
    posts = LinkedPageSerializer(
        source="public_posts", many=True, read_only=True, help_text="In the order they are meant to be read."
    )


@extend_schema_field(ContentRenditionsSerializer(allow_null=True))
class RenditionsField(WholeRowField):
    def to_representation(self, value: Any) -> dict[str, Any] | None:
        return describe_renditions(value)


@extend_schema_field(FocalPointSerializer(allow_null=True))
class FocalPointField(WholeRowField):
    def to_representation(self, value: Any) -> dict[str, int] | None:
        return describe_focal_point(value)


class PublicImageSerializer(ImageSerializer):  # type: ignore[misc]
    tags = TagNamesField(read_only=True)
    focal_point = FocalPointField()
    renditions = RenditionsField()


class PublicDocumentSerializer(DocumentSerializer):  # type: ignore[misc]
    tags = TagNamesField(read_only=True)
