import psycopg
import pytest
import redis

from devstack.errors import StackError
from devstack.postgres import SURVIVES_KILL, PostgresServer
from devstack.processes import free_port
from devstack.procinfo import started_at
from devstack.redis import RedisServer
from devstack.servers import postgres_server, redis_server


def redis_client(server):
    return redis.Redis.from_url(server.url, socket_timeout=0.3, retry=None)


@pytest.fixture(scope="module")
def shared_postgres(tmp_path_factory):
    with postgres_server(tmp_path_factory.mktemp("shared") / "postgres") as server:
        yield server


@pytest.fixture
def postgres(shared_postgres):
    """Running when the test begins; the test may leave it in any state."""
    if not shared_postgres.child.is_running:
        shared_postgres.start()
    yield shared_postgres
    shared_postgres.resume()


def test_redis_answers_stops_and_comes_back_at_the_same_address(tmp_path):
    with redis_server(tmp_path) as server, redis_client(server) as client:
        url = server.url
        assert client.ping()

        server.stop()
        with pytest.raises(redis.ConnectionError):
            client.ping()

        server.start()
        assert server.url == url
        assert client.ping()
    assert not server.child.is_running


def test_a_frozen_redis_keeps_its_clients_waiting_until_it_goes_on(tmp_path):
    with redis_server(tmp_path) as server, redis_client(server) as client:
        client.ping()
        server.pause()
        with pytest.raises(redis.TimeoutError):
            client.ping()

        server.resume()

        assert client.ping()


def test_a_killed_redis_has_forgotten_everything_unless_it_is_durable(tmp_path):
    with redis_server(tmp_path) as server, redis_client(server) as client:
        client.set("a", "b")
        server.kill()
        server.start()
        assert client.get("a") is None


def test_a_durable_redis_keeps_its_data_over_a_stop(tmp_path):
    server = RedisServer(tmp_path, durable=True)
    try:
        server.start()
        with redis_client(server) as client:
            client.set("a", "b")
            server.stop()
            server.start()
            assert client.get("a") == b"b"
    finally:
        server.kill()


def test_redis_refuses_whoever_does_not_know_its_password(tmp_path):
    with redis_server(tmp_path) as server, redis.Redis(port=server.port, retry=None) as stranger:
        with pytest.raises(redis.AuthenticationError):
            stranger.ping()
        assert (tmp_path / "redis.conf").stat().st_mode & 0o777 == 0o600


def test_a_port_given_for_redis_is_used(tmp_path):
    port = free_port()
    with redis_server(tmp_path, port=port) as server:
        assert server.port == port


def test_a_given_port_that_is_taken_is_said_with_the_servers_own_words(tmp_path):
    with redis_server(tmp_path / "one") as first:
        second = RedisServer(tmp_path / "two", port=first.port)
        with pytest.raises(StackError, match="Address already in use"):
            second.start()


def test_a_committed_row_outlives_a_killed_postgres(postgres):
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE plants AS SELECT 'Ficus lyrata' AS name")
        postgres.kill()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")

    postgres.start()

    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT name FROM plants").fetchone() == ("Ficus lyrata",)


def test_a_frozen_postgres_answers_again_when_it_goes_on(postgres):
    with psycopg.connect(postgres.url) as connection:
        postgres.pause()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(postgres.url, connect_timeout=2)

        postgres.resume()

        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_postgres_knows_upper_and_lower_case_of_every_alphabet(postgres):
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT lower('ÄЖΩ'), 'Ü' ILIKE 'ü'").fetchone() == ("äжω", True)


def test_postgres_refuses_whoever_does_not_know_its_password(postgres):
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host="127.0.0.1", port=postgres.port, user="plant_community", password="guess")


def test_nothing_of_a_throw_away_postgres_is_left(tmp_path):
    with postgres_server(tmp_path / "postgres") as server:
        home, pid = server.home, server.child.pid

    assert not home.exists()
    assert started_at(pid) is None


def test_an_interrupted_first_start_is_begun_anew(tmp_path):
    server = PostgresServer(tmp_path / "postgres", settings=SURVIVES_KILL)
    unfinished = server.home / "data.unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    try:
        server.start()

        assert not unfinished.exists()
    finally:
        server.kill()
        server.remove()


def test_the_mark_of_a_dead_postgres_is_no_obstacle(postgres):
    postgres.kill()
    mark = postgres.home / "data" / "postmaster.pid"
    mark.write_text("1\n" + mark.read_text().split("\n", 1)[1])  # a pid that now is another program's

    postgres.start()

    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_postgres_left_over_on_the_same_data_is_stopped_first(postgres):
    successor = PostgresServer(postgres.home.with_name("unused"), settings=SURVIVES_KILL)
    successor.remove()
    successor.home, successor._data = postgres.home, postgres.home / "data"
    successor._password_file = postgres.home / "password"
    successor.child = successor._child()
    try:
        successor.start()

        assert postgres.child._process.wait(20) == 0
        with psycopg.connect(successor.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        successor.kill()


@pytest.mark.parametrize(
    ("version", "said"),
    [("17", "was made by PostgreSQL 17, and this is 18"), (None, "not a PostgreSQL data folder")],
)
def test_data_that_cannot_be_used_is_named_with_the_way_out(tmp_path, version, said):
    server = PostgresServer(tmp_path / "postgres")
    (server.home / "data").mkdir()
    if version:
        (server.home / "data" / "PG_VERSION").write_text(f"{version}\n")
    try:
        with pytest.raises(StackError, match=f"{said}.*set DEVSTACK_DIR"):
            server.start()
    finally:
        server.remove()
