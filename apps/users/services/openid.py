"""Asking an OpenID provider who somebody is: the code flow, with PKCE.

Authlib speaks the protocol and joserfc judges signatures. Requests leave through our own client, and end in
time. Of the provider's addresses and keys no copy is kept for longer than it says here.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from apps.core.http import OutboundClient, OutboundError, Reply
from apps.core.resilience.clock import SYSTEM_CLOCK, Clock, Deadline, DeadlinePassed
from apps.users.constants import (
    OPENID_CLOCK_SKEW_S,
    OPENID_CONNECT_TIMEOUT_S,
    OPENID_DOCUMENTS_LIFETIME_S,
    OPENID_KEYS_AGAIN_AFTER_S,
    OPENID_REPLY_MAX_BYTES,
    OPENID_TIMEOUT_S,
)
from apps.users.exceptions import IdentityProviderUnavailable, OAuthRefused

logger = logging.getLogger(__name__)

SCOPE = "openid email profile"
ALGORITHM = "RS256"  # the only one Google signs with; what a token says of itself chooses nothing
DISCOVERY_PATH = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class ProvenIdentity:
    """What the provider vouches for."""

    subject: str
    email: str
    email_verified: bool
    first_name: str
    last_name: str


@dataclass(frozen=True, slots=True)
class _Kept:
    document: dict[str, Any]
    fetched_at: float


class OpenIDProvider:
    """One provider and our registration there. Threads share it."""

    def __init__(
        self, *, issuer: str, client_id: str, client_secret: str, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._issuer = issuer.rstrip("/")
        self._client_id = client_id
        self._client_secret = client_secret
        self._clock = clock
        self._http = OutboundClient(secrets=[client_secret])
        self._kept: dict[str, _Kept] = {}

    def authorization_url(self, *, redirect_uri: str, state: str, nonce: str, code_verifier: str) -> str:
        """Where to send the browser.

        Raises:
            IdentityProviderUnavailable
        """
        deadline = Deadline.after(OPENID_TIMEOUT_S)
        endpoint = self._endpoint("authorization_endpoint", deadline)
        url, _ = self._client(redirect_uri, deadline).create_authorization_url(
            endpoint, state=state, nonce=nonce, code_verifier=code_verifier, prompt="select_account"
        )
        return str(url)

    def identify(self, *, code: str, redirect_uri: str, nonce: str, code_verifier: str) -> ProvenIdentity:
        """Who has come back with this code.

        Raises:
            IdentityProviderUnavailable
            OAuthRefused: the code is no good, or the token that came for it is not for us or for now.
        """
        deadline = Deadline.after(OPENID_TIMEOUT_S)
        endpoint = self._endpoint("token_endpoint", deadline)
        try:
            token = self._client(redirect_uri, deadline).fetch_token(
                endpoint, grant_type="authorization_code", code=code, code_verifier=code_verifier
            )
        except OAuth2Error as exc:
            raise _refused_code(exc) from None
        except ValueError:
            raise _unavailable("unreadable token reply") from None
        claims = self._claims_of(token, nonce, deadline)
        return ProvenIdentity(
            subject=claims["sub"],
            email=claims["email"],
            email_verified=claims.get("email_verified") is True,
            first_name=str(claims.get("given_name", "")),
            last_name=str(claims.get("family_name", "")),
        )

    def _client(self, redirect_uri: str, deadline: Deadline) -> OAuth2Client:
        return OAuth2Client(
            _Carrier(self._http, deadline),
            client_id=self._client_id,
            client_secret=self._client_secret,
            scope=SCOPE,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
        )

    def _claims_of(self, token: Mapping[str, Any], nonce: str, deadline: Deadline) -> CodeIDToken:
        try:
            raw = token["id_token"]
            try:
                signed = jwt.decode(raw, self._keys(deadline), algorithms=[ALGORITHM])
            except InvalidKeyIdError:  # it may have been signed with a key that is younger than our copy
                signed = jwt.decode(raw, self._keys(deadline, anew=True), algorithms=[ALGORITHM])
            params = {"nonce": nonce, "client_id": self._client_id, "access_token": token.get("access_token")}
            claims = CodeIDToken(signed.claims, signed.header, self._wanted(nonce), params)
            claims.validate(now=int(self._clock.wall()), leeway=OPENID_CLOCK_SKEW_S)
        except (JoseError, KeyError, TypeError, ValueError) as exc:
            _note("identity_token_refused", type(exc).__name__)
            raise OAuthRefused from None
        return claims

    def _wanted(self, nonce: str) -> dict[str, dict[str, Any]]:
        """Authlib compares no audience unless it is told which one."""
        wanted = {"iss": self._issuer, "aud": self._client_id, "nonce": nonce}
        return {name: {"essential": True, "value": value} for name, value in wanted.items()} | {
            name: {"essential": True} for name in ("sub", "email", "exp", "iat")
        }

    def _keys(self, deadline: Deadline, *, anew: bool = False) -> KeySet:
        """Asked for anew only once in a while: else every token with a made-up key would cost a request."""
        endpoint = self._endpoint("jwks_uri", deadline)
        at_most_s = OPENID_KEYS_AGAIN_AFTER_S if anew else OPENID_DOCUMENTS_LIFETIME_S
        document = self._document(endpoint, deadline, at_most_s=at_most_s)
        signing = [key for key in document.get("keys", ()) if key.get("kty") == "RSA"]
        return KeySet.import_key_set({"keys": signing})

    def _endpoint(self, name: str, deadline: Deadline) -> str:
        document = self._document(
            self._issuer + DISCOVERY_PATH, deadline, at_most_s=OPENID_DOCUMENTS_LIFETIME_S
        )
        endpoint = document.get(name)
        if document.get("issuer") != self._issuer or not isinstance(endpoint, str):
            raise _unavailable("discovery of another provider")
        return endpoint

    def _document(self, url: str, deadline: Deadline, *, at_most_s: float) -> dict[str, Any]:
        """Two at a time may both fetch it: cheaper than to let all wait for one that hangs."""
        kept, now = self._kept.get(url), self._clock.monotonic()
        if kept is not None and now - kept.fetched_at < at_most_s:
            return kept.document
        reply = _send(self._http, "GET", url, deadline)
        try:
            document = json.loads(reply.content)
        except ValueError:
            document = None
        if reply.status != 200 or not isinstance(document, dict):
            raise _unavailable(f"HTTP {reply.status}")
        self._kept[url] = _Kept(document, now)
        return document


class _Carrier:
    """What Authlib takes for a session."""

    def __init__(self, http: OutboundClient, deadline: Deadline) -> None:
        self._http = http
        self._deadline = deadline

    def post(
        self, url: str, *, data: Mapping[str, str], headers: Mapping[str, str], auth: Any
    ) -> "_TokenReply":
        url, headers, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        return _TokenReply(_send(self._http, "POST", url, self._deadline, headers=headers, data=body))


class _TokenReply:
    """What Authlib takes for a response."""

    def __init__(self, reply: Reply) -> None:
        self.status_code = reply.status
        self._content = reply.content

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise _unavailable(f"HTTP {self.status_code}")

    def json(self) -> Any:
        body = json.loads(self._content)
        if isinstance(body, dict):
            body.pop("error_description", None)  # in words that Authlib may not take; nobody reads them
        return body


def _send(http: OutboundClient, method: str, url: str, deadline: Deadline, **more: Any) -> Reply:
    try:
        return http.send(
            method,
            url,
            deadline=deadline,
            connect_timeout_s=OPENID_CONNECT_TIMEOUT_S,
            max_bytes=OPENID_REPLY_MAX_BYTES,
            **more,
        )
    except (OutboundError, DeadlinePassed) as exc:
        raise _unavailable(type(exc).__name__) from None


def _refused_code(exc: OAuth2Error) -> OAuthRefused | IdentityProviderUnavailable:
    """Whatever is not about this one code is about us: wrong credentials, or a request it does not know."""
    if exc.error == "invalid_grant":
        return OAuthRefused()
    return _unavailable(str(exc.error)[:40])


def _unavailable(why: str) -> IdentityProviderUnavailable:
    _note("identity_provider_unavailable", why)
    return IdentityProviderUnavailable()


def _note(event: str, error: str) -> None:
    logger.warning(event, extra={"event": event, "error": error})
