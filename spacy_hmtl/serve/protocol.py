"""HTTP with time limits: a connection that sends its request too slowly, or does not read its answer, is closed."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from .schema import Limits

_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
# The application answers a body that is late itself, in JSON; this is for what comes after an answer.
_LATER = 1.0  # seconds


def timed_protocol(limits: Limits) -> type[H11Protocol]:
    """The protocol that uvicorn is to speak, with these limits."""
    return type("TimedProtocol", (_TimedProtocol,), {"limits": limits})


class _TimedProtocol(H11Protocol):
    """uvicorn's protocol knows a limit between requests only.

    The clock runs from the first moment of a head or body to its last, so that one byte a second does not help.
    """

    limits: Limits
    _phase = ""  # "head", "body", or "" while we are to act
    _timer: asyncio.TimerHandle | None = None
    _write_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._look()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._cancel()
        self.resume_writing()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._write_timer = self.loop.call_later(self.limits.timeout, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def _look(self) -> None:
        """Start the clock of a new phase; leave that of the same phase as it is."""
        phase, seconds = "", 0.0
        if self.transport.is_closing():
            pass
        elif self.conn.their_state is h11.SEND_BODY:
            phase, seconds = "body", self.limits.timeout + _LATER
        elif self.conn.their_state is h11.IDLE and self.timeout_keep_alive_task is None:
            phase, seconds = "head", self.limits.head_timeout
        if phase != self._phase:
            self._cancel()
            self._phase = phase
            if phase:
                self._timer = self.loop.call_later(seconds, self._too_slow)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        if self._phase == "head" and self.conn.trailing_data[0]:
            self.transport.write(_TOO_SLOW)
        self.transport.close()
