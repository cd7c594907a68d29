"""Our own JSON lines, as `annotate` and `export jsonl` write them: see `spacy_hmtl/annotations/jsonl.py`."""

from __future__ import annotations

from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

from spacy.vocab import Vocab

from ...annotations import AnnotatedDocument
from ...annotations.documents import from_doc
from ...annotations.jsonl import json_to_doc
from ...annotations.layers import extents
from ...annotations.records import Extent, Outline, RelationRecord, SpanRecord, misfit
from ..faults import FaultLog, Place
from ..reading.json_records import JsonObject, Record, excerpt, note_unread, read_records
from ..reading.token_rows import clean_clusters

_BORDERS = "Offsets count characters from 0, and fall on the boundaries of `tokens`."


def read(path: Path, *, faults: FaultLog, ids: Container[str] | None = None) -> Iterator[AnnotatedDocument]:
    """Read a file of JSON lines.

    path (Path): The file.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only. The id of a document is its
        `id`, or the file's name without suffix, a hyphen and its number (from 1).
    YIELDS (AnnotatedDocument): The documents, with the layers that are annotated. Clusters
        lose their confidences: what is converted is taken as gold.
    RAISES (ConversionError): H102, if the file is of another format.
    """
    # Of its own, so that no words are kept when the file has been read.
    vocab = Vocab()
    for number, record in enumerate(read_records(path, "jsonl", faults), start=1):
        id = record.fields.get("id")
        name = f"{path.stem}-{number}" if id is None else str(id)
        if ids is None or name in ids:
            doc = _read_document(record, Place(path, record.line, name), vocab, faults)
            if doc is not None:
                yield doc


def _read_document(record: Record, place: Place, vocab: Vocab, faults: FaultLog) -> AnnotatedDocument | None:
    """Read one document; None, with a fault, if its tokens or a layer as a whole cannot be read."""
    fields: JsonObject = dict(record.fields)
    what = misfit(fields, Outline)
    if not what and not fields["tokens"]:
        what = "the document has no tokens"
    elif not what:
        ends = [0, *(end for _, end in fields["tokens"])]
        if not all(before <= start < end for before, (start, end) in zip(ends, fields["tokens"])):
            what = "tokens are empty, reversed or overlap"
        elif ends[-1] > len(fields["text"]):
            what = f"a token ends at character {ends[-1]}, the text has {len(fields['text'])}"
    if what:
        faults.skip(place, what, unit="document", remedy="Correct the line.")
        return None
    note_unread(fields, Outline.model_fields, place, faults)
    if fields.get("sents") is None:
        fields.pop("sents", None)
    _leave_out_faulty(fields, place, faults)
    # json_to_doc checks tokens, sentences, and that names do not overlap.
    try:
        doc = from_doc(json_to_doc(fields, vocab, where=f"line {record.line}"))
    except ValueError as error:
        faults.skip(place, str(error).rstrip("."), unit="document", remedy="Correct the line.")
        return None
    doc.name = place.document
    if fields.get("ents") is None:
        doc.layers.entities = None
    if doc.layers.clusters is not None:
        doc.layers.clusters = clean_clusters(extents(doc.layers.clusters), place, faults)
    return doc


def _leave_out_faulty(fields: JsonObject, place: Place, faults: FaultLog) -> None:
    """Report and remove the spans that are not on token boundaries, and the relations without their arguments."""
    starts, ends = {start for start, _ in fields["tokens"]}, {end for _, end in fields["tokens"]}
    arguments: set[tuple[int, int]] | None = None

    def fault(item: Any, shape: Any) -> str:
        what = misfit(item, shape)
        for start, end in [] if what else _extents(item):
            if start not in starts or end not in ends or start >= end:
                what = f"the characters [{start}, {end}) do not fall on token boundaries"
            elif shape is SpanRecord and item.get("text") not in (None, fields["text"][start:end]):
                covered = excerpt(fields["text"][start:end])
                what = f"the characters [{start}, {end}) are {covered}, but the file says {excerpt(item['text'])}"
            elif shape is RelationRecord and arguments is not None and (start, end) not in arguments:
                what = f"the argument [{start}, {end}) is no mention or name of the document"
        return what

    def good(items: list[Any], shape: Any, unit: str) -> list[Any]:
        kept: list[Any] = []
        for item in items:
            what = fault(item, shape)
            if what:
                faults.skip(place, f"in the {unit} {excerpt(item)} {what}", unit=unit, remedy=_BORDERS)
            else:
                kept.append(item)
        return kept

    for key, unit in (("ents", "name"), ("mentions", "mention")):
        if fields.get(key) is not None:
            fields[key] = good(fields[key], SpanRecord, unit)
            arguments = {*(arguments or ()), *((item["start"], item["end"]) for item in fields[key])}
    if fields.get("clusters") is not None:
        fields["clusters"] = [good(cluster, Extent, "cluster mention") for cluster in fields["clusters"]]
        fields.pop("links", None)
    if fields.get("relations") is not None:
        fields["relations"] = good(fields["relations"], RelationRecord, "relation")


def _extents(item: Any) -> list[Any]:
    """The characters that an item of a layer is about."""
    if isinstance(item, list):
        return [item]
    return [item["head"], item["tail"]] if "head" in item else [(item["start"], item["end"])]
