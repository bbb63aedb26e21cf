"""For pages and apps, which say by themselves that a post was opened."""

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.blog.api.v1.limits import ViewThrottle
from apps.blog.exceptions import NothingThere
from apps.blog.models import BlogPostPage
from apps.blog.services.views import count_view, is_machine
from apps.core.api.addresses import client_address


class PostViewsView(APIView):
    """A post was opened. Nothing is kept about whom by; the same visitor is counted once in half an hour."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (ViewThrottle,)
    repeatable = "the same visitor of the same post is counted once in half an hour"

    @extend_schema(
        operation_id="count_post_view",
        request=None,
        responses={204: OpenApiResponse(description="Heard; whether it counts is not said.")},
    )
    def post(self, request: Request, post_id: int) -> Response:
        if not BlogPostPage.objects.live().public().filter(pk=post_id).exists():
            raise NothingThere
        browser = request.headers.get("User-Agent", "")
        if not is_machine(browser):
            count_view(post_id=post_id, visitor=f"{client_address(request)}\n{browser}")
        return Response(status=204)
