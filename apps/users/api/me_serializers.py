from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.users.api.serializers import PasswordField
from apps.users.models import AccountExport, SecurityEvent, SecurityEventKind
from apps.users.services.exports import address_export


class DeletionRequestSerializer(serializers.Serializer[Any]):
    password = PasswordField(
        required=False, help_text="Left out only where the account has none: then the sign-in must be recent."
    )


class DeletionSerializer(serializers.Serializer[Any]):
    detail = serializers.CharField(help_text="A sentence for the user.")
    deletion_due_at = serializers.DateTimeField(help_text="Signing in before then keeps the account.")


class ExportLinkSerializer(serializers.Serializer[Any]):
    url = serializers.URLField(help_text="Works without signing in, for whoever has it, until then.")
    expires_at = serializers.DateTimeField(help_text="Ask again for another address.")


class ExportSerializer(serializers.ModelSerializer[AccountExport]):
    state = serializers.ChoiceField(choices=AccountExport.State.choices)
    requested_at = serializers.DateTimeField(source="created_at")
    ready_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(help_text="The file is gone then.")
    size_bytes = serializers.IntegerField(allow_null=True)
    link = serializers.SerializerMethodField()

    class Meta:
        model = AccountExport
        fields = ["id", "state", "requested_at", "ready_at", "expires_at", "size_bytes", "link"]
        read_only_fields = fields

    @extend_schema_field(ExportLinkSerializer(allow_null=True))
    def get_link(self, export: AccountExport) -> dict[str, Any] | None:
        link = address_export(export)
        if link is None:
            return None
        url = self.context["request"].build_absolute_uri(link.path)
        return dict(ExportLinkSerializer({"url": url, "expires_at": link.expires_at}).data)


class SecurityEventSerializer(serializers.ModelSerializer[SecurityEvent]):
    kind = serializers.ChoiceField(choices=SecurityEventKind.choices)
    happened_at = serializers.DateTimeField(source="created_at")
    network = serializers.CharField(
        allow_blank=True, help_text="The network it came from, not the address: /24 of IPv4, /48 of IPv6."
    )
    user_agent = serializers.CharField(allow_blank=True, help_text="What the program called itself.")
    about = serializers.CharField(allow_blank=True, help_text="Such as the name of an API key.")

    class Meta:
        model = SecurityEvent
        fields = ["id", "kind", "happened_at", "network", "user_agent", "about"]
        read_only_fields = fields


FILE = {(200, "application/zip"): OpenApiTypes.BINARY}
