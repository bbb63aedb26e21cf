"""The content API: what is published for everybody, for clients that draw their own pages."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils.http import http_date
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_200_OK
from wagtail.api.v2.utils import BadRequestError, get_object_detail_url
from wagtail.api.v2.views import PagesAPIViewSet
from wagtail.documents.api.v2.views import DocumentsAPIViewSet
from wagtail.images.api.v2.views import ImagesAPIViewSet
from wagtail.models import Site

from apps.blog.api.pagination import BoundedPagination
from apps.blog.api.serializers import PublicDocumentSerializer, PublicImageSerializer, PublicPageSerializer
from apps.blog.constants import CONTENT, RENDITIONS
from apps.core.api.kept_answers import told_for_a_while
from apps.core.api.wagtail import ContentApiMixin
from apps.core.kept_answers import unchanged_since
from apps.plant_identification.public import SPECIES_ANSWERS

_RELATED = ("locale", "alias_of")  # what a page tells about itself with `fields=*`
TOLD = (CONTENT, SPECIES_ANSWERS)  # what is told here: pages, and what they show of the encyclopedia


class PublicContentMixin(ContentApiMixin):
    """Reads of public content. A parameter that makes no sense is the client's mistake, never ours."""

    pagination_class = BoundedPagination
    _unchanged_since: int | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        for name, value in request.query_params.items():
            if "\x00" in name or "\x00" in value:  # no text in the database can hold one
                raise BadRequestError(_("null characters are not allowed"))
        self._unchanged_since = unchanged_since(*TOLD)  # before it is read: what changes meanwhile is later

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if self._unchanged_since and self.tells_when and response.status_code == HTTP_200_OK:
            response["Last-Modified"] = http_date(self._unchanged_since)
        return super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]

    def filter_queryset(self, queryset: Any) -> Any:
        try:
            return super().filter_queryset(queryset)  # type: ignore[misc]
        except (ValidationError, ValueError, TypeError) as exc:
            raise BadRequestError(_("a filter's value does not fit its field")) from exc

    def get_object(self) -> Any:
        try:
            return super().get_object()  # type: ignore[misc]
        except OverflowError as exc:
            raise Http404 from exc

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, OverflowError):  # SQLite's word for a number that no row can have
            exc = BadRequestError(_("a number is too large"))
        return super().handle_exception(exc)

    @told_for_a_while(*TOLD)
    def listing_view(self, request: Request) -> Response:
        return super().listing_view(request)  # type: ignore[misc,no-any-return]

    @told_for_a_while(*TOLD)
    def detail_view(self, request: Request, pk: Any) -> Response:
        return super().detail_view(request, pk)  # type: ignore[misc,no-any-return]

    def find_object(self, queryset: Any, request: Request) -> Any:
        number = request.GET.get("id")
        if number is not None and not number.isdecimal():
            raise BadRequestError(_("id must be a positive integer"))
        return super().find_object(queryset, request)  # type: ignore[misc]

    def address_of(self, model: Any, pk: Any) -> str:
        return str(get_object_detail_url(self.router, self.request, model, pk))  # type: ignore[attr-defined]


class PublicPagesViewSet(PublicContentMixin, PagesAPIViewSet):  # type: ignore[misc]
    """All pages, with what every page has. Posts and species tell more at addresses of their own."""

    base_serializer_class = PublicPageSerializer
    meta_fields = [*PagesAPIViewSet.meta_fields, "last_published_at"]
    told_as = "ContentPage"
    tells_more = True
    _base_queryset: Any = None

    def get_base_queryset(self) -> Any:
        """Private pages stay out for everybody: an answer here may be kept by caches that know no reader.

        Asked several times per request, and costs queries for sites and restrictions: built once.
        """
        if self._base_queryset is None:
            try:
                self._base_queryset = super().get_base_queryset().public()
            except Site.DoesNotExist as exc:
                raise Http404 from exc
            except ValueError as exc:
                raise BadRequestError(_("site must be a host name, or a host name and a port")) from exc
        return self._base_queryset

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related(*_RELATED)


class PublicImagesViewSet(PublicContentMixin, ImagesAPIViewSet):  # type: ignore[misc]
    base_serializer_class = PublicImageSerializer
    body_fields = [*ImagesAPIViewSet.body_fields, "description", "focal_point", "renditions"]
    told_as = "ContentImage"

    def get_queryset(self) -> Any:
        images = super().get_queryset().prefetch_related("tags")
        return images.prefetch_renditions(*RENDITIONS.values())


class PublicDocumentsViewSet(PublicContentMixin, DocumentsAPIViewSet):  # type: ignore[misc]
    base_serializer_class = PublicDocumentSerializer
    told_as = "ContentDocument"

    def get_queryset(self) -> Any:
        return super().get_queryset().prefetch_related("tags")
