import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from apps.core.api.charsets import Utf8WSGIRequest
from apps.core.garbage import spare_what_is_loaded
from apps.core.loading import load_addresses
from apps.core.timed_bodies import TimedBodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plant_community_backend.settings.production")

django = get_wsgi_application()  # loads the apps
django.request_class = Utf8WSGIRequest
application = TimedBodies(
    django, timeout_s=settings.REQUEST_BODY_TIMEOUT, at_once=settings.REQUEST_BODIES_AT_ONCE
)

load_addresses()
spare_what_is_loaded()
