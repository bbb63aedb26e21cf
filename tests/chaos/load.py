"""A steady load from people who do not know that anything is wrong."""

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from tests.chaos.journal import IDENTIFYING, Journal, Kind, Order, Visit, essence
from tests.chaos.photos import BAD_UPLOADS, photo, wants_health
from tests.chaos.stage import Stage
from tests.fleet import IDENTIFY, as_described

REQUESTS = "/api/v1/plant-identification/requests/"
MIX: dict[Kind, int] = {"new": 45, "repeat": 25, "pair": 10, "bad": 6, "read": 9, "delete": 5}
CALLERS_AT_ONCE = 300  # more than the servers have threads: nobody waits here for somebody else's answer
PATIENCE_S = 75.0


def orders(rng: random.Random, *, servers: int, callers: int) -> Iterator[list[Order]]:
    """For ever the same for the same `rng`; those of one list are sent at once."""
    photos = 0
    while True:
        kind: Kind = rng.choices([*MIX], [*MIX.values()])[0]
        who: dict[str, Any] = {
            "caller": rng.choice([None, *range(callers)]),
            "wants_queue": rng.random() < 0.5,
        }
        server = rng.randrange(servers)
        if kind in {"new", "pair"} or not photos:
            photos += 1
            places = range(servers) if kind == "pair" else [server]
            yield [Order(kind=kind, number=photos, server=place, **who) for place in places]
        elif kind == "repeat":
            back = min(photos - 1, int(rng.expovariate(1 / 15)))
            language = rng.choice(["en", "en", "en", "de"])
            yield [Order(kind=kind, number=photos - back, server=server, language=language, **who)]
        elif kind == "bad":
            yield [Order(kind=kind, number=rng.randrange(len(BAD_UPLOADS)), server=server, **who)]
        else:
            yield [Order(kind=kind, number=rng.randrange(1_000_000), server=server, caller=who["caller"])]


class Load:
    """Sends what `orders` says at `rate` a second until it is stopped, however long the answers take."""

    def __init__(self, stage: Stage, journal: Journal, *, seed: int, rate: float) -> None:
        self._stage, self._journal, self._seed, self._rate = stage, journal, seed, rate
        self._rng = random.Random(seed)
        self._orders = orders(self._rng, servers=len(stage.servers), callers=len(stage.tokens))
        self._callers = ThreadPoolExecutor(CALLERS_AT_ONCE, thread_name_prefix="caller")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load")
        self._open: dict[int | None, list[str]] = {}
        self._guard = threading.Lock()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Return when everybody has an answer, or has lost patience."""
        self._stop.set()
        self._thread.join()
        self._callers.shutdown()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            due += self._rng.expovariate(self._rate)
            for order in next(self._orders):
                self._callers.submit(self._visit, order)

    def _visit(self, order: Order) -> None:
        visit = Visit(order=order, began=time.monotonic())
        if order.kind in {"read", "delete"}:
            visit.record = self._pick(order)
            if not visit.record:
                return
        try:
            self._note(visit, self._ask(order, visit.record))
        except AssertionError as broken:  # the description of the API does not allow it
            visit.broken = str(broken)
        except requests.RequestException as exc:
            visit.lost = type(exc).__name__
        visit.ended = time.monotonic()
        self._journal.add(visit)

    def _ask(self, order: Order, record: str) -> requests.Response:
        token = None if order.caller is None else self._stage.tokens[order.caller]
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Prefer": "respond-async"} if order.wants_queue else {}
        address = self._stage.servers[order.server].url
        if order.kind == "read":
            return requests.get(f"{address}{REQUESTS}{record}/", headers=headers, timeout=PATIENCE_S)
        if order.kind == "delete":
            return requests.delete(f"{address}{REQUESTS}{record}/", headers=headers, timeout=PATIENCE_S)
        content = BAD_UPLOADS[order.number][0] if order.kind == "bad" else photo(self._seed, order.number)
        return requests.post(
            address + IDENTIFY,
            files={"image": ("photo.jpg", content, "image/jpeg")},
            data={"language": order.language, "include_diseases": str(wants_health(order.number)).lower()},
            headers=headers,
            timeout=PATIENCE_S,
        )

    def _note(self, visit: Visit, response: requests.Response) -> None:
        visit.status = response.status_code
        visit.retry_after = response.headers.get("Retry-After")
        as_described(response)
        if response.content:
            visit.told = essence(response.json())
        if visit.order.kind in IDENTIFYING and visit.is_accepted:
            visit.record = visit.told["id"]
            with self._guard:
                self._open.setdefault(visit.order.caller, []).append(visit.record)

    def _pick(self, order: Order) -> str:
        """One of the caller's own records; a deleted one is asked for no more."""
        with self._guard:
            own = self._open.get(order.caller, [])
            if not own:
                return ""
            place = order.number % len(own)
            return own.pop(place) if order.kind == "delete" else own[place]
