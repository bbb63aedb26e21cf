"""What Wagtail's content API needs to live beside the REST API.

    class BlogPostsViewSet(ContentApiMixin, PagesAPIViewSet): ...

It has a version of its own in its address and none of the REST API's defaults: its content is
public, so nobody has to sign in and no cookie is looked at.
"""

from typing import Any

from django.conf import settings
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from wagtail.api.v2.utils import BadRequestError

from apps.core.api.schema import ProblemAutoSchema
from apps.core.api.throttling import AddressThrottle

# Nothing in it is required: `fields=_,title` leaves out even these two.
_ITEM: dict[str, Any] = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "meta": {"type": "object", "additionalProperties": True}},
    "additionalProperties": True,
}
_LISTING: dict[str, Any] = {
    "type": "object",
    "required": ["meta", "items"],
    "properties": {
        "meta": {
            "type": "object",
            "required": ["total_count"],
            "properties": {"total_count": {"type": "integer"}},
        },
        "items": {"type": "array", "items": _ITEM},
    },
}
_NUMBERS = {"limit": OpenApiTypes.INT, "offset": OpenApiTypes.INT, "id": OpenApiTypes.INT}


class ContentThrottle(AddressThrottle):
    group = "content"
    period_s = 60

    def limit(self) -> int:
        return int(settings.CONTENT_RATE)


class ContentAutoSchema(ProblemAutoSchema):
    """Wagtail builds its serializers for each request, so what is certain is said here: the envelope."""

    view: Any  # its viewsets have an action and parameters of their own

    def get_operation_id(self) -> str:
        endpoint = self.path.removeprefix("/api/v2/").partition("/")[0].replace("-", "_")
        return f"content_{endpoint}_{self.view.action.removesuffix('_view')}"

    def get_tags(self) -> list[str]:
        return ["content"]

    def get_request_serializer(self) -> Any:
        return None

    def get_response_serializers(self) -> Any:
        match self.view.action:
            case "listing_view":
                return {200: OpenApiResponse(_LISTING, "What is published, page by page.")}
            case "detail_view":
                return {200: OpenApiResponse(_ITEM, "One of them.")}
        return {302: OpenApiResponse(description="`Location` is its address.")}

    def get_override_parameters(self) -> list[Any]:
        if self.view.action == "detail_view":
            return [
                OpenApiParameter("id", OpenApiTypes.INT, OpenApiParameter.PATH),
                OpenApiParameter("fields", description="Which fields to tell, by commas; `*` for all."),
            ]
        names = self.view.known_query_parameters - {"_", "format"}
        if self.view.action == "find_view":
            names = self.view.find_query_parameters
        return [
            OpenApiParameter(name, _NUMBERS.get(name, OpenApiTypes.STR), required=False)
            for name in sorted(names)
        ]

    def _problem_statuses(self, operation: dict[str, Any]) -> set[str]:
        return super()._problem_statuses(operation) | {"404"}  # also a site or a locale that is not there

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False  # its envelope is Wagtail's own


class ContentApiMixin:
    """To stand before one of Wagtail's viewsets."""

    schema = ContentAutoSchema()
    versioning_class = None
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (ContentThrottle,)
    renderer_classes = (JSONRenderer,)

    def handle_exception(self, exc: Exception) -> Response:
        """Problem documents instead of Wagtail's `{"message": …}`."""
        if isinstance(exc, Http404):
            exc = NotFound(_("There is no such content."))
        elif isinstance(exc, BadRequestError):
            exc = ParseError(str(exc))
        response: Response = super().handle_exception(exc)  # type: ignore[misc]
        return response
