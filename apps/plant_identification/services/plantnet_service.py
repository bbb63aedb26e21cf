"""Pl@ntNet v2: free, 500 questions a day, keeps nothing that could be fetched again."""

import re
from http import HTTPStatus
from urllib.parse import quote

from apps.core.http import OutboundClient, Reply
from apps.core.resilience.clock import Deadline
from apps.plant_identification.services import plantnet_parser
from apps.plant_identification.services.provider import ProviderUsage
from apps.plant_identification.services.provider_http import (
    ProviderConnection,
    error_text,
    host_of,
    read_json,
)
from apps.plant_identification.types import Options, ProviderReply, Question

RESULTS_WANTED = 10
_NOT_A_PLANT = "species not found"
_LEFT_IN_HEADER = re.compile(r";\s*r=(\d{1,9})\b")

# The list the service keeps grows; another code is answered with 400, and even that costs one of the 500.
# These are languages its own site is written in.
LANGUAGES = frozenset(
    [
        "ar",
        "bg",
        "ca",
        "cs",
        "da",
        "de",
        "el",
        "en",
        "es",
        "et",
        "eu",
        "fa",
        "fi",
        "fr",
        "gl",
        "he",
        "hr",
        "hu",
        "id",
        "it",
        "ja",
        "nl",
        "pl",
        "pt",
        "ro",
        "ru",
        "sk",
        "sl",
        "sv",
        "tr",
        "uk",
        "zh",
    ]
)


class PlantNetAPIService:
    """See `Provider`. The key is a part of the address, so no address of this class is ever shown."""

    name = "plantnet"
    api_version = "v2"
    looks_at_organs = True
    assesses_health = False
    parser_version = plantnet_parser.PARSER_VERSION

    def __init__(self, *, http: OutboundClient, base_url: str, api_key: str) -> None:
        self._connection = ProviderConnection(http=http, label="Pl@ntNet")
        self._base_url = base_url.rstrip("/")
        self._key = {"api-key": api_key}
        self.host = host_of(base_url)

    def spell_options(self, options: Options, *, with_health: bool) -> str:
        return f"{_language(options)}:{quote(options.project, safe='')}"

    def identify(
        self,
        question: Question,
        *,
        custom_id: int,
        with_health: bool,
        deadline: Deadline,
    ) -> ProviderReply:
        reply = self._connection.send(
            "POST",
            f"{self._base_url}/identify/{quote(question.options.project, safe='')}",
            deadline=deadline,
            params=self._key
            | {
                # In the body these names are answered with 400.
                "lang": _language(question.options),
                "nb-results": str(RESULTS_WANTED),
                "include-related-images": "true",
            },
            files=[
                ("images", (f"photo-{number}.jpg", photo.content, "image/jpeg"))
                for number, photo in enumerate(question.photos, start=1)
            ],
            data={"organs": [photo.organ.value for photo in question.photos]},
        )
        if reply.status == HTTPStatus.NOT_FOUND and error_text(reply).casefold() == _NOT_A_PLANT:
            return plantnet_parser.not_a_plant(remaining_calls=_left(reply))
        if reply.status != HTTPStatus.OK:
            raise self._connection.refusal(reply, about_photo=True)
        return plantnet_parser.parse_identification(read_json(reply))

    def fetch_again(
        self,
        *,
        custom_id: int,
        access_token: str | None,
        options: Options,
        deadline: Deadline,
    ) -> ProviderReply | None:
        return None

    def delete(self, *, access_token: str, deadline: Deadline) -> None:
        """Does nothing: the service offers no deletion."""

    def usage(self, *, deadline: Deadline) -> ProviderUsage:
        reply = self._connection.send(
            "GET", f"{self._base_url}/quota/daily", deadline=deadline, params=self._key
        )
        if reply.status != HTTPStatus.OK:
            raise self._connection.refusal(reply, about_photo=False)
        return plantnet_parser.parse_usage(read_json(reply))


def _language(options: Options) -> str:
    return options.language if options.language in LANGUAGES else "en"


def _left(reply: Reply) -> int | None:
    """What is left of the day, from the header: an error body does not say."""
    found = _LEFT_IN_HEADER.search(reply.headers.get("RateLimit") or "")
    return int(found[1]) if found else None
