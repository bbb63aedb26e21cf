"""What is left when everybody has gone: locks, threads, connections, files, memory."""

import itertools
from collections.abc import Iterator
from statistics import mean

from tests.chaos.performance import Performance, Sample
from tests.chaos.stage import wait_until

LEASE_S = 15.0  # a lock that nobody renews is gone by then
MORE = {
    "threads": 8,
    "files": 40,
    "PostgreSQL connections": 8,
    "open transactions": 0,
    "Redis clients": 48,  # two processes and a worker with two pools each, which grow with the most at once
}
"""How much above the state before the first fault is no leak: pools that were not full then."""
WORKER_POOLS = 72  # the worker's threads for providers start with its first task
MEMORY_GROWTH = 1.1
LONG_ENOUGH_S = 300  # for a tenth of the run to mean something


def violations(run: Performance) -> Iterator[str]:
    yield from _locks(run)
    for role, now in run.after.items():
        for what, count in now.items():
            room = MORE.get(what)
            if room is None:
                continue
            if role == "worker":
                room += WORKER_POOLS
            before = run.before[role][what]
            if count > before + room:
                yield f"{role} has {count:.0f} {what} at rest, and had {before:.0f} before the first fault"
    yield from _memory(run)


def _locks(run: Performance) -> Iterator[str]:
    redis = run.stage.redis
    if not wait_until(lambda: not redis.keys("lock:*"), timeout_s=LEASE_S):
        yield f"locks that nobody holds: {sorted(redis.keys('lock:*'))[:5]}"


def memory(run: Performance) -> dict[str, list[float]]:
    """Of each process that was never killed, the megabytes it had on average in each tenth of the run."""
    killed = {episode.fault.kills for episode in run.episodes}
    return {
        role: [mean(sample[role]["MB"] for _, sample in tenth) for tenth in _tenths(run.samples)]
        for role in run.stage.roles
        if role not in killed
    }


def _tenths(samples: list[Sample]) -> list[list[Sample]]:
    borders = [number * len(samples) // 10 for number in range(11)]
    return [samples[begin:end] for begin, end in itertools.pairwise(borders) if begin < end]


def _memory(run: Performance) -> Iterator[str]:
    if not run.samples or run.samples[-1][0] - run.samples[0][0] < LONG_ENOUGH_S:
        return
    for role, tenths in memory(run).items():
        if tenths[-1] > MEMORY_GROWTH * tenths[0]:
            yield f"{role}: {tenths[0]:.0f} MB in the first tenth of the run, {tenths[-1]:.0f} MB in the last"
