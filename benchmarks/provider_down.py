"""A service that is known to be down costs nobody any time."""

import json

from benchmarks.clients import identify
from benchmarks.figures import Sample, ms
from benchmarks.http_load import ask
from benchmarks.photos import make_photo
from benchmarks.results import NotMeasured, Result
from benchmarks.run_size import RunSize
from benchmarks.stack import Stack

PROMISED_S = 0.010
FAILURES = 3  # until the circuit opens


def measure(stack: Stack, size: RunSize) -> list[Result]:
    stack.reset_providers()
    stack.sandbox.fault("plant_id", "status", 500)
    count = size.pick(100, 10)
    answers = []
    for number in range(FAILURES + count):
        answer = ask(stack.ports, identify(make_photo(f"down {number}", (320, 240)), stack.tokens[0]))
        answers.append(json.loads(answer.body))
    states = {report["state"] for answer in answers[FAILURES:] for report in answer["providers"]}
    if states != {"circuit_open", "answered"}:
        raise NotMeasured(f"The circuit did not stay open: {states}")
    alone = Sample.of(stack.probe("asking", "plant_id", str(count)))
    stack.sandbox.clear_faults()
    working = Sample.of(stack.probe("asking", "plantnet", str(count)))
    return [
        Result(
            name="provider known to be down, its part of the answer",
            measured=str(alone),
            promised=f"p95 < {ms(PROMISED_S)}",
            yardstick=f"the same with a service that answers at once {working}",
            holds=alone.p95_s < PROMISED_S,
        )
    ]
