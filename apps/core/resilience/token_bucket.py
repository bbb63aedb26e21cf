"""How often the whole fleet may do something: a bucket of tokens that Redis keeps, by Redis' own clock."""

from typing import Any

from apps.core.redis import RedisGone, get_redis
from apps.core.resilience.clock import SYSTEM_CLOCK, Clock, Deadline

WITHOUT_REDIS_S = 60.0
_FORGET_AFTER_S = 3_600

# Returns the seconds until a token will be there; 0 took one.
_TAKE = """
local capacity, per_s = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at', 'closed_until')
local closed_until = tonumber(kept[3] or 0)
if closed_until > now then
  return tostring(closed_until - now)
end
local elapsed = math.max(0, now - tonumber(kept[2] or now))
local tokens = math.min(capacity, tonumber(kept[1] or capacity) + elapsed * per_s)
if tokens < 1 then
  return tostring((1 - tokens) / per_s)
end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens - 1), 'at', tostring(now))
redis.call('EXPIRE', KEYS[1], ARGV[3])
return '0'
"""
_CLOSE = """
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'closed_until', tostring(tonumber(time[1]) + tonumber(ARGV[1])))
redis.call('EXPIRE', KEYS[1], math.max(tonumber(ARGV[2]), math.ceil(tonumber(ARGV[1])) + 1))
"""


class TokenBucket:
    """At most `capacity` at once, and `per_minute` on the long run, of all processes together.

    Without Redis nobody could count what the others do, so nothing is granted: for what can wait.
    """

    def __init__(self, name: str, *, capacity: int, per_minute: float, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._key = f"bucket:{name}"
        self._capacity = capacity
        self._per_s = per_minute / 60

    def take(self) -> float:
        """0 where a token was taken, else the seconds until it is worth trying again."""
        redis = get_redis()
        if redis is None:
            return WITHOUT_REDIS_S
        try:
            wait_s: Any = redis.eval(_TAKE, 1, self._key, self._capacity, self._per_s, _FORGET_AFTER_S)
        except RedisGone:
            return WITHOUT_REDIS_S
        return float(wait_s)

    def wait_for_turn(self, at_most_s: float) -> float:
        """The same, after waiting for a token that comes soon enough."""
        deadline = Deadline.after(at_most_s, self._clock)
        while (wait_s := self.take()) and wait_s <= deadline.remaining_s():
            self._clock.sleep(wait_s)
        return wait_s

    def close_for(self, seconds: float) -> None:
        """Grant nothing for a while, because the other side said so."""
        redis = get_redis()
        if redis is None:
            return
        try:
            redis.eval(_CLOSE, 1, self._key, seconds, _FORGET_AFTER_S)
        except RedisGone:
            return
