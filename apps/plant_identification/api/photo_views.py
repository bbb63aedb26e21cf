from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.plant_identification.api.record_serializers import PhotosSerializer
from apps.plant_identification.exceptions import RecordNotFound
from apps.plant_identification.selectors import get_request
from apps.plant_identification.services.photo_addresses import address_photos, find_photo, read_photo
from apps.users.public import KeyAccess

JPEG = "image/jpeg"


class PhotosView(APIView):
    """The photos of one identification, upright and without metadata, each at an address that ends soon.

    Ask again for new addresses. A record whose photos could not be kept has none.
    """

    api_key_access = KeyAccess()
    permission_classes = [AllowAny]  # whoever may see the record: its owner

    @extend_schema(operation_id="get_photos", responses=PhotosSerializer)
    def get(self, request: Request, request_id: UUID) -> Response:
        record = get_request(request.user, request_id)
        if record is None:
            raise RecordNotFound
        photos = {"photos": address_photos(record)}
        document = PhotosSerializer(photos, context={"request": request}).data
        # Addresses that have ended are of no use to anybody.
        return Response(document, headers={"Cache-Control": "private, no-store"})


class PhotoFileView(APIView):
    """One photo, for whoever has its address: an `<img>` sends neither headers nor cookies of ours.

    An address that is wrong, has ended, or whose record is deleted leads nowhere.
    """

    authentication_classes = []
    permission_classes = [AllowAny]

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: FBT001, FBT002
        # Browsers ask for pictures; only what goes wrong is rendered, as a problem document.
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(
        operation_id="get_photo_file",
        responses={(200, JPEG): OpenApiTypes.BINARY},
        parameters=[
            OpenApiParameter("expires", str, required=True, description="As the address has it."),
            OpenApiParameter("signature", str, required=True, description="As the address has it."),
        ],
    )
    def get(self, request: Request, request_id: UUID, position: int) -> HttpResponseBase:
        asked = {name: request.query_params.get(name, "") for name in ("expires", "signature")}
        photo = find_photo(request_id=request_id, position=position, **asked)
        response = HttpResponse(
            content_type=JPEG,
            headers={
                "Cache-Control": f"private, max-age={photo.expires_in_s}",
                "Content-Disposition": f'inline; filename="photo-{position}.jpg"',
                "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
                # Shown on the pages of our web client, whichever origin they have.
                "Cross-Origin-Resource-Policy": "cross-origin",
                "ETag": photo.etag,
                "X-Content-Type-Options": "nosniff",
            },
        )
        unchanged = get_conditional_response(request, etag=photo.etag, response=response)
        if unchanged is not None and unchanged is not response:
            return unchanged
        response.content = read_photo(photo)
        return response
