"""`ws/circuit-status/`: who gets it, who loses it, and what keeps it from being abused."""

import asyncio
import json

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.db import DatabaseError
from django.test import Client

from apps.plant_identification.consumers import board, circuit_status
from apps.plant_identification.services.registry import registry
from apps.users.tests.factories import UserFactory
from plant_community_backend.asgi import application

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sandbox")]

PATIENCE_S = 20
HOST = "localhost"


@pytest.fixture(autouse=True)
def _keeps_the_connection(monkeypatch):
    """Channels closes old connections around each look, and this test's transaction would go with its own."""
    monkeypatch.setattr("channels.db.close_old_connections", lambda: None)


def signed_in(**fields):
    client = Client()
    client.force_login(UserFactory(**{"is_staff": True, **fields}))
    return client


def socket_of(client, *, origin=f"http://{HOST}", host=HOST):
    headers = [(b"host", host.encode())]
    if origin:
        headers.append((b"origin", origin.encode()))
    if client is not None and settings.SESSION_COOKIE_NAME in client.cookies:
        headers.append((b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode()))
    scope = {"type": "websocket", "path": "/ws/circuit-status/", "query_string": b"", "headers": headers}
    return ApplicationCommunicator(application, {**scope, "subprotocols": []})


async def is_accepted(socket):
    await socket.send_input({"type": "websocket.connect"})
    return (await socket.receive_output(PATIENCE_S))["type"] == "websocket.accept"


async def opened(client, **more):
    socket = socket_of(client, **more)
    assert await is_accepted(socket)
    return socket


async def leave(socket):
    await socket.send_input({"type": "websocket.disconnect", "code": 1001})
    await socket.wait(PATIENCE_S)


async def say(socket, **message):
    await socket.send_input({"type": "websocket.receive", **message})


async def closing_code(socket):
    """What the server says at last; everything shown before is passed over."""
    while (message := await socket.receive_output(PATIENCE_S))["type"] != "websocket.close":
        pass
    await leave(socket)
    return message["code"]


async def shown(socket, condition=lambda _: True):
    while not condition(document := json.loads((await socket.receive_output(PATIENCE_S))["text"])):
        pass
    return document


def circuit_of(document, name="plant_id"):
    return next(circuit for circuit in document["circuits"] if circuit["name"] == name)


@pytest.fixture
def never_looks_again(monkeypatch):
    monkeypatch.setattr(circuit_status, "LOOK_AGAIN_S", 3600)


@pytest.fixture
def looks_again_soon(monkeypatch):
    monkeypatch.setattr(circuit_status, "LOOK_AGAIN_S", 0.05)


@pytest.mark.parametrize("who", ["anonymous", "somebody", "switched off"])
def test_only_staff_gets_through_the_handshake(who):
    clients = {
        "anonymous": lambda: None,
        "somebody": lambda: signed_in(is_staff=False),
        "switched off": lambda: signed_in(is_active=False),
    }
    client = clients[who]()

    @async_to_sync
    async def attempt():
        return await is_accepted(socket_of(client))

    assert not attempt()


@pytest.mark.parametrize(
    ("origin", "host"),
    [("https://evil.example", HOST), (None, HOST), ("http://127.0.0.1", HOST), ("null", HOST)],
    ids=["a strange site", "none", "another host of ours", "a sandboxed frame"],
)
def test_a_page_of_another_host_gets_no_socket_even_with_the_cookie(origin, host):
    client = signed_in()

    @async_to_sync
    async def attempt():
        return await is_accepted(socket_of(client, origin=origin, host=host))

    assert not attempt()


def test_staff_sees_everything_at_once_and_a_change_as_soon_as_it_happens(monkeypatch):
    monkeypatch.setattr(board, "READ_EVERY_S", 3600)
    client = signed_in()
    circuit = registry().get("plant_id").call.circuit

    @async_to_sync
    async def look():
        socket = await opened(client, origin=f"http://{HOST}:8000", host=f"{HOST}:8001")
        first = await shown(socket)
        await asyncio.wait_for(_listening(), PATIENCE_S)
        await sync_to_async(circuit.force_open)(30)
        second = await shown(socket, lambda document: circuit_of(document)["state"] == "open")
        await leave(socket)
        return first, second

    first, second = look()
    assert circuit_of(first)["state"] == "closed"
    assert 0 < circuit_of(second)["retry_in_s"] <= 30
    assert second["events"][0]["kind"] == "circuit_opened"


async def _listening():
    """The board hears of changes from now on."""
    from channels.layers import get_channel_layer

    while not get_channel_layer().groups:  # noqa: ASYNC110 - the library tells nobody
        await asyncio.sleep(0.01)


