"""What the description of the API says about signing in."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, PolymorphicProxySerializer

from apps.users.api.schema_parts import (
    REFUSED,
    SIGN_IN_COOKIES,
    STEP_LEFT,
    TAGS,
    TOO_MANY,
    WRONG,
    csrf_header,
    device_headers,
    problems,
    set_cookie,
)
from apps.users.api.serializers import (
    ConfirmEmailRequestSerializer,
    CsrfTokenSerializer,
    EmailVerifiedSerializer,
    NoticeSerializer,
    ProfileRequestSerializer,
    RefreshRequestSerializer,
    RegisterRequestSerializer,
    ResendRequestSerializer,
    SignedInSerializer,
    SignInRequestSerializer,
    TokenPairSerializer,
    TokenRequestSerializer,
    UserSerializer,
)
from apps.users.constants import ACCESS_COOKIE


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "apps.users.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class CookieScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "apps.users.authentication.CookieAuthentication"
    name = "cookie"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": ACCESS_COOKIE,
            "description": "Unsafe methods also need `X-CSRFToken`; see `auth/csrf/`.",
        }


class CookiesNeedCsrfScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Signs nobody in, so there is no scheme: the `X-CSRFToken` header is described as a parameter."""

    target_class = "apps.users.authentication.CookiesNeedCsrf"
    name: str | list[str] = []

    def get_security_requirement(self, auto_schema: AutoSchema) -> Any:
        return None

    def get_security_definition(self, auto_schema: AutoSchema) -> Any:
        return []


class SignInNeedsCsrfScheme(CookiesNeedCsrfScheme):  # type: ignore[no-untyped-call]
    target_class = "apps.users.authentication.SignInNeedsCsrf"
    match_subclasses = True


CSRF: dict[str, Any] = {
    "tags": TAGS,
    "parameters": [set_cookie("`csrftoken`", 200)],
    "responses": CsrfTokenSerializer,
}
REGISTER: dict[str, Any] = {
    "tags": TAGS,
    "description": "The answer is 202 where an address must be confirmed before signing in, whether or not "
    "it is known, and 201 with the sign-in cookies where that may wait.",
    "parameters": [csrf_header(required=False), set_cookie(SIGN_IN_COOKIES, 201)],
    "request": RegisterRequestSerializer,
    "responses": {
        201: OpenApiResponse(SignedInSerializer, "The account is made, and signed in."),
        202: OpenApiResponse(NoticeSerializer, "A mail says how to go on."),
        **problems(s429=TOO_MANY),
    },
}
LOGIN: dict[str, Any] = {
    "tags": TAGS,
    "parameters": [csrf_header(required=True), set_cookie(SIGN_IN_COOKIES, 200)],
    "request": SignInRequestSerializer,
    "responses": {
        200: SignedInSerializer,
        **problems(s401=WRONG, s429=TOO_MANY),
        **STEP_LEFT,
    },
}
LOGOUT: dict[str, Any] = {
    "tags": TAGS,
    "parameters": [csrf_header(required=False), set_cookie("Both cookies, emptied.", 204)],
    "request": RefreshRequestSerializer,
    "responses": {204: OpenApiResponse(description="Signed out.")},
}
USER: dict[str, Any] = {"tags": TAGS, "responses": UserSerializer}
USER_UPDATE: dict[str, Any] = {
    "tags": TAGS,
    "parameters": [csrf_header(required=False)],
    "request": ProfileRequestSerializer,
    "responses": UserSerializer,
}
TOKEN: dict[str, Any] = {
    "tags": TAGS,
    "description": "For clients without cookies.",
    "parameters": device_headers(200),
    "request": SignInRequestSerializer,
    "responses": {200: TokenPairSerializer, **problems(s401=WRONG, s429=TOO_MANY), **STEP_LEFT},
}
TOKEN_REFRESH: dict[str, Any] = {
    "tags": TAGS,
    "description": "A refresh token works once. Sent again it ends the whole sign-in, except once within "
    "60 s from the same client, whose reply may have been lost. Without a token in the body the cookie is "
    "used, and the new tokens go into cookies.",
    "parameters": [
        csrf_header(required=False),
        set_cookie(f"{SIGN_IN_COOKIES} Emptied with 401.", 200, 401),
    ],
    "request": RefreshRequestSerializer,
    "responses": {
        200: PolymorphicProxySerializer(
            component_name="Refreshed",
            serializers=[TokenPairSerializer, SignedInSerializer],
            resource_type_field_name=None,
        ),
        **problems(s401=REFUSED, s403="`csrf_failed`: the cookie came without the CSRF token."),
    },
}
TOKEN_VERIFY: dict[str, Any] = {
    "tags": TAGS,
    "request": TokenRequestSerializer,
    "responses": {
        200: OpenApiResponse(OpenApiTypes.OBJECT, "The token works: an empty object."),
        **problems(s401=REFUSED),
    },
}
EMAIL_VERIFY: dict[str, Any] = {
    "tags": TAGS,
    "description": "400 `link_invalid` or `link_expired` for a key that is no good.",
    "request": ConfirmEmailRequestSerializer,
    "responses": EmailVerifiedSerializer,
}
EMAIL_RESEND: dict[str, Any] = {
    "tags": TAGS,
    "request": ResendRequestSerializer,
    "responses": {202: NoticeSerializer, **problems(s429=TOO_MANY)},
}
