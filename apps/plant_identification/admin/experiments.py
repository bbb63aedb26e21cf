"""Experiments in the admin: making them, their switches, and what they and the models show."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from apps.core.audit import REASON_MAX_LENGTH
from apps.plant_identification.admin.charts import draw_histogram, draw_shares
from apps.plant_identification.exceptions import ExperimentRefused
from apps.plant_identification.models import Experiment, ExperimentStatus
from apps.plant_identification.selectors import get_experiment
from apps.plant_identification.services.experiment_report import (
    REPORT_MAX,
    GroupFigures,
    Period,
    choose_period,
    period_of,
    report_experiment,
)
from apps.plant_identification.services.experiments import end_experiment, save_shares, start_experiment
from apps.plant_identification.services.fusion import CONTROL, RULES
from apps.plant_identification.services.model_report import ModelFigures, report_models
from apps.plant_identification.services.proportions import ENOUGH

REPORT = "plant_identification/admin/report.html"
SWITCHES = {"start": start_experiment, "end": end_experiment}
_VERDICTS = {
    "too_few": "too few judgements to tell",
    "none_shown": "no difference shown",
    "higher": "more often right",
    "lower": "less often right",
}


class ExperimentForm(forms.ModelForm):  # type: ignore[type-arg]  # no generics at run time
    """Only what differs from the control's rule, and from each other, can show a difference."""

    class Meta:
        model = Experiment
        fields = (
            "name",
            "expectation",
            "variant_a_rule",
            "variant_a_percent",
            "variant_b_rule",
            "variant_b_percent",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = [(key, key) for key in RULES if key != CONTROL.key]
        for name in ("variant_a_rule", "variant_b_rule"):
            if field := self.fields.get(name):
                self.fields[name] = forms.ChoiceField(
                    choices=[("", "—"), *others], required=field.required, help_text=field.help_text
                )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}

        def told(name: str) -> Any:
            return given.get(name, getattr(self.instance, name))

        b_percent = told("variant_b_percent") or 0
        if (told("variant_a_percent") or 0) + b_percent > 100:
            raise ValidationError({"variant_b_percent": "Both variants together get at most 100 %."})
        if b_percent and not told("variant_b_rule"):
            raise ValidationError({"variant_b_percent": "There is no variant B: give it a rule, or 0 %."})
        if told("variant_a_rule") and told("variant_a_rule") == told("variant_b_rule"):
            raise ValidationError({"variant_b_rule": "The variants have to differ."})
        return given


class PeriodForm(forms.Form):
    """Whole days in UTC; `until` is the last one."""

    since = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def choose(self, choose: Callable[[datetime | None, datetime | None], Period]) -> Period | None:
        """None, and an error in the form, where there is no such period."""
        if not self.is_valid():
            return None
        try:
            since, until = _midnight(self.cleaned_data["since"]), self.cleaned_data["until"]
            return choose(since, _midnight(until and until + timedelta(days=1)))
        except (ValueError, OverflowError):
            self.add_error("since", f"Choose a day before, by at most {REPORT_MAX.days} days.")
            return None


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)


