"""What all environments share. Safe by itself: development loosens, production demands more."""

from datetime import timedelta

from plant_community_backend.settings import headers, logs, meta, openapi, stores
from plant_community_backend.settings.background import *
from plant_community_backend.settings.community import *
from plant_community_backend.settings.content import *
from plant_community_backend.settings.env import BASE_DIR, env, names
from plant_community_backend.settings.identification import *
from plant_community_backend.settings.privacy import *

VERSION = "0.1.0"
DEBUG = False
SECRET_KEY = env.str("SECRET_KEY", default="")
JWT_SECRET_KEY = env.str("JWT_SECRET_KEY", default="")
ALLOWED_HOSTS = names("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = names("CSRF_TRUSTED_ORIGINS")
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000")

ROOT_URLCONF = "plant_community_backend.urls"
WSGI_APPLICATION = "plant_community_backend.wsgi.application"
ASGI_APPLICATION = "plant_community_backend.asgi.application"

INSTALLED_APPS = [
    "apps.core",
    "apps.users",
    "apps.plant_identification",
    "apps.blog",
    "wagtail.contrib.forms",
    "wagtail.contrib.redirects",
    "wagtail.contrib.routable_page",
    "wagtail.contrib.settings",
    "wagtail.contrib.sitemaps",
    "wagtail.api.v2",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
]

MIDDLEWARE = [
    "apps.core.logging.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "apps.core.health.middleware.ProbeMiddleware",
    "apps.core.metrics.endpoint.MetricsEndpointMiddleware",
    "apps.core.metrics.web.HttpMetricsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "plant_community_backend.security_headers.SecurityHeadersMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "apps.core.api.languages.ApiLanguageMiddleware",
    "apps.core.api.middleware.ApiVersionMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "plant_community_backend.redirects.PageRedirectMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "plant_community_backend" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Data ---------------------------------------------------------------------------------------------------
WEB_PROCESSES = env.int("WEB_PROCESSES", default=env.int("GRANIAN_WORKERS", default=1))
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'db.sqlite3'}")}
DATABASES["default"]["OPTIONS"] = stores.database_options(
    DATABASES["default"]["ENGINE"], pool_size=env.int("DATABASE_POOL_SIZE", default=16)
) | DATABASES["default"].get("OPTIONS", {})  # what DATABASE_URL says itself, such as ?sslmode=require
DATABASES["default"] |= stores.database_engine(DATABASES["default"]["ENGINE"])
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
REDIS_PASSWORD = env.str("REDIS_PASSWORD", default="")
REDIS_SENTINELS = stores.parse_sentinels(names("REDIS_SENTINELS"))  # host:port,host:port
REDIS_SENTINEL_PASSWORD = env.str("REDIS_SENTINEL_PASSWORD", default="")
CACHES = {
    "default": stores.cache_settings(
        REDIS_URL,
        sentinels=REDIS_SENTINELS,
        password=REDIS_PASSWORD,
        sentinel_password=REDIS_SENTINEL_PASSWORD,
    ),
    # Wagtail keeps model instances here, which JSON cannot hold; its keys contain the picture's hash.
    "renditions": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "renditions",
        "OPTIONS": {"MAX_ENTRIES": 500},
    },
}
DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = (
    False  # the Redis connection itself logs going away and coming back, once
)
CHANNEL_LAYERS = {
    "default": stores.channel_settings(
        REDIS_URL,
        sentinels=REDIS_SENTINELS,
        password=REDIS_PASSWORD,
        sentinel_password=REDIS_SENTINEL_PASSWORD,
    )
}

# --- Background work ----------------------------------------------------------------------------------------
CELERY_BROKER_URL = stores.broker_url(REDIS_URL, sentinels=REDIS_SENTINELS, password=REDIS_PASSWORD)
CELERY_BROKER_TRANSPORT_OPTIONS = stores.broker_options(
    REDIS_URL, sentinels=REDIS_SENTINELS, sentinel_password=REDIS_SENTINEL_PASSWORD
)

