"""Giving the memory of photos back to the system."""

import ctypes

# glibc's numbers for the options.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
# A photo of one megapixel stays below: fetching its pages anew each time takes a quarter of its preparation.
_LARGE_BLOCK_BYTES = 4 * 1024 * 1024
_KEPT_BYTES = 8 * 1024 * 1024  # at the end of each of the library's heaps


def give_large_blocks_back() -> bool:
    """Let the C library return each large block when it is freed; False where it is not glibc.

    By itself glibc moves that limit up to 32 MB with the first such block that is freed. What the uploads of
    64 threads leave behind then stays with the process: 700 MB after forty photos, and growing.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK_BYTES) and mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES))
