"""Drafts for the web app, to whoever shows the token of a preview."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.blog.api.router import api_router
from apps.blog.services.previews import read_preview
from apps.core.api.schema import ProblemAutoSchema
from apps.core.api.wagtail import ContentThrottle

TOKEN_HEADER = "X-Preview-Token"  # noqa: S105 - the name of a header
_DRAFT = {
    "type": "object",
    "required": ["id", "meta", "title"],
    "properties": {
        "id": {"type": ["integer", "null"], "description": "null for a page that was never saved."},
        "meta": {"type": "object", "additionalProperties": True},
        "title": {"type": "string"},
    },
    "additionalProperties": True,
}
_REFUSALS = {
    "400": "The token is not one of ours (`link_invalid`), or too old (`link_expired`).",
    "410": "The draft was published, deleted, or left alone for long.",
}


class PreviewAutoSchema(ProblemAutoSchema):
    def _problem_statuses(self, operation: dict[str, Any]) -> set[str]:
        for status, meaning in _REFUSALS.items():
            operation["responses"].setdefault(status, {"description": meaning})
        return super()._problem_statuses(operation) | _REFUSALS.keys()


class PreviewView(APIView):
    """A page as its editor sees it at this moment: what its own address will tell once it is published."""

    schema = PreviewAutoSchema()
    versioning_class = None
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (ContentThrottle,)
    renderer_classes = (JSONRenderer,)

    @extend_schema(
        operation_id="content_preview",
        tags=["content"],
        parameters=[
            OpenApiParameter(
                TOKEN_HEADER,
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                required=True,
                description="What follows `#token=` in the address the editor's browser was sent to.",
            )
        ],
        responses=OpenApiResponse(_DRAFT, "A post, a species, or another page, as at its own address."),
    )
    def get(self, request: Request) -> Response:
        page = read_preview(token=request.headers.get(TOKEN_HEADER, ""))
        _, endpoint = api_router.get_model_endpoint(type(page))
        view = endpoint(request=request, action="detail_view", kwargs={})
        build = endpoint._get_serializer_class  # noqa: SLF001 - there is no other way to ask it
        context = {
            "request": request,
            "view": view,
            "router": api_router,
            "base_queryset": view.get_base_queryset(),
        }
        told = build(api_router, type(page), [], show_details=True)(page, context=context).data
        return Response(told, headers={"Cache-Control": "no-store"})
