"""Opens the port, loads the pipelines, and serves until it is stopped."""

from __future__ import annotations

import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from types import FrameType

import uvicorn

from ..errors import Errors
from .app import State, make_app
from .hosts import known_hosts
from .models import close_pools, start_pools
from .pool import Pool
from .protocol import timed_protocol
from .schema import Limits

# Connections that the system keeps while all others are served.
_BACKLOG = 256


def serve(
    models: Sequence[str],
    *,
    host: str,
    port: int,
    limits: Limits,
    n_workers: int = 1,
    allowed_hosts: Sequence[str] = (),
    gpu_id: int = -1,
    on_ready: Callable[[str, list[str]], None],
) -> None:
    """Serve pipelines until Ctrl-C, or until SIGTERM: then running requests are finished first.

    models (Sequence): Folders or names of packages; if empty, all that are installed.
    port (int): 0 takes a free one.
    n_workers (int): Processes per pipeline.
    allowed_hosts (Sequence): Names that the server answers to besides its own.
    on_ready (Callable): Called with the address and the names of the models before the first request.
    RAISES (ValueError, OSError): H508, H509, H520, H527, H631.
    """
    # The port first: that it is taken should not show after a minute of loading.
    listener = open_port(host, port)
    try:
        pools = start_pools(models, limits, n_workers=n_workers, gpu_id=gpu_id)
        try:
            on_ready(address(listener), list(pools))
            state = State()
            app = make_app(pools, limits, hosts=known_hosts(host, allowed_hosts), state=state)
            DrainingServer(make_config(app, limits), state, limits, pools.values()).run(sockets=[listener])
        finally:
            close_pools(pools.values())
    finally:
        listener.close()


class DrainingServer(uvicorn.Server):
    """Ends on SIGTERM as soon as running requests are finished, or after `limits.drain` seconds.

    Meanwhile it listens, so that new requests are told to go elsewhere (503), and `/ready` says so.
    """

    def __init__(self, config: uvicorn.Config, state: State, limits: Limits, pools: Iterable[Pool]) -> None:
        super().__init__(config)
        self.state, self.limits, self.pools = state, limits, pools
        self._drained_at = 0.0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig == signal.SIGTERM and not self.state.is_stopping:
            # uvicorn would raise the signal again at the end: this is an end as it should be, with status 0.
            self.state.is_stopping = True
            self._drained_at = time.monotonic() + self.limits.drain
        elif sig == signal.SIGTERM:
            self.should_exit = True
        else:
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        if self.state.is_stopping:
            is_late = time.monotonic() > self._drained_at
            if is_late:
                # Whoever still waits gets a 503.
                for pool in self.pools:
                    pool.stop()
            self.should_exit = self.should_exit or is_late or not self.state.n_running
        return await super().on_tick(counter)


def make_config(app: object, limits: Limits) -> uvicorn.Config:
    """How uvicorn runs: it logs no requests, whose addresses may hold a text (`?text=`)."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        access_log=False,
        log_level=logging.WARNING,
        lifespan="off",
        http=timed_protocol(limits),
        ws="none",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=5,
    )


def open_port(host: str, port: int) -> socket.socket:
    """A socket that listens, so that a second server on the port fails. RAISES (ValueError): H520."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ValueError(Errors.H520.format(host=host, port=port, reason=error)) from error
    try:
        if os.name == "posix":  # a server that has just ended does not keep the port; on Windows it means another thing
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ValueError(Errors.H520.format(host=host, port=port, reason=error.strerror or error)) from error
    return listener


def address(listener: socket.socket) -> str:
    """The address to open in a browser."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
