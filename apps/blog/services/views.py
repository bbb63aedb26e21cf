"""Counting how often posts are opened, without keeping who opened them.

    count_view(post_id=7, visitor=…)    # in Redis alone
    write_views()                       # a minute later, into `PostViews`

That a visitor was counted already is known by a digest which nobody can make again: its key is random, is
replaced each day and lies nowhere but in Redis, where both expire. Without Redis nothing is counted.
"""

import hashlib
import hmac
import logging
import re
import secrets
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.blog.constants import VIEW_AGAIN_AFTER_S, VIEWS_KEPT_DAYS
from apps.blog.models import BlogPostPage, PostViews, WrittenViews
from apps.core.redis import RedisGone, get_redis

if TYPE_CHECKING:
    from redis import Redis

logger = logging.getLogger(__name__)

BUFFER = "blog:views:buffer"
BATCHES = "blog:views:batches"
DAY_S = 86_400
BATCH_REMEMBERED = timedelta(days=7)  # longer than one could wait to be written

# Whoever fetches pages by the dozen says so, or says nothing.
_MACHINES = re.compile(
    r"bot\b|crawl|spider|slurp|preview|fetch|monitor|headless|lighthouse|python|curl|wget|java/|go-http|scrapy",
    re.IGNORECASE,
)

_COUNT_ONCE = """
if redis.call('SET', KEYS[1], 1, 'NX', 'EX', ARGV[1]) then
  return redis.call('HINCRBY', KEYS[2], ARGV[2], 1)
end
return 0
"""
# The buffer becomes a batch in one step: what is counted from now on goes into a new buffer.
_BEGIN_BATCH = """
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('RENAME', KEYS[1], KEYS[3])
  redis.call('SADD', KEYS[2], ARGV[1])
end
return redis.call('SMEMBERS', KEYS[2])
"""


def is_machine(user_agent: str) -> bool:
    return not user_agent.strip() or _MACHINES.search(user_agent) is not None


def count_view(*, post_id: int, visitor: str) -> None:
    """`visitor` is whatever tells visitors apart, as an address and a browser's name; it is not kept."""
    redis = get_redis()
    if redis is None:
        return
    today = timezone.now().date()
    try:
        key = _key_of(redis, today)
        seen = hmac.new(key, f"{post_id}\n{visitor}".encode(), hashlib.sha256).hexdigest()[:32]
        redis.eval(
            _COUNT_ONCE, 2, f"blog:views:seen:{seen}", BUFFER, str(VIEW_AGAIN_AFTER_S), f"{today}:{post_id}"
        )
    except RedisGone:
        return


def write_views() -> int:
    """Move what was counted into the database; how many views that were.

    A worker that dies leaves its batch to the next. One that dies between the two stores leaves a batch that
    is known to be written, so nothing is counted twice.
    """
    redis = get_redis()
    if redis is None:
        return 0
    written, batch = 0, str(uuid4())
    try:
        found: Any = redis.eval(_BEGIN_BATCH, 3, BUFFER, BATCHES, _batch_key(batch), batch)
        for name in found:
            written += _write_batch(redis, name.decode())
    except RedisGone:
        return written
    return written


def forget_old_views() -> None:
    now = timezone.now()
    PostViews.objects.filter(day__lt=now.date() - timedelta(days=VIEWS_KEPT_DAYS)).delete()
    WrittenViews.objects.filter(at__lt=now - BATCH_REMEMBERED).delete()


def _key_of(redis: "Redis", day: date) -> bytes:
    name = f"blog:views:key:{day}"
    key: Any = redis.get(name)
    if key is None:
        redis.set(name, secrets.token_bytes(32), nx=True, ex=DAY_S)
        key = redis.get(name)
    return bytes(key or b"")


def _batch_key(batch: str) -> str:
    return f"blog:views:batch:{batch}"


def _write_batch(redis: "Redis", batch: str) -> int:
    buffer: Any = redis.hgetall(_batch_key(batch))
    counts = {_place(name): int(count) for name, count in buffer.items()}
    with transaction.atomic():
        # Whoever comes second waits here until the first has committed.
        _, is_new = WrittenViews.objects.get_or_create(batch=UUID(batch))
        if is_new:
            _add(counts)
    pipeline = redis.pipeline(transaction=True)
    pipeline.delete(_batch_key(batch))
    pipeline.srem(BATCHES, batch)
    pipeline.execute()
    return sum(counts.values()) if is_new else 0


def _place(name: bytes) -> tuple[int, date]:
    day, _, post_id = name.decode().partition(":")
    return int(post_id), date.fromisoformat(day)


def _add(counts: dict[tuple[int, date], int]) -> None:
    posts = BlogPostPage.objects.filter(pk__in={post_id for post_id, _ in counts})
    there = set(posts.values_list("pk", flat=True))  # others were deleted since
    kept = {place: count for place, count in sorted(counts.items()) if place[0] in there}
    rows = [PostViews(post_id=post_id, day=day) for post_id, day in kept]
    PostViews.objects.bulk_create(rows, ignore_conflicts=True)
    for (post_id, day), count in kept.items():
        PostViews.objects.filter(post=post_id, day=day).update(count=F("count") + count)
