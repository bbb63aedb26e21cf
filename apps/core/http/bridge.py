"""For libraries that bring httpx: their requests go out through our client, with all that it promises.

httpx knows time-outs between two bytes only, and no bound on what it reads.
"""

import httpx2

from apps.core.http.client import OutboundClient
from apps.core.http.errors import OutboundError, TimedOut
from apps.core.resilience.clock import Deadline

# What the body no longer is once we have read it whole and unpacked.
_OF_THE_WIRE = frozenset({"content-encoding", "content-length", "transfer-encoding", "connection"})
_OURS_TO_SAY = frozenset({"host", "content-length", "accept-encoding", "connection"})


class NotSent(httpx2.ConnectError):
    """Provably not one byte of the request went out."""


class OutboundTransport(httpx2.BaseTransport):
    """Each request has `timeout_s` from beginning to end, and at most `max_bytes` in its reply."""

    def __init__(self, http: OutboundClient, *, timeout_s: float, max_bytes: int) -> None:
        self._http = http
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """
        Raises:
            httpx2.TransportError: there is no complete reply; no text in it, for that might hold a key.
        """
        headers = {name: text for name, text in request.headers.items() if name.lower() not in _OURS_TO_SAY}
        try:
            reply = self._http.send(
                request.method,
                str(request.url),
                deadline=Deadline.after(self._timeout_s),
                max_bytes=self._max_bytes,
                headers=headers,
                data=request.read(),
            )
        except TimedOut:
            raise httpx2.ReadTimeout("deadline") from None
        except OutboundError as failure:
            kind = httpx2.ReadError if failure.request_sent else NotSent
            raise kind(type(failure).__name__) from None
        kept = {name: text for name, text in reply.headers.items() if name.lower() not in _OF_THE_WIRE}
        return httpx2.Response(reply.status, headers=kept, content=reply.content)


def httpx_client(http: OutboundClient, *, timeout_s: float, max_bytes: int) -> httpx2.Client:
    """Nothing is taken from the environment, and no redirect is followed."""
    return httpx2.Client(
        transport=OutboundTransport(http, timeout_s=timeout_s, max_bytes=max_bytes),
        trust_env=False,
        follow_redirects=False,
    )
