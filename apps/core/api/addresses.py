"""Where a request comes from, as far as our own proxies vouch for it."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request

UNKNOWN_ADDRESS = "unknown"
IPV6_PREFIX = 64  # one customer has at least this much; counting single addresses would count nothing


def client_address(request: HttpRequest | Request) -> str:
    """The address our outermost proxy saw; an IPv6 address as its /64.

    Each trusted proxy appends the address it was called from to `X-Forwarded-For`. Whatever stands
    before those entries was written by the caller and proves nothing.
    """
    peer: str = request.META.get("REMOTE_ADDR") or ""
    proxies: int = settings.TRUSTED_PROXY_COUNT
    if proxies > 0:
        hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
        if hops:
            peer = hops[-min(proxies, len(hops))]
    return _network(peer)


def _network(text: str) -> str:
    try:
        address = ipaddress.ip_address(_without_port(text))
    except ValueError:
        return UNKNOWN_ADDRESS
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return str(ipaddress.ip_network((int(address), IPV6_PREFIX), strict=False))
        return str(address.ipv4_mapped)
    return str(address)


def _without_port(text: str) -> str:
    if text.startswith("["):  # [2001:db8::1]:443
        return text[1:].partition("]")[0]
    host, colon, _ = text.partition(":")
    is_ipv4_with_port = colon and "." in host and text.count(":") == 1
    return host if is_ipv4_with_port else text.partition("%")[0]
