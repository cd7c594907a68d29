"""What the API takes and gives: bounds, requests, answers and problems, for checks and for the OpenAPI description."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from starlette.responses import JSONResponse

from ..annotate.guard import Guard
from ..errors import Errors

_GUARD = Guard(max_tokens=10_000)


@dataclass(frozen=True)
class Limits:
    """Bounds of a server.

    max_bytes (int): Of a request's body.
    max_texts (int): Of a batch.
    max_waiting (int): Requests per model that wait for their turn; more are sent away with 503.
    timeout (float): Seconds until an answer, waiting included; then 504. A body that takes longer gets 408.
    batch_texts, batch_characters (int): Texts of waiting requests that are annotated together; a longer request is
        done in several parts.
    retry_after (int): Seconds that a client is told to wait after a 503.
    head_timeout (float): Seconds until a connection has sent the head of its request; then it is closed.
    drain (float): Seconds that running requests have when the server is told to end.
    guard (Guard): Bounds of each text.
    max_request_tokens (int): Of all texts of a request together, 0 for no limit. They are counted as its parts are
        done, so that at most one part is done in vain.
    """

    max_bytes: int = 200_000
    max_texts: int = 256
    max_waiting: int = 128
    timeout: float = 30.0
    batch_texts: int = 32
    batch_characters: int = 30_000
    retry_after: int = 1
    head_timeout: float = 10.0
    drain: float = 20.0
    guard: Guard = _GUARD
    max_request_tokens: int = 40_000


Boundaries = tuple[int, int]


def _encodable(text: str) -> str:
    """JSON can hold halves of surrogate pairs, which are no text: nothing could be answered about them in UTF-8."""
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("half a surrogate pair is no text")
    return text


Text = Annotated[str, AfterValidator(_encodable)]


class AnnotateRequest(BaseModel):
    """One text under `text`, or a batch under `texts`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"text": "Dell said the company will move its offices to Austin."},
                {"texts": ["Anna Keller left Oslo.", "She moved to Bergen."]},
            ]
        },
    )

    text: Text | None = Field(None, description="One text; the answer is one document.")
    texts: list[Text] | None = Field(None, description="Texts; the answer is `results`, one document for each.")
    model: str | None = Field(None, description="A name from `/api/models`; the first of them if not given.")

    @model_validator(mode="after")
    def _one_of_two(self) -> AnnotateRequest:
        if (self.text is None) == (self.texts is None):
            raise ValueError('give either "text" or "texts"')
        return self


class RenderRequest(BaseModel):
    """One text, to be shown on the demo page."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"text": "Anna said she left Oslo."}]})

    text: Text
    model: str | None = None


class LabeledSpan(BaseModel):
    """A name or a mention; offsets are characters, end exclusive."""

    start: int
    end: int
    label: str
    score: float
    text: str


class Relation(BaseModel):
    """A directed relation between two spans."""

    head: Boundaries
    head_label: str
    label: str
    tail: Boundaries
    tail_label: str
    score: float


class Document(BaseModel):
    """A document as `annotate` writes it. A layer is null where the pipeline does not annotate it."""

    text: str
    tokens: list[Boundaries]
    sents: list[Boundaries] = Field(default=[], description="Only where sentence boundaries are known")
    ents: list[LabeledSpan] | None
    mentions: list[LabeledSpan] | None
    clusters: list[list[Boundaries]] | None
    links: list[list[float]] = Field(default=[], description="For each mention of `clusters` its confidence")
    relations: list[Relation] | None


class Batch(BaseModel):
    """Documents in the order of the texts."""

    results: list[Document]


class Panel(BaseModel):
    """A layer on the demo page. The HTML is escaped; `data-style` holds colours."""

    count: int | None
    html: str


class Panels(BaseModel):
    """The four layers of a text on the demo page, by task: ner, emd, coref, relation."""

    tokens: int
    panels: dict[str, Panel]


class ModelInfo(BaseModel):
    """A pipeline on offer, with the labels of each task."""

    name: str
    version: str
    lang: str
    labels: dict[str, list[str]]


class Models(BaseModel):
    """All pipelines on offer; the first is the default."""

    models: list[ModelInfo]


class Health(BaseModel):
    """Whether the server works: "ok", or "busy" when the next request would be sent away."""

    status: str
    version: str
    models: list[str]
    waiting: int = Field(description="Requests in the queues")


class PoolState(BaseModel):
    """The worker processes of a model."""

    ready: int = Field(description="Workers that take requests")
    starting: int = Field(description="Workers that load the pipeline, because another one was killed")
    replaced: int = Field(description="How often a worker was replaced since the server started")


class Ready(BaseModel):
    """Whether each model has a worker that takes requests: "ready", "starting" or "stopping"."""

    status: str
    workers: dict[str, PoolState]


class Problem(BaseModel):
    """What went wrong."""

    error: str
    message: str


# What each kind of error is, for the API's documentation.
KINDS = {
    400: "The body is not JSON.",
    404: "There is no such model.",
    408: "The body did not arrive in time.",
    413: "The body is too large, the batch too long, or its texts would take too long.",
    415: "The body is not declared as JSON, or it is encoded.",
    421: "The request names a host that this server is not.",
    422: "The JSON is not what is expected.",
    500: "The pipeline failed on a text.",
    503: "Too many requests are waiting, or the server is shutting down; try again after the seconds in Retry-After.",
    504: "The annotation took too long.",
}


class ApiError(Exception):
    """An error with a status of HTTP. kind: one word for programs; message: a sentence for people."""

    def __init__(self, status: int, kind: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.kind, self.message, self.headers = status, kind, message, dict(headers or {})

    def response(self) -> JSONResponse:
        return JSONResponse({"error": self.kind, "message": self.message}, self.status, self.headers)


def from_validation(errors: Sequence[Mapping[str, Any]]) -> ApiError:
    """What FastAPI found wrong with a body, without the input that it repeats.

    errors (Sequence): As in `RequestValidationError.errors()`.
    """
    first = errors[0]
    if first["type"] == "json_invalid":
        reason = first.get("ctx", {}).get("error", "")
        return ApiError(400, "not_json", Errors.H523.format(reason=f"{reason}, at character {first['loc'][-1]}"))
    places = ("/".join(str(part) for part in error["loc"][1:]) or "body" for error in errors[:3])
    reasons = "; ".join(f"{place}: {error['msg']}" for place, error in zip(places, errors))
    return ApiError(422, "not_valid", Errors.H525.format(reason=reasons))
