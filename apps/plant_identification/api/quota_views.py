"""What is left: of one's own limits, and for staff of the services' quotas."""

import time
from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.limits import Usage
from apps.plant_identification.api.throttles import limit_of, look_at_limits
from apps.plant_identification.services.operators import is_operator
from apps.plant_identification.services.quota import QuotaLedger
from apps.plant_identification.services.registry import registry
from apps.users.public import KeyAccess, SubscriptionTier


class UsageSerializer(serializers.Serializer[Any]):
    limit = serializers.IntegerField()
    used = serializers.IntegerField()
    remaining = serializers.IntegerField()
    period_s = serializers.IntegerField(help_text="How long the limit is for.")
    resets_at = serializers.DateTimeField(help_text="When counting starts anew.")


class IdentificationsLeftSerializer(UsageSerializer):
    tier = serializers.ChoiceField(choices=SubscriptionTier.choices)
    factor = serializers.FloatField(
        help_text="Of the tier's limit: 1, and 0.5 or 0.1 while the credits of the month run out."
    )


class ProviderQuotaSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    window = serializers.ChoiceField(choices=["day", "month"], help_text="In UTC.")
    used = serializers.IntegerField()
    limit = serializers.IntegerField()
    remaining = serializers.IntegerField()
    resets_at = serializers.DateTimeField()


class QuotaSerializer(serializers.Serializer[Any]):
    identifications = IdentificationsLeftSerializer()
    refused_uploads = UsageSerializer(help_text="Files that are no usable photo, of this network address.")
    providers = ProviderQuotaSerializer(many=True, allow_null=True, help_text="Of the site; for staff.")


class QuotaView(APIView):
    """How many identifications are left this hour. Asking costs none."""

    permission_classes = [IsAuthenticated]
    api_key_access = KeyAccess()

    @extend_schema(
        operation_id="get_quota",
        responses=QuotaSerializer,
        parameters=[
            OpenApiParameter(name, str, OpenApiParameter.HEADER, response=["200"], description="The same.")
            for name in ("RateLimit", "RateLimit-Policy")
        ],
    )
    def get(self, request: Request) -> Response:
        identifications, refused_uploads = look_at_limits(request)
        mine = limit_of(request)
        document = {
            "identifications": {**_describe(identifications), "tier": mine.tier, "factor": mine.factor},
            "refused_uploads": _describe(refused_uploads),
            "providers": _describe_providers() if is_operator(request.user) else None,
        }
        return Response(QuotaSerializer(document).data, headers={"Cache-Control": "private, no-store"})


def _describe(usage: Usage) -> dict[str, Any]:
    return {
        "limit": usage.limit,
        "used": min(usage.used, usage.limit),  # attempts beyond the limit were refused
        "remaining": usage.remaining,
        "period_s": usage.period_s,
        "resets_at": datetime.fromtimestamp(int(time.time()) + usage.reset_s, UTC),
    }


def _describe_providers() -> list[dict[str, Any]]:
    return [_describe_ledger(provider.name, provider.call.ledger) for provider in registry().providers]


def _describe_ledger(name: str, ledger: QuotaLedger) -> dict[str, Any]:
    use = ledger.use()
    return {
        "name": name,
        "window": ledger.rule.window,
        "used": use.used,
        "limit": use.limit,
        "remaining": max(0, use.limit - use.used),
        "resets_at": use.resets_at,
    }
