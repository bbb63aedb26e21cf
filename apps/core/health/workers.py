"""Whether a background worker is alive: each one leaves a sign in Redis while it runs."""

import time
from typing import Any

from apps.core.redis import RedisGone, get_redis

SIGN = "core:worker-alive"
SIGN_EVERY_S = 10
SIGN_KEPT_S = 45

_last_sign_s = 0.0


def note_worker_alive(**_: Any) -> None:
    """For Celery's `heartbeat_sent` signal, which comes every two seconds."""
    global _last_sign_s  # noqa: PLW0603 - one number of the worker process
    redis = get_redis()
    if redis is None or time.monotonic() - _last_sign_s < SIGN_EVERY_S:
        return
    try:
        redis.set(SIGN, int(time.time()), ex=SIGN_KEPT_S)
    except RedisGone:
        return
    _last_sign_s = time.monotonic()


def workers_alive() -> bool:
    redis = get_redis()
    if redis is None:
        return False
    try:
        return bool(redis.exists(SIGN))
    except RedisGone:
        return False
