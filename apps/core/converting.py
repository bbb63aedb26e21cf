"""What has to be done before threads read plain data into types with `msgspec.convert`."""

import contextlib

import msgspec


def make_ready(*types: type) -> None:
    """Let msgspec look at these dataclasses, and at those in them, while a module is imported.

    It does so at the first `convert`, and two threads that are first together crash the process (0.22).
    """
    for each in types:
        with contextlib.suppress(msgspec.ValidationError):
            msgspec.convert(None, each)
