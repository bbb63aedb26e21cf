"""What every stored thing has."""

import uuid

from django.db import models


class TimestampedModel(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class AuditEntry(models.Model):
    """One change that somebody made by hand. Written once, by `apps.core.audit`; never changed or deleted.

    There is no address in it: a signed-in colleague is known by name, and the request's id leads to the log.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor_id = models.UUIDField(help_text="of an account that may be gone")
    actor_name = models.CharField(max_length=150, help_text="as it was then; the account may be gone")
    action = models.CharField(max_length=64, help_text="such as circuit.force_open")
    target = models.CharField(max_length=128, help_text="such as plant_id_api")
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.CharField(max_length=200, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name_plural = "audit entries"
        ordering = ["-id"]
        indexes = [models.Index(fields=["target", "-id"], name="core_audit_of_target")]

    def __str__(self) -> str:
        return f"{self.actor_name}: {self.action} {self.target}"


class KeyedRequest(models.Model):
    """A request that came with an `Idempotency-Key`, and what it was answered; see `apps.core.idempotency`.

    Digests only, which nobody can make without SECRET_KEY: what was sent may hold a password, and who is not
    signed in is known by an address.
    """

    identity = models.CharField(primary_key=True, max_length=64, help_text="digest of principal and key")
    principal = models.CharField(max_length=64, help_text="digest")
    fingerprint = models.CharField(max_length=64, help_text="digest of what was asked")
    owner_id = models.UUIDField(null=True, db_index=True, help_text="of the account it goes with")
    claim = models.UUIDField(help_text="of whoever does the work")
    claimed_until = models.DateTimeField(help_text="later than this, its process is dead")
    created_at = models.DateTimeField(db_index=True)
    status = models.PositiveSmallIntegerField(null=True, help_text="null while the work is under way")
    headers = models.JSONField(default=dict)
    body = models.BinaryField(null=True, help_text="null where the answer is not to be told again")
    about = models.UUIDField(null=True, db_index=True, help_text="what the answer tells of")

    class Meta:
        indexes = [models.Index(fields=["principal", "-created_at"], name="core_keyed_of_principal")]

    def __str__(self) -> str:
        return f"{self.identity[:8]}: {self.status or 'under way'}"


class CspViolation(models.Model):
    """One kind of thing that the content security policy of our pages stops. Written by `apps.core.csp`."""

    directive = models.CharField(max_length=32)
    blocked = models.CharField(max_length=120, help_text="an origin, or what browsers say instead")
    page = models.CharField(max_length=200, help_text="a path of ours, or the pattern of one")
    count = models.PositiveBigIntegerField(default=0)
    first_seen_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True, help_text="in the daily mail")

    class Meta:
        verbose_name = "CSP violation"
        ordering = ["-last_seen_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["directive", "blocked", "page"], name="core_csp_violation_of_a_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.directive} stopped {self.blocked} on {self.page}"
