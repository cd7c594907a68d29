"""Tables of tokens and tags: WNUT17, CoNLL-2003 and the like.

One token per line; columns separated by tabs, or by spaces where a line has no
tab; the token is first, the tag last. Tags are BIO, IOB1, BILOU or BIOES. A
sentence ends at an empty line or one of white space only (WNUT17 has lines of a
lone tab). `-DOCSTART-` rows end a document.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from pathlib import Path

from ...errors import Errors
from ...types import AnnotatedDocument
from ..faults import ConversionError, FaultLog, Place
from ..reading.lines import Line, is_decoded, not_this_format, read_lines
from ..reading.tags import BEGINS_WITH_I, is_tag, spans_of_tags

DOCUMENT_START = "-DOCSTART-"


def read(
    path: Path, *, faults: FaultLog, ids: Container[str] | None = None, sents_per_doc: int = 1
) -> Iterator[AnnotatedDocument]:
    """Read a table of tokens and tags. The tags become names.

    path (Path): The file.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only. The id of a document is
        the file's name without suffix, a hyphen and its number (from 1).
    sents_per_doc (int): Sentences per document; the last one may have fewer.
    YIELDS (AnnotatedDocument): The documents, with `entities`.
    RAISES (ConversionError): H102, if the first row is no row of such a table; H125.
    """
    if sents_per_doc < 1:
        raise ConversionError(Errors.H125.format(name="sents_per_doc", value=sents_per_doc), faults)
    for number, sentences in enumerate(_documents(path, sents_per_doc, faults), start=1):
        name = f"{path.stem}-{number}"
        if ids is None or name in ids:
            doc = _read_document(name, sentences, path, faults)
            if doc.words:
                yield doc


def _documents(path: Path, sents_per_doc: int, faults: FaultLog) -> Iterator[list[list[Line]]]:
    """Group the sentences of a file into documents."""
    document: list[list[Line]] = []
    for sentence in _sentences(path, faults):
        if sentence:
            document.append(sentence)
        if document and (not sentence or len(document) == sents_per_doc):
            yield document
            document = []
    if document:
        yield document


def _sentences(path: Path, faults: FaultLog) -> Iterator[list[Line]]:
    """Group the lines of a file into sentences; an empty one stands for the start of a document."""
    sentence: list[Line] = []
    is_first = True
    for line in read_lines(path, faults):
        is_blank = not line.text.strip()
        is_document_start = line.text.startswith(DOCUMENT_START)
        if is_first and not is_blank and not is_document_start:
            _check_first_row(path, line, faults)
            is_first = False
        if not is_blank and not is_document_start:
            sentence.append(line)
        elif sentence:
            yield sentence
            sentence = []
        if is_document_start:
            yield []
    if sentence:
        yield sentence


def _check_first_row(path: Path, line: Line, faults: FaultLog) -> None:
    columns = _columns(line)
    if len(columns) < 2 or not is_tag(columns[-1]):
        raise not_this_format(path, "iob", "a token and a tag such as O or B-PER", line, faults)


def _columns(line: Line) -> list[str]:
    return line.text.split("\t") if "\t" in line.text else line.text.split()


def _read_document(name: str, sentences: list[list[Line]], path: Path, faults: FaultLog) -> AnnotatedDocument:
    doc = AnnotatedDocument(name, words=[], spaces=[], sent_starts=[], entities=[])
    for sentence in sentences:
        rows = _rows(sentence, Place(path, document=name), faults)
        if rows:
            _add_sentence(doc, rows, sentence, Place(path, document=name), faults)
    doc.spaces = [True] * (len(doc.words) - 1) + [False] * bool(doc.words)
    return doc


def _rows(sentence: list[Line], place: Place, faults: FaultLog) -> list[tuple[str, str]] | None:
    """Read the tokens and tags of a sentence; None, with a fault, if one cannot be read."""
    if not is_decoded(sentence, place, faults, unit="sentence"):
        return None
    rows: list[tuple[str, str]] = []
    for line in sentence:
        columns = _columns(line)
        what = ""
        if len(columns) < 2:
            what = f"expected a token and a tag, found {len(columns)} column in {line.text[:40]!r}"
        elif not columns[0]:
            what = "the token is empty"
        elif not is_tag(columns[-1]):
            what = f"expected a tag such as O or B-PER in the last column, found {columns[-1]!r}"
        if what:
            faults.skip(place._replace(line=line.number), what, unit="sentence", remedy="Mend the row.")
            return None
        rows.append((columns[0], columns[-1]))
    return rows


def _add_sentence(
    doc: AnnotatedDocument, rows: list[tuple[str, str]], lines: list[Line], place: Place, faults: FaultLog
) -> None:
    start = len(doc.words)
    spans, repaired = spans_of_tags([tag for _, tag in rows], offset=start)
    for span in repaired:
        faults.note(place._replace(line=lines[span.start - start].number), BEGINS_WITH_I.format(label=span.label))
    doc.words += [word for word, _ in rows]
    doc.sent_starts = [*(doc.sent_starts or []), start]
    doc.entities = [*(doc.entities or []), *spans]
