"""For the public: https, JSON logs, hashed static files, and no start without what must be set."""

from django.core.exceptions import ImproperlyConfigured

from plant_community_backend.settings import headers
from plant_community_backend.settings.base import *
from plant_community_backend.settings.env import env
from plant_community_backend.settings.requirements import production_faults

DEBUG = False

if _faults := production_faults(
    {
        "SECRET_KEY": SECRET_KEY,
        "JWT_SECRET_KEY": JWT_SECRET_KEY,
        "METRICS_TOKEN": METRICS_TOKEN,
        "ALLOWED_HOSTS": ALLOWED_HOSTS,
        "DATABASE_URL": env.str("DATABASE_URL", default=""),
        "REDIS_URL": REDIS_URL,
        "SITE_URL": env.str("SITE_URL", default=""),
        "EMAIL_URL": env.str("EMAIL_URL", default=""),
        "ACCOUNT_EMAIL_VERIFICATION": ACCOUNT_EMAIL_VERIFICATION,
        "CORS_ALLOWED_ORIGINS": CORS_ALLOWED_ORIGINS,
    }
):
    raise ImproperlyConfigured("Production cannot start:\n" + "\n".join(f"  - {fault}" for fault in _faults))

SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("SECURE_HSTS_INCLUDE_SUBDOMAINS", default=True)
SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_PRELOAD", default=True)
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "plant_community_backend.static_storage.ModuleStaticFilesStorage"},
}
CONTENT_SECURITY_POLICY = {"DIRECTIVES": {**headers.PUBLIC_POLICY, "upgrade-insecure-requests": True}}
EDITORS_CONTENT_SECURITY_POLICY = {**headers.EDITORS_POLICY, "upgrade-insecure-requests": True}
