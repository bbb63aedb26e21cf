"""Addresses and public names as people may choose them: none looks like another that it is not."""

import unicodedata
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.fields import empty

from apps.users.constants import USERNAME_MAX_LENGTH

EMAIL_MAX_LENGTH = 254
NAME_FORM = r"^[\w.+-]+\Z"
NAME_RULE = _("Use letters, digits and . + - _ only.")
ONE_ALPHABET = _("Use letters of one alphabet only.")
# Their letters look alike: a name in two of them is there to be taken for another.
LOOKALIKE_ALPHABETS = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"})


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


class NameField(serializers.RegexField):
    def __init__(self, **kwargs: Any) -> None:
        options = {"max_length": USERNAME_MAX_LENGTH, "error_messages": {"invalid": NAME_RULE}}
        super().__init__(NAME_FORM, **{**options, **kwargs})

    def run_validation(self, data: Any = empty) -> Any:
        name = super().run_validation(data)
        if len(_alphabets(str(name or "")) & LOOKALIKE_ALPHABETS) > 1:
            raise serializers.ValidationError(ONE_ALPHABET, code="mixed_alphabets")
        return name


def fold_login(login: str) -> str:
    """The same for every way of writing one account's name or address, so that none has a limit of its own.

    Marks are left out: a database folds the dotted capital I into i, Python into an i and a dot.
    """
    folded = unicodedata.normalize("NFKD", login).casefold()
    return "".join(letter for letter in folded if not unicodedata.combining(letter))


def _alphabets(name: str) -> frozenset[str]:
    letters = (letter for letter in unicodedata.normalize("NFKC", name) if letter.isalpha())
    return frozenset(unicodedata.name(letter, "").partition(" ")[0] for letter in letters)
