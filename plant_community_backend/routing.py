"""Addresses of WebSockets."""

from channels.generic.websocket import AsyncWebsocketConsumer
from django.urls import re_path

from apps.plant_identification.routing import websocket_urlpatterns as of_identification


class UnknownSocket(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Refuses the handshake, where the router alone would end in a traceback."""

    async def connect(self) -> None:
        await self.close()


websocket_urlpatterns = [*of_identification, re_path(r"", UnknownSocket.as_asgi())]
