"""What operators' windows show: read once for all, as soon as it changes, and no more often than needed."""

import asyncio
import time
from collections import deque

import pytest
from asgiref.sync import async_to_sync, sync_to_async

from apps.core.fleet import events
from apps.core.fleet.events import note_event, recent_events
from apps.plant_identification.consumers import board
from apps.plant_identification.services.registry import registry
from apps.plant_identification.tests.sockets import (
    HOST,
    PATIENCE_S,
    circuit_of,
    leave,
    listening,
    opened,
    shown,
    signed_in,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sandbox", "keeps_the_connection")]


@pytest.fixture
def only_when_told(monkeypatch):
    monkeypatch.setattr(board, "READ_EVERY_S", 3600)


@pytest.fixture
def reads(monkeypatch):
    """Grows with each reading."""
    reads = []
    describe = board.describe_operations
    monkeypatch.setattr(board, "describe_operations", lambda registry: reads.append(1) or describe(registry))
    return reads


@pytest.mark.usefixtures("only_when_told")
def test_staff_sees_everything_at_once_and_a_change_as_soon_as_it_happens():
    client = signed_in()
    circuit = registry().get("plant_id").call.circuit

    @async_to_sync
    async def look():
        socket = await opened(client, origin=f"http://{HOST}:8000", host=f"{HOST}:8001")
        first = await shown(socket)
        await asyncio.wait_for(listening(), PATIENCE_S)
        await sync_to_async(circuit.force_open)(30)
        second = await shown(socket, lambda document: circuit_of(document)["state"] == "open")
        await leave(socket)
        return first, second

    first, second = look()
    assert circuit_of(first)["state"] == "closed"
    assert 0 < circuit_of(second)["retry_in_s"] <= 30
    assert second["events"][0]["kind"] == "circuit_opened"


@pytest.mark.usefixtures("only_when_told")
def test_who_comes_later_sees_everything_at_once_too():
    clients = [signed_in(), signed_in()]

    @async_to_sync
    async def look():
        sockets = []
        for client in clients:
            sockets.append(await opened(client))
            await shown(sockets[-1])
        for socket in sockets:
            await leave(socket)

    look()


def test_what_nobody_tells_of_is_seen_a_moment_later(monkeypatch):
    monkeypatch.setattr(board, "READ_EVERY_S", 0.3)
    client = signed_in()

    @async_to_sync
    async def look():
        socket = await opened(client)
        for _ in range(3):
            await shown(socket)
        await leave(socket)

    look()


@pytest.mark.usefixtures("only_when_told")
def test_however_quick_the_changes_are_the_readings_keep_a_pause(monkeypatch, reads):
    monkeypatch.setattr(board, "READ_AGAIN_AFTER_S", 0.5)
    client = signed_in()

    @async_to_sync
    async def look():
        socket = await opened(client)
        await shown(socket)
        await asyncio.wait_for(listening(), PATIENCE_S)
        began = time.monotonic()
        for number in range(6):
            await sync_to_async(note_event)("quota_nearly_used", about="plantnet", used=number)
            await shown(socket, lambda document: document["events"][0]["facts"] == {"used": str(number)})  # noqa: B023
        took_s = time.monotonic() - began
        await leave(socket)
        return took_s

    took_s = look()
    assert len(reads) <= 2 + took_s / board.READ_AGAIN_AFTER_S


def test_however_many_look_it_is_read_once_and_not_at_all_when_nobody_does(only_when_told, reads):
    clients = [signed_in() for _ in range(6)]

    @async_to_sync
    async def look():
        sockets = await asyncio.gather(*(opened(client) for client in clients))
        for socket in sockets:
            await shown(socket)
        left = board.board_of_this_loop()
        tasks = list(left._tasks)
        for socket in sockets:
            await leave(socket)
        await asyncio.wait(tasks, timeout=PATIENCE_S)
        return left, tasks

    left, tasks = look()
    assert 1 <= len(reads) <= len(clients)
    assert left.text is None
    assert left._tasks == []
    assert len(tasks) == 2
    assert all(task.cancelled() for task in tasks)


def test_a_reading_that_fails_is_logged_and_the_next_one_is_shown(monkeypatch, caplog):
    monkeypatch.setattr(board, "READ_EVERY_S", 0.3)
    describe, failures = board.describe_operations, [RuntimeError("a bug")]

    def describe_later(registry):
        if failures:
            raise failures.pop()
        return describe(registry)

    monkeypatch.setattr(board, "describe_operations", describe_later)
    client = signed_in()

    @async_to_sync
    async def look():
        socket = await opened(client)
        await shown(socket)
        await leave(socket)

    look()
    assert "operations_not_read" in [record.message for record in caplog.records]


class LosingLayer:
    """Its Redis goes while it listens, and comes back; then there is news."""

    def __init__(self):
        self.heard = 0
        self.news = asyncio.Event()

    async def new_channel(self):
        return "operators"

    async def group_add(self, group, channel):
        pass

    async def receive(self, channel):
        self.heard += 1
        if self.heard == 1:
            raise ConnectionError
        await self.news.wait()
        self.news.clear()
        return {"type": "changed"}


@pytest.mark.usefixtures("only_when_told")
def test_a_board_hears_again_after_redis_was_away(monkeypatch):
    monkeypatch.setattr(board, "LISTEN_AGAIN_AFTER_S", 0.01)
    client = signed_in()

    @async_to_sync
    async def look():
        layer = LosingLayer()
        monkeypatch.setattr(board, "get_channel_layer", lambda: layer)
        socket = await opened(client)
        await shown(socket)
        layer.news.set()
        await shown(socket)
        await leave(socket)

    look()


def test_redis_going_and_coming_back_are_one_event_each(monkeypatch):
    monkeypatch.setattr(events, "_own", deque())
    seen = board.Board()
    for is_there in (True, False, False, True, True):
        seen._note_redis(is_there=is_there)

    assert [(event.kind, event.facts) for event in recent_events(5)] == [
        ("redis_back", {"away_s": "0"}),
        ("redis_gone", {}),
    ]
