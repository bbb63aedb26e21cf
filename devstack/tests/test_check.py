import pytest

from devstack import check


class Pytest:
    """Answers with one exit code after the other, and keeps what it was asked."""

    def __init__(self, *codes: int) -> None:
        self.codes, self.asked = list(codes), []

    def __call__(self, arguments: list[str], environment: dict[str, str]) -> int:
        self.asked.append(arguments)
        return self.codes.pop(0)


@pytest.fixture
def tests(monkeypatch):
    def run(*codes: int, failures: int = 0) -> tuple[bool, Pytest]:
        fake = Pytest(*codes)
        monkeypatch.setattr(check, "run_pytest", fake)
        monkeypatch.setattr(check, "last_failures", lambda: [f"test_{number}" for number in range(failures)])
        return check._test({}).is_good, fake

    return run


def test_tests_that_pass_run_once(tests):
    is_good, fake = tests(0)

    assert is_good
    assert len(fake.asked) == 1


def test_what_passes_alone_is_named_and_does_not_fail_the_check(tests, capsys):
    is_good, fake = tests(1, 0, failures=2)

    assert is_good
    assert "--last-failed" in fake.asked[1]
    assert capsys.readouterr().out.count("UNSTABLE: test_") == 2


def test_what_fails_alone_as_well_fails_the_check(tests, capsys):
    assert not tests(1, 1, failures=1)[0]
    assert "UNSTABLE" not in capsys.readouterr().out


@pytest.mark.parametrize(("code", "failures"), [(1, check.SECOND_CHANCES + 1), (2, 1), (3, 0)])
def test_many_failures_and_a_pytest_that_broke_down_get_no_second_chance(tests, code, failures):
    is_good, fake = tests(code, failures=failures)

    assert not is_good
    assert len(fake.asked) == 1
