from django.contrib import admin
from django.http import HttpRequest

from apps.core.models import AuditEntry, CspViolation


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """To read. What was done stays written down as it was."""

    list_display = ["at", "actor_name", "action", "target", "reason"]
    list_filter = ["action"]
    search_fields = ["actor_name", "target", "reason", "request_id"]
    date_hierarchy = "at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False


@admin.register(CspViolation)
class CspViolationAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """To read, and to delete: what is deleted is told again when it happens again."""

    list_display = ["directive", "blocked", "page", "count", "first_seen_at", "last_seen_at"]
    list_filter = ["directive"]
    search_fields = ["blocked", "page"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: CspViolation | None = None) -> bool:
        return False
