"""The ledger of what the outside services let us have. Every change is one conditional UPDATE."""

from collections.abc import Callable
from typing import TypeVar

from django.db import models
from django.utils import timezone

from apps.core.models import TimestampedModel

_Row = TypeVar("_Row", bound=models.Model)


def change_or_open(change: Callable[[], bool], rows: models.Manager[_Row], first: _Row) -> bool:
    """Change the one row meant, which starts as `first`. False where it does not meet the conditions.

    One statement unless the row is missing or does not meet them.
    """
    if change():
        return True
    rows.bulk_create([first], ignore_conflicts=True)
    return change()


class QuotaWindow(TimestampedModel):
    """What was taken from one account (`provider@host`) in one day or month, in the service's units."""

    account = models.CharField(max_length=150)
    starts_on = models.DateField(help_text="UTC")
    used = models.PositiveIntegerField(default=0)
    warned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "starts_on"], name="quota_one_window"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.starts_on}: {self.used}"


class QuotaShare(TimestampedModel):
    """What one principal (a user, or everybody anonymous together) took of an account on one day."""

    account = models.CharField(max_length=150)
    principal = models.CharField(max_length=60)
    day = models.DateField(help_text="UTC")
    used = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "principal", "day"], name="quota_one_share"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.principal} {self.day}: {self.used}"


class QuotaReservation(models.Model):
    """One paid call, written down before it is made. Its integer id is the call's `custom_id`.

    `unknown` is a call whose outcome nobody saw: its reply may lie at the service, paid for.
    """

    class State(models.TextChoices):
        RESERVED = "reserved"
        ANSWERED = "answered"
        REFUNDED = "refunded"
        UNKNOWN = "unknown"
        CHARGED = "charged"  # an error reply that may have cost something

    id = models.BigAutoField(primary_key=True)
    account = models.CharField(max_length=150)
    # Not foreign keys: a window and a share are named by what they are, and found without being read first.
    window_starts_on = models.DateField(help_text="of the window it was taken from")
    principal = models.CharField(max_length=60)
    day = models.DateField(help_text="UTC; of the share it was taken from")
    question_key = models.CharField(max_length=64, help_text="sha256 hex: photos and what was paid for")
    with_health = models.BooleanField()
    cost = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.RESERVED)
    access_token = models.CharField(max_length=100, blank=True, help_text="fetches the reply again, free")
    # The ledger's clock, not the database's: the window and the day are read from the same moment.
    created_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, help_text="when its outcome was written down")

    class Meta:
        indexes = [
            models.Index(fields=["account", "window_starts_on", "state"], name="reservation_of_window"),
            models.Index(fields=["account", "question_key", "-id"], name="reservation_of_question"),
        ]

    def __str__(self) -> str:
        return f"{self.account} #{self.pk}: {self.state}"
