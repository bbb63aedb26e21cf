"""Uploads to a real server process: the largest ones at once, slow ones, and those that break off."""

import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from PIL import Image

from apps.core.images.slots import count_cores
from apps.core.tests import image_factory as factory
from apps.plant_identification.tests.conftest import make_photo
from tests.fleet import IDENTIFY, running_fleet
from tests.photos.preparing import read_status_bytes

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory from Linux's /proc"),
]

MEGABYTE = 1024 * 1024
# What one process may take (docs/guides/photos.md): for each place for decoding, for each upload, afterwards.
BYTES_OF_A_PLACE = 300_000_000
BYTES_OF_AN_UPLOAD = 3 * 10 * MEGABYTE
BYTES_LEFT_BEHIND = 120_000_000
BOUNDARY = "b0und4ry"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    directory = tmp_path_factory.mktemp("photos")
    for folder in (directory, *list(directory.parents)[:2]):
        folder.chmod(0o755)  # PostgreSQL runs as another user where the tests run as root
    with running_fleet(directory, servers=1) as fleet:
        fleet.servers[0].identify(make_photo("warm"))
        fleet.reset()
        yield fleet


@pytest.fixture
def server(fleet):
    return fleet.servers[0]


def worker_of(server):
    """The process that answers, which granian started."""
    (worker,) = (
        child
        for child in psutil.Process(server.process.pid).children()
        if child.memory_info().rss > 50_000_000
    )
    return worker


def pad(content):
    """To 10 MB, in the way each format allows."""
    missing = 10 * MEGABYTE - len(content)
    if content[4:8] == b"ftyp":
        return content + struct.pack(">I4s", missing, b"free") + bytes(missing - 8)
    return content + bytes(missing)


def make_eight_large_photos():
    """The kinds that take the most memory, at their limits of pixels and bytes."""
    square = (5000, 5000)
    colours = [(number, 80, 120) for number in range(4)]
    photos = [factory.encode(Image.new("RGBA", square, (*colours[0], 99)), "WEBP", quality=5, method=0)]
    photos += [
        factory.encode(Image.new("RGBA", square, (*c, 99)), "PNG", compress_level=1) for c in colours[:2]
    ]
    photos += [
        factory.encode(Image.new("CMYK", square, (*c, 9)), progressive=True, subsampling=0)
        for c in colours[:2]
    ]
    photos += [factory.encode(Image.new("RGB", (10_000, 5000), c)) for c in colours[:2]]
    photos += [factory.encode(Image.new("RGB", (4000, 4000), colours[0]), "HEIF", quality=20)]
    return [pad(photo) for photo in photos]


def test_eight_uploads_of_10_mb_at_once_take_no_more_than_their_bound(fleet, server):
    photos = make_eight_large_photos()
    worker = worker_of(server)
    before = worker.memory_info().rss

    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(server.identify, photos))

    # On a slow machine the last ones wait in vain for a place, and are told to come again.
    assert {response.status_code for response in answers} <= {200, 503}, [r.text for r in answers]
    took = read_status_bytes("VmHWM", worker.pid) - before
    assert took < count_cores() * BYTES_OF_A_PLACE + len(photos) * BYTES_OF_AN_UPLOAD, f"{took / 1e6:.0f} MB"
    wait_until(lambda: worker.memory_info().rss - before < BYTES_LEFT_BEHIND)


def begin_upload(server, photo):
    """A connection on which the head of a request, and of its form, is sent."""
    form = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="p.jpg"\r\n\r\n'
    length = len(form) + len(photo) + len(f"\r\n--{BOUNDARY}--\r\n")
    head = f"POST {IDENTIFY} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n"
    head += f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nConnection: close\r\n\r\n"
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    connection.sendall(head.encode() + form.encode())
    return connection


def finish_upload(connection, rest):
    connection.sendall(rest + f"\r\n--{BOUNDARY}--\r\n".encode())
    answer = b""
    while piece := connection.recv(65536):
        answer += piece
    connection.close()
    return answer


def files_of(fleet):
    return {path for path in Path(fleet.env["PHOTO_ROOT"]).rglob("*") if path.is_file()}


def wait_until(condition, *, seconds=20):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


def test_slow_uploads_hold_neither_memory_nor_places_nor_connections_and_end_well(fleet, server):
    photo = make_photo("slow", size=(1200, 1200))
    worker = worker_of(server)
    connections = [begin_upload(server, photo) for _ in range(20)]
    sent = 0
    before = worker.memory_info().rss
    for sent in range(1, 6):  # a byte now and then, on each
        for connection in connections:
            connection.sendall(photo[sent - 1 : sent])
        assert server.identify(make_photo(f"quick {sent}")).json()["status"] == "complete"

    assert worker.memory_info().rss - before < 20 * MEGABYTE
    answers = [finish_upload(connection, photo[sent:]) for connection in connections]
    assert [answer.split(b"\r\n")[0] for answer in answers] == [b"HTTP/1.1 200 OK"] * 20


def test_uploads_that_break_off_leave_nothing_and_give_their_threads_back(fleet, server):
    photo = make_photo("broken off", size=(1200, 1200))
    fleet.reset()
    files, log = files_of(fleet), len(server.log.read_bytes())
    # Nearly as many as the server waits for at once (settings.REQUEST_BODIES_AT_ONCE).
    connections = [begin_upload(server, photo) for _ in range(40)]
    for connection in connections:
        connection.sendall(photo[: len(photo) // 2])
    for connection in connections:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    wait_until(lambda: server.identify(make_photo("after"), timeout_s=30).status_code == 200)
    assert fleet.sandbox.counters("plant_id")["identify_posts"] == 1
    assert len(files_of(fleet) - files) == 1
    said = server.log.read_bytes()[log:].decode()
    assert "Traceback" not in said, said
    assert "ERROR" not in said, said
