"""Getting the newsletter, and getting it no more: for clients, for mail programs, and as pages for people."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.generic import FormView
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
from apps.core.exceptions import DomainError

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


class TokenForm(forms.Form):
    token = forms.CharField(max_length=TOKEN_MAX_LENGTH, widget=forms.HiddenInput)


@method_decorator(never_cache, name="dispatch")
class _TokenPage(FormView):  # type: ignore[type-arg]  # no generic at run time
    """Opening the link does nothing, the button does: mail scanners open links, too."""

    form_class = TokenForm
    http_method_names = ["get", "head", "post", "options"]
    extra_context = {"site_name": settings.WAGTAIL_SITE_NAME}

    def use(self, token: str) -> None:
        raise NotImplementedError

    def get_initial(self) -> dict[str, str]:
        return {"token": self.request.GET.get("token", "")[:TOKEN_MAX_LENGTH]}

    def form_valid(self, form: TokenForm) -> HttpResponse:
        try:
            self.use(form.cleaned_data["token"])
        except DomainError as exc:
            return self._answer(form, problem=str(exc.detail), status=exc.code.status)
        return self._answer(form, is_done=True)

    def form_invalid(self, form: TokenForm) -> HttpResponse:
        return self._answer(form, problem=_("This link is not complete."), status=400)

    def _answer(self, form: TokenForm, *, status: int = 200, **context: object) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form, **context), status=status)


class ConfirmPage(_TokenPage):
    template_name = "blog/newsletter_confirm.html"

    def use(self, token: str) -> None:
        confirm_subscription(token=token)


class UnsubscribePage(_TokenPage):
    template_name = "blog/newsletter_unsubscribe.html"

    def use(self, token: str) -> None:
        unsubscribe(token=token)
