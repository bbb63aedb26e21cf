"""A load generator that leaves the processors to what it measures: one thread, prepared bytes, sockets."""

import selectors
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks.figures import Sample
from benchmarks.results import NotMeasured

BOUNDARY = "b0und4ry"
TIMEOUT_S = 60.0
_PIECE = 262_144
_END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Call:
    """One request, ready to be sent, and the group its time is counted in."""

    kind: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    seconds: float


@dataclass
class Load:
    """What came of it."""

    seconds: float = 0.0
    cpu_s: float = 0.0  # of the generator itself
    times_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    @property
    def count(self) -> int:
        return sum(map(len, self.times_s.values()))

    @property
    def per_s(self) -> float:
        return self.count / self.seconds

    def sample(self, *kinds: str) -> Sample:
        return Sample.of(time_s for kind in kinds or self.times_s for time_s in self.times_s[kind])


def get(kind: str, path: str, headers: Mapping[str, str]) -> Call:
    return Call(kind, _head("GET", path, headers) + b"\r\n")


def upload(kind: str, path: str, photo: bytes, headers: Mapping[str, str]) -> Call:
    opening = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="photo.jpg"\r\n'
    body = f"{opening}Content-Type: image/jpeg\r\n\r\n".encode() + photo + f"\r\n--{BOUNDARY}--\r\n".encode()
    more = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "Content-Length": str(len(body))}
    return Call(kind, _head("POST", path, {**headers, **more}) + b"\r\n" + body)


def _head(method: str, path: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "".join(f"{line}\r\n" for line in lines).encode()


class _Connection:
    """One client that sends a request, reads the answer, and is then free for the next."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)
        self.socket.settimeout(0)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.call: Call | None = None

    def begin(self, call: Call) -> None:
        self.call = call
        self._unsent = memoryview(call.raw)
        self._read = bytearray()
        self._wanted = 0
        self.began = time.perf_counter()
        self.send()

    @property
    def has_unsent(self) -> bool:
        return bool(self._unsent)

    def send(self) -> None:
        try:
            while self._unsent:
                self._unsent = self._unsent[self.socket.send(self._unsent) :]
        except BlockingIOError:
            pass

    def receive(self) -> Answer | None:
        """The answer, once it is whole."""
        assert self.call is not None
        piece = self.socket.recv(_PIECE)
        if not piece:
            raise NotMeasured(f"The server hung up on {self.call.kind}: {bytes(self._read[:300])!r}")
        self._read += piece
        if not self._wanted:
            self._wanted = _whole_length(self._read)
        if not self._wanted or len(self._read) < self._wanted:
            return None
        seconds = time.perf_counter() - self.began
        body = bytes(self._read[self._read.index(_END_OF_HEAD) + 4 :])
        answer = Answer(status=int(self._read[9:12]), body=body, seconds=seconds)
        if answer.status != 200:
            raise NotMeasured(f"{self.call.kind} was answered with {answer.status}: {body[:500]!r}")
        return answer


@contextmanager
def _connected(ports: Sequence[int], count: int) -> Iterator[list[_Connection]]:
    # Dealt out in turn, as nginx does.
    clients = [_Connection(ports[number % len(ports)]) for number in range(count)]
    try:
        yield clients
    finally:
        for client in clients:
            client.socket.close()


def _whole_length(read: bytearray) -> int:
    end = read.find(_END_OF_HEAD)
    if end < 0:
        return 0
    for line in bytes(read[:end]).split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return end + 4 + int(value)
    raise NotMeasured(f"An answer does not tell its length: {bytes(read[:end])!r}")


def run_load(
    ports: Sequence[int],
    next_call: Callable[[], Call],
    *,
    connections: int,
    seconds: float,
    per_s: float = 0.0,
) -> Load:
    """Keep so many clients busy for a while; with `per_s` no faster than that, whatever the answers take.

    With `per_s` a request's time begins when it was due, so that a stall is counted for all it held up.

    Raises:
        NotMeasured: an answer was anything but 200, or did not come.
    """
    with _connected(ports, connections) as clients:
        return _keep_busy(clients, next_call, seconds=seconds, per_s=per_s)


def _keep_busy(
    clients: list[_Connection], next_call: Callable[[], Call], *, seconds: float, per_s: float
) -> Load:
    load = Load()
    began, cpu = time.perf_counter(), time.process_time()
    until = began + seconds
    due = began
    idle = list(clients)
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client.socket, selectors.EVENT_READ, client)
        while True:
            now = time.perf_counter()
            while idle and now < until and (not per_s or due <= now):
                client = idle.pop()
                client.begin(next_call())
                if per_s:
                    client.began = due
                    due += 1 / per_s
                if client.has_unsent:
                    selector.modify(client.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, client)
            if now >= until and len(idle) == len(clients):
                break
            if now > until + TIMEOUT_S:
                raise NotMeasured(f"{len(clients) - len(idle)} answers did not come")
            _serve(
                selector, idle, load, wait_s=max(0.0, due - now) if per_s and idle and now < until else 1.0
            )
    load.seconds, load.cpu_s = time.perf_counter() - began, time.process_time() - cpu
    return load


def _serve(selector: selectors.BaseSelector, idle: list[_Connection], load: Load, *, wait_s: float) -> None:
    for key, events in selector.select(wait_s):
        client: _Connection = key.data
        if events & selectors.EVENT_WRITE:
            client.send()
            if not client.has_unsent:
                selector.modify(client.socket, selectors.EVENT_READ, client)
        if events & selectors.EVENT_READ and client.call and (answer := client.receive()):
            load.times_s[client.call.kind].append(answer.seconds)
            client.call = None
            idle.append(client)


def ask_all_at_once(ports: Sequence[int], calls: list[Call]) -> list[Answer]:
    """Each on a connection of its own, all opened before the first is sent; in the order given.

    Raises:
        NotMeasured: an answer was anything but 200, or did not come.
    """
    answers: dict[int, Answer] = {}
    with _connected(ports, len(calls)) as clients, selectors.DefaultSelector() as selector:
        for number, client in enumerate(clients):
            selector.register(client.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, number)
        for client, call in zip(clients, calls, strict=True):
            client.begin(call)
        until = time.perf_counter() + TIMEOUT_S
        while len(answers) < len(clients):
            if time.perf_counter() > until:
                raise NotMeasured(f"{len(clients) - len(answers)} answers did not come")
            for key, events in selector.select(1):
                client = clients[key.data]
                if events & selectors.EVENT_WRITE:
                    client.send()
                    if not client.has_unsent:
                        selector.modify(client.socket, selectors.EVENT_READ, key.data)
                if events & selectors.EVENT_READ and (answer := client.receive()):
                    answers[key.data] = answer
                    selector.unregister(client.socket)
    return [answers[number] for number in range(len(clients))]


def ask(ports: Sequence[int], call: Call) -> Answer:
    return ask_all_at_once(ports, [call])[0]
