"""What the description of the API says about passwords, sign-ins and the second factor."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, PolymorphicProxySerializer

from apps.users.api.schema_parts import (
    NOT_CONFIRMED,
    REFUSED,
    SIGN_IN_COOKIES,
    TAGS,
    TOO_MANY,
    csrf_header,
    device_headers,
    problems,
    set_cookie,
)
from apps.users.api.security_serializers import (
    CodeRequestSerializer,
    CurrentPasswordRequestSerializer,
    OfferSerializer,
    PasswordChangeRequestSerializer,
    PasswordResetConfirmRequestSerializer,
    PasswordResetRequestSerializer,
    ProofRequestSerializer,
    RecoveryCodesSerializer,
    SecondFactorSerializer,
    SecondStepRequestSerializer,
)
from apps.users.api.serializers import NoticeSerializer, SignedInSerializer, TokenPairSerializer
from apps.users.constants import DEVICE_COOKIE

WRONG_CODE = "`authentication_failed`: the code is wrong or was used before."
NO_APP = "`conflict`: there is no authenticator app."

PASSWORD_RESET: dict[str, Any] = {
    "tags": TAGS,
    "request": PasswordResetRequestSerializer,
    "responses": {202: NoticeSerializer, **problems(s429=TOO_MANY)},
}
PASSWORD_RESET_CONFIRM: dict[str, Any] = {
    "tags": TAGS,
    "description": "400 `link_invalid` or `link_expired` for a key that is no good, `invalid` with the "
    "reasons for a password that is not taken. All sign-ins of the account end, and its address counts as "
    "confirmed.",
    "parameters": [set_cookie(f"`{DEVICE_COOKIE}`: strangers' failures do not keep this browser out.", 200)],
    "request": PasswordResetConfirmRequestSerializer,
    "responses": {200: NoticeSerializer},
}
PASSWORD_CHANGE: dict[str, Any] = {
    "tags": TAGS,
    "description": "All other sign-ins end. This one goes on with the tokens of the answer, in cookies for "
    "who sent cookies; those it had are good no more.",
    "parameters": [csrf_header(required=False), set_cookie(SIGN_IN_COOKIES, 200)],
    "request": PasswordChangeRequestSerializer,
    "responses": {
        200: PolymorphicProxySerializer(
            component_name="Renewed",
            serializers=[TokenPairSerializer, SignedInSerializer],
            resource_type_field_name=None,
        ),
        **problems(s429=TOO_MANY),
    },
}
SESSIONS_END: dict[str, Any] = {
    "tags": TAGS,
    "operation_id": "end_other_sessions",
    "parameters": [csrf_header(required=False)],
    "responses": {204: OpenApiResponse(description="Only this sign-in is left.")},
}
SESSION_END: dict[str, Any] = {
    "tags": TAGS,
    "operation_id": "end_session",
    "parameters": [csrf_header(required=False)],
    "responses": {204: OpenApiResponse(description="Its tokens stop working at once.")},
}
MFA: dict[str, Any] = {"tags": TAGS, "responses": SecondFactorSerializer}
TOTP: dict[str, Any] = {
    "tags": TAGS,
    "parameters": [csrf_header(required=False)],
    "request": CurrentPasswordRequestSerializer,
    "responses": {
        201: OfferSerializer,
        **problems(
            s403=NOT_CONFIRMED,
            s409="`conflict`: there is an authenticator app already.",
            s429=TOO_MANY,
        ),
    },
}
TOTP_CONFIRM: dict[str, Any] = {
    "tags": TAGS,
    "parameters": [csrf_header(required=False)],
    "request": CodeRequestSerializer,
    "responses": {
        200: RecoveryCodesSerializer,
        **problems(s401=WRONG_CODE, s409="`conflict`: nothing was offered, or too long ago.", s429=TOO_MANY),
    },
}
TOTP_REMOVE: dict[str, Any] = {
    "tags": TAGS,
    "parameters": [csrf_header(required=False)],
    "request": ProofRequestSerializer,
    "responses": {
        204: OpenApiResponse(description="Signing in takes no code any more."),
        **problems(s401=WRONG_CODE, s409=NO_APP, s429=TOO_MANY),
    },
}
RECOVERY_CODES: dict[str, Any] = {
    "tags": TAGS,
    "parameters": [csrf_header(required=False)],
    "request": ProofRequestSerializer,
    "responses": {
        200: RecoveryCodesSerializer,
        **problems(s401=WRONG_CODE, s409=NO_APP, s429=TOO_MANY),
    },
}
MFA_VERIFY: dict[str, Any] = {
    "tags": TAGS,
    "description": "Signs in as the first step would have: with cookies after `auth/login/`, which takes the "
    "CSRF token here, too, and with tokens in the body after `auth/token/`.",
    "parameters": [csrf_header(required=False), set_cookie(SIGN_IN_COOKIES, 200), *device_headers(200)],
    "request": SecondStepRequestSerializer,
    "responses": {
        200: PolymorphicProxySerializer(
            component_name="SignedInAfterSecondStep",
            serializers=[TokenPairSerializer, SignedInSerializer],
            resource_type_field_name=None,
        ),
        **problems(s401=f"{WRONG_CODE} Or {REFUSED}", s429=TOO_MANY),
    },
}
