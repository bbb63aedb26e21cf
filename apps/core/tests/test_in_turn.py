import pytest
from django.core.management import CommandError, call_command


def test_each_is_announced_before_it_speaks_and_after_one_that_fails_none_begins(capsys):
    with pytest.raises(CommandError):
        call_command("in_turn", '["check", "--list-tags"]', '["check", "--tag", "nonsense"]', '["flush"]')

    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("Begins")] == ["Begins: check"] * 2
    assert lines[0] == "Begins: check"
    assert "security" in lines


@pytest.mark.parametrize("nonsense", ["check", "[]", "[1]", '{"check": 1}'])
def test_what_is_no_list_of_words_is_refused(nonsense):
    with pytest.raises(CommandError):
        call_command("in_turn", nonsense)
