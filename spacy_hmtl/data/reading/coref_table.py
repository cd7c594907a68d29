"""The tables under `#begin document`: which column holds what, proved for each document, and their rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..faults import FaultLog, Place
from .brackets import is_brackets
from .columns import MOST, counts_up, is_no_token, misfit_of_words
from .lines import Line, is_decoded
from .name_brackets import is_name_cell

END = re.compile(r"#\s*end document")
FULL = 12  # columns of CoNLL-2012 without the predicates
NUMBER, SPEAKER, NAME = 2, 9, 10  # in a full table
NOTHING = ("-", "_", "")
NO_NAMES = f"documents whose column {NAME + 1} is none of names such as (PERSON* or *, not read"
NO_END = "documents without '#end document', kept"
OTHER_COLUMNS = "documents with other columns than CoNLL-2012, of which {columns} are read (numbers, tokens, clusters)"
UNNUMBERED = "token numbers that do not count up, kept"
_BLANKS = re.compile(r"[ \t]+")
_REMEDY = "Correct the row; each has as many columns as the first of its sentence."
_LAYOUTS = (
    "The columns must be those of CoNLL-2012, or a token number, the token, any others and the coreference, "
    "with the document and the part before them or not."
)


class CorefRow(NamedTuple):
    """The columns of a token that are read, and where it stands; what a table does not have is ""."""

    word: str
    speaker: str
    name: str
    coreference: str
    line: Line


class _Cells(NamedTuple):
    columns: list[str]
    line: Line


class _Layout(NamedTuple):
    """Columns, from 0: of the token numbers (-1 for none) and the tokens; whether those of a full table follow."""

    number: int
    word: int
    is_full: bool
    has_names: bool


def read_rows(block: Sequence[Line], place: Place, faults: FaultLog) -> list[list[CorefRow]] | None:
    """Read the rows of a document.

    block (Sequence[Line]): Its lines, the header first.
    place (Place): The document.
    faults (FaultLog): Takes what is wrong.
    RETURNS (list[list[CorefRow]] | None): The rows by sentence; None, with a fault, if one cannot be read.
    """
    if not is_decoded(block, place, faults):
        return None
    sentences = _split(block, place, faults)
    if sentences is None:
        return None
    if not sentences:
        faults.skip(place, "the document has no tokens", unit="document", remedy="Add rows, or remove the header.")
        return None
    layout = _find_layout(sentences)
    if isinstance(layout, str):
        faults.skip(place._replace(line=sentences[0][0].line.number), layout, unit="document", remedy=_LAYOUTS)
        return None
    if not layout.is_full:
        read = (layout.number, layout.word, len(sentences[0][0].columns) - 1)
        columns = ", ".join(str(k + 1) for k in read if k >= 0)
        faults.note(place, OTHER_COLUMNS.format(columns=columns))
    if layout.is_full and not layout.has_names:
        faults.note(place, NO_NAMES)
    rows = list(_rows(sentences, layout, place, faults))
    empty = next((row for sentence in rows for row in sentence if not row.word), None)
    if empty is not None:
        faults.skip(place._replace(line=empty.line.number), "the token is empty", unit="document", remedy=_REMEDY)
        return None
    return rows


def _split(block: Sequence[Line], place: Place, faults: FaultLog) -> list[list[_Cells]] | None:
    """Split the rows of a document into columns, by sentence; None, with a fault, if their numbers differ."""
    sentences: list[list[_Cells]] = [[]]
    ended = False
    for line in block[1:]:
        if not line.text.strip():
            sentences += [[]] if sentences[-1] else []
            continue
        if END.match(line.text):
            ended = True
            continue
        columns = _columns(line.text)
        n_columns = len(sentences[-1][0].columns) if sentences[-1] else _width(sentences, columns)
        if line.text.startswith("#") and not (len(columns) == n_columns == 2 and _is_coreference(columns[1])):
            continue
        what, remedy = "", _REMEDY
        if ended:
            what, remedy = f"expected #begin document after #end document, found {line.text[:60]!r}", "Add the header."
        elif len(columns) < 2:
            what = f"expected a token and its coreference at least, found {len(columns)} column"
        elif len(columns) != n_columns:
            as_in = (
                f"{n_columns} columns as in the first row of the sentence" if sentences[-1] else f"{n_columns} columns"
            )
            what = f"expected {as_in}, found {len(columns)}"
        if what:
            faults.skip(place._replace(line=line.number), what, unit="document", remedy=remedy)
            return None
        sentences[-1].append(_Cells(columns, line))
    if not ended:
        faults.note(place, NO_END)
    return _without_trailing([sentence for sentence in sentences if sentence])


def _without_trailing(sentences: list[list[_Cells]]) -> list[list[_Cells]]:
    """The rows without a last column that is empty in all of them, where the one before it has the coreference."""
    rows = [row for sentence in sentences for row in sentence]
    if any(row.columns[-1] or not _is_coreference(row.columns[-2]) for row in rows):
        return sentences
    if not any(is_brackets(row.columns[-2]) for row in rows):
        return sentences
    return [[_Cells(row.columns[:-1], row.line) for row in sentence] for sentence in sentences]


def _width(sentences: Sequence[Sequence[_Cells]], columns: Sequence[str]) -> int:
    """How many columns the first row of a sentence must have: a full table has one per predicate of its sentence."""
    first = len(sentences[0][0].columns) if sentences[0] else len(columns)
    return first if first < FULL else max(FULL, len(columns))


def _columns(text: str) -> list[str]:
    """Split a row at tabs, so that the last column may be empty (LitBank); where that gives too few, at blanks too."""
    tabs = [column.strip(" ") for column in text.split("\t")]
    if len(tabs) >= FULL:
        return tabs
    blanks = _BLANKS.split(text.strip(" \t"))
    return blanks if len(blanks) >= FULL or len(tabs) < 2 else tabs


def _find_layout(sentences: Sequence[Sequence[_Cells]]) -> _Layout | str:
    """Prove which column holds what, or say what is wrong with them."""
    width = min(len(row.columns) for sentence in sentences for row in sentence)
    last = [row.columns[-1] for sentence in sentences for row in sentence]
    if sum(map(_is_coreference, last)) < MOST * len(last):
        wrong = next(cell for cell in last if not _is_coreference(cell))
        return f"expected coreference in the last column, such as (3, 3) or -, found {wrong!r}"

    def column(k: int) -> list[list[str]]:
        return [[row.columns[k] for row in sentence] for sentence in sentences]

    # The document and the part stand before the number, or one of them, or nothing. Parts of one-token sentences
    # count up too, so the full table comes first.
    number = next((k for k in (NUMBER, 1, 0) if k + 2 < width and counts_up(column(k))), -1)
    if number < 0 and width > 2:
        return "found no column of token numbers (0, 1, 2 ... in each sentence), by which the tokens are found"
    words = [word for sentence in column(number + 1) for word in sentence]
    if len(words) > 2 and (what := misfit_of_words(column(number + 1))):
        return f"expected tokens in column {number + 2}, found {what} such as {words[0]!r}"
    is_full = number == NUMBER and width >= FULL
    names = [name for sentence in column(NAME) for name in sentence] if is_full else []
    fitting = sum(name in NOTHING or is_name_cell(name) for name in names)
    return _Layout(number, number + 1, is_full, bool(names) and fitting >= MOST * len(names))


def _is_coreference(cell: str) -> bool:
    return cell in NOTHING or is_brackets(cell)


def _rows(
    sentences: Sequence[Sequence[_Cells]], layout: _Layout, place: Place, faults: FaultLog
) -> Iterator[list[CorefRow]]:
    """Pick what is read from the columns."""
    for sentence in sentences:
        rows: list[CorefRow] = []
        before = ""
        for columns, line in sentence:
            number = columns[layout.number] if layout.number >= 0 else ""
            if is_no_token(number):
                continue
            if before and not (number.isdecimal() and int(number) == int(before) + 1):
                faults.note(place._replace(line=line.number), UNNUMBERED)
            before = number if number.isdecimal() else ""
            speaker = columns[SPEAKER] if layout.is_full else ""
            name = columns[NAME] if layout.has_names else ""
            rows.append(CorefRow(columns[layout.word], speaker, name, columns[-1], line))
        if rows:
            yield rows
