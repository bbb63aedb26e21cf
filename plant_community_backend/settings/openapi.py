"""How the description of the API is made."""

from typing import Any

from apps.core.codes import ErrorCode
from apps.plant_identification.types import AnswerStatus, Organ, ProviderState
from apps.users.types import ApiKeyScope

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Plant Community API",
    "DESCRIPTION": (
        "Photograph a plant, learn what it is, whether it is ill and how to care for it.\n\n"
        "Every error is a problem document (RFC 9457); its `code` is one of a closed list: "
        "[error codes](/api/docs/errors/). Every answer carries `API-Version` and `X-Request-ID`."
    ),
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": r"/api/v\d+",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_REQUEST": True,
    # A generator makes a type of each: they keep their names when another field has the same choices.
    "ENUM_NAME_OVERRIDES": {
        "ErrorCode": [(str(code), code.title) for code in ErrorCode],
        "AnswerStatus": [str(status) for status in AnswerStatus],
        "ProviderState": [str(state) for state in ProviderState],
        "Agreement": ["both", "single", "genus", "none"],
        "ApiKeyScope": [str(scope) for scope in ApiKeyScope],
        "ApiVersionState": ["current", "deprecated", "removed"],
        "CircuitState": ["closed", "open", "half_open"],
        "CommentState": "apps.blog.models.CommentState",
        "ExperimentGroup": "apps.plant_identification.models.ExperimentGroup",
        "ExperimentStatus": "apps.plant_identification.models.ExperimentStatus",
        "ExportState": ["waiting", "ready", "failed"],
        "FloraProject": "apps.plant_identification.constants.PLANTNET_PROJECTS",
        "HealthStatus": ["healthy", "degraded", "unhealthy"],
        "Language": "apps.plant_identification.constants.LANGUAGES",
        "NameKind": ["scientific", "common", "synonym"],
        "NameMatch": ["exact", "prefix", "words", "similar"],
        "ReportReason": "apps.blog.models.ReportReason",
        "SecurityEventKind": "apps.users.models.SecurityEventKind",
        "ServerMode": ["development", "production"],
        "ShareVerdict": "apps.plant_identification.services.proportions.VERDICTS",
        "SubscriptionTier": "apps.users.models.SubscriptionTier",
        "ToxicityTarget": "apps.plant_identification.models.ToxicityTarget",
        "Verdict": ["right", "wrong", "other"],
        "Organ": [str(organ) for organ in Organ],
        "ProviderName": "apps.plant_identification.api.serializers.PROVIDERS",
        "AnswerSource": "apps.plant_identification.api.serializers.SOURCES",
        "Rank": "apps.plant_identification.api.serializers.RANKS",
        "CacheOutcome": "apps.plant_identification.api.serializers.CACHE_OUTCOMES",
    },
    "PREPROCESSING_HOOKS": ["apps.core.api.schema.only_versioned_paths"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apps.core.api.schema.add_common_headers",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False},
    "REDOC_DIST": "SIDECAR",
}
