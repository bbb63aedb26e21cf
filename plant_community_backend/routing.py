"""Addresses of WebSockets."""

from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import re_path

from apps.core.sockets import ticket_in
from apps.plant_identification.routing import websocket_urlpatterns as of_identification


class UnknownSocket(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Refuses the handshake, where the router alone would end in a traceback."""

    async def connect(self) -> None:
        await self.close()


class OwnOriginOrTicket:
    """A page of another site must not open a socket with its visitor's cookies.

    Where there is a ticket no cookie counts: so apps, which have no origin, and pages of other hosts get in.
    """

    def __init__(self, application: Any) -> None:
        self._with_ticket = application
        self._from_own_page = AllowedHostsOriginValidator(application)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        application = self._from_own_page if ticket_in(scope) is None else self._with_ticket
        await application(scope, receive, send)


websocket_urlpatterns = [*of_identification, re_path(r"", UnknownSocket.as_asgi())]
