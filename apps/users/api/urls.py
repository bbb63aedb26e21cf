from django.urls import include, path

from apps.users.api import api_keys, google, mfa_views, password_views, session_views, tickets, views
from apps.users.api.pages import ConfirmEmailPage, ResetPasswordPage

app_name = "auth"

urlpatterns = [
    path("me/", include("apps.users.api.me_urls")),
    path("csrf/", views.CsrfView.as_view(), name="csrf"),
    path("register/", views.RegisterView.as_view(), name="register"),
    path("login/", views.LoginView.as_view(), name="login"),
    path("logout/", views.LogoutView.as_view(), name="logout"),
    path("user/", views.UserView.as_view(), name="user"),
    path("user/update/", views.UserUpdateView.as_view(), name="user-update"),
    path("token/", views.TokenView.as_view(), name="token"),
    path("token/refresh/", views.TokenRefreshView.as_view(), name="token-refresh"),
    path("token/verify/", views.TokenVerifyView.as_view(), name="token-verify"),
    path("ws-ticket/", tickets.SocketTicketView.as_view(), name="ws-ticket"),
    path("email/verify/", views.EmailVerifyView.as_view(), name="email-verify"),
    path("email/resend/", views.EmailResendView.as_view(), name="email-resend"),
    path("email/confirm/", ConfirmEmailPage.as_view(), name="email-confirm-page"),
    path("oauth/google/login/", google.GoogleLoginView.as_view(), name="google-login"),
    path("oauth/google/callback/", google.GoogleCallbackView.as_view(), name="google-callback"),
    path("api-keys/", api_keys.ApiKeyListView.as_view(), name="api-key-list"),
    path("api-keys/<uuid:key_id>/", api_keys.ApiKeyDetailView.as_view(), name="api-key-detail"),
    path("api-keys/<uuid:key_id>/rotate/", api_keys.ApiKeyRotateView.as_view(), name="api-key-rotate"),
    path("password/reset/", password_views.PasswordResetView.as_view(), name="password-reset"),
    path(
        "password/reset/confirm/",
        password_views.PasswordResetConfirmView.as_view(),
        name="password-reset-confirm",
    ),
    path("password/reset/page/", ResetPasswordPage.as_view(), name="password-reset-page"),
    path("password/change/", password_views.PasswordChangeView.as_view(), name="password-change"),
    path("sessions/", session_views.SessionListView.as_view(), name="sessions"),
    path("sessions/<uuid:session_id>/", session_views.SessionView.as_view(), name="session"),
    path("mfa/", mfa_views.MfaView.as_view(), name="mfa"),
    path("mfa/totp/", mfa_views.TotpView.as_view(), name="mfa-totp"),
    path("mfa/totp/confirm/", mfa_views.TotpConfirmView.as_view(), name="mfa-totp-confirm"),
    path("mfa/totp/remove/", mfa_views.TotpRemoveView.as_view(), name="mfa-totp-remove"),
    path("mfa/recovery-codes/", mfa_views.RecoveryCodesView.as_view(), name="mfa-recovery-codes"),
    path("mfa/verify/", mfa_views.MfaVerifyView.as_view(), name="mfa-verify"),
]
