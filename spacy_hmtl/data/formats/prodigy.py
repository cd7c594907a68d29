"""Prodigy: the JSON lines of `ner.manual`, `spans.manual`, `rel.manual` and `coref.manual`.

`text`; `tokens` with `start`, `end` and `ws`; `spans` with `start`, `end`, `label`;
`relations` with `head_span`, `child_span`, `label`. Offsets count characters.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

from ...annotations import AnnotatedDocument
from ..faults import FaultLog, Place
from ..reading.json_records import JsonObject, Record, excerpt, misfit, note_unread, read_records
from ..reading.standoff import COREFERENCE, CharSpan, Link, Standoff
from ..reading.standoff_build import build_all
from ..reading.standoff_place import place_spans
from ..reading.tokens import Tokens

NOT_ACCEPTED = "tasks answered {answer!r}, left out"
SHAPE = {
    "text": str,
    "tokens?": [{"start": int, "end": int, "ws?": bool}],
    "spans?": list,
    "relations?": list,
    "meta?": dict,
}
SPAN = {"start": int, "end": int, "label?": str, "text?": str}
RELATION = {"label": str, "head?": int, "child?": int, "head_span?": SPAN, "child_span?": SPAN}
# Keys that are read, and those of a task that hold no annotation.
KNOWN = {*(key.removesuffix("?") for key in SHAPE), "answer", "path", "html", "config", "id", "priority", "score"}
NO_SPANS = "tasks of a file without any spans or relations, such as one of text categories, taken as not annotated"
UNLABELED = "mention"
ARGUMENTS = f"relation arguments without a label, called {UNLABELED!r}"


def read(
    path: Path,
    *,
    faults: FaultLog,
    ids: Container[str] | None = None,
    names: bool = True,
    tokenizer: str = "en",
) -> Iterator[AnnotatedDocument]:
    """Read the tasks that `prodigy db-out` writes. Those not answered "accept" are left out.

    path (Path): The file.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only. The id of a document is its
        `meta.id`, or the file's name without suffix, a hyphen and its number (from 1).
    names (bool): Take the spans as names too; of nested ones the outermost.
    tokenizer (str): A language of spaCy or "whitespace", for tasks without tokens.
    YIELDS (AnnotatedDocument): The documents, with `mentions`, and `entities`, `relations`,
        `clusters` as far as they are annotated; links named COREF and the like make clusters.
    RAISES (ConversionError): H102, if the file is of another format; H140.
    """
    documents: list[Standoff] = []
    has_layers = False
    for number, record in enumerate(read_records(path, "prodigy", faults), start=1):
        meta = record.fields.get("meta")
        name = str((meta.get("id") if isinstance(meta, dict) else None) or f"{path.stem}-{number}")
        if ids is None or name in ids:
            found = _read_document(record, Place(path, record.line, name), faults)
            documents += [found] if found else []
            has_layers = has_layers or any(record.fields.get(key) is not None for key in ("spans", "relations"))
    if not has_layers:
        for document in documents:
            faults.note(document.place, NO_SPANS)
            document.layers = []
    place_spans(documents, faults)
    yield from build_all(documents, names, tokenizer, faults)


def _read_document(record: Record, place: Place, faults: FaultLog) -> Standoff | None:
    """Read one task; None if it was not accepted, or, with a fault, if it has an unknown layout."""
    fields = record.fields
    answer = fields.get("answer", "accept")
    if answer != "accept":
        faults.note(place, NOT_ACCEPTED.format(answer=answer))
        return None
    what = misfit(fields, SHAPE)
    tokens = None if what else _tokens(fields)
    if tokens and not what:
        what = _misfit_of_tokens(tokens, len(fields["text"]))
    if what:
        faults.skip(place, what, unit="document", remedy="Correct the task.")
        return None
    note_unread(fields, KNOWN, place, faults)
    document = Standoff(place, fields["text"], [], tokens=tokens)
    extents: set[tuple[int, int]] = set()
    for row in fields.get("spans") or []:
        what = misfit(row, SPAN)
        if what:
            faults.skip(place, f"in the span {excerpt(row)} {what}", unit="mention", remedy="Correct the span.")
            continue
        # A second span of the same extent gets an id of its own: relations mean the first.
        id = f"{_id(row)}#{len(document.spans)}" if (row["start"], row["end"]) in extents else _id(row)
        extents.add((row["start"], row["end"]))
        label = row.get("label") or ""
        document.spans.append(CharSpan(id, row["start"], row["end"], label, place.line, row.get("text")))
    numbered = [(row["start"], row["end"]) for row in fields.get("tokens") or []]
    if fields.get("relations") is not None:
        document.links = _links(fields["relations"], document, numbered, place, faults)
    return document


def _links(
    rows: list[Any], document: Standoff, numbered: list[tuple[int, int]], place: Place, faults: FaultLog
) -> list[Link]:
    """Read the relations of a task. Their arguments may be tokens that are no spans."""
    links: list[Link] = []
    known = {span.id for span in document.spans}
    has_spans = bool(known)
    for row in rows:
        what = misfit(row, RELATION)
        ends = [] if what else [_argument(row, end, document, numbered) for end in ("head", "child")]
        if not what and None in ends:
            what = "an argument has neither characters nor a token of the task"
        if what:
            faults.skip(
                place, f"in the relation {excerpt(row)} {what}", unit="relation", remedy="Correct the relation."
            )
            continue
        extents = [end for end in ends if end is not None]
        is_coreference = COREFERENCE.fullmatch(row["label"]) is not None
        for start, end in extents:
            id = f"{start}-{end}"
            if id not in known:
                known.add(id)
                layer = "argument" if is_coreference or not has_spans else "mention"
                if layer == "mention":
                    faults.note(place, ARGUMENTS)
                label = "" if layer == "argument" else UNLABELED
                document.spans.append(CharSpan(id, start, end, label, place.line, layer=layer))
        (head, child) = (f"{start}-{end}" for start, end in extents)
        links.append(Link(head, row["label"], child, place.line))
    if links and not has_spans:  # relations between plain tokens: no span was labelled
        says_same = [COREFERENCE.fullmatch(link.label) is not None for link in links]
        document.layers = [*([] if all(says_same) else ["relations"]), *(["clusters"] if any(says_same) else [])]
    return links


def _argument(row: JsonObject, end: str, document: Standoff, numbered: list[tuple[int, int]]) -> tuple[int, int] | None:
    """The characters of an argument: of its span, of the span that ends with its token, or of its token."""
    span = row.get(f"{end}_span")
    if span is not None:
        return span["start"], span["end"]
    number = row.get(end)
    if number is None or not 0 <= number < len(numbered):
        return None
    start, stop = numbered[number]
    return next((found[1:3] for found in document.spans if found.end == stop), (start, stop))


def _id(span: JsonObject) -> str:
    return f"{span['start']}-{span['end']}"


def _tokens(fields: JsonObject) -> Tokens | None:
    """The tokens of a task, without white space; None if it has none."""
    text = fields["text"]
    rows = [row for row in fields.get("tokens") or [] if not text[row["start"] : row["end"]].isspace()]
    if not rows:
        return None
    starts, ends = [row["start"] for row in rows], [row["end"] for row in rows]
    return Tokens(starts, ends, [text[end : end + 1].isspace() for end in ends])


def _misfit_of_tokens(tokens: Tokens, length: int) -> str:
    """What is wrong with the offsets of the tokens of a text, or ""."""
    for start, end, before in zip(tokens.starts, tokens.ends, [0, *tokens.ends]):
        if not before <= start < end <= length:
            return f"the token [{start}, {end}) overlaps the one before it, or ends outside the {length} characters"
    return ""
