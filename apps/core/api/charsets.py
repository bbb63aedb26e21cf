from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest


class _Utf8Text:
    """All text that comes in is UTF-8, whatever `charset` a request claims.

    Django takes whatever Python can decode, for bodies and for the query alike. Some of that takes quadratic
    time (punycode), and some is no text at all and ends in a traceback before any middleware (zlib). JSON and
    forms have known no other than UTF-8 for long.
    """

    @property
    def encoding(self) -> None:
        return None  # the default

    @encoding.setter
    def encoding(self, value: object) -> None:
        pass


class Utf8WSGIRequest(_Utf8Text, WSGIRequest):  # type: ignore[misc]  # narrower on purpose
    pass


class Utf8ASGIRequest(_Utf8Text, ASGIRequest):  # type: ignore[misc]
    pass
