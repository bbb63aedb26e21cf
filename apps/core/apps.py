from django.apps import AppConfig
from django.conf import settings

from apps.core.http.redaction import register_secret


class CoreConfig(AppConfig):
    name = "apps.core"
    label = "core"
    verbose_name = "Core"

    def ready(self) -> None:
        from apps.core import checks, receivers  # noqa: F401 - registers them
        from apps.core.http.redaction import silence_library_logs
        from apps.core.images.memory import give_large_blocks_back
        from apps.core.images.slots import count_cores, decode_slots
        from apps.core.logging.celery import connect_request_ids

        give_large_blocks_back()
        decode_slots.resize(max(1, count_cores() // settings.WEB_PROCESSES))
        silence_library_logs()
        connect_request_ids()
        _keep_secrets_out_of_logs()
        _begin_to_count()


def _begin_to_count() -> None:
    from django.db.backends.signals import connection_created

    from apps.core.metrics.activity import active_users
    from apps.core.metrics.database import watch_statements
    from apps.core.metrics.queues import queue_depth
    from apps.core.metrics.scrape import register_source

    connection_created.connect(watch_statements, dispatch_uid="metrics.statements")
    register_source("queues", queue_depth)
    register_source("people", active_users)


def _keep_secrets_out_of_logs() -> None:
    secrets = ("SECRET_KEY", "JWT_SECRET_KEY", "PLANT_ID_API_KEY", "PLANTNET_API_KEY", "REDIS_PASSWORD")
    for name in (*secrets, "METRICS_TOKEN"):
        register_secret(getattr(settings, name))
    register_secret(str(settings.DATABASES["default"].get("PASSWORD", "")))
