"""How long it takes to find out that nobody has sent a copy of this photo, or who has, in a full index.

On a PostgreSQL of its own, which is gone afterwards.
"""

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from devstack.environment import base_environment, sandbox_environment
from devstack.postgres import PostgresServer
from devstack.servers import postgres_server

AT_ONCE = 2_000
LOOKUPS = 400
NOWHERE = "http://127.0.0.1:9"  # no service is asked


@dataclass(frozen=True, slots=True)
class Lookups:
    rows: int
    copies_found: int
    copies: int
    others_found: int
    milliseconds: tuple[float, ...]  # sorted

    def percentile_ms(self, percent: int) -> float:
        return self.milliseconds[min(len(self.milliseconds) - 1, len(self.milliseconds) * percent // 100)]


def measure_lookups(rows: int, models: Sequence[int]) -> Lookups:
    """In an index of `rows` hashes that lie about as the `models` lie: real photos are not spread evenly."""
    with _postgres() as postgres:
        environment = base_environment(database_url=postgres.url, redis_url="", settings="test")
        os.environ.update({**environment, **sandbox_environment(NOWHERE)})
        import django
        from django.core.management import call_command
        from django.db import connection

        django.setup()
        call_command("migrate", verbosity=0)
        try:
            return _measure(rows, models)
        finally:
            connection.close()


@contextmanager
def _postgres() -> Iterator[PostgresServer]:
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o711)  # PostgreSQL, as another user, passes through
        with postgres_server(Path(place) / "postgres") as postgres:
            yield postgres


def _measure(rows: int, models: Sequence[int]) -> Lookups:
    from django.db import connection

    from apps.plant_identification.services.registry import registry
    from apps.plant_identification.services.similar_photos import find_similar_answer

    rng = Random("rows")
    stored = [_vary(rng, rng.choice(models)) for _ in range(rows)]
    _fill(stored)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    milliseconds, found = [], []
    for number in range(LOOKUPS):
        is_copy = number % 2 == 0
        wanted = stored[number] ^ 0b101 if is_copy else _vary(rng, rng.choice(models))
        question = _question(wanted, number)
        started = time.perf_counter()
        answer = find_similar_answer(registry(), question)
        milliseconds.append((time.perf_counter() - started) * 1_000)
        found.append(answer is not None)
    return Lookups(
        rows=rows,
        copies_found=sum(found[::2]),
        copies=len(found[::2]),
        others_found=sum(found[1::2]),
        milliseconds=tuple(sorted(milliseconds[2:])),  # the first two open the connection
    )


def _vary(rng: Random, model: int) -> int:
    """Another photo of that kind: a quarter of its bits are its own."""
    flips = rng.getrandbits(63) & rng.getrandbits(63)
    return model ^ flips


def _question(wanted: int, number: int):  # type: ignore[no-untyped-def]  # its type needs Django set up
    from apps.core.images import Fingerprint
    from apps.plant_identification.types import Options, PreparedPhoto, Question

    layout = number.to_bytes(4, "big") * 192  # of the stored row with this number, and of no other
    photo = PreparedPhoto(content=b"", fingerprint=Fingerprint(hash=wanted, layout=layout))
    return Question(
        digest=f"{number:064x}", photo_digest=f"{number:064x}", photos=(photo,), options=Options()
    )


def _fill(stored: Sequence[int]) -> None:
    """The first `LOOKUPS` answers have a record that shows them."""
    from apps.plant_identification.models import (
        IdentificationAnswer,
        PhotoFingerprint,
        PlantIdentificationRequest,
    )
    from apps.plant_identification.services.answers import KeptAnswer
    from apps.plant_identification.services.registry import registry
    from apps.plant_identification.services.similar_photos import fingerprint_row

    now = datetime.now(UTC)
    document = {"status": "complete", "answered_at": now.isoformat(), "providers": []}
    for start in range(0, len(stored), AT_ONCE):
        answers = [
            IdentificationAnswer(options={}, status="complete", document={}, answered_at=now)
            for _ in stored[start : start + AT_ONCE]
        ]
        IdentificationAnswer.objects.bulk_create(answers)
        kept = [KeptAnswer(answer_id=str(each.pk), photo_set_id=None, document=document) for each in answers]
        PhotoFingerprint.objects.bulk_create(
            row
            for number, answer in enumerate(kept, start)
            if (row := fingerprint_row(registry(), _question(stored[number], number), answer)) is not None
        )
        if start < LOOKUPS:
            PlantIdentificationRequest.objects.bulk_create(
                PlantIdentificationRequest(
                    answer=answer, status="complete", cache="miss", options={}, from_sandbox=True
                )
                for answer in answers[:LOOKUPS]
            )
