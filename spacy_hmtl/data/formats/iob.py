"""Tables of tokens and tags: WNUT17, CoNLL-2003, wikigold, GermEval, UniversalNER, MultiCoNER, WikiANN.

One token per line; columns separated by tabs, or by spaces where a line has no tab. Tags are
BIO, IOB1, BILOU or BIOES. A sentence ends at an empty line or one of white space only (WNUT17
has lines of a lone tab). `-DOCSTART-` rows and `# newdoc` end a document.

Which column holds what is proved by the first rows of the file: the token is first and the tag
last; or the tag first and the token second; or the first column counts the tokens, the second
holds them, and the next columns of tags are the outer and the inner names. Rows that begin with
`#` and do not fit are comments. A table that fits none of this is refused.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

from ...annotations import AnnotatedDocument, Layers
from ...errors import Errors
from ...types import LabeledSpan
from ..faults import ConversionError, FaultLog, Place
from ..reading.brackets import document_order
from ..reading.lines import Line, is_decoded, read_lines
from ..reading.tag_table import (
    INNER,
    PREFIXED,
    PROOF,
    UNREAD,
    Row,
    Table,
    find_table,
    is_break,
    is_comment,
    is_document_start,
    read_row,
)
from ..reading.tags import BEGINS_WITH_I, spans_of_tags


def read(
    path: Path,
    *,
    faults: FaultLog,
    ids: Container[str] | None = None,
    sents_per_doc: int = 1,
    word_column: int | None = None,
    tag_column: int | None = None,
) -> Iterator[AnnotatedDocument]:
    """Read a table of tokens and tags. The tags become names.

    path (Path): The file.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only. The id of a document is
        the file's name without suffix, a hyphen and its number (from 1).
    sents_per_doc (int): Sentences per document; the last one may have fewer.
    word_column, tag_column (int | None): The columns of the tokens and the tags, from 1; None to find them.
    YIELDS (AnnotatedDocument): The documents, with `entities`, and with `mentions` (the outer and
        the inner names) where the table has both.
    RAISES (ConversionError): H102, if the columns cannot be told; H125.
    """
    for name, value in (("sents_per_doc", sents_per_doc), ("word_column", word_column), ("tag_column", tag_column)):
        if value is not None and value < 1:
            raise ConversionError(Errors.H125.format(name=name, value=value), faults)
    lines = read_lines(path, faults)
    first = list(islice(lines, PROOF))
    table = find_table(path, first, word_column, tag_column, faults)
    if table is None:
        return
    _note_layout(table, Place(path), faults)
    documents = _documents(chain(first, lines), table, sents_per_doc)
    for number, sentences in enumerate(documents, start=1):
        name = f"{path.stem}-{number}"
        if ids is None or name in ids:
            doc = _read_document(name, sentences, table, path, faults)
            if doc.words:
                yield doc


def _note_layout(table: Table, place: Place, faults: FaultLog) -> None:
    """Say what is special about a table."""
    if table.prefix:
        faults.note(place, PREFIXED.format(prefix=table.prefix))
    if table.inner >= 0:
        faults.note(place, INNER)
    if table.unread:
        faults.note(place, UNREAD.format(columns=", ".join(str(k + 1) for k in table.unread)))


def _documents(lines: Iterable[Line], table: Table, sents_per_doc: int) -> Iterator[list[list[Line]]]:
    """Group the sentences of a file into documents."""
    document: list[list[Line]] = []
    for sentence in _sentences(lines, table):
        if sentence:
            document.append(sentence)
        if document and (not sentence or len(document) == sents_per_doc):
            yield document
            document = []
    if document:
        yield document


def _sentences(lines: Iterable[Line], table: Table) -> Iterator[list[Line]]:
    """Group the lines of a file into sentences; an empty one stands for the start of a document."""
    sentence: list[Line] = []
    for line in lines:
        if not is_break(line):
            sentence += [] if is_comment(line, table) else [line]
            continue
        if sentence:
            yield sentence
            sentence = []
        if is_document_start(line):
            yield []
    if sentence:
        yield sentence


def _read_document(
    name: str, sentences: list[list[Line]], table: Table, path: Path, faults: FaultLog
) -> AnnotatedDocument:
    place = Place(path, document=name)
    words, sent_starts, names, inner = list[str](), list[int](), list[LabeledSpan](), list[LabeledSpan]()
    for sentence in sentences:
        rows = _rows(sentence, table, place, faults)
        start = len(words)
        sent_starts += [start] if rows else []
        names += _spans(rows, [row.tag for row in rows], start, place, faults)
        inner += _spans(rows, [row.inner for row in rows], start, place, faults)
        words += [row.word for row in rows]
    mentions = None
    if table.inner >= 0:
        mentions = sorted({*names, *inner}, key=lambda span: (*document_order(span[:2]), span.label))
    spaces = [True] * (len(words) - 1) + [False] * bool(words)
    return AnnotatedDocument(name, words, spaces, sent_starts, Layers(names, mentions))


def _rows(sentence: list[Line], table: Table, place: Place, faults: FaultLog) -> list[Row]:
    """Read the tokens and tags of a sentence; none, with a fault, if one cannot be read."""
    if not is_decoded(sentence, place, faults, unit="sentence"):
        return []
    rows: list[Row] = []
    for line in sentence:
        row = read_row(line, table, rows[-1].number if rows else None)
        if isinstance(row, Row):
            rows.append(row)
        elif row:
            faults.skip(place._replace(line=line.number), row, unit="sentence", remedy="Correct the row.")
            return []
    return rows


def _spans(rows: list[Row], tags: list[str], start: int, place: Place, faults: FaultLog) -> list[LabeledSpan]:
    """The spans of a column of tags of a sentence, and notes of those that begin with I."""
    spans, repaired = spans_of_tags(tags, offset=start)
    for span in repaired:
        line = rows[span.start - start].line
        faults.note(place._replace(line=line), BEGINS_WITH_I.format(label=span.label))
    return spans
