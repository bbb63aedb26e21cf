"""The language model behind its circuit, bounded in time and size. Without a key there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from django.conf import settings

from apps.core.http import OutboundClient
from apps.core.resilience.breaker import CircuitOpen
from apps.plant_identification import constants
from apps.plant_identification.exceptions import (
    ProviderCircuitOpen,
    ProviderFailed,
    ProviderMisconfigured,
    ProviderNotReached,
    ProviderQuotaReached,
    ProviderRefusedKey,
    ProviderReplyUnreadable,
    ProviderTimedOut,
)
from apps.plant_identification.metrics import counted_call
from apps.plant_identification.services import reading
from apps.plant_identification.services.encyclopedia.care_rules import Completion
from apps.plant_identification.services.provider_http import retry_after_s
from apps.plant_identification.services.side_service import OnePerProcess, SideService, make_side_service

if TYPE_CHECKING:
    import openai

NAME, LABEL = "care_model", "Language model"
CONTENT_CHARS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CareModel:
    client: "openai.OpenAI"
    side: SideService
    model: str

    def complete(self, messages: Sequence[Mapping[str, str]], *, schema: Mapping[str, Any]) -> Completion:
        """
        Raises:
            ProviderError: there is no complete answer; `request_sent` tells whether it may cost something.
        """
        try:
            with self.side.circuit.calling(), counted_call(NAME):
                return _read(self._send(messages, schema))
        except CircuitOpen as refusal:
            raise ProviderCircuitOpen(retry_after_s=refusal.retry_after_s) from None

    def _send(self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]) -> bytes:
        """The library's errors hold the request, which holds the key: only their kind goes on."""
        # Here, for only processes with a key have to carry 30 MB.
        import openai

        from apps.core.http.bridge import NotSent

        wanted = {"name": "care", "strict": True, "schema": schema}
        create: Any = self.client.chat.completions.with_raw_response.create
        try:
            reply = create(
                model=self.model,
                messages=list(messages),
                max_completion_tokens=constants.CARE_MODEL_MAX_TOKENS,
                response_format={"type": "json_schema", "json_schema": wanted},
            )
            content: bytes = reply.http_response.content
        except openai.APIStatusError as refusal:
            failure: Exception = _refusal(refusal.status_code, refusal.response.headers)
        except openai.APITimeoutError:
            failure = ProviderTimedOut(f"{LABEL} did not answer in time.")
        except openai.APIConnectionError as lost:
            kind = ProviderNotReached if isinstance(lost.__cause__, NotSent) else ProviderFailed
            failure = kind(f"{LABEL} gave no complete answer.")
        else:
            return content
        raise failure


def _refusal(status: int, headers: Mapping[str, str]) -> Exception:
    said = f"{LABEL} answered {status}."
    if status in {401, 403}:
        return ProviderRefusedKey(said, status_code=status)
    if status == 429:
        return ProviderQuotaReached(said, status_code=status, retry_after_s=retry_after_s(headers))
    if status == 408 or status >= 500:
        return ProviderFailed(said, status_code=status, retry_after_s=retry_after_s(headers))
    return ProviderMisconfigured(said, status_code=status)


def _read(content: bytes) -> Completion:
    """
    Raises:
        ProviderReplyUnreadable: this is no completion.
    """
    try:
        payload: object = msgspec.json.decode(content)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise ProviderReplyUnreadable("The reply is not JSON.") from None
    root = reading.require_object(payload, "The reply")
    choices = reading.require_list(root.get("choices"), "choices")
    choice = reading.require_object(choices[0] if choices else None, "choice")
    message = reading.require_object(choice.get("message"), "message")
    ending = reading.text(choice.get("finish_reason"), 40) or ""
    tokens = reading.positive_int(reading.as_object(root.get("usage")).get("total_tokens"))
    said = message.get("content")
    is_whole = ending == "stop" and isinstance(said, str) and len(said) <= CONTENT_CHARS
    is_declined = bool(message.get("refusal"))
    return Completion(
        content=said if is_whole and not is_declined and isinstance(said, str) else None,
        # Where the service does not say, it is what was reserved for it.
        tokens=tokens or constants.CARE_MODEL_RESERVED_TOKENS,
        ending="declined" if is_declined else ending if is_whole else "cut",
    )


def _make() -> CareModel | None:
    if not settings.CARE_MODEL_API_KEY:
        return None
    import openai

    from apps.core.http.bridge import httpx_client

    http = httpx_client(
        OutboundClient(secrets=[settings.CARE_MODEL_API_KEY]),
        timeout_s=constants.CARE_MODEL_TIMEOUT_S,
        max_bytes=constants.CARE_MODEL_REPLY_MAX_BYTES,
    )
    client = openai.OpenAI(
        api_key=settings.CARE_MODEL_API_KEY,
        base_url=settings.CARE_MODEL_BASE_URL,
        organization=None,
        project=None,
        max_retries=0,
        http_client=http,
    )
    side = make_side_service(
        name=NAME,
        label=LABEL,
        circuit_name=constants.CARE_MODEL_CIRCUIT_NAME,
        fail_max=constants.CARE_MODEL_CIRCUIT_FAIL_MAX,
        reset_timeout=constants.CARE_MODEL_CIRCUIT_RESET_TIMEOUT,
        timeout=constants.CARE_MODEL_TIMEOUT_S,
    )
    return CareModel(client=client, side=side, model=settings.CARE_MODEL_NAME)


_holder = OnePerProcess(
    _make, settings=frozenset({"CARE_MODEL_API_KEY", "CARE_MODEL_BASE_URL", "CARE_MODEL_NAME"})
)
care_model = _holder.get
