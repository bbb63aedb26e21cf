"""What may go wrong: how it begins, how it ends, and what it may cost."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tests.chaos.stage import Stage

Act = Callable[[Stage], object]


def nothing(stage: Stage) -> None:
    """It heals by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`kills` names the process that does not outlive it, `cuts` the web server whose clients lose their
    connection; while `is_frozen` everybody may have to wait.

    Where `may_buy_again`, single flight ends at the border of a process for as long as it lasts.
    """

    kind: str
    name: str
    begin: Act
    end: Act = nothing
    kills: str = ""
    cuts: int | None = None
    is_frozen: bool = False
    may_buy_again: bool = False


def _redis_faults() -> list[Fault]:
    def restart(stage: Stage) -> None:
        stage.fleet.redis.start()

    away = {"may_buy_again": True}
    return [
        _fault("Redis killed", lambda s: s.fleet.redis.kill(), restart, **away),
        _fault("Redis stopped", lambda s: s.fleet.redis.stop(), restart, **away),
        _fault("Redis frozen", lambda s: s.fleet.redis.pause(), lambda s: s.fleet.redis.resume(), **away),
        _fault("Redis emptied", lambda s: s.redis.flushall(), **away),
    ]


def _postgres_faults() -> list[Fault]:
    def restart(stage: Stage) -> None:
        stage.fleet.postgres.start()

    def freeze(stage: Stage) -> None:
        stage.fleet.postgres.pause()

    return [
        _fault("PostgreSQL killed", lambda s: s.fleet.postgres.kill(), restart),
        _fault("PostgreSQL stopped", lambda s: s.fleet.postgres.stop(), restart),
        _fault("PostgreSQL frozen", freeze, lambda s: s.fleet.postgres.resume(), is_frozen=True),
    ]


def _process_faults() -> list[Fault]:
    """Web 0 is never killed: its threads, files and memory tell of the whole run."""
    cut = {"kills": "web 1", "cuts": 1, "may_buy_again": True}
    gone = {"kills": "worker", "may_buy_again": True}
    frozen = {"is_frozen": True, "may_buy_again": True}
    return [
        _fault("web server killed", lambda s: s.servers[1].kill(), lambda s: s.servers[1].start(), **cut),
        _fault("web worker killed", lambda s: s.servers[1].kill_worker(), **cut),
        _fault("web frozen", lambda s: s.servers[0].pause(), lambda s: s.servers[0].resume(), **frozen),
        _fault("worker killed", lambda s: s.worker.kill(), lambda s: s.start_worker(), **gone),
        _fault("worker frozen", lambda s: s.worker.pause(), lambda s: s.worker.resume(), may_buy_again=True),
    ]


# What a service does wrong: the sandbox's fault, its value, and which of the requests it hits.
MISBEHAVIOUR = {
    "slow": ("jitter", [2.0, 6.0], "identify"),
    "answers 500": ("status", 500, "any"),
    "drops connections": ("drop", None, "any"),
    "loses its replies": ("drop_after_request", None, "identify"),
    "talks junk": ("junk_json", None, "identify"),
    "stops halfway": ("truncated", None, "identify"),
    "drips": ("slow_drip", {"interval_s": 0.25, "chunk_bytes": 512}, "identify"),
}
AT_ONCE = {"answers 500"}  # another kind of fault where no service is left
LABELS = {"plant_id": "Plant.id", "plantnet": "Pl@ntNet", "both": "both services"}


def _service_faults() -> list[Fault]:
    faults = [
        Fault(
            kind=f"{how}, {'both' if target == 'both' else 'one'}" if how in AT_ONCE else how,
            name=f"{label}: {how}",
            begin=partial(_misbehave, target, how),
            end=lambda stage: stage.sandbox.clear_faults(),
        )
        for how in MISBEHAVIOUR
        for target, label in LABELS.items()
    ]
    frozen = _fault("both services: frozen", lambda s: s.freeze_sandbox(), lambda s: s.thaw_sandbox())
    return [*faults, frozen]


def _misbehave(target: str, how: str, stage: Stage) -> None:
    kind, value, match = MISBEHAVIOUR[how]
    stage.sandbox.fault(target, kind, value, match=match)


def _fault(name: str, begin: Act, end: Act = nothing, **rest: object) -> Fault:
    return Fault(kind=name, name=name, begin=begin, end=end, **rest)


ALL = (*_redis_faults(), *_postgres_faults(), *_process_faults(), *_service_faults())


def shuffled(rng: random.Random) -> list[Fault]:
    return rng.sample(ALL, len(ALL))


def one_of_each_kind(rng: random.Random) -> list[Fault]:
    return list({fault.kind: fault for fault in shuffled(rng)}.values())
