"""What this process knows about Redis being there."""

import redis.exceptions

from apps.core.outage import Outage
from apps.core.redis_options import REDIS_DOWN_MEMO_S


class RedisLeftAlone(redis.exceptions.ConnectionError):
    """Refused without asking: Redis failed a moment ago."""


OUTAGE = Outage(
    "Redis",
    memo_s=REDIS_DOWN_MEMO_S,
    left_alone=RedisLeftAlone,
    meanwhile="carrying on within this process",
    events=("redis_unavailable", "redis_back"),
)
