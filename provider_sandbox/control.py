"""`/_control/`: faults, quota, counters and what was received. For tests on the same machine only."""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from provider_sandbox.exchange import Desk
from provider_sandbox.faults import BadFault, read_fault
from provider_sandbox.google import GoogleSandbox
from provider_sandbox.plant_id.service import PlantIdService
from provider_sandbox.plantnet.service import PlantNetService
from provider_sandbox.traffic import Counters, counters_as_dict
from provider_sandbox.trefle.service import TrefleService

MAX_WAIT_S = 120.0
IDENTIFIERS = ("plant_id", "plantnet")
MAX_ORDER_BYTES = 1024 * 1024


class BadOrder(ValueError):
    """The control API cannot make sense of a request; the text says why."""


@dataclass
class Control:
    desks: Mapping[str, Desk]
    plant_id: PlantIdService
    plantnet: PlantNetService
    trefle: TrefleService
    google: GoogleSandbox

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/_control/faults", self.set_fault),
            web.delete("/_control/faults", self.clear_faults),
            web.post("/_control/quota", self.set_quota),
            web.post("/_control/reset", self.reset),
            web.get("/_control/counters", self.tell_counters),
            web.get("/_control/last", self.tell_last),
            web.get("/_control/requests", self.list_requests),
            web.get("/_control/wait", self.wait),
            web.post("/_control/google", self.order_google),
            web.get("/_control/google", self.count_google),
            web.post("/_control/hold", self.hold),
            web.post("/_control/release", self.release),
        ]

    async def set_fault(self, request: web.Request) -> web.Response:
        order = await _read_json(request)
        for desk in self._choose_desks(order.get("provider", "both")):
            desk.faults.add(read_fault(order))  # one of its own for each, so that `calls` counts per provider
        return web.json_response({"set": order})

    async def clear_faults(self, _: web.Request) -> web.Response:
        for desk in self.desks.values():
            desk.faults.clear()
        return web.json_response({"cleared": True})

    async def set_quota(self, request: web.Request) -> web.Response:
        order = await _read_json(request)
        unknown = set(order) - {"plant_id_credits", "plantnet_remaining", "trefle_per_minute"}
        if unknown or not order:
            raise BadOrder("give plant_id_credits, plantnet_remaining, trefle_per_minute or several of them")
        credit_count, requests = order.get("plant_id_credits"), order.get("plantnet_remaining")
        if credit_count is not None:
            self.plant_id.credits.set_remaining(_amount(credit_count))
        if requests is not None:
            self.plantnet.quota.set_remaining(int(_amount(requests)))
        if (per_minute := order.get("trefle_per_minute")) is not None:
            self.trefle.minute.limit = int(_amount(per_minute))
        return web.json_response(
            {
                "plant_id_credits": self.plant_id.credits.remaining,
                "plantnet_remaining": self.plantnet.quota.remaining,
            }
        )

    async def reset(self, _: web.Request) -> web.Response:
        for desk in self.desks.values():
            desk.reset()
        self.plant_id.reset()
        self.plantnet.reset()
        self.trefle.reset()
        self.google.reset()
        return web.json_response({"reset": True})

    async def tell_counters(self, request: web.Request) -> web.Response:
        wanted = self._choose_desks(request.query.get("provider", "both"))
        return web.json_response({desk.name: counters_as_dict(desk.traffic.counters) for desk in wanted})

    async def tell_last(self, request: web.Request) -> web.Response:
        desk = self._choose_desk(request.query.get("provider"))
        try:
            index = int(request.query.get("index", "-1"))
        except ValueError:
            raise BadOrder("index must be a whole number") from None
        seen = desk.requests.get(index)
        if seen is None:
            return web.json_response({"error": "no such request"}, status=404)
        return web.json_response(seen)

    async def list_requests(self, request: web.Request) -> web.Response:
        desk = self._choose_desk(request.query.get("provider"))
        return web.json_response(desk.requests.list_summaries())

    async def wait(self, request: web.Request) -> web.Response:
        """Answer as soon as a counter has got there, or when the time is over."""
        query = request.query
        desk = self._choose_desk(query.get("provider"))
        name = query.get("field", "in_flight")
        if name not in counters_as_dict(Counters()):
            raise BadOrder(f"field must be one of {', '.join(counters_as_dict(Counters()))}")
        try:
            at_least = float(query.get("at_least", "-inf"))
            at_most = float(query.get("at_most", "inf"))
            timeout_s = min(float(query.get("timeout_s", "10")), MAX_WAIT_S)
        except ValueError:
            raise BadOrder("at_least, at_most and timeout_s must be numbers") from None
        reached = await desk.traffic.wait_until(
            lambda counters: at_least <= getattr(counters, name) <= at_most, timeout_s=timeout_s
        )
        counters = counters_as_dict(desk.traffic.counters)
        return web.json_response({"reached": reached, "counters": counters})

    async def order_google(self, request: web.Request) -> web.Response:
        order = await _read_json(request)
        self.google.order(order)
        return web.json_response({"set": order})

    async def count_google(self, _: web.Request) -> web.Response:
        return web.json_response(self.google.counters)

    async def hold(self, request: web.Request) -> web.Response:
        for desk in self._choose_desks((await _read_json(request)).get("provider", "both")):
            desk.gate.close()
        return web.json_response({"held": True})

    async def release(self, request: web.Request) -> web.Response:
        for desk in self._choose_desks((await _read_json(request)).get("provider", "both")):
            desk.gate.open()
        return web.json_response({"held": False})

    def _choose_desks(self, name: object) -> list[Desk]:
        if name == "both":
            return [self.desks[name] for name in IDENTIFIERS]
        return [self._choose_desk(name)]

    def _choose_desk(self, name: object) -> Desk:
        if not isinstance(name, str) or name not in self.desks:
            raise BadOrder(f"provider must be one of {', '.join(self.desks)}")
        return self.desks[name]


@web.middleware
async def guard_control(request: web.Request, handler: Any) -> web.StreamResponse:
    """Only this machine may use the control API, and a bad order is told as JSON."""
    if not request.path.startswith("/_control/"):
        answered: web.StreamResponse = await handler(request)
        return answered
    if not _is_loopback(request.remote):
        return web.json_response({"error": "the control API answers this machine only"}, status=403)
    try:
        answered = await handler(request)
    except (BadOrder, BadFault) as problem:
        return web.json_response({"error": str(problem)}, status=400)
    return answered


def _is_loopback(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


async def _read_json(request: web.Request) -> dict[str, Any]:
    body = await request.content.read(MAX_ORDER_BYTES) if request.can_read_body else b""
    try:
        order = json.loads(body or b"{}")
    except ValueError:
        raise BadOrder("the body is not JSON") from None
    if not isinstance(order, dict):
        raise BadOrder("the body must be a JSON object")
    return order


def _amount(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1_000_000:
        raise BadOrder("an amount must be a number from 0 to 1,000,000")
    return float(value)
