"""What editors have given a time: pages that appear, and pages that go."""

import logging
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone
from wagtail.models import Page, Revision

logger = logging.getLogger(__name__)

PER_RUN = 100


def publish_what_is_due() -> int:
    """Publish and take back what is due. How many pages that were.

    Wagtail's own command stops at the first page that cannot be published, and does everything twice where
    two of it run. Here one page holds up no other, and each is one worker's alone.
    """
    now = timezone.now()
    gone = Page.objects.filter(live=True, expire_at__lt=now).order_by("expire_at")
    due = Revision.objects.filter(approved_go_live_at__lt=now).order_by("approved_go_live_at")
    return _each(gone, _take_back) + _each(due, _publish)


def _each(found: Any, act: Callable[[Any], None]) -> int:
    done = 0
    for key in list(found.values_list("pk", flat=True)[:PER_RUN]):
        try:
            with transaction.atomic():
                thing = found.select_for_update(skip_locked=True, of=("self",)).filter(pk=key).first()
                if thing is not None:  # not at work elsewhere, and still due
                    act(thing)
                    done += 1
        except Exception:
            logger.exception("scheduled_page_broke", extra={"event": "scheduled_page_broke", "key": key})
    return done


def _take_back(page: Page) -> None:
    page.specific.unpublish(set_expired=True, log_action="wagtail.unpublish.scheduled")


def _publish(revision: Revision) -> None:
    revision.publish(log_action="wagtail.publish.scheduled")
