"""What stands around the application: bodies are bounded in bytes and seconds, answers keep the page to itself."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import Errors
from .schema import ApiError, Limits

# Nothing but this server's own files runs, styles or is asked: no inline script, no inline style, no other host.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # A shared link holds the text: it must not go on to where a reader clicks next.
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    # Answers hold texts of users; files change with the version.
    "cache-control": "no-store",
}


# A body that is too large is read on so far, so that its sender, who is still busy sending, gets to see the answer.
_READ_ON = 8 << 20  # bytes


class BodyLimit:
    """Answers 413 and 408 itself; hands on what fits."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self.app = app
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        try:
            body = await asyncio.wait_for(self._read(receive), self.limits.timeout)
        except asyncio.TimeoutError:
            await _too_slow(self.limits).response()(scope, receive, send)
        except ApiError as problem:
            await problem.response()(scope, receive, send)
        else:
            await self.app(scope, _Replay(body, receive), send)

    async def _read(self, receive: Receive) -> bytes:
        body, n_bytes, more = b"", 0, True
        while more:
            message = await receive()
            chunk = message.get("body", b"")
            n_bytes += len(chunk)
            if n_bytes <= self.limits.max_bytes:
                body += chunk
            else:
                body = b""
            more = message.get("more_body", False) and n_bytes < _READ_ON
        if n_bytes > self.limits.max_bytes:
            raise ApiError(413, "too_large", Errors.H521.format(limit=self.limits.max_bytes))
        return body


class _Replay:
    """Gives the body once, then what the connection says."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self.message: Message | None = {"type": "http.request", "body": body, "more_body": False}
        self.receive = receive

    async def __call__(self) -> Message:
        message, self.message = self.message, None
        return message if message is not None else await self.receive()


def _too_slow(limits: Limits) -> ApiError:
    return ApiError(408, "too_slow", Errors.H526.format(what="The body did not arrive", seconds=limits.timeout))


class SafeHeaders:
    """Adds `HEADERS` to the head of each answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.headers = [(name.encode(), value.encode()) for name, value in HEADERS.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                extra = [pair for pair in self.headers if pair[0] not in given]
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        await self.app(scope, receive, send_with_headers)
