"""A Doc as one JSON object, and back: what `annotate` writes, one document a line.

Offsets are characters of the text, end exclusive. A layer that is null was not annotated,
an empty list was annotated and holds nothing. Confidences have four decimals.

    text       the document
    tokens     [[start, end], ...]
    sents      [[start, end], ...]; only where sentence boundaries are known
    ents       [{"start", "end", "label", "score", "text"}, ...]
    mentions   [{"start", "end", "label", "score", "text"}, ...]; may nest
    clusters   [[[start, end], ...], ...]; mentions in document order
    links      [[score, ...], ...]; for each mention of `clusters` the confidence that put it there
    relations  [{"head": [start, end], "head_label", "label", "tail": [start, end], "tail_label", "score"}, ...]
    id, meta   carried along where the input has them
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..errors import Errors
from ..files import appearing
from ..types import Cluster, LabeledSpan, MentionSpan, Triple
from .groups import get_meta, set_meta
from .layers import Layers, read, write
from .records import DocumentRecord, Extent, RelationRecord, SpanRecord, fault_of
from .validation import check_names

Json = dict[str, Any]
# Confidences are rounded, so that lines stay short; no measure of them is finer.
_DECIMALS = 4


def doc_to_json(doc: Doc) -> Json:
    """Everything annotated on a Doc, with character offsets.

    doc (Doc): An annotated Doc.
    RETURNS (dict): JSON-able; see the top of this file. `id` and `meta` come from the Doc's meta group.
    """
    starts = [token.idx for token in doc]
    ends = [token.idx + len(token) for token in doc]

    def place(span: Sequence[Any]) -> list[int]:
        return [starts[span[0]], ends[span[1] - 1]]

    def labeled(span: LabeledSpan) -> Json:
        start, end = place(span)
        score = round(span.score, _DECIMALS)
        return {"start": start, "end": end, "label": span.label, "score": score, "text": text[start:end]}

    def triple(relation: Triple) -> Json:
        return {
            "head": place(relation.head),
            "head_label": relation.head.label,
            "label": relation.label,
            "tail": place(relation.tail),
            "tail_label": relation.tail.label,
            "score": round(relation.score, _DECIMALS),
        }

    text, layers = doc.text, read(doc)
    record: Json = _identity(doc)
    record["text"] = text
    record["tokens"] = [list(boundaries) for boundaries in zip(starts, ends)]
    if len(doc) > 1 and doc.has_annotation("SENT_START"):  # one token always has this annotation
        record["sents"] = [place((sent.start, sent.end)) for sent in doc.sents]
    record["ents"] = _each(labeled, layers.entities)
    record["mentions"] = _each(labeled, layers.mentions)
    record["clusters"] = _each(lambda cluster: [place(mention) for mention in cluster], layers.clusters)
    if layers.clusters is not None:
        record["links"] = [[round(mention.score, _DECIMALS) for mention in cluster] for cluster in layers.clusters]
    record["relations"] = _each(triple, layers.relations)
    return record


def _each(make: Callable[[Any], Any], rows: list[Any] | None) -> list[Any] | None:
    """Something made of each row of a layer; None where it is not annotated."""
    return None if rows is None else [make(row) for row in rows]


def json_to_doc(record: Json, vocab: Vocab, *, where: str = "record") -> Doc:
    """Make a Doc of an object that `doc_to_json` made, or of one by hand with the keys of docs/outputs.md.

    record (dict): A line that `annotate` wrote, parsed.
    vocab (Vocab): Of the Doc.
    where (str): Names the record in messages, such as "corpus.jsonl:12".
    RAISES (ValueError): H106, H109, H503, H510.
    """
    try:
        found = DocumentRecord.model_validate(record)
    except ValidationError as error:
        raise ValueError(Errors.H510.format(where=where, reason=fault_of(error))) from error
    text, tokens = found.text, found.tokens
    _check_tokens(text, tokens, where)
    words = [text[start:end] for start, end in tokens]
    spaces = [text[end : end + 1] == " " and _starts_at(tokens, i + 1, end + 1) for i, (_, end) in enumerate(tokens)]
    starts = {start: i for i, (start, _) in enumerate(tokens)}
    ends = {end: i + 1 for i, (_, end) in enumerate(tokens)}

    def place(layer: str, extent: Extent) -> MentionSpan:
        start, end = extent
        if start not in starts or end not in ends or start >= end:
            raise ValueError(Errors.H503.format(where=where, layer=layer, start=start, end=end))
        return starts[start], ends[end]

    sent_starts: list[bool | int | None] | None = None
    if found.sents is not None:
        first = {place("sents", sent)[0] for sent in found.sents}
        sent_starts = [i in first for i in range(len(words))]
    doc = Doc(vocab, words=words, spaces=spaces, sent_starts=sent_starts)
    layers = _layers(found, place)
    check_names(layers.entities or [], words, where)
    write(doc, layers)
    if found.id is not None or found.meta:
        set_meta(doc, make_meta(found.id, found.meta))
    return doc


def _layers(record: DocumentRecord, place: Callable[[str, Extent], MentionSpan]) -> Layers:
    """The layers of a record; arguments without a type have that of the mention or name with their boundaries."""
    types = {(span.start, span.end): span.label for span in [*(record.ents or []), *(record.mentions or [])]}
    links = record.links or [[1.0] * len(cluster) for cluster in record.clusters or []]

    def labeled(layer: str, span: SpanRecord) -> LabeledSpan:
        return LabeledSpan(*place(layer, (span.start, span.end)), span.label, span.score)

    def argument(extent: Extent, label: str | None) -> LabeledSpan:
        return LabeledSpan(*place("relations", extent), types.get(extent, "") if label is None else label)

    def triple(relation: RelationRecord) -> Triple:
        head, tail = argument(relation.head, relation.head_label), argument(relation.tail, relation.tail_label)
        return Triple(head, relation.label, tail, relation.score)

    def cluster(rows: tuple[list[Extent], list[float]]) -> Cluster:
        return [LabeledSpan(*place("clusters", extent), score=score) for extent, score in zip(*rows)]

    return Layers(
        entities=_each(lambda span: labeled("ents", span), record.ents),
        mentions=_each(lambda span: labeled("mentions", span), record.mentions),
        clusters=None if record.clusters is None else [cluster(rows) for rows in zip(record.clusters, links)],
        relations=_each(triple, record.relations),
    )


def make_meta(name: Any, meta: Json | None) -> Json:
    """What the meta group holds of a record: its `meta`, and its `id` as the name."""
    return {**(meta or {}), **({} if name is None else {"name": name})}


def write_jsonl(docs: Iterable[Doc], path: str | Path) -> None:
    """Write Docs, one JSON object per line; the file appears when it is complete."""
    with appearing(Path(path)) as file:
        file.writelines(to_line(doc) for doc in docs)


def to_line(doc: Doc) -> str:
    """The line of a Doc, with its line break."""
    return json.dumps(doc_to_json(doc), ensure_ascii=False, separators=(",", ":")) + "\n"


def read_jsonl(
    path: str | Path, vocab: Vocab, *, on_error: Callable[[ValueError], None] | None = None, shown: str = ""
) -> Iterator[Doc]:
    """Read Docs that `write_jsonl` or `annotate` wrote.

    on_error (Callable, optional): Takes the error of a line that cannot be read; the others are read then.
    shown (str): What messages call the file, where its path says nothing to the user.
    RAISES (ValueError): H120, H501, H503 and H510, naming file and line, if there is no `on_error`.
    """
    for where, line in _lines(path, shown):
        try:
            doc = json_to_doc(parse_line(line, where), vocab, where=where)
        except ValueError as error:
            if on_error is None:
                raise
            on_error(error)
            continue
        yield doc


def read_records(path: str | Path, *, shown: str = "") -> Iterator[tuple[str, Json]]:
    """The JSON objects of a file of JSON lines, each with "FILE:LINE"; empty lines are skipped.

    shown (str): What messages call the file, where its path says nothing to the user.

    RAISES (ValueError): H120, H501.
    """
    for where, line in _lines(path, shown):
        yield where, parse_line(line, where)


def _lines(path: str | Path, shown: str) -> Iterator[tuple[str, bytes]]:
    with Path(path).open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield f"{shown or path}:{number}", line


def parse_line(line: bytes, where: str) -> Json:
    """The object on a line. RAISES (ValueError): H120, H501."""
    try:
        # utf-8-sig: the first line may begin with a byte order mark.
        record = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(Errors.H120.format(path=where, reason=error, encoding="latin1")) from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(Errors.H501.format(where=where, reason=error)) from error
    if not isinstance(record, dict):
        raise ValueError(Errors.H501.format(where=where, reason=f"found {type(record).__name__}"))
    return record


def _identity(doc: Doc) -> Json:
    meta = get_meta(doc)
    name = meta.pop("name", None)
    identity: Json = {} if name is None or name == "" else {"id": name}
    if meta:
        identity["meta"] = meta
    return identity


def _check_tokens(text: str, tokens: Sequence[Sequence[int]], where: str) -> None:
    """Tokens must follow each other, with at most one space between them."""
    position = 0
    for start, end in [*tokens, (len(text), len(text))]:
        between = text[position:start]
        if start < position or end > len(text) or between not in ("", " "):
            raise ValueError(Errors.H503.format(where=where, layer="tokens", start=start, end=end))
        position = end


def _starts_at(tokens: Sequence[Sequence[int]], index: int, position: int) -> bool:
    """Whether token `index` starts at this character; after the last token there is nothing to tell."""
    return index == len(tokens) or tokens[index][0] == position
