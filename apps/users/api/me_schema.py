"""What the description of the API says about the account as a whole."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from apps.users.api.me_serializers import (
    FILE,
    DeletionRequestSerializer,
    DeletionSerializer,
    ExportSerializer,
)
from apps.users.api.schema_parts import TAGS, TOO_MANY, csrf_header, problems, set_cookie

DELETE_ME: dict[str, Any] = {
    "tags": TAGS,
    "operation_id": "delete_account",
    "description": "Asks for the password again, or, of an account without one, for a recent sign-in. Every "
    "sign-in ends at once. The account is deleted 30 days later, unless somebody signs in to it before.",
    "parameters": [csrf_header(required=False), set_cookie("Both cookies, emptied.", 202)],
    "request": DeletionRequestSerializer,
    "responses": {
        202: DeletionSerializer,
        **problems(
            s400="`invalid`: the password is missing or wrong; `errors` names it.",
            s403="`permission_denied`: the account has rights to run the site, or has no password and signed "
            "in too long ago. Or `csrf_failed`.",
            s429=TOO_MANY,
        ),
    },
}
GET_EXPORT: dict[str, Any] = {
    "tags": TAGS,
    "operation_id": "get_export",
    "responses": {200: ExportSerializer, **problems(s404="There is none, or it has ended.")},
}
ASK_EXPORT: dict[str, Any] = {
    "tags": TAGS,
    "operation_id": "ask_for_export",
    "description": "Asked while one is being made, it tells of that one. A new one replaces an older file.",
    "parameters": [csrf_header(required=False)],
    "request": None,
    "responses": {202: ExportSerializer, **problems(s429="As many as one may ask for in a day.")},
}
GET_EXPORT_FILE: dict[str, Any] = {
    "tags": TAGS,
    "operation_id": "get_export_file",
    "parameters": [
        OpenApiParameter("expires", OpenApiTypes.STR, required=True, description="As the address has it."),
        OpenApiParameter("signature", OpenApiTypes.STR, required=True, description="As the address has it."),
    ],
    "responses": FILE,
}
