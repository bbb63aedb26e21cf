from django.urls import include, path

from apps.users.api import views
from apps.users.api.pages import ConfirmEmailPage

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
    path("email/verify/", views.EmailVerifyView.as_view(), name="email-verify"),
    path("email/resend/", views.EmailResendView.as_view(), name="email-resend"),
    path("email/confirm/", ConfirmEmailPage.as_view(), name="email-confirm-page"),
]
