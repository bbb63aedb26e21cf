"""Counting what browsers report, and telling people once a day what is new.

Anybody can send reports, and as many kinds of them as they like. So there is a row for each kind and none for
each report, and room for so many kinds: those that were seen least go first, which what really happens on our
pages is not.
"""

import logging
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from django.core.mail import mail_managers
from django.db.models import F
from django.utils import timezone

from apps.core.csp.reading import Violation
from apps.core.metrics.definitions import counter
from apps.core.models import CspViolation

logger = logging.getLogger(__name__)

KINDS_MAX = 500
FORGOTTEN_AFTER = timedelta(days=30)
DIGEST_LINES = 20

REPORTS = counter("csp_reports_total", "Reports of browsers about our pages.", ["outcome"])


def record_violations(violations: Iterable[Violation]) -> None:
    for violation, times in Counter(violations).items():
        if not _count(violation, times):
            _add(violation)
            _count(violation, times)
            _make_room()
        REPORTS.labels("counted").inc(times)


def send_digest() -> int:
    """How many kinds were new since the last one. Kinds that nobody has seen for long are forgotten."""
    CspViolation.objects.filter(last_seen_at__lt=timezone.now() - FORGOTTEN_AFTER).delete()
    new = list(CspViolation.objects.filter(told_at=None).order_by("-count", "pk"))
    if not new:
        return 0
    times = sum(violation.count for violation in new)
    logger.warning(
        "csp_violations_new", extra={"event": "csp_violations_new", "kinds": len(new), "reports": times}
    )
    lines = [f"{violation.count} × {violation}" for violation in new[:DIGEST_LINES]]
    if len(new) > DIGEST_LINES:
        lines.append(f"… and {len(new) - DIGEST_LINES} more: /admin/core/cspviolation/")
    mail_managers("Stopped by the content security policy", "\n".join(lines), fail_silently=True)
    CspViolation.objects.filter(pk__in=[violation.pk for violation in new]).update(told_at=timezone.now())
    return len(new)


def _count(violation: Violation, times: int) -> bool:
    rows = CspViolation.objects.filter(
        directive=violation.directive, blocked=violation.blocked, page=violation.page
    )
    return bool(rows.update(count=F("count") + times, last_seen_at=timezone.now()))


def _add(violation: Violation) -> None:
    """In the same moment somebody else may add the same: one row comes of it."""
    row = CspViolation(
        directive=violation.directive,
        blocked=violation.blocked,
        page=violation.page,
        last_seen_at=timezone.now(),
    )
    CspViolation.objects.bulk_create([row], ignore_conflicts=True)


def _make_room() -> None:
    rarest = CspViolation.objects.order_by("-count", "-last_seen_at", "-pk")[KINDS_MAX:]
    CspViolation.objects.filter(pk__in=list(rarest.values_list("pk", flat=True))).delete()
