"""The encyclopedia's own menu at /cms/."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from wagtail import hooks
from wagtail.admin import messages
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import SnippetViewSetGroup

from apps.plant_identification.models import PlantSpecies, SpeciesFact, ToxicityStatement
from apps.plant_identification.wagtail_hooks import menu  # noqa: F401  (importing registers what is in it)
from apps.plant_identification.wagtail_hooks.rows import (
    FactViewSet,
    HazardViewSet,
    PictureViewSet,
    SourceViewSet,
    is_by_editors,
)
from apps.plant_identification.wagtail_hooks.species import SpeciesViewSet


class Encyclopedia(SnippetViewSetGroup):  # type: ignore[misc]
    menu_label = "Encyclopedia"
    menu_icon = "globe"
    menu_order = 160  # below the blog
    items = (SpeciesViewSet, FactViewSet, HazardViewSet, PictureViewSet, SourceViewSet)


register_snippet(Encyclopedia)


@hooks.register("before_bulk_action")  # type: ignore[untyped-decorator]
def keep_what_is_not_the_editors(
    request: HttpRequest, action_type: str, objects: Sequence[Any], _action: Any
) -> HttpResponse | None:
    """Deleting several at once asks for no permission of each."""
    return keep_single_ones(request, objects) if action_type == "delete" else None


@hooks.register("before_delete_snippet")  # type: ignore[untyped-decorator]
def keep_single_ones(request: HttpRequest, objects: Sequence[Any]) -> HttpResponse | None:
    """What would come back with the catalogue is not deleted: a warning must not be missing until then."""
    kept = [one for one in objects if not _may_go(one)]
    if not kept:
        return None
    messages.error(request, f"Nothing was deleted: {kept[0]} is not the editors' own, and would come back.")
    return redirect(request.META.get("HTTP_REFERER") or "wagtailadmin_home")


def _may_go(one: Any) -> bool:
    if isinstance(one, PlantSpecies):
        return not one.catalogue and one.merged_into_id is None
    return is_by_editors(one) if isinstance(one, SpeciesFact | ToxicityStatement) else True
