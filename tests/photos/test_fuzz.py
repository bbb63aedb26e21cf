"""A short form of `make fuzz`, with fixed seeds: the long one is for a quiet hour."""

import random
import signal

import pytest

from tests.photos.fuzzing import Fuzzer, make_photos
from tests.photos.mutations import MUTATORS, list_blocks, mutate
from tests.photos.preparing import Preparing

IN_PROCESS = 1000
TO_THE_API = 60


@pytest.mark.timeout(180)
def test_damaged_photos_are_taken_or_refused_and_nothing_else(tmp_path):
    fuzzer = Fuzzer(seed=1, keep=tmp_path)

    tried = fuzzer.run(lambda number: number < IN_PROCESS)

    assert not fuzzer.findings
    assert tried == sum(fuzzer.outcomes.values()) == IN_PROCESS
    assert {"taken", "image_unreadable", "image_type_unsupported"} <= set(fuzzer.outcomes)


@pytest.mark.django_db(transaction=True)
def test_damaged_photos_get_an_answer_of_the_api_below_500(providers, identify):
    chance, photos = random.Random(2), make_photos()

    answers = [identify(mutate(chance.choice(photos), chance, photos)) for _ in range(TO_THE_API)]

    assert {response.status_code for response in answers} <= {200, 400, 413, 415, 422}


@pytest.mark.parametrize(
    ("signal_number", "what"),
    [(signal.SIGSEGV, "Crashed: ended with -11"), (signal.SIGSTOP, "Hung: no answer in 0.5 s")],
)
def test_a_decoder_that_crashes_or_hangs_is_found(tmp_path, signal_number, what):
    fuzzer = Fuzzer(seed=1, keep=tmp_path, patience_s=0.5)
    process = Preparing()
    try:
        process.send_signal(signal_number)
        assert not fuzzer.try_photo(process, b"photo", number=5)
    finally:
        process.stop()

    assert fuzzer.findings == [f"{tmp_path / 'seed1-5'}: {what}"]
    assert (tmp_path / "seed1-5").read_bytes() == b"photo"


def test_the_same_seed_damages_the_same_way():
    photos = make_photos()
    first, second = random.Random(7), random.Random(7)

    assert [mutate(photo, first, photos) for photo in photos] == [
        mutate(photo, second, photos) for photo in photos
    ]


def test_the_blocks_of_every_photo_are_found():
    assert all(len(list_blocks(bytearray(photo))) >= 1 for photo in make_photos())


@pytest.mark.parametrize("mutator", MUTATORS)
def test_each_way_of_damage_does_some(mutator):
    photos, chance = make_photos(), random.Random(3)
    changed = 0
    for photo in photos:
        content = bytearray(photo)
        mutator(content, chance, photos)
        changed += content != photo

    assert changed > len(photos) // 3
