"""Docs as tables: documents, names, mentions, clusters and relations, for pandas, Arrow and polars."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from spacy.tokens import Doc

from ..annotations.groups import get_meta
from ..annotations.layers import LAYERS, Layers, read
from ..annotations.resolution import canonical
from ..errors import Errors
from ..types import LabeledSpan

# The columns of each table with their types; `doc` is the number of the document, from 0.
_PLACE = {"start": "int", "end": "int", "token_start": "int", "token_end": "int", "text": "text"}
_SPANS = {"doc": "int", "id": "text", **_PLACE, "label": "text", "score": "float"}
_ARGUMENTS = {role: {f"{role}_{name}": kind for name, kind in _PLACE.items()} for role in ("head", "tail")}
COLUMNS: dict[str, dict[str, str]] = {
    "documents": {
        **{"doc": "int", "id": "text", "text": "text", "n_tokens": "int"},
        **{f"has_{layer.title}": "bool" for layer in LAYERS.values()},
    },
    "names": _SPANS,
    "mentions": _SPANS,
    "clusters": {"doc": "int", "id": "text", "cluster": "int", "name": "text", **_PLACE, "score": "float"},
    "relations": {
        **{"doc": "int", "id": "text", **_ARGUMENTS["head"], "head_label": "text", "label": "text"},
        **{**_ARGUMENTS["tail"], "tail_label": "text", "score": "float"},
    },
}
LIBRARIES = ("pandas", "arrow", "polars")
_PANDAS = {"int": "int64", "text": "string", "float": "float64", "bool": "bool"}
Columns = dict[str, list[Any]]


class Frames(NamedTuple):
    """A table for each kind of row; `doc` and `id` say of which document a row is.

    documents: a row per Doc: `text`, `n_tokens`, and whether each layer is annotated
        (`has_names` ...), which tells "nothing there" from "not annotated".
    names, mentions: a row per span.
    clusters: a row per mention of a cluster, with the number of the cluster in its document
        and its most informative mention (`name`).
    relations: a row per relation, with both arguments.

    `start` and `end` are characters of the text, `token_start` and `token_end` tokens, both
    end exclusive; `score` is the confidence in [0, 1].
    """

    documents: Any
    names: Any
    mentions: Any
    clusters: Any
    relations: Any


def to_frames(docs: Iterable[Doc], to: str = "pandas") -> Frames:
    """Make tables of annotated Docs.

    docs (Iterable[Doc]): The Docs; they may come one at a time.
    to (str): "pandas" (DataFrames), "arrow" (pyarrow Tables) or "polars" (DataFrames, by way of Arrow).
    RETURNS (Frames): Five tables. A table without rows has its columns all the same.
    RAISES (ValueError): H130, if `to` is something else; H540, if the library is not installed.
    """
    if to not in LIBRARIES:
        raise ValueError(Errors.H130.format(name="to", known=", ".join(LIBRARIES), value=to))
    for package in {"pandas": ("pandas",), "arrow": ("pyarrow",), "polars": ("polars", "pyarrow")}[to]:
        if importlib.util.find_spec(package) is None:
            extra = {"pandas": "pandas", "arrow": "parquet", "polars": "polars"}[to]
            what, install = f'to_frames(..., to="{to}")', f"spacy-hmtl[{extra}]"
            raise ValueError(Errors.H540.format(what=what, package=package, install=install))
    tables: dict[str, Columns] = {name: {column: [] for column in kinds} for name, kinds in COLUMNS.items()}
    for number, doc in enumerate(docs):
        for name, row in _rows(number, doc):
            for column, value in zip(tables[name].values(), row):
                column.append(value)
    make = {"pandas": _to_pandas, "arrow": _to_arrow, "polars": _to_polars}[to]
    return Frames(**{name: make(columns, COLUMNS[name]) for name, columns in tables.items()})


def _rows(number: int, doc: Doc) -> Iterator[tuple[str, Sequence[Any]]]:
    """The rows of a Doc, each with its table, the values in the order of `COLUMNS`."""
    layers: Layers = read(doc)
    name = get_meta(doc).get("name")
    key = (number, None if name in (None, "") else str(name))
    yield "documents", (*key, doc.text, len(doc), *(layers.of(task) is not None for task in LAYERS))
    for table, spans in (("names", layers.entities), ("mentions", layers.mentions)):
        for span in spans or []:
            yield table, (*key, *_place(doc, span), span.label, span.score)
    for cluster_number, cluster in enumerate(layers.clusters or []):
        title = canonical([doc[mention.start : mention.end] for mention in cluster]).text
        for mention in cluster:
            yield "clusters", (*key, cluster_number, title, *_place(doc, mention), mention.score)
    for head, label, tail, score in layers.relations or []:
        yield "relations", (*key, *_place(doc, head), head.label, label, *_place(doc, tail), tail.label, score)


def _place(doc: Doc, span: LabeledSpan) -> tuple[int, int, int, int, str]:
    covered = doc[span.start : span.end]
    return covered.start_char, covered.end_char, span.start, span.end, covered.text


def _to_pandas(columns: Columns, kinds: dict[str, str]) -> Any:
    import pandas  # an extra, and slow to import

    return pandas.DataFrame({name: pandas.Series(columns[name], dtype=_PANDAS[kind]) for name, kind in kinds.items()})


def _to_arrow(columns: Columns, kinds: dict[str, str]) -> Any:
    import pyarrow as pa

    types = {"int": pa.int64(), "text": pa.string(), "float": pa.float64(), "bool": pa.bool_()}
    return pa.table(columns, schema=pa.schema([(name, types[kind]) for name, kind in kinds.items()]))


def _to_polars(columns: Columns, kinds: dict[str, str]) -> Any:
    import polars

    return polars.from_arrow(_to_arrow(columns, kinds))