# --- Files --------------------------------------------------------------------------------------------------
MEDIA_ROOT = env.str("MEDIA_ROOT", default=str(BASE_DIR / "media"))
MEDIA_URL = "/media/"
STATIC_ROOT = env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "plant_community_backend" / "static"]
PHOTO_ROOT = env.str("PHOTO_ROOT", default=str(BASE_DIR / "media" / "private"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Photos people send are never served by address: a storage without a URL of its own.
    "photos": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": PHOTO_ROOT,
            "base_url": None,
        },
    },
    # What people export of their data: as private, and on the same disk.
    "exports": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": f"{PHOTO_ROOT}/exports", "base_url": None},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000  # bytes of a body that is not a file upload
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# --- People -------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["apps.users.backends.EmailOrUsernameBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [  # no rules on what it is composed of; the last asks an outside service
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "apps.users.services.breached_passwords.MaximumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "apps.users.services.breached_passwords.BreachedPasswordValidator"},
]
BREACHED_PASSWORDS_URL = env.str("BREACHED_PASSWORDS_URL", default="")  # empty: nobody is asked
ACCOUNT_CONFIRM_EMAIL_URL = env.str("ACCOUNT_CONFIRM_EMAIL_URL", default="")  # empty: a page of our own
ACCOUNT_PASSWORD_RESET_URL = env.str("ACCOUNT_PASSWORD_RESET_URL", default="")
ACCOUNT_EMAIL_VERIFICATION = env.str("ACCOUNT_EMAIL_VERIFICATION", default="mandatory")
JWT_ACCESS_TOKEN_LIFETIME = timedelta(minutes=env.int("JWT_ACCESS_TOKEN_LIFETIME", default=60))
JWT_REFRESH_TOKEN_LIFETIME = timedelta(days=env.int("JWT_REFRESH_TOKEN_LIFETIME", default=7))
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": JWT_ACCESS_TOKEN_LIFETIME,
    "REFRESH_TOKEN_LIFETIME": JWT_REFRESH_TOKEN_LIFETIME,
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "SIGNING_KEY": JWT_SECRET_KEY,
    "ALGORITHM": "HS256",
    "UPDATE_LAST_LOGIN": True,
    "CHECK_REVOKE_TOKEN": True,
}
# Without an id nobody is offered to sign in with Google.
GOOGLE_OAUTH_CLIENT_ID = env.str("GOOGLE_OAUTH_CLIENT_ID", default="")
GOOGLE_OAUTH_CLIENT_SECRET = env.str("GOOGLE_OAUTH_CLIENT_SECRET", default="")
GOOGLE_OAUTH_ISSUER = env.str("GOOGLE_OAUTH_ISSUER", default="https://accounts.google.com")
OAUTH_APP_REDIRECT_URIS = names("OAUTH_APP_REDIRECT_URIS")
EMAIL_URL = env.email_url("EMAIL_URL", default="consolemail://")
globals().update(EMAIL_URL)
EMAIL_TIMEOUT = 10  # s
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Plant Community <noreply@localhost>")
MANAGERS = [("", address) for address in names("MANAGERS")]

