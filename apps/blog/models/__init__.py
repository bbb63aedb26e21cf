from apps.blog.models.comments import CommentReport, CommentState, PostComment, ReportReason
from apps.blog.models.directories import BlogAuthorPage, BlogCategoryPage, PlantSpeciesPage
from apps.blog.models.newsletter import (
    DeliveryState,
    NewsletterDelivery,
    NewsletterIssue,
    NewsletterSubscriber,
)
from apps.blog.models.pages import BlogIndexPage, BlogPostPage, BlogPostTag
from apps.blog.models.previews import PreviewDraft
from apps.blog.models.snippets import BlogAuthor, BlogCategory, BlogSeries
from apps.blog.models.views import PostViews, WrittenViews

__all__ = [
    "BlogAuthor",
    "BlogAuthorPage",
    "BlogCategory",
    "BlogCategoryPage",
    "BlogIndexPage",
    "BlogPostPage",
    "BlogPostTag",
    "BlogSeries",
    "CommentReport",
    "CommentState",
    "DeliveryState",
    "NewsletterDelivery",
    "NewsletterIssue",
    "NewsletterSubscriber",
    "PlantSpeciesPage",
    "PostComment",
    "PostViews",
    "PreviewDraft",
    "ReportReason",
    "WrittenViews",
]
