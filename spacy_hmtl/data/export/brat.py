"""brat stand-off: `DOC.txt`, `DOC.ann`, and `DOC.hmtl.json` for what brat has no place for.

Spans are T lines, with an attribute `Layer` that says whether they are a name, a mention,
both, or only an argument of relations and clusters; relations are R lines, clusters
groups of equivalence (`*`). `DOC.hmtl.json` holds tokens, sentences and the annotated
layers; brat does not look at it, and it may be deleted.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from spacy.tokens import Doc

from ...annotations import AnnotatedDocument
from ...annotations.documents import from_doc
from ...annotations.layers import extents
from ...files import safe_stem
from ...types import LabeledSpan, MentionSpan
from ..faults import FaultLog, Place
from ..reading.brat_lines import NO_LABEL
from ..reading.brat_text import side_path

LABELS = "labels with white space, written with underscores"
CHARACTERS = "carriage returns, zero bytes and leading byte order marks in the text, written as spaces"
CONFIGURATION = """[entities]
{entities}
[relations]
Equiv\tArg1:<ENTITY>, Arg2:<ENTITY>, <REL-TYPE>:symmetric-transitive
{relations}
[events]
[attributes]
Layer\tArg:<ENTITY>, Value:name|mention|both|argument
"""
_UNSAFE = re.compile("[\r\0]|^\ufeff")


class _Text(NamedTuple):
    """A text with a line per sentence, and the characters of its tokens."""

    text: str
    tokens: list[tuple[int, int]]


def write(docs: Iterable[Doc], output: Path, *, log: FaultLog, shown: Path) -> None:
    """Write three files per Doc, and an `annotation.conf` that names the labels.

    docs (Iterable[Doc]): The Docs.
    output (Path): The folder.
    log (FaultLog): Takes notes of what looks different.
    shown (Path): What they call the folder.
    """
    taken: set[str] = set()
    entity_labels, relation_labels = set[str](), set[str]()
    for doc in docs:
        document = from_doc(doc)
        path = output / f"{_file_name(document.name, taken)}.ann"
        place = Place(shown / path.name, document=document.name)
        text = _text(document, place, log)
        lines = _Lines(document, text, place, log)
        _write(path.with_suffix(".txt"), text.text)
        _write(path, "".join(f"{line}\n" for line in lines.make()))
        _write(side_path(path), json.dumps(_side(document, text), ensure_ascii=False))
        entity_labels |= lines.span_labels
        relation_labels |= lines.relation_labels
    relations = [f"{label}\tArg1:<ENTITY>, Arg2:<ENTITY>" for label in sorted(relation_labels)]
    configuration = CONFIGURATION.format(entities="\n".join(sorted(entity_labels)), relations="\n".join(relations))
    _write(output / "annotation.conf", configuration)


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8"))


def _file_name(name: str, taken: set[str]) -> str:
    """A name of a file for a document, which no document before has, in any case of its letters."""
    plain = re.sub(r"[^\w+-]+", "_", name)[:100].strip("_") or "document"
    plain = safe_stem(plain)
    found, number = plain, 1
    while found.lower() in taken:
        number += 1
        found = f"{plain}-{number}"
    taken.add(found.lower())
    return found


def _text(doc: AnnotatedDocument, place: Place, log: FaultLog) -> _Text:
    starts = set(doc.sent_starts or [])
    tokens: list[tuple[int, int]] = []
    pieces: list[str] = []
    length = 0
    for i, word in enumerate(doc.words):
        before = "" if i == 0 else "\n" if i in starts else " " if doc.spaces[i - 1] else ""
        pieces += [before, word]
        tokens.append((length + len(before), length + len(before) + len(word)))
        length = tokens[-1][1]
    text = "".join(pieces)
    safe = _UNSAFE.sub(" ", text)
    if safe != text:
        log.note(place, CHARACTERS)
    return _Text(safe, tokens)


def _side(doc: AnnotatedDocument, text: _Text) -> dict[str, object]:
    return {
        "name": doc.name,
        "length": len(text.text),
        "tokens": text.tokens,
        "spaces": [int(space) for space in doc.spaces],
        "sent_starts": doc.sent_starts,
        "layers": list(doc.layers.counts()),
        "meta": doc.meta,
    }


class _Lines:
    """Makes the lines of an annotation file."""

    def __init__(self, doc: AnnotatedDocument, text: _Text, place: Place, log: FaultLog) -> None:
        self.span_labels: set[str] = set()
        self.relation_labels: set[str] = set()
        self._doc = doc
        self._text = text
        self._place = place
        self._log = log
        self._ids: dict[LabeledSpan, str] = {}
        self._ids_by_extent: dict[MentionSpan, str] = {}

    def make(self) -> list[str]:
        spans, attributes = list[str](), list[str]()
        for number, (span, layer) in enumerate(self._spans(), start=1):
            self._ids.setdefault(span, f"T{number}")
            self._ids_by_extent.setdefault(span[:2], f"T{number}")
            spans.append(self._span_line(number, span))
            attributes.append(f"A{number}\tLayer T{number} {layer}")
        relations = []
        for number, triple in enumerate(self._doc.layers.relations or [], start=1):
            head, tail = (self._ids[LabeledSpan(*argument[:3])] for argument in (triple.head, triple.tail))
            label = self._label(triple.label)
            self.relation_labels.add(label)
            relations.append(f"R{number}\t{label} Arg1:{head} Arg2:{tail}")
        clusters = extents(self._doc.layers.clusters)
        groups = [" ".join(self._ids_by_extent[mention] for mention in cluster) for cluster in clusters]
        return [*spans, *attributes, *relations, *(f"*\tEquiv {group}" for group in groups)]

    def _spans(self) -> list[tuple[LabeledSpan, str]]:
        """All spans of the document in document order, each with its layer."""
        layers = self._doc.layers
        mentions = Counter(LabeledSpan(*span[:3]) for span in layers.mentions or [])
        names = {LabeledSpan(*span[:3]) for span in layers.entities or []}
        arguments = {LabeledSpan(*span[:3]) for triple in layers.relations or [] for span in (triple.head, triple.tail)}
        rows = [
            (span, "both" if span in names and i == 0 else "mention")
            for span, count in mentions.items()
            for i in range(count)
        ]
        rows += [(span, "name") for span in names - mentions.keys()]
        rows += [(span, "argument") for span in arguments - names - mentions.keys()]
        members = {mention for cluster in extents(layers.clusters) for mention in cluster}
        rows += [(LabeledSpan(*extent), "argument") for extent in members - {span[:2] for span, _ in rows}]
        return sorted(rows, key=lambda row: (row[0].start, -row[0].end, row[0].label, row[1]))

    def _span_line(self, number: int, span: LabeledSpan) -> str:
        start, end = self._text.tokens[span.start][0], self._text.tokens[span.end - 1][1]
        label = self._label(span.label)
        self.span_labels.add(label)
        covered = self._text.text[start:end]
        fragments = [match.span() for match in re.finditer(r"[^\n]+", covered)]
        # brat wants a span that goes over a line end in fragments; not so where they would lose a boundary.
        if not fragments or (fragments[0][0], fragments[-1][1]) != (0, len(covered)):
            fragments = [(0, len(covered))]
        offsets = ";".join(f"{start + first} {start + last}" for first, last in fragments)
        return f"T{number}\t{label} {offsets}\t{covered.replace(chr(10), ' ')}"

    def _label(self, label: str) -> str:
        cleaned = re.sub(r"\s+", "_", label)
        if cleaned != label:
            self._log.note(self._place, LABELS)
        return cleaned or NO_LABEL
