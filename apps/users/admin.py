from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.http import HttpRequest

from apps.users.api.staff_sign_in import AdminSignInForm
from apps.users.models import (
    ApiKey,
    AuthenticatorApp,
    ExternalIdentity,
    KnownDevice,
    SecurityEvent,
    SignInSession,
    User,
)

admin.site.login_form = AdminSignInForm
admin.site.login_template = "users/admin_sign_in.html"


class PersonCreationForm(AdminUserCreationForm):  # type: ignore[type-arg]  # no generics at run time
    class Meta(AdminUserCreationForm.Meta):
        model = User
        fields = ("username", "email")


class PersonChangeForm(UserChangeForm):  # type: ignore[type-arg]
    class Meta(UserChangeForm.Meta):
        model = User


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]
    form = PersonChangeForm
    add_form = PersonCreationForm
    list_display = ["username", "email", "subscription_tier", "email_verified_at", "is_staff", "created_at"]
    list_filter = ["subscription_tier", "is_staff", "is_superuser", "is_active"]
    readonly_fields = ["id", "created_at", "updated_at", "last_login", "date_joined", "deletion_due_at"]
    fieldsets = [
        (None, {"fields": ["id", "username", "email", "email_verified_at", "password"]}),
        ("Person", {"fields": ["first_name", "last_name", "subscription_tier"]}),
        ("Rights", {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        ("Times", {"fields": ["created_at", "updated_at", "last_login", "date_joined", "deletion_due_at"]}),
    ]
    add_fieldsets = [
        (
            None,
            {
                "classes": ["wide"],
                "fields": ["username", "email", "usable_password", "password1", "password2"],
            },
        )
    ]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What happened to an account is deleted with it, and only so."""
        to_delete, counts, needed, protected = super().get_deleted_objects(objs, request)
        return to_delete, counts, needed - {SecurityEvent._meta.verbose_name}, protected  # noqa: SLF001


class LookOrDeleteAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What people make by what they do: to look at, and to delete."""

    list_select_related = ["user"]
    search_fields = ["user__username", "user__email"]

    def has_add_permission(self, request: object) -> bool:
        return False

    def has_change_permission(self, request: object, obj: object = None) -> bool:
        return False


@admin.register(SignInSession)
class SignInSessionAdmin(LookOrDeleteAdmin):
    """A deleted session is an ended one."""

    list_display = ["user", "client_name", "created_at", "rotated_at", "expires_at", "revoked_at"]
    date_hierarchy = "created_at"


@admin.register(AuthenticatorApp)
class AuthenticatorAppAdmin(LookOrDeleteAdmin):
    """To delete for somebody who has lost their phone and the recovery codes, and has proven who they are."""

    list_display = ["user", "confirmed_at"]


@admin.register(KnownDevice)
class KnownDeviceAdmin(LookOrDeleteAdmin):
    list_display = ["user", "created_at", "last_used_at"]


@admin.register(ApiKey)
class ApiKeyAdmin(LookOrDeleteAdmin):
    """A deleted key is a revoked one."""

    list_display = ["beginning", "user", "name", "scopes", "created_at", "expires_at", "last_used_at"]
    search_fields = ["prefix", "user__username", "user__email"]
    exclude = ["secret_digest", "previous_digest", "password_mark"]


@admin.register(ExternalIdentity)
class ExternalIdentityAdmin(LookOrDeleteAdmin):
    """Deleted, it is linked anew with the next sign-in, if the addresses still agree."""

    list_display = ["user", "provider", "created_at"]


@admin.register(SecurityEvent)
class SecurityEventAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """To read. What happened stays written down as it was, until its time is over."""

    list_display = ["created_at", "user", "kind", "network", "about"]
    list_filter = ["kind"]
    list_select_related = ["user"]
    search_fields = ["user__username", "user__email"]
    date_hierarchy = "created_at"

    def has_add_permission(self, request: object) -> bool:
        return False

    def has_change_permission(self, request: object, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        return False
