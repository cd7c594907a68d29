"""Text with spans at character offsets, in the spellings that people have.

A list or lines of objects with a text (`text`, `data`, `content` ...) and its spans
(`entities`, `spans`, `label`, `labels`, `annotations` ...), each a list ([0, 4, "PER"]) or an
object (`start`, `end`, `label` and their other names); the pairs of spaCy 2 ([text,
{"entities": [...]}]), NER Annotator, doccano, Label Studio's JSON-MIN, Dataturks, Rasa,
`Doc.to_json()`. What offsets count and whether ends are inclusive is found out by the texts.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from ...annotations import AnnotatedDocument
from ...errors import Errors
from ..faults import ConversionError, FaultLog, Place
from ..reading.json_records import JsonObject, excerpt, note_unread, read_values
from ..reading.offsets import Offsets
from ..reading.span_documents import TextRecord, find_documents, span_keys, spans_at
from ..reading.span_relations import KEYS as RELATION_KEYS
from ..reading.span_relations import read_relation
from ..reading.span_rows import IDS, SpanRow, read_span
from ..reading.standoff import CharSpan, Link, Standoff
from ..reading.standoff_build import build_all
from ..reading.standoff_place import place_spans
from ..reading.tokens import Tokens

NOT_ANNOTATED = "texts without a list of spans, taken as not annotated"
NUMBERED = "spans whose labels are numbers, kept as they are (`--labels` can name them)"
EMPTY_VALUE = "empty values in the place of a document, left out"
# Keys that hold no annotation of ours.
KNOWN = {
    *IDS,
    *("meta", "metadata", "cats", "cat", "comments", "Comments", "annotation_approver", "annotator", "annotation_id"),
    *(
        "created_at",
        "updated_at",
        "lead_time",
        "tokens",
        "sents",
        "intent",
        "extras",
        "extra",
        "user",
        "image",
        "title",
    ),
    *("source", "lang", "language", "answer", "is_done", "status", "file_name", "filename", "doc_id", "task_id", "url"),
    *("score", "timestamp", "links", "classes"),
}


def read(
    path: Path,
    *,
    faults: FaultLog,
    ids: Container[str] | None = None,
    names: bool = True,
    tokenizer: str = "en",
) -> Iterator[AnnotatedDocument]:
    """Read texts with spans.

    path (Path): The file.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only. The id of a document is its
        `id`, or the file's name without suffix, a hyphen and its number (from 1).
    names (bool): Take the spans as names too; of nested ones the outermost.
    tokenizer (str): A language of spaCy or "whitespace"; not used where the file has tokens.
    YIELDS (AnnotatedDocument): The documents, with `mentions` and `entities`, and `relations`
        where there are some; a text without a list of spans is not annotated.
    RAISES (ConversionError): H102, if the file has no text with spans; H140.
    """
    documents: list[Standoff] = []
    rows: list[list[SpanRow]] = []
    strings: list[int] = []  # tokens of each document that has them without offsets
    for number, record in enumerate(_read_records(path, faults), start=1):
        id = next((record.fields[key] for key in IDS if isinstance(record.fields.get(key), (str, int))), None)
        name = f"{path.stem}-{number}" if id in (None, "") else str(id)
        if ids is None or name in ids:
            document, found = _read_document(record, Place(path, record.line, name), faults)
            documents.append(document)
            rows.append(found)
            words = record.fields.get("tokens")
            strings.append(len(words) if isinstance(words, list) and all(isinstance(w, str) for w in words) else 0)
    _add_spans(documents, rows)
    place_spans(documents, faults)
    _check_no_tokens(documents, strings, path, faults)
    yield from build_all(documents, names, tokenizer, faults)


def _read_records(path: Path, faults: FaultLog) -> Iterator[TextRecord]:
    """The documents of a file that has some with spans; the values that are none are faults."""
    waiting: list[TextRecord | tuple[int, Any]] = []
    found = find_documents(read_values(path, "spans", faults))
    for item in found:
        waiting.append(item)
        if isinstance(item, TextRecord) and span_keys(item.fields):
            break
    else:
        if waiting:
            line, shown = (waiting[0][0], waiting[0][-1])
            what = f"expected texts with spans, found {excerpt(shown)} in line {line}"
            raise ConversionError(Errors.H102.format(path=path, format="spans", reason=what), faults)
    for item in chain(waiting, found):
        if isinstance(item, TextRecord):
            yield item
        elif item[1] in (None, [], {}, ""):
            faults.note(Place(path, item[0]), EMPTY_VALUE)
        else:
            what = f"expected a text with spans, found {excerpt(item[1])}"
            faults.skip(
                Place(path, item[0]), what, unit="document", remedy="Write an object with a text and its spans."
            )


def _read_document(record: TextRecord, place: Place, faults: FaultLog) -> tuple[Standoff, list[SpanRow]]:
    """Read a document without placing its spans."""
    fields = record.fields
    keys = span_keys(fields)
    taken = [keys[0]] if keys else []
    if keys[:2] in (["spans", "ents"], ["ents", "spans"]):  # Doc.to_json
        taken = ["ents"] if fields["ents"] else ["spans"]
    document = Standoff(place, record.text, [], tokens=_tokens(fields, record.text))
    note_unread(fields, {*KNOWN, *taken, *RELATION_KEYS}, place, faults)
    rows: list[SpanRow] = []
    if not taken:
        faults.note(place, NOT_ANNOTATED)
        document.layers = []
    for value in spans_at(fields, taken[0]) if taken else []:
        row = read_span(value, record.text)
        if isinstance(row, str):
            remedy = "Give each span its offsets and a label."
            faults.skip(place, f"in the span {excerpt(value)} {row}", unit="mention", remedy=remedy)
            continue
        if row.is_numbered:
            faults.note(place, NUMBERED)
        rows.append(row)
    document.links = _links(fields, rows, place, faults)
    return document, rows


def _links(fields: JsonObject, rows: list[SpanRow], place: Place, faults: FaultLog) -> list[Link] | None:
    """Read the relations of a document; None if it has no list of them."""
    key = next((key for key in RELATION_KEYS if isinstance(fields.get(key), list)), None)
    if key is None:
        return None
    places: dict[str, str] = {}
    for number, row in enumerate(rows):
        places.setdefault(f"{row.start}-{row.end}", f"#{number}")
        places[str(number)] = f"#{number}"
    places.update({row.id: f"#{number}" for number, row in enumerate(rows) if row.id is not None})
    links: list[Link] = []
    for value in fields[key]:
        found = read_relation(value, places)
        if isinstance(found, str):
            faults.skip(
                place, f"in the relation {excerpt(value)} {found}", unit="relation", remedy="Correct the relation."
            )
            continue
        links.append(Link(*found, place.line))
    return links


def _tokens(fields: JsonObject, text: str) -> Tokens | None:
    """The tokens of a document with their offsets, and its sentences, as `Doc.to_json` has them."""
    rows = fields.get("tokens")
    if not isinstance(rows, list) or not rows or not all(_has_offsets(row) for row in rows):
        return None
    kept = [(row["start"], row["end"]) for row in rows if not text[row["start"] : row["end"]].isspace()]
    ends = [0, *(end for _, end in kept)]
    if not kept or not all(before <= start < end <= len(text) for before, (start, end) in zip(ends, kept)):
        return None
    sents = fields.get("sents")
    first = {row["start"] for row in sents if _has_offsets(row)} if isinstance(sents, list) else set[int]()
    sent_starts = [i for i, (start, _) in enumerate(kept) if start in first or i == 0] if first else None
    return Tokens(
        [start for start, _ in kept], ends[1:], [text[end : end + 1].isspace() for end in ends[1:]], sent_starts
    )


def _check_no_tokens(documents: list[Standoff], n_tokens: list[int], path: Path, faults: FaultLog) -> None:
    """Refuse a file with tokens whose offsets count these: they fit among them, and not in the text."""
    spans = [(document.text, span, n) for document, n in zip(documents, n_tokens) for span in document.spans]
    if not spans or not all(0 <= span.start <= span.end <= n for _, span, n in spans):
        return
    n_fitting = sum(Offsets(text, span.start, span.end, span.text).fits_words() for text, span, _ in spans)
    if n_fitting <= 0.5 * len(spans):
        shown = f"[{spans[0][1].start}, {spans[0][1].end}]"
        reason = f"its spans, such as {shown}, count tokens, not characters; spert reads such rows under `entities`"
        raise ConversionError(Errors.H102.format(path=path, format="spans", reason=reason), faults)


def _has_offsets(row: Any) -> bool:
    return isinstance(row, dict) and all(type(row.get(key)) is int for key in ("start", "end"))


def _add_spans(documents: list[Standoff], rows: list[list[SpanRow]]) -> None:
    """Add the spans of all documents, one for each of their labels."""
    for document, found in zip(documents, rows):
        for number, row in enumerate(found):
            for i, label in enumerate(row.labels):
                id = f"#{number}" if i == 0 else f"#{number}.{i}"
                end = row.end + row.has_last
                document.spans.append(CharSpan(id, row.start, end, label, document.place.line, row.covered))
