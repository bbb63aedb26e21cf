"""Species: the list that finds by any name, the form, the chooser of pages and blocks."""

from typing import Any
from uuid import UUID

import django_filters
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.urls import path, reverse
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.forms.choosers import BaseFilterForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, HelpPanel, MultiFieldPanel, ObjectList
from wagtail.admin.ui.tables import BooleanColumn, Column, NumberColumn
from wagtail.admin.widgets.button import Button
from wagtail.permission_policies import ModelPermissionPolicy
from wagtail.snippets.views.chooser import ChooseResultsView, ChooseView, SnippetChooserViewSet
from wagtail.snippets.views.snippets import EditView, IndexView, SnippetViewSet

from apps.core.languages import ENGLISH
from apps.plant_identification.models import PlantSpecies
from apps.plant_identification.selectors import pictured
from apps.plant_identification.services.encyclopedia.editing import (
    SINGLE,
    add_species,
    edit_species,
    keep_first_version,
)
from apps.plant_identification.services.encyclopedia.search import search_species
from apps.plant_identification.services.names import binomial, canonical_name
from apps.plant_identification.wagtail_hooks.fields import LinesField, NamesByLanguageField
from apps.plant_identification.wagtail_hooks.merging import MergeView

FOUND_MAX = 100
EDITABLE = (*SINGLE, "synonyms", "common_names")
PANELS = "plant_identification/encyclopedia"


def find_by_any_name(species: QuerySet[PlantSpecies], text: str) -> QuerySet[PlantSpecies]:
    """Those among them that the search of the product finds, in its order."""
    found: list[UUID] = [hit.species.pk for hit in search_species(text=text, limit=FOUND_MAX)]
    places = [When(pk=pk, then=Value(place)) for place, pk in enumerate(found)]
    if not places:
        return species.none()
    by_place = Case(*places, output_field=IntegerField())
    return species.filter(pk__in=found).order_by(by_place)


def english_name(species: PlantSpecies) -> str:
    return species.common_name(ENGLISH) or ""


class SpeciesForm(WagtailAdminModelForm):  # type: ignore[misc]
    synonyms = LinesField(
        required=False,
        help_text="One a line. What you add is vouched for: who identifies by such a name is led here.",
    )
    common_names = NamesByLanguageField(
        required=False,
        help_text="A language a line, its best name first: de: Fensterblatt; Köstliches Fensterblatt",
    )

    seen = forms.JSONField(required=False, widget=forms.HiddenInput)  # what the page showed

    is_revert = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = {name: self[name].value() for name in EDITABLE}
        if not self.instance._state.adding:  # noqa: SLF001
            self.fields["canonical_name"].disabled = True
            self.fields["canonical_name"].help_text = "Another name is another entry; merge this one into it."

    def clean_canonical_name(self) -> str:
        name: str = self.cleaned_data["canonical_name"]
        if self.fields["canonical_name"].disabled:
            return name
        if not binomial(name):
            raise ValidationError("A genus and an epithet, please, such as Monstera deliciosa.")
        name = canonical_name(name)
        if PlantSpecies.objects.of_this_world().filter(canonical_name=name).exists():
            raise ValidationError("There is one of this name, or one that was merged into another.")
        return name

    def _changes(self) -> dict[str, Any]:
        """Against what the page showed: what is there now may have been learned since."""
        seen = {name: self._seen(name) for name in EDITABLE}
        changes = {
            name: self.cleaned_data[name] for name in EDITABLE if seen[name] != self.cleaned_data[name]
        }
        if "common_names" in changes:
            before, now = seen["common_names"] or {}, changes["common_names"]
            changes["common_names"] = {
                language: now.get(language, [])
                for language in {*before, *now}
                if before.get(language) != now.get(language)
            }
        return changes

    def _seen(self, name: str) -> Any:
        shown = self.cleaned_data.get("seen")
        if self.is_revert or not isinstance(shown, dict) or name not in shown:
            return getattr(PlantSpecies.objects.get(pk=self.instance.pk), name)
        try:
            return self.fields[name].clean(shown[name])
        except ValidationError:
            return None

    def save(self, commit: bool = True) -> PlantSpecies:  # noqa: FBT001, FBT002 - Django's signature
        """What nobody touched in the form is left alone: identifications go on teaching meanwhile."""
        if self.instance._state.adding:  # noqa: SLF001
            self.instance.from_sandbox = settings.PROVIDER_SANDBOX
            return add_species(species=self.instance)
        keep_first_version(species_id=self.instance.pk)
        return edit_species(species_id=self.instance.pk, changes=self._changes())


class SpeciesFilters(WagtailFilterSet):  # type: ignore[misc]
    family = django_filters.CharFilter(lookup_expr="istartswith", label="Family begins with")
    genus = django_filters.CharFilter(lookup_expr="istartswith", label="Genus begins with")
    in_catalogue = django_filters.BooleanFilter(method="filter_catalogue", label="In the catalogue")
    has_pictures = django_filters.BooleanFilter(method="filter_pictured", label="Has pictures")

    class Meta:
        model = PlantSpecies
        fields: list[str] = []

    def filter_catalogue(
        self,
        species: QuerySet[PlantSpecies],
        _name: str,
        wanted: bool,  # noqa: FBT001
    ) -> QuerySet[PlantSpecies]:
        return species.exclude(catalogue={}) if wanted else species.filter(catalogue={})

    def filter_pictured(
        self,
        species: QuerySet[PlantSpecies],
        _name: str,
        wanted: bool,  # noqa: FBT001
    ) -> QuerySet[PlantSpecies]:
        return species.filter(pictured() if wanted else ~pictured())


