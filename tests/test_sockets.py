"""WebSockets go through the same front door as requests."""

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator

from plant_community_backend.asgi import application

pytestmark = pytest.mark.django_db  # Channels looks after old database connections around each socket


@async_to_sync
async def answer_to(path: str, origin: str) -> str:
    scope = {
        "type": "websocket",
        "path": path,
        "query_string": b"",
        "headers": [(b"origin", origin.encode())],
        "subprotocols": [],
    }
    socket = ApplicationCommunicator(application, scope)
    await socket.send_input({"type": "websocket.connect"})
    answer: str = (await socket.receive_output(timeout=10))["type"]
    await socket.send_input({"type": "websocket.disconnect", "code": 1005})
    await socket.wait(timeout=10)
    return answer


def test_an_unknown_socket_is_refused_and_not_a_traceback() -> None:
    assert answer_to("/ws/nothing/", "http://localhost") == "websocket.close"


def test_a_page_of_a_strange_site_gets_no_socket() -> None:
    assert answer_to("/ws/nothing/", "https://evil.example") == "websocket.close"
