"""What an experiment shows: how sure the answers of each group are, and how often people say they are right.

Counted are the answers of signed-in people, whom chance put into their groups, and of those the ones that
were made by their group's rule: an old answer in an outage, for example, may be another's. All of it is
counted by the database; the time it covers is bounded.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import (
    Aggregate,
    Avg,
    Case,
    Count,
    F,
    FloatField,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce

from apps.plant_identification.models import Experiment, PlantIdentificationRequest
from apps.plant_identification.services.experiments import Arm, arms_of
from apps.plant_identification.services.fusion import CONTROL
from apps.plant_identification.services.proportions import Difference, Proportion, difference
from apps.plant_identification.types import AnswerStatus, Verdict

BINS = 10
AGREEMENTS = ("both", "genus", "single", "none")
REPORT_MAX = timedelta(days=366)
REPORT_USUAL = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    since: datetime
    until: datetime  # not included


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Of a confidence. Ten bins of equal width; 1.0 is in the last."""

    mean: float | None
    median: float | None
    histogram: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFigures:
    arm: Arm
    people: int
    answers: int
    confidence: Spread
    agreement: Mapping[str, int]
    verdicts: Mapping[str, int]
    accuracy: Proportion
    compared: Difference | None  # to the control group; None for that one itself


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentReport:
    experiment: Experiment
    period: Period
    from_sandbox: bool
    groups: tuple[GroupFigures, ...]


class Median(Aggregate):
    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


def choose_period(
    since: datetime | None, until: datetime | None, *, usual: timedelta = REPORT_USUAL
) -> Period:
    """
    Raises:
        ValueError: it ends before it begins, or is longer than `REPORT_MAX`.
    """
    until = until or datetime.now(UTC)
    since = since or until - usual
    if not timedelta(0) < until - since <= REPORT_MAX:
        raise ValueError
    return Period(since=since, until=until)


def period_of(experiment: Experiment, since: datetime | None, until: datetime | None) -> Period:
    """As long as it ran, unless something else is asked for; of a very long one the last part.

    Raises:
        ValueError: see `choose_period`.
    """
    until = until or experiment.ended_at or datetime.now(UTC)
    begun = experiment.started_at or until - REPORT_USUAL
    return choose_period(since, until, usual=min(REPORT_MAX, until - begun))


def report_experiment(experiment: Experiment, period: Period) -> ExperimentReport:
    arms = arms_of(experiment)
    rows = {row["experiment_group"]: row for row in _count(_counted(experiment, period, arms))}
    accuracies = [_accuracy(rows.get(arm.group, {})) for arm in arms]
    groups = [
        _figures(arm, rows.get(arm.group, {}), accuracy, None if place == 0 else accuracies[0])
        for place, (arm, accuracy) in enumerate(zip(arms, accuracies, strict=True))
    ]
    return ExperimentReport(
        experiment=experiment,
        period=period,
        from_sandbox=settings.PROVIDER_SANDBOX,
        groups=tuple(groups),
    )


def _counted(
    experiment: Experiment, period: Period, arms: Iterable[Arm]
) -> QuerySet[PlantIdentificationRequest]:
    rules = [When(experiment_group=arm.group, then=Value(arm.rule)) for arm in arms]
    fused_by = Coalesce(KeyTextTransform("fusion", "answer__options"), Value(CONTROL.key, TextField()))
    return PlantIdentificationRequest.objects.annotate(fused_by=fused_by).filter(
        experiment=experiment,
        created_at__gte=period.since,
        created_at__lt=period.until,
        from_sandbox=settings.PROVIDER_SANDBOX,
        owner__isnull=False,
        deleted_at=None,
        status__in=[AnswerStatus.COMPLETE, AnswerStatus.PARTIAL],
        fused_by=Case(*rules, default=Value(""), output_field=TextField()),
    )


def _count(requests: QuerySet[PlantIdentificationRequest]) -> Iterable[dict[str, Any]]:
    # Who says it is another plant, and names the one that was answered, agrees.
    named_it = Q(feedback__verdict=Verdict.OTHER, feedback__scientific_name=F("answer__plant_name"))
    counted = requests.values("experiment_group").annotate(
        people=Count("owner", distinct=True),
        answers=Count("pk"),
        mean=Avg("answer__confidence"),
        median=Median("answer__confidence"),
        right=Count("pk", filter=Q(feedback__verdict=Verdict.RIGHT) | named_it),
        judged=Count("feedback"),
        **{f"said_{verdict.value}": Count("pk", filter=Q(feedback__verdict=verdict)) for verdict in Verdict},
        **{f"agreed_{word}": Count("pk", filter=Q(answer__agreement=word)) for word in AGREEMENTS},
        **{f"bin_{number}": Count("pk", filter=_in_bin(number)) for number in range(BINS)},
    )
    return [dict(row) for row in counted]


def _in_bin(number: int) -> Q:
    above = Q(answer__confidence__gte=number / BINS)
    # Bounded on both sides but for the last: 1.0 is no number of an eleventh.
    return above if number == BINS - 1 else above & Q(answer__confidence__lt=(number + 1) / BINS)


def _accuracy(row: Mapping[str, Any]) -> Proportion:
    return Proportion(right=row.get("right", 0), judged=row.get("judged", 0))


def _figures(
    arm: Arm, row: Mapping[str, Any], accuracy: Proportion, control: Proportion | None
) -> GroupFigures:
    return GroupFigures(
        arm=arm,
        people=row.get("people", 0),
        answers=row.get("answers", 0),
        confidence=spread_of(row),
        agreement={word: row.get(f"agreed_{word}", 0) for word in AGREEMENTS},
        verdicts={verdict.value: row.get(f"said_{verdict.value}", 0) for verdict in Verdict},
        accuracy=accuracy,
        compared=difference(accuracy, control) if control else None,
    )


def spread_of(row: Mapping[str, Any]) -> Spread:
    bins: Sequence[int] = [row.get(f"bin_{number}", 0) for number in range(BINS)]
    return Spread(mean=row.get("mean"), median=row.get("median"), histogram=tuple(bins))
