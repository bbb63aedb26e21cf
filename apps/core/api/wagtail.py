"""What Wagtail's content API needs to live beside the REST API.

    class BlogPostsViewSet(ContentApiMixin, PagesAPIViewSet): ...

It has a version of its own in its address and none of the REST API's defaults: its content is
public, so nobody has to sign in and no cookie is looked at.
"""

from typing import Any, ClassVar

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from wagtail.api.v2.router import WagtailAPIRouter
from wagtail.api.v2.utils import BadRequestError

from apps.core.api.schema import ProblemAutoSchema
from apps.core.api.throttling import AddressThrottle

_TOTAL: dict[str, Any] = {
    "type": "object",
    "required": ["total_count"],
    "properties": {"total_count": {"type": "integer"}},
}
_NUMBERS = {"limit", "offset", "id"}
_MEANINGS = {
    "limit": "How many at most.",
    "offset": "How many to leave out before.",
    "fields": "Which fields to tell, by commas: further ones, `-` before what to leave out, `*` for all, "
    "`_` for none but those named after it.",
    "order": "A field; `-` before it for the other way round; `random`.",
    "search": "Words that have to be in it.",
    "search_operator": "`and` (all of the words) or `or`.",
    "html_path": "The path of its page on this site.",
}
_EVERYTHING = [("*", False, None)]


class ContentThrottle(AddressThrottle):
    group = "content"
    period_s = 60
    setting = "CONTENT_RATE"


class ContentRouter(WagtailAPIRouter):  # type: ignore[misc]
    def register_endpoint(self, name: str, class_: Any) -> None:
        class_.router = self
        super().register_endpoint(name, class_)


class ContentAutoSchema(ProblemAutoSchema):
    """Wagtail builds its serializers for each request: here they are asked for all they could tell."""

    view: Any  # its viewsets have an action and parameters of their own

    def get_operation_id(self) -> str:
        endpoint, _, rest = self.path.removeprefix("/api/v2/").replace("-", "_").strip("/").partition("/")
        action = self.view.action.removesuffix("_view") if rest in {"", "{id}", "find"} else rest
        return f"content_{endpoint}_{action}"

    def get_tags(self) -> list[str]:
        return ["content"]

    def get_request_serializer(self) -> Any:
        return None

    def get_response_serializers(self) -> Any:
        match self.view.action:
            case "find_view":
                return {302: OpenApiResponse(description="`Location` is its address.")}
            case "detail_view":
                return {200: OpenApiResponse(self._told(in_full=True), "One of them.")}
        items = {"type": "array", "items": self._told(in_full=False)}
        listing = {
            "type": "object",
            "required": ["meta", "items"],
            "properties": {"meta": _TOTAL, "items": items},
        }
        return {200: OpenApiResponse(listing, "What is published, page by page.")}

    def get_override_parameters(self) -> list[Any]:
        if self.view.action == "detail_view":
            return [
                OpenApiParameter("id", self.view.key_type, OpenApiParameter.PATH),
                OpenApiParameter("fields", description=_MEANINGS["fields"]),
            ]
        is_find = self.view.action == "find_view"
        names = self.view.find_query_parameters if is_find else self.view.known_query_parameters
        names -= {"_", "format"}
        return [self._parameter(name) for name in sorted(names)]

    def _parameter(self, name: str) -> OpenApiParameter:
        described: OpenApiParameter | None = self.view.described_parameters.get(name)
        if described is not None:
            return described
        is_number = name in _NUMBERS and (name != "id" or self.view.key_type is OpenApiTypes.INT)
        kind = OpenApiTypes.INT if is_number else OpenApiTypes.STR
        return OpenApiParameter(name, kind, description=_MEANINGS.get(name, ""))

    def _told(self, *, in_full: bool) -> dict[str, Any]:
        """A component of the description: what is always told, and what `fields` can ask for besides."""
        name = f"{self.view.told_as}{'' if in_full else 'Summary'}"
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            name, ResolvedComponent.SCHEMA, object=name
        )
        if component not in self.registry:
            self.registry.register(component)
            component.schema = self._shape(in_full=in_full)
        return component.ref

    def _shape(self, *, in_full: bool) -> dict[str, Any]:
        view, model = self.view, self.view.model
        build = view._get_serializer_class  # noqa: SLF001 - there is no other way to ask it
        possible = build(view.router, model, _EVERYTHING, show_details=in_full)
        usual = build(view.router, model, [], show_details=in_full)
        shapes = self._map_serializer(possible(), "response")["properties"]  # type: ignore[no-untyped-call]
        is_meta, is_usual = set(possible.meta_fields), set(usual.Meta.fields) - view.not_always_told
        meta = _object({name: part for name, part in shapes.items() if name in is_meta}, is_usual)
        rest = {name: part for name, part in shapes.items() if name not in is_meta}
        shape = _object({**rest, "meta": meta}, is_usual | {"meta"})
        return shape | ({"additionalProperties": True} if view.tells_more else {})

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*args, **kwargs)
        if operation is not None and self.view.tells_when and "200" in operation["responses"]:
            headers = operation["responses"]["200"].setdefault("headers", {})
            headers["Last-Modified"] = {"$ref": "#/components/headers/Sometimes-Last-Modified"}
        return operation

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

    router: ClassVar[WagtailAPIRouter]  # the one it is registered with
    told_as: ClassVar[str]  # in the description of the API
    tells_more: ClassVar[bool] = False  # each page its own, by its type
    tells_when: ClassVar[bool] = True  # it was last changed
    key_type: ClassVar[OpenApiTypes] = OpenApiTypes.INT
    not_always_told: ClassVar[frozenset[str]] = frozenset()
    described_parameters: ClassVar[dict[str, OpenApiParameter]] = {}

    def handle_exception(self, exc: Exception) -> Response:
        """Problem documents instead of Wagtail's `{"message": …}`."""
        if isinstance(exc, Http404):
            exc = NotFound(_("There is no such content."))
        elif isinstance(exc, BadRequestError):
            exc = ParseError(str(exc))
        response: Response = super().handle_exception(exc)  # type: ignore[misc]
        return response


def _object(properties: dict[str, Any], usual: set[str]) -> dict[str, Any]:
    required = [name for name in properties if name in usual]
    shape: dict[str, Any] = {"type": "object", "properties": properties}
    return shape | ({"required": required} if required else {})
