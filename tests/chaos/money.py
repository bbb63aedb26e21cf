"""Nothing is paid twice, and the ledger says what the services say."""

from collections import Counter
from collections.abc import Iterator

import requests

from tests.chaos.journal import IDENTIFYING, PROVIDERS, Visit
from tests.chaos.performance import Episode, Performance
from tests.chaos.truth import Oracle

LEASE_S = 10.0  # a dead holder's lock, which its successor waits for
PROCESSES = 3  # two web servers and the worker
RECONCILE = """
from apps.plant_identification.services.reconciliation import correct_quotas
from apps.plant_identification.services.registry import registry
correct_quotas(registry())
"""


def violations(run: Performance, oracle: Oracle) -> Iterator[str]:
    counters = run.stage.sandbox.counters()
    for name in PROVIDERS:
        if (used := _used(run, name)) < counters[name]["charged"]:
            charged = counters[name]["charged"]
            yield f"{name}: before it was asked, the ledger said {used}, and {charged} were charged"
    run.stage.python(RECONCILE)
    for name in PROVIDERS:
        if (used := _used(run, name)) != counters[name]["charged"]:
            yield f"{name}: the ledger says {used}, the service charged {counters[name]['charged']}"
    paid, costs = _paid_calls(run)
    if (charged := counters["plant_id"]["charged"]) > costs:
        yield f"Plant.id charged {charged}, and the ledger knows of calls for {costs}"
    asked: dict[int, list[Visit]] = {}
    for visit in run.journal.visits():
        if visit.order.kind in IDENTIFYING:
            asked.setdefault(visit.order.number, []).append(visit)
    for number, visits in asked.items():
        calls, most = paid[oracle.paid_for(number)], _allowed(run, visits)
        if calls > most:
            yield f"photo {number} was bought {calls} times from Plant.id, {most} allowed: {visits[0]}"


def _paid_calls(run: Performance) -> tuple[Counter[str], int]:
    """By photo, what lies at Plant.id; and what all that was answered cost, deleted copies too."""
    calls: Counter[str] = Counter()
    costs = 0
    rows = run.stage.rows(
        "SELECT id, question_key, cost, state FROM plant_identification_quotareservation"
        " WHERE account LIKE 'plant_id@%'"
    )
    with requests.Session() as session:
        for number, photo, cost, state in rows:
            address = f"{run.stage.sandbox.plant_id_url}/identification/{number}"
            lies_there = session.get(address, headers={"Api-Key": "witness"}, timeout=10).ok
            calls[photo] += lies_there
            costs += cost if lies_there or state == "answered" else 0
    return calls, costs


def _allowed(run: Performance, visits: list[Visit]) -> int:
    """One; one for each process where several asked at a time when they could not know of each other."""
    for episode in run.episodes:
        if not episode.fault.may_buy_again:
            continue
        there = [visit for visit in visits if _was_asked_during(episode, visit)]
        if len(there) > 1:
            return PROCESSES
    return 1


def _was_asked_during(episode: Episode, visit: Visit) -> bool:
    """A photo in the queue is asked for by the worker, nobody knows when."""
    ended = float("inf") if visit.told.get("status") == "queued" else visit.ended
    return episode.touches(visit.began, ended, margin_s=LEASE_S)


def _used(run: Performance, name: str) -> int:
    used: int = run.stage.rows(
        "SELECT coalesce(sum(used), 0) FROM plant_identification_quotawindow WHERE account LIKE %s",
        f"{name}@%",
    )[0][0]
    return used