@admin.register(Experiment)
class ExperimentAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Begun and ended on the report's page, each with a line in the audit log. What has begun is kept."""

    form = ExperimentForm
    list_display = ["name", "status", "variant_a", "variant_b", "started_at", "ended_at"]
    list_filter = ["status"]
    actions = None
    change_form_template = "plant_identification/admin/experiment.html"
    change_list_template = "plant_identification/admin/experiments.html"

    @admin.display(description="variant A")
    def variant_a(self, experiment: Experiment) -> str:
        return f"{experiment.variant_a_rule}, {experiment.variant_a_percent} %"

    @admin.display(description="variant B")
    def variant_b(self, experiment: Experiment) -> str:
        if not experiment.variant_b_rule:
            return "–"
        return f"{experiment.variant_b_rule}, {experiment.variant_b_percent} %"

    def get_readonly_fields(self, request: HttpRequest, obj: Experiment | None = None) -> list[str]:
        """What an answer was made by is never rewritten; shares may change while it runs."""
        if obj is None or obj.status == ExperimentStatus.DRAFT:
            return []
        fixed = set(ExperimentForm.Meta.fields)
        if obj.status == ExperimentStatus.RUNNING:
            fixed -= {"variant_a_percent", "variant_b_percent"}
        return sorted(fixed)

    def has_delete_permission(self, request: HttpRequest, obj: Experiment | None = None) -> bool:
        is_draft = obj is None or obj.status == ExperimentStatus.DRAFT
        return is_draft and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Experiment, form: Any, change: bool) -> None:  # noqa: FBT001
        save_shares(experiment=obj, actor=request.user)  # type: ignore[arg-type]  # staff

    def get_urls(self) -> list[Any]:
        def guarded(view: Any) -> Any:
            return self.admin_site.admin_view(view)

        return [
            path(
                "models/", guarded(require_safe(self.show_models)), name="plant_identification_model_report"
            ),
            path(
                "<uuid:experiment_id>/report/",
                guarded(require_safe(self.show_report)),
                name="plant_identification_experiment_report",
            ),
            *(
                path(
                    f"<uuid:experiment_id>/{switch}/",
                    guarded(require_POST(self.switch)),
                    {"switch": switch},
                    name=f"plant_identification_experiment_{switch}",
                )
                for switch in SWITCHES
            ),
            *super().get_urls(),
        ]

    def show_models(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = PeriodForm(request.GET)
        period = form.choose(choose_period)
        rows = [_model_row(each) for each in report_models(period).models] if period else []
        return self._show(request, "Models", rows, form, period, {"is_of_models": True})

    def show_report(self, request: HttpRequest, experiment_id: UUID) -> HttpResponse:
        experiment = get_experiment(experiment_id)
        if experiment is None:
            raise Http404
        if not self.has_view_permission(request, experiment):
            raise PermissionDenied
        form = PeriodForm(request.GET)
        period = form.choose(lambda since, until: period_of(experiment, since, until))
        rows = [_group_row(each) for each in report_experiment(experiment, period).groups] if period else []
        more = {
            "experiment": experiment,
            "can_switch": self.has_change_permission(request, experiment),
            "reason_max_length": REASON_MAX_LENGTH,
        }
        return self._show(request, experiment.name, rows, form, period, more)

    def _show(
        self,
        request: HttpRequest,
        title: str,
        rows: list[dict[str, Any]],
        form: PeriodForm,
        period: Period | None,
        more: dict[str, Any],
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "rows": rows,
            "shares": draw_shares([(row["label"], row["accuracy"]) for row in rows]),
            "enough": ENOUGH,
            "form": form,
            "period": period,
            **more,
        }
        return render(request, REPORT, context)

    def switch(self, request: HttpRequest, experiment_id: UUID, switch: str) -> HttpResponse:
        experiment = get_experiment(experiment_id)
        if experiment is None:
            raise Http404
        if not self.has_change_permission(request, experiment):
            raise PermissionDenied
        reason = request.POST.get("reason", "")[:REASON_MAX_LENGTH]
        try:
            SWITCHES[switch](experiment_id=experiment_id, actor=request.user, reason=reason)  # type: ignore[arg-type]  # staff
        except ExperimentRefused as refused:
            messages.error(request, str(refused.detail))
        else:
            messages.success(request, f"The experiment was {'started' if switch == 'start' else 'ended'}.")
        return HttpResponseRedirect(
            reverse("admin:plant_identification_experiment_report", args=[experiment_id])
        )


def _group_row(figures: GroupFigures) -> dict[str, Any]:
    compared = figures.compared
    return {
        **_row(figures),
        "label": f"{figures.arm.group.label}: {figures.arm.rule}, {figures.arm.percent} %",
        "people": figures.people,
        "compared": compared,
        "verdict": _VERDICTS[compared.verdict] if compared else "compared to this",
    }


def _model_row(figures: ModelFigures) -> dict[str, Any]:
    label = f"{figures.provider} {figures.model_version}".strip()
    return {**_row(figures), "label": label}


def _row(figures: GroupFigures | ModelFigures) -> dict[str, Any]:
    low, high = figures.accuracy.interval or (None, None)
    return {
        "answers": figures.answers,
        "confidence": figures.confidence,
        "histogram": draw_histogram(figures.confidence),
        "agreement": figures.agreement,
        "accuracy": figures.accuracy,
        "low": low,
        "high": high,
    }
