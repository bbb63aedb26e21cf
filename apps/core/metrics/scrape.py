"""One look at everything: what the processes counted, and what is true of the whole fleet right now.

What is true of the fleet lives in Redis and the database, and is asked for at the scrape. Each source has
its time; one that fails or hangs is left out and named, and the others are told as ever.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as SourceTimeout

from prometheus_client import Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily

from apps.core.metrics.definitions import counted
from apps.core.resilience.forking import forget_after_fork

logger = logging.getLogger(__name__)

SOURCE_TIMEOUT_S = 1.5  # for all of them together, for they are asked at once
MAX_SOURCES = 16

Source = Callable[[], Iterable[Metric]]
_sources: dict[str, Source] = {"processes": counted}


def register_source(name: str, source: Source) -> None:
    """`source` runs in a thread of its own with each scrape, and gives its database connection back."""
    _sources[name] = source


class _Askers:
    """One thread per source at most: one that hangs is waited for again, not asked again."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None
        self._running: dict[str, Future[list[Metric]]] = {}

    def ask(self, name: str, source: Source) -> "Future[list[Metric]]":
        with self._lock:
            running = self._running.get(name)
            if running is None or running.done():
                self._threads = self._threads or ThreadPoolExecutor(MAX_SOURCES, thread_name_prefix="scrape")
                running = self._running[name] = self._threads.submit(lambda: list(source()))
            return running


_askers = _Askers()
forget_after_fork(_askers)


class _Gathered:
    """What `generate_latest` takes for a registry."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> list[Metric]:
        return self._metrics


def scrape(sources: Mapping[str, Source] | None = None, *, timeout_s: float = SOURCE_TIMEOUT_S) -> bytes:
    """Everything in Prometheus' text format, after `timeout_s` at the latest."""
    wanted = _sources if sources is None else sources
    until = time.monotonic() + timeout_s
    asked = {name: _askers.ask(name, source) for name, source in wanted.items()}
    answered = GaugeMetricFamily(
        "metrics_source_up", "Whether a part of this page could be asked in time.", labels=["source"]
    )
    metrics: list[Metric] = []
    for name, future in asked.items():
        told = _told(name, future, until)
        answered.add_metric([name], float(told is not None))
        metrics += told or ()
    return generate_latest(_Gathered([*metrics, answered]))


def _told(name: str, future: "Future[list[Metric]]", until: float) -> list[Metric] | None:
    try:
        return future.result(timeout=max(0.0, until - time.monotonic()))
    except SourceTimeout:
        reason = "no answer in time"
    except Exception as exc:  # noqa: BLE001 - whatever it is, the rest of the page goes out
        reason = type(exc).__name__
    logger.warning(
        "metrics_source_failed",
        extra={"event": "metrics_source_failed", "source": name, "error": reason},
    )
    return None
