"""What must start empty in a forked child: threads do not exist there, and locks may be held by nobody."""

import os
import weakref
from typing import Protocol


class Forgetful(Protocol):
    def forget(self) -> None:
        """Begin anew, as after construction."""


_forgetful: "weakref.WeakSet[Forgetful]" = weakref.WeakSet()


def forget_after_fork(thing: Forgetful) -> None:
    _forgetful.add(thing)


def _forget_all() -> None:
    for thing in list(_forgetful):
        thing.forget()


os.register_at_fork(after_in_child=_forget_all)
