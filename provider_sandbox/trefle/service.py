"""Trefle v1: the routes that enrichment needs, with the quirks of the real ones."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from difflib import SequenceMatcher
from email.utils import format_datetime
from typing import Any

from provider_sandbox.catalogue import Catalogue, Plant
from provider_sandbox.exchange import Call
from provider_sandbox.trefle.replies import (
    LAST_MODIFIED,
    number_of,
    write_full,
    write_one,
    write_page,
    write_plant,
)
from provider_sandbox.wire import HTML_TYPE, Refused, Reply, json_reply, reason_for

PER_MINUTE = 60
MINUTE_S = 60
SEARCH_SIZE, LIST_SIZE, SIZE_MAX = 20, 30, 100
CACHED_S = 7 * 86_400
INVALID_TOKEN = "Invalid access token"  # noqa: S105 - the service's own words
NOT_FOUND = "The requested resource doesn't exist"
MISSING = "param is missing or the value is empty: {}"
TOO_MANY = "Too many requests. Please wait before you ask again."
BROKEN_PAGE = (
    "<!DOCTYPE html><html><head><title>We're sorry, but something went wrong (500)</title></head>"
    "<body><h1>We're sorry, but something went wrong.</h1></body></html>"
)
# What a search weighs, and that is why a scientific name can find another species first.
COMMON_NAME, COMMON_NAMES, SCIENTIFIC_NAME, SYNONYM = 10, 8, 5, 3
ALIKE_FROM = 0.6


class MinuteLimit:
    """Requests of one key in one minute of the clock."""

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self.reset()

    def reset(self) -> None:
        self.limit = PER_MINUTE
        self._counts: dict[tuple[str, int], int] = {}

    @property
    def resets_at(self) -> int:
        return (int(self._now()) // MINUTE_S + 1) * MINUTE_S

    def take(self, key: str) -> int:
        """How many this key has taken now, this one included."""
        window = (key, self.resets_at)
        self._counts = {known: count for known, count in self._counts.items() if known[1] == window[1]}
        self._counts[window] = self._counts.get(window, 0) + 1
        return self._counts[window]

    def headers(self, taken: int) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.limit - taken)),
            "RateLimit-Reset": str(self.resets_at),
        }

    @property
    def wait_s(self) -> int:
        return max(1, self.resets_at - int(self._now()))


class TrefleService:
    name = "trefle"
    identify_status = 200

    def __init__(self, *, catalogue: Catalogue, now: Callable[[], float] = time.time) -> None:
        self._catalogue = catalogue
        self._by_number = {str(number_of(plant)): plant for plant in catalogue.plants}
        self.minute = MinuteLimit(now=now)

    def reset(self) -> None:
        self.minute.reset()

    def refuse(self, status: int, message: str | None = None) -> Reply:
        """Refused keys speak of `messages`, everything else of `message`, and what is broken shows a page."""
        if status >= 500:
            return Reply(status, BROKEN_PAGE.encode(), HTML_TYPE)
        if status == 401:
            return json_reply(401, {"error": True, "messages": message or INVALID_TOKEN})
        usual = {404: NOT_FOUND, 422: MISSING.format("q"), 429: TOO_MANY}.get(status, reason_for(status))
        headers = {}
        if status == 429:
            headers = self.minute.headers(self.minute.limit) | {"Retry-After": str(self.minute.wait_s)}
        return json_reply(status, {"error": True, "message": message or usual}, headers)

    def read_pictures(self, call: Call) -> None:
        """There are none."""

    def settle_replaced(self, status: int) -> None:
        """It costs nothing but a place in the minute, and that is not taken by what never got through."""

    def search(self, call: Call) -> Reply:
        text = call.query.get("q", "").strip()
        if not text:
            raise Refused(422, MISSING.format("q"))
        weighed = [(weigh(plant, text), plant) for plant in self._catalogue.plants]
        found = [plant for weight, plant in sorted(weighed, key=lambda pair: -pair[0]) if weight]
        return self._page(call, found, size=_whole(call.query, "limit", SEARCH_SIZE))

    def list_species(self, call: Call) -> Reply:
        wanted = call.query.get("filter[scientific_name]")
        names = {name.strip() for name in wanted.split(",")} if wanted else set()
        plants = [plant for plant in self._catalogue.plants if not names or plant.scientific_name in names]
        return self._page(call, plants, size=LIST_SIZE)

    def tell_species(self, call: Call) -> Reply:
        return self._one(call, write_full(self._find(call)))

    def tell_plant(self, call: Call) -> Reply:
        return self._one(call, write_plant(self._find(call)))

    def not_found(self, _: Call) -> Reply:
        return self.refuse(404)

    def guarded(self, answer: Callable[[Call], Reply]) -> Callable[[Call], Reply]:
        """Behind the key and the minute's limit, whose figures stand in every answer."""

        def answer_with_limit(call: Call) -> Reply:
            key = _key_of(call)
            if key in {None, "invalid"}:
                raise Refused(401, INVALID_TOKEN)
            taken = self.minute.take(str(key))
            if taken > self.minute.limit:
                raise Refused(429, TOO_MANY)
            try:
                reply = answer(call)
            except Refused as refusal:
                reply = self.refuse(refusal.status, refusal.message)
            return replace(reply, headers={**reply.headers, **self.minute.headers(taken)})

        return answer_with_limit

    def _find(self, call: Call) -> Plant:
        place = call.places["place"]
        plant = self._by_number.get(place) or self._catalogue.find_by_slug(place)
        if plant is None:
            raise Refused(404, NOT_FOUND)
        return plant

    def _page(self, call: Call, plants: list[Plant], *, size: int) -> Reply:
        page = _whole(call.query, "page", 1)
        if page > max(1, -(-len(plants) // size)):
            raise Refused(404, f"expected :page in 1..{max(1, -(-len(plants) // size))}; got {page}")
        path = call.path.removeprefix("/trefle")
        return json_reply(200, write_page(plants, path=path, query=call.query, page=page, size=size))

    def _one(self, call: Call, data: Mapping[str, Any]) -> Reply:
        written = write_one(data)
        tag = f'W/"{hashlib.sha256(json.dumps(written).encode()).hexdigest()[:32]}"'
        headers = {
            "ETag": tag,
            "Last-Modified": format_datetime(LAST_MODIFIED, usegmt=True),
            "Cache-Control": f"max-age={CACHED_S}, private",
        }
        if tag in [known.strip() for known in call.headers.get("If-None-Match", "").split(",")]:
            return Reply(304, b"", headers=headers)
        return json_reply(200, written, headers)


def weigh(plant: Plant, text: str) -> float:
    """Fuzzy, and over common names first."""
    names = [name for in_language in plant.common_names.values() for name in in_language]
    weighed = [
        (COMMON_NAME, plant.common_names.get("en", [])[:1]),
        (COMMON_NAMES, names),
        (SCIENTIFIC_NAME, [plant.scientific_name]),
        (SYNONYM, plant.synonyms),
    ]
    return max(weight * _alike(text, name) for weight, group in weighed for name in (*group, ""))


def _alike(text: str, name: str) -> float:
    """Of the words asked for, the one that is most like a word of the name decides."""
    words = name.lower().split()
    pairs = [(asked, word) for asked in text.lower().split() for word in words]
    best = max((SequenceMatcher(None, asked, word).ratio() for asked, word in pairs), default=0.0)
    return best if best >= ALIKE_FROM else 0.0


def _key_of(call: Call) -> str | None:
    scheme, _, token = call.headers.get("Authorization", "").partition(" ")
    return call.query.get("token") or (token.strip() if scheme.lower() == "bearer" else None) or None


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    return min(SIZE_MAX, max(1, int(text))) if text.isdecimal() and len(text) < 10 else default
