"""What posts are sorted by: subjects, series, and who wrote them."""

from django.conf import settings
from django.db import models
from wagtail.search import index

from apps.core.models import TimestampedModel

NAME_CHARS = 80
SUMMARY_CHARS = 300


class BlogCategory(index.Indexed, TimestampedModel):  # type: ignore[misc]
    name = models.CharField(max_length=NAME_CHARS, unique=True)
    slug = models.SlugField(max_length=NAME_CHARS, unique=True)
    description = models.CharField(max_length=SUMMARY_CHARS, blank=True)

    search_fields = [
        index.AutocompleteField("name"),
        index.SearchField("name"),
        index.SearchField("description"),
    ]

    class Meta:
        verbose_name = "category"
        verbose_name_plural = "categories"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class BlogSeries(index.Indexed, TimestampedModel):  # type: ignore[misc,django-manager-missing]
    """Posts that are meant to be read one after the other."""

    title = models.CharField(max_length=NAME_CHARS, unique=True)
    slug = models.SlugField(max_length=NAME_CHARS, unique=True)
    description = models.CharField(max_length=SUMMARY_CHARS, blank=True)

    search_fields = [
        index.AutocompleteField("title"),
        index.SearchField("title"),
        index.SearchField("description"),
    ]

    class Meta:
        verbose_name = "series"
        verbose_name_plural = "series"
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title


class BlogAuthor(index.Indexed, TimestampedModel):  # type: ignore[misc]
    """Who signs posts. Public, and written by editors; an account behind it is named nowhere."""

    name = models.CharField(max_length=NAME_CHARS)
    slug = models.SlugField(max_length=NAME_CHARS, unique=True)
    role = models.CharField(max_length=NAME_CHARS, blank=True, help_text="such as gardener or botanist")
    bio = models.TextField(max_length=1_000, blank=True)
    picture = models.ForeignKey(
        "wagtailimages.Image", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="blog_author",
        help_text="The account of this author, if there is one.",
    )

    search_fields = [index.AutocompleteField("name"), index.SearchField("name"), index.SearchField("bio")]

    class Meta:
        verbose_name = "author"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
