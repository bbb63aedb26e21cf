"""What all operators' pages of one process show: read once, however many look."""

import asyncio
import contextlib
import json
import logging
import time
from collections import Counter
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer

from apps.core.fleet.events import note_event
from apps.core.redis import RedisGone
from apps.plant_identification.services.operations import describe_operations
from apps.plant_identification.services.operators import GROUP
from apps.plant_identification.services.registry import registry

logger = logging.getLogger(__name__)

READ_EVERY_S = 2.0
READ_AGAIN_AFTER_S = 0.2  # many changes at once are one
LISTEN_AGAIN_AFTER_S = 2.0
WINDOWS_PER_PERSON = 5
WINDOWS = 100


class Visitor(Protocol):
    session: str
    news: asyncio.Event

    async def sign_out(self) -> None: ...


class Board:
    """Works while somebody looks: one task reads every two seconds, and at once when told of a change."""

    def __init__(self) -> None:
        self.text: str | None = None
        self._visitors: dict[Visitor, Any] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()
        self._redis_gone_at: float | None = None

    def admit(self, visitor: Visitor, person: Any) -> bool:
        """False where this person, or everybody together, has too many windows open on this process."""
        per_person = Counter(self._visitors.values())
        if per_person[person] >= WINDOWS_PER_PERSON or per_person.total() >= WINDOWS:
            return False
        self._visitors[visitor] = person
        self._changed.set()
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._keep_reading()), asyncio.create_task(self._listen())]
        return True

    def dismiss(self, visitor: Visitor) -> None:
        self._visitors.pop(visitor, None)
        if not self._visitors:
            for task in self._tasks:
                task.cancel()
            self._tasks, self.text = [], None

    async def _keep_reading(self) -> None:
        while True:
            self._changed.clear()
            try:
                text = await database_sync_to_async(self._read)()
            except Exception:  # whatever it was, the next look may succeed, and the page says how old it is
                logger.exception("operations_not_read", extra={"event": "operations_not_read"})
            else:
                self.text = text
                for visitor in self._visitors:
                    visitor.news.set()
            await asyncio.sleep(READ_AGAIN_AFTER_S)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), READ_EVERY_S - READ_AGAIN_AFTER_S)

    async def _listen(self) -> None:
        """Without it the page is two seconds late, and a sign-out is noticed a few seconds later."""
        layer = get_channel_layer()
        while layer is not None:
            try:
                channel = await layer.new_channel()
                await layer.group_add(GROUP, channel)
                while True:
                    await self._hear(await layer.receive(channel))
            except RedisGone:
                await asyncio.sleep(LISTEN_AGAIN_AFTER_S)

    async def _hear(self, message: dict[str, Any]) -> None:
        if message["type"] == "signed_out":
            for visitor in [each for each in self._visitors if each.session == message["session"]]:
                await visitor.sign_out()
        self._changed.set()

    def _read(self) -> str:
        document = describe_operations(registry())
        self._note_redis(is_there=document["redis"])
        return json.dumps(document)

    def _note_redis(self, *, is_there: bool) -> None:
        if not is_there and self._redis_gone_at is None:
            self._redis_gone_at = time.monotonic()
            note_event("redis_gone")
        elif is_there and self._redis_gone_at is not None:
            away_s = round(time.monotonic() - self._redis_gone_at)
            self._redis_gone_at = None
            note_event("redis_back", once_in_s=10, away_s=away_s)


_boards: "WeakKeyDictionary[asyncio.AbstractEventLoop, Board]" = WeakKeyDictionary()


def board_of_this_loop() -> Board:
    return _boards.setdefault(asyncio.get_running_loop(), Board())
