"""The last things that went wrong, or right again, in any process."""

import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.dispatch import Signal

from apps.core.redis import RedisGone, get_redis

if TYPE_CHECKING:
    from redis import Redis

STREAM = "core:fleet-events"
KEPT = 200
KEPT_S = 24 * 3_600
_LONGEST_FACT = 120

# Sent after an event was written, in the process where it happened.
event_noted = Signal()


@dataclass(frozen=True, slots=True)
class FleetEvent:
    """`about` names what it happened to, `facts` are short texts."""

    id: str
    at: datetime
    kind: str
    about: str
    facts: dict[str, str]


_own: deque[FleetEvent] = deque(maxlen=KEPT)  # of a process that had no Redis to write to


def note_event(kind: str, *, about: str = "", once_in_s: int = 0, **facts: object) -> None:
    """Write it down for operators; with `once_in_s` only the first of its kind in that time, fleet-wide.

    Never raises because of Redis, and costs at most two of its commands.
    """
    texts = {name: str(fact)[:_LONGEST_FACT] for name, fact in facts.items() if fact is not None}
    redis = get_redis()
    try:
        if redis is None:
            _keep(kind, about, texts)
        elif not once_in_s or redis.set(f"{STREAM}:once:{kind}:{about}", 1, nx=True, ex=once_in_s):
            _write(redis, kind, about, texts)
        else:
            return
    except RedisGone:
        _keep(kind, about, texts)
    event_noted.send(sender=None, kind=kind)


def recent_events(limit: int) -> list[FleetEvent]:
    """Newest first: of all processes, or of this one where Redis cannot be asked."""
    since_ms = int((time.time() - KEPT_S) * 1000)
    redis = get_redis()
    rows: Any = []
    try:
        if redis is not None:
            rows = redis.xrevrange(STREAM, "+", since_ms, count=limit)
    except RedisGone:
        redis = None
    own = [event for event in _own if event.at.timestamp() * 1000 >= since_ms]
    shared = [_read(row_id, fields) for row_id, fields in rows]
    return sorted([*shared, *own], key=lambda event: event.at, reverse=True)[:limit]


def _write(redis: "Redis", kind: str, about: str, facts: dict[str, str]) -> None:
    pipeline = redis.pipeline(transaction=False)
    fields: dict[Any, Any] = {"kind": kind, "about": about, **facts}
    pipeline.xadd(STREAM, fields, maxlen=KEPT, approximate=False)
    pipeline.expire(STREAM, KEPT_S)
    pipeline.execute()


def _keep(kind: str, about: str, facts: dict[str, str]) -> None:
    now = time.time()
    _own.append(FleetEvent(f"own-{now:.6f}", datetime.fromtimestamp(now, UTC), kind, about, facts))


def _read(row_id: bytes, fields: dict[bytes, bytes]) -> FleetEvent:
    facts = {name.decode(): text.decode(errors="replace") for name, text in fields.items()}
    moment = int(row_id.partition(b"-")[0]) / 1000
    return FleetEvent(
        row_id.decode(), datetime.fromtimestamp(moment, UTC), facts.pop("kind"), facts.pop("about"), facts
    )
