"""Editors judge what a language model wrote: /cms/encyclopedia/generated/, which is there with a key only."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.core.audit import REASON_MAX_LENGTH
from apps.plant_identification.exceptions import RecordNotFound
from apps.plant_identification.services.encyclopedia.care_model import care_model
from apps.plant_identification.services.encyclopedia.care_texts import judge_care_text, list_care_texts
from apps.plant_identification.wagtail_hooks.facts import for_editors

TEXTS_ON_PAGE = 30


@require_safe
@for_editors
def list_texts(request: HttpRequest) -> HttpResponse:
    if care_model() is None:
        raise Http404
    page = Paginator(list_care_texts(), TEXTS_ON_PAGE).get_page(request.GET.get("p"))
    context = {"page": page, "note_max_length": REASON_MAX_LENGTH}
    return render(request, "plant_identification/cms/generated.html", context)


@require_POST
@for_editors
def judge_text(request: HttpRequest, *, text_id: UUID) -> HttpResponse:
    if care_model() is None:
        raise Http404
    verdict = request.POST.get("verdict")
    if verdict not in {"approve", "reject"}:
        raise Http404
    try:
        text = judge_care_text(
            text_id=text_id,
            is_approved=verdict == "approve",
            actor=request.user,  # type: ignore[arg-type]  # with a permission, so no AnonymousUser
            note=request.POST.get("note", ""),
        )
    except RecordNotFound:
        raise Http404 from None
    messages.success(request, f"{text.species.canonical_name}: {text.get_state_display()}.")
    return redirect("encyclopedia-generated")
