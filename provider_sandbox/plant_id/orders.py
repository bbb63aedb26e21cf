"""What a Plant.id request asks for, checked as the service checks it."""

import base64
import binascii
import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from provider_sandbox.exchange import Call
from provider_sandbox.uploads import MalformedForm, Picture, make_picture, parse_form
from provider_sandbox.wire import Refused

MAX_IMAGES = 5
MAX_LANGUAGES = 3
MAX_CUSTOM_ID = 2**63 - 1
PLANT_DETAILS = frozenset(
    {
        "common_names", "url", "description", "taxonomy", "name_authority", "rank", "gbif_id",
        "inaturalist_id", "image", "images", "synonyms", "edible_parts",
        "propagation_methods", "watering", "best_watering",
        "best_light_condition", "best_soil_type", "common_uses", "toxicity", "cultural_significance",
    }
)  # fmt: skip
DISEASE_DETAILS = frozenset(
    {"local_name", "description", "url", "treatment", "classification", "common_names", "cause"}
)
FIELDS = frozenset(
    {
        "images", "latitude", "longitude", "datetime", "similar_images", "health", "classification_level",
        "classification_raw", "custom_id", "suggestion_filter",
    }
)  # fmt: skip
BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class View:
    """The query string: what of an identification is shown, and in which language."""

    details: tuple[str, ...]
    languages: tuple[str, ...]
    full_disease_list: bool


@dataclass(frozen=True, slots=True)
class Order:
    """The body. `sent` keeps which optional fields came along: the reply echoes only those."""

    pictures: tuple[Picture, ...]
    latitude: float | None
    longitude: float | None
    taken_at: dt.datetime | None
    custom_id: int | None
    sent: dict[str, Any]

    @property
    def similar_images(self) -> bool:
        return bool(self.sent.get("similar_images", False))

    @property
    def health(self) -> str | None:
        health: str | None = self.sent.get("health")
        return health

    def without_contents(self) -> "Order":
        """For keeping: ten thousand orders with their photos would fill the memory."""
        return replace(self, pictures=tuple(replace(picture, content=b"") for picture in self.pictures))


def read_view(query: Mapping[str, str]) -> View:
    unknown = set(query) - {"details", "language", "lang", "async", "full_disease_list"}
    if unknown:
        raise Refused(400, f"Unknown query parameter: {min(unknown)}.")
    details = tuple(name for name in query.get("details", "").split(",") if name)
    for name in details:
        if name not in PLANT_DETAILS | DISEASE_DETAILS:
            raise Refused(400, f"Unknown detail: {name}.")
    languages = tuple(code for code in query.get("language", "").split(",") if code) or ("en",)
    if len(languages) > MAX_LANGUAGES:
        raise Refused(400, f"At most {MAX_LANGUAGES} languages are allowed.")
    for code in languages:
        if not re.fullmatch("[a-z]{2}", code):
            raise Refused(400, f"Unknown language: {code}.")
    return View(details, languages, _flag(query, "full_disease_list"))


def wants_async(query: Mapping[str, str]) -> bool:
    return _flag(query, "async")


def read_order(call: Call, *, health_only: bool = False) -> Order:
    fields, pictures = _read_body(call)
    call.seen.fields = list(fields.items())
    call.seen.pictures = pictures
    unknown = set(fields) - FIELDS
    if unknown:
        raise Refused(400, f"Unknown field: {min(unknown)}.")
    _check_pictures(pictures)
    if fields.get("suggestion_filter") is not None:
        raise Refused(400, "suggestion_filter is not supported by the sandbox.")
    sent = {
        name: _check_option(name, fields[name])
        for name in ("similar_images", "health", "classification_level", "classification_raw")
        if fields.get(name) is not None
    }
    if health_only:
        sent = {"health": "only", **{k: v for k, v in sent.items() if k == "similar_images"}}
    return Order(
        pictures=tuple(pictures),
        latitude=_check_degrees(fields, "latitude", 90),
        longitude=_check_degrees(fields, "longitude", 180),
        taken_at=_check_datetime(fields.get("datetime")),
        custom_id=_check_custom_id(fields.get("custom_id")),
        sent=sent,
    )


