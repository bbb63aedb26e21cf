"""Whether the end of a baseline JPEG is grey because a piece of its middle is missing.

The decoder says nothing when the coded data ends before the picture does: the rest comes out in the exact
grey of blocks that hold nothing. A picture that really ends in this grey spends the same few bits on each of
them, so that the end of its data repeats itself.
"""

from PIL import Image

from apps.core.images.formats.jpeg import JpegScan

_GREY = 128
_LEAST_BITS = 2  # for a block of nothing: one for its mean, one for its end
_WINDOW_BYTES = 96
_LONGEST_PERIOD_BYTES = 48
_MARGIN = 4  # rows into which the decoder's smoothing carries colour from above
_END_BYTES = 4  # the marker of the end, and what only fills the last byte


def ends_in_missing_data(pixels: Image.Image, scan: JpegScan) -> bool:
    if scan.header.progressive or scan.restart_interval or pixels.mode not in {"RGB", "L"}:
        return False
    top = _top_of_end(scan) * pixels.height // scan.header.height + _MARGIN
    if not 0 < top < pixels.height:
        return False
    end = pixels.crop((0, top, *pixels.size))
    if end.tobytes() != bytes((_GREY,)) * (end.width * end.height * len(end.getbands())):
        return False
    return not _repeats_itself(scan.bare_picture()[:-_END_BYTES][-_WINDOW_BYTES:])


def _top_of_end(scan: JpegScan) -> int:
    """The row below which an honest grey would fill the window, were it coded as briefly as possible."""
    unit_width, unit_height = scan.unit_size
    units_in_row = -(-scan.header.width // unit_width)
    rows = -(-scan.header.height // unit_height)
    least_bits_of_row = units_in_row * scan.blocks_in_unit * _LEAST_BITS
    needed = -(-_WINDOW_BYTES * 8 // least_bits_of_row) + 1
    return (rows - needed) * unit_height


def _repeats_itself(data: bytes) -> bool:
    return any(data[period:] == data[:-period] for period in range(1, _LONGEST_PERIOD_BYTES + 1))
