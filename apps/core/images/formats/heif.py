"""The structure of a HEIC/HEIF file: the boxes that say which item is the picture, and how large it is.

The decoder copies the metadata and the colour profile of every picture in a file before it is asked for
any, so that a small file can make it fill gigabytes. What it gets is a copy in which every item but the
picture is hidden and no metadata is said to describe anything.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from apps.core.images.errors import PhotoTypeUnsupported, PhotoUnreadable
from apps.core.images.types import PhotoHeader

# The first brand of a file that shows one picture, and of one that shows a sequence of them.
_STILL_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1"})
_SEQUENCE_BRANDS = frozenset({b"hevc", b"hevx", b"hevm", b"hevs", b"msf1"})

_PICTURE_TYPES = frozenset({b"hvc1", b"grid", b"iden", b"iovl"})
_OTHER_CODECS = frozenset({b"av01", b"avc1", b"vvc1", b"evc1", b"jpeg", b"j2k1", b"unci", b"mski"})
_DESCRIBES = b"cdsc"  # the reference from metadata to a picture
_IGNORED = b"skip"
_HIDDEN = 1

_MAX_BOXES = 4096  # a photo of 48 megapixels is made of some 200 items


class _Box(NamedTuple):
    kind: bytes
    kind_at: int
    start: int  # of what is in it
    end: int


class _Item(NamedTuple):
    kind: bytes
    flags_at: int


def is_heif(content: bytes) -> bool:
    return content[4:8] == b"ftyp" and content[8:12] in _STILL_BRANDS | _SEQUENCE_BRANDS


@dataclass(slots=True)
class HeifScan:
    content: bytes
    is_animated: bool = False
    header: PhotoHeader = field(init=False)
    _primary: int = 0
    _items: dict[int, _Item] = field(default_factory=dict)
    _properties: list[_Box] = field(default_factory=list)
    _properties_of: dict[int, list[int]] = field(default_factory=dict)
    _descriptions: list[_Box] = field(default_factory=list)
    _boxes_read: int = 0

    def __post_init__(self) -> None:
        self.is_animated = self.content[8:12] in _SEQUENCE_BRANDS
        width, height = (1, 1) if self.is_animated else self._read_picture_size()
        self.header = PhotoHeader(format="heic", width=width, height=height)

    def bare_picture(self) -> bytes:
        bare = bytearray(self.content)
        for number, item in self._items.items():
            if number != self._primary:
                bare[item.flags_at] |= _HIDDEN
        for description in self._descriptions:
            bare[description.kind_at : description.kind_at + 4] = _IGNORED
        return bytes(bare)

    def icc_profile(self) -> bytes | None:
        """Always None: the decoder itself tells the profile."""
        return None

    def _read_picture_size(self) -> tuple[int, int]:
        metas = [box for box in self._boxes(0, len(self.content)) if box.kind == b"meta"]
        if len(metas) != 1:  # with two of them, readers disagree about which one counts
            raise PhotoUnreadable
        for box in self._boxes(metas[0].start + 4, metas[0].end):
            match box.kind:
                case b"pitm":
                    number_format = ">I" if self.content[box.start] else ">H"
                    (self._primary,) = struct.unpack_from(number_format, self.content, box.start + 4)
                case b"iinf":
                    self._read_items(box)
                case b"iprp":
                    self._read_properties(box)
                case b"iref":
                    references = self._boxes(box.start + 4, box.end)
                    self._descriptions += [each for each in references if each.kind == _DESCRIBES]
        self._check_item_types()
        return self._size_of_primary()

    def _boxes(self, position: int, end: int) -> Iterator[_Box]:
        while position < end:
            self._boxes_read += 1
            size, kind = struct.unpack_from(">I4s", self.content, position)
            start = position + 8
            if size == 1:
                (size,) = struct.unpack_from(">Q", self.content, start)
                start += 8
            elif size == 0:  # the last box, as long as there is anything
                size = end - position
            if position + size < start or position + size > end or self._boxes_read > _MAX_BOXES:
                raise PhotoUnreadable
            kind_at = position + 4
            position += size
            yield _Box(kind, kind_at, start, position)

    def _read_items(self, box: _Box) -> None:
        count_size = 4 if self.content[box.start] else 2
        for entry in self._boxes(box.start + 4 + count_size, box.end):
            version = self.content[entry.start]
            if entry.kind != b"infe" or version < 2:
                continue
            number_format = ">H" if version == 2 else ">I"
            (number,) = struct.unpack_from(number_format, self.content, entry.start + 4)
            kind_at = entry.start + 4 + struct.calcsize(number_format) + 2
            kind = self.content[kind_at : kind_at + 4]
            if number in self._items or kind_at + 4 > entry.end:
                raise PhotoUnreadable
            self._items[number] = _Item(kind, flags_at=entry.start + 3)

    def _read_properties(self, box: _Box) -> None:
        for part in self._boxes(box.start, box.end):
            if part.kind == b"ipco":
                self._properties += self._boxes(part.start, part.end)
            elif part.kind == b"ipma":
                self._read_associations(part)

    def _read_associations(self, box: _Box) -> None:
        version, flags, entries = struct.unpack_from(">BxxBI", self.content, box.start)
        position = box.start + 8
        for _ in range(entries):
            number_format = ">IB" if version else ">HB"
            number, count = struct.unpack_from(number_format, self.content, position)
            position += struct.calcsize(number_format)
            index_format, mask = (f">{count}H", 0x7FFF) if flags & 1 else (f">{count}B", 0x7F)
            indices = struct.unpack_from(index_format, self.content, position)
            position += struct.calcsize(index_format)
            if position > box.end:
                raise PhotoUnreadable
            self._properties_of.setdefault(number, []).extend(index & mask for index in indices)

    def _check_item_types(self) -> None:
        primary = self._items.get(self._primary)
        if primary is None:
            raise PhotoUnreadable
        kinds = {item.kind for item in self._items.values()}
        if primary.kind not in _PICTURE_TYPES or kinds & _OTHER_CODECS:
            raise PhotoTypeUnsupported

    def _size_of_primary(self) -> tuple[int, int]:
        width = height = 0
        turned = False
        for index in self._properties_of.get(self._primary, []):
            if not 1 <= index <= len(self._properties):
                continue
            box = self._properties[index - 1]
            if box.kind == b"ispe":
                width, height = struct.unpack_from(">II", self.content, box.start + 4)
            elif box.kind == b"irot":
                turned ^= bool(self.content[box.start] & 1)  # a quarter or three
        if not width or not height:
            raise PhotoUnreadable
        return (height, width) if turned else (width, height)
