import gc
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from apps.core.api.charsets import Utf8WSGIRequest
from apps.core.timed_bodies import TimedBodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plant_community_backend.settings.production")

django = get_wsgi_application()  # loads the apps
django.request_class = Utf8WSGIRequest
application = TimedBodies(
    django, timeout_s=settings.REQUEST_BODY_TIMEOUT, at_once=settings.REQUEST_BODIES_AT_ONCE
)

# Otherwise the first visitor of each process waits for all views to be imported.
get_resolver().url_patterns  # noqa: B018

# What is loaded by now stays for good. Each look of the garbage collector at all of it would stop every
# request for a tenth of a second; and at its usual pace it takes 3 % of the time of a request.
gc.collect()
gc.freeze()
gc.set_threshold(5_000, 4, 3)  # all that came later as often as before, its youngest part less often
