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

from apps.core.api.idempotency import OncePerKey
from apps.users.api import schema
from apps.users.api.answers import answer_sign_in
from apps.users.api.clients import client_of
from apps.users.api.cookies import clear_sign_in_cookies
from apps.users.api.limits import REGISTRATIONS, RESENT_MAILS, SIGN_IN_FAILURES
from apps.users.api.serializers import (
    ConfirmEmailRequestSerializer,
    EmailVerifiedSerializer,
    NoticeSerializer,
    ProfileRequestSerializer,
    RefreshRequestSerializer,
    RegisterRequestSerializer,
    ResendRequestSerializer,
    SignInRequestSerializer,
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
from apps.users.exceptions import TokenRefused
from apps.users.models import User
from apps.users.selectors import is_confirmation_mandatory
from apps.users.services.accounts import apply_for_account, register_user, update_profile
from apps.users.services.confirmation import confirm_email, resend_confirmation
from apps.users.services.sessions import SignedIn, end_session, refresh_session, verify_token
from apps.users.services.signing_in import sign_in
from apps.users.types import Delivery, Registration, SecondFactorNeeded

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


class OwnAccountView(AuthView):
    """For people who have signed in themselves: no API key opens it."""

    permission_classes = [IsAuthenticated]
    authentication_classes = APIView.authentication_classes

    @property
    def user(self) -> User:
        return cast("User", self.request.user)


class CsrfView(AuthView):
    @extend_schema(**schema.CSRF)
    def get(self, request: Request) -> Response:
        """The token, and the cookie that belongs to it."""
        return Response({"csrf_token": get_token(request)})


class RegisterView(OncePerKey, AuthView):
    authentication_classes = [RegistrationNeedsCsrf]
    # The password is asked about outside, and what was counted stays counted when the answer is no.
    works_in_one_transaction = False

    def look_at_limits(self, request: Request) -> None:
        REGISTRATIONS.look(request, email_in(request))

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
        signed_in = register_user(registration=registration, client=client_of(request))
        return answer_sign_in(request, signed_in, Delivery.COOKIES, status.HTTP_201_CREATED)


class LoginView(AuthView):
    authentication_classes = [SignInNeedsCsrf]
    takes_no_key = "it makes nothing but secrets, and can be done again"

    @extend_schema(**schema.LOGIN)
    def post(self, request: Request) -> Response:
        """Sign in on the web: the tokens go into cookies."""
        outcome = _sign_in(request, self.read(SignInRequestSerializer), Delivery.COOKIES)
        return answer_sign_in(request, outcome, Delivery.COOKIES)


class LogoutView(AuthView):
    authentication_classes = [CookiesNeedCsrf]
    repeatable = "what has ended stays ended"

    @extend_schema(**schema.LOGOUT)
    def post(self, request: Request) -> Response:
        """End this sign-in: its tokens stop working at once. Doing it twice is no mistake."""
        form = self.read(RefreshRequestSerializer)
        end_session(
            refresh=form.validated_data.get("refresh") or request.COOKIES.get(REFRESH_COOKIE, ""),
            access=bearer_token_of(request) or request.COOKIES.get(ACCESS_COOKIE, ""),
            client=client_of(request),
        )
        response = Response(status=status.HTTP_204_NO_CONTENT)
        clear_sign_in_cookies(response)
        return response


class UserView(OwnAccountView):
    @extend_schema(**schema.USER)
    def get(self, request: Request) -> Response:
        """Who is signed in."""
        return Response(UserSerializer(self.user).data)


class UserUpdateView(OwnAccountView):
    @extend_schema(**schema.USER_UPDATE)
    def patch(self, request: Request) -> Response:
        """Change one's names. Fields that are not named here are left alone."""
        form = self.read(ProfileRequestSerializer)
        return Response(UserSerializer(update_profile(user=self.user, changes=form.validated_data)).data)


class TokenView(AuthView):
    takes_no_key = "it makes nothing but secrets, and can be done again"

    @extend_schema(**schema.TOKEN)
    def post(self, request: Request) -> Response:
        """Sign in without cookies."""
        outcome = _sign_in(request, self.read(SignInRequestSerializer), Delivery.TOKENS)
        return answer_sign_in(request, outcome, Delivery.TOKENS)


class TokenRefreshView(AuthView):
    takes_no_key = "a lost reply has a rule of its own: the same token once more within a minute"

    @extend_schema(**schema.TOKEN_REFRESH)
    def post(self, request: Request) -> Response:
        """A new pair of tokens; the refresh token that was sent is used up."""
        raw = self.read(RefreshRequestSerializer).validated_data.get("refresh")
        if raw:
            signed_in = refresh_session(raw=raw, client=client_of(request))
            return answer_sign_in(request, signed_in, Delivery.TOKENS)
        return self._refresh_cookies(request)

    def _refresh_cookies(self, request: Request) -> Response:
        require_csrf_token(request)
        try:
            signed_in = refresh_session(
                raw=request.COOKIES.get(REFRESH_COOKIE, ""), client=client_of(request)
            )
        except TokenRefused as exc:
            response = self.handle_exception(exc)
            clear_sign_in_cookies(response)  # else the browser would send dead ones for days
            return response
        return answer_sign_in(request, signed_in, Delivery.COOKIES)


class TokenVerifyView(AuthView):
    repeatable = "it only looks"

    @extend_schema(**schema.TOKEN_VERIFY)
    def post(self, request: Request) -> Response:
        """Whether an access or refresh token still works."""
        verify_token(raw=self.read(TokenRequestSerializer).validated_data["token"])
        return Response({})


class EmailVerifyView(AuthView):
    repeatable = "what is confirmed stays confirmed"

    @extend_schema(**schema.EMAIL_VERIFY)
    def post(self, request: Request) -> Response:
        """Confirm an e-mail address. Doing it twice is no mistake."""
        user = confirm_email(key=self.read(ConfirmEmailRequestSerializer).validated_data["key"])
        return Response(EmailVerifiedSerializer({"email_verified": user.has_confirmed_email}).data)


class EmailResendView(OncePerKey, AuthView):
    def look_at_limits(self, request: Request) -> None:
        RESENT_MAILS.look(request, email_in(request))

    @extend_schema(**schema.EMAIL_RESEND)
    def post(self, request: Request) -> Response:
        """Send the confirmation mail again. The answer is the same for every address."""
        email = self.read(ResendRequestSerializer).validated_data["email"]
        RESENT_MAILS.count(request, email)
        resend_confirmation(email=email)
        return Response(NoticeSerializer({"detail": RESENT}).data, status=status.HTTP_202_ACCEPTED)


def _sign_in(request: Request, form: Serializer[Any], delivery: Delivery) -> SignedIn | SecondFactorNeeded:
    login, password = form.validated_data["login"], form.validated_data["password"]
    with SIGN_IN_FAILURES.attempt(request, login):
        return sign_in(login=login, password=password, client=client_of(request), delivery=delivery)


def email_in(request: Request) -> str:
    return str(request.data.get("email", "")) if isinstance(request.data, dict) else ""
