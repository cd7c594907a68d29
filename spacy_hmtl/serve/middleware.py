"""What stands around the application: bodies are bounded in bytes and seconds, answers keep the page to itself."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

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
    """Gives the body once, then waits for the end of the connection."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self.message: Message | None = {"type": "http.request", "body": body, "more_body": False}
        self.receive = receive

    async def __call__(self) -> Message:
        message, self.message = self.message, None
        if message is not None:
            return message
        await self.disconnected()
        return {"type": "http.disconnect"}

    async def disconnected(self) -> None:
        """Wait until the client has gone, or has its answer."""
        while (await self.receive())["type"] != "http.disconnect":
            pass


class JsonOnly:
    """Answers 415 before a body is read that is not declared as plain JSON.

    A page of another host can send other types without asking the browser, but not this one.

    paths (Collection): Where bodies are expected.
    """

    def __init__(self, app: ASGIApp, paths: Collection[str]) -> None:
        self.app = app
        self.paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = None
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in self.paths:
            headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
            problem = _not_json(headers.get(b"content-type", ""), headers.get(b"content-encoding", "identity"))
        await (self.app if problem is None else problem.response())(scope, receive, send)


def _not_json(content_type: str, encoding: str) -> ApiError | None:
    kind = content_type.partition(";")[0].strip().lower()
    if not (kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))):
        return ApiError(415, "not_json", Errors.H524.format(found=ascii(content_type) if content_type else "none"))
    if encoding.strip().lower() != "identity":
        return ApiError(415, "encoded", Errors.H634.format(found=encoding))
    return None


class GivenUp:
    """Cancels the work on a request whose client has gone. The body must have been read."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not isinstance(receive, _Replay):
            await self.app(scope, receive, send)
            return
        work = asyncio.ensure_future(self.app(scope, receive, send))
        gone = asyncio.ensure_future(receive.disconnected())
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            if not work.done():
                work.cancel()
        # A client that has gone needs no answer; everything else goes on as if this were not here.
        await asyncio.wait({work})
        if not work.cancelled():
            work.result()


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
