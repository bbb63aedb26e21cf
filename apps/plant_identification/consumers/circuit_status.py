"""`ws/circuit-status/`: what operators see, as it changes. Here they look; switches are pressed over HTTP."""

import asyncio
import time
from collections import deque
from typing import Any
from urllib.parse import urlsplit

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import DatabaseError, InterfaceError

from apps.core.sockets import ticket_in
from apps.plant_identification.consumers.board import Board, board_of_this_loop
from apps.plant_identification.services.operators import operator_behind, operator_of, session_digest
from apps.users.public import Holder, redeem_ticket

MESSAGE_MAX_CHARS = 200
MESSAGES_MAX = 10
MESSAGES_WITHIN_S = 10.0
LOOK_AGAIN_S = 5.0
"""How often it is looked at whether the session is still good, and its owner still staff."""

SILENCE_MAX_S = 90.0
"""The page says every half minute that somebody is there; a window that was left open keeps doing so."""

SIGNED_OUT, MISUSED, TOO_MANY, SILENT = 4401, 4400, 4429, 4408
_DATABASE_GONE = (DatabaseError, InterfaceError)


class CircuitStatusConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Refuses the handshake to everybody but staff: with a session, from a page of this host, or a ticket.

    No channel layer of its own: the process' board listens for all, and works without Redis too.
    """

    channel_layer_alias = None

    async def connect(self) -> None:
        self.board: Board | None = None
        self.holder: Holder | None = None
        self.session_key = ""
        try:
            user_id = await self._newcomer_id()
        except _DATABASE_GONE:
            user_id = None
        if user_id is None:
            await self.close()
            return
        await self.accept()
        self.session = session_digest(self.session_key)
        self.heard_at = time.monotonic()
        self.messages: deque[float] = deque(maxlen=MESSAGES_MAX)
        self.news = asyncio.Event()
        board = board_of_this_loop()
        if not board.admit(self, user_id):
            await self.close(TOO_MANY)
            return
        self.board = board
        self.tasks = [asyncio.create_task(self._watch()), asyncio.create_task(self._show())]

    async def disconnect(self, code: int) -> None:
        if self.board is not None:
            self.board.dismiss(self)
            for task in self.tasks:
                task.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Any short text says that somebody is there."""
        now = time.monotonic()
        is_flood = len(self.messages) == MESSAGES_MAX and now - self.messages[0] < MESSAGES_WITHIN_S
        if bytes_data is not None or len(text_data or "") > MESSAGE_MAX_CHARS or is_flood:
            await self.close(MISUSED)
            return
        self.messages.append(now)
        self.heard_at = now
        await self.look_again()

    async def sign_out(self) -> None:
        await self.close(SIGNED_OUT)

    async def look_again(self) -> None:
        try:
            user_id = await self._operator_id()
        except _DATABASE_GONE:
            return  # an operator is not sent away because of the outage she is looking at
        if user_id is None:
            await self.sign_out()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_AGAIN_S)
            if time.monotonic() - self.heard_at > SILENCE_MAX_S:
                await self.close(SILENT)
                return
            await self.look_again()

    async def _show(self) -> None:
        """Each window at its own pace: a slow one misses some, and holds nobody up."""
        while True:
            await self.news.wait()
            self.news.clear()
            if self.board is not None and self.board.text is not None:
                await self.send(text_data=self.board.text)

    async def _newcomer_id(self) -> Any:
        ticket = ticket_in(self.scope)
        if ticket is not None:  # no cookie counts beside it: a strange page may have written the address
            self.holder = await database_sync_to_async(redeem_ticket)(ticket=ticket)
        elif _is_from_own_page(self.scope):
            self.session_key = self.scope.get("cookies", {}).get(settings.SESSION_COOKIE_NAME, "")
        return await self._operator_id()

    async def _operator_id(self) -> Any:
        user = None
        if self.holder is not None:
            user = await database_sync_to_async(operator_behind)(self.holder)
        elif self.session_key:
            user = await database_sync_to_async(operator_of)(self.session_key)
        return None if user is None else user.pk


def _is_from_own_page(scope: dict[str, Any]) -> bool:
    """Of this very host: `ALLOWED_HOSTS`, which is checked before, may name others' subdomains.

    Ports may differ, because in development the WebSockets have a process and a port of their own.
    """
    headers = dict(scope["headers"])
    origin = urlsplit(headers.get(b"origin", b"").decode("latin1")).hostname
    host = urlsplit(f"//{headers.get(b'host', b'').decode('latin1')}").hostname
    return origin is not None and origin == host
