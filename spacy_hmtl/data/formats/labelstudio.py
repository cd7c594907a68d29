"""Label Studio: the JSON export of projects that label spans of text, with or without relations; JSON-MIN too.

A list of tasks: `data` with the text; `annotations`, each with a `result`: regions with
`id` and `value` (`start`, `end`, `text`, `labels`), and relations with `from_id`, `to_id`,
`direction`, `labels`.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from html import unescape
from pathlib import Path
from typing import Any

from ...annotations import AnnotatedDocument
from ..faults import ConversionError, FaultLog, Place
from ..reading.json_records import JsonObject, Record, Scalar, excerpt, misfit, note_unread, read_records, read_values
from ..reading.standoff import CharSpan, Link, Standoff
from ..reading.standoff_build import build_all
from ..reading.standoff_place import place_spans
from .spans import read as read_spans

CANCELLED = "tasks without an annotation (skipped or not done), left out"
SEVERAL = "tasks with several annotations, of which the first was read"
UTF_16 = "regions with offsets in UTF-16 units, converted"
OTHER = "results of type {type!r}, not read"
SHAPE = {"data": dict, "annotations?": [{"result": [dict]}], "predictions?": [{"result": [dict]}]}
REGION = {"id?": Scalar, "value": {"start": int, "end": int, "labels": [str], "text?": str}}
HTML_REGION = {"id?": Scalar, "value": {"globalOffsets": {"start": int, "end": int}, "labels": [str], "text?": str}}
RELATION = {"from_id": Scalar, "to_id": Scalar, "direction?": str, "labels?": [str]}
PREDICTED = "tasks of which the first prediction was read"
UNPREDICTED = "tasks with predictions, not read (see --predictions)"
# Keys that are read, and those of a task that hold no annotation.
KNOWN = {
    *("id", "data", "annotations", "predictions", "meta", "project", "inner_id", "file_upload", "overlap", "lead_time"),
    *("created_at", "updated_at", "created_by", "updated_by", "completed_by", "annotators", "annotator", "reviewers"),
    *("total_annotations", "cancelled_annotations", "total_predictions", "is_labeled", "agreement", "priority"),
    *("comment_count", "unresolved_comment_count", "comment_authors", "last_comment_updated_at", "allow_skip", "state"),
}
_TAG, _BLOCK = re.compile(r"<[^<>]*>"), re.compile(r"(?is)<(script|style)\b.*?</\1\s*>|<!--.*?-->")
_REGIONS = ("labels", "hypertextlabels")


def read(
    path: Path,
    *,
    faults: FaultLog,
    ids: Container[str] | None = None,
    names: bool = True,
    tokenizer: str = "en",
    relation_label: str | None = None,
    predictions: bool = False,
) -> Iterator[AnnotatedDocument]:
    """Read an export of Label Studio. Of several annotations of a task the first is read.

    path (Path): The file, such as `project-1.json`.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only. The id of a document is its
        `id`, or the file's name without suffix, a hyphen and its number (from 1).
    names (bool): Take the regions as names too; of nested ones the outermost.
    tokenizer (str): A language of spaCy or "whitespace".
    relation_label (str | None): The label of arrows without one; COREF makes clusters. Without it they are faults.
    predictions (bool): Read the first prediction of each task, not the annotation.
    YIELDS (AnnotatedDocument): The documents, with `mentions`, and `entities`; `relations`
        and `clusters` if there are such links in the file; links named COREF and the like
        make clusters.
    RAISES (ConversionError): H102, if the file is of another format; H140.
    """
    if _is_minimal(path):
        yield from read_spans(path, faults=faults, ids=ids, names=names, tokenizer=tokenizer)
        return
    documents: list[Standoff] = []
    for number, record in enumerate(read_records(path, "labelstudio", faults), start=1):
        id = record.fields.get("id")
        name = f"{path.stem}-{number}" if id is None else str(id)
        if ids is None or name in ids:
            document = _read_document(record, Place(path, record.line, name), relation_label, predictions, faults)
            documents += [document] if document else []
    if not any(document.links for document in documents):
        for document in documents:
            document.links = None
    place_spans(documents, faults)
    yield from build_all(documents, names, tokenizer, faults)


def _is_minimal(path: Path) -> bool:
    """Whether a file is JSON-MIN: objects with regions in place of `data` and `annotations`."""
    try:
        _, first = next(read_values(path, "labelstudio", FaultLog()), (0, None))
    except ConversionError:  # reported when the file is read
        return False
    first = first[0] if isinstance(first, list) and first else first
    if not isinstance(first, dict) or "data" in first or "annotations" in first:
        return False
    rows = [row for value in first.values() if isinstance(value, list) for row in value if isinstance(row, dict)]
    return any({"start", "end", "labels"} <= row.keys() for row in rows)


def _read_document(
    record: Record, place: Place, relation_label: str | None, predictions: bool, faults: FaultLog
) -> Standoff | None:
    """Read one task; None if nobody did it, or, with a fault, if it has an unknown layout."""
    what = misfit(record.fields, SHAPE)
    source = "predictions" if predictions else "annotations"
    annotations = [] if what else [row for row in record.fields.get(source) or [] if not row.get("was_cancelled")]
    if annotations and predictions:
        faults.note(place, PREDICTED)
    if not what and not annotations:
        faults.note(place, CANCELLED)
        return None
    results = annotations[0]["result"] if annotations else []
    text = "" if what else _text(record.fields["data"], results)
    if not what and text is None:
        what = f"expected one text in `data`, found {excerpt(record.fields['data'])}"
    if what or text is None:
        faults.skip(place, what, unit="document", remedy="Export the project as JSON, with its texts.")
        return None
    if len(annotations) > 1:
        faults.note(place, SEVERAL)
    note_unread(record.fields, KNOWN, place, faults)
    if not predictions and any(row["result"] for row in record.fields.get("predictions") or []):
        faults.note(place, UNPREDICTED)
    document = Standoff(place, text, [], links=[])
    for row in results:
        if row.get("type") == "relation":
            document.links = [*(document.links or []), *_links(row, relation_label, place, faults)]
        elif row.get("type") in _REGIONS:
            document.spans += _spans(row, len(document.spans), text, place, faults)
        else:
            faults.note(place, OTHER.format(type=row.get("type")))
    if results and not any(row.get("type") in (*_REGIONS, "relation") for row in results):
        document.layers = []  # a task of another kind, such as choices
    return document


def _text(data: JsonObject, results: list[JsonObject]) -> str | None:
    """The text of a task: the one that the regions name, else the one that holds what they cover; None if unclear."""
    texts = {key: value for key, value in data.items() if isinstance(value, str)}
    values = [row["value"] for row in results if isinstance(row.get("value"), dict)]
    if any("globalOffsets" in value for value in values):  # offsets in the text that a browser shows of HTML
        texts |= {key: _rendered(value) for key, value in texts.items() if "<" in value}
    named = [key for key in texts if any(row.get("to_name") == key for row in results)]
    if len(named) == 1:
        return texts[named[0]]
    fits = {key: sum(_covers(text, value) for value in values) for key, text in texts.items()}
    best = [key for key in texts if fits[key] and fits[key] == max(fits.values())]
    if len(best) == 1:
        return texts[best[0]]
    if "text" in texts or len(texts) != 1:
        return texts.get("text")
    return next(iter(texts.values()))


def _covers(text: str, value: JsonObject) -> bool:
    """Whether a text holds what a region says it covers, at its place."""
    offsets, covered = value.get("globalOffsets") or value, value.get("text")
    start, end = offsets.get("start"), offsets.get("end")
    if not isinstance(covered, str) or not isinstance(start, int) or not isinstance(end, int):
        return False
    return covered in (text[start:end], text[_from_utf_16(text, start) : _from_utf_16(text, end)])


def _rendered(text: str) -> str:
    """The text of HTML, without its tags."""
    return unescape(_TAG.sub("", _BLOCK.sub("", text)))


def _spans(row: JsonObject, number: int, text: str, place: Place, faults: FaultLog) -> list[CharSpan]:
    """Read a region. One with several labels is a mention of each; relations mean the first."""
    value: Any = row.get("value")
    is_html = isinstance(value, dict) and "globalOffsets" in value
    if isinstance(value, dict) and "labels" not in value and "hypertextlabels" in value:
        value["labels"] = value["hypertextlabels"]
    what = misfit(row, HTML_REGION if is_html else REGION)
    if not what and not value["labels"]:
        what = "it has no label"
    if what:
        faults.skip(place, f"in the region {excerpt(row)} {what}", unit="mention", remedy="Label it, or remove it.")
        return []
    offsets = value["globalOffsets"] if is_html else value
    start, end, covered = offsets["start"], offsets["end"], value.get("text")
    if covered is not None and text[start:end] != covered:
        # JavaScript counts characters beyond U+FFFF as two.
        converted = _from_utf_16(text, start), _from_utf_16(text, end)
        if text[slice(*converted)] == covered:
            start, end = converted
            faults.note(place, UTF_16)
    first = f"#{number}" if row.get("id") is None else str(row["id"])
    ids = [first, *(f"{first}#{i}" for i in range(1, len(value["labels"])))]
    return [CharSpan(id, start, end, label, place.line, covered) for id, label in zip(ids, value["labels"])]


def _from_utf_16(text: str, offset: int) -> int:
    return len(text.encode("utf-16-le")[: 2 * max(offset, 0)].decode("utf-16-le", errors="ignore"))


def _links(row: JsonObject, relation_label: str | None, place: Place, faults: FaultLog) -> list[Link]:
    """Read a relation: from left to right, to left, or both ways."""
    what, remedy = misfit(row, RELATION), "Correct the relation."
    labels = [] if what else row.get("labels") or ([relation_label] if relation_label else [])
    if not what and not labels:
        what, remedy = "it has no label", "Give the label of such arrows with --relation-label; COREF makes clusters."
    direction = row.get("direction") or "right"
    if not what and direction not in ("left", "right", "bi"):
        what = f"expected the direction left, right or bi, found {direction!r}"
    if what:
        faults.skip(place, f"in the relation {excerpt(row)} {what}", unit="relation", remedy=remedy)
        return []
    start, end = str(row["from_id"]), str(row["to_id"])
    ends = [(start, end)] if direction != "left" else []
    ends += [(end, start)] if direction != "right" else []
    return [Link(head, label, tail, place.line) for label in labels for head, tail in ends]
