"""The pages that links in mails lead to where no web app has its own."""

from django import forms
from django.http import HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.generic import FormView

from apps.core.exceptions import DomainError
from apps.users.api.cookies import set_device_cookie
from apps.users.constants import PASSWORD_MAX_LENGTH
from apps.users.exceptions import PasswordRefused
from apps.users.services.confirmation import confirm_email
from apps.users.services.passwords import reset_password

KEY_MAX_LENGTH = 4_096


class ConfirmEmailForm(forms.Form):
    key = forms.CharField(max_length=KEY_MAX_LENGTH, widget=forms.HiddenInput)


@method_decorator(never_cache, name="dispatch")
class ConfirmEmailPage(FormView):  # type: ignore[type-arg]  # no generic at run time
    """Opening the link confirms nothing, the button does: mail scanners open links, too."""

    form_class = ConfirmEmailForm
    template_name = "users/confirm_email.html"
    http_method_names = ["get", "head", "post", "options"]

    def get_initial(self) -> dict[str, str]:
        return {"key": self.request.GET.get("key", "")[:KEY_MAX_LENGTH]}

    def form_valid(self, form: ConfirmEmailForm) -> HttpResponse:
        try:
            user = confirm_email(key=form.cleaned_data["key"])
        except DomainError as exc:
            return self._answer(form, problem=str(exc.detail), status=exc.code.status)
        return self._answer(form, confirmed=user.email)

    def form_invalid(self, form: ConfirmEmailForm) -> HttpResponse:
        return self._answer(form, problem=_("This link is not complete."), status=400)

    def _answer(self, form: ConfirmEmailForm, *, status: int = 200, **context: str) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form, **context), status=status)


class ResetPasswordForm(forms.Form):
    key = forms.CharField(max_length=KEY_MAX_LENGTH, widget=forms.HiddenInput)
    password = forms.CharField(
        label=gettext_lazy("New password"),
        max_length=PASSWORD_MAX_LENGTH,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


@method_decorator(never_cache, name="dispatch")
class ResetPasswordPage(FormView):  # type: ignore[type-arg]
    form_class = ResetPasswordForm
    template_name = "users/reset_password.html"
    http_method_names = ["get", "head", "post", "options"]

    def get_initial(self) -> dict[str, str]:
        return {"key": self.request.GET.get("key", "")[:KEY_MAX_LENGTH]}

    def form_valid(self, form: ResetPasswordForm) -> HttpResponse:
        try:
            device = reset_password(**form.cleaned_data)
        except PasswordRefused as exc:
            form.add_error("password", [str(error.message) for error in exc.errors])
            return self.form_invalid(form)
        except DomainError as exc:
            return self._answer(form, problem=str(exc.detail), status=exc.code.status)
        response = self._answer(form, is_done=True)
        set_device_cookie(response, device)
        return response

    def form_invalid(self, form: ResetPasswordForm) -> HttpResponse:
        if "key" in form.errors:
            return self._answer(form, problem=_("This link is not complete."), status=400)
        return self._answer(form, status=400)

    def _answer(self, form: ResetPasswordForm, *, status: int = 200, **context: object) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form, **context), status=status)
