import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.utils.functional import SimpleLazyObject
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.parser import text_string_to_metric_families

from apps.core.metrics import activity, definitions, folder
from apps.core.metrics.folder import FolderBusy, MetricsFolder, Presence
from apps.core.metrics.scrape import scrape
from apps.core.testing.clock import FakeClock

REQUESTS = mmap_key("requests", "requests_total", ["route"], ["home"], "Requests.")
IN_FLIGHT = mmap_key("in_flight", "in_flight", [], [], "Under way.")


class Process:
    """What a process of the library leaves in the folder, and the end of it."""

    def __init__(self, path: Path) -> None:
        self._presence = Presence(path)
        name = self._presence()
        self.counters = MmapedDict(str(path / f"counter_{name}.db"))
        self.gauges = MmapedDict(str(path / f"gauge_livesum_{name}.db"))

    def count(self, requests: float, in_flight: float = 0) -> "Process":
        self.counters.write_value(REQUESTS, requests, 0)
        self.gauges.write_value(IN_FLIGHT, in_flight, 0)
        return self

    def die(self) -> None:
        """The kernel takes the lock back; the files stay as they are. May be called twice."""
        self.counters.close()
        self.gauges.close()
        self._presence.forget()


@pytest.fixture
def metrics(tmp_path: Path) -> MetricsFolder:
    return MetricsFolder(tmp_path)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Process]]:
    processes: list[Process] = []

    def start_one() -> Process:
        processes.append(Process(tmp_path))
        return processes[-1]

    yield start_one
    for process in processes:
        process.die()


def requests_of(metrics: MetricsFolder) -> float:
    return metrics.totals()["counter", REQUESTS]


def test_what_a_dead_process_counted_stays_and_its_gauges_go(
    metrics: MetricsFolder, start: Callable[[], Process]
) -> None:
    first, second = start().count(3, in_flight=2), start().count(4, in_flight=1)
    assert (requests_of(metrics), metrics.totals()["gauge", IN_FLIGHT]) == (7, 3)

    first.die()
    for _ in range(3):
        assert (requests_of(metrics), metrics.totals()["gauge", IN_FLIGHT]) == (7, 1)

    second.die()
    start().count(1)
    assert (requests_of(metrics), metrics.totals()["gauge", IN_FLIGHT]) == (8, 0)


def test_processes_that_come_and_go_leave_no_files_behind(
    metrics: MetricsFolder, start: Callable[[], Process], tmp_path: Path
) -> None:
    for _ in range(20):
        start().count(1).die()
    metrics.clean()

    assert {file.name for file in tmp_path.iterdir()} == {"archive.json", "lock"}
    assert requests_of(metrics) == 20


def test_whoever_dies_while_taking_in_the_dead_doubles_nothing(
    metrics: MetricsFolder, start: Callable[[], Process], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start().count(5).die()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(OSError("killed here")))
        with pytest.raises(OSError, match="killed here"):
            metrics.totals()

    assert len(list(tmp_path.glob("*.alive"))) == 1, "it was not finished"
    assert requests_of(metrics) == 5
    assert not list(tmp_path.glob("*.alive"))


def test_a_forked_child_is_a_process_of_its_own(tmp_path: Path) -> None:
    parent = Presence(tmp_path)
    name, sign = parent(), parent._sign
    assert sign is not None

    parent.forget()  # what the child does right after the fork, with its own copies

    assert parent() != name


def test_a_folder_that_somebody_keeps_is_not_waited_for_long(
    metrics: MetricsFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "LOCK_TIMEOUT_S", 0.05)
    lock = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(FolderBusy):
            metrics.totals()
        metrics.clean()
    finally:
        os.close(lock)


@pytest.mark.parametrize("content", [b"", b"\x00" * 3, b"\xff" * 64], ids=["empty", "short", "junk"])
def test_a_file_that_cannot_be_read_hides_no_other(
    metrics: MetricsFolder, start: Callable[[], Process], tmp_path: Path, content: bytes
) -> None:
    start().count(2)
    broken = Presence(tmp_path)
    (tmp_path / f"counter_{broken()}.db").write_bytes(content)
    (tmp_path / "archive.json").write_bytes(b"{")

    assert requests_of(metrics) == 2
    broken.forget()
    assert requests_of(metrics) == 2


def test_histograms_of_several_processes_are_one_and_other_versions_numbers_are_left_out() -> None:
    name, help_ = "http_request_duration_seconds", "From arrival to answer."
    labels, values = ["method", "route", "status_class"], ["GET", "home", "2xx"]
    key = lambda sample, *more: mmap_key(  # noqa: E731
        name, f"{name}_{sample}", [*labels, *(["le"] if more else [])], [*values, *more], help_
    )
    totals = {
        ("histogram", key("bucket", "0.1")): 3.0,
        ("histogram", key("bucket", "+Inf")): 2.0,
        ("histogram", key("sum")): 7.5,
        ("counter", mmap_key("http_requests", "http_requests_total", ["colour"], ["red"], "Old.")): 9.0,
        ("counter", mmap_key("gone", "gone_total", [], [], "Of an old version.")): 9.0,
    }

    families = {family.name: family for family in definitions._families(totals)}

    assert {(s.name, s.labels.get("le")): s.value for s in families[name].samples} == {
        (f"{name}_sum", None): 7.5,
        (f"{name}_bucket", "0.1"): 3,
        (f"{name}_bucket", "+Inf"): 5,
        (f"{name}_count", None): 5,
    }
    assert families["http_requests"].samples == []
    assert "gone" not in families


def up(page: bytes) -> dict[str, float]:
    families = text_string_to_metric_families(page.decode())
    return {
        sample.labels["source"]: sample.value
        for family in families
        for sample in family.samples
        if sample.name == "metrics_source_up"
    }


