"""Editors' pages at /cms/encyclopedia/: where sources differ, and what is known of one species."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from wagtail.admin.auth import permission_denied

from apps.core.audit import REASON_MAX_LENGTH
from apps.plant_identification.exceptions import RecordNotFound
from apps.plant_identification.services.encyclopedia.care import write_care
from apps.plant_identification.services.encyclopedia.care_model import care_model
from apps.plant_identification.services.encyclopedia.care_prompt import LANGUAGES
from apps.plant_identification.services.encyclopedia.care_texts import request_care_text
from apps.plant_identification.services.encyclopedia.enrichment import request_enrichment
from apps.plant_identification.services.encyclopedia.portrait import portray_species
from apps.plant_identification.services.encyclopedia.preferring import (
    find_conflicts_of,
    list_species_with_several_sources,
    prefer_source,
)
from apps.plant_identification.services.encyclopedia.properties import PROPERTIES
from apps.plant_identification.services.encyclopedia.trefle import trefle

NOBODY_LISTENS = "Nobody can be told to ask right now. Please try again later."
PERMISSION = "plant_identification.change_plantspecies"
SPECIES_ON_PAGE = 100
_PROPERTIES = {each.key: each for each in PROPERTIES}
View = Callable[..., HttpResponseBase]


def for_editors(view: View) -> View:
    """Wagtail sends whoever is not signed in to its own page before this is asked."""

    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perm(PERMISSION):
            refused: HttpResponseBase = permission_denied(request)
            return refused
        return view(request, **kwargs)

    return guarded


@require_safe
@for_editors
def list_conflicts(request: HttpRequest) -> HttpResponse:
    pages = Paginator(list_species_with_several_sources(), SPECIES_ON_PAGE)
    page = pages.get_page(request.GET.get("p"))
    context = {"page": page, "found": find_conflicts_of(list(page.object_list))}
    return render(request, "plant_identification/cms/conflicts.html", context)


@require_safe
@for_editors
def show_facts(request: HttpRequest, *, species_id: UUID) -> HttpResponse:
    portrait = portray_species([species_id]).get(species_id)
    if portrait is None:
        raise Http404
    context = {
        "species": portrait.species,
        "sections": write_care(portrait.facts),
        "titles": {fact.source.key: fact.source.title for fact in portrait.facts},
        "has_trefle": trefle() is not None,
        "languages": LANGUAGES.items() if care_model() else (),
        "lookup": getattr(portrait.species, "trefle_lookup", None),
        "note_max_length": REASON_MAX_LENGTH,
    }
    return render(request, "plant_identification/cms/facts.html", context)


@require_POST
@for_editors
def choose_source(request: HttpRequest, *, species_id: UUID, property_key: str) -> HttpResponse:
    known = _PROPERTIES.get(property_key)
    if known is None:
        raise Http404
    source, note = request.POST.get("source") or None, request.POST.get("note", "").strip()
    if not note:
        messages.error(request, "Please say why, in the note: colleagues will want to know.")
        return _back_to(species_id)
    try:
        prefer_source(
            species_id=species_id,
            known=known,
            source_key=source,
            actor=request.user,  # type: ignore[arg-type]  # with a permission, so no AnonymousUser
            note=note,
        )
    except RecordNotFound:
        raise Http404 from None
    messages.success(request, f"{known.label}: noted.")
    return _back_to(species_id)


@require_POST
@for_editors
def ask_trefle(request: HttpRequest, *, species_id: UUID) -> HttpResponse:
    if trefle() is None:
        raise Http404
    if request_enrichment(species_id=species_id):
        messages.success(request, "Trefle is being asked. What it says is here in a moment.")
    else:
        messages.error(request, NOBODY_LISTENS)
    return _back_to(species_id)


@require_POST
@for_editors
def ask_for_text(request: HttpRequest, *, species_id: UUID, language: str) -> HttpResponse:
    if care_model() is None or language not in LANGUAGES:
        raise Http404
    if request_care_text(species_id=species_id, language=language):
        messages.success(request, "A text is being written. It is among the generated texts in a minute.")
    else:
        messages.error(request, NOBODY_LISTENS)
    return _back_to(species_id)


def _back_to(species_id: UUID) -> HttpResponse:
    return redirect(reverse("encyclopedia-facts", kwargs={"species_id": species_id}))
