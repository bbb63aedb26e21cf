from django.contrib import admin
from django.http import HttpRequest

from apps.core.models import AuditEntry


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
