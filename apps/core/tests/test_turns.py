import os
import threading
from concurrent.futures import ThreadPoolExecutor

from apps.core.resilience.turns import Turns
from apps.core.tests.fakes_resilience import PATIENCE_S, wait_until


def test_no_more_than_the_places_are_under_way_and_the_next_follows():
    turns = Turns(2, patience_s=PATIENCE_S)
    under_way, most = [], []
    both_in = threading.Barrier(2)

    def work(number):
        with turns.take():
            under_way.append(number)
            both_in.wait(PATIENCE_S)
            most.append(len(under_way))
            both_in.wait(PATIENCE_S)
            under_way.remove(number)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))

    assert most == [2] * 6


def test_who_has_waited_long_enough_goes_on_without():
    turns = Turns(1, patience_s=0.01)

    with turns.take(), turns.take() as late:
        late.give_back()  # has none, and must not free the other's

        assert not turns._places.acquire(blocking=False)


def test_a_place_that_was_given_back_early_is_not_given_back_again():
    turns = Turns(1, patience_s=PATIENCE_S)

    with turns.take() as turn:
        turn.give_back()
        with turns.take():
            turn.give_back()

            assert not turns._places.acquire(blocking=False)


def test_a_forked_child_has_all_places():
    turns = Turns(1, patience_s=PATIENCE_S)

    with turns.take():
        child = os.fork()
        if child == 0:
            os._exit(0 if turns._places.acquire(blocking=False) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_those_who_wait_are_served_in_the_order_they_came():
    turns = Turns(1, patience_s=PATIENCE_S)
    served = []

    def work(number):
        with turns.take():
            served.append(number)

    with ThreadPoolExecutor(5) as pool, turns.take():
        for number in range(5):
            pool.submit(work, number)
            wait_until(lambda: len(turns._places._cond._waiters) == number + 1)  # noqa: B023
    assert served == [0, 1, 2, 3, 4]
