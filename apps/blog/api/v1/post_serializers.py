"""The public shape of posts, and of what they are sorted by."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.blog.api.serializers import BodyField
from apps.blog.blocks.pictures import rendition_of
from apps.blog.constants import CARD_RENDITION
from apps.blog.models import BlogPostPage, BlogSeries
from apps.blog.selectors import is_open_to_comments, list_posts_of_series


class PostLabelSerializer(serializers.Serializer[Any]):
    slug = serializers.CharField(help_text="What the lists are narrowed by.")
    name = serializers.CharField()


class PostPlaceSerializer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    title = serializers.CharField()
    position = serializers.IntegerField(allow_null=True, help_text="The lowest is read first.")


class PostPictureSerializer(serializers.Serializer[Any]):
    url = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    alt_text = serializers.CharField(help_text="Empty where it only decorates.")


class PostLinksSerializer(serializers.Serializer[Any]):
    self = serializers.CharField()
    page = serializers.CharField(allow_null=True, help_text="For people.")
    comments = serializers.CharField()
    series = serializers.CharField(allow_null=True)


class PostEntrySerializer(serializers.Serializer[BlogPostPage]):
    id = serializers.IntegerField()
    slug = serializers.CharField()
    title = serializers.CharField()
    intro = serializers.CharField()
    date = serializers.DateField()
    reading_minutes = serializers.IntegerField()
    picture = serializers.SerializerMethodField(help_text="640 × 400, cut.")
    categories = PostLabelSerializer(many=True)
    authors = PostLabelSerializer(many=True)
    tags = serializers.SerializerMethodField()
    series = serializers.SerializerMethodField()
    species = serializers.SerializerMethodField(help_text="Of the encyclopedia: what the post is about.")
    takes_comments = serializers.SerializerMethodField(help_text="Whether one may comment now.")
    links = serializers.SerializerMethodField()
    updated_at = serializers.DateTimeField(source="last_published_at", allow_null=True)

    @extend_schema_field(PostPictureSerializer(allow_null=True))
    def get_picture(self, post: BlogPostPage) -> dict[str, Any] | None:
        image = post.featured_image
        drawn = rendition_of(image, CARD_RENDITION)
        if image is None or drawn is None:
            return None
        size = {"url": drawn.url, "width": drawn.width, "height": drawn.height}
        return {**size, "alt_text": image.description}

    @extend_schema_field(PostLabelSerializer(many=True))
    def get_tags(self, post: BlogPostPage) -> list[dict[str, str]]:
        return sorted(
            ({"slug": tag.slug, "name": tag.name} for tag in post.tags.all()), key=lambda tag: tag["name"]
        )

    @extend_schema_field(PostPlaceSerializer(allow_null=True))
    def get_series(self, post: BlogPostPage) -> dict[str, Any] | None:
        if post.series is None:
            return None
        return {"slug": post.series.slug, "title": post.series.title, "position": post.series_position}

    @extend_schema_field(serializers.ListField(child=serializers.UUIDField()))
    def get_species(self, post: BlogPostPage) -> list[str]:
        return sorted(str(species.pk) for species in post.species.all())

    def get_takes_comments(self, post: BlogPostPage) -> bool:
        return is_open_to_comments(post)

    @extend_schema_field(PostLinksSerializer)
    def get_links(self, post: BlogPostPage) -> dict[str, str | None]:
        series = reverse("v1:blog:series-detail", args=[post.series.slug]) if post.series else None
        return {
            "self": reverse("v1:blog:post-detail", args=[str(post.pk)]),
            "page": post.get_full_url(self.context["request"]),
            "comments": reverse("v1:blog:comment-list", args=[post.pk]),
            "series": series,
        }


class PostSerializer(PostEntrySerializer):
    body = BodyField()


class CategoryEntrySerializer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    post_count = serializers.IntegerField(help_text="Public ones.")


class SeriesEntrySerializer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    post_count = serializers.IntegerField(help_text="Public ones.")


class SeriesWithPostsSerializer(SeriesEntrySerializer):
    posts = serializers.SerializerMethodField(help_text="In the order they are to be read, 100 at most.")

    @extend_schema_field(PostEntrySerializer(many=True))
    def get_posts(self, series: BlogSeries) -> Any:
        return PostEntrySerializer(list_posts_of_series(series), many=True, context=self.context).data
