"""Public names as people may choose them: none looks like another that it is not."""

import unicodedata
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.fields import empty

from apps.core.alphabets import mixes_lookalikes
from apps.users.constants import USERNAME_MAX_LENGTH

NAME_FORM = r"^[\w.+-]+\Z"
NAME_RULE = _("Use letters, digits and . + - _ only.")
ONE_ALPHABET = _("Use letters of one alphabet only.")


class NameField(serializers.RegexField):
    def __init__(self, **kwargs: Any) -> None:
        options = {"max_length": USERNAME_MAX_LENGTH, "error_messages": {"invalid": NAME_RULE}}
        super().__init__(NAME_FORM, **{**options, **kwargs})

    def run_validation(self, data: Any = empty) -> Any:
        name = super().run_validation(data)
        if mixes_lookalikes(str(name or "")):
            raise serializers.ValidationError(ONE_ALPHABET, code="mixed_alphabets")
        return name


def fold_login(login: str) -> str:
    """The same for every way of writing one account's name or address, so that none has a limit of its own.

    Marks are left out: a database folds the dotted capital I into i, Python into an i and a dot.
    """
    folded = unicodedata.normalize("NFKD", login).casefold()
    return "".join(letter for letter in folded if not unicodedata.combining(letter))
