"""`path("api/v2/", api_router.urls)` in the composition root serves all of it."""

from wagtail.api.v2.router import WagtailAPIRouter

from apps.blog.api.views import (
    BlogPostsViewSet,
    PublicDocumentsViewSet,
    PublicImagesViewSet,
    PublicPagesViewSet,
)

api_router = WagtailAPIRouter("wagtailapi")
# The first endpoint that fits a page is the one its address is made from: the special before the general.
api_router.register_endpoint("blog-posts", BlogPostsViewSet)
api_router.register_endpoint("pages", PublicPagesViewSet)
api_router.register_endpoint("images", PublicImagesViewSet)
api_router.register_endpoint("documents", PublicDocumentsViewSet)
