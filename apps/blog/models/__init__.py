from apps.blog.models.pages import BlogIndexPage, BlogPostPage

__all__ = ["BlogIndexPage", "BlogPostPage"]
