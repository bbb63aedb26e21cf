"""What editors see of the encyclopedia at /cms/."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.chooser import SnippetChooserViewSet
from wagtail.snippets.views.snippets import SnippetViewSet

from apps.plant_identification.cms import menu  # noqa: F401  (importing registers what is in it)
from apps.plant_identification.models import PlantSpecies


class SpeciesChooserViewSet(SnippetChooserViewSet):  # type: ignore[misc]
    def get_object_list(self) -> Any:
        return PlantSpecies.objects.visible().order_by("canonical_name")


class SpeciesViewSet(SnippetViewSet):  # type: ignore[misc]
    model = PlantSpecies
    icon = "view"
    chooser_viewset_class = SpeciesChooserViewSet
    list_display = ["canonical_name", "family"]
    ordering = ["canonical_name"]
    search_fields = ["canonical_name"]
    exclude_form_fields = ["from_sandbox", "sources", "identification_count"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PlantSpecies]:
        return PlantSpecies.objects.visible()


register_snippet(SpeciesViewSet)
