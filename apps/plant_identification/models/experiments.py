from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q

from apps.core.models import TimestampedModel

RULE_CHARS = 30


class ExperimentStatus(models.TextChoices):
    DRAFT = "draft"
    RUNNING = "running"
    ENDED = "ended"


class Experiment(TimestampedModel):
    """Whether another rule of fusing scores names more plants rightly. Changed by `services/experiments.py`.

    Who is in no variant is in the control group, whose answers are made as without any experiment.
    """

    name = models.CharField(max_length=100, unique=True)
    expectation = models.TextField(
        max_length=2_000, blank=True, help_text="What is expected of it, written down before it begins."
    )
    status = models.CharField(
        max_length=7, choices=ExperimentStatus.choices, default=ExperimentStatus.DRAFT, editable=False
    )
    variant_a_rule = models.CharField(max_length=RULE_CHARS, help_text="how variant A fuses scores")
    variant_a_percent = models.PositiveSmallIntegerField(
        default=10, validators=[MaxValueValidator(100)], help_text="of the people who are signed in"
    )
    variant_b_rule = models.CharField(
        max_length=RULE_CHARS, blank=True, help_text="how variant B does; empty where there is none"
    )
    variant_b_percent = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(100)])
    started_at = models.DateTimeField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["status"], condition=Q(status="running"), name="experiment_one_running"
            ),
            models.CheckConstraint(
                condition=Q(variant_a_percent__lte=100 - F("variant_b_percent")),
                name="experiment_at_most_all",
                violation_error_message="Both variants together get at most 100 %.",
            ),
            models.CheckConstraint(
                condition=~Q(variant_b_rule="") | Q(variant_b_percent=0),
                name="experiment_percent_of_a_rule",
                violation_error_message="Variant B has a share, and no rule.",
            ),
            models.CheckConstraint(
                condition=Q(status="draft", started_at=None, ended_at=None)
                | Q(status="running", started_at__isnull=False, ended_at=None)
                | Q(status="ended", started_at__isnull=False, ended_at__isnull=False),
                name="experiment_times_of_status",
            ),
        ]

    def __str__(self) -> str:
        return self.name
