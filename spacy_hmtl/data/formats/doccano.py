"""doccano: the JSON lines of sequence labelling projects, with or without relations.

`text`; `entities` with `id`, `label`, `start_offset`, `end_offset`; `relations` with
`from_id`, `to_id`, `type`. Projects without relations have rows of [start, end, label]
in `label` (older ones in `labels`). Offsets count characters.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from itertools import islice
from pathlib import Path

from ...annotations import AnnotatedDocument
from ..faults import ConversionError, FaultLog, Place
from ..reading.json_records import JsonObject, Record, Scalar, excerpt, misfit, note_unread, read_records, read_values
from ..reading.standoff import CharSpan, Link, Standoff
from ..reading.standoff_build import build_all
from ..reading.standoff_place import place_spans
from .spans import read as read_spans

NOT_ANNOTATED = "documents without a list of entities, taken as not annotated"
SHAPE = {"text": str, "entities?": list, "relations?": list, "label?": list, "labels?": list}
ENTITY = {"id": Scalar, "label": str, "start_offset": int, "end_offset": int}
ROW = (int, int, str)
RELATION = {"from_id": Scalar, "to_id": Scalar, "type": str}
# Keys that are read, and those of a project that hold no annotation.
KNOWN = {"id", "text", "entities", "relations", "label", "labels", "meta", "metadata", "Comments", "comments"}


def read(
    path: Path,
    *,
    faults: FaultLog,
    ids: Container[str] | None = None,
    names: bool = True,
    tokenizer: str = "en",
) -> Iterator[AnnotatedDocument]:
    """Read an export of doccano.

    path (Path): The file, such as `all.jsonl`.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only. The id of a document is its
        `id`, or the file's name without suffix, a hyphen and its number (from 1).
    names (bool): Take the entities as names too; of nested ones the outermost.
    tokenizer (str): A language of spaCy or "whitespace".
    YIELDS (AnnotatedDocument): The documents, with `mentions`, and `entities`, `relations`,
        `clusters` as far as they are annotated; links named COREF and the like make clusters.
    RAISES (ConversionError): H102, if the file is of another format; H140.
    """
    if _is_plain(path):
        yield from read_spans(path, faults=faults, ids=ids, names=names, tokenizer=tokenizer)
        return
    documents = []
    for number, record in enumerate(read_records(path, "doccano", faults), start=1):
        id = record.fields.get("id")
        name = f"{path.stem}-{number}" if id is None else str(id)
        if ids is None or name in ids:
            document = _read_document(record, Place(path, record.line, name), faults)
            documents += [document] if document else []
    place_spans(documents, faults)
    yield from build_all(documents, names, tokenizer, faults)


def _is_plain(path: Path) -> bool:
    """Whether a file has the spans of an older doccano, or of another program: see the format `spans`."""
    try:
        values = [value for _, value in islice(read_values(path, "doccano", FaultLog()), 100)]
    except ConversionError:  # reported when the file is read
        return False
    records = [value for value in values if isinstance(value, dict)]
    rows = [row for record in records for row in record.get("entities") or [] if isinstance(record["entities"], list)]
    has_other_rows = any(isinstance(row, list) or (isinstance(row, dict) and "start" in row) for row in rows)
    has_other_keys = any(
        ("data" in record and "text" not in record) or isinstance(record.get("annotations"), list) for record in records
    )
    return has_other_rows or has_other_keys


def _read_document(record: Record, place: Place, faults: FaultLog) -> Standoff | None:
    """Read one document; None, with a fault, if it has an unknown layout."""
    fields = record.fields
    what = misfit(fields, SHAPE)
    if what:
        faults.skip(place, what, unit="document", remedy="Correct the line.")
        return None
    note_unread(fields, KNOWN, place, faults)
    document = Standoff(place, fields["text"], _spans(fields, place, faults))
    if all(fields.get(key) is None for key in ("entities", "label", "labels")):
        faults.note(place, NOT_ANNOTATED)
        document.layers = []
    if fields.get("relations") is not None:
        document.links = []
        for row in fields["relations"]:
            what = misfit(row, RELATION)
            if what:
                what = f"in the relation {excerpt(row)} {what}"
                faults.skip(place, what, unit="relation", remedy="Correct the relation.")
                continue
            document.links.append(Link(str(row["from_id"]), row["type"], str(row["to_id"]), place.line))
    return document


def _spans(fields: JsonObject, place: Place, faults: FaultLog) -> list[CharSpan]:
    """Read the entities of a document, in either layout."""
    spans: list[CharSpan] = []
    has_ids = fields.get("entities") is not None
    rows = fields["entities"] if has_ids else fields.get("label") or fields.get("labels") or []
    for number, row in enumerate(rows):
        what = misfit(row, ENTITY if has_ids else ROW)
        if what:
            faults.skip(place, f"in the entity {excerpt(row)} {what}", unit="mention", remedy="Correct the entity.")
            continue
        id = str(row["id"]) if has_ids else f"#{number}"
        start, end, label = (row["start_offset"], row["end_offset"], row["label"]) if has_ids else row
        spans.append(CharSpan(id, start, end, label, place.line))
    return spans
