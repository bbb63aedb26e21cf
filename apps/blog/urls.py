"""What feed readers and search engines ask for."""

from django.urls import re_path

from apps.blog.feeds import AuthorFeed, CategoryFeed, PostsFeed

app_name = "feeds"

_KIND = r"(?P<kind>rss|atom)"
_SLUG = r"(?P<slug>[\w-]+)"
urlpatterns = [
    re_path(rf"^posts\.{_KIND}$", PostsFeed(), name="posts"),
    re_path(rf"^categories/{_SLUG}\.{_KIND}$", CategoryFeed(), name="category"),
    re_path(rf"^authors/{_SLUG}\.{_KIND}$", AuthorFeed(), name="author"),
]
