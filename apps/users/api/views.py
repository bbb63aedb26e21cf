"""Signing in and out, on the web with cookies and elsewhere with tokens."""

from collections.abc import Sequence
from typing import Any, cast

from django.middleware.csrf import get_token
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from apps.users.api import schema
from apps.users.api.clients import client_of as _client
from apps.users.api.cookies import clear_sign_in_cookies, set_sign_in_cookies
from apps.users.api.limits import REGISTRATIONS, RESENT_MAILS, SIGN_IN_FAILURES
from apps.users.api.serializers import (
    ConfirmEmailRequestSerializer,
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
from apps.users.authentication import (
    CookiesNeedCsrf,
    RegistrationNeedsCsrf,
    SignInNeedsCsrf,
    bearer_token_of,
    require_csrf_token,
)
from apps.users.constants import ACCESS_COOKIE, REFRESH_COOKIE
from apps.users.exceptions import TokenRefused, WrongCredentials
from apps.users.models import User
from apps.users.selectors import is_confirmation_mandatory
from apps.users.services.accounts import apply_for_account, register_user, sign_in, update_profile
from apps.users.services.confirmation import confirm_email, resend_confirmation
from apps.users.services.sessions import SignedIn, end_session, refresh_session, verify_token
from apps.users.types import Registration

LOOK_INTO_MAIL = _("We have sent a mail to this address. Follow the link in it.")
RESENT = _("If this address waits for its confirmation, a mail is on its way.")


@method_decorator(never_cache, name="dispatch")
class AuthView(APIView):
    """Open to everybody: whoever calls it is about to prove who they are."""

    permission_classes = [AllowAny]
    authentication_classes: Sequence[type[BaseAuthentication]] = []

    def read(self, form_class: type[Serializer[Any]]) -> Serializer[Any]:
        form = form_class(data=self.request.data)
        form.is_valid(raise_exception=True)
        return form


class CsrfView(AuthView):
    @extend_schema(**schema.CSRF)
    def get(self, request: Request) -> Response:
        """The token, and the cookie that belongs to it."""
        return Response({"csrf_token": get_token(request)})


class RegisterView(AuthView):
    authentication_classes = [RegistrationNeedsCsrf]

    @extend_schema(**schema.REGISTER)
    def post(self, request: Request) -> Response:
        """Make an account."""
        form = self.read(RegisterRequestSerializer)
        registration = Registration(**form.validated_data)
        REGISTRATIONS.count(request, registration.email)
        if is_confirmation_mandatory():
            apply_for_account(registration=registration)
            return Response(
                NoticeSerializer({"detail": LOOK_INTO_MAIL}).data, status=status.HTTP_202_ACCEPTED
            )
        signed_in = register_user(registration=registration, client=_client(request))
        return _with_cookies(signed_in, status.HTTP_201_CREATED)


class LoginView(AuthView):
    authentication_classes = [SignInNeedsCsrf]

    @extend_schema(**schema.LOGIN)
    def post(self, request: Request) -> Response:
        """Sign in on the web: the tokens go into cookies."""
        return _with_cookies(_sign_in(request, self.read(SignInRequestSerializer)))


class LogoutView(AuthView):
    authentication_classes = [CookiesNeedCsrf]

    @extend_schema(**schema.LOGOUT)
    def post(self, request: Request) -> Response:
        """End this sign-in: its tokens stop working at once. Doing it twice is no mistake."""
        form = self.read(RefreshRequestSerializer)
        end_session(
            refresh=form.validated_data.get("refresh") or request.COOKIES.get(REFRESH_COOKIE, ""),
            access=bearer_token_of(request) or request.COOKIES.get(ACCESS_COOKIE, ""),
            client=_client(request),
        )
        response = Response(status=status.HTTP_204_NO_CONTENT)
        clear_sign_in_cookies(response)
        return response


class UserView(AuthView):
    permission_classes = [IsAuthenticated]
    authentication_classes = APIView.authentication_classes

    @extend_schema(**schema.USER)
    def get(self, request: Request) -> Response:
        """Who is signed in."""
        return Response(UserSerializer(cast("User", request.user)).data)


class UserUpdateView(AuthView):
    permission_classes = [IsAuthenticated]
    authentication_classes = APIView.authentication_classes

    @extend_schema(**schema.USER_UPDATE)
    def patch(self, request: Request) -> Response:
        """Change one's names. Fields that are not named here are left alone."""
        form = self.read(ProfileRequestSerializer)
        return Response(
            UserSerializer(update_profile(user=cast("User", request.user), changes=form.validated_data)).data
        )


class TokenView(AuthView):
    @extend_schema(**schema.TOKEN)
    def post(self, request: Request) -> Response:
        """Sign in without cookies."""
        signed_in = _sign_in(request, self.read(SignInRequestSerializer))
        return Response(TokenPairSerializer(signed_in.tokens).data)


class TokenRefreshView(AuthView):
    @extend_schema(**schema.TOKEN_REFRESH)
    def post(self, request: Request) -> Response:
        """A new pair of tokens; the refresh token that was sent is used up."""
        raw = self.read(RefreshRequestSerializer).validated_data.get("refresh")
        if raw:
            signed_in = refresh_session(raw=raw, client=_client(request))
            return Response(TokenPairSerializer(signed_in.tokens).data)
        return self._refresh_cookies(request)

    def _refresh_cookies(self, request: Request) -> Response:
        require_csrf_token(request)
        try:
            return _with_cookies(
                refresh_session(raw=request.COOKIES.get(REFRESH_COOKIE, ""), client=_client(request))
            )
        except TokenRefused as exc:
            response = self.handle_exception(exc)
            clear_sign_in_cookies(response)  # else the browser would send dead ones for days
            return response


class TokenVerifyView(AuthView):
    @extend_schema(**schema.TOKEN_VERIFY)
    def post(self, request: Request) -> Response:
        """Whether an access or refresh token still works."""
        verify_token(raw=self.read(TokenRequestSerializer).validated_data["token"])
        return Response({})


class EmailVerifyView(AuthView):
    @extend_schema(**schema.EMAIL_VERIFY)
    def post(self, request: Request) -> Response:
        """Confirm an e-mail address. Doing it twice is no mistake."""
        user = confirm_email(key=self.read(ConfirmEmailRequestSerializer).validated_data["key"])
        return Response(EmailVerifiedSerializer({"email_verified": user.has_confirmed_email}).data)


class EmailResendView(AuthView):
    @extend_schema(**schema.EMAIL_RESEND)
    def post(self, request: Request) -> Response:
        """Send the confirmation mail again. The answer is the same for every address."""
        email = self.read(ResendRequestSerializer).validated_data["email"]
        RESENT_MAILS.count(request, email)
        resend_confirmation(email=email)
        return Response(NoticeSerializer({"detail": RESENT}).data, status=status.HTTP_202_ACCEPTED)


def _sign_in(request: Request, form: Serializer[Any]) -> SignedIn:
    """Only failures count: a family behind one address may sign in as often as it likes."""
    login, password = form.validated_data["login"], form.validated_data["password"]
    SIGN_IN_FAILURES.require_room(request, login)
    try:
        return sign_in(login=login, password=password, client=_client(request))
    except WrongCredentials:
        SIGN_IN_FAILURES.count(request, login)
        raise


def _with_cookies(signed_in: SignedIn, status_code: int = status.HTTP_200_OK) -> Response:
    response = Response(SignedInSerializer({"user": signed_in.user}).data, status=status_code)
    set_sign_in_cookies(response, signed_in.tokens)
    return response
