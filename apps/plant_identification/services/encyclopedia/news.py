"""What this process has seen taught already, so that a known plant costs no look at the database."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable
from uuid import UUID

import msgspec

from apps.plant_identification.types import ProviderSuggestion

MAX_KEYS = 20_000  # 16 bytes each and the dictionary's own: some 3 MB


class Taught:
    """The newest facts of which a committed transaction told."""

    def __init__(self, max_keys: int = MAX_KEYS) -> None:
        self._max_keys = max_keys
        self._keys: OrderedDict[bytes, None] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, key: bytes) -> bool:
        return key in self._keys

    def add(self, keys: Iterable[bytes]) -> None:
        with self._lock:
            self._keys.update(dict.fromkeys(keys))
            while len(self._keys) > self._max_keys:
                self._keys.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._keys.clear()


TAUGHT = Taught()


def news_key(species: UUID, provider: str, said: ProviderSuggestion) -> bytes:
    """The same for the same facts about the same row."""
    facts = (
        str(species),
        provider,
        said.scientific_name,
        said.authorship,
        said.family,
        said.genus,
        said.gbif_id,
        dict(said.taxonomy or {}),
        said.synonyms,
        said.languages.get("common_names"),
        said.common_names,
        said.watering,
        said.propagation_methods,
    )
    return hashlib.blake2b(msgspec.json.encode(facts), digest_size=16).digest()
