"""`serve`: a page and a JSON API for pipelines."""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from importlib.util import find_spec
from typing import Annotated

import typer
from wasabi.printer import Printer

from ..annotate.guard import DEFAULT, Guard
from ..annotate.pipelines import default_pipeline
from ..errors import Errors
from .common import GpuId, MaxRun, MaxTokens, fail

NEEDED = ("fastapi", "uvicorn")


def serve_cli(
    models: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MODEL]...", help="Pipelines: folders or installed packages; en_hmtl_web_md if none is given"
        ),
    ] = None,
    port: Annotated[int, typer.Option("--port", "-p", help="0 takes a free one", min=0, max=65535)] = 8000,
    host: Annotated[str, typer.Option("--host", help="0.0.0.0 serves the whole network")] = "127.0.0.1",
    max_bytes: Annotated[int, typer.Option("--max-bytes", help="Largest request", min=1)] = 200_000,
    max_waiting: Annotated[int, typer.Option("--max-waiting", help="Requests that may wait per model", min=1)] = 128,
    timeout: Annotated[float, typer.Option("--timeout", help="Seconds until an answer", min=0.1)] = 30.0,
    workers: Annotated[
        int, typer.Option("--workers", "-w", help="Processes per pipeline; each loads it into its own memory", min=1)
    ] = 1,
    max_run: MaxRun = DEFAULT.max_run,
    max_tokens: MaxTokens = 10_000,
    max_request_tokens: Annotated[
        int, typer.Option("--max-request-tokens", help="Most tokens of all texts of a request; 0: no limit", min=0)
    ] = 40_000,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option("--allowed-host", help="A name under which the server may be asked; repeat for more; * for any"),
    ] = None,
    drain: Annotated[float, typer.Option("--drain", help="Seconds to finish requests after SIGTERM", min=0.0)] = 20.0,
    gpu_id: GpuId = -1,
) -> None:
    """
    Serve the demo page and the JSON API. Needs the extra: pip install "spacy-hmtl[serve]"

    The page shows the four layers while you type. The API is POST /api/annotate; /docs describes it.
    Only this machine can connect unless --host says otherwise. Texts are neither stored nor logged.

    \b
    Examples:
      python -m spacy hmtl serve
      python -m spacy hmtl serve en_hmtl_demo
      python -m spacy hmtl serve training/demo/model-best training/open/model-best --port 8080
      python -m spacy hmtl serve --host 0.0.0.0 --allowed-host hmtl.example.org --workers 4 --timeout 10
      curl http://127.0.0.1:8000/api/annotate -H "Content-Type: application/json" -d '{"text": "Anna left Oslo."}'
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        fail(Errors.H540.format(what="serve", package=" and ".join(missing), install="spacy-hmtl[serve]"))
    # Only here: the other commands work, and start, without them.
    from ..serve.run import serve
    from ..serve.schema import Limits

    msg = Printer()

    def announce(address: str, names: list[str]) -> None:
        msg.good(f"Serving {', '.join(names)} at {address}")
        if not _is_loopback(host):
            msg.warn(f"Everybody who reaches {host} can use it: there is no password.")
        msg.info("Ctrl-C ends it.")

    limits = Limits(
        max_bytes=max_bytes,
        max_waiting=max_waiting,
        timeout=timeout,
        drain=drain,
        guard=Guard(max_run, max_tokens),
        max_request_tokens=max_request_tokens,
    )
    try:
        # Whether the interrupt comes through depends on where asyncio was when it came.
        with suppress(KeyboardInterrupt):
            serve(
                models or [default_pipeline()],
                host=host,
                port=port,
                limits=limits,
                n_workers=workers,
                allowed_hosts=allowed_host or [],
                gpu_id=gpu_id,
                on_ready=announce,
            )
    except (ValueError, OSError) as error:
        fail(error)
    msg.info("Stopped.")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        return host == "localhost"
