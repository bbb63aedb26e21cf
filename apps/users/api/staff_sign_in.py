"""The sign-in forms of the admin and of Wagtail: no way round the limits, nor round the second factor."""

from typing import Any

from django import forms
from django.contrib.admin import site
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables
from wagtail.admin.forms.auth import LoginForm, PasswordResetForm
from wagtail.admin.views.account import LoginView

from apps.core.exceptions import DomainError
from apps.users.api.clients import client_of
from apps.users.api.cookies import set_device_cookie
from apps.users.api.limits import PASSWORD_RESETS
from apps.users.backends import EmailOrUsernameBackend, prove
from apps.users.constants import CODE_MAX_LENGTH
from apps.users.models import User
from apps.users.services.devices import remember_device
from apps.users.services.passwords import request_password_link

_BACKEND = f"{EmailOrUsernameBackend.__module__}.{EmailOrUsernameBackend.__qualname__}"


class CodeFormMixin(AuthenticationForm):
    """Asks for a code besides; who has no second factor leaves it empty."""

    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        login, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if login and password and self.request is not None:
            try:
                user = prove(self.request, login, password, self.cleaned_data.get("code", ""))
            except DomainError as exc:
                raise forms.ValidationError(str(exc.detail), code=str(exc.code)) from None
            self.confirm_login_allowed(user)
            user.backend = _BACKEND  # as `authenticate` leaves it
            self.user_cache = user
        return self.cleaned_data


def _code_field() -> forms.CharField:
    return forms.CharField(
        label=_("Code of your authenticator app, if you use one"),
        max_length=CODE_MAX_LENGTH,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code"}),
    )


class AdminSignInForm(CodeFormMixin, AdminAuthenticationForm):
    code = _code_field()


class EditorSignInForm(CodeFormMixin, LoginForm):  # type: ignore[misc]  # Wagtail has no types
    code = _code_field()


class EditorPasswordResetForm(PasswordResetForm):  # type: ignore[misc]
    """Wagtail's page sends our mail, with a link to our page."""

    def save(self, *_args: Any, request: HttpRequest, **_rest: Any) -> None:
        try:
            PASSWORD_RESETS.count(request, self.cleaned_data["email"])
        except DomainError:
            return  # Wagtail's page says the same whatever happens
        request_password_link(email=self.cleaned_data["email"])


def admin_sign_in(request: HttpRequest) -> HttpResponseBase:
    """In the place of the admin's own view."""
    return _remembering_device(request, site.login(request))


def editor_sign_in(request: HttpRequest) -> HttpResponseBase:
    """In the place of Wagtail's own view."""
    return _remembering_device(request, LoginView.as_view()(request))


def _remembering_device(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    has_signed_in = request.method == "POST" and response.status_code == 302
    if has_signed_in and isinstance(request.user, User):
        token = remember_device(user=request.user, token=client_of(request).device)
        set_device_cookie(response, token)
    return response
