"""What the members of a crew do. A duty takes its process's number and returns what JSON can hold."""

import hashlib
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from django.core import mail
from django.db import connections
from django.test import RequestFactory
from rest_framework.request import Request

from apps.core.api.limits import FALLBACK
from apps.core.redis import OUTAGE
from apps.core.resilience.clock import Deadline
from apps.plant_identification.api.throttles import IdentifyThrottle, count_identification
from apps.plant_identification.exceptions import LimitReached, ProviderError, ProviderShareReached
from apps.plant_identification.services.reconciliation import check_quotas
from apps.plant_identification.services.registry import registry
from apps.plant_identification.tests.conftest import make_photo
from apps.plant_identification.types import Options, PreparedPhoto, Question
from apps.users.models import User

PHOTO = PreparedPhoto(content=make_photo("of the crew"))
PROVIDERS = ("plant_id", "plantnet")
DEADLINE_S = 60


def begin_anew():
    OUTAGE.forget()
    FALLBACK.clear()
    registry()


def question(name, *, with_health=False):
    digest = hashlib.sha256(name.encode()).hexdigest()
    options = Options(include_diseases=with_health)
    return Question(digest=digest, photo_digest=digest, photos=(PHOTO,), options=options)


def ask(provider, photo, principal, **options):
    try:
        asked = (
            registry()
            .get(provider)
            .call.ask(question(photo, **options), principal=principal, deadline=Deadline.after(DEADLINE_S))
        )
    except ProviderShareReached:
        return "share reached"
    except ProviderError as failure:
        return failure.state.value
    return asked.state.value


def ask_for_many_photos(process, *, threads, round_="", one_principal=False):
    """Each thread a photo of its own, of both services; how each ended, by service."""

    def work(thread):
        # In one order or the other, so that both services are stormed from the first moment.
        order = PROVIDERS if thread % 2 else PROVIDERS[::-1]
        photo = f"photo {round_} {process} {thread}"
        principal = "user-1" if one_principal else f"user-{process}-{thread}"
        return {provider: ask(provider, photo, principal) for provider in order}

    outcomes = in_threads(threads, work)
    return {provider: Counter(outcome[provider] for outcome in outcomes) for provider in PROVIDERS}


def ask_for_one_photo(process, *, threads):
    """Of both services by as many threads each; how each ended."""

    def work(thread):
        return ask(PROVIDERS[thread % 2], "one photo", "user-1", with_health=True)

    return Counter(in_threads(2 * threads, work))


def identify_until_the_limit(process, *, threads, user_id=None):
    """Through the door and then counted, as the API does; how many were let through."""
    user = None if user_id is None else User.objects.get(pk=user_id)

    def work(thread):
        request = Request(RequestFactory().post("/"))
        request.user = user or request.user
        try:
            if not IdentifyThrottle().allow_request(request, None):
                return "turned away at the door"
            count_identification(request)
        except LimitReached:
            return "turned away when counting"
        return "admitted"

    return Counter(in_threads(threads, work))


def warn_managers(process):
    mail.outbox = []
    check_quotas(registry())
    connections.close_all()
    return [message.subject for message in mail.outbox]


def in_threads(count, work):
    """What `work(0..count-1)` returned, all begun at the same moment; waits for as long as the test may."""
    together = threading.Barrier(count)

    def run(number):
        together.wait()
        try:
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))
