from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.core.api.mail_addresses import EMAIL_MAX_LENGTH, AddressField
from apps.users.api.names import NameField
from apps.users.constants import PASSWORD_MAX_LENGTH
from apps.users.models import SubscriptionTier, User

TOKEN_MAX_LENGTH = 4_096
NAME_MAX_LENGTH = 150


class PasswordField(serializers.CharField):
    def __init__(self, **kwargs: Any) -> None:
        options = {"max_length": PASSWORD_MAX_LENGTH, "write_only": True, "trim_whitespace": False}
        super().__init__(**{**options, "style": {"input_type": "password"}, **kwargs})


class UserSerializer(serializers.ModelSerializer[User]):
    email_verified = serializers.BooleanField(source="has_confirmed_email", read_only=True)
    subscription_tier = serializers.ChoiceField(choices=SubscriptionTier.choices, read_only=True)

    class Meta:
        model = User
        fields = [
            "id",
            "username",
            "email",
            "email_verified",
            "first_name",
            "last_name",
            "subscription_tier",
            "is_staff",
            "created_at",
        ]
        read_only_fields = fields


class SignedInSerializer(serializers.Serializer[Any]):
    user = UserSerializer()


class TokenPairSerializer(serializers.Serializer[Any]):
    access = serializers.CharField(help_text="For `Authorization: Bearer`.")
    refresh = serializers.CharField(help_text="Good for one refresh.")


class CsrfTokenSerializer(serializers.Serializer[Any]):
    csrf_token = serializers.CharField(help_text="Send it as `X-CSRFToken`.")


class NoticeSerializer(serializers.Serializer[Any]):
    detail = serializers.CharField()


class EmailVerifiedSerializer(serializers.Serializer[Any]):
    email_verified = serializers.BooleanField()


class RegisterRequestSerializer(serializers.Serializer[Any]):
    email = AddressField()
    password = PasswordField()
    username = NameField(
        required=False,
        allow_blank=True,
        help_text="The public name. Left out, one is made up and can be changed later.",
    )
    first_name = serializers.CharField(max_length=NAME_MAX_LENGTH, required=False, allow_blank=True)
    last_name = serializers.CharField(max_length=NAME_MAX_LENGTH, required=False, allow_blank=True)


class SignInRequestSerializer(serializers.Serializer[Any]):
    """The account is named once, in any of the three fields."""

    login = serializers.CharField(
        max_length=EMAIL_MAX_LENGTH, required=False, help_text="E-mail address or name."
    )
    email = serializers.CharField(max_length=EMAIL_MAX_LENGTH, required=False)
    username = serializers.CharField(max_length=EMAIL_MAX_LENGTH, required=False)
    password = PasswordField()

    def validate(self, attrs: dict[str, str]) -> dict[str, str]:
        login = attrs.get("login") or attrs.get("email") or attrs.get("username")
        if not login:
            raise serializers.ValidationError({"login": _("Name the account.")}, code="required")
        return {"login": login, "password": attrs["password"]}


class ProfileRequestSerializer(serializers.Serializer[User]):
    username = NameField(required=False)
    first_name = serializers.CharField(max_length=NAME_MAX_LENGTH, required=False, allow_blank=True)
    last_name = serializers.CharField(max_length=NAME_MAX_LENGTH, required=False, allow_blank=True)


class RefreshRequestSerializer(serializers.Serializer[Any]):
    refresh = serializers.CharField(
        max_length=TOKEN_MAX_LENGTH, required=False, help_text="Left out on the web: the cookie is used."
    )


class TokenRequestSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=TOKEN_MAX_LENGTH)


class ConfirmEmailRequestSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(max_length=TOKEN_MAX_LENGTH, help_text="From the link in the mail.")


class ResendRequestSerializer(serializers.Serializer[Any]):
    email = AddressField()
