"""Pl@ntNet v2: every route of its wire contract that the sandbox answers."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from email.utils import format_datetime
from typing import Any

from provider_sandbox.catalogue import Catalogue
from provider_sandbox.exchange import Call
from provider_sandbox.ledger import DailyQuota
from provider_sandbox.outcomes import Kind, decide_outcome
from provider_sandbox.plantnet.orders import LANGUAGES, read_order, read_photos
from provider_sandbox.plantnet.replies import OTHER_FLORA, WORLD_FLORA, write_identification, write_species
from provider_sandbox.ranking import rank_for_plantnet
from provider_sandbox.traffic import Traffic
from provider_sandbox.wire import Refused, Reply, json_reply, reason_for

FLORAS = {
    WORLD_FLORA: "World flora",
    OTHER_FLORA: "Useful plants",
    "weeds": "Weeds",
    "k-middle-europe": "Middle Europe",
}
NOT_A_PLANT = "Species not found"
NO_QUOTA = "You have reached your daily identification quota"
USUAL_MESSAGES = {
    400: '"images" is required',
    401: "Unauthorized",
    403: "Forbidden",
    404: NOT_A_PLANT,
    413: "Payload content length greater than maximum allowed: 52428800",
    415: "Unsupported file type for image[0]",
    429: NO_QUOTA,
    500: "An internal server error occurred",
}
FREE_OF_CHARGE = frozenset({401, 403, 429})
DAY_S = 86_400
DEFAULT_PAGE_SIZE = 100


class PlantNetService:
    name = "plantnet"
    identify_status = 200

    def __init__(self, *, catalogue: Catalogue, quota: DailyQuota, traffic: Traffic) -> None:
        self._catalogue = catalogue
        self._traffic = traffic
        self.quota = quota

    def reset(self) -> None:
        self.quota.reset()

    def refuse(self, status: int, message: str | None = None) -> Reply:
        body = {
            "statusCode": status,
            "error": reason_for(status),
            "message": message or USUAL_MESSAGES.get(status) or reason_for(status),
        }
        headers = self._limit_headers()
        if status == 429:
            headers["Retry-After"] = format_datetime(self.quota.next_reset, usegmt=True)
        reply = json_reply(status, body, headers)
        return replace(reply, says_not_a_plant=status == 404 and body["message"] == NOT_A_PLANT)

    def read_pictures(self, call: Call) -> None:
        read_photos(call)

    def settle_replaced(self, status: int) -> None:
        if status not in FREE_OF_CHARGE and self.quota.remaining:
            self._charge_one()

    def identify(self, call: Call) -> Reply:
        """Error replies cost one too, as on the free plan since February 2026."""
        self._check_key(call)
        if not self.quota.remaining:
            raise Refused(429, NO_QUOTA)
        self._charge_one()
        project = call.places["project"]
        order = read_order(call)
        if project != "all" and project not in FLORAS:
            raise Refused(404, "Project not found")
        outcome = decide_outcome(
            digest=order.pictures[0].digest, catalogue=self._catalogue, forced=call.forced
        )
        if outcome.kind is Kind.NOT_A_PLANT and not order.no_reject:
            raise Refused(404, NOT_A_PLANT)
        written = write_identification(
            outcome=outcome,
            ranked=rank_for_plantnet(outcome, self._catalogue, order.limit),
            order=order,
            project=project,
            base_url=call.base_url,
            remaining=self.quota.remaining,
        )
        return json_reply(200, written, self._limit_headers())

    def tell_status(self, _: Call) -> Reply:
        return json_reply(200, {"status": "ok"})

    def list_languages(self, call: Call) -> Reply:
        self._check_key(call)
        return json_reply(200, list(LANGUAGES))

    def list_projects(self, call: Call) -> Reply:
        self._check_key(call)
        count = len(self._catalogue.plants)
        projects = [
            {"id": name, "title": title, "description": f"Sandbox text: {title}", "speciesCount": count}
            for name, title in FLORAS.items()
        ]
        return json_reply(200, projects)

    def list_species(self, call: Call) -> Reply:
        self._check_key(call)
        if call.places["project"] not in FLORAS:
            raise Refused(404, "Project not found")
        prefix = call.query.get("prefix", "").lower()
        size = _whole(call.query, "pageSize", DEFAULT_PAGE_SIZE)
        start = (_whole(call.query, "page", 1) - 1) * size
        plants = [
            plant for plant in self._catalogue.plants if plant.scientific_name.lower().startswith(prefix)
        ]
        language = call.query.get("lang", "en")
        return json_reply(200, [write_species(plant, language) for plant in plants[start : start + size]])

    def tell_quota(self, call: Call) -> Reply:
        self._check_key(call)
        return json_reply(200, {"quota": {"identify": {"total": self.quota.limit}}})

    def tell_daily_quota(self, call: Call) -> Reply:
        self._check_key(call)
        try:
            day = dt.date.fromisoformat(call.query.get("day", self.quota.today.isoformat()))
        except ValueError:
            raise Refused(400, '"day" must be in ISO 8601 date format') from None
        count = self.quota.count(day)
        left = {"count": count, "total": self.quota.limit, "remaining": max(0, self.quota.limit - count)}
        return json_reply(200, {"day": day.isoformat(), "quota": {"identify": left}})

    def refuse_history(self, call: Call) -> Reply:
        self._check_key(call)
        raise Refused(403, "Forbidden")

    def tell_subscription(self, call: Call) -> Reply:
        self._check_key(call)
        return json_reply(200, _write_subscription(self.quota))

    def not_found(self, _: Call) -> Reply:
        return self.refuse(404, "Not Found")

    def _charge_one(self) -> None:
        self.quota.spend_one()
        self._traffic.count("charged")

    def _limit_headers(self) -> dict[str, str]:
        quota = self.quota
        return {
            "RateLimit-Policy": f'"dailyQuota";q={quota.limit};w={DAY_S};pk=:c2FuZGJveA==:',
            "RateLimit": f'"dailyQuota";r={quota.remaining};t={quota.seconds_to_reset}',
        }

    def _check_key(self, call: Call) -> None:
        key = call.query.get("api-key", "").strip()
        if not key or key == "invalid":
            raise Refused(401, "Unauthorized")
        if key == "forbidden":
            raise Refused(403, "Forbidden")


def _write_subscription(quota: DailyQuota) -> dict[str, Any]:
    start = format_datetime(dt.datetime(quota.today.year, 1, 1, tzinfo=dt.UTC), usegmt=True)
    return {
        "account": {
            "id": "sandbox",
            "username": "sandbox",
            "name": {"first": "Provider", "last": "Sandbox"},
            "created": start,
        },
        "contract": {
            "plan": "free",
            "status": "active",
            "firstSignatureDate": start,
            "latestSignatureDate": start,
            "nextSignatureDate": None,
            "indicativeYearlyQuota": None,
        },
        "history": [
            {
                "period": str(quota.today.year),
                "startDate": start,
                "endDate": None,
                "count": {"identify": quota.count(quota.today)},
                "aboveQuota": {"identify": 0},
            }
        ],
        "billing": {"nextDueDate": None, "estimatedAmount": 0},
        "security": {"exposeKey": False, "ips": [], "domains": []},
    }


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isdecimal() or len(text) > 6 or int(text) < 1:
        raise Refused(400, f'"{name}" must be a positive number')
    return int(text)
