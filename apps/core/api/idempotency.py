"""`Idempotency-Key`: a POST that is sent again does nothing again, and gets the answer it got before.

    class PlantListView(OncePerKey, ListAPIView[Plant]):  # its POST makes something, in the database alone
    class IdentifyView(OncePerKey):                       # its POST waits for others:
        works_in_one_transaction = False                  # `self.keeping(…)` keeps the answer with the work
    class ApiKeysView(OncePerKey):
        tells_secrets = True                              # done once; what was answered is never told again

Every other view with a POST says why it takes no key: `repeatable = "…"` where repeating it does no harm,
`takes_no_key = "…"` for any other reason. A test asks all of them.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import DatabaseError, InterfaceError, transaction
from django.db.models import Model
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError, Throttled, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.addresses import client_address
from apps.core.api.renderers import FastJSONRenderer
from apps.core.idempotency import (
    AlreadyDone,
    Answer,
    Asked,
    Claim,
    claim_in_transaction,
    claim_or_wait,
    give_up,
    is_known,
    keep_answer,
)

KEY_HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotent-Replayed"
KEY_MAX_LENGTH = 255

# With quotes, as the draft has it, or without, as most clients send it. A comma would be two headers in one.
_KEY = re.compile(rf'("?)([!#-+\--\[\]-~]{{1,{KEY_MAX_LENGTH}}})\1')
_NOT_KEPT = (HTTPStatus.UNAUTHORIZED, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
_SALT = "core.idempotency"

Work = Callable[[], HttpResponseBase]
T = TypeVar("T")


class OncePerKey(APIView):
    """Looks for the key after sign-in and permissions, so that only who may do it is told how it went."""

    works_in_one_transaction: ClassVar[bool] = True
    tells_secrets: ClassVar[bool] = False

    _claim: Claim | None = None
    _has_kept = False
    _refusal: Throttled | None = None

    def look_at_limits(self, request: Request) -> None:
        """For the headers of a repeated answer, where the work itself would have counted."""

    def begin_to_wait(self) -> None:
        """Another request with this key is being worked on. To give back what others could use meanwhile."""

    def keeping(self, respond: Callable[[T], Response]) -> Callable[[T], None] | None:
        """To be called with what was made, in the transaction that writes it. None where no key was sent."""
        claim = self._claim
        if claim is None:
            return None

        def keep(made: T) -> None:
            keep_answer(claim, self._answer_of(respond(made)))
            self._has_kept = True

        return keep

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if (key := _key_of(request)) is not None:
            setattr(self, "post", partial(self._post_once, key, getattr(self, "post")))  # noqa: B009, B010

    def check_throttles(self, request: Request) -> None:
        """Who has nothing left still gets the answer to what was done with the last of it."""
        try:
            super().check_throttles(request)
        except Throttled as refusal:
            key = _key_of(request)
            if key is None or not is_known(_identity(request, key)):
                raise
            self._refusal = refusal

    def _post_once(
        self, key: str, post: Callable[..., HttpResponseBase], request: Request, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        asked = _describe(request, key)
        work = partial(post, request, *args, **kwargs)
        once = self._once_in_transaction if self.works_in_one_transaction else self._once_beside_others
        return once(asked, work)

    def _once_in_transaction(self, asked: Asked, work: Work) -> HttpResponseBase:
        with transaction.atomic():
            found = claim_in_transaction(asked)
            if isinstance(found, Answer):
                return self._repeat(found)
            self._require_room()
            response = self._attempt(partial(_undone_by_errors, work))
            if _is_kept(response):
                keep_answer(found, self._answer_of(response))
            else:
                transaction.set_rollback(True)
        return response

    def _once_beside_others(self, asked: Asked, work: Work) -> HttpResponseBase:
        found = claim_or_wait(asked, before_waiting=self.begin_to_wait)
        if isinstance(found, Answer):
            return self._repeat(found)
        self._claim, is_kept = found, False
        try:
            self._require_room()
            response = self._attempt(work)
            is_kept = _is_kept(response)
            if is_kept and not self._has_kept:
                keep_answer(found, self._answer_of(response))
        finally:
            if not is_kept:
                with suppress(DatabaseError, InterfaceError):  # then the claim ends by itself
                    give_up(found)
        return response

    def _attempt(self, work: Work) -> HttpResponseBase:
        try:
            return work()
        except Exception as exc:  # noqa: BLE001 - what nobody expected is raised again in here
            return self.handle_exception(exc)

    def _require_room(self) -> None:
        if self._refusal is not None:
            raise self._refusal

    def _repeat(self, answer: Answer) -> HttpResponseBase:
        self.look_at_limits(self.request)
        if answer.body is None:
            raise AlreadyDone
        headers = {**answer.headers, REPLAYED_HEADER: "true"}
        return HttpResponse(answer.body, status=answer.status, headers=headers)

    def _answer_of(self, response: HttpResponseBase) -> Answer:
        assert isinstance(response, Response)  # noqa: S101 - whoever answers otherwise can take no key
        data = response.data
        headers = {**response.headers, "Content-Type": response.content_type or FastJSONRenderer.media_type}
        headers.setdefault("Content-Language", get_language() or "")
        is_secret = response.cookies or (self.tells_secrets and response.status_code < HTTPStatus.BAD_REQUEST)
        return Answer(
            status=response.status_code,
            headers={} if is_secret else headers,
            body=None if is_secret else b"" if data is None else FastJSONRenderer().render(data),
            about=_id_in(data),
        )


def _undone_by_errors(work: Work) -> HttpResponseBase:
    """An answer that says no has changed nothing."""
    with transaction.atomic():
        response = work()
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            transaction.set_rollback(True)
    return response


def _is_kept(response: HttpResponseBase) -> bool:
    return response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR and response.status_code not in _NOT_KEPT


def _key_of(request: Request) -> str | None:
    """
    Raises:
        ValidationError: there is one, and it is none.
    """
    text = request.headers.get(KEY_HEADER) if request.method == "POST" else None
    if text is None:
        return None
    match = _KEY.fullmatch(text.strip())
    if match is None:
        message = _("Send up to %(most)d visible ASCII characters, such as a UUID.")
        raise ValidationError({KEY_HEADER: [message % {"most": KEY_MAX_LENGTH}]})
    return match[2]


def _describe(request: Request, key: str) -> Asked:
    return Asked(
        identity=_identity(request, key),
        principal=_digest("principal", _principal_of(request)),
        fingerprint=_digest("request", *_content_of(request)),
        owner_id=request.user.pk,
    )


def _principal_of(request: Request) -> str:
    """Whose keys they are: what one person sent with a key is no answer for another who sends the same."""
    if not request.user.is_authenticated:
        return f"at-{client_address(request)}"
    # An API key is a row of its own, and no other credential is.
    with_key = f"-by-{request.auth.pk}" if isinstance(request.auth, Model) else ""
    return f"user-{request.user.pk}{with_key}"


def _identity(request: Request, key: str) -> str:
    return _digest("key", _principal_of(request), key)


def _content_of(request: Request) -> list[Any]:
    """What makes two requests the same: not the boundaries of a form, nor the names of its files."""
    files = {name: [_file_digest(file) for file in request.FILES.getlist(name)] for name in request.FILES}
    said = dict(request.POST.lists()) if request.POST or files else request.data
    return [request.method, request.path, sorted(request.query_params.lists()), said, files]


def _file_digest(file: "UploadedFile[bytes]") -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _digest(purpose: str, *parts: Any) -> str:
    try:
        text = json.dumps(parts, sort_keys=True)
    except RecursionError as exc:
        raise ParseError from exc
    return salted_hmac(f"{_SALT}.{purpose}", text, algorithm="sha256").hexdigest()


def _id_in(data: Any) -> UUID | None:
    with suppress(ValueError):
        return UUID(str(data["id"])) if isinstance(data, Mapping) and "id" in data else None
    return None
