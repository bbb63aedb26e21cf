"""Reading JSON from strangers."""

import json
import math
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

NESTING_MAX = 32  # nothing the API takes has more than five levels
INTEGER_MAX = 2**63 - 1
INTEGER_MAX_CHARS = len(str(-INTEGER_MAX))


class StrictJSONParser(JSONParser):
    """One meaning for each body: UTF-8, no name twice, no NaN, no infinity, and not nested without end."""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            document = json.loads(
                stream.read().decode(),
                object_pairs_hook=_without_repetition,
                parse_float=_finite,
                parse_int=_bounded,
                parse_constant=_refuse_constant,
            )
        except RecursionError:
            raise ParseError(_("The JSON is nested too deeply.")) from None
        except ValueError as exc:
            raise ParseError(_("JSON parse error - %(reason)s") % {"reason": exc}) from None
        if _is_deeper(document, NESTING_MAX):
            raise ParseError(_("The JSON is nested too deeply."))
        return document


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values two readers could take different ones: what one has checked, the other would use."""
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError(_("a name stands twice in the same object"))
    return document


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(_("a number is too large"))
    return number


def _bounded(text: str) -> int:
    """What a database can hold."""
    if len(text) > INTEGER_MAX_CHARS or abs(int(text)) > INTEGER_MAX:
        raise ValueError(_("a number is too large"))
    return int(text)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(_("%(name)s is not JSON") % {"name": name})


def _is_deeper(value: Any, levels: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return False
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in value)
