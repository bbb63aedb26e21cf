"""Each situation a client may get into, as steps that lead there; `docs/api/examples/` has the answers."""

import io
from datetime import date

import pyotp
from PIL import Image

from apps.blog.models import CommentState, PostComment
from apps.blog.tests.factories import add_root_post
from apps.core.redis import get_redis
from apps.plant_identification import constants
from apps.plant_identification.models import (
    Experiment,
    ExperimentGroup,
    FactSource,
    PhotoFingerprint,
    ToxicityStatement,
)
from apps.plant_identification.services.experiments import assign, start_experiment
from apps.plant_identification.services.registry import registry
from apps.plant_identification.tests.conftest import make_photo
from apps.plant_identification.tests.factories import SpeciesFactory
from apps.users.services.api_keys import create_api_key
from apps.users.services.exports import make_due_exports
from apps.users.services.second_factor import confirm_app, offer_app
from apps.users.tests.factories import PASSWORD, UserFactory

AGREE = {"outcome": "agree", "species": "Mangifera indica", "confidence": 0.97}
V1 = "/api/v1/plant-identification"
HEALTH = f"{V1}/identify/health/"
API_KEYS = "/api/v1/auth/api-keys/"
COLLECTIONS = "/api/v1/users/collections/"
AUTH = "/api/v1/auth/"
ME = "/api/v1/auth/me/"


def complete(sandbox, identify, client, settings):
    sandbox.fault("both", "outcome", AGREE)
    return identify(make_photo(1))


def cached(sandbox, identify, client, settings):
    complete(sandbox, identify, client, settings)
    return identify(make_photo(1))


def near_duplicate(sandbox, identify, client, settings):
    complete(sandbox, identify, client, settings)
    with Image.open(io.BytesIO(make_photo(1))) as photo:
        copy = io.BytesIO()
        photo.save(copy, "WEBP", quality=80)
    return identify(copy.getvalue())


def ill(sandbox, identify, client, settings):
    sandbox.fault("both", "outcome", {"outcome": "ill", "species": "Monstera deliciosa"})
    return identify(make_photo(1))


def poisonous(sandbox, identify, client, settings):
    """With the encyclopedia's own words about it, as the catalogue has them."""
    sandbox.fault("both", "outcome", {**AGREE, "species": "Dieffenbachia seguine"})
    source, _ = FactSource.objects.get_or_create(
        key="bertero_2020",
        defaults={
            "title": "Bertero 2020, Front. Vet. Sci. 7:487, in the summary of RSPCA Science Update",
            "kind": "dataset",
            "url": "https://doi.org/10.3389/fvets.2020.00487",
            "licence": "CC BY 4.0 (journal)",
        },
    )
    species = SpeciesFactory(canonical_name="Dieffenbachia seguine", from_sandbox=True)
    effects = (
        "calcium oxalate: drooling, difficulty swallowing, vomiting, diarrhoea, eye and breathing problems"
    )
    for target in ("cat", "dog"):
        ToxicityStatement.objects.create(
            species=species,
            target=target,
            effects=effects,
            source=source,
            stated_on=date(2026, 11, 21),
            dataset_version="2026-11-21",
        )
    return identify(make_photo(1))


def experiment_report(sandbox, identify, client, settings):
    staff = UserFactory(is_staff=True)
    draft = Experiment.objects.create(name="How much does agreement say?", variant_a_rule="quarter")
    start_experiment(experiment_id=draft.pk, actor=staff, reason="")
    people = iter(UserFactory, None)  # a shape that is the same each time wants somebody of one group
    client.force_authenticate(next(one for one in people if assign(one).group == ExperimentGroup.CONTROL))
    answer = complete(sandbox, identify, client, settings)
    client.put(answer.json()["links"]["feedback"], {"verdict": "right"})
    client.force_authenticate(staff)
    return client.get(f"{V1}/experiments/{draft.pk}/report/")


def model_report(sandbox, identify, client, settings):
    complete(sandbox, identify, client, settings)
    client.force_authenticate(UserFactory(is_staff=True))
    return client.get(f"{V1}/models/report/")


def not_a_plant(sandbox, identify, client, settings):
    sandbox.fault("both", "not_a_plant")
    return identify(make_photo(1))


def partial_provider_failed(sandbox, identify, client, settings):
    sandbox.fault("both", "outcome", AGREE)
    sandbox.fault("plantnet", "status", 500)
    return identify(make_photo(1))


