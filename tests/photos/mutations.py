"""Damage to photos: blind, and along the blocks that each format is made of."""

import random
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from apps.core.images.formats.heif import is_heif
from apps.core.images.formats.webp import is_webp

TELLING_BYTES = (0x00, 0x01, 0x7F, 0x80, 0xD8, 0xD9, 0xDA, 0xFE, 0xFF)
TELLING_NUMBERS = (0, 1, 2, 3, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
REPAIR_CHANCE = 0.8
HEIF_CONTAINERS = {b"meta": 4, b"iprp": 0, b"ipco": 0, b"iinf": 6, b"iref": 4, b"dinf": 0}


class Block(NamedTuple):
    start: int
    length_at: int
    length_format: str
    body: int
    end: int


Mutator = Callable[[bytearray, random.Random, Sequence[bytes]], None]


def mutate(content: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    """Damage it in one to four ways; the same chance gives the same damage."""
    mutated = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 2, 4))):
        if not mutated:
            break
        chance.choice(MUTATORS)(mutated, chance, others)
    if chance.random() < REPAIR_CHANCE:
        repair(mutated)
    return bytes(mutated)


def repair(content: bytearray) -> None:
    """Correct checksums and total lengths: with wrong ones the damage would not get past the first look."""
    if content.startswith(b"\x89PNG"):
        for block in list_blocks(content):
            if block.end <= len(content):
                checksum = zlib.crc32(content[block.start + 4 : block.end - 4])
                struct.pack_into(">I", content, block.end - 4, checksum)
    elif is_webp(bytes(content[:12])):
        struct.pack_into("<I", content, 4, len(content) - 8)


def list_blocks(content: bytearray) -> list[Block]:
    if content.startswith(b"\xff\xd8"):
        return list(_segments(content))
    if content.startswith(b"\x89PNG"):
        return list(_chunks(content, 8, ">I", trailer=4))
    if is_webp(bytes(content[:12])):
        return list(_chunks(content, 12, "<I", trailer=0))
    if is_heif(bytes(content[:12])):
        return list(_boxes(content, 0, len(content)))
    return []


def _segments(content: bytearray) -> Iterator[Block]:
    position = 2
    while position + 4 <= len(content) and content[position] == 0xFF:
        (length,) = struct.unpack_from(">H", content, position + 2)
        end = position + 2 + length
        yield Block(position, position + 2, ">H", position + 4, min(end, len(content)))
        if content[position + 1] == 0xDA:  # what follows is coded data, up to the next such segment
            found = content.find(b"\xff\xda", end)
            end = found if found > 0 else len(content)
        position = end


def _chunks(content: bytearray, position: int, length_format: str, *, trailer: int) -> Iterator[Block]:
    while position + 8 <= len(content):
        length_at = position if trailer else position + 4
        (length,) = struct.unpack_from(length_format, content, length_at)
        end = position + 8 + length + (trailer or length % 2)
        if end > len(content):
            break
        yield Block(position, length_at, length_format, position + 8, end)
        position = end


def _boxes(content: bytearray, position: int, end: int) -> Iterator[Block]:
    while position + 8 <= end:
        (length,) = struct.unpack_from(">I", content, position)
        kind, stop = bytes(content[position + 4 : position + 8]), position + length
        if length < 8 or stop > end:
            break
        yield Block(position, position, ">I", position + 8, stop)
        if kind in HEIF_CONTAINERS:
            yield from _boxes(content, position + 8 + HEIF_CONTAINERS[kind], stop)
        position = stop


def _place(content: bytearray, chance: random.Random) -> int:
    """Anywhere, but rather near the beginning, where the headers are."""
    return chance.randrange(min(len(content), chance.choice((64, 512, 4096, len(content)))))


def flip_bits(content: bytearray, chance: random.Random, others: Sequence[bytes]) -> None:
    for _ in range(chance.choice((1, 1, 4, 16))):
        content[_place(content, chance)] ^= 1 << chance.randrange(8)


def write_telling_byte(content: bytearray, chance: random.Random, others: Sequence[bytes]) -> None:
    content[_place(content, chance)] = chance.choice(TELLING_BYTES)


