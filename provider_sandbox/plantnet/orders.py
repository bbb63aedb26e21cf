"""What a Pl@ntNet request asks for, checked as the service does: options in the query, photos in the form."""

from collections.abc import Mapping
from dataclasses import dataclass

from provider_sandbox.exchange import Call
from provider_sandbox.uploads import MalformedForm, Picture, make_picture, parse_form
from provider_sandbox.wire import Refused

MAX_IMAGES = 5
DEFAULT_RESULTS = 10
MEDIA_TYPES = ("image/jpeg", "image/png")
ORGANS = ("leaf", "flower", "fruit", "bark", "auto", "habit", "other")
OPTIONS = ("api-key", "lang", "nb-results", "include-related-images", "no-reject", "type", "detailed")
# The sandbox's own list: the languages of its catalogue and others people are likely to try.
LANGUAGES = (
    "ar", "bg", "ca", "cs", "da", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fr", "gl", "he", "hi",
    "hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sr",
    "sv", "th", "tr", "uk", "vi", "zh",
)  # fmt: skip
BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Order:
    pictures: tuple[Picture, ...]
    organs: tuple[str, ...]
    language: str
    limit: int
    related_images: bool
    no_reject: bool
    engine: str | None


def read_order(call: Call) -> Order:
    """Raises Refused with the service's status and words."""
    query = call.query
    pictures, organs = read_photos(call)
    for name in query:
        if name not in OPTIONS:
            raise Refused(400, f'"{name}" is not allowed')
    language = query.get("lang", "en")
    if language not in LANGUAGES:
        raise Refused(400, f'"lang" must be one of [{", ".join(LANGUAGES)}]')
    engine = query.get("type")
    if engine not in (None, "kt", "legacy"):
        raise Refused(400, '"type" must be one of [kt, legacy]')
    _read_flag(query, "detailed")
    return Order(
        pictures=pictures,
        organs=organs,
        language=language,
        limit=_read_limit(query.get("nb-results")),
        related_images=_read_flag(query, "include-related-images"),
        no_reject=_read_flag(query, "no-reject"),
        engine=engine,
    )


def read_photos(call: Call) -> tuple[tuple[Picture, ...], tuple[str, ...]]:
    try:
        parts = parse_form(body=call.body, content_type=call.headers.get("Content-Type", ""))
    except MalformedForm:
        raise Refused(400, '"images" is required') from None
    call.seen.fields = [(part.name, part.text) for part in parts if part.filename is None]
    call.seen.pictures = [
        make_picture(content=part.content, filename=part.filename)
        for part in parts
        if part.filename is not None
    ]
    for part in parts:
        if part.name not in ("images", "organs") or (part.name == "images") != (part.filename is not None):
            raise Refused(400, f'"{part.name}" is not allowed')
    pictures = tuple(call.seen.pictures)
    organs = tuple(part.text for part in parts if part.name == "organs")
    _check_photos(pictures, organs)
    return pictures, organs or ("auto",) * len(pictures)


def _check_photos(pictures: tuple[Picture, ...], organs: tuple[str, ...]) -> None:
    if not pictures:
        raise Refused(400, '"images" is required')
    if len(pictures) > MAX_IMAGES:
        raise Refused(400, f'"images" must contain less than or equal to {MAX_IMAGES} items')
    if organs and len(organs) != len(pictures):
        raise Refused(400, "images[] length and organs[] length must be equal")
    for index, organ in enumerate(organs):
        if organ not in ORGANS:
            raise Refused(400, f'"organs[{index}]" must be one of [{", ".join(ORGANS)}]')
    for index, picture in enumerate(pictures):
        if picture.media_type not in MEDIA_TYPES:
            raise Refused(415, f"Unsupported file type for image[{index}]")


def _read_limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_RESULTS
    if not text.isdecimal() or len(text) > 6:
        raise Refused(400, '"nb-results" must be a number')
    if int(text) < 1:
        raise Refused(400, '"nb-results" must be greater than or equal to 1')
    return int(text)


def _read_flag(query: Mapping[str, str], name: str) -> bool:
    text = query.get(name, "false").lower()
    if text not in BOOLEANS:
        raise Refused(400, f'"{name}" must be a boolean')
    return BOOLEANS[text]