class SpeciesIndexView(IndexView):  # type: ignore[misc]
    is_searchable = True

    def search_queryset(self, queryset: QuerySet[PlantSpecies]) -> QuerySet[PlantSpecies]:
        return find_by_any_name(queryset, self.search_query) if self.is_searching else queryset


class SpeciesEditView(EditView):  # type: ignore[misc]
    def get_form(self, *args: Any, **kwargs: Any) -> SpeciesForm:
        form: SpeciesForm = super().get_form(*args, **kwargs)
        form.is_revert = self.view_name == "revisions_revert"
        return form

    @property
    def header_more_buttons(self) -> list[Button]:
        merge = reverse(self.model.snippet_viewset.get_url_name("merge"), args=[self.object.pk])
        return [
            *super().header_more_buttons,
            Button("Merge into another", url=merge, icon_name="resubmit", priority=15),
        ]


class _SearchForm(BaseFilterForm):  # type: ignore[misc]
    q = forms.CharField(
        label="Any name", required=False, widget=forms.TextInput(attrs={"placeholder": "Any name"})
    )

    def filter(self, objects: QuerySet[PlantSpecies]) -> QuerySet[PlantSpecies]:
        if text := self.cleaned_data.get("q"):
            self.is_searching, self.search_query = True, text
            return find_by_any_name(objects, text)
        return objects


class _Choosing:
    filter_form_class = _SearchForm
    ordering = "canonical_name"

    def get_object_list(self) -> QuerySet[PlantSpecies]:
        return PlantSpecies.objects.visible().for_lists()

    @property
    def columns(self) -> list[Column]:
        title = super().title_column  # type: ignore[misc]
        return [title, Column("english", label="English name", accessor=english_name), Column("family")]


class SpeciesChooseView(_Choosing, ChooseView):  # type: ignore[misc]
    pass


class SpeciesChooseResultsView(_Choosing, ChooseResultsView):  # type: ignore[misc]
    pass


class SpeciesChooserViewSet(SnippetChooserViewSet):  # type: ignore[misc]
    choose_view_class = SpeciesChooseView
    choose_results_view_class = SpeciesChooseResultsView


class SpeciesPolicy(ModelPermissionPolicy):  # type: ignore[misc]
    def user_has_permission_for_instance(self, user: Any, action: str, instance: PlantSpecies) -> bool:
        """The catalogue would bring back what is deleted, and to a merged one others lead."""
        if action == "delete" and (instance.catalogue or instance.merged_into_id):
            return False
        return bool(super().user_has_permission_for_instance(user, action, instance))


class SpeciesViewSet(SnippetViewSet):  # type: ignore[misc]
    model = PlantSpecies
    icon = "globe"
    menu_label = "Species"
    copy_view_enabled = False
    index_view_class = SpeciesIndexView
    edit_view_class = SpeciesEditView
    chooser_viewset_class = SpeciesChooserViewSet
    filterset_class = SpeciesFilters
    list_per_page = 50
    ordering = "canonical_name"
    list_display = [
        "canonical_name",
        Column("english", label="English name", accessor=english_name),
        Column("family", sort_key="family"),
        NumberColumn("identification_count", label="Identified", sort_key="identification_count"),
        BooleanColumn("in_catalogue", label="In the catalogue", accessor=lambda one: bool(one.catalogue)),
    ]
    edit_handler = ObjectList(
        [
            FieldPanel("canonical_name"),
            FieldPanel("common_names"),
            FieldPanel("synonyms"),
            MultiFieldPanel(
                [
                    FieldPanel("authorship"),
                    FieldRowPanel([FieldPanel("genus"), FieldPanel("family")]),
                    FieldRowPanel([FieldPanel("gbif_id"), FieldPanel("powo_id")]),
                ],
                heading="Its place",
            ),
            HelpPanel(template=f"{PANELS}/facts.html", heading="Facts"),
            HelpPanel(template=f"{PANELS}/hazards.html", heading="Hazards"),
            HelpPanel(template=f"{PANELS}/pictures.html", heading="Pictures"),
            HelpPanel(template=f"{PANELS}/sources.html", heading="Who says what of its names"),
        ],
        base_form_class=SpeciesForm,
    )

    def get_queryset(self, request: Any) -> QuerySet[PlantSpecies]:
        return PlantSpecies.objects.visible()

    @property
    def permission_policy(self) -> SpeciesPolicy:
        return SpeciesPolicy(self.model)

    def get_urlpatterns(self) -> list[Any]:
        merge = self.construct_view(MergeView, template_name=f"{PANELS}/merge.html")
        return [*super().get_urlpatterns(), path("merge/<uuid:pk>/", merge, name="merge")]
