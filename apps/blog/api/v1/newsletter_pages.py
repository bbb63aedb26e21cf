"""The newsletter's pages for people: where no web app has its own, and for who has no app."""

from collections.abc import Callable
from typing import ClassVar

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.generic import FormView

from apps.blog.api.v1.limits import NEWSLETTER
from apps.blog.api.v1.newsletter_views import TOKEN_MAX_LENGTH, SubscriptionRequestSerializer
from apps.blog.services.subscriptions import ask_to_subscribe, confirm_subscription, unsubscribe
from apps.core.api.addresses import client_address
from apps.core.api.mail_addresses import EMAIL_MAX_LENGTH
from apps.core.exceptions import DomainError


@method_decorator(never_cache, name="dispatch")
class _NewsletterPage(FormView):  # type: ignore[type-arg]  # no generic at run time
    http_method_names = ["get", "head", "post", "options"]
    extra_context = {"site_name": settings.WAGTAIL_SITE_NAME}

    def answer(self, form: forms.Form, *, status: int = 200, **context: object) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form, **context), status=status)


class SubscribeForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=EMAIL_MAX_LENGTH,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def clean_email(self) -> str:
        """As the API judges it."""
        said = SubscriptionRequestSerializer(data={"email": self.cleaned_data["email"]})
        if not said.is_valid():
            raise forms.ValidationError([str(error) for error in said.errors["email"]])
        return str(said.validated_data["email"])


class SubscribePage(_NewsletterPage):
    """Says the same whatever is known of the address."""

    form_class = SubscribeForm
    template_name = "blog/newsletter_subscribe.html"

    def form_valid(self, form: SubscribeForm) -> HttpResponse:
        usage = NEWSLETTER.count(
            self.request, key=client_address(self.request), limit=settings.NEWSLETTER_RATE
        )
        if usage.exceeded:
            problem = _("Too many attempts. Please try again later.")
            response = self.answer(form, problem=problem, status=429)
            response["Retry-After"] = str(usage.reset_s)
            return response
        ask_to_subscribe(email=form.cleaned_data["email"])
        return self.answer(form, is_done=True)

    def form_invalid(self, form: SubscribeForm) -> HttpResponse:
        return self.answer(form, status=400)


class TokenForm(forms.Form):
    token = forms.CharField(max_length=TOKEN_MAX_LENGTH, widget=forms.HiddenInput)


class _TokenPage(_NewsletterPage):
    """Opening the link does nothing, the button does: mail scanners open links, too."""

    form_class = TokenForm

    use: ClassVar[Callable[..., object]]
    """What the button does, with `token`."""

    def get_initial(self) -> dict[str, str]:
        return {"token": self.request.GET.get("token", "")[:TOKEN_MAX_LENGTH]}

    def form_valid(self, form: TokenForm) -> HttpResponse:
        try:
            type(self).use(token=form.cleaned_data["token"])
        except DomainError as exc:
            return self.answer(form, problem=str(exc.detail), status=exc.code.status)
        return self.answer(form, is_done=True)

    def form_invalid(self, form: TokenForm) -> HttpResponse:
        return self.answer(form, problem=_("This link is not complete."), status=400)


class ConfirmPage(_TokenPage):
    template_name = "blog/newsletter_confirm.html"
    use = staticmethod(confirm_subscription)


class UnsubscribePage(_TokenPage):
    template_name = "blog/newsletter_unsubscribe.html"
    use = staticmethod(unsubscribe)