def write_number(content: bytearray, chance: random.Random, others: Sequence[bytes]) -> None:
    size, order = chance.choice((2, 4, 8)), chance.choice(("big", "little"))
    number = chance.choice(TELLING_NUMBERS) % 256**size
    at = _place(content, chance)
    content[at : at + size] = number.to_bytes(size, order)


def cut_end(content: bytearray, chance: random.Random, others: Sequence[bytes]) -> None:
    del content[chance.randrange(len(content)) :]


def cut_out(content: bytearray, chance: random.Random, others: Sequence[bytes]) -> None:
    at = _place(content, chance)
    del content[at : at + chance.choice((1, 2, 16, 200, 2000))]


def put_in_noise(content: bytearray, chance: random.Random, others: Sequence[bytes]) -> None:
    at = _place(content, chance)
    content[at:at] = chance.choice((chance.randbytes, bytes))(chance.choice((1, 2, 16, 200, 2000)))


def repeat_part(content: bytearray, chance: random.Random, others: Sequence[bytes]) -> None:
    at = _place(content, chance)
    content[at:at] = content[at : at + chance.choice((4, 40, 400))] * chance.choice((1, 1, 3, 300))


def splice(content: bytearray, chance: random.Random, others: Sequence[bytes]) -> None:
    """The beginning of one file and the end of another."""
    other = chance.choice(others)
    content[chance.randrange(len(content)) :] = other[chance.randrange(len(other)) :]


def _with_block(change: Callable[[bytearray, Block, random.Random, Sequence[bytes]], None]) -> Mutator:
    def mutator(content: bytearray, chance: random.Random, others: Sequence[bytes]) -> None:
        blocks = list_blocks(content)
        if blocks:
            change(content, chance.choice(blocks), chance, others)

    return mutator


@_with_block
def drop_block(content: bytearray, block: Block, chance: random.Random, others: Sequence[bytes]) -> None:
    del content[block.start : block.end]


@_with_block
def repeat_block(content: bytearray, block: Block, chance: random.Random, others: Sequence[bytes]) -> None:
    content[block.end : block.end] = content[block.start : block.end] * chance.choice((1, 1, 2, 50))


@_with_block
def move_block(content: bytearray, block: Block, chance: random.Random, others: Sequence[bytes]) -> None:
    moved = content[block.start : block.end]
    del content[block.start : block.end]
    blocks = list_blocks(content)
    at = chance.choice(blocks).start if blocks else len(content)
    content[at:at] = moved


@_with_block
def change_length(content: bytearray, block: Block, chance: random.Random, others: Sequence[bytes]) -> None:
    size = struct.calcsize(block.length_format)
    (length,) = struct.unpack_from(block.length_format, content, block.length_at)
    wrong = chance.choice(
        (length + 1, length - 1, length * 2, 0, 1, 2**31, 2**32 - 1, chance.getrandbits(32))
    )
    struct.pack_into(block.length_format, content, block.length_at, wrong % 256**size)


@_with_block
def damage_body(content: bytearray, block: Block, chance: random.Random, others: Sequence[bytes]) -> None:
    for _ in range(chance.choice((1, 1, 3))):
        if block.body < block.end:
            at = chance.randrange(block.body, block.end)
            content[at] = chance.choice((chance.randrange(256), chance.choice(TELLING_BYTES)))


@_with_block
def write_number_in_body(
    content: bytearray, block: Block, chance: random.Random, others: Sequence[bytes]
) -> None:
    size = chance.choice((2, 4))
    if block.end - block.body >= size:
        at = block.body + chance.randrange((block.end - block.body) // size) * size
        number = chance.choice((*TELLING_NUMBERS, chance.randrange(6000)))
        content[at : at + size] = (number % 256**size).to_bytes(size, "big")


@_with_block
def take_block_of_another(
    content: bytearray, block: Block, chance: random.Random, others: Sequence[bytes]
) -> None:
    other = bytearray(chance.choice(others))
    if foreign := list_blocks(other):
        chosen = chance.choice(foreign)
        content[block.start : block.start] = other[chosen.start : chosen.end]


MUTATORS: tuple[Mutator, ...] = (
    flip_bits,
    write_telling_byte,
    write_number,
    cut_end,
    cut_out,
    put_in_noise,
    repeat_part,
    splice,
    drop_block,
    repeat_block,
    move_block,
    change_length,
    damage_body,
    write_number_in_body,
    take_block_of_another,
)
