"""An outbound client that answers from a script and keeps what would have gone over the wire."""

from collections import deque
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qs, urlsplit

import requests
from requests.structures import CaseInsensitiveDict

from apps.core.http import Reply
from apps.core.resilience.clock import Deadline
from apps.plant_identification.types import Options, Organ, PreparedPhoto, Question

KEY = "a-secret-key-of-ours"
PHOTO = b"\xff\xd8\xff\xe0 not really a photo \xff\xd9"


def answered(status, content=b"", headers=None):
    body = content.encode() if isinstance(content, str) else content
    return Reply(status=status, headers=CaseInsensitiveDict(headers or {}), content=body, elapsed_s=0.1)


class FakeHttp:
    """`send` of the outbound client; replies and failures come in the order in which they are given."""

    def __init__(self, *script):
        self._script = deque(script)
        self.requests = []

    def send(self, method, url, *, deadline, connect_timeout_s, max_bytes, **parts):
        deadline.require()
        self.requests.append(requests.Request(method, url, **parts).prepare())
        next_up = self._script.popleft()
        if isinstance(next_up, Exception):
            raise next_up
        return next_up

    @property
    def sent(self):
        [request] = self.requests
        return request

    @property
    def query(self):
        return {name: values[0] for name, values in parse_qs(urlsplit(self.sent.url).query).items()}

    @property
    def parts(self):
        """The multipart body as (name, file name, content) in their order."""
        head = f"Content-Type: {self.sent.headers['Content-Type']}\r\n\r\n".encode()
        message = BytesParser(EmailMessage, policy=HTTP).parsebytes(head + self.sent.body)
        return [
            (
                part.get_param("name", header="content-disposition"),
                part.get_filename(),
                part.get_payload(decode=True),
            )
            for part in message.iter_parts()
        ]


def soon():
    return Deadline.after(5)


def question(*organs, **options):
    photos = [PreparedPhoto(content=PHOTO, organ=organ) for organ in organs or (Organ.AUTO,)]
    return Question(digest="d" * 64, photo_digest="d" * 64, photos=tuple(photos), options=Options(**options))
