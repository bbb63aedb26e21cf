from apps.blog.models.directories import BlogAuthorPage, BlogCategoryPage, PlantSpeciesPage
from apps.blog.models.pages import BlogIndexPage, BlogPostPage, BlogPostTag
from apps.blog.models.snippets import BlogAuthor, BlogCategory, BlogSeries

__all__ = [
    "BlogAuthor",
    "BlogAuthorPage",
    "BlogCategory",
    "BlogCategoryPage",
    "BlogIndexPage",
    "BlogPostPage",
    "BlogPostTag",
    "BlogSeries",
    "PlantSpeciesPage",
]
