"""In which language an identification is told."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request

from apps.core.languages import ENGLISH, best_language
from apps.plant_identification import constants


class LanguageField(serializers.ChoiceField):
    """One of the languages for common names; who names another one is told which there are."""

    default_error_messages = {"invalid_choice": _("Choose one of these languages: {languages}.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=constants.LANGUAGES, **kwargs)

    def fail(self, key: str, **kwargs: Any) -> Any:
        super().fail(key, languages=", ".join(constants.LANGUAGES), **kwargs)


def language_asked(request: Request) -> str:
    """The form's own word, else the best of `Accept-Language`, else English."""
    said = request.POST.get("language")
    if said in constants.LANGUAGES:
        return said
    return best_language(request.headers.get("Accept-Language", ""), constants.LANGUAGES) or ENGLISH
