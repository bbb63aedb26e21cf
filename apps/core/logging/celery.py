"""A task carries the id of the request that started it."""

from contextvars import Token
from typing import Any

from celery import Task
from celery.signals import before_task_publish, task_postrun, task_prerun

from apps.core.logging.context import accept_request_id, enter_request, get_request_id, leave_request

HEADER = "pc_request_id"
_TOKEN = "pc_request_token"  # noqa: S105 - the name of an attribute


def connect_request_ids() -> None:
    before_task_publish.connect(_send_request_id, dispatch_uid="request-id-out")
    task_prerun.connect(_enter_request, dispatch_uid="request-id-in")
    task_postrun.connect(_leave_request, dispatch_uid="request-id-done")


def _send_request_id(headers: dict[str, Any] | None = None, **_rest: Any) -> None:
    if headers is not None and get_request_id():
        headers.setdefault(HEADER, get_request_id())


def _enter_request(task: Task, **_rest: Any) -> None:
    sent = getattr(task.request, HEADER, None) or ""
    # A task nobody's request has started is a story of its own.
    task.request.pc_request_token = enter_request(accept_request_id(str(sent)))


def _leave_request(task: Task, **_rest: Any) -> None:
    token: Token[str] | None = getattr(task.request, _TOKEN, None)
    if token is not None:
        leave_request(token)
