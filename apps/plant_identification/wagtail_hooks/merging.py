"""Making two entries of one plant one: choose, look, confirm."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.log_actions import log
from wagtail.snippets.widgets import AdminSnippetChooser

from apps.core.audit import auditing
from apps.plant_identification.exceptions import MergeRefused
from apps.plant_identification.models import PlantSpecies
from apps.plant_identification.services.encyclopedia.merging import (
    MergeLook,
    look_at_merging,
    merge_species,
)


class TargetForm(forms.Form):
    target = forms.ModelChoiceField(PlantSpecies.objects.none(), label="Merge into")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["target"]
        field.queryset = PlantSpecies.objects.visible()
        field.widget = AdminSnippetChooser(model=PlantSpecies, icon="globe")


class MergeView(PermissionCheckedMixin, WagtailAdminTemplateMixin, TemplateView):  # type: ignore[misc]
    """GET looks, POST does it; both need the right to change species."""

    model = PlantSpecies
    permission_required = "change"
    page_title = "Merge"
    header_icon = "resubmit"
    index_url_name: str | None = None
    edit_url_name: str | None = None

    @cached_property
    def source(self) -> PlantSpecies:
        return get_object_or_404(PlantSpecies.objects.visible(), pk=self.kwargs["pk"])

    def get_page_subtitle(self) -> str:
        return str(self.source)

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse(self.index_url_name), "label": "Species"},
            {"url": self._address_of(self.source), "label": str(self.source)},
            {"url": "", "label": "Merge"},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = TargetForm(self.request.GET or None)
        look = self._look(form)
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {
            **context,
            "form": form,
            "look": look,
            "source": self.source,
            "edit_url": self._address_of(self.source),
            "media": form.media,
        }

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        form = TargetForm(request.POST)
        if not form.is_valid():
            return redirect(request.path)
        target = form.cleaned_data["target"]
        try:
            merged = self._merge(request, target)
        except MergeRefused as refused:
            messages.error(request, str(refused))
            return redirect(f"{request.path}?target={target.pk}")
        messages.success(request, f"{self.source} was merged into {merged}.")
        return redirect(self._address_of(merged))

    def _merge(self, request: HttpRequest, target: PlantSpecies) -> PlantSpecies:
        look = look_at_merging(source=self.source, target=target)
        actor: Any = request.user
        with auditing(actor=actor, action="species.merge", target=str(target.pk)) as entry:
            entry.before = {
                "merged": {"id": str(self.source.pk), "name": str(self.source)},
                "into": {"id": str(target.pk), "name": str(target)},
                "counts": [self.source.identification_count, target.identification_count],
            }
            merged = merge_species(source=self.source, target=target)
            entry.after = {"moved": dict(look.moving), "gave_way": dict(look.giving_way)}
            revision = merged.save_revision(user=actor)
            log(instance=merged, action="wagtail.edit", user=actor, revision=revision, content_changed=True)
        return merged

    def _look(self, form: TargetForm) -> MergeLook | None:
        if not form.is_bound or not form.is_valid():
            return None
        return look_at_merging(source=self.source, target=form.cleaned_data["target"])

    def _address_of(self, species: PlantSpecies) -> str:
        return reverse(self.edit_url_name, args=[species.pk])
