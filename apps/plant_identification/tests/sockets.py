"""A window on `ws/circuit-status/`, without a browser."""

import asyncio
import json

from asgiref.testing import ApplicationCommunicator
from channels.layers import get_channel_layer
from django.conf import settings
from django.test import Client

from apps.users.tests.factories import UserFactory
from plant_community_backend.asgi import application

PATIENCE_S = 20
HOST = "localhost"


def signed_in(**fields):
    client = Client()
    client.force_login(UserFactory(**{"is_staff": True, **fields}))
    return client


def socket_of(client, *, origin=f"http://{HOST}", host=HOST, query=""):
    headers = [(b"host", host.encode())]
    if origin:
        headers.append((b"origin", origin.encode()))
    if client is not None and settings.SESSION_COOKIE_NAME in client.cookies:
        headers.append((b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode()))
    scope = {
        "type": "websocket",
        "path": "/ws/circuit-status/",
        "query_string": query.encode(),
        "headers": headers,
    }
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
    async with asyncio.timeout(PATIENCE_S):
        while (message := await socket.receive_output(PATIENCE_S))["type"] != "websocket.close":
            pass
    await leave(socket)
    return message["code"]


async def shown(socket, condition=lambda _: True):
    async with asyncio.timeout(PATIENCE_S):
        while not condition(document := json.loads((await socket.receive_output(PATIENCE_S))["text"])):
            pass
    return document


def circuit_of(document, name="plant_id"):
    return next(circuit for circuit in document["circuits"] if circuit["name"] == name)


async def listening():
    """The board hears of changes from now on."""
    while not get_channel_layer().groups:  # noqa: ASYNC110 - the library tells nobody
        await asyncio.sleep(0.01)
