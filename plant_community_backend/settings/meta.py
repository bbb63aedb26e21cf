"""What `GET /api/v1/meta/` tells besides versions and rates, and the languages there are."""

from typing import Any

from apps.plant_identification import constants as identification

# Those with a complete catalog in locale/; a test holds them together.
LANGUAGES = [("en", "English"), ("de", "German")]
API_LANGUAGES: dict[str, list[str]] = {
    "texts": [code for code, _ in LANGUAGES],
    "common_names": list(identification.LANGUAGES),
}
API_LIMITS: dict[str, Any] = {
    "photos": {
        "max_photos": identification.MAX_PHOTOS,
        "max_photo_bytes": identification.MAX_PHOTO_BYTES,
        "max_request_bytes": identification.MAX_REQUEST_BYTES,
        "deadline_s": identification.IDENTIFY_DEADLINE_S,
    },
    "page_size_max": 100,
}
