"""How long it takes to find out that nobody has sent a copy of this photo, or who has, in a full index."""

import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from benchmarks.figures import Sample
from devstack.environment import base_environment, sandbox_environment
from devstack.postgres import PostgresServer
from devstack.servers import postgres_server

AT_ONCE = 2_000
LOOKUPS = 400
WARM_UP = 20  # the first ones open the connection and fill caches
NOWHERE = "http://127.0.0.1:9"  # no service is asked


@dataclass(frozen=True, slots=True)
class Lookups:
    rows: int
    copies_found: int
    copies: int
    others_found: int
    times: Sample
    times_of_others: Sample
    bare: Sample
    """What it takes to read one answer by its key, in the same process at the same time."""


def measure_lookups(rows: int, models: Sequence[int]) -> Lookups:
    """On a PostgreSQL of its own, which is gone afterwards."""
    with _postgres() as postgres:
        environment = base_environment(database_url=postgres.url, redis_url="", settings="test")
        os.environ.update({**environment, **sandbox_environment(NOWHERE)})
        import django
        from django.core.management import call_command
        from django.db import connection

        django.setup()
        call_command("migrate", verbosity=0)
        try:
            return look_up(rows, models)
        finally:
            connection.close()


@contextmanager
def _postgres() -> Iterator[PostgresServer]:
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o711)  # PostgreSQL, as another user, passes through
        with postgres_server(Path(place) / "postgres") as postgres:
            yield postgres


def look_up(rows: int, models: Sequence[int]) -> Lookups:
    """In an index of `rows` hashes that lie about as the `models` lie: real photos are not spread evenly.

    Inside Django. What is written for it is taken back.
    """
    from django.db import connection, transaction

    logging.disable(logging.INFO)
    rng = Random("rows")
    stored = [_vary(rng, rng.choice(models)) for _ in range(rows)]
    with transaction.atomic():
        keys = _fill(stored)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        lookups = _measure(rng, stored, models, keys)
        transaction.set_rollback(True)
    return lookups


def _measure(rng: Random, stored: Sequence[int], models: Sequence[int], keys: Sequence[str]) -> Lookups:
    from apps.plant_identification.models import IdentificationAnswer
    from apps.plant_identification.services.registry import registry
    from apps.plant_identification.services.similar_photos import find_similar_answer

    copies, others, bare = [], [], []
    copies_found = others_found = 0
    for number in range(min(LOOKUPS // 2, len(stored))):
        copy, other = stored[number] ^ 0b101, _vary(rng, rng.choice(models))
        took, answer = _timed(find_similar_answer, registry(), _question(copy, number))
        copies.append(took)
        copies_found += answer is not None
        took, answer = _timed(find_similar_answer, registry(), _question(other, number))
        others.append(took)
        others_found += answer is not None
        bare.append(_timed(IdentificationAnswer.objects.get, pk=keys[number])[0])
    return Lookups(
        rows=len(stored),
        copies_found=copies_found,
        copies=len(copies),
        others_found=others_found,
        times=Sample.of([*copies[WARM_UP:], *others[WARM_UP:]]),
        times_of_others=Sample.of(others[WARM_UP:]),
        bare=Sample.of(bare[WARM_UP:]),
    )


def _timed(call: Callable[..., object], *args: object, **kwargs: object) -> tuple[float, object]:
    started = time.perf_counter()
    result = call(*args, **kwargs)
    return time.perf_counter() - started, result


def _vary(rng: Random, model: int) -> int:
    """Another photo of that kind: an eighth of its bits are its own."""
    flips = rng.getrandbits(63) & rng.getrandbits(63) & rng.getrandbits(63)
    return model ^ flips


def _question(wanted: int, number: int):  # type: ignore[no-untyped-def]  # its type needs Django set up
    from apps.core.images import Fingerprint
    from apps.core.images.fingerprint import LAYOUT_BYTES
    from apps.plant_identification.types import Options, PreparedPhoto, Question

    # Of the stored row with this number, and of no other.
    layout = b"".join(bytes((16 * (number >> 4 * place & 15),)) for place in range(8)) * (LAYOUT_BYTES // 8)
    photo = PreparedPhoto(content=b"", fingerprint=Fingerprint(hash=wanted, layout=layout))
    return Question(
        digest=f"{number:064x}", photo_digest=f"{number:064x}", photos=(photo,), options=Options()
    )


def _fill(stored: Sequence[int]) -> list[str]:
    """The first `LOOKUPS` answers have a record that shows them. Returns the keys of those."""
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
    keys: list[str] = []
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
            shown = answers[: LOOKUPS - start]
            PlantIdentificationRequest.objects.bulk_create(
                PlantIdentificationRequest(
                    answer=answer, status="complete", cache="miss", options={}, from_sandbox=True
                )
                for answer in shown
            )
            keys += [str(answer.pk) for answer in shown]
    return keys
