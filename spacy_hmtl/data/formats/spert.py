"""Token JSON of joint extraction systems: SpERT, GLiNER (with GLiREL's relations), OneIE, tags per token.

`tokens` (GLiNER: `tokenized_text`); `entities` with `type`, `start`, `end` (GLiNER: `ner` with
[first, last, label], OneIE: `entity_mentions`); `relations` with `type` and the positions of
`head` and `tail` in the list of entities; or one tag such as B-PER per token in `ner_tags`. Whether ends are
inclusive is proved by what the file holds, and else taken as the system writes them.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...annotations import AnnotatedDocument
from ...types import LabeledSpan, Triple
from ..faults import FaultLog, Place
from ..reading.ends import EXCLUSIVE, FROM_ONE, INCLUSIVE, TokenOffsets, TokenSpan, find_offsets
from ..reading.json_records import JsonObject, Record, excerpt, note_unread, read_records
from ..reading.span_relations import KEYS as RELATION_KEYS
from ..reading.span_relations import read_relation
from ..reading.span_rows import SpanRow, read_span
from ..reading.tags import BEGINS_WITH_I, is_tag, spans_of_tags
from ..reading.token_rows import TWICE, misfit_of_span, outermost

POSITIONS = "documents whose relations count entities from 1, converted"
WORD_KEYS = ("tokens", "tokenized_text", "words", "token")
SPAN_KEYS = ("entities", "ner", "entity_mentions", "spans", "entity", "mentions")
TAG_KEYS = ("ner_tags", "tags", "ner", "labels", "bio_tags", "bio", "ner_labels", "tag")
NAME_KEYS = ("orig_id", "sent_id", "doc_id", "id", "doc_key", "guid", "sentence_id")
KNOWN = {
    *WORD_KEYS,
    *NAME_KEYS,
    *("wnd_id", "sentence", "text", "pieces", "token_lens", "label", "labels", "negative", "negatives", "lang"),
    *("language", "meta", "metadata", "domain", "dataset", "source", "max_types", "types", "ltokens", "rtokens"),
    *("pos_tags", "chunk_tags", "dep", "pos", "dep_label", "verb_indicator", "lemma", "lemmas", "coref"),
}


class _Source(NamedTuple):
    """A document before it is known what its ends mean. rows: None if it has tags or no list of spans."""

    place: Place
    fields: JsonObject
    words: list[str]
    rows: list[SpanRow | None] | None


def read(
    path: Path,
    *,
    faults: FaultLog,
    ids: Container[str] | None = None,
    names: bool = True,
    ends: str | None = None,
) -> Iterator[AnnotatedDocument]:
    """Read a file of SpERT or GLiNER.

    path (Path): The file.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only; an id is an `orig_id`, `id` or the like, or
        the file's name without suffix, a hyphen and its number (from 1).
    names (bool): Take the entities as names too; of nested ones the outermost. Tags are always names.
    ends (str | None): "inclusive" or "exclusive", where the file does not tell.
    YIELDS (AnnotatedDocument): The documents, with `mentions` and `entities` (tags: `entities` only), and
        `relations` where there are some.
    RAISES (ConversionError): H102, if the file is of another format; H130; H171, H700, if the file
        does not tell what its offsets mean.
    """
    sources: list[_Source] = []
    for number, record in enumerate(read_records(path, "spert", faults), start=1):
        id = next((record.fields[key] for key in NAME_KEYS if isinstance(record.fields.get(key), (str, int))), None)
        name = f"{path.stem}-{number}" if id in (None, "") else str(id)
        if ids is None or name in ids:
            source = _read_source(record, Place(path, record.line, name), faults)
            sources += [source] if source else []
    spans = [TokenSpan(s.words, row.start, row.end, row.covered) for s in sources for row in s.rows or [] if row]
    usual = INCLUSIVE if any("tokenized_text" in source.fields for source in sources) else EXCLUSIVE
    offsets = find_offsets(spans, path, usual=usual, given=ends)
    base = _base_of_positions(sources)
    for source in sources:
        for kind in [FROM_ONE] * offsets.base + [POSITIONS] * base:
            faults.note(source.place, kind)
        yield _build(source, offsets, base, names, faults)


def _read_source(record: Record, place: Place, faults: FaultLog) -> _Source | None:
    """Read tokens and rows of a document; None, with a fault, if it has no tokens."""
    fields = record.fields
    words: Any = next((fields[key] for key in WORD_KEYS if isinstance(fields.get(key), list)), None)
    if not words or not all(isinstance(word, str) and word.strip() for word in words):
        what = f"expected tokens, none of them empty, found {excerpt(words)}"
        faults.skip(place, what, unit="document", remedy="Correct the tokens.")
        return None
    found = [key for key in SPAN_KEYS if _are_rows(fields.get(key))]
    key = next((key for key in found if fields[key]), next(iter(found), None))
    tags = next((name for name in TAG_KEYS if _are_tags(fields.get(name), words)), None)
    note_unread(fields, {*KNOWN, *RELATION_KEYS, key or tags or ""}, place, faults)
    if key is None:
        return _Source(place, fields, words, None)
    rows: list[SpanRow | None] = []
    for value in fields[key]:
        row = read_span(value, " ".join(words))
        if isinstance(row, str):
            faults.skip(place, f"in the entity {excerpt(value)} {row}", unit="mention", remedy="Correct the entity.")
        rows.append(None if isinstance(row, str) else row)
    return _Source(place, fields, words, rows)


def _are_rows(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(row, (list, dict)) for row in value)


def _are_tags(value: Any, words: Sequence[str]) -> bool:
    return isinstance(value, list) and len(value) == len(words) and all(isinstance(tag, str) for tag in value)


def _build(source: _Source, offsets: TokenOffsets, base: int, names: bool, faults: FaultLog) -> AnnotatedDocument:
    """Make a document."""
    words, place = source.words, source.place
    doc = AnnotatedDocument(place.document, words, [True] * (len(words) - 1) + [False])
    layers = doc.layers
    if source.rows is None:
        layers.entities = _read_tags(source, faults)
        return doc
    found: list[list[LabeledSpan]] = []
    for row in source.rows:
        spans: list[LabeledSpan] = []
        if row is not None:
            start, end = offsets.place(row.start, row.end)
            what = misfit_of_span(words, start, end, row.covered, f"[{row.start}, {row.end}]")
            if what:
                faults.skip(place, what, unit="mention", remedy=f"Offsets count tokens, from {offsets.base}.")
            else:
                spans = [LabeledSpan(start, end, label) for label in row.labels]
        found.append(spans)
    mentions = list(dict.fromkeys(span for spans in found for span in spans))
    if mentions or not source.rows:  # none that could be read is not "nothing there"
        layers.mentions = sorted(mentions, key=lambda span: (span.start, -span.end, span.label))
        layers.entities = outermost(mentions, place, faults) if names else None
    layers.relations = _read_relations(source, found, base, faults)
    return doc


def _read_tags(source: _Source, faults: FaultLog) -> list[LabeledSpan] | None:
    """Read a tag per token; None if there are none, or, with a fault, if one is no tag."""
    fields, place = source.fields, source.place
    key = next((key for key in TAG_KEYS if _are_tags(fields.get(key), source.words)), None)
    if key is None:
        numbered = next((name for name in TAG_KEYS if isinstance(fields.get(name), list) and fields[name]), None)
        what = "the document has no entities and no tags"
        if numbered is not None:
            shown = excerpt(fields[numbered])
            what = f"expected a tag such as B-PER for each of {len(source.words)} tokens, found {shown}"
        faults.skip(place, what, unit="name layer", remedy="Write the tags by name, one per token.")
        return None
    wrong = next((tag for tag in fields[key] if not is_tag(tag)), None)
    if wrong is not None:
        what = f"expected a tag such as O or B-PER, found {wrong!r}"
        faults.skip(place, what, unit="name layer", remedy="Write the tags as BIO, BILOU or BIOES.")
        return None
    spans, repaired = spans_of_tags(fields[key])
    for span in repaired:
        faults.note(place, BEGINS_WITH_I.format(label=span.label))
    return spans


def _base_of_positions(sources: Sequence[_Source]) -> int:
    """The position of the first entity in a file's relations: 1 if they name the last so, and never 0; else 0."""
    at_last = False
    for source in sources:
        key = _key_of_relations(source.fields)
        for value in source.fields[key] if key is not None else ():
            ends = [value.get(end) for end in ("head", "tail")] if isinstance(value, dict) else []
            if any(type(end) is not int or not 1 <= end <= len(source.rows or ()) for end in ends):
                return 0
            at_last = at_last or len(source.rows or ()) in ends
    return int(at_last)