def partial_circuit_open(sandbox, identify, client, settings):
    sandbox.fault("both", "outcome", AGREE)
    registry().get("plant_id").call.circuit.force_open()
    return identify(make_photo(1))


def partial_quota_exhausted(sandbox, identify, client, settings):
    sandbox.fault("both", "outcome", AGREE)
    settings.PLANT_ID_MONTHLY_QUOTA = 0
    return identify(make_photo(1))


def stale(sandbox, identify, client, settings):
    complete(sandbox, identify, client, settings)
    PhotoFingerprint.objects.all().delete()  # as after a day
    get_redis().flushdb()
    for provider in registry().providers:
        provider.call.circuit.force_open()
    return identify(make_photo(1))


def queued(sandbox, identify, client, settings):
    sandbox.fault("both", "status", 503)
    return identify(make_photo(1), headers={"Prefer": "respond-async"})


def queued_record(sandbox, identify, client, settings):
    return client.get(queued(sandbox, identify, client, settings).json()["links"]["self"])


def provider_unavailable(sandbox, identify, client, settings):
    sandbox.fault("both", "status", 503)
    return identify(make_photo(1))


def image_missing(sandbox, identify, client, settings):
    return identify(language="en")


def image_type_unsupported(sandbox, identify, client, settings):
    return identify(b"%PDF-1.7 no photo")


def image_too_large(sandbox, identify, client, settings):
    return identify(make_photo(1) + bytes(11_000_000))


def image_unreadable(sandbox, identify, client, settings):
    return identify(make_photo(1)[:2_000])


def invalid_option(sandbox, identify, client, settings):
    return identify(make_photo(1), latitude="91", longitude="0")


def not_authenticated(sandbox, identify, client, settings):
    settings.DEBUG = False
    return client.post(f"{V1}/identify/", {}, format="multipart")


def throttled(sandbox, identify, client, settings):
    settings.IDENTIFY_RATE_ANONYMOUS = 0
    return identify(make_photo(1))


def health(sandbox, identify, client, settings):
    return client.get(HEALTH)


# --- What one owns ------------------------------------------------------------------------------------------
def own(sandbox, identify, client, settings):
    """An identification of somebody who is signed in."""
    client.force_authenticate(UserFactory())
    return complete(sandbox, identify, client, settings).json()


def request_list(sandbox, identify, client, settings):
    own(sandbox, identify, client, settings)
    identify(make_photo(2))
    return client.get(f"{V1}/requests/?page_size=1")


def history(sandbox, identify, client, settings):
    own(sandbox, identify, client, settings)
    identify(make_photo(2))
    return client.get(f"{V1}/history/?page_size=1")


def request_deleted(sandbox, identify, client, settings):
    mine = own(sandbox, identify, client, settings)["links"]["self"]
    assert client.delete(mine).status_code == 204
    return client.get(mine)


def request_restored(sandbox, identify, client, settings):
    mine = own(sandbox, identify, client, settings)["links"]["self"]
    client.delete(mine)
    return client.post(f"{mine}restore/")


def feedback(sandbox, identify, client, settings):
    said = {"verdict": "other", "scientific_name": "Ficus lyrata", "comment": "It stands in my room."}
    return client.put(own(sandbox, identify, client, settings)["links"]["feedback"], said)


def feedback_while_queued(sandbox, identify, client, settings):
    client.force_authenticate(UserFactory())
    mine = queued(sandbox, identify, client, settings).json()["links"]["self"]
    return client.put(f"{mine}feedback/", {"verdict": "right"})


def photos(sandbox, identify, client, settings):
    return client.get(own(sandbox, identify, client, settings)["links"]["photo"])


def plant_created(sandbox, identify, client, settings):
    record = own(sandbox, identify, client, settings)["id"]
    return client.post(f"{V1}/plants/", {"identification": record, "nickname": "Window mango"})


def plant_list(sandbox, identify, client, settings):
    plant_created(sandbox, identify, client, settings)
    return client.get(f"{V1}/plants/")


def plant_restored(sandbox, identify, client, settings):
    mine = plant_created(sandbox, identify, client, settings).json()["links"]["self"]
    client.delete(mine)
    return client.post(f"{mine}restore/")


def collection_created(sandbox, identify, client, settings):
    client.force_authenticate(UserFactory())
    return client.post(COLLECTIONS, {"name": "Living room"})


def collection_list(sandbox, identify, client, settings):
    collection_created(sandbox, identify, client, settings)
    return client.get(COLLECTIONS)


def collection_name_taken(sandbox, identify, client, settings):
    collection_created(sandbox, identify, client, settings)
    return client.post(COLLECTIONS, {"name": "LIVING ROOM"})


