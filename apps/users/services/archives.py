"""Everything about a person as one ZIP file, made piece by piece: in memory is a row, or a part of a photo.

The first entry explains the others, in the reader's language. Each table is a list in a JSON file of its own.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.conf import settings
from django.core.files import File
from django.core.serializers.json import DjangoJSONEncoder
from django.template.loader import render_to_string

from apps.core.languages import writing_in
from apps.users.models import User
from apps.users.services.personal_data import PersonalFile, PersonalRows, in_batches, personal_data

PIECE_BYTES = 256 * 1024


class StreamedFile(File):  # type: ignore[type-arg]  # of nothing that could be read twice
    """For a storage, which writes a file as it comes."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__(None, name="stream")
        self._pieces = pieces

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        return self._pieces


class _Sink:
    """What `ZipFile` writes to: it neither goes back nor asks where it is."""

    def __init__(self) -> None:
        self._written: list[bytes] = []
        self.size = 0

    def write(self, data: bytes) -> int:
        self._written.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        taken, self._written, self.size = b"".join(self._written), [], 0
        return taken


def stream_archive(user: User, *, language: str) -> Iterator[bytes]:
    sink = _Sink()
    with ZipFile(sink, "w", ZIP_DEFLATED) as archive:  # type: ignore[call-overload]  # needs no more of it
        for _ in _write_entries(archive, user, language):
            if sink.size >= PIECE_BYTES:
                yield sink.take()
    yield sink.take()


def _write_entries(archive: ZipFile, user: User, language: str) -> Iterator[None]:
    """A pause after each piece, for whoever takes away what was written."""
    tables = [table for table in personal_data() if table.file]
    yield from _write(archive, "README.txt", [_explanation(tables, language)])
    missing: set[str] = set()
    for table in tables:
        yield from _write(archive, f"{table.file}.json", _listed(table, user))
    for table in tables:
        yield from _write_files(archive, table, user, missing)
    if missing:
        yield from _write(archive, "missing-files.json", [json.dumps(sorted(missing), indent=1).encode()])


def _explanation(tables: Iterable[PersonalRows], language: str) -> bytes:
    facts = {
        "site_name": settings.WAGTAIL_SITE_NAME,
        "day": datetime.now(UTC).date().isoformat(),
        "files": [f"{table.file}.json" for table in tables],
    }
    with writing_in(language):
        return render_to_string("users/export/README.txt", facts).encode()


def _listed(table: PersonalRows, user: User) -> Iterator[bytes]:
    separator = "[\n"
    for row in in_batches(table.of(user).select_related(*table.related)):
        told = json.dumps(table.tell(row), cls=DjangoJSONEncoder, ensure_ascii=False)
        yield f"{separator}{told}".encode()
        separator = ",\n"
    yield b"[]\n" if separator == "[\n" else b"\n]\n"


def _write_files(archive: ZipFile, table: PersonalRows, user: User, missing: set[str]) -> Iterator[None]:
    for row in in_batches(table.of(user).select_related(*table.related)):
        for file in table.files(row):
            # Two identifications may show the same photo.
            if file.name in archive.NameToInfo or file.name in missing:
                continue
            try:
                yield from _write(archive, file.name, _read(file))
            except FileNotFoundError:
                missing.add(file.name)


def _read(file: PersonalFile) -> Iterator[bytes]:
    with file.storage.open(file.path) as opened:
        yield from opened.chunks(PIECE_BYTES)


def _write(archive: ZipFile, name: str, pieces: Iterable[bytes]) -> Iterator[None]:
    pieces = iter(pieces)
    first: Any = next(pieces, b"")  # before the entry is begun: a file that is not there leaves none
    entry = ZipInfo(name, datetime.now(UTC).timetuple()[:6])
    entry.compress_type = ZIP_DEFLATED  # photos, too: not every program reads others without their size
    with archive.open(entry, "w", force_zip64=True) as opened:
        opened.write(first)
        yield
        for piece in pieces:
            opened.write(piece)
            yield
