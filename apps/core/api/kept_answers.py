"""For reads that are the same for everybody: an answer is made once, and told for a while."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.utils import translation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_200_OK

from apps.core.kept_answers import answer_key, find_answer, keep_answer

Handler = TypeVar("Handler", bound=Callable[..., Response])


def told_for_a_while(
    *tags: str, varies_by: Callable[[Request], str] = lambda _: ""
) -> Callable[[Handler], Handler]:
    """Around a view's `get`, behind its permissions and limits, which are asked each time.

    The question is the address with its parameters, the language of sentences, and what `varies_by` reads
    from the request besides. Only good answers are kept.
    """

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def find_or_make(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
            key = answer_key(*tags, question=f"{_question(request)}\n{varies_by(request)}")
            if key is not None and (answer := find_answer(key)) is not None:
                return Response(answer)
            response = handler(view, request, *args, **kwargs)
            if key is not None and response.status_code == HTTP_200_OK:
                keep_answer(key, response.data)
            return response

        return find_or_make  # type: ignore[return-value]  # wraps keeps the handler's signature

    return decorate


def _question(request: Request) -> str:
    parameters = sorted((name, *values) for name, values in request.query_params.lists())
    return f"{request.build_absolute_uri('?')}{parameters}{translation.get_language()}"
