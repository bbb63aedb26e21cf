"""What has to be made or measured inside the product: `python -m benchmarks.probes <name>` prints it as JSON.

A process of its own, so that Django and its settings stay out of the process that generates the load.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

WARM_UP = 5


def prepare(identifications: str) -> Any:
    """All tables, the blog, and so many identifications."""
    from django.conf import settings
    from django.core.management import call_command

    from benchmarks.filling import Amount, fill

    call_command("migrate", verbosity=0)
    settings.DEBUG = True  # else the demo content, which has a known password, refuses to load
    call_command("load_demo", stdout=sys.stderr)
    settings.DEBUG = False
    fill(Amount(int(identifications)))
    call_command("rebuild_species_search", stdout=sys.stderr)


def tokens(*people: str) -> Any:
    """The Bearer token of each of these people after signing in, the most eager being number 0."""
    from apps.users.public import User
    from apps.users.services.sessions import open_session
    from apps.users.types import Client
    from benchmarks.filling import user_id

    users = [User.objects.get(pk=user_id(int(number))) for number in people]
    client = Client(address="127.0.0.1", user_agent="benchmarks")
    return [open_session(user=user, client=client).tokens.access for user in users]


def preparation(*paths: str) -> list[float]:
    """How long each photo takes from its upload's bytes to what is sent to the services."""
    from apps.core.resilience.clock import Deadline
    from apps.plant_identification.services.photos import inspect_uploads, prepare_photos
    from apps.plant_identification.types import Upload

    photos = [Path(path).read_bytes() for path in paths]
    took = []
    for photo in [*photos[:WARM_UP], *photos]:
        began = time.perf_counter()
        prepare_photos(inspect_uploads([Upload(content=photo)]), Deadline.after(60))
        took.append(time.perf_counter() - began)
    return took[-len(photos) :]


def asking(name: str, count: str) -> list[float]:
    """How long it takes to ask one service, whatever it says, once the photo is prepared."""
    import uuid

    from apps.core.resilience.clock import Deadline
    from apps.plant_identification.services.fan_out import ask_all
    from apps.plant_identification.services.registry import registry
    from apps.plant_identification.types import Options, PreparedPhoto, Question
    from benchmarks.photos import make_photo

    provider = registry().get(name)
    assert provider is not None
    photo = PreparedPhoto(content=make_photo("asking", (320, 240)), width=320, height=240)
    took = []
    for _ in range(WARM_UP + int(count)):
        digest = uuid.uuid4().hex * 2
        question = Question(digest=digest, photo_digest=digest, photos=(photo,), options=Options())
        began = time.perf_counter()
        ask_all((provider,), question, principal="user-benchmark", deadline=Deadline.after(30))
        took.append(time.perf_counter() - began)
    return took[WARM_UP:]


def lists(count: str) -> Any:
    """What each kind of list costs the database: see `benchmarks.list_probe`."""
    from benchmarks.list_probe import measure_lists

    return measure_lists(int(count))


def lookups(rows: str, models: str) -> Any:
    """How long it takes to look for a photo's copy among so many; `models` is a file with hashes."""
    from benchmarks.near_duplicates.looking_up import look_up

    told = look_up(int(rows), json.loads(Path(models).read_text(encoding="utf-8")))
    return {"rows": told.rows, "times_s": told.times.times_s, "bare_s": told.bare.times_s}


PROBES: dict[str, Callable[..., Any]] = {
    probe.__name__: probe for probe in (prepare, tokens, preparation, asking, lists, lookups)
}


def main(arguments: list[str]) -> None:
    django.setup()
    json.dump(PROBES[arguments[0]](*arguments[1:]), sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
