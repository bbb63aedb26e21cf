"""What operators are told of experiments and models."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.plant_identification.models import Experiment, ExperimentGroup, ExperimentStatus
from apps.plant_identification.services.experiment_report import AGREEMENTS, BINS
from apps.plant_identification.services.experiments import arms_of
from apps.plant_identification.services.fusion import RULES
from apps.plant_identification.services.proportions import VERDICTS, Proportion
from apps.plant_identification.types import Verdict


class PeriodQuerySerializer(serializers.Serializer[Any]):
    since = serializers.DateTimeField(required=False, help_text="From this moment on.")
    until = serializers.DateTimeField(required=False, help_text="Until this moment, which is not included.")


class ArmSerializer(serializers.Serializer[Any]):
    group = serializers.ChoiceField(choices=ExperimentGroup.choices)
    rule = serializers.ChoiceField(choices=sorted(RULES), help_text="How its answers' scores are fused.")
    percent = serializers.IntegerField(help_text="Of the people who are signed in.")


class ExperimentSerializer(serializers.Serializer[Experiment]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    expectation = serializers.CharField(help_text="What was expected of it before it began.")
    status = serializers.ChoiceField(choices=ExperimentStatus.choices)
    arms = serializers.SerializerMethodField(help_text="The control group comes first.")
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(ArmSerializer(many=True))
    def get_arms(self, experiment: Experiment) -> Any:
        return ArmSerializer(arms_of(experiment), many=True).data


class SpreadSerializer(serializers.Serializer[Any]):
    mean = serializers.FloatField(allow_null=True)
    median = serializers.FloatField(allow_null=True)
    histogram = serializers.ListField(
        child=serializers.IntegerField(),
        min_length=BINS,
        max_length=BINS,
        help_text="How many lie from 0 to 0.1, from 0.1 to 0.2, and so on; 1 is in the last.",
    )


class AgreementsSerializer(serializers.Serializer[Any]):
    """How many answers the services agreed on so far."""

    def get_fields(self) -> dict[str, Any]:
        return {word: serializers.IntegerField() for word in AGREEMENTS}


class VerdictsSerializer(serializers.Serializer[Any]):
    """What people said of the answers."""

    def get_fields(self) -> dict[str, Any]:
        return {verdict.value: serializers.IntegerField() for verdict in Verdict}


class AccuracySerializer(serializers.Serializer[Proportion]):
    """Of what people judged, which is not all. `is_enough` false: too few to tell."""

    right = serializers.IntegerField()
    judged = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True)
    low = serializers.SerializerMethodField(help_text="Where the true share lies, with 95 % (Wilson).")
    high = serializers.SerializerMethodField()
    is_enough = serializers.BooleanField(help_text="False for fewer than 30 judgements.")

    def get_low(self, accuracy: Proportion) -> float | None:
        return accuracy.interval[0] if accuracy.interval else None

    def get_high(self, accuracy: Proportion) -> float | None:
        return accuracy.interval[1] if accuracy.interval else None


class DifferenceSerializer(serializers.Serializer[Any]):
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True, help_text="95 % (Newcombe).")
    high = serializers.FloatField(allow_null=True)
    verdict = serializers.ChoiceField(
        choices=VERDICTS,
        help_text="`none_shown`: the interval holds 0. `too_few`: a group has fewer than 30 judgements.",
    )


class GroupFiguresSerializer(serializers.Serializer[Any]):
    arm = ArmSerializer()
    people = serializers.IntegerField()
    answers = serializers.IntegerField()
    confidence = SpreadSerializer(help_text="Of the headline.")
    agreement = AgreementsSerializer()
    verdicts = VerdictsSerializer()
    accuracy = AccuracySerializer()
    compared = DifferenceSerializer(
        allow_null=True, help_text="Its share from the control group's; null for that group."
    )


class PeriodSerializer(serializers.Serializer[Any]):
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()


class ExperimentReportSerializer(serializers.Serializer[Any]):
    experiment = ExperimentSerializer()
    period = PeriodSerializer()
    from_sandbox = serializers.BooleanField(help_text="True where a local sandbox made all of this up.")
    groups = GroupFiguresSerializer(many=True)


class ModelFiguresSerializer(serializers.Serializer[Any]):
    provider = serializers.CharField()
    model_version = serializers.CharField(help_text="Empty where the service named none.")
    answers = serializers.IntegerField()
    confidence = SpreadSerializer(help_text="The model's own score of what it scored highest.")
    agreement = AgreementsSerializer()
    accuracy = AccuracySerializer(help_text="Of what the model itself scored highest.")


class ModelReportSerializer(serializers.Serializer[Any]):
    period = PeriodSerializer()
    from_sandbox = serializers.BooleanField(help_text="True where a local sandbox made all of this up.")
    models = ModelFiguresSerializer(many=True)
