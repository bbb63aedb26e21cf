"""Google's OpenID provider as far as signing in needs it: discovery, consent, tokens, keys, and faults.

Consent is given at once, by whoever the control API has put there.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import KeyParameters, RSAKey

from provider_sandbox.faults import BadFault

PREFIX = "/google"
KEY_BITS = 2048
TOKEN_LIFETIME_S = 3_600
MAX_CONSENTS = 1_000
MAX_SECONDS = 60.0
PLACES = ("discovery", "authorize", "token", "jwks")
FAULTS = (
    "denied",  # the person says no
    "wrong_nonce",
    "wrong_audience",
    "wrong_issuer",
    "expired",
    "unsigned",  # alg none
    "signed_with_public_key",  # HS256, with the key that everybody can read
    "signed_by_another",
    "invalid_client",
    "code_again",  # takes a code twice
)
PERSON: Mapping[str, Any] = {
    "sub": "108000000000000000001",
    "email": "rosa@gmail.com",
    "email_verified": True,
    "given_name": "Rosa",
    "family_name": "Luz",
}


@dataclass(frozen=True, slots=True)
class Orders:
    """What the control API has set."""

    person: Mapping[str, Any] = field(default_factory=lambda: PERSON)
    fault: str = ""
    statuses: Mapping[str, int] = field(default_factory=dict)
    delays_s: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Consent:
    client_id: str
    redirect_uri: str
    code_challenge: str
    nonce: str
    person: Mapping[str, Any]


class GoogleSandbox:
    def __init__(self, public_url: str | None) -> None:
        self._public_url = public_url
        self._key: RSAKey | None = None  # made when it is first needed: that takes a while
        self.reset()

    def reset(self) -> None:
        self.orders = Orders()
        self.counters: Counter[str] = Counter()
        self._consents: dict[str, Consent] = {}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(f"{PREFIX}/.well-known/openid-configuration", self.discover),
            web.get(f"{PREFIX}/authorize", self.ask_for_consent),
            web.post(f"{PREFIX}/token", self.exchange),
            web.get(f"{PREFIX}/jwks", self.list_keys),
        ]

    def order(self, order: Mapping[str, Any]) -> None:
        """`person` is laid over the usual one; what is not named is as it was.

        Raises:
            BadFault
        """
        changes = {**order}
        if changes.pop("new_key", False):
            self._key = None
        if "person" in changes:
            changes["person"] = {**PERSON, **changes["person"]}
        if changes.get("fault", "") not in ("", *FAULTS):
            raise BadFault(f"fault must be one of {', '.join(FAULTS)}")
        for name in ("statuses", "delays_s"):
            if not set(changes.get(name, ())) <= set(PLACES):
                raise BadFault(f"{name} are by {', '.join(PLACES)}")
        if any(not 0 <= seconds <= MAX_SECONDS for seconds in changes.get("delays_s", {}).values()):
            raise BadFault(f"a delay is at most {MAX_SECONDS:g} s")
        try:
            self.orders = replace(self.orders, **changes)
        except TypeError:
            raise BadFault("give person, fault, statuses, delays_s or new_key") from None

    async def discover(self, request: web.Request) -> web.Response:
        base = self._issuer(request)
        return await self._answer(
            "discovery",
            {
                "issuer": base,
                "authorization_endpoint": f"{base}/authorize",
                "token_endpoint": f"{base}/token",
                "jwks_uri": f"{base}/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
            },
        )

    async def ask_for_consent(self, request: web.Request) -> web.Response:
        asked = request.query
        is_complete = {"client_id", "redirect_uri", "nonce", "state", "code_challenge"} <= set(asked)
        if (
            not is_complete
            or asked.get("code_challenge_method") != "S256"
            or asked["response_type"] != "code"
        ):
            return web.json_response({"error": "invalid_request"}, status=400)
        told = {"error": "access_denied"} if self.orders.fault == "denied" else {"code": self._consent(asked)}
        parts = urlsplit(asked["redirect_uri"])
        query = urlencode([*parse_qsl(parts.query), *told.items(), ("state", asked["state"])])
        answer = await self._answer("authorize", {})
        if answer.status != 200:
            return answer
        return web.Response(status=302, headers={"Location": urlunsplit(parts._replace(query=query))})

    def _consent(self, asked: Mapping[str, str]) -> str:
        code = f"4/{secrets.token_urlsafe(24)}"
        if len(self._consents) >= MAX_CONSENTS:
            self._consents.clear()
        self._consents[code] = Consent(
            client_id=asked["client_id"],
            redirect_uri=asked["redirect_uri"],
            code_challenge=asked["code_challenge"],
            nonce=asked["nonce"],
            person=self.orders.person,
        )
        return code

    async def exchange(self, request: web.Request) -> web.Response:
        form = dict(parse_qsl(await request.text()))
        consent = self._consents.get(form.get("code", ""))
        if self.orders.fault != "code_again":
            self._consents.pop(form.get("code", ""), None)
        if self.orders.fault == "invalid_client" or not request.headers.get("Authorization"):
            return await self._answer("token", {"error": "invalid_client"}, status=401)
        if consent is None or not _fits(consent, form):
            refusal = {"error": "invalid_grant", "error_description": "Malformed auth code – “nie gesehen”."}
            return await self._answer("token", refusal, status=400)
        token = self._id_token(consent, self._issuer(request))
        return await self._answer(
            "token",
            {
                "access_token": secrets.token_urlsafe(24),
                "expires_in": TOKEN_LIFETIME_S,
                "scope": "openid https://www.googleapis.com/auth/userinfo.email",
                "token_type": "Bearer",
                "id_token": token,
            },
        )

    async def list_keys(self, _: web.Request) -> web.Response:
        return await self._answer("jwks", {"keys": [self._signing_key().as_dict(private=False)]})

    async def _answer(self, place: str, body: Mapping[str, Any], *, status: int = 200) -> web.Response:
        self.counters[place] += 1
        await asyncio.sleep(self.orders.delays_s.get(place, 0.0))
        ordered = self.orders.statuses.get(place)
        if ordered is not None:
            return web.Response(status=ordered, text="<html>Bad gateway</html>", content_type="text/html")
        return web.json_response(dict(body), status=status)

    def _issuer(self, request: web.Request) -> str:
        return (self._public_url or str(request.url.origin())) + PREFIX

    def _signing_key(self) -> RSAKey:
        if self._key is None:
            names: KeyParameters = {"use": "sig", "alg": "RS256", "kid": secrets.token_hex(8)}
            self._key = RSAKey.generate_key(KEY_BITS, names)
        return self._key

    def _id_token(self, consent: Consent, issuer: str) -> str:
        fault, now = self.orders.fault, int(time.time())
        age_s = 2 * TOKEN_LIFETIME_S if fault == "expired" else 0
        claims = {
            "iss": "https://accounts.example.org" if fault == "wrong_issuer" else issuer,
            "aud": "somebody-else" if fault == "wrong_audience" else consent.client_id,
            "azp": consent.client_id,
            "nonce": "of-another-visit" if fault == "wrong_nonce" else consent.nonce,
            "iat": now - age_s,
            "exp": now - age_s + TOKEN_LIFETIME_S,
            **consent.person,
        }
        return self._sign(claims, fault)

    def _sign(self, claims: dict[str, Any], fault: str) -> str:
        key = self._signing_key()
        if fault == "unsigned":
            return f"{_encoded({'alg': 'none', 'typ': 'JWT', 'kid': key.kid})}.{_encoded(claims)}."
        if fault == "signed_with_public_key":
            signed = f"{_encoded({'alg': 'HS256', 'typ': 'JWT', 'kid': key.kid})}.{_encoded(claims)}"
            mac = hmac.digest(key.as_pem(private=False), signed.encode(), hashlib.sha256)
            return f"{signed}.{_base64(mac)}"
        if fault == "signed_by_another":
            key = RSAKey.generate_key(KEY_BITS, {"kid": str(key.kid)})
        return jwt.encode({"alg": "RS256", "kid": str(key.kid)}, claims, key)


def _fits(consent: Consent, form: Mapping[str, str]) -> bool:
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    return consent.redirect_uri == form.get("redirect_uri") and consent.code_challenge == _base64(digest)


def _encoded(part: Mapping[str, Any]) -> str:
    return _base64(json.dumps(part).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
