"""How a reply goes on the wire: whole, or damaged as a delivery fault orders."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from provider_sandbox.faults import Disturbance, Recipe
from provider_sandbox.wire import Reply, reason_for


async def deliver(
    request: web.Request, reply: Reply, disturbance: Disturbance
) -> tuple[web.StreamResponse, bool]:
    """Send the reply; the second value says whether a whole answer has left."""
    if disturbance.replacement is not None and disturbance.replacement.kind == "drop":
        return _hang_up(request), False
    fault = disturbance.delivery
    match fault.kind if fault else None:
        case "drop_after_request":
            return _hang_up(request), False
        case "truncated":
            return await _send_half(request, reply), False
        case "slow_drip" if fault:
            return await _drip_body(request, reply, fault.recipe), reply.is_answer
        case "headers_drip" if fault:
            return await _drip_everything(request, reply, fault.recipe), reply.is_answer
        case _:
            return await _send_whole(request, reply), reply.is_answer


async def _send_whole(request: web.Request, reply: Reply) -> web.StreamResponse:
    response = web.Response(status=reply.status, body=reply.body, headers=_headers(reply))
    await response.prepare(request)
    await response.write_eof()  # here and not after the handler: only what has left counts as answered
    return response


async def _send_half(request: web.Request, reply: Reply) -> web.StreamResponse:
    response = await _announce(request, reply)
    await response.write(reply.body[: len(reply.body) // 2])
    _close(request)
    return response


async def _drip_body(request: web.Request, reply: Reply, recipe: Recipe) -> web.StreamResponse:
    response = await _announce(request, reply)
    async for piece in _drip(reply.body, recipe):
        await response.write(piece)
    await response.write_eof()
    return response


async def _drip_everything(request: web.Request, reply: Reply, recipe: Recipe) -> web.StreamResponse:
    """Past aiohttp and straight onto the transport: it can only send a header block as a whole."""
    lines = [f"HTTP/1.1 {reply.status} {reason_for(reply.status)}"]
    lines += [f"{name}: {text}" for name, text in _headers(reply).items()]
    lines += [f"Content-Length: {len(reply.body)}", "Connection: close", "", ""]
    raw = "\r\n".join(lines).encode("latin-1", "replace") + reply.body
    async for piece in _drip(raw, recipe):
        transport = request.transport
        if transport is None or transport.is_closing():
            break
        transport.write(piece)
    return _hang_up(request)


async def _drip(raw: bytes, recipe: Recipe) -> AsyncIterator[bytes]:
    """No pause after the last piece: the client may leave then, and that must not count as a failure."""
    for start in range(0, len(raw), recipe.chunk_bytes):
        if start:
            await asyncio.sleep(recipe.min_s)
        yield raw[start : start + recipe.chunk_bytes]


async def _announce(request: web.Request, reply: Reply) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status, headers=_headers(reply))
    response.content_length = len(reply.body)
    await response.prepare(request)
    return response


def _hang_up(request: web.Request) -> web.StreamResponse:
    """Close the connection; aiohttp then finds nobody to send the returned response to."""
    _close(request)
    return web.Response()


def _close(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.close()


def _headers(reply: Reply) -> dict[str, str]:
    return {"Content-Type": reply.content_type, **reply.headers}
