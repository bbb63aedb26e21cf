from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def landing_page(request: HttpRequest) -> HttpResponse:
    return render(request, "landing.html", {"is_sandbox": settings.PROVIDER_SANDBOX})
