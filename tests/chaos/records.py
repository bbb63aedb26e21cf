"""What was promised is kept: the records at the end against what people were told."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from tests.chaos.journal import IDENTIFYING, Visit, essence
from tests.chaos.load import REQUESTS
from tests.chaos.performance import Performance

READERS = 8
BECOMES = {
    "complete": {"complete"},
    "partial": {"partial", "complete"},
    "stale": {"stale"},
    "queued": {"complete", "partial", "stale"},
}


def violations(run: Performance) -> Iterator[str]:
    visits = run.journal.visits()
    deletions = {v.record: v for v in visits if v.order.kind == "delete"}
    accepted = [v for v in visits if v.is_accepted]
    with ThreadPoolExecutor(READERS) as readers:
        documents = readers.map(lambda visit: _read(run, visit), accepted)
        for visit, (status, document) in zip(accepted, documents, strict=True):
            deletion = deletions.get(visit.record)
            yield from (f"{visit}: in the end {wrong}" for wrong in _fate(visit, status, document, deletion))
    yield from _histories(run, visits, deletions)


def _fate(visit: Visit, status: int, now: dict[str, Any], deletion: Visit | None) -> Iterator[str]:
    if deletion is not None and (status == 404 or deletion.status != 204):
        if status not in {200, 404}:
            yield f"status {status}"
        return
    if deletion is not None:
        yield "it is there, though its deletion was confirmed"
        return
    if status != 200:
        yield f"the accepted photo is lost: status {status}"
        return
    if now["status"] not in BECOMES[visit.told["status"]]:
        yield f"{visit.told['status']} became {now['status']}"
    if "pending" in now["states"].values():
        yield f"a service is still awaited: {now['states']}"
    if visit.told["status"] == "complete" and now["plant_name"] != visit.told["plant_name"]:
        yield f"{visit.told['plant_name']} became {now['plant_name']}"
    if now["status"] == "complete" and now["is_plant"] and not now["plant_name"]:
        yield "complete, without a name"


def _read(run: Performance, visit: Visit) -> tuple[int, dict[str, Any]]:
    address = f"{run.stage.servers[0].url}{REQUESTS}{visit.record}/"
    response = requests.get(address, headers=_headers(run, visit.order.caller), timeout=30)
    return response.status_code, essence(response.json())


def _headers(run: Performance, caller: int | None) -> dict[str, str]:
    return {} if caller is None else {"Authorization": f"Bearer {run.stage.tokens[caller]}"}


def _histories(run: Performance, visits: list[Visit], deletions: dict[str, Visit]) -> Iterator[str]:
    """A record nobody was told of is one whose answer was lost on its way, and no other."""
    for caller in range(len(run.stage.tokens)):
        mine = [v for v in visits if v.order.caller == caller and v.order.kind in IDENTIFYING]
        told = {v.record for v in mine if v.is_accepted}
        listed = _history(run, caller)
        if missing := told - set(deletions) - listed:
            yield f"{len(missing)} records of caller {caller} are not in the history: {sorted(missing)[:3]}"
        unheard = sum(1 for v in mine if v.lost)
        if len(listed - told) > unheard:
            yield f"caller {caller} has {len(listed - told)} records nobody was told of, {unheard} were lost"


def _history(run: Performance, caller: int) -> set[str]:
    found: set[str] = set()
    address = f"{run.stage.servers[0].url}{REQUESTS}?page_size=100"
    while address:
        response = requests.get(address, headers=_headers(run, caller), timeout=30)
        response.raise_for_status()
        page = response.json()
        found |= {entry["id"] for entry in page["results"]}
        address = page["next"]
    return found
