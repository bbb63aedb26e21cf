"""The one way a request takes, whichever service it is for: read, record, answer, wait, deliver."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import web

from provider_sandbox.delivery import deliver
from provider_sandbox.faults import Disturbance, Fault, FaultPlan
from provider_sandbox.outcomes import Forced
from provider_sandbox.traffic import Gate, RequestLog, Seen, Traffic
from provider_sandbox.wire import HTML_TYPE, JSON_TYPE, TEXT_TYPE, Refused, Reply

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
KEY_HEADERS = frozenset({"api-key", "authorization", "cookie"})
KEYS_IN_QUERY = frozenset({"api-key", "token"})
# Operations other than identify that have a counter of their own.
COUNTERS = {"get": "identify_gets", "delete": "deletes", "usage_info": "usage_info"}
HTML_PAGE = (
    "<!DOCTYPE html><html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>"
)
JUNK_JSON = '{"result": {"classification": {"suggestions": [{"id": '


@dataclass(frozen=True, slots=True)
class Call:
    """A request that has been read to its end."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    places: Mapping[str, str]  # the variable parts of the path
    body: bytes
    base_url: str
    seen: Seen
    forced: Forced | None


class Service(Protocol):
    name: str
    identify_status: int

    def refuse(self, status: int, message: str | None = None) -> Reply:
        """The service's own words for an error status."""

    def read_pictures(self, call: Call) -> None:
        """Fill `call.seen` from the body. Raises Refused."""

    def settle_replaced(self, status: int) -> None:
        """Charge what the service charges for a reply that a fault put in place of its own."""


Answer = Callable[[Call], Reply]


@dataclass
class Desk:
    """Everything the control API can touch of one service."""

    name: str
    latency_s: float = 0.0
    public_url: str | None = None
    traffic: Traffic = field(default_factory=Traffic)
    faults: FaultPlan = field(default_factory=FaultPlan)
    requests: RequestLog = field(default_factory=RequestLog)
    gate: Gate = field(default_factory=Gate)

    def reset(self) -> None:
        self.faults.clear()
        self.requests.clear()
        self.gate.open()
        self.traffic.reset()


def endpoint(*, desk: Desk, service: Service, operation: str, answer: Answer) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        if operation != "identify":
            if operation in COUNTERS:
                desk.traffic.count(COUNTERS[operation])
            response, _ = await _serve(request, desk, service, operation, answer)
            return response
        with desk.traffic.identifying() as visit:
            response, visit.succeeded = await _serve(request, desk, service, operation, answer)
            return response

    return handle


async def _serve(
    request: web.Request, desk: Desk, service: Service, operation: str, answer: Answer
) -> tuple[web.StreamResponse, bool]:
    disturbance = desk.faults.take(operation=operation, path=request.path)
    delay_s = disturbance.delay_s + (desk.latency_s if operation == "identify" else 0.0)
    seen = _start_record(request)
    if operation == "identify":
        desk.requests.add(seen)
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        reply = service.refuse(413)
        await asyncio.sleep(delay_s)
    else:
        ready_at = asyncio.get_running_loop().time() + delay_s
        seen.body_bytes = len(body)
        call = _make_call(request, desk, body, seen, disturbance)
        try:
            # A service thinks on processors of its own, and within its time. This one would take ours just
            # when many photos are sent at once, so it thinks when half of its time is over.
            await asyncio.sleep(delay_s / 2)
        finally:  # who hangs up meanwhile is charged all the same
            reply = _decide(call, service, operation, answer, disturbance.replacement)
            desk.requests.drop_old_pictures()
        await asyncio.sleep(ready_at - asyncio.get_running_loop().time())
    if operation == "identify":
        await desk.gate.pass_through()
    return await deliver(request, reply, disturbance)


def _start_record(request: web.Request) -> Seen:
    return Seen(
        path=request.path,
        headers=[(name, text) for name, text in request.headers.items() if name.lower() not in KEY_HEADERS],
        query=[(name, text) for name, text in request.query.items() if name not in KEYS_IN_QUERY],
        key_present=any(request.headers.get(name) for name in KEY_HEADERS - {"cookie"})
        or any(request.query.get(name) for name in KEYS_IN_QUERY),
    )


def _make_call(request: web.Request, desk: Desk, body: bytes, seen: Seen, disturbance: Disturbance) -> Call:
    return Call(
        path=request.path,
        query=request.query,
        headers=request.headers,
        places=request.match_info,
        body=body,
        base_url=desk.public_url or str(request.url.origin()),
        seen=seen,
        forced=disturbance.forced,
    )


def _decide(call: Call, service: Service, operation: str, answer: Answer, replacement: Fault | None) -> Reply:
    if replacement is None:
        try:
            return answer(call)
        except Refused as refusal:
            return service.refuse(refusal.status, refusal.message)
    reply = make_replacement(replacement, service)
    if operation == "identify":
        with suppress(Refused):
            service.read_pictures(call)
        if replacement.kind != "drop":
            service.settle_replaced(reply.status)
    return reply


def make_replacement(fault: Fault, service: Service) -> Reply:
    recipe = fault.recipe
    status = recipe.status or service.identify_status
    if fault.kind == "oversized":
        frame = b'{"padding": "', b'"}'
        filling = b"x" * max(0, recipe.size_bytes - len(frame[0]) - len(frame[1]))
        return Reply(status, frame[0] + filling + frame[1])
    if fault.kind == "status" and recipe.body is None:
        usual = service.refuse(status)
        return Reply(status, usual.body, usual.content_type, {**usual.headers, **recipe.headers})
    content_type, usual_text = {
        "plain_text": (TEXT_TYPE, "upstream connect error or disconnect/reset before headers"),
        "html": (HTML_TYPE, HTML_PAGE),
        "junk_json": (JSON_TYPE, JUNK_JSON),
    }.get(fault.kind, (TEXT_TYPE, ""))
    text = usual_text if recipe.body is None else recipe.body
    return Reply(status, text.encode(), content_type, recipe.headers)
