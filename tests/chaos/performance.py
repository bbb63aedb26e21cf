"""One run: warm up, one fault after the other, calm again; what happened is kept for the witness."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import requests

from apps.plant_identification.services.quota import LONGEST_CALL
from tests.chaos.faults import Fault
from tests.chaos.journal import Journal, Visit
from tests.chaos.load import Load
from tests.chaos.photos import photo
from tests.chaos.stage import Stage, resources, wait_until

BURST = 96  # photos at once: more than a provider's pool of each process takes
BURST_PHOTOS = 1_000_000  # their numbers begin here
SAMPLE_EVERY_S = 1.0
Resources = dict[str, dict[str, float]]
Sample = tuple[float, Resources]


@dataclass(slots=True)
class Episode:
    """One fault. Moments are monotonic seconds; an end that lies open is still to come."""

    fault: Fault
    began: float
    ended: float = float("inf")
    recovered: float = float("inf")
    until: float = float("inf")

    def touches(self, began: float, ended: float, *, margin_s: float = 0.0) -> bool:
        """Whether the span lies at least partly between the fault's begin and the recovery from it."""
        return began < min(self.recovered, self.until) + margin_s and ended > self.began


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things last, in seconds. `skips_waits` sets clocks forward where only time is waited for.

    `patience_s` is for each recovery, and for what is in the queue at the end. After `bursts` of new photos
    what the processes keep by themselves, within bounds, is as full as it gets.
    """

    fault_s: tuple[float, float]
    between_s: float
    calm_s: float
    patience_s: float
    rate: float
    bursts: int
    skips_waits: bool


# 300 s is what the product promises after each fault.
LONG = Pace(fault_s=(4, 12), between_s=3, calm_s=20, patience_s=300, rate=5, bursts=5, skips_waits=False)
SHORT = Pace(fault_s=(0.5, 0.8), between_s=0.2, calm_s=1, patience_s=60, rate=10, bursts=1, skips_waits=True)


@dataclass
class Performance:
    stage: Stage
    seed: int
    pace: Pace
    journal: Journal = field(default_factory=Journal)
    episodes: list[Episode] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    before: Resources = field(default_factory=dict)
    after: Resources = field(default_factory=dict)
    began: float = 0.0
    calm: float = 0.0
    is_healthy_again: bool = False

    def play(self, faults: Iterable[tuple[Fault, float]], tell: Callable[[Episode], None]) -> None:
        """Each fault for its seconds; `tell` is called after the recovery from each."""
        for number in range(self.pace.bursts):
            self._burst(number)
        self.before = self._at_rest()
        load = Load(self.stage, self.journal, seed=self.seed, rate=self.pace.rate)
        stop_samples = threading.Event()
        sampler = threading.Thread(target=self._sample, args=(stop_samples,), name="sampler")
        self.began = time.monotonic()
        sampler.start()
        load.start()
        try:
            self._await_recovery(self.began)
            for fault, seconds in faults:
                time.sleep(self.pace.between_s)
                tell(self._suffer(fault, seconds))
            self.is_healthy_again = self._wait_for_health()
            self.calm = time.monotonic()
            time.sleep(self.pace.calm_s)
        finally:
            load.stop()
            stop_samples.set()
            sampler.join()
        self._settle()

    def _suffer(self, fault: Fault, seconds: float) -> Episode:
        now = time.monotonic()
        if self.episodes:
            self.episodes[-1].until = now
        episode = Episode(fault, began=now)
        self.episodes.append(episode)
        fault.begin(self.stage)
        time.sleep(seconds)
        episode.ended = time.monotonic()
        fault.end(self.stage)  # a restart that somebody has to make is part of the recovery
        episode.recovered = self._await_recovery(episode.ended)
        return episode

    def _await_recovery(self, since: float) -> float:
        """When each web process had given a fresh and complete answer to somebody who came after `since`."""
        until = time.monotonic() + self.pace.patience_s
        while time.monotonic() < until:
            good = [v for v in self.journal.visits() if v.began > since and v.is_fresh_and_complete]
            ended = {v.order.server: v.ended for v in reversed(good)}
            if len(ended) == len(self.stage.servers):
                return max(ended.values())
            if self.pace.skips_waits:
                self.stage.skip_open_periods()
            self.journal.wait_for_news(0.5)
        return float("inf")

    def _wait_for_health(self) -> bool:
        def is_healthy() -> bool:
            if self.pace.skips_waits:
                self.stage.skip_open_periods()
            try:
                return {server.health()["status"] for server in self.stage.servers} == {"healthy"}
            except requests.RequestException:
                return False

        return wait_until(is_healthy, timeout_s=self.pace.patience_s)

    def _settle(self) -> None:
        """Give the queue the time it has, then look at what everything holds."""
        self._burst(self.pace.bursts)
        wait_until(lambda: not self._waiting(), timeout_s=self.pace.patience_s)
        self.after = self._at_rest()

    def _waiting(self) -> bool:
        """Photos in the queue, and calls whose process may still be at work for all the ledger knows."""
        if self.pace.skips_waits:
            self.stage.let_pass(150)
        queued, under_way = self.stage.rows(
            "SELECT (SELECT count(*) FROM plant_identification_plantidentificationrequest"
            " WHERE status = 'queued' AND deleted_at IS NULL),"
            " (SELECT count(*) FROM plant_identification_quotareservation"
            " WHERE state = 'reserved' AND created_at > %s)",
            datetime.now(UTC) - LONGEST_CALL,
        )[0]
        return bool(queued or under_way)

    def _burst(self, number: int) -> None:
        """As many at once as the product ever works on, so that what it keeps is comparable afterwards."""
        self.stage.sandbox.fault("both", "latency", 1.0)
        numbers = range(BURST_PHOTOS + number * BURST, BURST_PHOTOS + (number + 1) * BURST)
        self.stage.fleet.identify_all([photo(self.seed, one) for one in numbers])
        self.stage.sandbox.clear_faults()

    def _at_rest(self) -> Resources:
        """As soon as no transaction is open; what stays open for ten seconds belongs to nobody."""
        wait_until(lambda: not self._sessions()[1], timeout_s=10)
        connections, transactions = self._sessions()
        return self._measure() | {
            "stores": {
                "PostgreSQL connections": connections,
                "open transactions": transactions,
                "Redis clients": self.stage.redis.info("clients")["connected_clients"],
            }
        }

    def _sessions(self) -> tuple[int, int]:
        """PostgreSQL's connections, and how many of them have a transaction open."""
        connections, transactions = self.stage.rows(
            "SELECT count(*), count(*) FILTER (WHERE state LIKE 'idle in transaction%') FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )[0]
        return connections, transactions

    def _measure(self) -> Resources:
        return {role: resources(pid) for role, pid in self.stage.roles.items()}

    def _sample(self, stop: threading.Event) -> None:
        while not stop.wait(SAMPLE_EVERY_S):
            self.samples.append((time.monotonic(), self._measure()))

    def visits_of(self, episode: Episode) -> list[Visit]:
        """From the fault's begin to the next one's."""
        return [visit for visit in self.journal.visits() if episode.began <= visit.began < episode.until]
