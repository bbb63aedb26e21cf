"""A small API with every kind of failure, mounted as the real one is."""

from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_protect
from rest_framework import exceptions, serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from apps.core.codes import ErrorCode
from apps.core.exceptions import DomainError, FieldError

SECRET = "the-database-password-is-hunter2"


class LeafSerializer(serializers.Serializer):
    width = serializers.FloatField()


class PlantSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=10)
    leaves = LeafSerializer(many=True, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["name"] == "weed":
            raise serializers.ValidationError("No weeds, please.", code="weed")
        return attrs


class OpenView(APIView):
    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]


class PlantView(OpenView):
    parser_classes = [JSONParser, MultiPartParser]
    serializer_class = PlantSerializer

    def get(self, request: Request) -> Response:
        links = {"self": reverse("toy:plants", request=request)}
        return Response({"name": "Monstera", "version": request.version, "links": links})

    def post(self, request: Request) -> Response:
        serializer = self.serializer_class(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(serializer.data, status=201)


class FailingView(OpenView):
    failure: Exception = Http404()

    def get(self, request: Request) -> Response:
        raise self.failure


class PrivateView(APIView):
    permission_classes = [IsAuthenticated]

    def get(self, request: Request) -> Response:
        return Response({})


class NamelessAuthentication(BaseAuthentication):
    """Names no scheme, for which DRF alone would answer 403."""

    def authenticate(self, request: Request) -> None:
        return None


class NamelessView(PrivateView):
    authentication_classes = [NamelessAuthentication]


class FullThrottle(BaseThrottle):
    def allow_request(self, request: Request, view: APIView) -> bool:
        return False

    def wait(self) -> float:
        return 41.2


class ThrottledView(OpenView):
    throttle_classes = [FullThrottle]

    def get(self, request: Request) -> Response:
        return Response({})


class TooOldCode(exceptions.PermissionDenied):
    pass


@csrf_protect
def plain_form(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def plain_failure(request: HttpRequest) -> HttpResponse:
    raise RuntimeError(SECRET)


def plain_forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


FAILURES: dict[str, Exception] = {
    "missing": Http404("No Plant matches the given query."),
    "forbidden": exceptions.PermissionDenied(),
    "django-forbidden": PermissionDenied(),
    "bug": RuntimeError(SECRET),
    "domain": DomainError(
        "The photo is 12 MB, and 10 MB is the limit",
        code=ErrorCode.IMAGE_TOO_LARGE,
        errors=[FieldError("image", "image_too_large", "At most 10 MB.")],
    ),
    "later": DomainError("Try again.", code=ErrorCode.BUSY, retry_after_s=1.2),
    "model": ModelValidationError({"name": ModelValidationError("Too rude.", code="rude")}),
    "too-big": RequestDataTooBig("Request body exceeded settings.DATA_UPLOAD_MAX_MEMORY_SIZE."),
    "bad": BadRequest("psst"),
    "database": OperationalError(f"connection failed: {SECRET}"),
    "own-code": TooOldCode("Too old.", code="client_too_old"),
    "teapot": type("Teapot", (exceptions.APIException,), {"status_code": 418})("I am a teapot"),
    "token": exceptions.AuthenticationFailed({"detail": "Token is expired", "messages": [{"a": "b"}]}),
}

toy_patterns = [
    path("plants/", PlantView.as_view(), name="plants"),
    path("private/", PrivateView.as_view(), name="private"),
    path("nameless/", NamelessView.as_view(), name="nameless"),
    path("throttled/", ThrottledView.as_view(), name="throttled"),
    path("form/", plain_form),
    path("plain-failure/", plain_failure),
    path("plain-forbidden/", plain_forbidden),
    *(
        path(f"fail/{name}/", FailingView.as_view(failure=failure), name=f"fail-{name}")
        for name, failure in FAILURES.items()
    ),
]


# --- What a third version costs: one serializer and one view that are not those of v1 -----------------------
class PlantV3Serializer(PlantSerializer):
    nickname = serializers.CharField(default="")


v3_patterns = [
    path("plants/", PlantView.as_view(serializer_class=PlantV3Serializer), name="plants"),
    *toy_patterns[1:],
]
# ------------------------------------------------------------------------------------------------------------

v1 = [path("toy/", include((toy_patterns, "toy")))]
v3 = [path("toy/", include((v3_patterns, "toy")))]

urlpatterns = [
    path("api/v1/", include((v1, "v1"))),
    path("api/v3/", include((v3, "v3"))),
    path("api/", include(v1)),
    path("page/", plain_form),
    path("page-failure/", plain_failure),
]

handler400 = "apps.core.api.error_pages.bad_request"
handler403 = "apps.core.api.error_pages.permission_denied"
handler404 = "apps.core.api.error_pages.page_not_found"
handler500 = "apps.core.api.error_pages.server_error"
