"""Which tests begin first, and which stay together in one of pytest's processes.

What takes long begins first, so that no process is left alone with it at the end. Tests that share servers
or much content stay together, or each process would make those anew. All others go wherever there is time, in
the order that pytest-randomly and pytest-django give them; one process begins with these.

xdist's own `--dist loadgroup` would need marks instead of this table, and does nothing with pytest 9.
"""

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

PRODUCT = "the product of tests/conftest.py"
# The longest first. Who names a folder means every file in it.
TOGETHER = {
    "tests/test_chaos.py": "chaos",
    "tests/test_contract_fuzzing.py": PRODUCT,
    "tests/browser/": PRODUCT,
    "tests/test_nginx.py": PRODUCT,
    "tests/test_typescript_client.py": PRODUCT,
    "tests/test_fleet.py": "fleet",
    "tests/test_benchmarks.py": "benchmarks",
    "devstack/tests/test_run.py": "run",
    "tests/test_metrics_fleet.py": "metrics",
    "tests/test_fleet_faults.py": "faults",
    "tests/photos/test_server.py": "photos",
    "tests/test_documented_commands.py": "commands",
    "apps/blog/tests/test_content_queries.py": "content",
    "tests/test_near_duplicates.py": "near duplicates",
}
# These too, but in their turn: tests that commit leave the database empty, and come last.
IN_THEIR_TURN = {"tests/test_third_provider.py": "third provider"}
_SCOPES = TOGETHER | IN_THEIR_TURN
_GROUPS = set(TOGETHER.values())
_RANK = {place: rank for rank, place in enumerate(TOGETHER)}


def place_of(nodeid: str) -> str | None:
    """The tables' line for a test."""
    file = nodeid.partition("::")[0]
    return next((place for place in _SCOPES if file.startswith(place)), None)


def rank(item: pytest.Item) -> int:
    """To sort by; whoever is not in the table comes after all who are."""
    return _RANK.get(place_of(item.nodeid) or "", len(_RANK))


class Distribution(LoadScopeScheduling):
    def __init__(self, config: pytest.Config, log: object = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # xdist's own idea: the group with the most tests first

    def _split_scope(self, nodeid: str) -> str:
        place = place_of(nodeid)
        return nodeid if place is None else _SCOPES[place]

    def _assign_work_unit(self, node: object) -> None:
        """The last process takes no group while there is anything else: fewer servers run at a time."""
        if node is self.nodes[-1]:
            other = next((scope for scope in self.workqueue if scope not in _GROUPS), None)
            if other is not None:
                self.workqueue.move_to_end(other, last=False)
        super()._assign_work_unit(node)
