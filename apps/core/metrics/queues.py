"""How much background work waits."""

from collections.abc import Iterator

from django.conf import settings
from prometheus_client.core import GaugeMetricFamily

from apps.core.redis import get_redis


def queue_depth() -> Iterator[GaugeMetricFamily]:
    """Tasks nobody has taken yet, by queue. The broker keeps each queue as a list of that name.

    Raises:
        RedisGone
    """
    redis = get_redis()
    if redis is None or not settings.CELERY_BROKER_URL:
        return
    names = [queue.name for queue in settings.CELERY_TASK_QUEUES]
    with redis.pipeline(transaction=False) as all_of_them:
        for name in names:
            all_of_them.llen(name)
        depths = all_of_them.execute()
    family = GaugeMetricFamily("celery_queue_depth", "Tasks that wait for a worker.", labels=["queue"])
    for name, depth in zip(names, depths, strict=True):
        family.add_metric([name], depth)
    yield family
