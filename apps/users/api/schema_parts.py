"""What several descriptions of signing in are made of."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from apps.core.api.problems import PROBLEM_CONTENT_TYPE
from apps.core.api.schema import ProblemSerializer
from apps.users.constants import ACCESS_COOKIE, DEVICE_COOKIE, DEVICE_HEADER, REFRESH_COOKIE

TAGS = ["auth"]

TOO_MANY = "Too many attempts from this network address or for this account."
WRONG = "`authentication_failed`: the account or the password is not right."
NOT_CONFIRMED = "`email_not_verified`: the password is right, the address must be confirmed first."
REFUSED = "`authentication_failed`: bad, expired, used up or withdrawn."
SIGN_IN_COOKIES = (
    f"`{ACCESS_COOKIE}` and `{REFRESH_COOKIE}`: HttpOnly, Secure, SameSite=Lax, the latter for `/api/` only. "
    f"`{DEVICE_COOKIE}` with a sign-in: strangers' failures do not keep this browser out."
)


class SignInProblemSerializer(ProblemSerializer):
    """With `second_factor_required` it says how to go on."""

    ticket = serializers.CharField(required=False, help_text="For `auth/mfa/verify/`, together with a code.")
    expires_in_s = serializers.IntegerField(required=False)


def problems(**descriptions: str) -> dict[tuple[int, str], OpenApiResponse]:
    """`s429="When."`: what the schema cannot see in the view."""
    return {
        (int(status.removeprefix("s")), PROBLEM_CONTENT_TYPE): OpenApiResponse(ProblemSerializer, description)
        for status, description in descriptions.items()
    }


STEP_LEFT: dict[tuple[int, str], OpenApiResponse] = {
    (403, PROBLEM_CONTENT_TYPE): OpenApiResponse(
        SignInProblemSerializer,
        f"`second_factor_required`: the password is right, and a code is left to give. Or {NOT_CONFIRMED} "
        "Or `csrf_failed`, with cookies.",
    )
}


def csrf_header(*, required: bool) -> OpenApiParameter:
    return OpenApiParameter(
        "X-CSRFToken",
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        required=required,
        description="From `auth/csrf/`." if required else "From `auth/csrf/`; needed where cookies are sent.",
    )


def set_cookie(description: str, *statuses: int) -> OpenApiParameter:
    return OpenApiParameter(
        "Set-Cookie",
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        response=[str(status) for status in statuses],
        description=description,
    )


def device_headers(*statuses: int) -> list[OpenApiParameter]:
    """In the request, and in the answers with these statuses."""
    return [
        OpenApiParameter(
            DEVICE_HEADER,
            OpenApiTypes.STR,
            OpenApiParameter.HEADER,
            description="What the last sign-in on this device answered in the header of the same name.",
        ),
        OpenApiParameter(
            DEVICE_HEADER,
            OpenApiTypes.STR,
            OpenApiParameter.HEADER,
            response=[str(status) for status in statuses],
            description="Keep it, and send it along when signing in again: strangers' failures do not keep "
            "this device out.",
        ),
    ]
