import shutil
from types import SimpleNamespace

import psycopg
import pytest

from devstack import migrated
from devstack.errors import StackError
from devstack.postgres import FORGETFUL, NAME, PostgresServer


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with one migration; to run it takes the time of writing a file."""
    root = tmp_path / "project"
    migration = root / "apps" / "users" / "migrations" / "0001_initial.py"
    migration.parent.mkdir(parents=True)
    migration.write_text("operations = []")
    (root / ".venv").mkdir()
    monkeypatch.setattr(migrated, "ROOT", root)
    monkeypatch.setattr(migrated, "_KEPT", root / ".venv" / "migrated")
    monkeypatch.setattr(migrated, "_migrate", lambda directory: write(directory, migration.read_text()))
    return root


def write(directory, text):
    (directory / "data").mkdir(parents=True)
    (directory / "data" / "PG_VERSION").write_text(text)


def read(directory):
    return (directory / "data" / "PG_VERSION").read_text()


def kept(project):
    return [folder.name for folder in (project / ".venv" / "migrated").iterdir()]


def migrating(monkeypatch):
    """Each folder that is really migrated from now on."""
    run, folders = migrated._migrate, []
    monkeypatch.setattr(migrated, "_migrate", lambda directory: (folders.append(directory), run(directory)))
    return folders


def test_what_was_migrated_once_is_copied_from_then_on(project, tmp_path, monkeypatch):
    run = migrating(monkeypatch)

    copies = [migrated.make_origin(tmp_path / name) for name in ("one", "two")]

    assert run == [tmp_path / "one"]
    assert [read(copy) for copy in copies] == ["operations = []"] * 2


@pytest.mark.parametrize("name", ["apps/users/migrations/0002_more.py", "requirements.txt"])
def test_what_may_change_the_outcome_makes_it_anew_and_replaces_what_was_kept(project, tmp_path, name):
    migrated.make_origin(tmp_path / "one")
    before = kept(project)
    (project / name).write_text("something else")

    migrated.make_origin(tmp_path / "two")

    assert len(kept(project)) == 1
    assert kept(project) != before


def test_a_kept_one_that_vanishes_in_the_middle_is_made_anew(project, tmp_path, monkeypatch):
    migrated.make_origin(tmp_path / "one")
    copy = shutil.copytree

    def vanish(source, target, **rest):
        if source.parent == migrated._KEPT:
            target.mkdir()
            raise FileNotFoundError(source)
        return copy(source, target, **rest)

    monkeypatch.setattr(migrated, "shutil", SimpleNamespace(copytree=vanish, rmtree=shutil.rmtree))

    assert read(migrated.make_origin(tmp_path / "two")) == "operations = []"


def test_without_a_place_to_keep_it_there_still_is_one(project, tmp_path):
    (project / ".venv" / "migrated").write_text("a file in the way")

    assert read(migrated.make_origin(tmp_path / "one")) == "operations = []"


def test_nobody_else_can_read_what_is_kept(project, tmp_path):
    migrated.make_origin(tmp_path / "one")

    assert (project / ".venv" / "migrated").stat().st_mode & 0o077 == 0


def test_servers_begin_with_what_another_had_and_go_their_own_ways(tmp_path):
    servers = [PostgresServer(tmp_path / "first" / "postgres", settings=FORGETFUL)]
    try:
        servers[0].start()
        with psycopg.connect(servers[0].url) as connection:
            connection.execute("CREATE TABLE plants AS SELECT 'Ficus lyrata' AS name")
        servers[0].stop()
        servers[0].save(tmp_path / "origin")
        for number in range(2):
            home = tmp_path / str(number) / "postgres"
            servers.append(PostgresServer(home, settings=FORGETFUL, origin=tmp_path / "origin"))
            servers[-1].start()
        with psycopg.connect(servers[1].url) as connection:
            connection.execute("DELETE FROM plants")
        with psycopg.connect(servers[2].url) as connection:
            assert connection.execute("SELECT name FROM plants").fetchall() == [("Ficus lyrata",)]

        servers[2].set_aside("plants")

        with psycopg.connect(servers[2].url) as connection:
            assert connection.execute("SELECT to_regclass('plants')").fetchone() == (None,)
        with psycopg.connect(servers[2].url.removesuffix(NAME) + "plants") as connection:
            assert connection.execute("SELECT name FROM plants").fetchone() == ("Ficus lyrata",)
    finally:
        for server in servers:
            server.kill()
            server.remove()


def test_a_copy_is_not_taken_for_the_one_it_was_made_from(tmp_path):
    first = PostgresServer(tmp_path / "first" / "postgres", settings=FORGETFUL)
    second = PostgresServer(tmp_path / "second" / "postgres", port=first.port, settings=FORGETFUL)
    try:
        first.start()
        second._write_password((first.home / "password").read_text())

        with pytest.raises(StackError, match="Another PostgreSQL answers"):
            second._answers()
    finally:
        first.kill()
        for server in (first, second):
            server.remove()
