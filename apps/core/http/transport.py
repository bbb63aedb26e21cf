"""requests' transport with every connection under the current call's watch."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.retry import Retry

from apps.core.http.watchdog import WATCHDOG, Watch

_CONNECT_TIMEOUT_S = 5.0


class _Current(threading.local):
    watch: Watch | None = None


_current = _Current()


@contextlib.contextmanager
def under_watch(watch: Watch) -> Iterator[None]:
    """What this thread sends inside the block is cut off when `watch` runs out."""
    WATCHDOG.add(watch)
    _current.watch = watch
    try:
        yield
    finally:
        _current.watch = None
        watch.close()


class _WatchedMixin(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        watch = _current.watch
        seconds = float(self.timeout or _CONNECT_TIMEOUT_S)
        if watch is not None:
            seconds = min(seconds, watch.remaining_s())
        connection = self._connect_within(seconds)
        if watch is not None:
            watch.attach(connection)
        return connection

    def _connect_within(self, seconds: float) -> socket.socket:
        """All addresses of the name share the seconds; the library gives them to each anew."""
        try:
            addresses = socket.getaddrinfo(self._dns_host, self.port, 0, socket.SOCK_STREAM)
        except socket.gaierror as exc:
            raise NameResolutionError(self.host, self, exc) from exc
        failure: OSError = OSError("no address")
        for left, (family, kind, protocol, _, address) in zip(
            range(len(addresses), 0, -1), addresses, strict=True
        ):
            connection = socket.socket(family, kind, protocol)
            try:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.settimeout(max(seconds / left, 0.001))
                connection.connect(address)
            except OSError as exc:
                connection.close()
                failure = exc
                if isinstance(exc, TimeoutError):
                    seconds -= seconds / left
            else:
                return connection
        if isinstance(failure, TimeoutError):
            raise ConnectTimeoutError(self, "connect timeout") from failure
        raise NewConnectionError(self, "connect failed") from failure

    def putrequest(self, *args: Any, **kwargs: Any) -> None:
        # A connection kept alive was attached to an earlier call's watch, which let go of it.
        if _current.watch is not None and self.sock is not None:
            _current.watch.attach(self.sock)
        super().putrequest(*args, **kwargs)

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        if _current.watch is not None:
            if _current.watch.ran_out:
                raise TimeoutError("deadline")
            _current.watch.request_sent = True
        super().send(data)


class _WatchedHTTP(_WatchedMixin):
    pass


class _WatchedHTTPS(_WatchedMixin, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHTTPS


class WatchedAdapter(HTTPAdapter):
    """Retries nothing: the library's own retry writes the address into the log."""

    def __init__(self) -> None:
        super().__init__(pool_connections=4, pool_maxsize=1, max_retries=Retry(0, read=False))

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        # Even told not to follow, the library prepares to, and reads the whole body for that.
        return None


def new_session(ca_bundle: str | None = None) -> requests.Session:
    """No proxies or passwords from the environment, no cookies kept from one user's call to the next."""
    session = _Session()
    session.trust_env = False
    session.verify = ca_bundle or True
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, WatchedAdapter())
    return session
