"""What readers said below a post, for its public page."""

from django import template
from django.contrib.auth.models import AnonymousUser

from apps.blog.constants import COMMENTS_ON_PAGE
from apps.blog.models import BlogPostPage, PostComment
from apps.blog.selectors import list_comments

register = template.Library()


@register.simple_tag
def comments_below(post: BlogPostPage) -> list[PostComment]:
    """As somebody sees them who is not signed in: whoever asks, the page is the same."""
    return list(list_comments(AnonymousUser(), post.pk)[:COMMENTS_ON_PAGE]) if post.pk else []
