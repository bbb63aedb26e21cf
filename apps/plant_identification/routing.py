"""Addresses of WebSockets."""

from channels.sessions import CookieMiddleware
from django.urls import path

from apps.plant_identification.consumers.circuit_status import CircuitStatusConsumer

websocket_urlpatterns = [path("ws/circuit-status/", CookieMiddleware(CircuitStatusConsumer.as_asgi()))]
