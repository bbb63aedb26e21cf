from urllib.parse import urljoin

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """What is for people who sign in, and what is for programs, is nothing to be found by a search."""
    context = {"sitemap": urljoin(settings.SITE_URL, reverse("sitemap"))}
    return render(request, "robots.txt", context, content_type="text/plain")
