import socket
import sys

import pytest

from devstack.errors import StackError
from devstack.processes import Child, free_port, is_port_free
from devstack.procinfo import descendants, started_at

GRANDPARENT = """
import subprocess, sys, time
code = "import os, time; os.setsid(); print('grandchild', flush=True); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", code])
time.sleep(600)
"""


@pytest.fixture
def make_child(tmp_path):
    made = []

    def make(code):
        child = Child(name="child", command=[sys.executable, "-c", code], log=tmp_path / "logs" / "child.log")
        made.append(child)
        return child

    yield make
    for child in made:
        child.kill()


def test_killing_reaches_grandchildren_with_a_session_of_their_own(make_child):
    child = make_child(GRANDPARENT)
    child.start()
    child.wait_until(lambda: "grandchild" in child.output(), timeout_s=20)
    (grandchild,) = descendants(child.pid)

    child.kill()

    assert not child.is_running
    assert started_at(grandchild) is None


def test_one_that_does_not_listen_is_killed_after_its_grace(make_child):
    child = make_child(
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('deaf', flush=True); time.sleep(600)"
    )
    child.start()
    child.wait_until(lambda: "deaf" in child.output(), timeout_s=20)

    child.stop(grace_s=0.1)

    assert child.exit_code == -9


def test_one_that_ends_at_its_start_is_named_with_the_end_of_its_log(make_child):
    child = make_child("import sys; print('no such port'); sys.exit(3)")
    child.start()

    with pytest.raises(StackError, match=r"child ended at its start with code 3(.|\n)*no such port"):
        child.wait_until(lambda: False, timeout_s=20)


def test_one_that_is_never_ready_is_given_up(make_child):
    child = make_child("import time; time.sleep(600)")
    child.start()

    with pytest.raises(StackError, match="not ready after"):
        child.wait_until(lambda: False, timeout_s=0.1)


def test_the_output_is_that_of_the_last_start_alone(make_child):
    child = make_child("print('once')")
    for _ in range(2):
        child.start()
        child._process.wait()

    assert child.output() == "once\n"


def test_a_port_somebody_listens_on_is_not_free():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        assert not is_port_free(listener.getsockname()[1])


def test_a_port_for_a_server_is_not_one_the_system_lends_to_clients():
    assert 20_000 <= free_port() < 32_000
