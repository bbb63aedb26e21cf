"""Every operation of the API, as everybody who might try it. `tests/access_rules.py` says who may do what."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as active_settings
from django.db import transaction
from django.test import override_settings
from django.urls import path
from django.utils import timezone
from pytest_django import DjangoDbBlocker
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView
from wagtail.models import Site

from apps.blog.models import BlogIndexPage, BlogSeries, CommentState, PostComment
from apps.blog.models.comments import PATH_STEP_CHARS
from apps.blog.tests.factories import add_post
from apps.core.testing.contract import current_contract
from apps.plant_identification.models import (
    IdentificationAnswer,
    IdentificationFeedback,
    PlantIdentificationRequest,
)
from apps.plant_identification.tests.factories import CollectionFactory, PlantFactory, SpeciesFactory
from apps.users.models import ApiKey, SignInSession, User
from apps.users.permissions import KeyAccess
from apps.users.services.api_keys import create_api_key
from apps.users.services.sessions import open_session
from apps.users.tests.factories import UserFactory
from apps.users.types import ApiKeyScope, Client
from tests.access_rules import QUERIES, RULES

ANSWER = Path(__file__).resolve().parent.parent / "docs" / "api" / "examples" / "complete.json"
OF_THE_RECORD = ("id", "cache", "age_s", "created_at", "links")
ACTORS = ("anonymous", "stranger", "expired_key", "other_key", "key", "owner")
SCOPES = frozenset(map(str, ApiKeyScope))
MISSING = {
    "experiment_id",
    "export_id",
    "key_id",
    "session_id",
    "request_id",
    "plant_id",
    "collection_id",
    "species_id",
    "comment_id",
}
NOBODY = UUID("00000000-0000-4000-8000-000000000000")
BY_UUID = {"authors", "categories", "series"}  # content that has no numbers


@dataclass(frozen=True, slots=True)
class World:
    """One owner with one of everything and with keys, and a stranger. Whatever is done in it is undone."""

    places: dict[str, Any]
    bearers: dict[str, dict[str, str]]
    keys: dict[frozenset[str], dict[str, str]]

    def headers(self, actor: str, scope: str | None) -> dict[str, str]:
        match actor:
            case "key":
                return self.keys[frozenset({scope} if scope else SCOPES)]
            case "other_key":
                return self.keys[SCOPES - {scope}]
        return self.bearers[actor]

    def ask(self, actor: str, operation: str, *, places: dict[str, Any] | None = None) -> Any:
        rule = RULES[operation]
        method, template = operation.split(" ")
        endpoint = template.split("/")[3]
        content_id = self.places.get(endpoint, NOBODY if endpoint in BY_UUID else 0)
        address = template.format_map({**self.places, "id": content_id, **(places or {})})
        client = APIClient(enforce_csrf_checks=True, headers=self.headers(actor, rule.scope))
        with transaction.atomic():
            response = getattr(client, method)(
                address + QUERIES.get(operation, ""), rule.body, format=rule.form if rule.body else None
            )
            transaction.set_rollback(True)
        return response


@pytest.fixture(scope="module")
def _world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Made once: each test would take three times as long with a world of its own."""
    with django_db_blocker.unblock(), transaction.atomic():
        owner, stranger = UserFactory(), UserFactory()
        bearers = {
            "anonymous": {},
            "owner": bearer(owner),
            "stranger": bearer(stranger),
            "expired_key": key_of(owner, SCOPES, expired=True),
        }
        kinds = {SCOPES} | {frozenset({scope}) for scope in SCOPES} | {SCOPES - {scope} for scope in SCOPES}
        yield World(places_of(owner), bearers, {scopes: key_of(owner, scopes) for scopes in kinds})
        transaction.set_rollback(True)


@pytest.fixture
def world(_world: World, db: None, settings: Any) -> World:
    settings.SIGN_IN_RATE = settings.REGISTER_RATE = settings.API_KEY_RATE = 1_000
    settings.NEWSLETTER_RATE = 1_000
    settings.PLANT_ID_API_KEY = "of a service that is not asked here"
    return _world


