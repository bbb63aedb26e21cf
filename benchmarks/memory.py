"""What a web process takes at rest, and what the largest upload takes for a moment."""

from benchmarks.clients import Taking, bare_upload, identify
from benchmarks.http_load import Call, ask, ask_all_at_once, run_load
from benchmarks.photos import UPLOAD_MAX_BYTES, make_largest_upload, make_photo
from benchmarks.processes import forget_peak, memory_bytes
from benchmarks.results import Result
from benchmarks.run_size import RunSize
from benchmarks.stack import Stack

MEGABYTE = 1_000_000


def measure(stack: Stack, size: RunSize) -> list[Result]:
    stack.reset_providers()
    stack.serve()  # as new: what came before has left its traces
    fresh = _largest(stack, "VmRSS")
    ask(stack.ports, identify(make_photo("warm memory"), stack.tokens[0]))
    warm_up = Taking([identify(make_photo("warm memory"), token) for token in stack.tokens])
    run_load(stack.ports, warm_up, connections=16, seconds=size.pick(3.0, 0.5))
    rest = _largest(stack, "VmRSS")
    uploads = [make_largest_upload(f"large {number}") for number in range(size.pick(6, 1))]
    bare = [_peak(stack, [bare_upload(upload, stack.tokens[0])]) for upload in uploads[:2]]
    ours = [_peak(stack, [identify(upload, stack.tokens[0])]) for upload in uploads]
    together = [make_largest_upload(f"large together {number}") for number in range(size.pick(8, 2))]
    at_once = _peak(stack, [identify(upload, stack.tokens[0]) for upload in together])
    after = _largest(stack, "VmRSS")
    return [
        Result(
            name="memory of a web process at rest",
            measured=f"{_mb(rest)} after some use, {_mb(fresh)} when started",
            promised="–",
            yardstick=f"{stack.layout.workers} processes; {_mb(after)} after the uploads below",
            holds=None,
        ),
        Result(
            name=f"memory of an upload of {UPLOAD_MAX_BYTES / MEGABYTE:.0f} MB, 12 megapixels, above rest",
            measured=f"{_mb(max(ours))} at the most, n {len(ours)}",
            promised="–",
            yardstick=f"bare DRF view {_mb(max(bare))}; {len(together)} at once {_mb(at_once)} in a process",
            holds=None,
        ),
    ]


def _largest(stack: Stack, name: str) -> int:
    return max(memory_bytes(pid, name) for pid in stack.worker_pids)


def _peak(stack: Stack, calls: list[Call]) -> int:
    """The most any process took above what it had just before."""
    workers = stack.worker_pids
    for pid in workers:
        forget_peak(pid)
    before = {pid: memory_bytes(pid, "VmRSS") for pid in workers}
    ask_all_at_once(stack.ports, calls)
    return max(memory_bytes(pid, "VmHWM") - before[pid] for pid in workers)


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / MEGABYTE:.0f} MB"
