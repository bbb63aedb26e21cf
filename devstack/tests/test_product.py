import os
import time

import pytest

from devstack import product
from devstack.errors import StackError


@pytest.fixture
def environment():
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "plant_community_backend.settings.test"}


def test_each_command_is_announced_and_the_one_that_fails_is_named_with_its_last_words(environment, tmp_path):
    log, begun = tmp_path / "logs" / "manage.log", []

    with pytest.raises(StackError) as failed:
        product.manage(
            ["diffsettings"],
            ["check", "--tag", "nonsense"],
            ["flush", "--noinput"],
            env=environment,
            log=log,
            begins=begun.append,
        )

    assert begun == ["diffsettings", "check"]
    assert f"manage.py check failed. The end of {log}:" in str(failed.value)
    assert '"nonsense"' in str(failed.value)
    assert "ROOT_URLCONF" in log.read_text()


def test_whoever_stops_the_start_does_not_wait_for_the_command(environment, tmp_path):
    def stop(_name):
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        product.manage(
            ["shell", "-c", "import time; time.sleep(100)"],
            env=environment,
            log=tmp_path / "manage.log",
            begins=stop,
        )

    assert time.monotonic() - began < 60


def test_where_django_does_not_start_its_last_words_are_shown(environment, tmp_path):
    with pytest.raises(StackError, match=r"manage\.py in_turn failed[\s\S]*no_such_settings"):
        product.manage(
            ["check"],
            env={**environment, "DJANGO_SETTINGS_MODULE": "no_such_settings"},
            log=tmp_path / "manage.log",
        )
