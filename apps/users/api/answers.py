"""What signing in answers: tokens, in cookies or in the body, or that a second step is left."""

from typing import Any

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.problems import PROBLEM_CONTENT_TYPE, problem_body
from apps.core.codes import ErrorCode
from apps.core.sentences import Sentence
from apps.users.api.cookies import set_device_cookie, set_sign_in_cookies
from apps.users.api.serializers import SignedInSerializer, TokenPairSerializer
from apps.users.constants import DEVICE_HEADER
from apps.users.services.sessions import SignedIn
from apps.users.types import Delivery, SecondFactorNeeded

ONE_STEP_LEFT = Sentence("Enter the code that your authenticator app shows, or one of your recovery codes.")


def answer_sign_in(
    request: Request,
    outcome: SignedIn | SecondFactorNeeded,
    delivery: Delivery,
    status_code: int = status.HTTP_200_OK,
) -> Response:
    if isinstance(outcome, SecondFactorNeeded):
        return _one_step_left(request, outcome)
    if delivery is Delivery.TOKENS:
        response = Response(TokenPairSerializer(outcome.tokens).data, status=status_code)
        if outcome.device:
            response[DEVICE_HEADER] = outcome.device
        return response
    response = Response(SignedInSerializer({"user": outcome.user}).data, status=status_code)
    set_sign_in_cookies(response, outcome.tokens)
    if outcome.device:
        set_device_cookie(response, outcome.device)
    return response


def _one_step_left(request: Request, outcome: SecondFactorNeeded) -> Response:
    """A problem, because nobody is signed in: a client that knows of no second step shows its sentence."""
    body: dict[str, Any] = problem_body(request, ErrorCode.SECOND_FACTOR_REQUIRED, ONE_STEP_LEFT)
    body |= {"ticket": outcome.ticket, "expires_in_s": outcome.expires_in_s}
    return Response(body, status=body["status"], content_type=PROBLEM_CONTENT_TYPE)
