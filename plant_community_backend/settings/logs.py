"""Where log lines go: to standard error, one a line, as JSON or for people."""

from typing import Any


def json_logging(level: str) -> dict[str, Any]:
    return _logging("apps.core.logging.formatters.JsonFormatter", level)


def readable_logging(level: str) -> dict[str, Any]:
    return _logging("apps.core.logging.formatters.ReadableFormatter", level)


def _logging(formatter: str, level: str) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"default": {"()": formatter}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "default"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.server": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
            # Asks for a lock without waiting, many times a second, and warns about each one not got.
            "redis_lock": {"level": "ERROR"},
            # Tries each second while Redis is away, with a traceback each; `apps.core.redis` says it once.
            "channels_redis": {"level": "CRITICAL"},
            # Every scanner of the internet calls us by a wrong name; the answer is 400, and nobody's fault.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "celery.beat": {"level": "WARNING"},
        },
    }
