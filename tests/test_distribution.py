from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.distribution import PRODUCT, TOGETHER, Distribution, place_of, rank

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("place", TOGETHER)
def test_every_place_of_the_table_has_tests(place: str) -> None:
    tests = [ROOT / place] if place.endswith(".py") else [*(ROOT / place).glob("test_*.py")]

    assert tests
    assert all(test.is_file() for test in tests)


def test_whoever_talks_to_the_product_does_so_in_one_process(request: pytest.FixtureRequest) -> None:
    users = {item.nodeid for item in request.session.items if "product" in getattr(item, "fixturenames", ())}

    assert {TOGETHER.get(place_of(nodeid) or "") for nodeid in users} <= {PRODUCT}


def test_the_longest_begin_and_all_others_keep_their_order() -> None:
    names = ["apps/b.py::test", "tests/test_fleet.py::test_b", "apps/a.py::test", "tests/test_chaos.py::test"]
    names += ["tests/test_fleet.py::test_a"]
    items = sorted((SimpleNamespace(nodeid=name) for name in names), key=rank)  # type: ignore[arg-type]

    assert [item.nodeid for item in items] == [names[3], names[1], names[4], names[0], names[2]]


def test_what_shares_servers_is_one_piece_of_work_and_every_other_test_one_of_its_own() -> None:
    option = SimpleNamespace(loadscopereorder=True)
    config = SimpleNamespace(option=option, getvalue=lambda _: ["popen", "popen"])
    pieces = Distribution(config)._split_scope  # type: ignore[arg-type]

    assert pieces("tests/browser/test_identify_page.py::test_a") == pieces("tests/test_nginx.py::test_b[c]")
    assert pieces("tests/test_fleet.py::test_a") == pieces("tests/test_fleet.py::test_b") != PRODUCT
    assert pieces("apps/a.py::test_a[x::y]") == "apps/a.py::test_a[x::y]"
    assert not option.loadscopereorder
