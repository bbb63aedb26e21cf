import sys
import time

import pytest

from devstack import bootstrap
from devstack.errors import StackError


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with a finished environment, of which nothing is real but the files."""
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").touch()
    (venv / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.12.1\n")
    for names in bootstrap.REQUIREMENTS.values():
        for name in names:
            (tmp_path / name).write_text("django==5.2.19 \\\n    --hash=sha256:00\n")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", venv)
    monkeypatch.setattr(bootstrap, "_PYTHON", venv / "bin" / "python")
    monkeypatch.setattr(bootstrap, "_UNFINISHED", venv / ".devstack-unfinished")
    monkeypatch.setattr(bootstrap, "_LOG", venv / "install.log")
    (venv / ".devstack-run").write_text(bootstrap._expected())
    return tmp_path


def test_an_environment_with_its_stamp_is_finished(project):
    assert bootstrap.is_finished("run")


def test_the_tools_for_development_need_a_stamp_of_their_own(project):
    assert not bootstrap.is_finished("dev")


def test_an_environment_for_development_serves_to_run(project):
    (project / ".venv" / ".devstack-run").rename(project / ".venv" / ".devstack-dev")

    assert bootstrap.is_finished("run")


def test_an_environment_without_a_stamp_is_not_finished(project):
    (project / ".venv" / ".devstack-run").unlink()

    assert not bootstrap.is_finished("run")


def test_an_interrupted_installation_is_not_finished_whatever_stamps_say(project):
    (project / ".venv" / ".devstack-unfinished").touch()

    assert not bootstrap.is_finished("run")


def test_changed_requirements_are_not_installed_yet(project):
    (project / "requirements.txt").write_text("django==5.2.20 \\\n    --hash=sha256:00\n")

    assert not bootstrap.is_finished("run")


def test_another_python_is_another_environment(project):
    (project / ".venv" / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.13.0\n")

    assert not bootstrap.is_finished("run")


def test_what_was_installed_halfway_is_made_anew(project, monkeypatch):
    done = []
    (project / ".venv" / ".devstack-unfinished").touch()
    monkeypatch.setattr(bootstrap, "_create", lambda: done.append("create"))
    monkeypatch.setattr(bootstrap, "_install", lambda kind: done.append(f"install {kind}"))

    bootstrap._finish("run")

    assert done == ["create", "install run"]


def test_a_whole_environment_is_completed_first_and_made_anew_only_if_that_fails(project, monkeypatch):
    done = []

    def install(kind):
        done.append("install")
        if done == ["install"]:
            raise StackError("no")

    monkeypatch.setattr(bootstrap, "_is_usable", lambda: True)
    monkeypatch.setattr(bootstrap, "_create", lambda: done.append("create"))
    monkeypatch.setattr(bootstrap, "_install", install)

    bootstrap._finish("run")

    assert done == ["install", "create", "install"]


def test_a_failed_installation_leaves_no_stamp_and_names_pips_reason(project, monkeypatch):
    def run(commands, *, total):
        said = "Collecting django==5.2.19\nERROR: No matching distribution found for django==5.2.19\n"
        bootstrap._LOG.write_text(said)
        return False

    monkeypatch.setattr(bootstrap, "_run_showing_progress", run)
    (project / ".venv" / ".devstack-run").unlink()

    with pytest.raises(StackError, match="No matching distribution found for django"):
        bootstrap._install("run")

    assert not bootstrap.is_finished("run")
    assert (project / ".venv" / ".devstack-unfinished").exists()


def test_each_package_is_required_once_and_with_its_hashes(project):
    (project / "requirements.txt").write_text("# by hand\na==1 \\\n    --hash=sha256:00\n    # via b\nb==2\n")
    (project / "requirements-devstack.txt").write_text(
        "a==1 \\\n    --hash=sha256:00\nc==3 ; python_version\n"
    )

    first, *others = bootstrap._read_requirements("run")

    assert first.startswith("a==1 \\\n    --hash=sha256:00")
    assert others == ["b==2", "c==3 ; python_version"]


HALF = """
import pathlib, sys, time
print("Collecting a==1")
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.01)
"""


def test_packages_are_installed_by_two_and_shown_as_they_come(project, monkeypatch):
    seen = project / "seen"
    monkeypatch.setattr(bootstrap, "PROGRESS_EVERY_S", 0.0)
    monkeypatch.setattr(bootstrap, "_say", lambda text: "fetched 2 of 2 packages" in text and seen.touch())

    assert bootstrap._run_showing_progress([[sys.executable, "-uc", HALF, str(seen)]] * 2, total=2)
    assert seen.exists()


def test_when_one_half_cannot_be_installed_the_other_is_not_waited_for(project):
    began = time.monotonic()

    assert not bootstrap._run_showing_progress(
        [
            [sys.executable, "-c", "import time; time.sleep(60)"],
            [sys.executable, "-c", "raise SystemExit(1)"],
        ],
        total=2,
    )
    assert time.monotonic() - began < 30


def test_what_pip_runs_on_is_replaced_when_no_other_runs(project, monkeypatch):
    rounds = []

    def run(commands, *, total):
        rounds.append([bootstrap.Path(command[-1]).read_text() for command in commands])
        return True

    monkeypatch.setattr(bootstrap, "_run_showing_progress", run)
    (project / "requirements.txt").write_text("a==1\npip==2\npip-audit==3\n")
    (project / "requirements-devstack.txt").write_text("setuptools==4\nd==5\n")

    bootstrap._install("run")

    assert rounds == [["a==1\nd==5\n", "pip-audit==3\n"], ["pip==2\nsetuptools==4\n"]]
