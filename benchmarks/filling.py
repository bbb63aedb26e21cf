"""A database as after years of use: identifications by people and of plants as unequal as in life.

Runs inside Django (`benchmarks.probes`). Rows are made by PostgreSQL itself, and their ids are hashes of
numbers, so that one refers to another without a look.
"""

import hashlib
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection

from benchmarks.names import make_species_names

SEED = 20_261_121
APP = "plant_identification"
REQUESTS = f"{APP}_plantidentificationrequest"
ANSWERS = f"{APP}_identificationanswer"
RESULTS = f"{APP}_plantidentificationresult"
EXPERIMENTS = f"{APP}_experiment"
FEEDBACK = f"{APP}_identificationfeedback"
SPECIES = f"{APP}_plantspecies"
PHOTOS = f"{APP}_photoset"
PLANTS = f"{APP}_plant"
USERS = "users_user"
DAYS = 730
_OPTIONS = (
    '{"language": "en", "include_diseases": false, "latitude": null, "longitude": null, "project": "all"}'
)


@dataclass(frozen=True, slots=True)
class Amount:
    """How many rows; the other tables follow from the identifications."""

    identifications: int

    @property
    def people(self) -> int:
        return max(50, self.identifications // 50)

    @property
    def answers(self) -> int:
        return self.identifications // 4

    @property
    def species(self) -> int:
        return max(200, self.identifications // 50)

    @property
    def plants(self) -> int:
        return self.identifications // 10


def user_id(number: int) -> str:
    """Of the person with this place by how much they identify; 0 is the most eager."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_id('user', '%s')}", [number])
        return str(cursor.fetchone()[0])


def fill(amount: Amount) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # the references are right by construction
        cursor.execute("SELECT setseed(0.42)")
        _fill_species(cursor, amount)
        with _without_indexes(cursor, REQUESTS, ANSWERS, RESULTS, PHOTOS, PLANTS, FEEDBACK):
            for statement in _statements(amount):
                cursor.execute(statement)
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE")


def _fill_species(cursor: Any, amount: Amount) -> None:
    rng = random.Random(SEED)
    columns = "id, created_at, updated_at, canonical_name, from_sandbox, authorship, family, genus, gbif_id"
    columns += ", taxonomy, common_names, synonyms, sources, identification_count"
    with cursor.copy(f"COPY {SPECIES} ({columns}) FROM STDIN") as copy:
        for number, made in enumerate(make_species_names(amount.species, SEED)):
            cursor_id = _uuid("species", number)
            common = json.dumps({"en": made.english, "de": made.german})
            sources = json.dumps({"taxonomy": {"source": "plant_id", "date": "2026-11-01"}})
            count = int(amount.answers / amount.species * rng.paretovariate(1.2))
            taxonomy = json.dumps({"family": made.family, "genus": made.genus})
            moment = "2026-01-01 00:00:00+00"
            row = (cursor_id, moment, moment, made.canonical, True, "L.", made.family, made.genus, number + 1)
            copy.write_row((*row, taxonomy, common, json.dumps(made.synonyms), sources, count))


def _statements(amount: Amount) -> Iterator[str]:
    moment = f"now() - random() * interval '{DAYS} days'"
    yield from _shared(amount, moment)
    yield from _owned(amount, moment)


def _shared(amount: Amount, moment: str) -> Iterator[str]:
    """What knows no owner: photos, answers, candidates."""
    other = f"((hashtext(a.digest)::bigint + rank * 7919) & 2147483647) % {amount.species}"
    yield f"""
        INSERT INTO {PHOTOS} (id, created_at, updated_at, digest, paths, organs, sizes)
        SELECT {_id("photos", "n")}, now(), now(), {_digest("photo", "n")}, '["a/b.jpg"]', '["auto"]',
            '[[1500, 1125]]'
        FROM generate_series(0, {amount.answers - 1}) AS n"""
    # The favourite species come first: the cube of an even spread.
    yield f"""
        INSERT INTO {ANSWERS} (id, created_at, updated_at, question_key, digest, photo_digest, options,
            status, document, replies, plant_name, confidence, image_url, source, agreement, answered_at)
        SELECT {_id("answer", "n")}, m, m, {_digest("question", "n")}, {_digest("photo", "n")},
            {_digest("photo", "n")}, '{_OPTIONS}', 'complete', '{_document()}', '[]', s.canonical_name,
            random(), 'https://images.example.org/' || n || '.jpg', 'combined', 'both', m
        FROM (SELECT n, {moment} AS m, floor({amount.species} * random() ^ 3)::int AS k
            FROM generate_series(0, {amount.answers - 1}) AS n) AS drawn
        JOIN {SPECIES} s ON s.id = {_id("species", "k")}"""
    yield f"""
        INSERT INTO {RESULTS} (id, created_at, updated_at, answer_id, species_id, rank_position,
            scientific_name, confidence_score, provider_scores, model_version, model_confidence,
            model_metadata, is_favourite)
        SELECT gen_random_uuid(), a.created_at, a.created_at, a.id, s.id, rank,
            CASE rank WHEN 1 THEN a.plant_name ELSE s.canonical_name END, random() / rank,
            '{{"plant_id": 0.8, "plantnet": 0.7}}', 'plant_id 5.1.1, plantnet 2026', random(),
            '{_models()}', rank = 1
        FROM {ANSWERS} a CROSS JOIN generate_series(1, 3) AS rank
        JOIN {SPECIES} s ON s.id = CASE rank
            WHEN 1 THEN (SELECT id FROM {SPECIES} h WHERE h.from_sandbox AND h.canonical_name = a.plant_name)
            ELSE {_id("species", other)} END"""


def _owned(amount: Amount, moment: str) -> Iterator[str]:
    """People, and what is theirs."""
    yield f"""
        INSERT INTO {USERS} (id, created_at, updated_at, password, is_superuser, first_name, last_name,
            is_staff, is_active, date_joined, username, email, email_verified_at, wished_username,
            subscription_tier)
        SELECT {_id("user", "n")}, now(), now(), '!', false, '', '', false, true, now(), 'gardener' || n,
            'gardener' || n || '@example.org', now(), '', 'free'
        FROM generate_series(0, {amount.people - 1}) AS n"""
    yield f"""
        INSERT INTO {EXPERIMENTS} (id, created_at, updated_at, name, expectation, status, variant_a_rule,
            variant_a_percent, variant_b_rule, variant_b_percent, started_at, ended_at)
        VALUES ({_id("experiment", "0")}, now(), now(), 'Agreement', '', 'ended', 'quarter', 10,
            'three_quarters', 10, now() - interval '{DAYS} days', now())"""
    yield f"""
        INSERT INTO {REQUESTS} (id, created_at, updated_at, owner_id, from_sandbox, digest, photo_digest,
            options, photos_id, answer_id, status, cache, experiment_id, experiment_group, timings, attempts,
            deleted_at)
        SELECT {_id("request", "n")}, m, m, {_id("user", "p")}, true, {_digest("photo", "k")},
            {_digest("photo", "k")}, '{_OPTIONS}', {_id("photos", "k")}, {_id("answer", "k")},
            CASE WHEN n % 50 = 0 THEN 'partial' ELSE 'complete' END,
            CASE WHEN n % 4 = 0 THEN 'miss' ELSE 'hit' END,
            {_id("experiment", "0")}, 'control', '{{"total_ms": 1800}}', 0, CASE WHEN n % 1000 = 0 THEN m END
        FROM (SELECT n, {moment} AS m, floor({amount.people} * random() ^ 3)::int AS p,
            floor({amount.answers} * random() ^ 2)::int AS k
            FROM generate_series(0, {amount.identifications - 1}) AS n) AS drawn"""
    yield f"""
        INSERT INTO {FEEDBACK} (id, created_at, updated_at, request_id, verdict, scientific_name, comment)
        SELECT gen_random_uuid(), now(), now(), {_id("request", "n")},
            CASE WHEN random() < 0.8 THEN 'right' ELSE 'wrong' END, '', ''
        FROM generate_series(0, {amount.identifications - 1}, 20) AS n"""
    yield f"""
        INSERT INTO {PLANTS} (id, created_at, updated_at, owner_id, from_sandbox, nickname, scientific_name,
            species_id, identification_id, notes, location)
        SELECT gen_random_uuid(), m, m, {_id("user", "p")}, true, 'plant ' || n, '', {_id("species", "k")},
            {_id("request", "n")}, '', ''
        FROM (SELECT n, {moment} AS m, floor({amount.people} * random() ^ 3)::int AS p,
            floor({amount.species} * random() ^ 3)::int AS k
            FROM generate_series(0, {amount.plants - 1}) AS n) AS drawn"""


def _document() -> str:
    """Of the size in its table's row, which long documents are not: PostgreSQL keeps those elsewhere."""
    return json.dumps({"status": "complete", "suggestions": [], "summary": "x" * 600})


def _models() -> str:
    """What two models said of a candidate, as `services/results.py` keeps it."""
    scores = {"plant_id": ("plant_id:5.1.1", 0.8), "plantnet": ("2026-03-20 (7.5)", 0.7)}
    models = [
        {"provider": provider, "version": version, "score": score, "is_favourite": True}
        for provider, (version, score) in scores.items()
    ]
    return json.dumps({"agreement": "both", "fusion": "half", "from_sandbox": True, "models": models})


def _id(kind: str, number: str) -> str:
    return f"md5('{kind}' || {number})::uuid"


def _digest(kind: str, number: str) -> str:
    return f"md5('{kind}' || {number}) || md5('{kind}.' || {number})"


def _uuid(kind: str, number: int) -> str:
    return hashlib.md5(f"{kind}{number}".encode(), usedforsecurity=False).hexdigest()


@contextmanager
def _without_indexes(cursor: Any, *tables: str) -> Iterator[None]:
    """An index made at the end is made many times faster; those that are constraints stay."""
    cursor.execute(
        """
        SELECT c.relname, i.indexdef FROM pg_indexes i JOIN pg_class c ON c.relname = i.indexname
        WHERE i.tablename = ANY(%s) AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = c.oid)
        """,
        [list(tables)],
    )
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    yield
    for _, definition in indexes:
        cursor.execute(definition)
