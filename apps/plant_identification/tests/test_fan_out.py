"""What is told of services that are asked at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.plant_identification.services import fan_out
from apps.plant_identification.tests.conftest import make_photo

pytestmark = pytest.mark.django_db(transaction=True)


class ReadClock:
    """Stands still until it is set, and can tell how often somebody looked at it."""

    def __init__(self):
        self.now = 0.0
        self._looks = threading.Semaphore(0)

    def monotonic(self):
        now = self.now
        self._looks.release()
        return now

    def wait_for_looks(self, count):
        return all(self._looks.acquire(timeout=20) for _ in range(count))


@pytest.mark.parametrize(("slow", "quick"), [("plant_id", "plantnet"), ("plantnet", "plant_id")])
def test_a_service_s_latency_is_its_own_and_not_the_one_of_whom_it_is_awaited_with(
    providers, identify, monkeypatch, slow, quick
):
    clock = ReadClock()
    monkeypatch.setattr(fan_out, "time", clock)
    providers.hold(slow)

    def let_a_minute_pass():
        seen = clock.wait_for_looks(3)  # both have begun, and one has ended
        clock.now += 60
        providers.release(slow)
        return seen

    with ThreadPoolExecutor(1) as others:
        quick_has_ended = others.submit(let_a_minute_pass)
        response = identify(make_photo("one is slow"))

    latencies = {report["name"]: report["latency_ms"] for report in response.json()["providers"]}
    assert latencies == {slow: 60_000, quick: 0}
    assert quick_has_ended.result()
