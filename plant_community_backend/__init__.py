import gc

# While a program loads, next to nothing becomes garbage, and to look for it takes a sixth of the time. What
# runs for long sets its own pace when it has loaded (`apps.core.garbage`).
gc.set_threshold(50_000, 10, 10)

from plant_community_backend.celery import app as celery_app  # noqa: E402

__all__ = ["celery_app"]
