"""The Herbarium: free, some hundred photos a day, looks at one photo, keeps nothing."""

from http import HTTPStatus

from apps.core.http import OutboundClient, Reply
from apps.core.resilience.clock import Deadline
from apps.plant_identification.exceptions import ProviderError, ProviderQuotaReached
from apps.plant_identification.services.provider import ProviderUsage
from apps.plant_identification.services.provider_http import ProviderConnection, host_of, read_json
from apps.plant_identification.types import Options, ProviderReply, Question

from .parser import PARSER_VERSION, PROVIDER, parse_account, parse_look


class HerbariumService:
    """See `Provider`. Its names are in English, whatever one asks for."""

    name = PROVIDER
    api_version = "v1"
    looks_at_organs = False
    assesses_health = False
    parser_version = PARSER_VERSION

    def __init__(self, *, http: OutboundClient, base_url: str, api_key: str) -> None:
        self._connection = ProviderConnection(http=http, label="Herbarium")
        self._base_url = base_url.rstrip("/")
        self._headers = {"X-Herbarium-Key": api_key}
        self.host = host_of(base_url)

    def spell_options(self, options: Options, *, with_health: bool) -> str:
        return "-"  # no option changes what it says

    def identify(
        self, question: Question, *, custom_id: int, with_health: bool, deadline: Deadline
    ) -> ProviderReply:
        reply = self._connection.send(
            "POST",
            f"{self._base_url}/look",
            deadline=deadline,
            headers={**self._headers, "Content-Type": "image/jpeg"},
            data=question.photos[0].content,
        )
        if reply.status != HTTPStatus.OK:
            raise self._refusal(reply, about_photo=True)
        return parse_look(read_json(reply))

    def fetch_again(
        self, *, custom_id: int, access_token: str | None, options: Options, deadline: Deadline
    ) -> ProviderReply | None:
        return None

    def delete(self, *, access_token: str, deadline: Deadline) -> None:
        """Does nothing: the service keeps no photo."""

    def usage(self, *, deadline: Deadline) -> ProviderUsage:
        reply = self._connection.send(
            "GET", f"{self._base_url}/account", deadline=deadline, headers=self._headers
        )
        if reply.status != HTTPStatus.OK:
            raise self._refusal(reply, about_photo=False)
        return parse_account(read_json(reply))

    def _refusal(self, reply: Reply, *, about_photo: bool) -> ProviderError:
        if reply.status == HTTPStatus.PAYMENT_REQUIRED:  # its word for a used-up day
            return ProviderQuotaReached("Herbarium answered 402.", status_code=reply.status)
        return self._connection.refusal(reply, about_photo=about_photo)
