"""Getting the newsletter, and getting it no more: for clients and for mail programs."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.blog.api.v1.limits import NewsletterThrottle
from apps.blog.services.subscriptions import ask_to_subscribe, confirm_subscription, unsubscribe
from apps.core.api.mail_addresses import AddressField
from apps.core.api.parsers import StrictJSONParser

TOKEN_MAX_LENGTH = 200


class SubscriptionRequestSerializer(serializers.Serializer[Any]):
    email = AddressField()


class SubscriptionTokenSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=TOKEN_MAX_LENGTH, help_text="Of the link in the mail.")


class _NewsletterView(APIView):
    """Nobody signs in for it: the mailbox decides."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class NewsletterView(_NewsletterView):
    """Asks for the newsletter. Whether the address is known already, nobody is told."""

    throttle_classes = (NewsletterThrottle,)
    repeatable = "an address is sent no second link within ten minutes, and no more than three"

    @extend_schema(
        operation_id="subscribe_to_newsletter",
        request=SubscriptionRequestSerializer,
        responses={202: OpenApiResponse(description="A mail with a link is on its way, if it is needed.")},
    )
    def post(self, request: Request) -> Response:
        form = SubscriptionRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        ask_to_subscribe(email=form.validated_data["email"])
        return Response(status=202)


class NewsletterConfirmView(_NewsletterView):
    """For the page of a web app that the link in the mail leads to."""

    repeatable = "what is confirmed stays confirmed"

    @extend_schema(
        operation_id="confirm_newsletter",
        request=SubscriptionTokenSerializer,
        responses={204: OpenApiResponse(description="On the list.")},
    )
    def post(self, request: Request) -> Response:
        form = SubscriptionTokenSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        confirm_subscription(**form.validated_data)
        return Response(status=204)


class NewsletterUnsubscribeView(_NewsletterView):
    """Mail programs send a form here, with the token in the address (RFC 8058); web apps send JSON."""

    parser_classes = (StrictJSONParser, FormParser, MultiPartParser)
    repeatable = "what is forgotten stays forgotten"

    @extend_schema(
        operation_id="unsubscribe_from_newsletter",
        request={StrictJSONParser.media_type: SubscriptionTokenSerializer},
        parameters=[
            OpenApiParameter(
                "token", str, description="Where the body has none, as with mail programs' one click."
            )
        ],
        responses={204: OpenApiResponse(description="Off the list, and forgotten.")},
    )
    def post(self, request: Request) -> Response:
        said = request.query_params if "token" in request.query_params else request.data
        form = SubscriptionTokenSerializer(data=said)
        form.is_valid(raise_exception=True)
        unsubscribe(**form.validated_data)
        return Response(status=204)
