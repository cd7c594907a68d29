"""Opens the port, loads the pipelines, and serves until it is stopped."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Sequence

import uvicorn

from ..errors import Errors
from .app import make_app
from .models import close_workers, start_workers
from .schema import Limits

# Connections that the system keeps while all others are served.
_BACKLOG = 256


def serve(
    models: Sequence[str],
    *,
    host: str,
    port: int,
    limits: Limits,
    gpu_id: int = -1,
    on_ready: Callable[[str, list[str]], None],
) -> None:
    """Serve pipelines until Ctrl-C.

    models (Sequence): Folders or names of packages; if empty, all that are installed.
    port (int): 0 takes a free one.
    on_ready (Callable): Called with the address and the names of the models before the first request.
    RAISES (ValueError): H508, H509, H520, H527.
    """
    # The port first: that it is taken should not show after a minute of loading.
    listener = open_port(host, port)
    try:
        workers = start_workers(models, limits, gpu_id=gpu_id)
        on_ready(address(listener), list(workers))
        try:
            uvicorn.Server(make_config(make_app(workers, limits))).run(sockets=[listener])
        finally:
            close_workers(workers.values())
    finally:
        listener.close()


def make_config(app: object) -> uvicorn.Config:
    """How uvicorn runs: it logs no requests, whose addresses may hold a text (`?text=`)."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        access_log=False,
        log_level=logging.WARNING,
        lifespan="off",
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