def places_of(owner: User) -> dict[str, Any]:
    home = Site.objects.get(is_default_site=True).root_page
    blog = home.add_child(instance=BlogIndexPage(title="Blog", slug="blog", intro="About plants."))
    post = add_post(blog)
    comment = PostComment.objects.create(
        post=post, author=owner, path="0" * PATH_STEP_CHARS, text="Mine, too.", state=CommentState.PUBLISHED
    )
    record = identification_of(owner)
    IdentificationFeedback.objects.create(request=record, verdict="wrong")
    return {
        "export_id": NOBODY,
        "key_id": create_api_key(user=owner, name="Script", scopes=SCOPES, days=1).key.pk,
        "session_id": SignInSession.objects.filter(user=owner).latest("created_at").pk,
        "request_id": record.pk,
        "position": 0,
        "plant_id": PlantFactory(owner=owner).pk,
        "collection_id": CollectionFactory(owner=owner).pk,
        "species_id": SpeciesFactory().pk,
        "experiment_id": NOBODY,
        "blog-posts": post.pk,
        "post": post.slug,
        "post_id": post.pk,
        "slug": BlogSeries.objects.create(title="Ferns", slug="ferns").slug,
        "comment_id": comment.pk,
        "pages": home.pk,
    }


def identification_of(owner: User) -> PlantIdentificationRequest:
    document = {
        name: value for name, value in json.loads(ANSWER.read_text()).items() if name not in OF_THE_RECORD
    }
    same: dict[str, Any] = {"digest": "0" * 64, "photo_digest": "0" * 64, "options": {"language": "en"}}
    answer = IdentificationAnswer.objects.create(
        **same, question_key="0" * 64, status="complete", document=document, answered_at=datetime.now(UTC)
    )
    return PlantIdentificationRequest.objects.create(
        **same,
        owner=owner,
        from_sandbox=active_settings.PROVIDER_SANDBOX,
        answer=answer,
        status="complete",
        cache="miss",
        experiment_group="control",
    )


def bearer(user: User) -> dict[str, str]:
    signed_in = open_session(user=user, client=Client(address="203.0.113.1", user_agent=""))
    return {"Authorization": f"Bearer {signed_in.tokens.access}"}


def key_of(user: User, scopes: Any, *, expired: bool = False) -> dict[str, str]:
    shown = create_api_key(user=user, name="Script", scopes=scopes, days=1)
    if expired:
        ApiKey.objects.filter(pk=shown.key.pk).update(expires_at=timezone.now())
    return {"Authorization": f"Api-Key {shown.text}"}


def operations() -> dict[str, Any]:
    return {
        f"{method} {template}": operation
        for template, methods in current_contract().document["paths"].items()
        for method, operation in methods.items()
    }


def test_each_operation_has_a_rule_and_each_rule_an_operation() -> None:
    assert set(operations()) == set(RULES), "tests/access_rules.py says who may do what"


@pytest.mark.parametrize("operation", RULES)
def test_everybody_is_answered_as_the_rule_says(world: World, operation: str) -> None:
    rule = RULES[operation]

    answers = {actor: world.ask(actor, operation) for actor in ACTORS}

    told = {actor: answer.status_code for actor, answer in answers.items()}
    assert told == {actor: getattr(rule, actor) for actor in ACTORS}, answers["owner"].content[:500]
    if rule.stranger == 404 != rule.owner:
        missing = world.ask("stranger", operation, places=dict.fromkeys(MISSING, NOBODY))
        assert saying(missing) == saying(answers["stranger"]), (
            "what is theirs can be told from what is not there"
        )


def saying(response: Any) -> tuple[int, str, str]:
    problem = response.json()
    return response.status_code, problem["code"], problem["detail"]


@pytest.mark.parametrize("operation", RULES)
def test_the_description_names_the_scope_a_key_needs(operation: str) -> None:
    security = operations()[operation].get("security", [])
    named = [scheme["apiKey"] for scheme in security if "apiKey" in scheme]
    assert named == ([[RULES[operation].scope]] if RULES[operation].scope else [])


class SaysNothing(APIView):
    def get(self, request: Any) -> Response:
        return Response({})

    post = delete = get


class SaysSo(SaysNothing):
    api_key_access = KeyAccess()


class StandsOnOneThatDoes(SaysSo):
    pass


urlpatterns = [
    path(f"{view.__name__}/", view.as_view()) for view in (SaysNothing, SaysSo, StandsOnOneThatDoes)
]


@pytest.mark.parametrize("method", ["get", "post", "delete"])
@override_settings(ROOT_URLCONF=__name__)
def test_a_new_view_is_closed_to_keys_until_it_says_otherwise(db: None, method: str) -> None:
    client = APIClient(headers=key_of(UserFactory(), SCOPES))

    told = {
        str(route.pattern): getattr(client, method)(f"/{route.pattern}").status_code for route in urlpatterns
    }

    assert told == {"SaysNothing/": 403, "SaysSo/": 200, "StandsOnOneThatDoes/": 403}


def test_the_rules_name_every_place_there_is() -> None:
    """Else a new kind of thing would be asked for under an id that nobody has."""
    named = {place for operation in RULES for place in re.findall(r"{(\w+)}", operation)}
    assert named == MISSING | {"id", "position", "post", "post_id", "slug"}
