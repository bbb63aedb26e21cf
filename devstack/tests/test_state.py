import os
import secrets
import subprocess
import sys
from dataclasses import replace

import pytest

from devstack.errors import StackError
from devstack.procinfo import RUN_VARIABLE, ProcessId, started_at
from devstack.state import State, StateFolder, stop_carriers

SLEEPER = [sys.executable, "-c", "import sys, time; print('up', flush=True); time.sleep(600)"]


@pytest.fixture
def folder(tmp_path):
    folder = StateFolder(tmp_path / "stack")
    folder.acquire()
    yield folder
    folder.release()


@pytest.fixture
def start_sleeper():
    started = []

    def start(**variables):
        sleeper = subprocess.Popen(
            SLEEPER, stdout=subprocess.PIPE, start_new_session=True, env={**os.environ, **variables}
        )
        sleeper.stdout.readline()
        started.append(sleeper)
        return sleeper

    yield start
    for sleeper in started:
        sleeper.kill()
        sleeper.communicate()


def identity(sleeper):
    return ProcessId("sleeper", sleeper.pid, started_at(sleeper.pid))


def test_what_is_saved_is_loaded(folder):
    state = State(
        token="t", pid=1, address="http://x", processes=(ProcessId("a", 2, "3"),), exports={"A": "b"}
    )

    folder.save(state)

    assert folder.load() == state


def test_the_state_is_readable_by_its_owner_alone(folder):
    folder.save(State(token="t", pid=1))

    assert (folder.directory / "state.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", ["", "{", "[]", '{"token": 1}', '{"processes": [{}]}'])
def test_a_state_that_cannot_be_read_is_none(folder, content):
    (folder.directory / "state.json").write_text(content)

    assert folder.load() is None
    assert folder.stop_leftovers() == []


def test_a_second_stack_in_the_same_folder_is_refused_with_the_address_of_the_first(folder):
    folder.save(State(token="t", pid=1, address="http://127.0.0.1:8123"))

    with pytest.raises(StackError, match=r"already runs in .* at http://127\.0\.0\.1:8123"):
        StateFolder(folder.directory).acquire()


def test_a_released_folder_can_be_taken_again(folder):
    other = StateFolder(folder.directory)
    assert other.is_held

    folder.release()

    assert not other.is_held
    other.acquire()
    other.release()


def test_a_recorded_process_is_stopped_and_named(folder, start_sleeper):
    left = start_sleeper()
    folder.save(State(token="t", pid=1, processes=(identity(left),)))

    assert folder.stop_leftovers() == ["sleeper"]
    assert left.wait(10) is not None
    assert folder.load() is None


def test_a_stranger_that_got_a_recorded_pid_is_left_alone(folder, start_sleeper):
    stranger = start_sleeper()
    earlier = replace(identity(stranger), started="boot:1")
    folder.save(State(token="t", pid=1, processes=(earlier,)))

    assert folder.stop_leftovers() == []
    assert stranger.poll() is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the variables of a process")
def test_a_process_that_was_never_recorded_is_known_by_the_runs_token(start_sleeper):
    token = secrets.token_hex(16)
    stray, stranger = start_sleeper(**{RUN_VARIABLE: token}), start_sleeper(**{RUN_VARIABLE: "another"})

    assert stop_carriers(token) == 1
    assert stray.wait(10) is not None
    assert stranger.poll() is None


def test_a_process_that_waits_to_be_reaped_is_not_alive():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    known = ProcessId("child", child.pid, started_at(child.pid))
    assert known.is_alive

    child.stdin.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    assert not known.is_alive
    child.wait()


def test_a_folder_that_cannot_be_written_is_named_with_the_way_out(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(StackError, match="set DEVSTACK_DIR to a folder of your own"):
        StateFolder(tmp_path / "file").acquire()
