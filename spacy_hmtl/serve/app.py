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
from ..annotate.guard import TooMuchWorkError
from ..annotate.worker import Encoder
from ..errors import Errors
from ..visualize.style import CSS, JS
from . import schema
from .hosts import KnownHosts, known_hosts
from .jobs import AnnotationError, QueueFullError, RefusedError, StoppedError
from .middleware import BodyLimit, GivenUp, JsonOnly, SafeHeaders
from .models import encode_document, encode_panels, join_documents
from .pool import Pool
from .schema import KINDS, ApiError, Limits, from_validation

ABOUT = (
    "Names, mentions, coreference and relations of a text. Offsets are characters, end exclusive; "
    "confidences lie in [0, 1]. Texts are neither stored nor logged."
)

_KINDS = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
# Address -> file. The style sheet and script of `visualize` come before those of the page.
_PAGES = {"/": "index.html", "/docs": "docs.html"}
_FILES = ("page.css", "page.js", "docs.js", "icon.svg")
_POSTS = ("/api/annotate", "/api/render")
_BEFORE = {"page.css": CSS, "page.js": JS}


class State:
    """What the application and the server around it tell each other.

    is_stopping: new requests are sent away.
    n_running: requests that wait for an annotation.
    """

    def __init__(self) -> None:
        self.is_stopping = False
        self.n_running = 0


def make_app(
    pools: Mapping[str, Pool],
    limits: Limits | None = None,
    *,
    hosts: frozenset[str] | None = None,
    state: State | None = None,
) -> ASGIApp:
    """The ASGI application.

    pools (Mapping): At least one, loaded; the first is the default.
    limits (Limits, optional): Bounds of requests; those of the pools are their own.
    hosts (frozenset, optional): Names that are answered to (`known_hosts`); only this machine's own if not given.
    state (State, optional): Shared with the server around it.
    """
    limits = limits or Limits()
    app = FastAPI(title="spacy-hmtl", version=__version__, description=ABOUT, docs_url=None, redoc_url=None)
    api = _Api(pools, limits, state or State())
    add_routes(app, api)
    add_about(app, api)
    add_pages(app)
    app.exception_handler(ApiError)(_problem)
    app.exception_handler(RequestValidationError)(_not_valid)
    app.exception_handler(HTTPException)(_other)
    inner = JsonOnly(BodyLimit(GivenUp(app), limits), _POSTS)
    return SafeHeaders(KnownHosts(inner, hosts or known_hosts("localhost")))


class _Api:
    """What the routes share."""

    def __init__(self, pools: Mapping[str, Pool], limits: Limits, state: State) -> None:
        self.pools = pools
        self.limits = limits
        self.state = state

    def pool(self, name: str | None) -> Pool:
        """The processes of a model. RAISES (ApiError): 404."""
        if name is None:
            return next(iter(self.pools.values()))
        if name not in self.pools:
            known = ", ".join(self.pools)
            raise ApiError(404, "unknown_model", Errors.H528.format(known=known))
        return self.pools[name]

    async def run(self, pool: Pool, texts: Sequence[str], make: Encoder) -> list[bytes]:
        """Wait for answers. Who waits no longer cancels, and with it what was begun. RAISES (ApiError)."""
        self.state.n_running += 1
        try:
            if self.state.is_stopping:
                raise StoppedError
            for text in texts:
                self.limits.guard.check_text(text)
            return await asyncio.wait_for(asyncio.wrap_future(pool.submit(texts, make)), self.limits.timeout)
        except QueueFullError:
            raise self._later(
                "busy", Errors.H529.format(n=self.limits.max_waiting, seconds=self.limits.retry_after)
            ) from None
        except StoppedError:
            raise self._later("stopping", Errors.H633.format(seconds=self.limits.retry_after)) from None
        except (TooMuchWorkError, RefusedError) as error:
            raise ApiError(413, "too_much_work", str(error)) from None
        except asyncio.TimeoutError:
            message = Errors.H526.format(what="The annotation was not done", seconds=self.limits.timeout)
            raise ApiError(504, "too_slow", message) from None
        except AnnotationError as error:
            raise ApiError(500, "failed", Errors.H519.format(kind=error)) from None
        finally:
            self.state.n_running -= 1

    def _later(self, kind: str, message: str) -> ApiError:
        return ApiError(503, kind, message, {"retry-after": str(self.limits.retry_after)})

    def readiness(self) -> tuple[int, dict[str, Any]]:
        """Status of HTTP and what is told of the workers."""
        workers = {
            name: {"ready": pool.n_ready, "starting": len(pool.lanes) - pool.n_ready, "replaced": pool.n_replaced}
            for name, pool in self.pools.items()
        }
        all_ready = all(pool.n_ready for pool in self.pools.values())
        status = "stopping" if self.state.is_stopping else "ready" if all_ready else "starting"
        return (200 if status == "ready" else 503), {"status": status, "workers": workers}


