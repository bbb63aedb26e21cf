"""`path("api/v2/", api_router.urls)` in the composition root serves all of it."""

from apps.blog.api.posts import BlogPostsViewSet
from apps.blog.api.species import SpeciesPagesViewSet
from apps.blog.api.subjects import AuthorsViewSet, CategoriesViewSet, SeriesViewSet
from apps.blog.api.views import PublicDocumentsViewSet, PublicImagesViewSet, PublicPagesViewSet
from apps.core.api.wagtail import ContentRouter

api_router = ContentRouter("wagtailapi")
# The first endpoint that fits a page is the one its address is made from: the special before the general.
api_router.register_endpoint("blog-posts", BlogPostsViewSet)
api_router.register_endpoint("species", SpeciesPagesViewSet)
api_router.register_endpoint("categories", CategoriesViewSet)
api_router.register_endpoint("series", SeriesViewSet)
api_router.register_endpoint("authors", AuthorsViewSet)
api_router.register_endpoint("pages", PublicPagesViewSet)
api_router.register_endpoint("images", PublicImagesViewSet)
api_router.register_endpoint("documents", PublicDocumentsViewSet)
