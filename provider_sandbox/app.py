"""Puts the services, their pictures and the control API behind one web application."""

import html

from aiohttp import web

from provider_sandbox.catalogue import Catalogue, load_catalogue
from provider_sandbox.control import Control, guard_control
from provider_sandbox.exchange import Answer, Desk, endpoint
from provider_sandbox.google import GoogleSandbox
from provider_sandbox.language_model import LanguageModelService
from provider_sandbox.ledger import CreditMeter, DailyQuota
from provider_sandbox.pictures import SIZE_PX, SMALL_SIZE_PX, draw_leaf
from provider_sandbox.plant_id.service import PlantIdService
from provider_sandbox.plantnet.service import PlantNetService
from provider_sandbox.pwned_passwords import PwnedPasswordsService
from provider_sandbox.trefle.service import TrefleService
from provider_sandbox.wire import BODY_LIMIT_BYTES

PLANT_ID_PREFIX = "/plant_id"
PLANTNET_PREFIX = "/plantnet"
PWNED_PASSWORDS_PREFIX = "/pwned_passwords"
TREFLE_PREFIX = "/trefle"
LANGUAGE_MODEL_PREFIX = "/language_model"
SERVICES = ("plant_id", "plantnet", "pwned_passwords", "trefle", "language_model")
KINDS = "{kind:plants|diseases}"


def build_app(
    *, plant_id_credits: float, plantnet_daily: int, latency_s: float, public_url: str | None = None
) -> web.Application:
    catalogue = load_catalogue()
    desks = {name: Desk(name, latency_s, public_url) for name in SERVICES}
    plant_id = PlantIdService(
        catalogue=catalogue,
        meter=CreditMeter(month_limit=plant_id_credits),
        traffic=desks["plant_id"].traffic,
    )
    plantnet = PlantNetService(
        catalogue=catalogue, quota=DailyQuota(limit=plantnet_daily), traffic=desks["plantnet"].traffic
    )
    app = web.Application(client_max_size=BODY_LIMIT_BYTES, middlewares=[guard_control])
    google, trefle = GoogleSandbox(public_url), TrefleService(catalogue=catalogue)
    app.add_routes(Control(desks, plant_id, plantnet, trefle, google).routes())
    app.add_routes(google.routes())
    app.add_routes(_list_plant_id_routes(plant_id, desks["plant_id"]))
    app.add_routes(_list_plantnet_routes(plantnet, desks["plantnet"]))
    app.add_routes(_list_pwned_passwords_routes(desks["pwned_passwords"]))
    app.add_routes(_list_trefle_routes(trefle, desks["trefle"]))
    app.add_routes(_list_language_model_routes(desks["language_model"]))
    app.add_routes(_list_page_routes(catalogue))
    return app


def _list_plant_id_routes(service: PlantIdService, desk: Desk) -> list[web.RouteDef]:
    def route(method: str, path: str, operation: str, answer: Answer) -> web.RouteDef:
        handler = endpoint(desk=desk, service=service, operation=operation, answer=answer)
        return web.route(method, PLANT_ID_PREFIX + path, handler)

    return [
        route("POST", "/api/v3/identification", "identify", service.identify),
        route("POST", "/api/v3/health_assessment", "identify", service.assess_health),
        route("GET", "/api/v3/identification/{token}", "get", service.get),
        route("DELETE", "/api/v3/identification/{token}", "delete", service.delete),
        route("POST", "/api/v3/identification/{token}/feedback", "feedback", service.give_feedback),
        route("GET", "/api/v3/usage_info", "usage_info", service.tell_usage),
        route("GET", f"/api/v3/kb/{KINDS}/name_search", "other", service.search_names),
        route("GET", f"/api/v3/kb/{KINDS}/{{token}}", "other", service.tell_details),
        route("GET", "/ping", "other", service.pong),
        route("GET", "/api/v3/ping", "other", service.pong),
        route("*", "/{rest:.*}", "other", service.not_found),
    ]


