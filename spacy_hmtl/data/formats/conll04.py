"""CoNLL04: names and relations, in the format of Bekoulis et al. (2018).

`#doc N` begins a sentence; then a row per token, tab-separated: token number,
token, BIO tag, list of relation labels, list of token numbers. A relation stands
on the last token of its head and points to the last token of its tail; the label
'N' is none.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from pathlib import Path
from typing import NamedTuple

from ...annotations import AnnotatedDocument, Layers
from ...types import LabeledSpan, Triple
from ..faults import FaultLog, Place
from ..reading.lines import Line, is_decoded, not_this_format, read_lines, split_at_headers
from ..reading.tags import BEGINS_WITH_I, is_tag, spans_of_tags

HEADER = re.compile(r"#doc\s+(\S+)\s*$")
NO_RELATION = "N"
N_COLUMNS = 5
_LABELS = re.compile(r"\['[^',\[\]]+'(, *'[^',\[\]]+')*\]")
_NUMBERS = re.compile(r"\[\d{1,9}(, *\d{1,9})*\]")
_LABEL, _NUMBER = re.compile(r"'([^']+)'"), re.compile(r"\d+")


class Row(NamedTuple):
    """A token, its tag, its relations as (label, number of the tail's last token), and its line number."""

    word: str
    tag: str
    relations: list[tuple[str, int]]
    line: int


def read(path: Path, *, faults: FaultLog, ids: Container[str] | None = None) -> Iterator[AnnotatedDocument]:
    """Read a file of CoNLL04. A document is a sentence; names are mentions too.

    path (Path): The file, such as `train.txt`.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only; an id is the N of `#doc N`.
    YIELDS (AnnotatedDocument): The documents, with `entities`, `mentions`, `relations`.
    RAISES (ConversionError): H102, if the file does not begin with a header and a row.
    """
    for i, block in enumerate(split_at_headers(read_lines(path, faults), HEADER)):
        rows = [line for line in block[1:] if line.text.strip()]
        header = HEADER.match(block[0].text)
        if header is None:
            first = next(line for line in block if line.text.strip())
            raise not_this_format(path, "conll04", "a header such as #doc 1024", first, faults)
        if i == 0 and rows and "\t" not in rows[0].text:
            raise not_this_format(path, "conll04", "a row of tab-separated columns", rows[0], faults)
        name = header.group(1)
        if ids is None or name in ids:
            doc = _read_document(rows, Place(path, block[0].number, name), faults)
            if doc is not None:
                yield doc


def _read_document(lines: list[Line], place: Place, faults: FaultLog) -> AnnotatedDocument | None:
    """Read one sentence; None, with a fault, if a row cannot be read."""
    if not lines:
        faults.skip(place, "the document has no tokens", unit="document", remedy="Add rows, or remove the header.")
    if not lines or not is_decoded(lines, place, faults):
        return None
    rows: list[Row] = []
    for line in lines:
        row = _read_row(line, len(rows))
        if isinstance(row, str):
            faults.skip(place._replace(line=line.number), row, unit="document", remedy="Correct the row.")
            return None
        rows.append(row)
    spans, repaired = spans_of_tags([row.tag for row in rows])
    for span in repaired:
        faults.note(place._replace(line=rows[span.start].line), BEGINS_WITH_I.format(label=span.label))
    return AnnotatedDocument(
        name=place.document,
        words=[row.word for row in rows],
        spaces=[True] * (len(rows) - 1) + [False],
        sent_starts=[0],
        layers=Layers(entities=spans, mentions=list(spans), relations=_relations(rows, spans, place, faults)),
    )


def _read_row(line: Line, number: int) -> Row | str:
    """Read a row, or say what is wrong with it. `number` is the number its token must have."""
    columns = line.text.split("\t")
    if len(columns) != N_COLUMNS:
        return f"expected {N_COLUMNS} tab-separated columns, found {len(columns)}"
    token_number, word, tag, labels, tails = columns
    if token_number != str(number):
        return f"expected token number {number}, found {token_number!r}"
    if not word:
        return "the token is empty"
    if not is_tag(tag):
        return f"expected a tag such as O or B-Peop, found {tag!r}"
    if not _LABELS.fullmatch(labels) or not _NUMBERS.fullmatch(tails):
        return f"expected a list of labels and one of token numbers, found {labels} and {tails}"
    names, numbers = _LABEL.findall(labels), [int(tail) for tail in _NUMBER.findall(tails)]
    if len(names) != len(numbers):
        return f"expected as many relation labels as token numbers, found {len(names)} and {len(numbers)}"
    return Row(word, tag, [pair for pair in zip(names, numbers) if pair[0] != NO_RELATION], line.number)


def _relations(rows: list[Row], spans: list[LabeledSpan], place: Place, faults: FaultLog) -> list[Triple]:
    """Resolve the relations of a sentence; both arguments are found by their last token."""
    by_last_token = {span.end - 1: span for span in spans}
    triples: list[Triple] = []
    for i, row in enumerate(rows):
        for label, tail in row.relations:
            missing = [token for token in (i, tail) if token not in by_last_token]
            if missing:
                what = f"an argument of {label} is said to end at token {missing[0]}, where no name ends"
                remedy = "Point it to the last token of a name, or tag the name."
                faults.skip(place._replace(line=row.line), what, unit="relation", remedy=remedy)
                continue
            triple = Triple(by_last_token[i], label, by_last_token[tail])
            if triple in triples:
                faults.skip(
                    place._replace(line=row.line), f"{label} stands twice", unit="relation", remedy="Remove one."
                )
                continue
            triples.append(triple)
    return triples
