"""The files of the demo page and of the API's documentation."""

from __future__ import annotations

from importlib.resources import files

from fastapi import FastAPI
from starlette.responses import Response

from ..visualize.style import CSS, JS

_KINDS = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
# Address -> file. The style sheet and script of `visualize` come before those of the page.
_PAGES = {"/": "index.html", "/docs": "docs.html"}
_FILES = ("page.css", "page.js", "docs.js", "icon.svg")
_BEFORE = {"page.css": CSS, "page.js": JS}


def add_pages(app: FastAPI) -> None:
    """Add the pages and their files. They are read once and hold nothing of a request."""
    for address, name in _PAGES.items():
        _add(app, address, name)
    for name in _FILES:
        _add(app, f"/static/{name}", name)


def _add(app: FastAPI, address: str, name: str) -> None:
    text = _BEFORE.get(name, "") + files(__package__).joinpath("static", name).read_text(encoding="utf-8")
    kind = _KINDS[name.rsplit(".", 1)[1]]

    async def page() -> Response:
        return Response(text, media_type=kind)

    app.add_api_route(address, page, methods=["GET", "HEAD"], include_in_schema=False)