def _list_plantnet_routes(service: PlantNetService, desk: Desk) -> list[web.RouteDef]:
    def route(method: str, path: str, operation: str, answer: Answer) -> web.RouteDef:
        handler = endpoint(desk=desk, service=service, operation=operation, answer=answer)
        return web.route(method, PLANTNET_PREFIX + path, handler)

    return [
        route("POST", "/v2/identify/{project}", "identify", service.identify),
        route("GET", "/v2/_status", "other", service.tell_status),
        route("GET", "/v2/languages", "other", service.list_languages),
        route("GET", "/v2/projects", "other", service.list_projects),
        route("GET", "/v2/projects/{project}/species", "other", service.list_species),
        route("GET", "/v2/quota", "usage_info", service.tell_quota),
        route("GET", "/v2/quota/daily", "usage_info", service.tell_daily_quota),
        route("GET", "/v2/quota/history", "usage_info", service.refuse_history),
        route("GET", "/v2/subscription", "usage_info", service.tell_subscription),
        route("*", "/{rest:.*}", "other", service.not_found),
    ]


def _list_pwned_passwords_routes(desk: Desk) -> list[web.RouteDef]:
    service = PwnedPasswordsService()

    def route(method: str, path: str, answer: Answer) -> web.RouteDef:
        handler = endpoint(desk=desk, service=service, operation="other", answer=answer)
        return web.route(method, PWNED_PASSWORDS_PREFIX + path, handler)

    return [
        route("GET", "/range/{prefix}", service.list_range),
        route("*", "/{rest:.*}", service.not_found),
    ]


def _list_trefle_routes(service: TrefleService, desk: Desk) -> list[web.RouteDef]:
    def route(path: str, answer: Answer) -> web.RouteDef:
        guarded = service.guarded(answer)
        handler = endpoint(desk=desk, service=service, operation="identify", answer=guarded)
        return web.get(f"{TREFLE_PREFIX}/api/v1{path}", handler)

    return [
        route("/species/search", service.search),
        route("/plants/search", service.search),
        route("/species", service.list_species),
        route("/species/{place}", service.tell_species),
        route("/plants/{place}", service.tell_plant),
        route("/{rest:.*}", service.not_found),
    ]


def _list_language_model_routes(desk: Desk) -> list[web.RouteDef]:
    service = LanguageModelService()

    def route(method: str, path: str, operation: str, answer: Answer) -> web.RouteDef:
        handler = endpoint(desk=desk, service=service, operation=operation, answer=answer)
        return web.route(method, LANGUAGE_MODEL_PREFIX + path, handler)

    return [
        route("POST", "/v1/chat/completions", "identify", service.complete),
        route("*", "/{rest:.*}", "other", service.not_found),
    ]


def _list_page_routes(catalogue: Catalogue) -> list[web.RouteDef]:
    async def show_picture(request: web.Request) -> web.Response:
        size_px = SMALL_SIZE_PX if request.match_info["small"] else SIZE_PX
        picture = draw_leaf(seed=request.match_info["seed"], size_px=size_px)
        return web.Response(body=picture, content_type="image/png")

    async def show_plant(request: web.Request) -> web.Response:
        plant = catalogue.find_by_slug(request.match_info["slug"])
        if plant is None:
            raise web.HTTPNotFound
        lines = (
            f"<h1>{html.escape(plant.scientific_name)} {html.escape(plant.authorship)}</h1>",
            f"<p>Family {html.escape(plant.family)}. GBIF {plant.gbif_id}.</p>",
            "<p>This page belongs to the provider sandbox.</p>",
        )
        return web.Response(text=f"<!DOCTYPE html>{''.join(lines)}", content_type="text/html")

    return [
        web.get(r"/media/{seed:[0-9a-f]{1,64}}{small:(\.small)?}.png", show_picture),
        web.get("/catalogue/{slug}", show_plant),
    ]
