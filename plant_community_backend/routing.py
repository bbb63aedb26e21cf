"""Addresses of WebSockets."""

from channels.generic.websocket import AsyncWebsocketConsumer
from django.urls import re_path


class UnknownSocket(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Refuses the handshake, where the router alone would end in a traceback."""

    async def connect(self) -> None:
        await self.close()


websocket_urlpatterns = [re_path(r"", UnknownSocket.as_asgi())]
