"""Sentences for people, written before it is known who reads them and in which language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from django.utils.translation import gettext, ngettext


@dataclass(frozen=True, slots=True)
class Sentence:
    """`str()` says it in the language of the moment.

    An exception carries it from where something failed to where somebody is told, and the cache carries it
    from one caller to others who may read another language. Names in `text` are filled in from `values`;
    where there is a `plural`, `values["count"]` chooses between the two.
    """

    text: str
    values: Mapping[str, str | int] = field(default_factory=dict)
    plural: str = ""

    def __str__(self) -> str:
        if self.plural:
            return ngettext(self.text, self.plural, int(self.values["count"])) % self.values
        # Without values it is said as it stands: a percent sign in it is no placeholder.
        return gettext(self.text) % self.values if self.values else gettext(self.text)

    def spell(self) -> dict[str, Any]:
        """For a cache; `read` understands it."""
        return {"text": self.text, "values": dict(self.values), "plural": self.plural}

    @classmethod
    def read(cls, spelled: Mapping[str, Any]) -> Self:
        return cls(spelled["text"], spelled["values"], spelled["plural"])

    @classmethod
    def of(cls, words: "Words") -> "Sentence":
        """What is only a string is kept as it is: no catalog has it."""
        return words if isinstance(words, Sentence) else Sentence(words)


Words = str | Sentence
