"""DyGIE++ and SciERC: tokens, mentions, relations and clusters, a JSON object per document.

`sentences` holds the tokens of each sentence; `ner` and `relations` a list of rows per
sentence, `clusters` lists of [first token, last token]. Offsets count tokens in the
document and are inclusive, unless the file shows that they count in the sentence, are exclusive or begin
with 1 (`spacy_hmtl.data.reading.sentence_offsets`). A key that is absent was not annotated. The lines of e2e-coref
and SpanBERT, where `ner` is a plain list of rows, are read too. Keys with an
underscore are free for metadata; `spacy_hmtl.data.export.dygie` keeps there what the
format has no place for.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import Any

from ...annotations import AnnotatedDocument
from ...types import LabeledSpan, Triple
from ..faults import FaultLog, Place
from ..reading.ends import EXCLUSIVE, FROM_ONE
from ..reading.json_records import JsonObject, Record, Scalar, misfit, note_unread, read_records, record_name
from ..reading.sentence_offsets import IN_SENTENCE, OTHER_ENDS, SENTENCE, Meaning, find_meaning, in_tokens
from ..reading.token_rows import outermost, read_clusters, read_relations, read_spans, sentence_starts

OURS = "spacy_hmtl"  # the data set of what `export dygie` writes
EVENTS = "lists of events, not read"
SHAPE = {
    "doc_key?": Scalar,
    "sentences": [[str]],
    "ner?": [list],
    "relations?": [list],
    "clusters?": list,
    "speakers?": [list],
    "_layers?": [str],
    "_entities?": list,
    "_argument_labels?": [(str, str)],
    "_spaces?": [int],
    "_sentences?": bool,
    "_meta?": dict,
}

KNOWN = {
    *(key.removesuffix("?") for key in SHAPE),
    *("dataset", "weight", "events", "constituents", "sentence_map", "subtoken_map", "section_starts"),
}


def read(
    path: Path,
    *,
    faults: FaultLog,
    ids: Container[str] | None = None,
    names: bool = True,
    ends: str | None = None,
    offsets: str | None = None,
) -> Iterator[AnnotatedDocument]:
    """Read a file of DyGIE++ or SciERC.

    path (Path): The file, such as `train.json`.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only; an id is a `doc_key`.
    names (bool): Take the mentions as names too; of nested ones the outermost.
    ends (str | None): "inclusive" or "exclusive", where the file does not tell.
    offsets (str | None): Whether those of `ner` and `relations` count in the "document" or in the "sentence",
        where the file does not tell; those of clusters always count in the document.
    YIELDS (AnnotatedDocument): The documents, with the layers that the file has.
    RAISES (ConversionError): H102, if the file is of another format; H130; H171, H700, H701, if the file
        does not tell what its offsets mean.
    """
    records = list(read_records(path, "dygie", faults))
    meaning = meaning_of(records, path, ends, offsets)
    for number, record in enumerate(records, start=1):
        name = record_name(record, "doc_key", f"{path.stem}-{number}")
        if ids is None or name in ids:
            doc = read_document(record, Place(path, record.line, name), faults, names, meaning)
            if doc is not None:
                yield doc


def meaning_of(records: Sequence[Record], path: Path, ends: str | None = None, offsets: str | None = None) -> Meaning:
    """Find out what the offsets of a file mean, see `find_meaning`; what we wrote ourselves is no question.

    records (Sequence[Record]): Its lines.
    path (Path): The file, for messages.
    ends, offsets (str | None): What the user says.
    """
    documents = [record.fields for record in records if not misfit(record.fields, {"sentences": [[str]]})]
    return find_meaning([fields for fields in documents if fields.get("dataset") != OURS], path, ends, offsets)


def read_document(
    record: Record, place: Place, faults: FaultLog, names: bool, meaning: Meaning
) -> AnnotatedDocument | None:
    """Read one document; None, with a fault, if its tokens or a layer as a whole cannot be read.

    record (Record): The line.
    place (Place): Its place, with the name of the document.
    faults (FaultLog): Takes what is wrong.
    names (bool): Take the mentions as names too; of nested ones the outermost.
    meaning (Meaning): What the offsets of the file mean.
    """
    fields = record.fields
    what = misfit(fields, SHAPE) or _misfit_of_lengths(fields)
    if what:
        faults.skip(place, what, unit="document", remedy="Correct the line.")
        return None
    if fields.get("dataset") != OURS:
        fields = in_tokens(fields, meaning)
        note_meaning(meaning, place, faults)
    if any(fields.get("events") or []):
        faults.note(place, EVENTS)
    note_unread(fields, KNOWN, place, faults)
    words = [word for sentence in fields["sentences"] for word in sentence]
    starts = sentence_starts(fields["sentences"]) if fields.get("_sentences", True) else None
    meta = {**_speakers(fields, len(words)), **(fields.get("_meta") or {})}
    doc = AnnotatedDocument(place.document, words, _spaces(fields, len(words)), starts, meta=meta)
    _read_spans(doc, fields, place, faults, names)
    if fields.get("clusters") is not None:
        doc.layers.clusters = read_clusters(fields["clusters"], len(words), place, faults)
    if fields.get("relations") is not None:
        arguments = [*(doc.layers.mentions or []), *(doc.layers.entities or [])]
        is_open = doc.layers.mentions is None and doc.layers.entities is None
        doc.layers.relations = read_relations(
            _rows(fields["relations"]), None if is_open else arguments, len(words), place, faults
        )
        labels = fields.get("_argument_labels")
        if labels is not None and len(labels) == len(doc.layers.relations):
            doc.layers.relations = [_relabel(triple, *pair) for triple, pair in zip(doc.layers.relations, labels)]
    return doc


def note_meaning(meaning: Meaning, place: Place, faults: FaultLog) -> None:
    """Say what the offsets of a document count, where that is not what DyGIE++ has.

    meaning (Meaning): What they mean.
    place (Place): The document.
    faults (FaultLog): Takes the notes.
    """
    frame, (ends, base) = meaning
    said = ((frame == SENTENCE, IN_SENTENCE), (ends == EXCLUSIVE, OTHER_ENDS), (base == 1, FROM_ONE))
    for kind in (kind for applies, kind in said if applies):
        faults.note(place, kind)


def _read_spans(doc: AnnotatedDocument, fields: JsonObject, place: Place, faults: FaultLog, names: bool) -> None:
    """Read the mentions and names of a document, as far as they are annotated."""
    if fields.get("ner") is None:
        return
    spans = read_spans(_rows(fields["ner"]), len(doc.words), place, faults)
    layers = fields.get("_layers")
    if layers is None or "mentions" in layers:
        doc.layers.mentions = spans
    if fields.get("_entities") is not None:
        spans = read_spans(fields["_entities"], len(doc.words), place, faults)
    if names if layers is None else "entities" in layers:
        doc.layers.entities = outermost(spans, place, faults)


def _misfit_of_lengths(fields: JsonObject) -> str:
    """What does not fit together in a line whose parts are well-formed, or ""."""
    n_sentences = len(fields["sentences"])
    for key in ("ner", "relations"):
        rows = fields.get(key)
        if rows is not None and not _is_flat(rows) and len(rows) != n_sentences:
            return f"expected {n_sentences} lists in {key!r}, one per sentence, found {len(rows)}"
    words = [word for sentence in fields["sentences"] for word in sentence]
    if not words:
        return "the document has no tokens"
    return "" if all(words) else "a token is empty"


def _is_flat(rows: list[list[Any]]) -> bool:
    """Whether a list holds rows themselves, not a list of rows for each sentence."""
    return any(row and not isinstance(row[0], list) for row in rows)


def _rows(rows: list[list[Any]]) -> list[Any]:
    return rows if _is_flat(rows) else [row for sentence in rows for row in sentence]


def _speakers(fields: JsonObject, n_tokens: int) -> JsonObject:
    """The speaker of each token, where the line names some."""
    speakers = [str(speaker) for sentence in fields.get("speakers") or [] for speaker in sentence]
    return {"speakers": speakers} if len(speakers) == n_tokens and any(speakers) else {}


def _spaces(fields: JsonObject, n_tokens: int) -> list[bool]:
    spaces: Any = fields.get("_spaces")
    if spaces is not None and len(spaces) == n_tokens:
        return [bool(space) for space in spaces]
    return [True] * (n_tokens - 1) + [False]


def _relabel(triple: Triple, head: str, tail: str) -> Triple:
    def labeled(span: LabeledSpan, label: str) -> LabeledSpan:
        return span._replace(label=label)

    return triple._replace(head=labeled(triple.head, head), tail=labeled(triple.tail, tail))
