"""What other apps may use of the blog."""

from apps.blog.services.demo import DemoBlog, load_demo_blog

__all__ = ["DemoBlog", "load_demo_blog"]
