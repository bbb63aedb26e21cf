"""How the workers work: Celery, but for its broker, which stands beside the other stores."""

from kombu import Queue

from plant_community_backend.schedule import BEAT_SCHEDULE, TASK_ROUTES

CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 2  # s
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_QUEUES = [Queue(name) for name in ("fast", "default", "slow", "priority")]
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = TASK_ROUTES
CELERY_TASK_CREATE_MISSING_QUEUES = False  # a misspelt queue would swallow its tasks
CELERY_TASK_ACKS_LATE = True  # a task is done when it is done; each is safe to run twice
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 600  # s, where a task names none
CELERY_TASK_TIME_LIMIT = 660
CELERY_WORKER_PREFETCH_MULTIPLIER = 1  # a slow task holds nobody up behind it
CELERY_BEAT_SCHEDULE = BEAT_SCHEDULE
CELERY_TIMEZONE = "UTC"
