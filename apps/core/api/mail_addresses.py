from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty

EMAIL_MAX_LENGTH = 254


class AddressField(serializers.EmailField):
    """Where our mails arrive, and nothing that only looks so.

    Django's own rule takes letters outside of ASCII that some alphabet folds into I, K and S, and what stands
    in quotes: control characters, for instance. No mailbox anybody has is written with them.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=EMAIL_MAX_LENGTH, **kwargs)

    def run_validation(self, data: Any = empty) -> Any:
        address = super().run_validation(data)
        mailbox = str(address or "").rpartition("@")[0]
        if '"' in mailbox or not mailbox.isascii():
            raise serializers.ValidationError(self.error_messages["invalid"], code="invalid")
        return address