def test_a_source_that_fails_or_hangs_is_named_and_takes_no_other_with_it() -> None:
    release, begun = threading.Event(), []

    def hangs() -> Iterator[Metric]:
        begun.append(1)
        release.wait(20)
        yield from ()

    def fails() -> Iterator[Metric]:
        raise ConnectionError("redis://:hunter2@10.0.0.1")
        yield

    sources = {"hangs": hangs, "fails": fails, "fine": lambda: [GaugeMetricFamily("fine", "Fine.", value=1)]}
    try:
        began = time.monotonic()
        for _ in range(3):
            page = scrape(sources, timeout_s=0.1)
            assert up(page) == {"hangs": 0, "fails": 0, "fine": 1}
            assert b"fine 1.0" in page
            assert b"hunter2" not in page
        assert time.monotonic() - began < 2
        assert len(begun) == 1, "what hangs must not be begun again"
    finally:
        release.set()


@pytest.mark.parametrize(
    ("token", "request_", "status"),
    [
        ("", {}, 200),
        ("", {"REMOTE_ADDR": "::1"}, 200),
        ("", {"REMOTE_ADDR": "10.0.0.7"}, 403),
        ("", {"REMOTE_ADDR": "not an address"}, 403),
        ("", {"HTTP_X_FORWARDED_FOR": "203.0.113.9"}, 403),
        ("", {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, 403),
        ("", {"HTTP_FORWARDED": "for=127.0.0.1"}, 403),
        ("s3cret", {}, 401),
        ("s3cret", {"HTTP_AUTHORIZATION": "Bearer"}, 401),
        ("s3cret", {"HTTP_AUTHORIZATION": "Bearer s3cre"}, 401),
        ("s3cret", {"HTTP_AUTHORIZATION": "Bearer ä"}, 401),
        ("s3cret", {"HTTP_AUTHORIZATION": "Basic s3cret"}, 401),
        ("s3cret", {"HTTP_AUTHORIZATION": "Bearer s3cret", "REMOTE_ADDR": "10.0.0.7"}, 200),
        ("s3cret", {"HTTP_AUTHORIZATION": "bearer s3cret", "HTTP_HOST": "10.0.0.1:8000"}, 200),
    ],
)
def test_only_prometheus_gets_to_see_the_metrics(
    client: Client, settings: Any, token: str, request_: dict[str, str], status: int
) -> None:
    settings.METRICS_TOKEN = token
    answer = client.get("/metrics", **request_)

    assert answer.status_code == status
    assert (b"# TYPE http_requests_total counter" in answer.content) is (status == 200)
    assert answer["Cache-Control"] == "no-store"


def test_the_metrics_are_only_read(client: Client) -> None:
    assert client.post("/metrics").status_code == 405


@pytest.mark.django_db
def test_what_strangers_choose_becomes_no_label(client: Client) -> None:
    client.get("/api/v1/meta/", headers={"X-Client-Version": "hunter2/1.0"})
    client.get("/api/meta/?q=hunter2", headers={"X-Client-Version": "hunter2/1.0"})
    client.get("/hunter2.php")
    client.get("/api/v1/plant-identification/requests/hunter2/")
    client.generic("HUNTER2", "/api/v1/meta/")

    page = client.get("/metrics").content.decode()

    assert "hunter2" not in page.lower()
    families = {family.name: family for family in text_string_to_metric_families(page)}
    seen = {
        (s.labels["method"], s.labels["route"])
        for s in families["http_requests"].samples
        if "route" in s.labels
    }
    assert {("GET", "v1:meta:meta"), ("GET", "meta:meta"), ("GET", "none"), ("OTHER", "v1:meta:meta")} <= seen
    legacy = {s.labels["client"]: s.value for s in families["legacy_api_requests"].samples}
    assert legacy["other"] >= 1


@pytest.mark.django_db
def test_statements_are_counted_by_what_they_do(client: Client) -> None:
    def selects() -> float:
        page = client.get("/metrics").content.decode()
        families = {family.name: family for family in text_string_to_metric_families(page)}
        samples = families["database_query_duration_seconds"].samples
        return sum(
            s.value for s in samples if s.name.endswith("_count") and s.labels["operation"] == "select"
        )

    from django.contrib.contenttypes.models import ContentType

    before = selects()
    ContentType.objects.count()
    assert selects() >= before + 1


def request_of(user: Any) -> Any:
    return SimpleNamespace(user=user)


def test_people_are_counted_once_while_they_are_there_and_nobody_is_looked_up() -> None:
    clock = FakeClock()
    person = SimpleNamespace(is_authenticated=True, pk="4711")
    counted = activity.Activity(clock)
    told: list[Any] = []
    counted._tell = lambda slot, pk: (told.append((slot, pk)), counted._known.add(pk))  # type: ignore[method-assign]

    def look_up() -> Any:
        raise AssertionError("asks the database who that was")

    for user in (person, person, AnonymousUser(), None, SimpleLazyObject(look_up)):
        counted.note(request_of(user))
    assert len(told) == 1

    clock.advance(activity.SLOT_S)
    counted.note(request_of(person))
    assert len(told) == 2


def test_redis_counts_people_without_knowing_them() -> None:
    from apps.core.redis import get_redis

    redis = get_redis()
    if redis is None:
        pytest.skip("without Redis nobody is counted")
    for number in (1, 2, 2, 3):
        activity.Activity().note(request_of(SimpleNamespace(is_authenticated=True, pk=f"person-{number}")))

    (family,) = activity.active_users()

    assert family.samples[0].value == 3
    for key in redis.keys("*active-users*"):
        assert b"person" not in redis.get(key)
        assert redis.ttl(key) > 0
