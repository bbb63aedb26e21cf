"""New passwords."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.idempotency import OncePerKey
from apps.users.api import security_schema as schema
from apps.users.api.answers import answer_sign_in
from apps.users.api.clients import client_of, delivery_of, session_id_of
from apps.users.api.cookies import set_device_cookie
from apps.users.api.limits import PASSWORD_RESETS, SIGN_IN_FAILURES
from apps.users.api.security_serializers import (
    PasswordChangeRequestSerializer,
    PasswordResetConfirmRequestSerializer,
    PasswordResetRequestSerializer,
)
from apps.users.api.serializers import NoticeSerializer
from apps.users.api.views import AuthView, OwnAccountView, email_in
from apps.users.services.passwords import change_password, request_password_link, reset_password

LINK_SENT = _("If there is an account with this e-mail address, a mail with a link is on its way.")
PASSWORD_IS_NEW = _("Your password was changed. Sign in with it.")


class PasswordResetView(OncePerKey, AuthView):
    def look_at_limits(self, request: Request) -> None:
        PASSWORD_RESETS.look(request, email_in(request))

    @extend_schema(**schema.PASSWORD_RESET)
    def post(self, request: Request) -> Response:
        """Send a link for a new password. The answer is the same for every address."""
        email = self.read(PasswordResetRequestSerializer).validated_data["email"]
        PASSWORD_RESETS.count(request, email)
        request_password_link(email=email)
        return Response(NoticeSerializer({"detail": LINK_SENT}).data, status=status.HTTP_202_ACCEPTED)


class PasswordResetConfirmView(AuthView):
    takes_no_key = "a link works once"

    @extend_schema(**schema.PASSWORD_RESET_CONFIRM)
    def post(self, request: Request) -> Response:
        """Choose a new password with the key of the link, which works once."""
        form = self.read(PasswordResetConfirmRequestSerializer).validated_data
        device = reset_password(**form, client=client_of(request))
        response = Response(NoticeSerializer({"detail": PASSWORD_IS_NEW}).data)
        set_device_cookie(response, device)
        return response


class PasswordChangeView(OwnAccountView):
    takes_no_key = "it makes nothing but secrets; asked again, the old password is wrong"

    @extend_schema(**schema.PASSWORD_CHANGE)
    def post(self, request: Request) -> Response:
        """Choose a new password with the current one."""
        form = self.read(PasswordChangeRequestSerializer).validated_data
        with SIGN_IN_FAILURES.attempt(request, self.user.email):
            signed_in = change_password(
                user=self.user,
                current_password=form["current_password"],
                password=form["new_password"],
                session_id=session_id_of(request),
                client=client_of(request),
            )
        return answer_sign_in(request, signed_in, delivery_of(request))
