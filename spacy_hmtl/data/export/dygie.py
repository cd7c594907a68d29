"""DyGIE++ JSON lines. What the format has no place for stands under keys with an underscore, which it leaves alone.

_layers           which of "entities" and "mentions" are annotated
_entities         names, where they are not what `ner` says
_argument_labels  types of the arguments, where `ner` has another one for their extent
_spaces           whether a space follows each token, where that is not so for all but the last
_sentences        false, where sentence boundaries are unknown
_meta             facts about the document
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from spacy.tokens import Doc

from ...annotations import AnnotatedDocument
from ...annotations.documents import from_doc
from ...annotations.layers import extents
from ...types import LabeledSpan, MentionSpan, Triple
from ..faults import FaultLog, Place

ACROSS = "relations across sentences, listed with the sentence of their head (DyGIE++ itself has none)"
CUT = "mentions across a sentence end, listed with the sentence they begin in (DyGIE++ itself has none)"
DATASET = "spacy_hmtl"


def write(docs: Iterable[Doc], output: Path, *, log: FaultLog, shown: Path) -> None:
    """Write Docs, one JSON object per line.

    docs (Iterable[Doc]): The Docs.
    output (Path): The file.
    log (FaultLog): Takes notes of what DyGIE++ itself would not read.
    shown (Path): What notes call the file.
    """
    with output.open("w", encoding="utf-8", newline="\n") as file:
        for doc in docs:
            fields = to_fields(from_doc(doc), shown, log)
            file.write(json.dumps(fields, ensure_ascii=False) + "\n")


def to_fields(doc: AnnotatedDocument, path: Path, log: FaultLog) -> dict[str, Any]:
    """Make the JSON object of a document.

    doc (AnnotatedDocument): The document.
    path (Path): Where it goes, for notes.
    log (FaultLog): Takes notes.
    RETURNS (dict): The object.
    """
    boundaries = [*(doc.sent_starts or [0]), len(doc.words)]
    sentences = list(pairwise(boundaries))
    place = Place(path, document=doc.name)
    fields: dict[str, Any] = {"doc_key": doc.name, "dataset": DATASET}
    fields["sentences"] = [doc.words[start:end] for start, end in sentences]
    layers = doc.layers
    spans = layers.mentions if layers.mentions is not None else layers.entities
    if spans is not None:
        rows = [[_row(span) for span in spans if start <= span.start < end] for start, end in sentences]
        fields["ner"] = rows
        fields["_layers"] = [layer for layer in ("entities", "mentions") if layer in layers.counts()]
        for span in spans:
            if not any(start <= span.start and span.end <= end for start, end in sentences):
                log.note(place, CUT)
    if (
        layers.mentions is not None
        and layers.entities is not None
        and _plain(layers.mentions) != _plain(layers.entities)
    ):
        fields["_entities"] = [_row(span) for span in layers.entities]
    if layers.relations is not None:
        fields |= _relation_fields(doc, sentences, place, log)
    if layers.clusters is not None:
        fields["clusters"] = [[[start, end - 1] for start, end in cluster] for cluster in extents(layers.clusters)]
    if doc.spaces != [True] * (len(doc.words) - 1) + [False]:
        fields["_spaces"] = [int(space) for space in doc.spaces]
    if doc.sent_starts is None:
        fields["_sentences"] = False
    if doc.meta:
        fields["_meta"] = doc.meta
    return fields


def _relation_fields(
    doc: AnnotatedDocument, sentences: Sequence[MentionSpan], place: Place, log: FaultLog
) -> dict[str, Any]:
    """The relations by the sentence of their head, and the types of arguments where they cannot be looked up."""
    by_sentence: list[list[Triple]] = []
    for start, end in sentences:
        by_sentence.append([triple for triple in doc.layers.relations or [] if start <= triple.head.start < end])
        for triple in by_sentence[-1]:
            if not start <= triple.tail.start < end:
                log.note(place, ACROSS)
    fields: dict[str, Any] = {"relations": [[_relation_row(triple) for triple in rows] for rows in by_sentence]}
    first: dict[MentionSpan, str] = {}
    for span in [*_plain(doc.layers.mentions or []), *_plain(doc.layers.entities or [])]:
        first.setdefault(span[:2], span.label)
    triples = [triple for rows in by_sentence for triple in rows]
    arguments = [argument for triple in triples for argument in (triple.head, triple.tail)]
    if any(first.get(argument[:2]) != argument.label for argument in arguments):
        fields["_argument_labels"] = [[triple.head.label, triple.tail.label] for triple in triples]
    return fields


def _plain(spans: Sequence[LabeledSpan]) -> list[LabeledSpan]:
    """Spans without confidences, in the order in which the reader has them."""
    return sorted((LabeledSpan(*span[:3]) for span in spans), key=lambda span: (span.start, -span.end, span.label))


def _row(span: LabeledSpan) -> list[Any]:
    return [span.start, span.end - 1, span.label]


def _relation_row(triple: Triple) -> list[Any]:
    return [triple.head.start, triple.head.end - 1, triple.tail.start, triple.tail.end - 1, triple.label]
