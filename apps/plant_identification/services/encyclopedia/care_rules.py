"""Whether what a language model wrote may be shown to an editor at all. Pure; what is in doubt is refused.

An editor judges the rest. So nobody has to find a dose, an interval or a word on eating in it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from apps.plant_identification.services.encyclopedia.care_prompt import GivenFact
from apps.plant_identification.services.encyclopedia.properties import PROPERTY_OF_FIELD

MIN_CHARS, MAX_CHARS = 20, 500
TOLERANCE = 0.06  # 121.9 cm may be told as 120

# English and German, beginnings of words: about eating, medicine and poison there are sources, or nothing.
_FORBIDDEN = re.compile(
    r"\b(?:edib|eat|eaten|food|cook|recipe|tea\b|medic|remed|heal|cure|dose|dosage|therap|poison|toxi|venom|harmless"
    r"|safe\b|allerg|child|kids?\b|baby|pets?\b|cats?\b|dogs?\b|horse|livestock"
    r"|essbar|genießbar|ungenießbar|essen\b|isst|verzehr|speise|küche|rezept|tee\b|medizin|arznei|heil|gift|ungiftig"
    r"|giftig|harmlos|sicher\b|unbedenklich|allergi|kind|baby|haustier|katze|hund|pferd|vieh)",
    re.IGNORECASE,
)
_INTERVAL = re.compile(
    r"\b(?:daily|weekly|fortnight|monthly|hourly|once|twice|thrice|times\b|(?:every|each|per|a)\s+(?:other\s+)?"
    r"(?:hour|day|week|month)|täglich|wöchentlich|monatlich|stündlich|einmal|zweimal|dreimal|mal\b"
    r"|(?:pro|jede[nrs]?|alle|im)\s+(?:\w+\s+)?(?:stunden?|tage?n?|wochen?|monate?n?)\b)",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"[<>\[\]{}`*_#|\\]|https?:|www\.|\w@\w", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_MINUS = "\N{MINUS SIGN}"
_NUMBER = re.compile(rf"(?:(?<![^\s(])[-{_MINUS}])?\d+(?:[.,]\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """`content` is None where the model declined, or was cut short; it costs all the same."""

    content: str | None
    tokens: int
    ending: str


class CareTextRefused(Exception):
    """`reason` is one short word for the counters and the editors."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    section: str
    text: str
    facts: list[str]


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sections: list[_Section]


@dataclass(frozen=True, slots=True, kw_only=True)
class CareText:
    section: str
    text: str
    fields: tuple[str, ...]  # of the facts it goes by


def check_care_text(said: Completion, facts: Sequence[GivenFact]) -> tuple[CareText, ...]:
    """
    Raises:
        CareTextRefused: one rule is broken; nothing of it is used then.
    """
    if said.content is None:
        raise CareTextRefused(said.ending)
    try:
        document = msgspec.json.decode(said.content, type=_Document)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        raise CareTextRefused("not_as_asked") from None
    if not document.sections:
        raise CareTextRefused("nothing_said")
    given = {fact.id: fact for fact in facts}
    names = [each.section for each in document.sections]
    if len(set(names)) != len(names):
        raise CareTextRefused("section_twice")
    return tuple(_check_section(each, given) for each in document.sections)


def _check_section(said: _Section, given: Mapping[str, GivenFact]) -> CareText:
    text = said.text.strip()
    if not MIN_CHARS <= len(text) <= MAX_CHARS:
        raise CareTextRefused("length")
    if _UNPRINTABLE.search(text) or _MARKUP.search(text):
        raise CareTextRefused("markup")
    if _FORBIDDEN.search(text):
        raise CareTextRefused("forbidden_subject")
    if _INTERVAL.search(text):
        raise CareTextRefused("interval")
    cited = [given[each] for each in said.facts if each in given]
    if not cited or len(cited) != len(said.facts) or any(fact.section != said.section for fact in cited):
        raise CareTextRefused("facts_not_given")
    ranges = _ranges(cited)
    for number in _NUMBER.findall(text):
        value = float(number.replace(_MINUS, "-").replace(",", "."))
        if not any(_is_within(value, low, high) for low, high in ranges):
            raise CareTextRefused("number_not_given")
    return CareText(
        section=said.section, text=text, fields=tuple(dict.fromkeys(fact.statement.field for fact in cited))
    )


def _ranges(cited: Sequence[GivenFact]) -> list[tuple[float, float]]:
    """What the facts it goes by say of one property, in one unit; and the ends of scales they are told on."""
    found: dict[tuple[str, str], list[float]] = {}
    scales: list[tuple[float, float]] = []
    for fact in cited:
        said = fact.statement
        key = PROPERTY_OF_FIELD[said.field].key
        for value, unit in ((said.value, said.unit), (said.said_value, said.said_unit)):
            if isinstance(value, int | float) and not isinstance(value, bool):
                found.setdefault((key, unit), []).append(value)
        if said.unit in {"0-10", "1-3"}:
            low, high = said.unit.split("-")
            scales += [(float(low),) * 2, (float(high),) * 2]
    return scales + [(min(values), max(values)) for values in found.values()]


def _is_within(value: float, low: float, high: float) -> bool:
    slack = TOLERANCE * max(abs(low), abs(high))
    return low - slack <= value <= high + slack
