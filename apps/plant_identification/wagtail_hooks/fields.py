"""Form fields of the encyclopedia's editors."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from apps.plant_identification import constants
from apps.plant_identification.services.encyclopedia.facts import MAX_NAMES_OF_LANGUAGE, MAX_SYNONYMS

NAME_CHARS = 200


class LinesField(forms.Field):
    """A list of texts, one a line."""

    widget = forms.Textarea(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        lines = (" ".join(line.split()) for line in (value or "").splitlines())
        names = list(dict.fromkeys(line for line in lines if line))
        _require_names(names, at_most=MAX_SYNONYMS)
        return names


class NamesByLanguageField(forms.Field):
    """`de: Fensterblatt; Köstliches Fensterblatt`: a language a line."""

    widget = forms.Textarea(attrs={"rows": 6})

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return "\n".join(f"{language}: {'; '.join(names)}" for language, names in sorted(value.items()))

    def to_python(self, value: Any) -> dict[str, list[str]]:
        names: dict[str, list[str]] = {}
        for line in filter(str.strip, (value or "").splitlines()):
            language, sign, rest = line.partition(":")
            language = language.strip().lower()
            if not sign or language not in constants.LANGUAGES:
                raise ValidationError("Begin each line with a language, such as de: or en:")
            listed = [" ".join(name.split()) for name in rest.split(";")]
            names[language] = list(dict.fromkeys([*names.get(language, []), *filter(None, listed)]))
            _require_names(names[language], at_most=MAX_NAMES_OF_LANGUAGE)
        return {language: listed for language, listed in names.items() if listed}


class ValueField(forms.Field):
    """A number where it is one; otherwise a text, or several with `;` between them."""

    widget = forms.TextInput

    def prepare_value(self, value: Any) -> Any:
        return "; ".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        text = " ".join(str(value or "").split())
        parts = [part.strip() for part in text.split(";") if part.strip()]
        _require_names(parts, at_most=MAX_SYNONYMS)
        if len(parts) > 1:
            return parts
        return _number(parts[0]) if parts else None


def _number(text: str) -> Any:
    try:
        number = float(text)
    except ValueError:
        return text
    if number in {float("inf"), float("-inf")} or number != number:
        return text
    return int(number) if number.is_integer() else number


def _require_names(names: list[str], *, at_most: int) -> None:
    if len(names) > at_most:
        raise ValidationError(f"At most {at_most}, please.")
    for name in names:
        if len(name) > NAME_CHARS or not name.isprintable():
            raise ValidationError(f"At most {NAME_CHARS} letters each, please.")
