"""Trefle v1: asking for one species. The key goes in a header, and the service's own words go nowhere."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from apps.core.http import OutboundClient, Reply
from apps.core.resilience.clock import Deadline
from apps.plant_identification.constants import TREFLE_API_TIMEOUT_S
from apps.plant_identification.exceptions import ProviderFailed, ProviderNotAsked
from apps.plant_identification.metrics import counted_call
from apps.plant_identification.services.encyclopedia.trefle_parser import (
    TrefleName,
    TrefleSpecies,
    parse_list,
    parse_species,
)
from apps.plant_identification.services.names import full_key
from apps.plant_identification.services.provider_http import ProviderConnection, read_json

ETAG_CHARS = 200
_EXPECTED = frozenset({HTTPStatus.OK, HTTPStatus.NOT_MODIFIED, HTTPStatus.NOT_FOUND})


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is remembered of an earlier answer."""

    slug: str = ""
    etag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    species: TrefleSpecies
    etag: str


class Unchanged:
    """The service has nothing newer than what it told before."""


UNCHANGED = Unchanged()


class TrefleAPIService:
    name = "trefle"

    def __init__(
        self, *, http: OutboundClient, base_url: str, api_key: str, take_turn: Callable[[], float]
    ) -> None:
        """`take_turn` is asked before each request: 0, or the seconds by which it is too soon."""
        self._connection = ProviderConnection(http=http, label="Trefle")
        self._base_url = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {api_key}", "Accept": "application/json"}
        self._take_turn = take_turn

    def find(self, name: str, known: Known) -> Found | Unchanged | None:
        """The species of this name, or None where the service does not know it. At most four requests.

        Raises:
            ProviderError: it could not be found out.
        """
        slug = known.slug or slug_of(name)
        found = self._fetch(slug, known.etag if known.slug else "")
        if isinstance(found, Unchanged) or (found is not None and is_meant(found.species, name)):
            return found
        meant = self._search(name)
        if meant is None or meant.slug == slug:
            return None
        found = self._fetch(meant.slug)
        return found if isinstance(found, Found) and is_meant(found.species, name) else None

    def _fetch(self, slug: str, etag: str = "") -> Found | Unchanged | None:
        reply = self._get(f"/species/{quote(slug, safe='')}", headers={"If-None-Match": etag} if etag else {})
        if reply.status == HTTPStatus.NOT_MODIFIED and etag:
            return UNCHANGED
        if reply.status == HTTPStatus.NOT_FOUND:
            return None
        return Found(species=parse_species(read_json(reply)), etag=_etag_of(reply.headers))

    def _search(self, name: str) -> TrefleName | None:
        """It ranks common names first, and was broken for a year: the exact list has the last word."""
        try:
            meant = self._meant_in("/species/search", {"q": name}, name)
        except ProviderFailed:
            meant = None
        return meant or self._meant_in("/species", {"filter[scientific_name]": name}, name)

    def _meant_in(self, path: str, params: Mapping[str, str], name: str) -> TrefleName | None:
        reply = self._get(path, params=params)
        if reply.status == HTTPStatus.NOT_FOUND:
            return None
        return next((item for item in parse_list(read_json(reply)) if is_meant(item, name)), None)

    def _get(self, path: str, *, headers: Mapping[str, str] | None = None, **rest: Any) -> Reply:
        if wait_s := self._take_turn():
            raise ProviderNotAsked("Trefle has been asked often enough for now.", retry_after_s=wait_s)
        with counted_call(self.name):
            reply = self._connection.send(
                "GET",
                f"{self._base_url}{path}",
                deadline=Deadline.after(TREFLE_API_TIMEOUT_S),
                headers={**self._headers, **(headers or {})},
                **rest,
            )
            if reply.status not in _EXPECTED:
                raise self._connection.refusal(reply, about_photo=False)
        return reply


def is_meant(species: TrefleName, name: str) -> bool:
    """Whether this is the species of that name: under it, or with it among its synonyms."""
    wanted = full_key(name)
    return any(full_key(each) == wanted for each in (species.scientific_name, *species.synonyms))


def slug_of(name: str) -> str:
    return "-".join(name.lower().replace("×", "x").split())


def _etag_of(headers: Mapping[str, str]) -> str:
    etag = headers.get("ETag") or ""
    return etag if len(etag) <= ETAG_CHARS and etag.isascii() and etag.isprintable() else ""