def _key_of_relations(fields: JsonObject) -> str | None:
    return next((key for key in RELATION_KEYS if isinstance(fields.get(key), list)), None)


def _read_relations(
    source: _Source, found: list[list[LabeledSpan]], base: int, faults: FaultLog
) -> list[Triple] | None:
    """Read the relations of a document; None if it has no list of them, or if none could be read."""
    key = _key_of_relations(source.fields)
    if key is None:
        return None
    places: dict[str, str] = {}
    for number, row in enumerate(source.rows or []):
        if row is not None:
            places.setdefault(f"{row.start}-{row.end}", str(number))
        places[str(number + base)] = str(number)
    places.update({row.id: str(i) for i, row in enumerate(source.rows or []) if row is not None and row.id is not None})
    triples: list[Triple] = []
    for value in source.fields[key]:
        link = read_relation(value, places)
        what = link if isinstance(link, str) else ""
        if not isinstance(link, str):
            head, tail = (found[int(end)] for end in (link[0], link[2]))
            what = "" if head and tail else "an argument was skipped"
        if what or isinstance(link, str):
            remedy = f"Arguments count entities, from {base}."
            faults.skip(source.place, f"in the relation {excerpt(value)} {what}", unit="relation", remedy=remedy)
            continue
        triple = Triple(head[0], link[1], tail[0])
        if triple in triples:
            faults.note(source.place, TWICE)
        triples.append(triple)
    return triples if triples or not source.fields[key] else None
