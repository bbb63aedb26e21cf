"""What posts and pages are told with: pictures, subjects, people, plants."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from wagtail.api.v2.utils import get_object_detail_url
from wagtail.images.models import AbstractImage, SourceImageIOError

from apps.blog.constants import RENDITIONS
from apps.blog.models import BlogAuthor, BlogCategory, BlogIndexPage, BlogSeries
from apps.blog.models.reading import page_of
from apps.core.languages import ENGLISH
from apps.core.links import link_to
from apps.plant_identification.public import PlantSpecies

LINKED_SPECIES = "v1:plant-identification:species-detail"


class ContentRenditionSerializer(serializers.Serializer[Any]):
    url = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()


class ContentRenditionsSerializer(serializers.Serializer[Any]):
    """The same picture in other sizes; those that are cut keep its focal point in view."""

    card = ContentRenditionSerializer(help_text="640 × 400, cut")
    small = ContentRenditionSerializer(help_text="at most 640 × 640")
    large = ContentRenditionSerializer(help_text="at most 1280 × 1280")
    social = ContentRenditionSerializer(help_text="1200 × 630, cut")


class FocalPointSerializer(serializers.Serializer[Any]):
    """What has to stay in view, in pixels of the original: its middle, and how large it is."""

    x = serializers.IntegerField()
    y = serializers.IntegerField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()


def describe_focal_point(image: AbstractImage) -> dict[str, int] | None:
    if image.focal_point_x is None:
        return None
    return {
        "x": image.focal_point_x,
        "y": image.focal_point_y,
        "width": image.focal_point_width,
        "height": image.focal_point_height,
    }


def describe_renditions(image: AbstractImage) -> dict[str, Any] | None:
    """None where its file is gone: what it belongs to stays readable."""
    try:
        drawn = image.get_renditions(*RENDITIONS.values())
    except SourceImageIOError:
        return None
    return {name: ContentRenditionSerializer(drawn[spec]).data for name, spec in RENDITIONS.items()}


class ContentPictureSerializer(serializers.Serializer[AbstractImage]):
    id = serializers.IntegerField()
    title = serializers.CharField()
    alt_text = serializers.CharField(
        source="description", help_text="For people who cannot see it; empty where it only decorates."
    )
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    focal_point = serializers.SerializerMethodField()
    renditions = serializers.SerializerMethodField(help_text="null where its file cannot be read.")
    detail_url = serializers.SerializerMethodField()

    @extend_schema_field(FocalPointSerializer(allow_null=True))
    def get_focal_point(self, image: AbstractImage) -> dict[str, int] | None:
        return describe_focal_point(image)

    @extend_schema_field(ContentRenditionsSerializer(allow_null=True))
    def get_renditions(self, image: AbstractImage) -> dict[str, Any] | None:
        return describe_renditions(image)

    def get_detail_url(self, image: AbstractImage) -> str:
        return detail_url_of(self.context, image)


class SubjectSerializer(serializers.Serializer[Any]):
    """A link to something posts are sorted by."""

    id = serializers.UUIDField()
    slug = serializers.CharField()
    detail_url = serializers.SerializerMethodField()
    html_url = serializers.SerializerMethodField(help_text="null where it has no page of its own.")

    def get_detail_url(self, subject: Any) -> str:
        return detail_url_of(self.context, subject)

    def get_html_url(self, subject: Any) -> str | None:
        return html_url_of(self.context, subject)


class PostCategorySerializer(SubjectSerializer):
    name = serializers.CharField()


class PostAuthorSerializer(SubjectSerializer):
    name = serializers.CharField()
    role = serializers.CharField()


class PostSeriesSerializer(SubjectSerializer):
    title = serializers.CharField()


class PostSpeciesSerializer(serializers.Serializer[PlantSpecies]):
    id = serializers.UUIDField(help_text="As in the encyclopedia of `/api/v1/`.")
    scientific_name = serializers.CharField(source="canonical_name")
    common_name = serializers.SerializerMethodField()
    html_url = serializers.SerializerMethodField(help_text="null where it has no page of its own.")
    encyclopedia_url = serializers.SerializerMethodField()

    def get_common_name(self, species: PlantSpecies) -> str | None:
        return species.common_name(ENGLISH)

    def get_html_url(self, species: PlantSpecies) -> str | None:
        return html_url_of(self.context, species)

    def get_encyclopedia_url(self, species: PlantSpecies) -> str:
        return link_to(LINKED_SPECIES, species.pk)


def html_url_of(context: Mapping[str, Any], thing: Any) -> str | None:
    if isinstance(thing, BlogSeries):
        return _address_of_series(context, thing)
    page = page_of(thing)
    return page.get_full_url(context["request"]) if page else None


def _address_of_series(context: Mapping[str, Any], series: BlogSeries) -> str | None:
    """Its list is a part of the blog. The blog is looked up once for an answer."""
    view = context["view"]
    if not hasattr(view, "blog"):
        view.blog = BlogIndexPage.objects.live().public().order_by("path").first()
    is_empty = getattr(series, "post_count", 1) == 0  # a post that names it is one
    address = view.blog.get_full_url(context["request"]) if view.blog and not is_empty else None
    return f"{address}{view.blog.reverse_subpage('series', args=[series.slug])}" if address else None


def detail_url_of(
    context: Mapping[str, Any], thing: AbstractImage | BlogAuthor | BlogCategory | BlogSeries
) -> str:
    return str(get_object_detail_url(context["router"], context["request"], type(thing), thing.pk))
