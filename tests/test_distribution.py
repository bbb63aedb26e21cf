from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.distribution import IN_THEIR_TURN, PRODUCT, TOGETHER, Distribution, place_of, rank

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("place", [*TOGETHER, *IN_THEIR_TURN])
def test_every_place_of_the_table_has_tests(place: str) -> None:
    tests = [ROOT / place] if place.endswith(".py") else [*(ROOT / place).glob("test_*.py")]

    assert tests
    assert all(test.is_file() for test in tests)


def test_whoever_talks_to_the_product_does_so_in_one_process(request: pytest.FixtureRequest) -> None:
    users = {item.nodeid for item in request.session.items if "product" in getattr(item, "fixturenames", ())}

    assert {TOGETHER.get(place_of(nodeid) or "") for nodeid in users} <= {PRODUCT}


def test_what_begins_commits_nothing(request: pytest.FixtureRequest) -> None:
    """Each test that commits leaves the database empty, and most others want what migrations put there."""
    early = [item for item in request.session.items if place_of(item.nodeid) in TOGETHER]
    marks = [mark for item in early if (mark := item.get_closest_marker("django_db"))]

    assert not any(mark.kwargs.get("transaction") for mark in marks)


def test_the_longest_begin_and_all_others_keep_their_order() -> None:
    names = ["apps/b.py::test", "tests/test_fleet.py::test_b", "apps/a.py::test", "tests/test_chaos.py::test"]
    names += ["tests/test_fleet.py::test_a"]
    items = sorted((SimpleNamespace(nodeid=name) for name in names), key=rank)  # type: ignore[arg-type]

    assert [item.nodeid for item in items] == [names[3], names[1], names[4], names[0], names[2]]


class Node:
    """One of pytest's processes; keeps what it was given."""

    def __init__(self) -> None:
        self.given: list[str] = []
        self.shutting_down = False
        self.gateway = SimpleNamespace(id="gw")

    def send_runtest_some(self, numbers: list[int]) -> None:
        self.given += [TESTS[number] for number in numbers]

    def shutdown(self) -> None:
        self.shutting_down = True


TESTS = [
    *("tests/test_chaos.py::test_a", "tests/test_chaos.py::test_b", "tests/test_chaos.py::test_c"),
    *("tests/browser/test_identify_page.py::test_a", "tests/test_nginx.py::test_b[c]"),
    *(f"apps/a.py::test_a[x::{number}]" for number in range(4)),
]


@pytest.fixture
def nodes() -> list[Node]:
    return [Node(), Node()]


@pytest.fixture
def distribution(nodes: list[Node]) -> Distribution:
    option = SimpleNamespace(loadscopereorder=True)
    config = SimpleNamespace(option=option, getvalue=lambda _: ["popen"] * len(nodes))
    made = Distribution(config)  # type: ignore[arg-type]
    for node in nodes:
        made.add_node(node)
        made.add_node_collection(node, TESTS)
    made.schedule()
    return made


def finish(distribution: Distribution, node: Node) -> None:
    for test in node.given:  # to which is added meanwhile
        distribution.mark_test_complete(node, TESTS.index(test))


def test_what_shares_servers_stays_together_and_one_process_begins_with_the_others(
    distribution: Distribution, nodes: list[Node]
) -> None:
    assert nodes[0].given == TESTS[:3]
    assert nodes[1].given == TESTS[5:7]


def test_who_has_nothing_else_to_do_takes_a_group(distribution: Distribution, nodes: list[Node]) -> None:
    finish(distribution, nodes[1])

    assert nodes[1].given == [*TESTS[5:], *TESTS[3:5]]
    assert nodes[0].given == TESTS[:3]
