"""A language model behind OpenAI's chat completions: it writes nothing, it fills the schema it is given.

Texts say that they are the sandbox's; of an enumeration the first value is taken.
"""

import hashlib
import json
import time
from typing import Any

from provider_sandbox.exchange import Call
from provider_sandbox.wire import Refused, Reply, json_reply, reason_for

SENTENCE = "Sandbox text: no language model wrote this."
REFUSAL = "Sandbox text: I'm sorry, but I can't help with that."
CHARS_PER_TOKEN = 4
MAX_DEPTH = 12
KINDS = {401: "invalid_request_error", 429: "rate_limit_exceeded"}


class LanguageModelService:
    name = "language_model"
    identify_status = 200

    def refuse(self, status: int, message: str | None = None) -> Reply:
        kind = KINDS.get(status, "server_error" if status >= 500 else "invalid_request_error")
        error = {"message": message or reason_for(status), "type": kind, "param": None, "code": None}
        headers = {"Retry-After": "20"} if status == 429 else {}
        return json_reply(status, {"error": error}, headers)

    def read_pictures(self, call: Call) -> None:
        """There are none."""

    def settle_replaced(self, status: int) -> None:
        """It costs nothing."""

    def not_found(self, _: Call) -> Reply:
        return self.refuse(404)

    def complete(self, call: Call) -> Reply:
        if call.headers.get("Authorization", "") in {"", "Bearer", "Bearer invalid"}:
            raise Refused(401, "Incorrect API key provided.")
        order = _read(call.body)
        ending = call.forced.ending if call.forced else None
        said = json.dumps(_fill(_schema_of(order))) if _schema_of(order) else SENTENCE
        limit = order.get("max_completion_tokens") or order.get("max_tokens")
        reason = "stop"
        if ending == "length_cut" or (isinstance(limit, int) and _tokens(said) > limit):
            said, reason = said[: len(said) // 2], "length"
        message: dict[str, Any] = {"role": "assistant", "content": said, "refusal": None}
        if ending == "refusal":
            message |= {"content": None, "refusal": REFUSAL}
        asked = _tokens(call.body.decode("utf-8", "replace"))
        digest = hashlib.sha256(call.body).hexdigest()
        return json_reply(
            200,
            {
                "id": f"chatcmpl-sandbox-{digest[:24]}",
                "object": "chat.completion",
                "created": int(time.time()),
                "model": f"{order['model']}-sandbox",
                "choices": [{"index": 0, "message": message, "finish_reason": reason, "logprobs": None}],
                "usage": {
                    "prompt_tokens": asked,
                    "completion_tokens": _tokens(said),
                    "total_tokens": asked + _tokens(said),
                },
            },
        )


def _read(body: bytes) -> dict[str, Any]:
    try:
        order = json.loads(body)
    except ValueError:
        raise Refused(400, "We could not parse the JSON body of your request.") from None
    if not isinstance(order, dict) or not isinstance(order.get("model"), str):
        raise Refused(400, "you must provide a model parameter")
    if not isinstance(order.get("messages"), list) or not order["messages"]:
        raise Refused(400, "Missing required parameter: 'messages'.")
    return order


def _schema_of(order: dict[str, Any]) -> dict[str, Any] | None:
    wanted = order.get("response_format")
    named = wanted.get("json_schema") if isinstance(wanted, dict) else None
    schema = named.get("schema") if isinstance(named, dict) else None
    return schema if isinstance(schema, dict) else None


def _fill(schema: Any, depth: int = 0) -> Any:
    """The smallest value a schema takes that still says something: lists have one entry."""
    if not isinstance(schema, dict) or depth > MAX_DEPTH:
        return None
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return _fill(schema["anyOf"][0], depth + 1)
    match schema.get("type"):
        case "object":
            parts = schema.get("properties", {})
            return {name: _fill(part, depth + 1) for name, part in parts.items()}
        case "array":
            return [_fill(schema.get("items"), depth + 1)]
        case "integer" | "number":
            return 0
        case "boolean":
            return False
        case "string":
            return SENTENCE
        case _:
            return None


def _tokens(text: str) -> int:
    return -(-len(text) // CHARS_PER_TOKEN)