def limit_reached(sandbox, identify, client, settings):
    client.force_authenticate(UserFactory())
    for number in range(constants.COLLECTIONS_MAX):
        client.post(COLLECTIONS, {"name": f"Bed {number}"})
    return client.post(COLLECTIONS, {"name": "One bed more"})


def quota(sandbox, identify, client, settings):
    settings.REFUSED_UPLOAD_RATE = 60
    own(sandbox, identify, client, settings)
    return client.get(f"{V1}/quota/")


def idempotency_key_reused(sandbox, identify, client, settings):
    client.force_authenticate(UserFactory())
    key = {"Idempotency-Key": "6f1d0c1e-7c1f-4c1e-9a1e-3d3f7d4c5b6a"}
    client.post(COLLECTIONS, {"name": "Balcony"}, headers=key)
    return client.post(COLLECTIONS, {"name": "Terrace"}, headers=key)


def already_done(sandbox, identify, client, settings):
    client.force_authenticate(UserFactory())
    key = {"Idempotency-Key": "6f1d0c1e-7c1f-4c1e-9a1e-3d3f7d4c5b6a"}
    made = client.post(COLLECTIONS, {"name": "Balcony"}, headers=key)
    client.delete(made.json()["links"]["self"])
    return client.post(COLLECTIONS, {"name": "Balcony"}, headers=key)


# --- The blog's readers -------------------------------------------------------------------------------------
def comment_waiting(sandbox, identify, client, settings):
    client.force_authenticate(UserFactory(username="rosa"))
    post = add_root_post()
    return client.post(f"/api/v1/blog/posts/{post.pk}/comments/", {"text": "Mine flowers in March."})


def conversation(sandbox, identify, client, settings):
    asked = comment_waiting(sandbox, identify, client, settings).json()
    PostComment.objects.update(state=CommentState.PUBLISHED)
    client.force_authenticate(UserFactory(username="bela"))
    address = f"/api/v1/blog/posts/{asked['post']}/comments/"
    client.post(address, {"text": "So does mine, by the window.", "parent": asked["id"]})
    PostComment.objects.update(state=CommentState.PUBLISHED)
    client.force_authenticate(None)
    return client.get(address)


# --- Signing in ---------------------------------------------------------------------------------------------
def second_factor_required(sandbox, identify, client, settings):
    gardener = UserFactory()
    app = pyotp.TOTP(offer_app(user=gardener).secret)
    confirm_app(user=gardener, code=app.now())
    return client.post(f"{AUTH}token/", {"login": gardener.email, "password": PASSWORD})


def second_factor_offered(sandbox, identify, client, settings):
    client.force_authenticate(UserFactory())
    return client.post(f"{AUTH}mfa/totp/", {"password": PASSWORD})


def password_refused(sandbox, identify, client, settings):
    client.force_authenticate(UserFactory())
    settings.BREACHED_PASSWORDS_URL = sandbox.pwned_passwords_url
    body = {"current_password": PASSWORD, "new_password": "sandbox-breached-password"}
    return client.post(f"{AUTH}password/change/", body)


def session_list(sandbox, identify, client, settings):
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    sign_in = {"login": UserFactory().email, "password": PASSWORD}
    tokens = client.post(f"{AUTH}token/", sign_in, headers={"User-Agent": firefox}).json()
    return client.get(f"{AUTH}sessions/", headers={"Authorization": f"Bearer {tokens['access']}"})


# --- The account --------------------------------------------------------------------------------------------
def account_closed(sandbox, identify, client, settings):
    client.force_authenticate(UserFactory())
    return client.delete(ME, {"password": PASSWORD})


def export_ready(sandbox, identify, client, settings):
    client.force_authenticate(UserFactory())
    client.post(f"{ME}export/")
    make_due_exports()
    return client.get(f"{ME}export/")


def security_events(sandbox, identify, client, settings):
    person = UserFactory()
    told = {"login": person.email, "password": PASSWORD}
    client.post("/api/v1/auth/token/", told, headers={"User-Agent": "Plants/2.4 (Android 16)"})
    client.force_authenticate(person)
    return client.get(f"{ME}security-events/")


# --- The encyclopedia ---------------------------------------------------------------------------------------
def species_list(sandbox, identify, client, settings):
    complete(sandbox, identify, client, settings)
    return client.get(f"{V1}/species/?page_size=1")


def species(sandbox, identify, client, settings):
    return client.get(complete(sandbox, identify, client, settings).json()["links"]["species"])


