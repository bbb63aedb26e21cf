"""Fixtures of every app's tests. Each test starts with an empty Redis and nothing counted or remembered."""

from collections.abc import Iterator
from typing import Any

import modelsearch.signal_handlers
import modelsearch.tasks
import pytest
import wagtail.signal_handlers
import wagtail.tasks
from django.conf import settings
from django.core.cache import cache
from django.test import Client, TransactionTestCase
from django.utils.datastructures import CaseInsensitiveMapping
from rest_framework.test import APIClient

from apps.core import kept_answers
from apps.core.api.limits import FALLBACK
from apps.core.garbage import spare_what_is_loaded
from apps.core.redis import OUTAGE, get_redis
from apps.core.testing.contract import URLCONF, Answer, current_contract
from apps.core.testing.emptying import empty_after_test
from apps.plant_identification.services.encyclopedia.hazards import HAZARDS
from apps.plant_identification.services.experiments import forget_running
from apps.users.services import attempts
from provider_sandbox.testing import Sandbox, running_sandbox
from tests.distribution import Distribution, rank


def pytest_collection_finish() -> None:
    """As a web process does, and with 6 % of the processor time to gain."""
    spare_what_is_loaded()


@pytest.fixture(autouse=True)
def _forget_the_last_test() -> None:
    """Each worker process has a Redis database of its own (settings/test.py): nobody else's is emptied."""
    OUTAGE.forget()
    FALLBACK.clear()
    kept_answers._cache._lately.forget()  # noqa: SLF001 - generations that go with the Redis below
    HAZARDS.forget()
    forget_running()
    redis = get_redis()
    if redis is not None:
        redis.flushdb()
    cache.clear()


@pytest.fixture(scope="session", autouse=True)
def _what_was_committed_goes_quickly() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_after_test)
        yield


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_left_to_chance() -> Iterator[None]:
    """One in 256 attempts to sign in forgets old ones, which is four statements more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attempts, "_CARETAKER", "no key")
        yield


class _Nobody:
    """Instead of a task: what is asked of it is not done."""

    @staticmethod
    def enqueue(*_: object) -> None:
        pass


_INDEXING = (
    (modelsearch.signal_handlers, modelsearch.tasks, "insert_or_update_object_task"),
    (wagtail.signal_handlers, wagtail.tasks, "update_reference_index_task"),
)


@pytest.fixture(scope="session", autouse=True)
def _pages_are_not_indexed() -> Iterator[None]:
    """A quarter of the time of a test that makes posts, and few search for them."""
    with pytest.MonkeyPatch.context() as patch:
        for user, _, task in _INDEXING:
            patch.setattr(user, task, _Nobody)
        yield


@pytest.fixture
def indexing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is saved can be searched for, and it is known what refers to it."""
    for user, home, task in _INDEXING:
        monkeypatch.setattr(user, task, getattr(home, task))


@pytest.fixture(scope="session", autouse=True)
def _answers_keep_the_contract() -> Iterator[None]:
    """Whatever a test asks the API for, the answer has to be one that the description allows."""
    contract = current_contract()
    ask = Client.request

    def request(self: Client, **request: Any) -> Any:
        response = ask(self, **request)
        if settings.ROOT_URLCONF == URLCONF:  # not the toy API of a test
            contract.require(_answer_of(response))
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "request", request)
        yield


def _answer_of(response: Any) -> Answer:
    cookies = {"Set-Cookie": response.cookies.output()} if response.cookies else {}
    return Answer(
        method=response.request["REQUEST_METHOD"],
        path=response.request["PATH_INFO"],
        status=response.status_code,
        headers=CaseInsensitiveMapping({**response.headers, **cookies}),
        body=None if response.streaming else response.content,
        is_sparse="fields=" in response.request.get("QUERY_STRING", ""),
    )


@pytest.fixture
def api_client() -> APIClient:
    return APIClient()


@pytest.fixture(scope="session")
def _sandbox_process() -> Iterator[Sandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_sandbox_process: Sandbox, settings: Any) -> Iterator[Sandbox]:
    """Both providers, played by a process of this worker's own, as new; the settings lead to it."""
    _sandbox_process.reset()
    settings.PROVIDER_SANDBOX = True
    settings.PLANT_ID_BASE_URL = _sandbox_process.plant_id_url
    settings.PLANTNET_BASE_URL = _sandbox_process.plantnet_url
    settings.PLANT_ID_API_KEY = "sandbox"
    settings.PLANTNET_API_KEY = "sandbox"
    yield _sandbox_process
    _sandbox_process.reset()  # lets go of every held request


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=rank)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Distribution:
    return Distribution(config, log)


def pytest_configure() -> None:
    if settings.REDIS_URL and settings.REDIS_DATABASE_OF_TESTS == 0:
        raise pytest.UsageError("Tests empty their Redis database; number 0 is somebody's.")
