"""Defining metrics, and telling what all processes have counted of them.

Without `PROMETHEUS_MULTIPROC_DIR` each process knows its own numbers only, which is right for one process.
Labels have closed sets of values: whatever strangers choose never becomes one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from django.conf import settings
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    disable_created_metrics,
    values,
)
from prometheus_client.utils import floatToGoString

from apps.core.metrics.folder import MetricsFolder, Presence, Totals, parse_key

# From a cached answer's few milliseconds to the longest an identification may take.
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 40.0)


@dataclass(frozen=True, slots=True)
class _Definition:
    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...]


_own = CollectorRegistry(auto_describe=False)
_definitions: dict[str, _Definition] = {}
_folder: MetricsFolder | None = None

disable_created_metrics()  # type: ignore[no-untyped-call]
if _path := getattr(settings, "PROMETHEUS_MULTIPROC_DIR", ""):
    _folder = MetricsFolder(Path(_path))
    _folder.clean()
    values.ValueClass = values.MultiProcessValue(process_identifier=Presence(Path(_path)))  # type: ignore[no-untyped-call]


def counter(name: str, help_: str, labels: Sequence[str] = ()) -> Counter:
    """`name` ends with `_total`."""
    made = Counter(name, help_, labels, registry=_own)
    _note(name.removesuffix("_total"), "counter", help_, labels)
    return made


def histogram(
    name: str, help_: str, labels: Sequence[str] = (), *, buckets: Sequence[float] = SECONDS
) -> Histogram:
    made = Histogram(name, help_, labels, buckets=buckets, registry=_own)
    _note(name, "histogram", help_, labels)
    return made


def gauge(name: str, help_: str, labels: Sequence[str] = ()) -> Gauge:
    """The sum over all processes that live."""
    made = Gauge(name, help_, labels, registry=_own, multiprocess_mode="livesum")
    _note(name, "gauge", help_, labels)
    return made


def _note(
    name: str, kind: Literal["counter", "gauge", "histogram"], help_: str, labels: Sequence[str]
) -> None:
    _definitions[name] = _Definition(name, kind, help_, tuple(sorted(labels)))


def counted() -> Iterable[Metric]:
    """All defined metrics with what the processes of this machine have counted.

    Raises:
        FolderBusy
    """
    return list(_own.collect()) if _folder is None else list(_families(_folder.totals()))


def _families(totals: Totals) -> Iterator[Metric]:
    families = {
        name: Metric(name, defined.help, defined.kind) for name, defined in sorted(_definitions.items())
    }
    buckets: dict[tuple[str, tuple[tuple[str, str], ...]], dict[float, float]] = defaultdict(dict)
    for (_, key), value in totals.items():
        name, sample, labels = parse_key(key)
        if not _is_defined(name, labels):  # counted by another version of this program
            continue
        if sample.endswith("_bucket"):
            others = tuple((label, text) for label, text in labels.items() if label != "le")
            buckets[name, others][float(labels["le"])] = value
        else:
            families[name].add_sample(sample, labels, value)
    for (name, others), counts in buckets.items():
        _add_buckets(families[name], dict(others), counts)
    yield from families.values()


def _is_defined(name: str, labels: dict[str, str]) -> bool:
    defined = _definitions.get(name)
    return defined is not None and tuple(sorted(labels.keys() - {"le"})) == defined.labels


def _add_buckets(family: Metric, labels: dict[str, str], counts: dict[float, float]) -> None:
    below = 0.0
    for bound in sorted(counts):
        below += counts[bound]
        family.add_sample(f"{family.name}_bucket", {**labels, "le": floatToGoString(bound)}, below)  # type: ignore[no-untyped-call]
    family.add_sample(f"{family.name}_count", labels, below)