# What each address answers besides what it is asked for.
def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": schema.Problem, "description": KINDS[status]} for status in statuses}


def add_routes(app: FastAPI, api: _Api) -> None:
    """Add what annotates."""
    problems = _problems(*KINDS)
    # Answers are made in the workers; their models only describe them.
    answer = {200: {"model": schema.Document | schema.Batch}, **problems}

    @app.post("/api/annotate", responses=answer, tags=["annotate"], response_class=Response)
    async def annotate(request: Annotated[schema.AnnotateRequest, Body()]) -> Response:
        """Annotate one text or a batch."""
        pool = api.pool(request.model)
        if request.texts is None:
            (document,) = await api.run(pool, [request.text or ""], encode_document)
            return _json(document)
        if len(request.texts) > api.limits.max_texts:
            message = Errors.H522.format(found=len(request.texts), limit=api.limits.max_texts)
            raise ApiError(413, "too_large", message)
        documents = await api.run(pool, request.texts, encode_document) if request.texts else []
        return _json(join_documents(documents))

    @app.post(
        "/api/render",
        responses={200: {"model": schema.Panels}, **problems},
        tags=["annotate"],
        response_class=Response,
    )
    async def render(request: Annotated[schema.RenderRequest, Body()]) -> Response:
        """The four layers of a text as HTML, for the demo page."""
        (page,) = await api.run(api.pool(request.model), [request.text], encode_panels)
        return _json(page)


def add_about(app: FastAPI, api: _Api) -> None:
    """Add what tells of the server. It answers while models are busy."""

    @app.get("/api/models", response_model=schema.Models, responses=_problems(421), tags=["about"])
    async def models() -> dict[str, Any]:
        """The pipelines on offer."""
        return {"models": [pool.loaded.result() for pool in api.pools.values()]}

    @app.get("/health", response_model=schema.Health, responses=_problems(421), tags=["about"])
    async def health() -> dict[str, Any]:
        """Whether the server works."""
        waiting = [len(pool.queue) for pool in api.pools.values()]
        status = "busy" if max(waiting) >= api.limits.max_waiting else "ok"
        return {"status": status, "version": __version__, "models": list(api.pools), "waiting": sum(waiting)}

    @app.get(
        "/ready",
        response_model=schema.Ready,
        responses={**_problems(421), 503: {"model": schema.Ready, "description": "A model has no worker, or the end."}},
        tags=["about"],
    )
    async def ready(response: Response) -> dict[str, Any]:
        """Whether requests are taken: 503 while the only worker of a model is replaced, or the server shuts down."""
        response.status_code, told = api.readiness()
        return told


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
    return from_validation(error.errors()).response()


async def _other(request: Request, error: Any) -> Response:
    """An unknown address or method, or a body that is no JSON for other reasons than its syntax."""
    if error.status_code == 400:
        return ApiError(400, "not_json", Errors.H523.format(reason=error.detail)).response()
    kind = str(error.detail).lower().replace(" ", "_")
    return ApiError(error.status_code, kind, f"{error.detail}.", error.headers).response()