def species_care(sandbox, identify, client, settings):
    return client.get(f"{complete(sandbox, identify, client, settings).json()['links']['species']}care/")


def species_search(sandbox, identify, client, settings):
    complete(sandbox, identify, client, settings)
    return client.get(f"{V1}/search/species/?q=mangifera+indca&page_size=1")


# --- Keys for scripts ---------------------------------------------------------------------------------------
def api_key_list(sandbox, identify, client, settings):
    client.force_authenticate(UserFactory())
    client.post(API_KEYS, {"name": "Greenhouse camera", "scopes": ["identify", "read"]})
    return client.get(API_KEYS)


def api_key_lacks_scope(sandbox, identify, client, settings):
    key = create_api_key(user=UserFactory(), name="Greenhouse camera", scopes=["read"], days=1)
    client.credentials(HTTP_AUTHORIZATION=f"Api-Key {key.text}")
    return client.post(COLLECTIONS, {"name": "Living room"})


SITUATIONS = {
    "complete": (complete, 200, "Identification"),
    "cached": (cached, 200, "Identification"),
    "near_duplicate": (near_duplicate, 200, "Identification"),
    "ill": (ill, 200, "Identification"),
    "poisonous": (poisonous, 200, "Identification"),
    "experiment_report": (experiment_report, 200, "ExperimentReport"),
    "model_report": (model_report, 200, "ModelReport"),
    "not_a_plant": (not_a_plant, 200, "Identification"),
    "partial_provider_failed": (partial_provider_failed, 200, "Identification"),
    "partial_circuit_open": (partial_circuit_open, 200, "Identification"),
    "partial_quota_exhausted": (partial_quota_exhausted, 200, "Identification"),
    "stale": (stale, 200, "Identification"),
    "queued": (queued, 202, "QueuedIdentification"),
    "queued_record": (queued_record, 200, "Identification"),
    "provider_unavailable": (provider_unavailable, 503, "Problem"),
    "image_missing": (image_missing, 400, "Problem"),
    "image_type_unsupported": (image_type_unsupported, 415, "Problem"),
    "image_too_large": (image_too_large, 413, "Problem"),
    "image_unreadable": (image_unreadable, 422, "Problem"),
    "invalid_option": (invalid_option, 400, "Problem"),
    "not_authenticated": (not_authenticated, 401, "Problem"),
    "throttled": (throttled, 429, "Problem"),
    "health": (health, 200, "Health"),
    "request_list": (request_list, 200, "PaginatedRequestEntryList"),
    "history": (history, 200, "PaginatedHistoryEntryList"),
    "request_deleted": (request_deleted, 404, "Problem"),
    "request_restored": (request_restored, 200, "Identification"),
    "feedback": (feedback, 200, "Feedback"),
    "feedback_while_queued": (feedback_while_queued, 409, "Problem"),
    "photos": (photos, 200, "Photos"),
    "plant_created": (plant_created, 201, "Plant"),
    "plant_list": (plant_list, 200, "PaginatedPlantList"),
    "plant_restored": (plant_restored, 200, "Plant"),
    "collection_created": (collection_created, 201, "Collection"),
    "collection_list": (collection_list, 200, "PaginatedCollectionList"),
    "collection_name_taken": (collection_name_taken, 400, "Problem"),
    "limit_reached": (limit_reached, 409, "Problem"),
    "comment_waiting": (comment_waiting, 201, "Comment"),
    "conversation": (conversation, 200, "PaginatedCommentList"),
    "api_key_list": (api_key_list, 200, "PaginatedApiKeyList"),
    "api_key_lacks_scope": (api_key_lacks_scope, 403, "Problem"),
    "quota": (quota, 200, "Quota"),
    "idempotency_key_reused": (idempotency_key_reused, 422, "Problem"),
    "already_done": (already_done, 409, "Problem"),
    "second_factor_required": (second_factor_required, 403, "SignInProblem"),
    "second_factor_offered": (second_factor_offered, 201, "Offer"),
    "password_refused": (password_refused, 400, "Problem"),
    "session_list": (session_list, 200, "PaginatedSessionList"),
    "account_closed": (account_closed, 202, "Deletion"),
    "export_ready": (export_ready, 200, "Export"),
    "security_events": (security_events, 200, "PaginatedSecurityEventList"),
    "species_list": (species_list, 200, "PaginatedSpeciesEntryList"),
    "species": (species, 200, "Species"),
    "species_care": (species_care, 200, "Care"),
    "species_search": (species_search, 200, "SpeciesHits"),
}
