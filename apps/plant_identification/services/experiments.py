"""Experiments: who is in which group, and starting and ending them.

What is decided, and why a variant never costs a call: docs/decisions/0042-*.md.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

import msgspec
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction

from apps.core.audit import auditing
from apps.core.resilience.shared_cache import SharedCache
from apps.core.sentences import Sentence
from apps.plant_identification.exceptions import ExperimentRefused
from apps.plant_identification.models import Experiment, ExperimentGroup, ExperimentStatus
from apps.plant_identification.services.fusion import CONTROL, RULES

RUNNING_KEY = "experiments:running"
RUNNING_KEPT_S = 30  # one query in so long for all processes; without Redis a change is seen this late
RUNNING_AGE_S = 1.0  # in one process, without a look at Redis
BUCKETS = 100

_cache = SharedCache(max_local_entries=1, max_local_bytes=4_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """The group a person is in, and how their answers' scores are fused."""

    group: ExperimentGroup
    rule: str  # key of a `FusionRule`
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    experiment_id: UUID | None = None
    group: ExperimentGroup = ExperimentGroup.CONTROL
    rule: str = CONTROL.key


NO_EXPERIMENT = Assignment()


class _Running(msgspec.Struct, frozen=True):
    """What each identification has to know. Without an id: none is running."""

    id: UUID | None = None
    variant_a_rule: str = ""
    variant_a_percent: int = 0
    variant_b_rule: str = ""
    variant_b_percent: int = 0


def assign(user: AbstractBaseUser | AnonymousUser) -> Assignment:
    """The running experiment's group of this person; who is not signed in is always in the control group."""
    running = _running()
    if running.id is None:
        return NO_EXPERIMENT
    if not user.is_authenticated:
        return Assignment(experiment_id=running.id)
    bucket = bucket_of(running.id, user.pk)
    group = group_of(bucket, a_percent=running.variant_a_percent, b_percent=running.variant_b_percent)
    rules = {
        ExperimentGroup.VARIANT_A: running.variant_a_rule,
        ExperimentGroup.VARIANT_B: running.variant_b_rule,
    }
    rule = rules.get(group, CONTROL.key)
    if rule not in RULES:  # only a newer release knows it, and this one cannot take part
        return NO_EXPERIMENT
    return Assignment(experiment_id=running.id, group=group, rule=rule)


def bucket_of(experiment_id: UUID, user_id: Any) -> int:
    """The same for ever. The experiment is the key: who is where in one says nothing of the next."""
    digest = blake2b(str(user_id).encode(), key=experiment_id.bytes, digest_size=8).digest()
    return int.from_bytes(digest) % BUCKETS


def group_of(bucket: int, *, a_percent: int, b_percent: int) -> ExperimentGroup:
    """A grows from below and B from above, so that nobody leaves a variant while its share only grows."""
    if bucket < a_percent:
        return ExperimentGroup.VARIANT_A
    if bucket >= BUCKETS - b_percent:
        return ExperimentGroup.VARIANT_B
    return ExperimentGroup.CONTROL


def arms_of(experiment: Experiment) -> list[Arm]:
    """Control first, and B only where there is one."""
    a, b = experiment.variant_a_percent, experiment.variant_b_percent
    arms = [
        Arm(group=ExperimentGroup.CONTROL, rule=CONTROL.key, percent=100 - a - b),
        Arm(group=ExperimentGroup.VARIANT_A, rule=experiment.variant_a_rule, percent=a),
    ]
    if experiment.variant_b_rule:
        arms.append(Arm(group=ExperimentGroup.VARIANT_B, rule=experiment.variant_b_rule, percent=b))
    return arms


def start_experiment(*, experiment_id: UUID, actor: AbstractBaseUser, reason: str) -> Experiment:
    """
    Raises:
        ExperimentRefused: it is not a draft, or another one is running.
    """
    now = datetime.now(UTC)
    changes = {"status": ExperimentStatus.RUNNING, "started_at": now}
    try:
        return _switch(experiment_id, ExperimentStatus.DRAFT, "experiment.start", changes, actor, reason)
    except IntegrityError:
        raise ExperimentRefused(Sentence("Another experiment is running. End that one first.")) from None


def end_experiment(*, experiment_id: UUID, actor: AbstractBaseUser, reason: str) -> Experiment:
    """For good: everybody's answers are made by the documented rule again.

    Raises:
        ExperimentRefused: it is not running.
    """
    changes = {"status": ExperimentStatus.ENDED, "ended_at": datetime.now(UTC)}
    return _switch(experiment_id, ExperimentStatus.RUNNING, "experiment.end", changes, actor, reason)


def _switch(
    experiment_id: UUID,
    expected: ExperimentStatus,
    action: str,
    changes: dict[str, Any],
    actor: AbstractBaseUser,
    reason: str,
) -> Experiment:
    with auditing(actor=actor, action=action, target=str(experiment_id), reason=reason) as entry:
        experiment = Experiment.objects.select_for_update().get(pk=experiment_id)
        if experiment.status != expected:
            raise ExperimentRefused(
                Sentence("This experiment is not what you saw any more. Look at it again.")
            )
        entry.before = _in_short(experiment)
        for name, value in changes.items():
            setattr(experiment, name, value)
        experiment.save()
        entry.after = _in_short(experiment)
        _tell_everybody()
    return experiment


def save_shares(*, experiment: Experiment, actor: AbstractBaseUser) -> None:
    """Of a validated form. Written down where people are in it already."""
    if experiment.status != ExperimentStatus.RUNNING:
        experiment.save()
        return
    target = str(experiment.pk)
    with auditing(actor=actor, action="experiment.change", target=target) as entry:
        entry.before = _in_short(Experiment.objects.select_for_update().get(pk=experiment.pk))
        experiment.save(update_fields=["variant_a_percent", "variant_b_percent", "updated_at"])
        entry.after = _in_short(experiment)
        _tell_everybody()


def _in_short(experiment: Experiment) -> dict[str, Any]:
    names = ("name", "status", "variant_a_rule", "variant_a_percent", "variant_b_rule", "variant_b_percent")
    return {name: getattr(experiment, name) for name in names}


def _tell_everybody() -> None:
    """As soon as it is true. Who cannot be told notices within `RUNNING_KEPT_S`."""
    transaction.on_commit(_read_running)


def forget_running() -> None:
    """Ask again before anybody is put into a group."""
    _cache.delete(RUNNING_KEY)


def _running() -> _Running:
    value = _cache.get_lately(RUNNING_KEY, within_s=RUNNING_AGE_S)
    if value is not None:
        try:
            return msgspec.convert(value, _Running)
        except msgspec.ValidationError:  # kept by another version of this program
            pass
    return _read_running()


def _read_running() -> _Running:
    row = (
        Experiment.objects.filter(status=ExperimentStatus.RUNNING)
        .values_list(*(name for name in _Running.__struct_fields__))
        .first()
    )
    running = _Running(*row) if row else _Running()
    _cache.set(RUNNING_KEY, msgspec.to_builtins(running), RUNNING_KEPT_S)
    return running
