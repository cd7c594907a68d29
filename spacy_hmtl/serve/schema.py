"""What the API takes and gives, for checking requests and for the OpenAPI description."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

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


class Problem(BaseModel):
    """What went wrong."""

    error: str
    message: str