@pytest.mark.usefixtures("never_looks_again")
def test_signing_out_closes_every_window_of_that_session_at_once_and_no_other():
    client, other = signed_in(), signed_in()

    @async_to_sync
    async def look():
        windows = [await opened(client), await opened(client)]
        stays = await opened(other)
        await asyncio.wait_for(_listening(), PATIENCE_S)
        await sync_to_async(client.post)("/admin/logout/")
        codes = [await closing_code(window) for window in windows]
        await shown(stays)
        await shown(stays)
        await leave(stays)
        return codes

    assert look() == [circuit_status.SIGNED_OUT] * 2


LOSSES = {
    "the session is deleted": lambda client, user: client.session.flush(),
    "no staff any more": lambda client, user: type(user).objects.update(is_staff=False),
    "switched off": lambda client, user: type(user).objects.update(is_active=False),
    "a new password": lambda client, user: user.set_password("another-moss-42") or user.save(),
    "the account is gone": lambda client, user: user.delete(),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.usefixtures("looks_again_soon")
def test_who_may_no_longer_look_is_sent_away(loss):
    user = UserFactory(is_staff=True)
    client = Client()
    client.force_login(user)

    @async_to_sync
    async def look():
        socket = await opened(client)
        await shown(socket)
        await sync_to_async(LOSSES[loss])(client, user)
        return await closing_code(socket)

    assert look() == circuit_status.SIGNED_OUT


@pytest.mark.usefixtures("never_looks_again")
def test_each_message_is_a_reason_to_look_again():
    user = UserFactory(is_staff=True)
    client = Client()
    client.force_login(user)

    @async_to_sync
    async def look():
        socket = await opened(client)
        await sync_to_async(LOSSES["no staff any more"])(client, user)
        await say(socket, text="here")
        return await closing_code(socket)

    assert look() == circuit_status.SIGNED_OUT


@pytest.mark.usefixtures("looks_again_soon")
def test_an_operator_is_not_sent_away_because_the_database_is(monkeypatch):
    client = signed_in()
    asked = asyncio.Event()

    def gone(_):
        asked.set()
        raise DatabaseError

    @async_to_sync
    async def look():
        socket = await opened(client)
        monkeypatch.setattr(circuit_status, "operator_of", gone)
        await asyncio.wait_for(asked.wait(), PATIENCE_S)
        await shown(socket)
        await leave(socket)

    look()


def test_one_person_has_a_few_windows_and_not_more():
    client = signed_in()

    @async_to_sync
    async def look():
        windows = [await opened(client) for _ in range(board.WINDOWS_PER_PERSON)]
        one_more = await opened(client)
        code = await closing_code(one_more)
        await leave(windows.pop())
        again = await opened(client)
        await shown(again)
        for window in [*windows, again]:
            await leave(window)
        return code

    assert look() == circuit_status.TOO_MANY


@pytest.mark.parametrize("misuse", ["too long", "bytes", "too many"])
@pytest.mark.usefixtures("never_looks_again")
def test_a_window_that_says_too_much_is_closed(misuse):
    client = signed_in()

    @async_to_sync
    async def look():
        socket = await opened(client)
        if misuse == "too long":
            await say(socket, text="x" * 201)
        elif misuse == "bytes":
            await say(socket, bytes=b"here")
        else:
            for _ in range(circuit_status.MESSAGES_MAX + 1):
                await say(socket, text="here")
        return await closing_code(socket)

    assert look() == circuit_status.MISUSED


@pytest.mark.usefixtures("looks_again_soon")
def test_a_window_nobody_is_behind_any_more_is_closed(monkeypatch):
    monkeypatch.setattr(circuit_status, "SILENCE_MAX_S", 0.2)
    client = signed_in()

    @async_to_sync
    async def look():
        return await closing_code(await opened(client))

    assert look() == circuit_status.SILENT


def test_however_many_look_it_is_read_once_and_not_at_all_when_nobody_does(monkeypatch):
    monkeypatch.setattr(board, "READ_EVERY_S", 3600)
    reads = []
    describe = board.describe_operations
    monkeypatch.setattr(board, "describe_operations", lambda registry: reads.append(1) or describe(registry))
    clients = [signed_in() for _ in range(6)]

    @async_to_sync
    async def look():
        sockets = await asyncio.gather(*(opened(client) for client in clients))
        for socket in sockets:
            await shown(socket)
        for socket in sockets:
            await leave(socket)
        return board.board_of_this_loop()

    left = look()
    assert 1 <= len(reads) <= len(clients)
    assert left.text is None
    assert left._tasks == []
