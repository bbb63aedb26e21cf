"""Damaging photos one after the other, and telling what is neither a picture nor a refusal."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from tests.photos.corpus import FAMILIES
from tests.photos.hostile import WHOLE
from tests.photos.mutations import mutate
from tests.photos.preparing import Crashed, Hung, Preparing

MOST_CPU_S = 5.0
MOST_BYTES = 300_000_000
MOST_PHOTO_BYTES = 10 * 1024 * 1024
LARGE_FAMILY = "extremes"

SendToServer = Callable[[bytes], int]


@dataclass
class Fuzzer:
    seed: int
    keep: Path
    send: SendToServer | None = None
    send_every: int = 1
    patience_s: float = 60.0
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    most_cpu_s: float = 0.0
    most_bytes: int = 0
    sent: int = 0

    def run(self, should_go_on: Callable[[int], bool]) -> int:
        """Try one mutation after the other; returns how many."""
        chance = random.Random(self.seed)
        photos = make_photos()
        process = Preparing()
        tried = 0
        try:
            while should_go_on(tried):
                content = mutate(chance.choice(photos), chance, photos)[:MOST_PHOTO_BYTES]
                if not self.try_photo(process, content, tried):
                    process.stop()
                    process = Preparing()
                if self.send is not None and tried % self.send_every == 0:
                    self._try_server(content, tried)
                tried += 1
        finally:
            process.stop()
        return tried

    def try_photo(self, process: Preparing, content: bytes, number: int) -> bool:
        """Returns whether the process can be used again."""
        try:
            prepared = process.prepare(content, timeout_s=self.patience_s)
        except (Crashed, Hung) as failure:
            self._found(number, content, f"{type(failure).__name__}: {failure}")
            return False
        self.most_cpu_s = max(self.most_cpu_s, prepared.cpu_s)
        self.most_bytes = max(self.most_bytes, prepared.peak_bytes)
        self.outcomes[prepared.outcome.strip().splitlines()[-1]] += 1
        if prepared.is_failure:
            self._found(number, content, prepared.outcome)
        if prepared.cpu_s > MOST_CPU_S:
            self._found(number, content, f"took {prepared.cpu_s:.1f} s")
        if prepared.peak_bytes > MOST_BYTES:
            self._found(number, content, f"took {prepared.peak_bytes / 1e6:.0f} MB")
            return False
        return True

    def _try_server(self, content: bytes, number: int) -> None:
        assert self.send is not None
        self.sent += 1
        status = self.send(content)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self._found(number, content, f"the server answered {status}")

    def _found(self, number: int, content: bytes, what: str) -> None:
        self.keep.mkdir(parents=True, exist_ok=True)
        path = self.keep / f"seed{self.seed}-{number}"
        path.write_bytes(content)
        self.findings.append(f"{path}: {what}")


def make_photos() -> list[bytes]:
    small = [
        make().content
        for name, family in FAMILIES.items()
        if name != LARGE_FAMILY
        for make in family.values()
    ]
    return small + [make() for make in WHOLE.values()]
