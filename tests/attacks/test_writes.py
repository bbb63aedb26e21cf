"""Every operation of the description that writes, with fields that are not the caller's to write.

The operations are found, not listed: one that comes later is tried as the others are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.db.models import Model
from django.utils import timezone
from rest_framework.test import APIClient

from apps.core.testing.contract import current_contract
from apps.plant_identification.models import PlantIdentificationRequest
from apps.plant_identification.tests.conftest import make_photo
from apps.plant_identification.tests.factories import CollectionFactory, PlantFactory
from apps.users.models import User
from apps.users.tests.factories import UserFactory

CHOSEN_ID = "11111111-2222-4333-8444-555555555555"
LONG_AGO = "2001-01-01T00:00:00Z"
JSON = "application/json"
# What this module has to reach, or it shows nothing.
REACHED = {
    *("auth_register_create", "auth_user_update_partial_update", "create_collection", "create_plant"),
    *("give_feedback", "identify_plant", "rename_collection", "restore_plant", "update_plant"),
}
RIGHTS = (
    "is_staff",
    "is_superuser",
    "is_active",
    "subscription_tier",
    "email_verified_at",
    "created_at",
    "email",
)

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True, slots=True)
class Operation:
    name: str
    method: str
    path: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    is_form: bool = False


def operations() -> Iterator[Operation]:
    document = current_contract().document
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            if method not in {"post", "put", "patch"}:
                continue
            content = described.get("requestBody", {}).get("content", {})
            kind = next((kind for kind in (JSON, "multipart/form-data") if kind in content), None)
            schema = resolved(document, content[kind]["schema"]) if kind else {}
            yield Operation(
                name=described["operationId"],
                method=method,
                path=path,
                properties={
                    name: resolved(document, part) for name, part in schema.get("properties", {}).items()
                },
                is_form=kind == "multipart/form-data",
            )


def resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    for union in ("allOf", "oneOf", "anyOf"):
        if union in schema:
            return resolved(document, schema[union][0])
    if "$ref" not in schema:
        return schema
    return resolved(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])


def example(name: str, schema: Mapping[str, Any]) -> Any:
    kinds = schema.get("type", "string")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "string":
        texts = {"email": f"{uuid4().hex}@example.org", "date": "2024-02-29", "uuid": str(uuid4())}
        return texts.get(schema.get("format", ""), f"moss-{uuid4().hex[:8]}")
    return {"integer": 1, "number": 1.5, "boolean": True, "array": [], "object": {}}[kind]


class World:
    """Somebody who asks, and a stranger, each with one of everything."""

    def __init__(self, identify: Any) -> None:
        self.me, self.stranger = UserFactory(), UserFactory()
        self.client = APIClient(raise_request_exception=False)
        self.client.force_authenticate(self.me)
        self.identify = identify
        self.mine, self.theirs = self.things_of(self.me), self.things_of(self.stranger)

    def things_of(self, person: User) -> dict[str, str]:
        client = APIClient()
        client.force_authenticate(person)
        record = self.identify(make_photo(person.username), client=client).json()["id"]
        collection = CollectionFactory(owner=person)
        plant = PlantFactory(owner=person, collection=collection)
        return {"request_id": record, "collection_id": str(collection.pk), "plant_id": str(plant.pk)}

    def body(self, operation: Operation) -> dict[str, Any]:
        mine = {
            "collection": self.mine["collection_id"],
            "identification": self.mine["request_id"],
            "species": None,
            "verdict": "right",
            "password": "quietly under the ferns",  # two examples may be too much like each other
        }
        examples = {name: example(name, schema) for name, schema in operation.properties.items()}
        return {name: mine.get(name, value) for name, value in examples.items() if name != "scientific_name"}

    def send(self, operation: Operation, body: Mapping[str, Any]) -> Any:
        path = operation.path
        for name, value in self.mine.items():
            path = path.replace(f"{{{name}}}", value)
        path = path.replace("{", "").replace("}", "")
        if operation.name == "identify_plant":
            fields = {
                name: value
                for name, value in body.items()
                if name not in operation.properties and not isinstance(value, dict)
            }
            return self.identify(make_photo(uuid4().hex), client=self.client, **fields)
        return getattr(self.client, operation.method)(path, dict(body), format="json")


@pytest.fixture
def world(providers: Any, identify: Any, settings: Any) -> World:
    settings.REGISTER_RATE = settings.SIGN_IN_RATE = 10_000
    return World(identify)


def own_models() -> list[type[Model]]:
    return [
        model for app in apps.get_app_configs() if app.name.startswith("apps.") for model in app.get_models()
    ]


def rows_of(person: User) -> dict[str, list[Any]]:
    """Everything that is theirs, as it stands in the database."""
    found: dict[str, list[Any]] = {"person": list(User.objects.filter(pk=person.pk).values())}
    for model in own_models():
        names = {part.name for part in model._meta.get_fields()}
        for name in {"owner", "user"} & names:
            found[model.__name__] = list(
                model._default_manager.filter(**{name: person}).order_by("pk").values()
            )
    return found


def poison(stranger: User) -> dict[str, Any]:
    theirs = dict.fromkeys(("user", "user_id", "owner", "owner_id", "account"), str(stranger.pk))
    own_keys = dict.fromkeys(("id", "pk", "uuid", "request_id", "plant_id"), CHOSEN_ID)
    rights = dict.fromkeys(("is_staff", "is_superuser", "staff", "admin", "email_verified"), True)
    moments = ("created_at", "updated_at", "deleted_at", "email_verified_at", "date_joined", "expires_at")
    return {
        **theirs,
        **own_keys,
        **rights,
        **dict.fromkeys(moments, LONG_AGO),
        "is_active": False,
        "subscription_tier": "enterprise",
        "groups": [1],
        "user_permissions": [1],
        "wished_username": "admin",
        "status": "complete",
        "cache": "hit",
        "from_sandbox": False,
        "attempts": 99,
        "__proto__": {"is_staff": True},
        "user.is_staff": True,
        "user[is_staff]": True,
    }


def test_no_field_that_is_not_named_takes_effect_in_any_operation_that_writes(world: World) -> None:
    rights = dict(User.objects.filter(pk=world.me.pk).values(*RIGHTS)[0])
    theirs, done = rows_of(world.stranger), set()
    for operation in operations():
        extra = {
            name: value for name, value in poison(world.stranger).items() if name not in operation.properties
        }
        answer = world.send(operation, {**world.body(operation), **extra})
        assert answer.status_code < 500, operation
        if answer.status_code < 300:
            done.add(operation.name)
        require_untouched(world, operation, rights, theirs)
    assert done >= REACHED, REACHED - done


def require_untouched(world: World, operation: Operation, rights: Any, theirs: Any) -> None:
    assert User.objects.filter(pk=world.me.pk).values(*RIGHTS)[0] == rights, operation
    assert rows_of(world.stranger) == theirs, operation
    newcomers = User.objects.exclude(pk__in=[world.me.pk, world.stranger.pk])
    for newcomer in newcomers.values(*RIGHTS):
        assert not newcomer["is_staff"], operation
        assert not newcomer["is_superuser"], operation
        assert (newcomer["subscription_tier"], newcomer["email_verified_at"]) == ("free", None), operation
    yesterday = timezone.now() - timedelta(days=1)
    for model in own_models():
        rows = model._default_manager.all()
        if model._meta.pk is not None and model._meta.pk.get_internal_type() == "UUIDField":
            assert not rows.filter(pk=UUID(CHOSEN_ID)).exists(), operation
        if "created_at" in {part.name for part in model._meta.get_fields()}:
            assert not rows.filter(created_at__lt=yesterday).exists(), operation
    assert not PlantIdentificationRequest.objects.filter(from_sandbox=False).exists(), operation


def test_no_operation_that_writes_takes_the_things_of_a_stranger(world: World) -> None:
    """As ids in a body; those in addresses have tests beside each endpoint."""
    theirs, tried = rows_of(world.stranger), set()
    for operation in operations():
        for name, schema in operation.properties.items():
            if schema.get("format") != "uuid":
                continue
            missing = world.send(operation, {**world.body(operation), name: str(uuid4())})
            for thing in (*world.theirs.values(), str(world.stranger.pk)):
                answer = world.send(operation, {**world.body(operation), name: thing})
                assert 400 <= answer.status_code < 500, (operation, name)
                assert told(answer) == told(missing), (operation, name)
                assert rows_of(world.stranger) == theirs, (operation, name)
            tried.add(f"{operation.name}.{name}")
    assert tried >= {"create_plant.collection", "create_plant.identification", "update_plant.collection"}


def told(answer: Any) -> tuple[Any, ...]:
    problem = answer.json()
    return answer.status_code, problem["code"], problem["detail"], problem["errors"]
