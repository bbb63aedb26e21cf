"""What a browser says that our content security policy has stopped: as much of it as may be kept.

Addresses of pages hold ids, keys and searches. A page is kept as the pattern that leads to it, without query
and fragment; an address that was stopped is kept as its origin. The rest of a report is thrown away.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.urls import Resolver404, resolve

REPORTS_MAX = 20
PAGE_MAX_CHARS, BLOCKED_MAX_CHARS = 200, 120
NOWHERE, OTHER = "(nowhere)", "other"

DIRECTIVES = frozenset(
    {
        *("default-src", "child-src", "connect-src", "font-src", "frame-src", "img-src", "manifest-src"),
        *("media-src", "object-src", "prefetch-src", "worker-src", "base-uri", "form-action"),
        *(
            "script-src",
            "script-src-elem",
            "script-src-attr",
            "style-src",
            "style-src-elem",
            "style-src-attr",
        ),
        *("frame-ancestors", "sandbox", "trusted-types", "require-trusted-types-for"),
    }
)
# What browsers write in the place of an address.
_KEYWORDS = frozenset({"inline", "eval", "wasm-eval", "self", "data", "blob", "filesystem", "about"})
_WEB_SCHEMES = frozenset({"http", "https", "ws", "wss"})
_SCHEME = re.compile(r"[a-z][a-z0-9+-]{0,30}")
_HOST = re.compile(r"[a-z0-9._:\[\]-]{1,100}")
_PAGE_OF_EDITORS = "wagtail_serve"


@dataclass(frozen=True, slots=True)
class Violation:
    directive: str
    blocked: str
    page: str


def read_reports(document: Any, *, own_host: str, other_origins: Iterable[str] = ()) -> Iterator[Violation]:
    """From either form: `{"csp-report": …}`, or a list of the Reporting API's reports.

    Pages of strangers, reports about something else and what is no report at all are left out.
    """
    others = frozenset(other_origins)
    for report in _bodies(document):
        violation = _violation(report, own_host.lower(), others)
        if violation is not None:
            yield violation


def _bodies(document: Any) -> Iterator[Mapping[str, Any]]:
    reports = document if isinstance(document, list) else [document]
    for report in reports[:REPORTS_MAX]:
        if not isinstance(report, Mapping):
            continue
        is_old_form = "csp-report" in report
        body = report["csp-report"] if is_old_form else report.get("body")
        if isinstance(body, Mapping) and (is_old_form or report.get("type") == "csp-violation"):
            yield body


def _violation(body: Mapping[str, Any], own_host: str, others: frozenset[str]) -> Violation | None:
    document = _split(_text(body, "document-uri", "documentURL"))
    if document is None or document.scheme not in _WEB_SCHEMES:
        return None
    origin = _origin(document)
    if document.netloc.rpartition("@")[2].lower() == own_host:
        page = _page(document.path)
    elif origin in others:
        page = origin
    else:
        return None
    return Violation(
        directive=_directive(_text(body, "effective-directive", "effectiveDirective", "violated-directive")),
        blocked=_blocked(_text(body, "blocked-uri", "blockedURL"), own_host),
        page=page[:PAGE_MAX_CHARS],
    )


def _text(body: Mapping[str, Any], *names: str) -> str:
    values = (body.get(name) for name in names)
    return next((value for value in values if isinstance(value, str) and value), "")


def _directive(text: str) -> str:
    name = text.partition(" ")[0].lower()
    return name if name in DIRECTIVES else OTHER


def _blocked(address: str, own_host: str) -> str:
    if address in _KEYWORDS:
        return address
    parts = _split(address)
    if parts is None or not _SCHEME.fullmatch(parts.scheme):
        return OTHER
    if parts.scheme not in _WEB_SCHEMES:
        return f"{parts.scheme}:"
    return "self" if parts.netloc.lower() == own_host else _origin(parts)[:BLOCKED_MAX_CHARS]


def _origin(parts: SplitResult) -> str:
    host = parts.netloc.rpartition("@")[2].lower()  # whoever signs in by address is nobody's business
    return f"{parts.scheme}://{host}" if _HOST.fullmatch(host) else OTHER


def _page(path: str) -> str:
    """What editors publish is public and kept as it is; of everything else only the pattern."""
    try:
        match = resolve(path)
    except Resolver404:
        return NOWHERE
    return path if match.url_name == _PAGE_OF_EDITORS else f"/{match.route}"


def _split(address: str) -> SplitResult | None:
    try:
        return urlsplit(address)
    except ValueError:
        return None
