"""Plant.id v3: every route of its wire contract that the sandbox answers."""

import datetime as dt
import json
from collections.abc import Callable

from provider_sandbox.catalogue import Catalogue
from provider_sandbox.exchange import Call
from provider_sandbox.ledger import CreditMeter, utc_now
from provider_sandbox.outcomes import decide_outcome
from provider_sandbox.plant_id.knowledge_base import KnowledgeBase
from provider_sandbox.plant_id.orders import Order, read_order, read_view, wants_async
from provider_sandbox.plant_id.replies import is_ill, write_identification
from provider_sandbox.plant_id.store import Identification, IdentificationStore
from provider_sandbox.traffic import Traffic
from provider_sandbox.wire import Refused, Reply, json_reply, reason_for, text_reply

NO_KEY = "No api key provided."
UNKNOWN_KEY = "The specified api key not found."
INACTIVE_KEY = "The specified api key is not active."
NO_CREDITS = "The specified api key does not have sufficient number of available credits."
NO_IDENTIFICATION = "The requested identification does not exist."
NO_FEEDBACK = "Empty feedback provided."
USUAL_TEXTS = {401: UNKNOWN_KEY, 404: NO_IDENTIFICATION, 429: NO_CREDITS, 400: "Invalid image data"}
REFUSED_KEYS = {"invalid": UNKNOWN_KEY, "inactive": INACTIVE_KEY}
SERVER_TIME_S = 0.4  # what `completed - created` says, and how long an asynchronous identification takes
DETAIL_CREDITS = 0.5


class PlantIdService:
    name = "plant_id"
    identify_status = 201

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        meter: CreditMeter,
        traffic: Traffic,
        now: Callable[[], dt.datetime] = utc_now,
    ) -> None:
        self._catalogue = catalogue
        self._knowledge_base = KnowledgeBase(catalogue)
        self._traffic = traffic
        self._now = now
        self.credits = meter
        self.store = IdentificationStore()

    def reset(self) -> None:
        self.store.clear()
        self.credits.reset()

    def refuse(self, status: int, message: str | None = None) -> Reply:
        return text_reply(status, message or USUAL_TEXTS.get(status) or reason_for(status))

    def read_pictures(self, call: Call) -> None:
        read_order(call)

    def settle_replaced(self, status: int) -> None:
        """Nothing: credits are taken for identifications the service has made."""

    def identify(self, call: Call) -> Reply:
        return self._identify(call, health_only=False)

    def assess_health(self, call: Call) -> Reply:
        return self._identify(call, health_only=True)

    def get(self, call: Call) -> Reply:
        self._check_key(call)
        return self._show(self._find(call), call, status=200)

    def delete(self, call: Call) -> Reply:
        self._check_key(call)
        self.store.remove(self._find(call))
        return json_reply(200, {})

    def give_feedback(self, call: Call) -> Reply:
        self._check_key(call)
        identification = self._find(call)
        try:
            given = json.loads(call.body or b"{}")
        except ValueError:
            raise Refused(400, "Invalid json data") from None
        if not isinstance(given, dict):
            raise Refused(400, "Data have to be dict")
        feedback = {name: given[name] for name in ("rating", "comment") if given.get(name) is not None}
        if not feedback:
            raise Refused(400, NO_FEEDBACK)
        if not isinstance(feedback.get("rating", 0), int) or not isinstance(feedback.get("comment", ""), str):
            raise Refused(400, "rating has to be int and comment a string.")
        identification.feedback = {**(identification.feedback or {}), **feedback}
        return json_reply(200, {})

    def tell_usage(self, call: Call) -> Reply:
        """An exhausted key still gets 200 here."""
        self._check_key(call)
        limit, used, left = self.credits.month_limit, self.credits.used(), self.credits.remaining
        nothing = {"day": None, "week": None, "total": None}
        can_use = left > 0
        return json_reply(
            200,
            {
                "active": True,
                "credit_limits": {**nothing, "month": limit},
                "used": used,
                "can_use_credits": {"value": can_use, "reason": None if can_use else NO_CREDITS},
                "remaining": {**nothing, "month": left},
            },
        )

    def search_names(self, call: Call) -> Reply:
        self._check_key(call)
        return json_reply(200, self._knowledge_base.search(kind=call.places["kind"], query=call.query))

    def tell_details(self, call: Call) -> Reply:
        self._check_key(call)
        view = read_view(call.query)
        details = self._knowledge_base.describe(
            kind=call.places["kind"], token=call.places["token"], view=view, base_url=call.base_url
        )
        self._charge(DETAIL_CREDITS)
        return json_reply(200, details)

    def pong(self, _: Call) -> Reply:
        return text_reply(200, "pong")

    def not_found(self, _: Call) -> Reply:
        return self.refuse(404, "API endpoint not found.")

    def _identify(self, call: Call, *, health_only: bool) -> Reply:
        self._check_key(call)
        read_view(call.query)  # a bad query is refused before anything is charged
        asynchronous = wants_async(call.query)
        order = read_order(call, health_only=health_only)
        identification = self._make(order, call, asynchronous=asynchronous)
        self._charge(2.0 if identification.has_health and order.health != "only" else 1.0)
        self.store.add(identification)
        return self._show(identification, call, status=201)

    def _make(self, order: Order, call: Call, *, asynchronous: bool) -> Identification:
        """Several photos are of one plant: the first decides."""
        outcome = decide_outcome(
            digest=order.pictures[0].digest, catalogue=self._catalogue, forced=call.forced
        )
        now, server_time = self._now(), dt.timedelta(seconds=SERVER_TIME_S)
        return Identification(
            order=order.without_contents(),
            outcome=outcome,
            has_health=order.health in ("all", "only") or (order.health == "auto" and is_ill(outcome)),
            created=now if asynchronous else now - server_time,
            completed=now + server_time if asynchronous else now,
        )

    def _show(self, identification: Identification, call: Call, *, status: int) -> Reply:
        written = write_identification(
            identification,
            view=read_view(call.query),
            catalogue=self._catalogue,
            base_url=call.base_url,
            now=self._now(),
        )
        return json_reply(status, written)

    def _charge(self, amount: float) -> None:
        if self.credits.remaining < amount:
            raise Refused(429, NO_CREDITS)
        self.credits.spend(amount)
        self._traffic.count("charged", amount)

    def _find(self, call: Call) -> Identification:
        identification = self.store.find(call.places["token"])
        if identification is None:
            raise Refused(404, NO_IDENTIFICATION)
        return identification

    def _check_key(self, call: Call) -> None:
        key = call.headers.get("Api-Key", "").strip()
        if not key:
            raise Refused(401, NO_KEY)
        if key in REFUSED_KEYS:
            raise Refused(401, REFUSED_KEYS[key])
