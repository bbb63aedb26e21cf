"""Plant.id (Kindwise) v3: paid, knows health, keeps each identification for six months."""

from http import HTTPStatus
from urllib.parse import quote

import msgspec

from apps.core.http import OutboundClient
from apps.core.languages import ENGLISH
from apps.core.resilience.clock import Deadline
from apps.plant_identification.exceptions import ProviderNotAsked
from apps.plant_identification.services import plant_id_parser
from apps.plant_identification.services.provider import ProviderUsage
from apps.plant_identification.services.provider_http import ProviderConnection, host_of, read_json
from apps.plant_identification.types import Options, ProviderReply, Question

# Plants and diseases share one list. What is not shown to anyone is not asked for.
_PLANT_DETAILS = (
    "common_names",
    "url",
    "description",
    "taxonomy",
    "name_authority",
    "rank",
    "gbif_id",
    "image",
    "synonyms",
    "edible_parts",
    "propagation_methods",
    "watering",
    "best_watering",
    "best_light_condition",
    "best_soil_type",
    "toxicity",
)
_DISEASE_DETAILS = ("local_name", "treatment")  # description and url are in the list above


class PlantIDAPIService:
    """See `Provider`. Health comes in the same call, for one credit more.

    The time of the photo is not sent: it is not known, and the service is content without it.
    """

    name = "plant_id"
    api_version = "v3"
    looks_at_organs = False
    assesses_health = True
    parser_version = plant_id_parser.PARSER_VERSION

    def __init__(self, *, http: OutboundClient, base_url: str, api_key: str) -> None:
        self._connection = ProviderConnection(http=http, label="Plant.id")
        self._base_url = base_url.rstrip("/")
        self._headers = {"Api-Key": api_key}
        self.host = host_of(base_url)

    def spell_options(self, options: Options, *, with_health: bool) -> str:
        place = "-" if options.latitude is None else f"{options.latitude:.2f},{options.longitude:.2f}"
        return f"{options.language}:{place}:{'health' if with_health else 'plain'}"

    def identify(
        self, question: Question, *, custom_id: int, with_health: bool, deadline: Deadline
    ) -> ProviderReply:
        reply = self._connection.send(
            "POST",
            f"{self._base_url}/identification",
            deadline=deadline,
            params=_wanted(question.options, with_health=with_health),
            headers={**self._headers, "Content-Type": "application/json"},
            data=_body(question, custom_id=custom_id, with_health=with_health),
        )
        if reply.status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
            raise self._connection.refusal(reply, about_photo=True)
        return plant_id_parser.parse_identification(read_json(reply), _languages(question.options))

    def fetch_again(
        self, *, custom_id: int, access_token: str | None, options: Options, deadline: Deadline
    ) -> ProviderReply | None:
        """`None` too where the service itself failed to identify: there is nothing to wait for."""
        handle = quote(access_token, safe="") if access_token else str(custom_id)
        reply = self._connection.send(
            "GET",
            f"{self._base_url}/identification/{handle}",
            deadline=deadline,
            # What the identification lacks is left out of the reply; details for it do no harm.
            params=_wanted(options, with_health=True),
            headers=self._headers,
        )
        if reply.status == HTTPStatus.NOT_FOUND:
            return None
        if reply.status != HTTPStatus.OK:
            raise self._connection.refusal(reply, about_photo=False)
        payload = read_json(reply)
        status = plant_id_parser.identification_status(payload)
        if status == "failed":
            return None
        if status == "pending":
            raise ProviderNotAsked("Plant.id is still working on it.")
        return plant_id_parser.parse_identification(payload, _languages(options))

    def delete(self, *, access_token: str, deadline: Deadline) -> None:
        reply = self._connection.send(
            "DELETE",
            f"{self._base_url}/identification/{quote(access_token, safe='')}",
            deadline=deadline,
            headers=self._headers,
        )
        if reply.status not in {HTTPStatus.OK, HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND}:
            raise self._connection.refusal(reply, about_photo=False)

    def usage(self, *, deadline: Deadline) -> ProviderUsage:
        reply = self._connection.send(
            "GET", f"{self._base_url}/usage_info", deadline=deadline, headers=self._headers
        )
        if reply.status != HTTPStatus.OK:
            raise self._connection.refusal(reply, about_photo=False)
        return plant_id_parser.parse_usage(read_json(reply))


def _wanted(options: Options, *, with_health: bool) -> dict[str, str]:
    details = _PLANT_DETAILS + (_DISEASE_DETAILS if with_health else ())
    return {"details": ",".join(details), "language": ",".join(_languages(options))}


def _languages(options: Options) -> tuple[str, ...]:
    """English too, for what the service does not know in the language asked; it costs nothing."""
    return tuple(dict.fromkeys([options.language, ENGLISH]))


def _body(question: Question, *, custom_id: int, with_health: bool) -> bytes:
    body: dict[str, object] = {
        "images": [photo.content for photo in question.photos],  # bytes are written as base64
        "similar_images": True,
        "custom_id": custom_id,
    }
    if with_health:
        body["health"] = "all"
    if question.options.latitude is not None and question.options.longitude is not None:
        body["latitude"] = question.options.latitude
        body["longitude"] = question.options.longitude
    return msgspec.json.encode(body)
