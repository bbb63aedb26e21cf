"""What tests look at: counters with a way to wait for them, the last requests, and a barrier for replies."""

import asyncio
import base64
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from provider_sandbox.uploads import Picture

KEPT_REQUESTS = 64
KEPT_PICTURE_BYTES = 64 * 1024 * 1024  # of all kept requests together; the oldest lose their bytes first


@dataclass(slots=True)
class Counters:
    identify_posts: int = 0
    identify_gets: int = 0
    deletes: int = 0
    usage_info: int = 0
    answered: int = 0
    failed: int = 0
    in_flight: int = 0
    max_in_flight: int = 0
    charged: float = 0.0


@dataclass(slots=True)
class Visit:
    succeeded: bool = False


class Traffic:
    def __init__(self) -> None:
        self.counters = Counters()
        self._changed = asyncio.Event()

    def reset(self) -> None:
        under_way = self.counters.in_flight
        self.counters = Counters(in_flight=under_way, max_in_flight=under_way)
        self._announce()

    def count(self, counter: str, amount: float = 1) -> None:
        setattr(self.counters, counter, getattr(self.counters, counter) + amount)
        self._announce()

    @contextmanager
    def identifying(self) -> Iterator[Visit]:
        """Count one identify POST: answered when a whole answer has left, else failed."""
        visit = Visit()
        self.counters.identify_posts += 1
        self.counters.in_flight += 1
        self.counters.max_in_flight = max(self.counters.max_in_flight, self.counters.in_flight)
        self._announce()
        try:
            yield visit
        finally:
            self.counters.in_flight -= 1
            self.count("answered" if visit.succeeded else "failed")

    async def wait_until(self, reached: Callable[[Counters], bool], *, timeout_s: float) -> bool:
        try:
            async with asyncio.timeout(timeout_s):
                while not reached(self.counters):
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def _announce(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class Gate:
    """Open by default; while closed, replies to identify POSTs wait in front of it."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()

    def close(self) -> None:
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    async def pass_through(self) -> None:
        await self._open.wait()


@dataclass(slots=True)
class Seen:
    """One identify request as it arrived, without its key."""

    path: str
    headers: list[tuple[str, str]]
    query: list[tuple[str, str]]
    key_present: bool
    fields: list[tuple[str, Any]] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    body_bytes: int = 0
    pictures_kept: bool = True

    def summary(self, index: int) -> dict[str, Any]:
        return {
            "index": index,
            "path": self.path,
            "query": self.query,
            "fields": self.fields,
            "body_bytes": self.body_bytes,
            "images": [self._describe(picture) for picture in self.pictures],
        }

    def full(self, index: int) -> dict[str, Any]:
        images = []
        for picture in self.pictures:
            encoded = base64.b64encode(picture.content).decode("ascii") if self.pictures_kept else None
            images.append({**self._describe(picture), "base64": encoded})
        return {
            **self.summary(index),
            "headers": self.headers,
            "key_present": self.key_present,
            "images": images,
        }

    @staticmethod
    def _describe(picture: Picture) -> dict[str, Any]:
        return {
            "filename": picture.filename,
            "media_type": picture.media_type,
            "size_bytes": picture.size_bytes,
            "sha256": picture.digest.hex(),
        }


class RequestLog:
    def __init__(self) -> None:
        self._kept: deque[Seen] = deque(maxlen=KEPT_REQUESTS)

    def clear(self) -> None:
        self._kept.clear()

    def add(self, seen: Seen) -> None:
        self._kept.append(seen)

    def list_summaries(self) -> list[dict[str, Any]]:
        return [seen.summary(index) for index, seen in enumerate(self._kept)]

    def get(self, index: int) -> dict[str, Any] | None:
        """Indexed as a list is: 0 the oldest kept one, -1 the newest."""
        try:
            seen = self._kept[index]
        except IndexError:
            return None
        return seen.full(index if index >= 0 else index + len(self._kept))

    def drop_old_pictures(self) -> None:
        room = KEPT_PICTURE_BYTES
        for seen in reversed(self._kept):
            room -= sum(len(picture.content) for picture in seen.pictures)
            if room < 0 and seen.pictures_kept:
                seen.pictures_kept = False
                seen.pictures = [replace(picture, content=b"") for picture in seen.pictures]


def counters_as_dict(counters: Counters) -> dict[str, float]:
    return asdict(counters)
