"""The shape of the JSON objects that `annotate` writes, checked by pydantic: see jsonl.py for what the keys mean."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field, StrictInt, StrictStr, TypeAdapter, ValidationError, model_validator

_SHOWN = 60  # characters of a value in a message

# First character, and the one after the last.
Extent = tuple[StrictInt, StrictInt]
Confidence = Annotated[float, Field(strict=True, ge=0.0, le=1.0)]


class SpanRecord(BaseModel):
    """A name or a mention."""

    start: StrictInt
    end: StrictInt
    label: StrictStr
    score: Confidence = 1.0


class RelationRecord(BaseModel):
    """A relation. The types of arguments may be left out: they are then those of mentions or names there."""

    head: Extent
    label: StrictStr
    tail: Extent
    head_label: StrictStr | None = None
    tail_label: StrictStr | None = None
    score: Confidence = 1.0


class Outline(BaseModel):
    """A document whose layers are not looked at yet."""

    text: StrictStr
    tokens: list[Extent]
    sents: list[Extent] | None = None
    ents: list[Any] | None = None
    mentions: list[Any] | None = None
    clusters: list[list[Any]] | None = None
    links: list[Any] | None = None
    relations: list[Any] | None = None
    meta: dict[str, Any] | None = None
    id: Any = None


class DocumentRecord(Outline):
    """A document."""

    ents: list[SpanRecord] | None = None
    mentions: list[SpanRecord] | None = None
    clusters: list[list[Extent]] | None = None
    links: list[list[Confidence]] | None = None
    relations: list[RelationRecord] | None = None

    @model_validator(mode="after")
    def _check_links(self) -> DocumentRecord:
        sizes, n_links = (list(map(len, rows or [])) for rows in (self.clusters, self.links))
        if self.links is not None and n_links != sizes:
            raise ValueError(f"links should have a confidence for each of {sizes} mentions of clusters, has {n_links}")
        return self


def misfit(value: Any, shape: Any) -> str:
    """What is wrong with a JSON value, or "" if it has a shape.

    value (Any): What `json` made of it.
    shape (Any): A type of this file.
    """
    try:
        TypeAdapter(shape).validate_python(value)
    except ValidationError as error:
        return fault_of(error)
    return ""


def fault_of(error: ValidationError) -> str:
    """The first fault of a value: what was expected, where, and what was found."""
    fault = error.errors(include_url=False)[0]
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in fault["loc"]).removeprefix(".")
    if fault["type"] == "missing":
        return f"the key {where} is missing"
    expected = fault["msg"].removeprefix("Value error, ")
    if not where:
        return expected
    found = repr(fault["input"])
    return f"{expected} at {where}, found {found if len(found) <= _SHOWN else f'{found[: _SHOWN - 3]}...'}"
