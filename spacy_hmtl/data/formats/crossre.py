"""CrossRE (Bassignana and Plank 2022): names and relations, a JSON object per sentence.

`sentence` holds the tokens, `ner` rows of [first token, last token, label], `relations`
rows of [first, last of the head, first, last of the tail, label, explanation, uncertain,
syntax ambiguity]. Lines of DyGIE++ and SciERC are read too.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

from ...annotations import AnnotatedDocument, Layers
from ...types import Triple
from ..faults import FaultLog, Place
from ..reading.json_records import JsonObject, Record, Scalar, misfit, note_unread, read_records, record_name
from ..reading.sentence_offsets import Meaning, in_tokens
from ..reading.token_rows import outermost, read_relations, read_spans
from .dygie import meaning_of, note_meaning
from .dygie import read_document as read_dygie_document

SHAPE = {"doc_key?": Scalar, "sentence": [str], "ner": list, "relations?": list}
KNOWN = {key.removesuffix("?") for key in SHAPE}


def read(
    path: Path,
    *,
    faults: FaultLog,
    ids: Container[str] | None = None,
    names: bool = True,
    ends: str | None = None,
) -> Iterator[AnnotatedDocument]:
    """Read a file of CrossRE. A document is a sentence; its mentions are names too.

    path (Path): The file, such as `ai-train.json`.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only; an id is a `doc_key`.
    names (bool): Take the mentions as names too; of nested ones the outermost.
    ends (str | None): "inclusive" or "exclusive", where the file does not tell.
    YIELDS (AnnotatedDocument): The documents, with `entities`, `mentions`, `relations`;
        `meta["remarks"]` holds [head first, last, tail first, last, label, explanation,
        uncertain, syntax ambiguity] of the relations that say more than their label.
    RAISES (ConversionError): H102, if the file is of another format; H130; H171, H700, H701, if the file
        does not tell what its offsets mean.
    """
    records = list(read_records(path, "crossre", faults, also=("dygie",)))
    meaning = meaning_of([Record(record.line, _by_sentence(record.fields)) for record in records], path, ends)
    for number, record in enumerate(records, start=1):
        name = record_name(record, "doc_key", f"{path.stem}-{number}")
        place = Place(path, record.line, name)
        if ids is not None and name not in ids:
            continue
        read_one = read_dygie_document if "sentences" in record.fields else _read_document
        doc = read_one(record, place, faults, names, meaning)
        if doc is not None:
            yield doc


def _by_sentence(fields: JsonObject) -> JsonObject:
    """A sentence of CrossRE as DyGIE++ has it: a document of one. What cannot be read stays as it is."""
    if "sentences" in fields or misfit(fields, SHAPE):
        return fields
    rows = {key: [fields[key]] for key in ("ner", "relations") if fields.get(key) is not None}
    return {**fields, "sentences": [fields["sentence"]], **rows}


def _read_document(
    record: Record, place: Place, faults: FaultLog, names: bool, meaning: Meaning
) -> AnnotatedDocument | None:
    """Read one sentence; None, with a fault, if it has no tokens or an unknown layout."""
    fields = record.fields
    what = misfit(fields, SHAPE)
    if not what and not (fields["sentence"] and all(fields["sentence"])):
        what = "the sentence is empty" if not fields["sentence"] else "a token is empty"
    if what:
        faults.skip(place, what, unit="document", remedy="Correct the line.")
        return None
    note_unread(fields, KNOWN, place, faults)
    words = fields["sentence"]
    rows = in_tokens(_by_sentence(fields), meaning)
    note_meaning(meaning, place, faults)
    mentions = read_spans(rows["ner"][0], len(words), place, faults)
    relations: list[Triple] | None = None
    remarks: list[Any] = []
    if "relations" in rows and rows["relations"] is not None:
        relations = read_relations(rows["relations"][0], mentions, len(words), place, faults)
        remarks = [row for row in rows["relations"][0] if _has_remarks(row)]
    return AnnotatedDocument(
        name=place.document,
        words=words,
        spaces=[True] * (len(words) - 1) + [False],
        sent_starts=[0],
        layers=Layers(
            entities=outermost(mentions, place, faults) if names else None, mentions=mentions, relations=relations
        ),
        meta={"remarks": remarks} if remarks else {},
    )


def _has_remarks(row: Any) -> bool:
    return isinstance(row, list) and any(row[5:])
