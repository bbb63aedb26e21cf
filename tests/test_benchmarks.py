"""Each benchmark runs, its figures are sane, and what no machine may break holds. Not that it is fast."""

import http.server
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.figures import Sample, percentile
from benchmarks.http_load import BOUNDARY, Call, ask_all_at_once, get, run_load, upload
from benchmarks.layout import shipped_layout
from benchmarks.page import BEGIN, END, PAGE, write_measured
from benchmarks.photos import UPLOAD_MAX_BYTES, make_largest_upload, make_photo
from benchmarks.results import NotMeasured, Result, table

ROOT = Path(__file__).resolve().parent.parent
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with what it was sent; `/refused` with 429."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))) or self.path.encode()
        self.send_response(429 if self.path == "/refused" else 200)
        if self.path != "/endless":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the standard library's name

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def result(**changes: object) -> Result:
    usual = {"name": "a", "measured": "1 ms", "promised": "2 ms", "yardstick": "bare 1 ms", "holds": True}
    return Result(**{**usual, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "expected"), [([5], 5), (list(range(1, 101)), 95), (list(range(1, 21)), 19), ([1, 2], 2)]
)
def test_a_percentile_is_the_value_that_so_many_do_not_exceed(values: list[float], expected: float) -> None:
    assert percentile(values, 95) == expected


def test_nothing_measured_is_no_figure() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        Sample.of([]).p95_s  # noqa: B018


def test_the_table_has_a_line_for_each_result_and_says_what_does_not_hold() -> None:
    lines = table([result(), result(name="b", holds=False), result(name="c", holds=None)]).splitlines()

    assert len(lines) == 5
    assert len({len(line) for line in lines}) == 1
    assert [line.split("|")[-2].strip() for line in lines[2:]] == ["yes", "**no**", "–"]


def test_the_page_gets_the_figures_between_its_marks_and_keeps_the_rest(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")

    write_measured(page, "new")
    write_measured(page, "newer")

    assert page.read_text() == f"before\n{BEGIN}\nnewer\n{END}\nafter\n"


def test_a_page_without_the_marks_stays_as_it_is(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("words")
    with pytest.raises(NotMeasured):
        write_measured(page, "new")

    assert page.read_text() == "words"
    assert BEGIN in PAGE.read_text()


def test_the_servers_are_those_that_ship() -> None:
    layout = shipped_layout()
    command = layout.on_port(4242)

    assert command[1:4] == ["-m", "granian", "plant_community_backend.wsgi:application"]
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert command[command.index("--port") + 1] == "4242"
    assert layout.environment == {"GRANIAN_WORKERS": "1", "WEB_PROCESSES": str(layout.workers)}


def test_requests_arrive_whole_and_each_answer_goes_to_its_own(port: int) -> None:
    photo = bytes(range(256)) * 4_000  # more than a socket takes at once
    calls = [get("read", f"/{number}", {"Host": "a"}) for number in range(10)]
    calls.append(upload("sent", "/", photo, {"Host": "a"}))

    *read, sent = ask_all_at_once([port], calls)

    assert [answer.body for answer in read] == [f"/{number}".encode() for number in range(10)]
    assert sent.body.count(photo) == 1
    assert sent.body.endswith(f"--{BOUNDARY}--\r\n".encode())
    assert all(answer.seconds > 0 for answer in (*read, sent))


@pytest.mark.parametrize("path", ["/refused", "/endless"])
def test_an_answer_that_means_nothing_is_no_figure(port: int, path: str) -> None:
    with pytest.raises(NotMeasured):
        ask_all_at_once([port], [get("bad", path, {"Host": "a"})])


def test_load_keeps_its_pace_and_counts_by_kind(port: int) -> None:
    numbers = iter(range(10_000))

    def next_call() -> Call:
        return get("even" if next(numbers) % 2 == 0 else "odd", "/", {"Host": "a"})

    load = run_load([port], next_call, connections=4, seconds=0.5, per_s=40)

    assert 15 <= load.count <= 21
    assert set(load.times_s) == {"even", "odd"}
    assert load.sample().n == load.count


def test_photos_are_new_each_time_and_as_large_as_promised() -> None:
    assert make_photo("a", (64, 64)) == make_photo("a", (64, 64))
    assert make_photo("a", (64, 64)) != make_photo("b", (64, 64))
    assert len(make_largest_upload("a")) == UPLOAD_MAX_BYTES


def test_a_photo_has_the_bytes_that_the_page_says() -> None:
    told = re.search(r"(\d+) kB a megapixel", PAGE.read_text(encoding="utf-8"))
    sizes = sorted(len(make_photo(str(number))) for number in range(9))

    assert told
    assert sizes[4] == pytest.approx(int(told[1]) * 1000, rel=0.05)


@pytest.mark.timeout(300)
def test_every_benchmark_runs_and_what_no_machine_may_break_holds(tmp_path: Path) -> None:
    told = tmp_path / "results.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--json", str(told)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )

    assert done.returncode == 0, done.stderr[-4_000:]
    results = [Result(**one) for one in json.loads(told.read_text())]
    assert len(results) >= 17
    assert len({one.name for one in results}) == len(results)
    exact = [one for one in results if not one.depends_on_speed]
    assert len(exact) >= 3
    assert all(one.holds for one in exact)
    for one in results:
        assert NUMBER.search(one.measured), one
        assert one.yardstick, one
