"""What the services say to each photo, asked of the sandbox itself and not through the product."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import requests

from apps.core.resilience.clock import Deadline
from apps.plant_identification.services.photos import inspect_uploads, prepare_photos
from apps.plant_identification.services.quota import question_key
from apps.plant_identification.types import Upload
from provider_sandbox.testing import Sandbox
from tests.chaos.photos import photo

NEVER = 60.0


@dataclass(frozen=True, slots=True)
class Truth:
    """`scores` differ from photo to photo, so they tell whose answer an answer is."""

    scores: Mapping[str, frozenset[float]]
    is_plant: bool
    is_healthy: bool | None


class Oracle:
    """Asks for each photo once. Costs the sandbox's quota: to be asked after the ledger was looked at."""

    def __init__(self, sandbox: Sandbox, seed: int) -> None:
        self._sandbox, self._seed = sandbox, seed
        self._known: dict[int, Truth] = {}

    @cached_property
    def _session(self) -> requests.Session:
        return requests.Session()

    def paid_for(self, number: int) -> str:
        """The ledger's name for the photo."""
        return question_key(self._inspected(number).photo_digest, "None", "None")

    def truth(self, number: int) -> Truth:
        if number not in self._known:
            self._known[number] = self._ask(number)
        return self._known[number]

    def _inspected(self, number: int):  # type: ignore[no-untyped-def]
        return inspect_uploads([Upload(content=photo(self._seed, number))])

    def _ask(self, number: int) -> Truth:
        (sent,) = prepare_photos(self._inspected(number), Deadline.after(NEVER))
        plant_id = self._plant_id(sent.content)
        result = plant_id["result"]
        health = result.get("is_healthy")
        return Truth(
            scores={
                "plant_id": frozenset(s["probability"] for s in result["classification"]["suggestions"]),
                "plantnet": self._plantnet_scores(sent.content),
            },
            is_plant=result["is_plant"]["binary"],
            is_healthy=health["binary"] if health else None,
        )

    def _plant_id(self, content: bytes) -> dict:
        response = self._session.post(
            f"{self._sandbox.plant_id_url}/identification",
            json={"images": [base64.b64encode(content).decode()], "health": "all"},
            headers={"Api-Key": "witness"},
            timeout=NEVER,
        )
        response.raise_for_status()
        return response.json()

    def _plantnet_scores(self, content: bytes) -> frozenset[float]:
        """Empty where the service sees no plant."""
        response = self._session.post(
            f"{self._sandbox.plantnet_url}/identify/all",
            params={"api-key": "witness"},
            files={"images": ("photo.jpg", content, "image/jpeg")},
            data={"organs": "auto"},
            timeout=NEVER,
        )
        if response.status_code == 404:
            return frozenset()
        response.raise_for_status()
        return frozenset(result["score"] for result in response.json()["results"])
