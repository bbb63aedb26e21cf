"""Telling the processes that hold WebSockets that something happened."""

import asyncio
import logging
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings

from apps.core.redis import OUTAGE, RedisGone

logger = logging.getLogger(__name__)

PATIENCE_S = 0.5
_LOST = (*RedisGone, TimeoutError, RuntimeError)  # the last: called from a thread with an event loop


def tell_group(group: str, message: dict[str, Any]) -> None:
    """Best effort, within half a second: whoever listens also looks for itself every few seconds."""
    if settings.REDIS_URL and OUTAGE.is_down:
        return
    try:
        async_to_sync(_send)(group, message)
    except _LOST as exc:
        logger.info(
            "live_message_lost",
            extra={"event": "live_message_lost", "group": group, "error": type(exc).__name__},
        )


async def _send(group: str, message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    if layer is not None:
        await asyncio.wait_for(layer.group_send(group, message), PATIENCE_S)
