"""Pictures as the services receive them: told apart by their first bytes, hashed once, never decoded."""

import hashlib
from dataclasses import dataclass
from email.message import Message

import aiohttp

MAX_PARTS = 100


@dataclass(frozen=True, slots=True)
class Picture:
    filename: str | None
    content: bytes
    digest: bytes
    media_type: str | None
    size_bytes: int

    @property
    def name(self) -> str:
        """What stands for the picture in replies, where the services put a hash."""
        return self.digest.hex()[:32]


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    filename: str | None
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", errors="replace")


class MalformedForm(Exception):
    """The body is not the multipart form its header announces."""


def make_picture(*, content: bytes, filename: str | None) -> Picture:
    return Picture(
        filename=filename,
        content=content,
        digest=hashlib.sha256(content).digest(),
        media_type=sniff_media_type(content),
        size_bytes=len(content),
    )


def sniff_media_type(content: bytes) -> str | None:
    head = content[:16]
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"avif"):
        return "image/heic"
    return None


def parse_form(*, body: bytes, content_type: str) -> list[Part]:
    """Split a multipart body with bytes.split: aiohttp's streaming reader costs some ten times the CPU.

    Raises:
        MalformedForm: no boundary, no closing boundary, nameless part, or more than MAX_PARTS parts.
    """
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_boundary()
    if not boundary:
        raise MalformedForm("no boundary")
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode())
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise MalformedForm("no closing boundary")
    if len(pieces) - 2 > MAX_PARTS:
        raise MalformedForm("too many parts")
    return [_parse_part(piece) for piece in pieces[1:-1]]


def _parse_part(piece: bytes) -> Part:
    head, _, content = piece.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-disposition":
            _, parameters = aiohttp.parse_content_disposition(value.strip().decode("utf-8", errors="replace"))
            field = parameters.get("name")
            if field is not None:
                return Part(field, aiohttp.content_disposition_filename(parameters), content)
    raise MalformedForm("a part without a name")
