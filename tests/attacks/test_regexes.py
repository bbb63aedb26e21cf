"""No text makes a regular expression of ours slow: twice the text takes twice the time."""

import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from itertools import product
from types import ModuleType
from typing import Any

import pytest
from django.core.validators import RegexValidator
from django.urls import URLResolver, get_resolver
from rest_framework import serializers

import apps
import plant_community_backend

ELSEWHERE = re.compile(r"\.(?:tests|migrations|settings|wsgi|asgi)\b")
SHORT, LONG = 2_000, 10_000
SUSPICIOUS_S = 0.002  # at the short length; what is linear takes a fiftieth of that
# These see texts that were cut before: to so many characters. What they take is bounded by that.
CUT_BEFORE = {"apps.plant_identification.services.provider_http._ABOUT_THE_PHOTO": 2_000}
BOUNDED_S = 0.1
PIECES = ("a", "A", "0", " ", "-", ".", "@", "/", ":", "=", "'", '"', "eyJ", "eyJa-", "é", "\n", "\xff")


def modules() -> Iterator[ModuleType]:
    for package in (apps, plant_community_backend):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not ELSEWHERE.search(found.name):
                yield importlib.import_module(found.name)


def patterns() -> dict[str, re.Pattern[Any]]:
    found: dict[str, re.Pattern[Any]] = {}
    for module in modules():
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern):
                found[f"{module.__name__}.{name}"] = value
            if isinstance(value, type) and issubclass(value, serializers.BaseSerializer):
                found |= {f"{name} {pattern.pattern}": pattern for pattern in _of_serializer(value)}
    return found | {pattern.pattern: pattern for pattern in _of_addresses(get_resolver())}


def _of_serializer(kind: type[Any]) -> Iterator[re.Pattern[str]]:
    for each in getattr(kind, "_declared_fields", {}).values():
        for validator in getattr(each, "validators", ()):
            if isinstance(validator, RegexValidator):
                yield validator.regex  # type: ignore[misc]


def _of_addresses(resolver: URLResolver) -> Iterator[re.Pattern[str]]:
    for each in resolver.url_patterns:
        yield each.pattern.regex
        if isinstance(each, URLResolver) and each.app_name in {"", "auth", "plant-identification", "users"}:
            yield from _of_addresses(each)


def attacks(pattern: re.Pattern[Any]) -> Iterator[tuple[str, str]]:
    """What a text is made of, again and again, and how it fails at its end. Of the pattern's own letters."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    own = sorted(set(re.findall(r"[\w.@/:=;,&%'\"-]", source)))[:14]
    words = re.findall(r"[A-Za-z]{3,}", source)[:8]
    pieces = [*PIECES, *own, *words, *(f"{word} " for word in words)]
    pieces += [first + second for first, second in product(own[:10], repeat=2)]
    yield from product(dict.fromkeys(pieces), ("", "!", "\n\x00"))


def text_of(pattern: re.Pattern[Any], piece: str, end: str, length: int) -> Any:
    text = (piece * (length // len(piece) + 1))[:length] + end
    return text if isinstance(pattern.pattern, str) else text.encode("latin-1", "replace")


def seconds(use: Callable[[Any], object], text: Any, times: int = 1) -> float:
    took = []
    for _ in range(times):
        began = time.thread_time()
        use(text)
        took.append(time.thread_time() - began)
    return min(took)


def test_no_pattern_takes_more_than_linear_time() -> None:
    found = patterns()
    assert len(found) > 30
    for name, pattern in found.items():
        if name in CUT_BEFORE:
            texts = (text_of(pattern, *attack, CUT_BEFORE[name]) for attack in attacks(pattern))
            assert max(seconds(pattern.search, text) for text in texts) < BOUNDED_S, name
        else:
            require_linear(pattern)


def require_linear(pattern: re.Pattern[Any]) -> None:
    empty = "" if isinstance(pattern.pattern, str) else b""
    uses: tuple[Callable[[Any], object], ...] = (
        pattern.fullmatch,
        lambda text: pattern.sub(empty, text),
    )
    for attack, use in product(attacks(pattern), uses):
        text = text_of(pattern, *attack, SHORT)
        if seconds(use, text) < SUSPICIOUS_S:
            continue
        ratio = seconds(use, text_of(pattern, *attack, LONG), 3) / seconds(use, text, 3)
        assert ratio < 2.5 * LONG / SHORT, (pattern.pattern, text[:20], ratio)


@pytest.mark.parametrize("source", [r"\beyJ[\w-]{5,}\.[\w-]{5,}\.", r"(?i)\b[a-z][a-z0-9+.-]*://[^/]+"])
def test_a_slow_pattern_is_found(source: str) -> None:
    """Both stood in this project."""
    with pytest.raises(AssertionError):
        require_linear(re.compile(source))
