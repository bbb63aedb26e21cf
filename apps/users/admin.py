from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.http import HttpRequest

from apps.users.models import SecurityEvent, SignInSession, User


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


@admin.register(SignInSession)
class SignInSessionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """To look at, and to delete: a deleted session is an ended one."""

    list_display = ["user", "created_at", "rotated_at", "expires_at", "revoked_at"]
    list_select_related = ["user"]
    search_fields = ["user__username", "user__email"]
    date_hierarchy = "created_at"

    def has_add_permission(self, request: object) -> bool:
        return False

    def has_change_permission(self, request: object, obj: object = None) -> bool:
        return False


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
