"""As many photos are decoded at once as there are cores; the others wait in line.

Processes that serve together divide the cores. The bound protects memory, for each decoding may take up to
300 MB for a moment, and the first of many: its photo is under way while the others' are decoded.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from apps.core.images.errors import ImageWorkersBusy

RETRY_AFTER_S = 5.0


def count_cores() -> int:
    """The cores this process may use, which in a container can be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class DecodeSlots:
    def __init__(self, count: int) -> None:
        self._count = count
        self._free = threading.BoundedSemaphore(count)

    @contextmanager
    def hold(self, *, wait_s: float) -> Iterator[None]:
        """Hold one place.

        Raises:
            ImageWorkersBusy: none became free within `wait_s`.
        """
        # Kept in a local: after a fork the attribute is another semaphore.
        free = self._free
        if not free.acquire(timeout=wait_s):
            raise ImageWorkersBusy(retry_after_s=RETRY_AFTER_S)
        try:
            yield
        finally:
            free.release()

    def are_all_taken(self) -> bool:
        free = self._free
        if free.acquire(blocking=False):
            free.release()
            return False
        return True

    def resize(self, count: int) -> None:
        """Before the first photo: whoever holds a place keeps one of the old ones."""
        self._count = count
        self.forget_holders()

    def forget_holders(self) -> None:
        """Start anew in a forked child, where the threads that hold places do not exist."""
        self._free = threading.BoundedSemaphore(self._count)


decode_slots = DecodeSlots(count_cores())

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=decode_slots.forget_holders)
