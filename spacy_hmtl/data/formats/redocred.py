"""DocRED and Re-DocRED: names, their coreference, and relations between entities of whole documents.

A list of documents: `sents` (tokens), `vertexSet` (entities, each a list of mentions
with `sent_id`, `pos`, `type`; the end is exclusive), `labels` (relation `r` from
entity `h` to entity `t`, with the sentences of its `evidence`). The hub has DocRED with `labels` as
an object of lists: `head`, `tail`, `relation_id`, `relation_text`, `evidence`.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from itertools import accumulate, pairwise, product
from pathlib import Path
from typing import Any, NamedTuple

from ...annotations import AnnotatedDocument, Layers
from ...types import LabeledSpan, Triple
from ..faults import FaultLog, Place
from ..reading.brackets import document_order
from ..reading.docred_offsets import OTHER_NAME, Reading, find_reading, fits_name
from ..reading.json_records import JsonObject, Record, Scalar, excerpt, misfit, note_unread, read_records, record_name
from ..reading.token_rows import TWICE, clean_clusters, outermost, sentence_starts

DUPLICATES = "mentions with the extent and the type of another one, kept"
SHAPE = {"title?": Scalar, "sents": [[str]], "vertexSet": [[dict]]}
LISTS = {"head": [int], "tail": [int], "relation_id": [str], "evidence?": [list]}
MENTION = {"sent_id": int, "pos": (int, int), "type": str}
RELATION = {"r": str, "h": int, "t": int, "evidence?": [int]}


class Mention(NamedTuple):
    """A mention of an entity, and the sentence it is in."""

    span: LabeledSpan
    sentence: int


def read(
    path: Path, *, faults: FaultLog, ids: Container[str] | None = None, names: bool = True
) -> Iterator[AnnotatedDocument]:
    """Read a file of DocRED or Re-DocRED.

    A relation holds between entities; it is written once, between their two mentions that
    are in one sentence (of the evidence, if it can be) and nearest to each other.

    path (Path): The file, such as `dev_revised.json`.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only; an id is a `title`.
    names (bool): Take the mentions as names too; of nested ones the outermost.
    YIELDS (AnnotatedDocument): The documents, with all four layers (no relations where the
        file has no `labels`); `meta["evidence"]` holds, for each relation in order, the
        numbers of the sentences that say so.
    RAISES (ConversionError): H102, if the file is of another format.
    """
    records = list(read_records(path, "redocred", faults))
    reading = find_reading([record.fields for record in records if not misfit(record.fields, SHAPE)])
    for number, record in enumerate(records, start=1):
        name = record_name(record, "title", f"{path.stem}-{number}")
        if ids is None or name in ids:
            doc = _read_document(record, Place(path, record.line, name), reading, faults, names)
            if doc is not None:
                yield doc


def _read_document(
    record: Record, place: Place, reading: Reading, faults: FaultLog, names: bool
) -> AnnotatedDocument | None:
    """Read one document; None, with a fault, if its tokens or a layer as a whole cannot be read."""
    fields = record.fields
    labels = fields.get("labels")
    what = misfit(fields, SHAPE) or _misfit_of_labels(labels)
    words = [] if what else [word for sentence in fields["sents"] for word in sentence]
    if not what and not (words and all(words)):
        what = "the document has no tokens" if not words else "a token is empty"
    if what:
        faults.skip(place, what, unit="document", remedy="Correct the document.")
        return None
    note_unread(fields, {"title", "sents", "vertexSet", "labels"}, place, faults)
    sentences: list[list[str]] = fields["sents"]
    offsets = [0, *accumulate(map(len, sentences))]
    if reading.about:
        faults.note(place, reading.about)
    entities = [_read_entity(rows, sentences, offsets, reading, place, faults) for rows in fields["vertexSet"]]
    mentions = sorted(mention.span for entity in entities for mention in entity)
    for first, second in pairwise(mentions):
        if first == second:
            faults.note(place, DUPLICATES)
    doc = AnnotatedDocument(
        name=place.document,
        words=words,
        spaces=[True] * (len(words) - 1) + [False],
        sent_starts=sentence_starts(sentences),
        layers=Layers(
            entities=outermost(mentions, place, faults) if names else None,
            mentions=sorted(mentions, key=lambda span: document_order(span[:2])),
            clusters=clean_clusters(([m.span[:2] for m in entity] for entity in entities), place, faults),
        ),
    )
    if labels is not None:
        rows = _rows_of_lists(labels) if isinstance(labels, dict) else labels
        doc.layers.relations, doc.meta["evidence"] = _read_relations(rows, entities, place, faults)
    return doc


def _misfit_of_labels(labels: Any) -> str:
    """What is wrong with `labels` as a whole, or ""."""
    if not isinstance(labels, dict):
        return "" if labels is None else misfit(labels, list, "labels")
    what = misfit(labels, LISTS, "labels")
    lengths = {} if what else {name: len(values) for name, values in labels.items() if isinstance(values, list)}
    if len(set(lengths.values())) > 1:
        what = f"expected lists of one length at labels, found the lengths {excerpt(lengths)}"
    return what


def _rows_of_lists(labels: JsonObject) -> list[JsonObject]:
    """The relations of `labels` as an object of lists."""
    evidence = labels.get("evidence") or [[] for _ in labels["head"]]
    columns = zip(labels["relation_id"], labels["head"], labels["tail"], evidence)
    return [{"r": label, "h": head, "t": tail, "evidence": sentences} for label, head, tail, sentences in columns]


def _read_entity(
    rows: Sequence[JsonObject],
    sentences: Sequence[Sequence[str]],
    offsets: Sequence[int],
    reading: Reading,
    place: Place,
    faults: FaultLog,
) -> list[Mention]:
    """Read the mentions of an entity; `offsets` are the first tokens of the sentences, and the end of the last."""
    mentions: list[Mention] = []
    for row in rows:
        what = misfit(row, MENTION)
        sentence, start, end = -1, 0, 0
        if not what:
            start, end = row["pos"]
            sentence, start, end = reading.place(row["sent_id"], start, end, offsets)
        if not what and not 0 <= sentence < len(sentences):
            what = f"there is no sentence {row['sent_id']}, the document has {len(sentences)}"
        elif not what and not 0 <= start < end <= len(sentences[sentence]):
            length = len(sentences[sentence])
            what = f"the span {row['pos']} is empty or lies outside the sentence of {length} tokens"
        if what:
            remedy = "Correct its `sent_id` and `pos`; `pos` counts tokens in the sentence."
            faults.skip(place, f"in the mention {excerpt(row)} {what}", unit="mention", remedy=remedy)
            continue
        if not fits_name(row, sentences[sentence][start:end]):
            faults.note(place, OTHER_NAME)
        first = offsets[sentence]
        mentions.append(Mention(LabeledSpan(first + start, first + end, row["type"]), sentence))
    return mentions


def _read_relations(
    rows: Sequence[Any], entities: list[list[Mention]], place: Place, faults: FaultLog
) -> tuple[list[Triple], list[list[int]]]:
    """Read the relations with their evidence, in the order in which a Doc keeps them."""
    found: list[tuple[Triple, list[int]]] = []
    seen: set[tuple[int, str, int]] = set()
    for row in rows:
        what = misfit(row, RELATION)
        unknown = [] if what else [row[end] for end in "ht" if not 0 <= row[end] < len(entities)]
        if unknown:
            what = f"there is no entity {unknown[0]}, the document has {len(entities)}"
        elif not what and not (entities[row["h"]] and entities[row["t"]]):
            what = "an argument has no mention that could be read"
        if what:
            what = f"in the relation {excerpt(row)} {what}"
            faults.skip(place, what, unit="relation", remedy="Correct `h` and `t`, which count entities from 0.")
            continue
        key = (row["h"], row["r"], row["t"])
        if key in seen:
            faults.note(place, TWICE)
        seen.add(key)
        evidence: list[int] = row.get("evidence") or []
        head, tail = _nearest(entities[row["h"]], entities[row["t"]], evidence)
        found.append((Triple(head, row["r"], tail), evidence))
    found.sort(key=lambda pair: (_order(pair[0].head), _order(pair[0].tail), pair[0].label))
    return [triple for triple, _ in found], [evidence for _, evidence in found]


def _nearest(heads: list[Mention], tails: list[Mention], evidence: list[int]) -> tuple[LabeledSpan, LabeledSpan]:
    """The two mentions that stand for a relation between entities."""

    def rank(pair: tuple[Mention, Mention]) -> tuple[bool, bool, int]:
        head, tail = pair
        is_together = head.sentence == tail.sentence
        distance = max(head.span.start, tail.span.start) - min(head.span.end, tail.span.end)
        return not is_together, not (is_together and head.sentence in evidence), distance

    head, tail = min(product(heads, tails), key=rank)
    return head.span, tail.span


def _order(span: LabeledSpan) -> tuple[int, int, str]:
    return (*document_order(span[:2]), span.label)
