"""How many people use the site: counted by Redis in a sketch that holds nobody's name.

Redis hears of somebody once in five minutes and process, so a request costs one look into a set.
"""

import time
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.utils.functional import LazyObject, empty
from prometheus_client.core import GaugeMetricFamily

from apps.core.redis import RedisGone, get_redis
from apps.core.resilience.clock import SYSTEM_CLOCK, Clock

SLOT_S = 300
SLOTS = 3  # somebody counts for 10 to 15 minutes after the last request
_KEPT_S = SLOT_S * (SLOTS + 1)
_MOST_KNOWN = 100_000


def _key(slot: int) -> str:
    return f"{{core:active-users}}:{slot}"  # braces keep them on one node, where they can be counted together


class Activity:
    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._slot = 0
        self._known: set[Any] = set()

    def note(self, request: HttpRequest) -> None:
        """Whoever was signed in; asks no database who that was."""
        user = vars(request).get("user")
        if isinstance(user, LazyObject) and vars(user).get("_wrapped") is empty:
            return
        if user is None or not user.is_authenticated:
            return
        slot = int(self._clock.wall() // SLOT_S)
        if slot != self._slot:
            self._slot, self._known = slot, set()
        if user.pk not in self._known and len(self._known) < _MOST_KNOWN:
            self._tell(slot, user.pk)

    def _tell(self, slot: int, person: Any) -> None:
        redis = get_redis()
        if redis is None:
            return
        try:
            with redis.pipeline(transaction=False) as both:
                both.pfadd(_key(slot), str(person))
                both.expire(_key(slot), _KEPT_S)
                both.execute()
        except RedisGone:
            return
        self._known.add(person)


ACTIVITY = Activity()


def active_users() -> Iterator[GaugeMetricFamily]:
    """
    Raises:
        RedisGone
    """
    redis = get_redis()
    if redis is None:
        return
    slot = int(time.time() // SLOT_S)
    people: Any = redis.pfcount(*(_key(slot - age) for age in range(SLOTS)))
    yield GaugeMetricFamily("active_users", "People who were signed in within 15 minutes.", value=people)
