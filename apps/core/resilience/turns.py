"""First come, first served, where many threads begin the same short work at once.

Threads get equal parts of the interpreter's lock: of thirty uploads that arrive together none would be
through before nearly all are. In turns the first is on its way while the last still waits.
"""

import threading
from typing import Self

from apps.core.resilience.forking import forget_after_fork


class Turns:
    """Places for `at_once`. They only make an order: who has waited `patience_s` for one goes on without."""

    def __init__(self, at_once: int, *, patience_s: float) -> None:
        self._at_once, self._patience_s = at_once, patience_s
        self.forget()
        forget_after_fork(self)

    def forget(self) -> None:
        self._places = threading.BoundedSemaphore(self._at_once)

    def take(self) -> "Turn":
        places = self._places
        return Turn(places if places.acquire(timeout=self._patience_s) else None)


class Turn:
    """One holder's place, to be given back before it waits for anything; once is enough."""

    def __init__(self, places: threading.BoundedSemaphore | None) -> None:
        self._places = places

    def give_back(self) -> None:
        places, self._places = self._places, None
        if places is not None:
            places.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.give_back()
