"""The application: the page, the API, and what stands around both."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Annotated, Any

from fastapi import Body, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp

from .. import __version__
from ..errors import Errors
from ..visualize.style import CSS, JS
from . import schema
from .middleware import BodyLimit, SafeHeaders
from .models import describe, encode_document, encode_panels, join_documents
from .schema import KINDS, ApiError, Limits, from_validation
from .worker import AnnotationError, Maker, QueueFullError, Worker

ABOUT = (
    "Names, mentions, coreference and relations of a text. Offsets are characters, end exclusive; "
    "confidences lie in [0, 1]. Texts are neither stored nor logged."
)

_KINDS = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
# Address -> file. The style sheet and script of `visualize` come before those of the page.
_PAGES = {"/": "index.html", "/docs": "docs.html"}
_FILES = ("page.css", "page.js", "docs.js", "icon.svg")
_BEFORE = {"page.css": CSS, "page.js": JS}


def make_app(workers: Mapping[str, Worker], limits: Limits | None = None) -> ASGIApp:
    """The ASGI application.

    workers (Mapping): At least one, loaded; the first is the default.
    limits (Limits, optional): Bounds of requests; those of the workers are their own.
    """
    limits = limits or Limits()
    app = FastAPI(title="spacy-hmtl", version=__version__, description=ABOUT, docs_url=None, redoc_url=None)
    api = _Api(workers, limits)
    add_routes(app, api)
    add_pages(app)
    app.exception_handler(ApiError)(_problem)
    app.exception_handler(RequestValidationError)(_not_valid)
    app.exception_handler(HTTPException)(_other)
    return SafeHeaders(BodyLimit(app, limits))


class _Api:
    """What the routes share."""

    def __init__(self, workers: Mapping[str, Worker], limits: Limits) -> None:
        self.workers = workers
        self.limits = limits

    def worker(self, name: str | None) -> Worker:
        """The worker of a model. RAISES (ApiError): 404."""
        if name is None:
            return next(iter(self.workers.values()))
        if name not in self.workers:
            known = ", ".join(self.workers)
            raise ApiError(404, "unknown_model", Errors.H528.format(known=known))
        return self.workers[name]

    async def run(self, worker: Worker, texts: Sequence[str], make: Maker) -> list[bytes]:
        """Wait for a worker's answers. RAISES (ApiError): 500, 503, 504."""
        try:
            future = worker.submit(texts, make)
            return await asyncio.wait_for(asyncio.wrap_future(future), self.limits.timeout)
        except QueueFullError:
            seconds = self.limits.retry_after
            message = Errors.H529.format(n=self.limits.max_waiting, seconds=seconds)
            raise ApiError(503, "busy", message, {"retry-after": str(seconds)}) from None
        except asyncio.TimeoutError:
            message = Errors.H526.format(what="The annotation was not done", seconds=self.limits.timeout)
            raise ApiError(504, "too_slow", message) from None
        except AnnotationError as error:
            raise ApiError(500, "failed", Errors.H519.format(kind=error)) from None


def add_routes(app: FastAPI, api: _Api) -> None:
    """Add the API's routes."""
    problems: dict[int | str, dict[str, Any]] = {
        status: {"model": schema.Problem, "description": about} for status, about in KINDS.items()
    }
    # Answers are made in the worker's thread; their models only describe them.
    answer = {200: {"model": schema.Document | schema.Batch}, **problems}

    @app.post("/api/annotate", responses=answer, tags=["annotate"], response_class=Response)
    async def annotate(request: Annotated[schema.AnnotateRequest, Body()]) -> Response:
        """Annotate one text or a batch."""
        worker = api.worker(request.model)
        if request.texts is None:
            (document,) = await api.run(worker, [request.text or ""], encode_document)
            return _json(document)
        if len(request.texts) > api.limits.max_texts:
            message = Errors.H522.format(found=len(request.texts), limit=api.limits.max_texts)
            raise ApiError(413, "too_large", message)
        documents = await api.run(worker, request.texts, encode_document) if request.texts else []
        return _json(join_documents(documents))

    @app.post(
        "/api/render",
        responses={200: {"model": schema.Panels}, **problems},
        tags=["annotate"],
        response_class=Response,
    )
    async def render(request: Annotated[schema.RenderRequest, Body()]) -> Response:
        """The four layers of a text as HTML, for the demo page."""
        (page,) = await api.run(api.worker(request.model), [request.text], encode_panels)
        return _json(page)

    @app.get("/api/models", response_model=schema.Models, tags=["about"])
    async def models() -> dict[str, Any]:
        """The pipelines on offer."""
        return {"models": [describe(name, worker.loaded.result()) for name, worker in api.workers.items()]}

    @app.get("/health", response_model=schema.Health, tags=["about"])
    async def health() -> dict[str, Any]:
        """Whether the server works. It answers while models are busy."""
        waiting = [worker.n_waiting for worker in api.workers.values()]
        status = "busy" if max(waiting) >= api.limits.max_waiting else "ok"
        return {"status": status, "version": __version__, "models": list(api.workers), "waiting": sum(waiting)}


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


def _json(content: bytes) -> Response:
    return Response(content, media_type="application/json")


async def _problem(request: Request, error: Any) -> Response:
    result: Response = error.response()
    return result


async def _not_valid(request: Request, error: Any) -> Response:
    return from_validation(error.errors(), request.headers.get("content-type", "")).response()


async def _other(request: Request, error: Any) -> Response:
    """An unknown address or method, or a body that is no JSON for other reasons than its syntax."""
    if error.status_code == 400:
        return ApiError(400, "not_json", Errors.H523.format(reason=error.detail)).response()
    kind = str(error.detail).lower().replace(" ", "_")
    return ApiError(error.status_code, kind, f"{error.detail}.", error.headers).response()
