"""The public shape of the health document."""

from typing import Any

from rest_framework import serializers

from apps.plant_identification.services.registry import SPECS
from apps.plant_identification.services.side_services import SIDE_SERVICES


class ServiceQuotaSerializer(serializers.Serializer[Any]):
    used = serializers.IntegerField()
    limit = serializers.IntegerField()
    resets_at = serializers.DateTimeField()


CIRCUIT_STATES = ["closed", "open", "half_open"]


class ProviderHealthSerializer(serializers.Serializer[Any]):
    available = serializers.BooleanField()
    configured = serializers.BooleanField()
    circuit_state = serializers.ChoiceField(choices=CIRCUIT_STATES, allow_null=True)
    fail_count = serializers.CharField(allow_null=True, help_text="failures in a row / failures that open it")
    quota = ServiceQuotaSerializer(allow_null=True, help_text="For staff.")


class AvailabilitySerializer(serializers.Serializer[Any]):
    available = serializers.BooleanField()


class ServicesHealthSerializer(serializers.Serializer[Any]):
    redis = AvailabilitySerializer()
    database = AvailabilitySerializer()
    celery = AvailabilitySerializer()

    def get_fields(self) -> dict[str, Any]:
        optional = {name: ProviderHealthSerializer(required=False) for name in SIDE_SERVICES}
        return {spec.name: ProviderHealthSerializer() for spec in SPECS} | optional | super().get_fields()


class CircuitStatusSerializer(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=CIRCUIT_STATES)
    service_name = serializers.CharField()
    fail_count = serializers.IntegerField()
    fail_max = serializers.IntegerField()
    reset_timeout = serializers.FloatField()
    success_threshold = serializers.IntegerField()
    is_healthy = serializers.BooleanField()
    is_degraded = serializers.BooleanField()
    is_unavailable = serializers.BooleanField()
    last_state_change = serializers.DateTimeField(allow_null=True)
    open_duration_seconds = serializers.FloatField(allow_null=True)
    retry_in_seconds = serializers.FloatField(allow_null=True)


class AuthenticationModeSerializer(serializers.Serializer[Any]):
    mode = serializers.ChoiceField(choices=["development", "production"])
    requires_auth = serializers.BooleanField()


class HealthSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=["healthy", "degraded", "unhealthy"])
    circuit_state = serializers.ChoiceField(
        choices=CIRCUIT_STATES, allow_null=True, help_text="The worst of all circuits."
    )
    timestamp = serializers.DateTimeField()
    version = serializers.CharField()
    message = serializers.CharField()
    sandbox = serializers.BooleanField(help_text="True where a local sandbox plays the outside services.")
    services = ServicesHealthSerializer()
    circuit_breakers = serializers.DictField(child=CircuitStatusSerializer(), help_text="For staff.")
    authentication = AuthenticationModeSerializer()
