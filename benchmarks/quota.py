"""The last credits of a quota, wanted by everybody at once. Comes before anything else is bought."""

import json

from benchmarks.clients import identify
from benchmarks.http_load import ask_all_at_once
from benchmarks.photos import make_photo
from benchmarks.results import Result
from benchmarks.run_size import RunSize
from benchmarks.stack import Stack

CREDITS = 20


def measure(stack: Stack, size: RunSize) -> list[Result]:
    callers = size.pick(64, 28)
    stack.reset_providers()
    stack.sandbox.set_quota(plant_id_credits=CREDITS)
    stack.serve(PLANT_ID_MONTHLY_QUOTA=str(CREDITS))
    photos = [make_photo(f"last credits {number}", (320, 240)) for number in range(callers)]
    tokens = [stack.tokens[number % len(stack.tokens)] for number in range(callers)]
    calls = [identify(photo, token) for photo, token in zip(photos, tokens, strict=True)]
    answers = ask_all_at_once(stack.ports, calls)
    counters = stack.sandbox.counters("plant_id")
    spent, refused = round(counters["charged"]), counters["failed"]
    complete = sum(json.loads(answer.body)["status"] == "complete" for answer in answers)
    return [
        Result(
            name=f"the last {CREDITS} credits, {callers} callers at once",
            measured=f"{spent} spent, {refused} calls refused by the service",
            promised=f"≤ {CREDITS}, 0",
            yardstick=f"answered by both services {complete}, by the other alone {callers - complete}",
            holds=spent <= CREDITS and refused == 0,
            depends_on_speed=False,
        )
    ]
