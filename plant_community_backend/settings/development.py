"""For a first look: `python manage.py runserver` works with no environment at all."""

import warnings

from plant_community_backend.settings import logs
from plant_community_backend.settings.base import *
from plant_community_backend.settings.env import env

DEBUG = True
SECRET_KEY = SECRET_KEY or "development-only-not-a-secret-0123456789abcdef0123456789"
JWT_SECRET_KEY = JWT_SECRET_KEY or "development-only-not-a-jwt-secret-0123456789abcdef0123"
SIMPLE_JWT = {**SIMPLE_JWT, "SIGNING_KEY": JWT_SECRET_KEY}
ALLOWED_HOSTS = ALLOWED_HOSTS or ["127.0.0.1", "localhost", "[::1]", "testserver"]
CORS_ALLOWED_ORIGINS = CORS_ALLOWED_ORIGINS or ["http://localhost:3000", "http://localhost:5173"]
CSRF_TRUSTED_ORIGINS = CSRF_TRUSTED_ORIGINS or CORS_ALLOWED_ORIGINS
ACCOUNT_EMAIL_VERIFICATION = env.str("ACCOUNT_EMAIL_VERIFICATION", default="optional")
LOGGING = logs.readable_logging(level=env.str("LOG_LEVEL", default="INFO"))
# Static files come from where they lie; nobody has to collect them first.
warnings.filterwarnings("ignore", message="No directory at", module="whitenoise")
if not REDIS_URL:
    # The in-process cache counts for one process only, which a first look is.
    SILENCED_SYSTEM_CHECKS = ["django_ratelimit.E003", "django_ratelimit.W001"]
