"""Signing in with Google: to Google and back, and the answer for the client that began it."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiResponse, PolymorphicProxySerializer, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.throttling import AddressThrottle
from apps.users.api.answers import answer_sign_in
from apps.users.api.clients import client_of
from apps.users.api.cookies import clear_oauth_cookie, set_oauth_cookie
from apps.users.api.schema_parts import (
    SIGN_IN_COOKIES,
    STEP_LEFT,
    TAGS,
    csrf_header,
    device_headers,
    problems,
    set_cookie,
)
from apps.users.api.serializers import SignedInSerializer, TokenPairSerializer
from apps.users.api.views import AuthView
from apps.users.authentication import require_csrf_token
from apps.users.constants import OAUTH_COOKIE, OAUTH_PERIOD_S
from apps.users.services.google import (
    begin_google_sign_in,
    finish_google_sign_in,
    is_google_configured,
    receive_google_answer,
)

PLAIN_ADDRESS = re.compile(r"[!-\[\]-~]+")  # printable ASCII without the backslash, which browsers take for /
CHALLENGE = r"^[A-Za-z0-9_-]{43}\Z"
VERIFIER = r"^[A-Za-z0-9._~-]{43,128}\Z"
COOKIES = f"{SIGN_IN_COOKIES} And `oauth_attempt`, emptied."
GONE_THERE = "The browser's way to Google."
GONE_BACK = "The way back, with `code` or `error`, and with `state` if an app gave one."
REFUSED = "`oauth_refused`: not begun here, begun too long ago, or done before."
UNAVAILABLE = "`identity_provider_unavailable`: Google does not answer."
NOT_LINKED = "Or `account_not_linked`: the e-mail address belongs to an account this cannot open."


class OAuthThrottle(AddressThrottle):
    group = "oauth"
    period_s = OAUTH_PERIOD_S
    setting = "OAUTH_RATE"


class GoogleLoginSerializer(serializers.Serializer[Any]):
    return_to = serializers.CharField(
        max_length=2_000,
        required=False,
        help_text="On the web: the page to come back to, of this site (a path) or of an allowed web app.",
    )
    redirect_uri = serializers.CharField(
        max_length=2_000,
        required=False,
        help_text="In an app: its own address, as registered with this server.",
    )
    code_challenge = serializers.RegexField(
        CHALLENGE, required=False, help_text="In an app: PKCE, the SHA-256 of its `code_verifier`."
    )
    code_challenge_method = serializers.ChoiceField(choices=["S256"], required=False)
    state = serializers.CharField(
        max_length=200, required=False, help_text="In an app: comes back unchanged."
    )

    def validate_return_to(self, address: str) -> str:
        if not _is_own_page(address):
            raise serializers.ValidationError(_("This is no page of ours."))
        return address

    def validate_redirect_uri(self, address: str) -> str:
        if address not in settings.OAUTH_APP_REDIRECT_URIS:
            raise serializers.ValidationError(_("No app is registered with this address."))
        return address

    def validate(self, attrs: dict[str, str]) -> dict[str, str]:
        if ("return_to" in attrs) == ("redirect_uri" in attrs):
            raise serializers.ValidationError(_("Name `return_to` on the web, `redirect_uri` in an app."))
        if "redirect_uri" in attrs and "code_challenge" not in attrs:
            raise serializers.ValidationError({"code_challenge": _("An app needs PKCE.")}, code="required")
        return attrs


class GoogleAnswerSerializer(serializers.Serializer[Any]):
    state = serializers.CharField(max_length=200)
    code = serializers.CharField(max_length=2_000, required=False, allow_blank=True)


class GoogleSignInSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=200, help_text="From the address the browser came back to.")
    code_verifier = serializers.RegexField(
        VERIFIER, required=False, help_text="In an app. Left out on the web: the cookie tells who began."
    )


class GoogleView(AuthView):
    """Not there where Google is not configured; `meta/` tells."""

    throttle_classes = [OAuthThrottle]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method in self.allowed_methods and not is_google_configured():
            raise NotFound(_("Signing in with Google is not offered here."))
        super().initial(request, *args, **kwargs)


class GoogleLoginView(GoogleView):
    @extend_schema(
        operation_id="begin_google_sign_in",
        tags=TAGS,
        parameters=[
            GoogleLoginSerializer,
            set_cookie("`oauth_attempt`: HttpOnly, Secure, SameSite=Lax.", 302),
        ],
        responses={
            302: OpenApiResponse(description=GONE_THERE),
            **problems(s404="Google is not configured.", s503=UNAVAILABLE),
        },
    )
    def get(self, request: Request) -> Response:
        """Open this in the browser: it leads to Google."""
        form = GoogleLoginSerializer(data=request.query_params)
        form.is_valid(raise_exception=True)
        asked = form.validated_data
        begun = begin_google_sign_in(
            return_to=asked.get("return_to") or asked["redirect_uri"],
            app_challenge=asked.get("code_challenge", "") if "redirect_uri" in asked else "",
            app_state=asked.get("state", ""),
        )
        response = _redirect(begun.address)
        set_oauth_cookie(response, begun.browser)
        return response


class GoogleCallbackView(GoogleView):
    takes_no_key = "a code works once"

    @extend_schema(
        operation_id="receive_google_answer",
        tags=TAGS,
        parameters=[GoogleAnswerSerializer],
        responses={
            302: OpenApiResponse(description=GONE_BACK),
            **problems(s400=REFUSED, s404="Google is not configured."),
        },
    )
    def get(self, request: Request) -> Response:
        """Where Google sends the browser. It goes on to whoever began, with a code to send in here."""
        form = GoogleAnswerSerializer(data=request.query_params)
        form.is_valid(raise_exception=True)
        return _redirect(
            receive_google_answer(
                state=form.validated_data["state"],
                browser=request.COOKIES.get(OAUTH_COOKIE, ""),
                code=form.validated_data.get("code", ""),
            )
        )

    @extend_schema(
        operation_id="finish_google_sign_in",
        tags=TAGS,
        parameters=[
            csrf_header(required=False),
            set_cookie(COOKIES, 200, 403),
            *device_headers(200),
        ],
        request=GoogleSignInSerializer,
        responses={
            200: PolymorphicProxySerializer(
                component_name="SignedInWithGoogle",
                serializers=[TokenPairSerializer, SignedInSerializer],
                resource_type_field_name=None,
            ),
            **STEP_LEFT,
            **problems(s400=REFUSED, s404="Google is not configured.", s409=NOT_LINKED, s503=UNAVAILABLE),
        },
    )
    def post(self, request: Request) -> Response:
        """Sign in with the code: an app gets tokens, a web page its cookies. A code works once."""
        form = self.read(GoogleSignInSerializer).validated_data
        if "code_verifier" not in form:
            require_csrf_token(request)
        outcome, delivery = finish_google_sign_in(
            code=form["code"],
            code_verifier=form.get("code_verifier", ""),
            browser=request.COOKIES.get(OAUTH_COOKIE, ""),
            client=client_of(request),
        )
        response = answer_sign_in(request, outcome, delivery)
        if OAUTH_COOKIE in request.COOKIES:
            clear_oauth_cookie(response)
        return response


def _redirect(address: str) -> Response:
    return Response(status=status.HTTP_302_FOUND, headers={"Location": address})


def _is_own_page(address: str) -> bool:
    """A path of this site, or an address of a web app that may use this API with cookies."""
    if not PLAIN_ADDRESS.fullmatch(address):
        return False
    parts = urlsplit(address)
    if not parts.netloc:
        return address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    origins = {settings.SITE_URL.rstrip("/"), *settings.CORS_ALLOWED_ORIGINS}
    is_known = f"{parts.scheme}://{parts.netloc}" in origins
    return is_known and url_has_allowed_host_and_scheme(address, allowed_hosts={parts.netloc})