def _read_body(call: Call) -> tuple[dict[str, Any], list[Picture]]:
    content_type = call.headers.get("Content-Type", "")
    if content_type.startswith("multipart/form-data"):
        return _read_form(call.body, content_type)
    try:
        value = json.loads(call.body)
    except ValueError:
        raise Refused(400, "Invalid json data" if call.body else "Missing json data") from None
    if not isinstance(value, dict):
        raise Refused(400, "Data have to be dict")
    images = value.pop("images", None)
    if images is None:
        return value, []
    if not isinstance(images, list) or not all(isinstance(image, str) for image in images):
        raise Refused(400, "Images have to be list of base64 strings")
    if len(images) > MAX_IMAGES:
        raise Refused(400, f"At most {MAX_IMAGES} images are allowed.")
    return value, [make_picture(content=_decode_image(image), filename=None) for image in images]


def _read_form(body: bytes, content_type: str) -> tuple[dict[str, Any], list[Picture]]:
    """Every file is a photo whatever its part is called; text parts carry the other fields."""
    try:
        parts = parse_form(body=body, content_type=content_type)
    except MalformedForm:
        raise Refused(400, "Invalid form data") from None
    fields: dict[str, Any] = {}
    pictures = []
    for part in parts:
        if part.filename is not None:
            pictures.append(make_picture(content=part.content, filename=part.filename))
        elif part.name == "images":
            pictures.append(make_picture(content=_decode_image(part.text), filename=None))
        else:
            fields[part.name] = _read_text_field(part.name, part.text)
    return fields, pictures


def _read_text_field(name: str, text: str) -> Any:
    if name in (
        "latitude",
        "longitude",
        "custom_id",
        "similar_images",
        "classification_raw",
        "suggestion_filter",
    ):
        try:
            return json.loads(text)
        except ValueError:
            return BOOLEANS.get(text.lower(), text)
    return text


def _decode_image(text: str) -> bytes:
    """Base64 or data URL. Public URLs, which the real service fetches, are refused here."""
    if text.startswith("data:"):
        _, _, text = text.partition(",")
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise Refused(400, "Invalid image data") from None


def _check_pictures(pictures: list[Picture]) -> None:
    if not pictures:
        raise Refused(400, "Missing image data")
    if len(pictures) > MAX_IMAGES:
        raise Refused(400, f"At most {MAX_IMAGES} images are allowed.")
    if any(picture.media_type is None for picture in pictures):
        raise Refused(400, "Invalid image data")


def _check_option(name: str, value: Any) -> Any:
    allowed: tuple[Any, ...] = {
        "similar_images": (True, False),
        "classification_raw": (True, False),
        "health": ("all", "only", "auto"),
        "classification_level": ("species", "all", "genus"),
    }[name]
    if not any(value is choice or (isinstance(value, str) and value == choice) for choice in allowed):
        raise Refused(400, f"{name}: {value!r} is not one of {', '.join(str(choice) for choice in allowed)}.")
    return value


def _check_degrees(fields: Mapping[str, Any], name: str, most: float) -> float | None:
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -most <= value <= most:
        raise Refused(400, f"{name} has to be a number from {-most:g} to {most:g}.")
    return float(value)


def _check_datetime(value: Any) -> dt.datetime | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise Refused(400, "datetime is not a string.")
    try:
        taken_at = dt.datetime.fromisoformat(value)
    except ValueError:
        taken_at = None
    if taken_at is None or value.endswith("Z"):  # Python reads the Z, the service does not
        raise Refused(400, "datetime is not in ISO format.")
    return taken_at.astimezone(dt.UTC) if taken_at.tzinfo else taken_at.replace(tzinfo=dt.UTC)


def _check_custom_id(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused(400, "custom_id has to be int.")
    if abs(value) > MAX_CUSTOM_ID:
        raise Refused(400, "Custom id is too large")
    return value


def _flag(query: Mapping[str, str], name: str) -> bool:
    text = query.get(name, "false").lower()
    if text not in BOOLEANS:
        raise Refused(400, f"{name} has to be true or false.")
    return BOOLEANS[text]
