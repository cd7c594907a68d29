"""Names that a server answers to, so that no page of another host can make a browser ask it (DNS rebinding)."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from ..errors import Errors
from .schema import ApiError

_WILDCARDS = ("0.0.0.0", "::", "")


def known_hosts(bound: str, allowed: Sequence[str] = ()) -> frozenset[str]:
    """Names that a server answers to, addresses aside.

    bound (str): Where it listens.
    allowed (Sequence): More names; "*" is all names.
    """
    own = [socket.gethostname(), socket.getfqdn()] if bound in _WILDCARDS else [bound]
    return frozenset(name.strip("[]").rstrip(".").lower() for name in ("localhost", *own, *allowed))


class KnownHosts:
    """Answers 421 to requests for other hosts.

    An address is always right: what a browser takes from a hostile page stands under the name of that page. So is
    no name at all, as in HTTP/1.0: a browser always sends one.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self.app = app
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        names = [value.decode("latin-1") for name, value in scope.get("headers", []) if name == b"host"]
        if scope["type"] == "http" and not all(map(self.knows, names)):
            found = "by this name" if len(names[0]) > 100 else ascii(names[0])
            await ApiError(421, "wrong_host", Errors.H632.format(found=found)).response()(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def knows(self, host: str) -> bool:
        """Whether a Host header names this server; the port does not matter, since a proxy may have another one."""
        name = host.strip().lower()
        if name.startswith("["):
            name = name[1:].partition("]")[0]
        elif name.count(":") == 1:
            name = name.partition(":")[0]
        name = name.rstrip(".")
        return "*" in self.hosts or name in self.hosts or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
