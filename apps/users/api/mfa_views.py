"""The second factor: an authenticator app, and recovery codes for when it is lost."""

from collections.abc import Mapping

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.users.api import security_schema as schema
from apps.users.api.answers import answer_sign_in
from apps.users.api.clients import client_of
from apps.users.api.limits import SECOND_FACTOR_FAILURES, SIGN_IN_FAILURES
from apps.users.api.security_serializers import (
    CodeRequestSerializer,
    CurrentPasswordRequestSerializer,
    OfferSerializer,
    ProofRequestSerializer,
    RecoveryCodesSerializer,
    SecondFactorSerializer,
    SecondStepRequestSerializer,
)
from apps.users.api.views import AuthView, OwnAccountView
from apps.users.authentication import require_csrf_token
from apps.users.models import User
from apps.users.selectors import describe_second_factor
from apps.users.services.passwords import require_password
from apps.users.services.second_factor import (
    confirm_app,
    offer_app,
    remove_app,
    renew_recovery_codes,
    use_code,
)
from apps.users.services.signing_in import finish_sign_in, read_ticket
from apps.users.types import Delivery


class MfaView(OwnAccountView):
    @extend_schema(**schema.MFA)
    def get(self, request: Request) -> Response:
        """Whether signing in takes a code."""
        return Response(SecondFactorSerializer(describe_second_factor(user=self.user)).data)


class TotpView(OwnAccountView):
    takes_no_key = "an offer takes the place of the one before"

    @extend_schema(**schema.TOTP)
    def post(self, request: Request) -> Response:
        """Get the secret for an authenticator app. It counts once `confirm/` was shown a code."""
        _require_proof(request, self.user, self.read(CurrentPasswordRequestSerializer).validated_data)
        return Response(OfferSerializer(offer_app(user=self.user)).data, status=status.HTTP_201_CREATED)


class TotpConfirmView(OwnAccountView):
    takes_no_key = "a code works once; who lost the answer makes new recovery codes"

    @extend_schema(**schema.TOTP_CONFIRM)
    def post(self, request: Request) -> Response:
        """Show that the app works. From then on signing in takes a code."""
        code = self.read(CodeRequestSerializer).validated_data["code"]
        with SECOND_FACTOR_FAILURES.attempt(request, self.user.email):
            codes = confirm_app(user=self.user, code=code, client=client_of(request))
        return Response(RecoveryCodesSerializer({"recovery_codes": codes}).data)


class TotpRemoveView(OwnAccountView):
    takes_no_key = "asked again, it says that there is no app"

    @extend_schema(**schema.TOTP_REMOVE)
    def post(self, request: Request) -> Response:
        """Go back to signing in with the password alone."""
        _require_proof(request, self.user, self.read(ProofRequestSerializer).validated_data)
        remove_app(user=self.user, client=client_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class RecoveryCodesView(OwnAccountView):
    takes_no_key = "new codes take the place of those before"

    @extend_schema(**schema.RECOVERY_CODES)
    def post(self, request: Request) -> Response:
        """Get new recovery codes. The old ones are good no more."""
        _require_proof(request, self.user, self.read(ProofRequestSerializer).validated_data)
        codes = renew_recovery_codes(user=self.user, client=client_of(request))
        return Response(RecoveryCodesSerializer({"recovery_codes": codes}).data)


class MfaVerifyView(AuthView):
    takes_no_key = "it makes nothing but secrets, and a code works once"

    @extend_schema(**schema.MFA_VERIFY)
    def post(self, request: Request) -> Response:
        """The second step of signing in."""
        form = self.read(SecondStepRequestSerializer).validated_data
        user, delivery = read_ticket(ticket=form["ticket"])
        if delivery is Delivery.COOKIES:
            require_csrf_token(request)
        with SECOND_FACTOR_FAILURES.attempt(request, user.email):
            signed_in = finish_sign_in(user=user, code=form["code"], client=client_of(request))
        return answer_sign_in(request, signed_in, delivery)


def _require_proof(request: Request, user: User, proof: Mapping[str, str]) -> None:
    """That it is still the same person: somebody may have picked up an open laptop.

    Who has no password can only show a code, where they have one.
    """
    if "code" in proof:
        with SECOND_FACTOR_FAILURES.attempt(request, user.email):
            use_code(user=user, code=proof["code"], client=client_of(request))
        return
    with SIGN_IN_FAILURES.attempt(request, user.email):
        if "password" in proof or user.has_usable_password():
            require_password(user=user, password=proof.get("password", ""), field="password")
