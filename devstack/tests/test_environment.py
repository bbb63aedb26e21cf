import pytest

from devstack.environment import exports, keys_in_file, read_options, sandbox_environment
from devstack.errors import StackError


def test_without_any_variable_the_defaults_hold():
    options = read_options({})

    assert options.port == 8000
    assert options.directory.name == ".devstack"
    assert not options.has_real_key


@pytest.mark.parametrize("port", ["web", "0", "65536", "-1", "80.5"])
def test_an_impossible_port_is_refused_in_one_sentence(port):
    with pytest.raises(StackError, match="a port is a number from 1 to 65535"):
        read_options({"PORT": port})


@pytest.mark.parametrize("name", ["PLANT_ID_API_KEY", "PLANTNET_API_KEY"])
def test_one_real_key_is_enough_to_keep_the_sandbox_off(name):
    assert read_options({name: "abc"}).has_real_key


def test_the_sandboxs_own_key_is_not_a_real_one():
    assert not read_options({"PLANT_ID_API_KEY": "sandbox", "PLANTNET_API_KEY": ""}).has_real_key


def test_the_sandbox_stands_in_for_all_services():
    variables = sandbox_environment("http://127.0.0.1:9")

    assert variables["PLANT_ID_BASE_URL"] == "http://127.0.0.1:9/plant_id/api/v3"
    assert variables["PLANTNET_BASE_URL"] == "http://127.0.0.1:9/plantnet/v2"
    assert variables["BREACHED_PASSWORDS_URL"] == "http://127.0.0.1:9/pwned_passwords/range"


def test_a_key_of_ones_own_is_never_printed_or_kept():
    environment = {"DATABASE_URL": "postgres://x", "PLANT_ID_API_KEY": "mine", "HOME": "/home/me"}

    assert exports(environment, with_sandbox=False) == {"DATABASE_URL": "postgres://x"}


def test_of_a_file_with_settings_only_the_keys_count(tmp_path, monkeypatch):
    monkeypatch.delenv("PLANT_ID_API_KEY", raising=False)
    (tmp_path / ".env").write_text("DATABASE_URL=postgres://elsewhere/plants\nPLANT_ID_API_KEY=mine\n")

    assert keys_in_file(tmp_path / ".env") == {"PLANT_ID_API_KEY": "mine"}
    assert keys_in_file(tmp_path / "none") == {}
