import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plant_community_backend.settings.production")

application = get_wsgi_application()

# Otherwise the first visitor of each process waits for all views to be imported.
get_resolver().url_patterns  # noqa: B018
