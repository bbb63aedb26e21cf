"""Judges a run: every request has one honest outcome, no answer is wrong, and nothing is left behind."""

from collections.abc import Iterator

from apps.core.codes import ErrorCode
from apps.plant_identification.constants import IDENTIFY_DEADLINE_S
from tests.chaos import leavings, money, records
from tests.chaos.journal import IDENTIFYING, PROVIDERS, Visit
from tests.chaos.performance import Performance
from tests.chaos.photos import BAD_UPLOADS, wants_health
from tests.chaos.truth import Oracle, Truth

DELAY_S = 10.0  # beyond the deadline: to send, to store, and a machine with more to do than cores
GOOD = {"answered", "cached", "near_duplicate"}
CODES = {code.value for code in ErrorCode}
SAYS_WHEN = {429, 503}
SCORE_DIGITS = 5


def violations(run: Performance) -> Iterator[str]:
    """Each a sentence. The money first: the oracle's own questions cost as well."""
    oracle = Oracle(run.stage.sandbox, run.seed)
    yield from _recoveries(run)
    yield from money.violations(run, oracle)
    yield from leavings.violations(run)
    yield from records.violations(run)
    answers: dict[int, set[tuple[object, object]]] = {}
    for visit in run.journal.visits():
        yield from (f"{visit}: {wrong}" for wrong in _outcome(run, visit))
        if visit.status == 200 and visit.order.kind in IDENTIFYING:
            yield from (f"{visit}: {wrong}" for wrong in _answer(visit, oracle.truth(visit.order.number)))
            if visit.told["status"] == "complete":
                essentials = (visit.told["plant_name"], visit.told["confidence"])
                answers.setdefault(visit.order.number, set()).add(essentials)
    yield from (
        f"photo {number} has {len(several)} complete answers: {several}"
        for number, several in answers.items()
        if len(several) > 1
    )


def _recoveries(run: Performance) -> Iterator[str]:
    limit_s = run.pace.patience_s
    for episode in run.episodes:
        if episode.recovered - episode.ended > limit_s:
            yield f"{episode.fault.name}: no recovery within {limit_s:.0f} s"
    if not run.is_healthy_again:
        yield f"some circuit or store is not healthy {limit_s:.0f} s after the last fault"


def _outcome(run: Performance, visit: Visit) -> Iterator[str]:
    if visit.lost:
        if not _may_be_cut(run, visit):
            yield f"{visit.lost}, and nobody had cut the connection"
        return
    if visit.waited_s > IDENTIFY_DEADLINE_S + DELAY_S + _frozen_s(run, visit):
        yield "a wait longer than the deadline"
    if visit.broken:
        yield f"not as the API is described: {visit.broken}"
    if visit.status in SAYS_WHEN and not (visit.retry_after or "").isdecimal():
        yield "it does not say when to come again"
    if (visit.status or 0) >= 400 and visit.told.get("code") not in CODES:
        yield f"the error has no known code: {visit.told.get('code')}"
    if visit.status not in _allowed(visit) and not _was_just_deleted(run, visit):
        yield f"status {visit.status} ({visit.told.get('code')}) is no honest outcome"


def _allowed(visit: Visit) -> set[int]:
    order = visit.order
    if order.kind == "read":
        return {200, 503}
    if order.kind == "delete":
        return {204, 503}
    if order.kind == "bad":
        return {ErrorCode(BAD_UPLOADS[order.number][1]).status, 503}
    return {200, 503} | ({202} if order.wants_queue else set())


def _was_just_deleted(run: Performance, visit: Visit) -> bool:
    """Two people of one account: one reads what the other takes away."""
    return visit.order.kind == "read" and any(
        other.order.kind == "delete" and other.record == visit.record and other.began < visit.ended
        for other in run.journal.visits()
    )


def _may_be_cut(run: Performance, visit: Visit) -> bool:
    return any(
        visit.order.server == episode.fault.cuts and episode.touches(visit.began, visit.ended, margin_s=1)
        for episode in run.episodes
    )


def _frozen_s(run: Performance, visit: Visit) -> float:
    return sum(
        episode.ended - episode.began
        for episode in run.episodes
        if episode.fault.is_frozen and episode.touches(visit.began, visit.ended)
    )


def _answer(visit: Visit, truth: Truth) -> Iterator[str]:
    told = visit.told
    states = told["states"]
    for name in PROVIDERS:
        strange = {round(score, SCORE_DIGITS) for score in told["scores"][name]} - {
            round(score, SCORE_DIGITS) for score in truth.scores[name]
        }
        if strange:
            yield f"{name} never gave this photo {sorted(strange)}"
    answered = {name for name in PROVIDERS if states.get(name) in GOOD}
    if "plant_id" in answered and told["status"] != "stale" and told["is_plant"] != truth.is_plant:
        yield f"is_plant {told['is_plant']} is not what Plant.id said"
    if told["healthy"] is not None and told["healthy"] != truth.is_healthy:
        yield f"is_healthy {told['healthy']} is not what Plant.id said"
    if told["status"] == "complete":
        if answered != set(PROVIDERS):
            yield f"complete, with {states}"
        if wants_health(visit.order.number) and truth.is_plant and told["healthy"] is None:
            yield "complete, without the health that was asked for"
        missing = [name for name in PROVIDERS if truth.scores[name] and not told["scores"][name]]
        if missing and truth.is_plant:
            yield f"complete, without anything {missing} said"
    if told["status"] == "partial" and answered == set(PROVIDERS) and told["healthy"] is not None:
        yield "partial, and nothing is missing"
