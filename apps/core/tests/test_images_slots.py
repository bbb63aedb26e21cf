import os
import threading
from contextlib import ExitStack

import pytest
from django.apps import apps

from apps.core.images import ImageWorkersBusy, PhotoLimits, inspect_photo, normalise_photo
from apps.core.images.slots import DecodeSlots, count_cores, decode_slots
from apps.core.tests import image_factory as factory


@pytest.fixture
def every_slot_taken():
    with ExitStack() as stack:
        for _ in range(count_cores()):
            stack.enter_context(decode_slots.hold(wait_s=5))
        yield


def test_as_many_photos_as_there_are_places_and_no_more():
    slots = DecodeSlots(2)

    with slots.hold(wait_s=0), slots.hold(wait_s=0), pytest.raises(ImageWorkersBusy), slots.hold(wait_s=0.01):
        pytest.fail("a third place was given")


def test_whether_a_place_is_free_is_told_without_taking_it():
    slots = DecodeSlots(2)

    with slots.hold(wait_s=0):
        assert not slots.are_all_taken()
        with slots.hold(wait_s=0):
            assert slots.are_all_taken()
    assert not slots.are_all_taken()


def test_a_waiting_photo_goes_on_when_a_place_becomes_free():
    slots = DecodeSlots(1)
    went_on = threading.Event()

    def wait_for_place() -> None:
        with slots.hold(wait_s=10):
            went_on.set()

    with slots.hold(wait_s=0):
        waiting = threading.Thread(target=wait_for_place)
        waiting.start()
        assert not went_on.is_set()
    waiting.join(10)

    assert went_on.is_set()


def test_a_place_is_given_back_when_the_photo_turns_out_to_be_damaged():
    slots = DecodeSlots(1)

    with pytest.raises(ValueError, match="damaged"), slots.hold(wait_s=0):
        raise ValueError("damaged")

    with slots.hold(wait_s=0):
        pass


@pytest.mark.usefixtures("every_slot_taken")
def test_normalising_does_not_wait_longer_than_its_limit():
    photo = factory.make_jpeg()

    with pytest.raises(ImageWorkersBusy) as busy:
        normalise_photo(photo, inspect_photo(photo), limits=PhotoLimits(decode_wait_s=0.01))

    assert busy.value.code == "busy"
    assert busy.value.retry_after_s > 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.usefixtures("every_slot_taken")
def test_a_forked_process_starts_with_all_its_places_free():
    child = os.fork()
    if child == 0:
        code = 1
        try:
            with decode_slots.hold(wait_s=0):
                code = 0
        finally:
            os._exit(code)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_place_taken_before_a_fork_does_not_make_one_more_after_it():
    slots = DecodeSlots(1)

    with slots.hold(wait_s=0):
        slots.forget_holders()

    with slots.hold(wait_s=0), pytest.raises(ImageWorkersBusy), slots.hold(wait_s=0):
        pytest.fail("a second place was given")


def test_processes_that_serve_together_divide_the_cores(settings):
    settings.WEB_PROCESSES = count_cores()
    try:
        apps.get_app_config("core").ready()

        with decode_slots.hold(wait_s=0), pytest.raises(ImageWorkersBusy), decode_slots.hold(wait_s=0):
            pytest.fail("a second place was given")
    finally:
        decode_slots.resize(count_cores())
