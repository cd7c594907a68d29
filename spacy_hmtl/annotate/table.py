"""Annotated documents as a Parquet file: a row for each, with the fields of a line of JSON."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..annotations.jsonl import Json, read_records
from ..errors import Errors
from ..files import appearing_path

if TYPE_CHECKING:
    import pyarrow

# Rows written together; a reader can skip to any such group.
ROWS = 1024
# Marks a column of text that holds JSON: facts about documents have no common type.
JSON_COLUMN = {b"spacy_hmtl": b"json"}


def check_pyarrow(what: str) -> None:
    """RAISES (ValueError): H540, if pyarrow is not installed, which `what` needs."""
    if importlib.util.find_spec("pyarrow") is None:
        raise ValueError(Errors.H540.format(what=what, package="pyarrow", install="spacy-hmtl[parquet]"))


def schema() -> pyarrow.Schema:
    """The columns of the file: those of `spacy_hmtl.annotations.jsonl`, with the same names."""
    import pyarrow as pa  # an extra, and slow to import

    extent = pa.list_(pa.int64())  # start, end
    span = [("start", pa.int64()), ("end", pa.int64()), ("label", pa.string())]
    spans = pa.list_(pa.struct([*span, ("score", pa.float64()), ("text", pa.string())]))
    ends = [("head", extent), ("head_label", pa.string()), ("label", pa.string())]
    ends += [("tail", extent), ("tail_label", pa.string()), ("score", pa.float64())]
    return pa.schema(
        [
            pa.field("id", pa.string()),
            pa.field("meta", pa.string(), metadata=JSON_COLUMN),
            pa.field("text", pa.string(), nullable=False),
            pa.field("tokens", pa.list_(extent)),
            pa.field("sents", pa.list_(extent)),
            pa.field("ents", spans),
            pa.field("mentions", spans),
            pa.field("clusters", pa.list_(pa.list_(extent))),
            pa.field("links", pa.list_(pa.list_(pa.float64()))),
            pa.field("relations", pa.list_(pa.struct(ends))),
        ]
    )


def write_table(lines: Path, target: Path) -> None:
    """Write the documents of a file of JSON lines as a Parquet file, in one step and in bounded memory.

    lines (Path): The file, as `annotate` writes it.
    target (Path): The Parquet file.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    columns = schema()
    rows = (_row(record) for _, record in read_records(lines))
    with appearing_path(target) as place, ParquetWriter(place, columns) as writer:
        for batch in _batches(rows):
            writer.write_table(pa.Table.from_pylist(batch, schema=columns))


def _batches(rows: Iterator[Json]) -> Iterator[list[Json]]:
    while batch := list(islice(rows, ROWS)):
        yield batch


def _row(record: Json) -> dict[str, Any]:
    id, meta = record.get("id"), record.get("meta")
    facts = None if meta is None else json.dumps(meta, ensure_ascii=False)
    return {**record, "id": None if id is None else str(id), "meta": facts}
