"""`ws/circuit-status/`: who gets it, who loses it, and what keeps it from being abused."""

import asyncio
from types import SimpleNamespace

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import DatabaseError
from django.test import Client

from apps.plant_identification.consumers import board, circuit_status
from apps.plant_identification.tests.sockets import (
    HOST,
    PATIENCE_S,
    closing_code,
    is_accepted,
    leave,
    listening,
    opened,
    say,
    shown,
    signed_in,
    socket_of,
)
from apps.users.tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sandbox", "keeps_the_connection")]


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


def test_nobody_is_let_in_while_the_database_cannot_say_who_it_is(monkeypatch):
    def gone(_):
        raise DatabaseError

    monkeypatch.setattr(circuit_status, "operator_of", gone)
    client = signed_in()

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


@pytest.mark.parametrize("headers", [[], [(b"host", b"localhost")]], ids=["neither", "no origin"])
def test_where_every_host_is_allowed_a_page_still_has_to_say_which_it_is(headers):
    assert not circuit_status._is_from_own_page({"headers": headers})


@pytest.mark.usefixtures("never_looks_again")
def test_signing_out_closes_every_window_of_that_session_at_once_and_no_other():
    client, other = signed_in(), signed_in()

    @async_to_sync
    async def look():
        windows = [await opened(client), await opened(client)]
        stays = await opened(other)
        await asyncio.wait_for(listening(), PATIENCE_S)
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


def test_all_together_have_a_bounded_number_of_windows(monkeypatch):
    monkeypatch.setattr(board, "WINDOWS", 2)
    clients = [signed_in() for _ in range(3)]

    @async_to_sync
    async def look():
        windows = [await opened(client) for client in clients]
        code = await closing_code(windows.pop())
        for window in windows:
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


@pytest.mark.usefixtures("looks_again_soon")
def test_a_window_somebody_is_behind_stays(monkeypatch):
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(circuit_status, "time", SimpleNamespace(monotonic=lambda: clock.now))
    looks = []
    operator_of = circuit_status.operator_of
    monkeypatch.setattr(circuit_status, "operator_of", lambda key: looks.append(key) or operator_of(key))
    client = signed_in()

    async def come(condition):
        while not condition():  # noqa: ASYNC110 - nobody tells a test
            await asyncio.sleep(0.01)

    @async_to_sync
    async def look():
        socket = await opened(client)
        clock.now = circuit_status.SILENCE_MAX_S - 1
        [window] = board.board_of_this_loop()._visitors
        await say(socket, text="here")
        await asyncio.wait_for(come(lambda: window.heard_at == clock.now), PATIENCE_S)
        clock.now += circuit_status.SILENCE_MAX_S
        seen = len(looks) + 3
        await asyncio.wait_for(come(lambda: len(looks) >= seen), PATIENCE_S)
        clock.now += 1
        return await closing_code(socket)

    assert look() == circuit_status.SILENT
