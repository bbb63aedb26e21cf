"""Passwords, sign-ins and the second factor."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.core.api.mail_addresses import AddressField
from apps.users.api.serializers import TOKEN_MAX_LENGTH, PasswordField
from apps.users.constants import CODE_MAX_LENGTH
from apps.users.models import SignInSession


class PasswordResetRequestSerializer(serializers.Serializer[Any]):
    email = AddressField()


class PasswordResetConfirmRequestSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(max_length=TOKEN_MAX_LENGTH, help_text="From the link in the mail.")
    password = PasswordField(help_text="The new one.")


class PasswordChangeRequestSerializer(serializers.Serializer[Any]):
    current_password = PasswordField()
    new_password = PasswordField()


class SessionSerializer(serializers.ModelSerializer[SignInSession]):
    client = serializers.CharField(
        source="client_name", help_text="Such as `Firefox on Windows`; empty where nothing is known."
    )
    last_used_at = serializers.DateTimeField(
        source="rotated_at", help_text="To within the lifetime of an access token."
    )
    current = serializers.SerializerMethodField(help_text="The one this request belongs to.")

    class Meta:
        model = SignInSession
        fields = ["id", "client", "created_at", "last_used_at", "expires_at", "current"]
        read_only_fields = fields

    def get_current(self, session: SignInSession) -> bool:
        return str(session.pk) == self.context.get("session_id")


class SecondFactorSerializer(serializers.Serializer[Any]):
    totp = serializers.BooleanField(help_text="Whether signing in takes a code.")
    confirmed_at = serializers.DateTimeField(allow_null=True, help_text="Since when.")
    recovery_codes_left = serializers.IntegerField(min_value=0)


class CurrentPasswordRequestSerializer(serializers.Serializer[Any]):
    password = PasswordField(
        required=False, help_text="Left out only by who has none, because they sign in by another service."
    )


class OfferSerializer(serializers.Serializer[Any]):
    secret = serializers.CharField(help_text="To type in where there is no camera.")
    otpauth_url = serializers.CharField(
        help_text="To show as a QR code. Do not send it to any other service."
    )


class CodeRequestSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=CODE_MAX_LENGTH, help_text="Six digits, from the app.")


class ProofRequestSerializer(serializers.Serializer[Any]):
    """One of the two."""

    password = PasswordField(required=False)
    code = serializers.CharField(
        max_length=CODE_MAX_LENGTH, required=False, help_text="From the app, or a recovery code."
    )

    def validate(self, attrs: dict[str, str]) -> dict[str, str]:
        if len(attrs) != 1:
            raise serializers.ValidationError(_("Give either the password or a code."), code="required")
        return attrs


class RecoveryCodesSerializer(serializers.Serializer[Any]):
    recovery_codes = serializers.ListField(
        child=serializers.CharField(), help_text="Each works once. They are shown now and never again."
    )


class SecondStepRequestSerializer(serializers.Serializer[Any]):
    ticket = serializers.CharField(
        max_length=TOKEN_MAX_LENGTH, help_text="From the answer `second_factor_required`."
    )
    code = serializers.CharField(max_length=CODE_MAX_LENGTH, help_text="From the app, or a recovery code.")