# --- API ----------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.users.authentication.BearerAuthentication",
        "apps.users.authentication.ApiKeyAuthentication",
        "apps.users.authentication.CookieAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["apps.core.api.renderers.FastJSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.core.api.parsers.StrictJSONParser"],
    "DEFAULT_VERSIONING_CLASS": "apps.core.api.versioning.ApiVersioning",
    "DEFAULT_VERSION": "v1",
    "ALLOWED_VERSIONS": ["v1"],
    "DEFAULT_PAGINATION_CLASS": "apps.core.api.pagination.NewestFirstPagination",
    "DEFAULT_FILTER_BACKENDS": ["apps.core.api.filtering.FilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "apps.core.api.schema.ProblemAutoSchema",
    "EXCEPTION_HANDLER": "apps.core.api.problems.problem_exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
LEGACY_API_DEPRECATED_AT = env.int("LEGACY_API_DEPRECATED_AT", default=1_793_491_200)  # 2026-11-01, Unix s
LEGACY_API_SUNSET = env.str("LEGACY_API_SUNSET", default="2027-11-01")
LEGACY_API_REMOVED = env.bool("LEGACY_API_REMOVED", default=False)
MIN_CLIENT_VERSION = env.str("MIN_CLIENT_VERSION", default="0.0.0")
CLIENT_UPDATE_URL = env.str("CLIENT_UPDATE_URL", default=SITE_URL)
API_CLIENTS = ["web", "android", "ios"]  # names a client may give itself in X-Client-Version
CORS_ALLOWED_ORIGINS = names("CORS_ALLOWED_ORIGINS")
CORS_ALLOW_CREDENTIALS = True
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = headers.CORS_ALLOW_HEADERS
CORS_EXPOSE_HEADERS = headers.CORS_EXPOSE_HEADERS
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
WEBSOCKET_PORT = env.int("WEBSOCKET_PORT", default=0)  # 0: the site's own, where a proxy joins both
REQUEST_BODY_TIMEOUT = env.float("REQUEST_BODY_TIMEOUT", default=60)  # s
REQUEST_BODIES_AT_ONCE = 48  # waited for by a process; the rest of its threads answer everybody else

API_LIMITS = meta.API_LIMITS
API_LANGUAGES = meta.API_LANGUAGES
SPECTACULAR_SETTINGS = openapi.SPECTACULAR_SETTINGS

# --- Wagtail ------------------------------------------------------------------------------------------------
WAGTAIL_SITE_NAME = "Plant Community"
WAGTAILADMIN_BASE_URL = SITE_URL
WAGTAILAPI_LIMIT_MAX = 50
WAGTAILDOCS_INLINE_CONTENT_TYPES: list[str] = []  # documents are downloaded, PDF files too
WAGTAILDOCS_EXTENSIONS = ["csv", "docx", "odt", "pdf", "pptx", "txt", "xlsx", "zip"]
WAGTAIL_ENABLE_UPDATE_CHECK = False  # editors' browsers tell nobody that they are there
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAILADMIN_USER_LOGIN_FORM = "apps.users.api.staff_sign_in.EditorSignInForm"
WAGTAILADMIN_USER_PASSWORD_RESET_FORM = "apps.users.api.staff_sign_in.EditorPasswordResetForm"  # noqa: S105
WAGTAIL_PASSWORD_RESET_ENABLED = True
WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = False  # there the old password could be guessed without end
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "wagtail.search.backends.database"}}

# --- The rest -----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = meta.LANGUAGES
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
# The Prometheus client reads the variable itself, too. Empty: each process knows only its own numbers.
PROMETHEUS_MULTIPROC_DIR = env.str("PROMETHEUS_MULTIPROC_DIR", default="")
LOGGING = logs.json_logging(level=env.str("LOG_LEVEL", default="INFO"))
CSP_REPORT_PATH = headers.CSP_REPORT_PATH
CONTENT_SECURITY_POLICY = {"DIRECTIVES": headers.PUBLIC_POLICY}
EDITORS_CONTENT_SECURITY_POLICY = headers.editors_policy(HEADLESS_PREVIEW_URL)
DATA_CONTENT_SECURITY_POLICY = headers.DATA_POLICY
PERMISSIONS_POLICY = headers.PERMISSIONS_POLICY
X_FRAME_OPTIONS = "DENY"  # Wagtail lifts this for its own previews
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]
# Only our own proxies may say that the visitor came by https.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT else None
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "apps.core.api.error_pages.csrf_failure"
SILENCED_SYSTEM_CHECKS: list[str] = []
