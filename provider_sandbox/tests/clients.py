"""The calls the tests make, as short as they can be."""

import base64
from dataclasses import dataclass

import requests

TIMEOUT_S = 10


def encode(photo: bytes) -> str:
    return base64.b64encode(photo).decode("ascii")


@dataclass
class PlantIdCaller:
    url: str
    key: str | None = "sandbox"

    def post(self, *photos: bytes, query=None, timeout=TIMEOUT_S, **fields) -> requests.Response:
        return self.post_body({"images": [encode(photo) for photo in photos], **fields}, query, timeout)

    def post_body(self, body, query=None, timeout=TIMEOUT_S) -> requests.Response:
        return self.call("POST", "identification", params=query, json=body, timeout=timeout)

    def get(self, path: str, **query) -> requests.Response:
        return self.call("GET", path, params=query)

    def call(self, method: str, path: str, timeout=TIMEOUT_S, **rest) -> requests.Response:
        headers = {} if self.key is None else {"Api-Key": self.key}
        return requests.request(method, f"{self.url}/{path}", headers=headers, timeout=timeout, **rest)


@dataclass
class PlantNetCaller:
    url: str
    key: str | None = "sandbox"

    def post(
        self, *photos: bytes, project="all", organs=(), query=None, form=None, timeout=TIMEOUT_S
    ) -> requests.Response:
        files = [("images", (f"{index}.jpg", photo, "image/jpeg")) for index, photo in enumerate(photos)]
        return requests.post(
            f"{self.url}/identify/{project}",
            params={**self._key(), **(query or {})},
            files=files or {"nothing": ("", b"")},
            data={**({"organs": list(organs)} if organs else {}), **(form or {})},
            timeout=timeout,
        )

    def get(self, path: str, **query) -> requests.Response:
        return requests.get(f"{self.url}/{path}", params={**self._key(), **query}, timeout=TIMEOUT_S)

    def _key(self) -> dict[str, str]:
        return {} if self.key is None else {"api-key": self.key}
